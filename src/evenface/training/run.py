"""Training runs: settings in, a folder for each seed out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric

from evenface.core.errors import SettingsError
from evenface.core.writing import RESUME, explained
from evenface.mitigation import MITIGATIONS
from evenface.mitigation._mitigation import Task
from evenface.models.nets import NETS
from evenface.models.nets._files import NetCard, save_net
from evenface.models.nets._net import Net
from evenface.training import SELECTION_RULES
from evenface.training.batches import step_seed
from evenface.training.checkpoint import TrainingStopped
from evenface.training.data import TrainingData, load_data
from evenface.training.devices import make_fabric, resolve_precision
from evenface.training.evaluate import (
    answers_of,
    calibration_error,
    chances,
    fit_temperature,
    log_loss,
    read_faces,
    score,
)
from evenface.training.folder import (
    about_data,
    environment,
    run_folder,
    write_json,
    write_predictions,
    write_text,
)
from evenface.training.loop import Loop, Parts, Report
from evenface.training.settings import TrainSettings

RESULT = "result.json"
WEIGHTS = "weights.safetensors"
# What may differ between a run and its continuation: none of it changes a weight.
_FREE = (
    *("checkpoint_seconds", "tensorboard", "seeds", "out"),
    *("data.cache", "data.manifest", "data.root", "device.precision"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has ended.

    Attributes:
        folder: Where everything is.
        seed: Of the run.
        result: What `result.json` holds.
        was_done: Whether it had ended before, and was only found again.
    """

    folder: Path
    seed: int
    result: Mapping[str, Any]
    was_done: bool = False


def train(
    settings: TrainSettings,
    *,
    resume: bool = False,
    decoding: Callable[[int, int], None] | None = None,
    report: Callable[[int, Report], None] | None = None,
) -> list[Run]:
    """Train a net for each seed.

    Args:
        settings: What is asked for.
        resume: Go on with runs that were stopped; those that ended are left as they are, new ones are started.
        decoding: Told pictures done and pictures in all, while they are decoded.
        report: Told the seed and how far its run is, after each step.

    Returns:
        One run for each seed, in their order.

    Raises:
        SettingsError: Something is asked for that cannot be done.
        InputError: The manifest or a folder cannot be used.
        TrainingStopped: The loss is no number, or the disk is full; the last good state is kept.
    """
    with _untouched(settings.device.threads):
        fabric = make_fabric(settings.device)
        cache = Path(settings.data.cache or Path(settings.out) / "cache")
        with fabric.rank_zero_first():
            data = load_data(settings.data, cache, decoding)
        _check(settings, data)
        folders = {}
        with fabric.rank_zero_first():
            for seed in settings.seeds:
                again = resume or fabric.global_rank > 0
                folders[seed] = run_folder(settings.out, settings.name, seed, again)
        return [_one(settings, data, fabric, seed, folders[seed], resume, report) for seed in settings.seeds]


def _one(
    settings: TrainSettings,
    data: TrainingData,
    fabric: Fabric,
    seed: int,
    folder: Path,
    resume: bool,
    report: Callable[[int, Report], None] | None,
) -> Run:
    done = folder / RESULT
    if resume and done.is_file():
        _same_asked(settings, data, folder)
        return Run(folder, seed, json.loads(done.read_text(encoding="utf-8")), was_done=True)
    torch.manual_seed(step_seed(seed, 0, -1 % 2**32))
    classes = data.manifest.labels.names
    plain = NETS.get(settings.net.kind)(len(classes), settings.net)  # type: ignore[attr-defined]
    train_places = data.splits["train"]
    task = Task(
        classes,
        data.group_names,
        data.labels[train_places],
        data.groups[train_places],
        settings.data.size,
        plain.width,
        data.levels,
        data.attributes[train_places],
        settings.data.continuous,
        data.values[train_places],
        settings.epochs,
    )
    mitigation = MITIGATIONS.get(settings.mitigation.kind)(task, settings.mitigation)  # type: ignore[attr-defined]
    net = mitigation.prepare(plain)
    precision = resolve_precision(settings.device)
    parts = Parts(net, mitigation, data, settings, seed, folder, _facts(settings, data, seed, fabric, precision))
    loop = Loop(parts, fabric, None if report is None else lambda at: report(seed, at))
    if resume:
        loop.resume()
    if fabric.global_rank == 0:
        own = settings.model_copy(update={"seeds": (seed,)})
        write_text(folder / "settings.toml", own.to_toml())
        write_json(folder / "environment.json", environment(fabric.device, precision, fabric.world_size))
        write_json(folder / "data.json", about_data(data))
    chosen = loop.run()
    result: dict[str, Any] = {}
    if fabric.global_rank == 0:
        for rule in reversed(chosen):  # the run's own last: its result says that the run has ended
            result = _finish(parts, loop, rule, chosen[rule], fabric)
    fabric.barrier()
    return Run(folder, seed, result)


def _finish(parts: Parts, loop: Loop, rule: str, net: Net, fabric: Fabric) -> dict[str, Any]:
    """Calibrate on validation faces; write weights, predictions of every split, and last the result."""
    settings, data, at = parts.settings, parts.data, loop.progress
    own = rule == settings.selection.rule
    folder = parts.folder if own else parts.folder / rule
    folder.mkdir(exist_ok=True)
    net = parts.mitigation.finish(net, lambda split: answers_of(net, data, split, fabric.device))
    read = {
        split: net.adjust(
            read_faces(net, data.chips.pixels, places, fabric.device, settings.flip_at_test), data.groups[places]
        )
        for split, places in data.splits.items()
    }
    temperature = fit_temperature(read["validation"], data.labels[data.splits["validation"]])
    shares = tuple(chances(read["validation"], temperature).mean(0).tolist())
    card = NetCard(data.manifest.labels.names, settings.data.size, temperature, settings.flip_at_test, shares)
    with explained(folder / WEIGHTS, RESUME, TrainingStopped):
        save_net(folder / WEIGHTS, net, card)
    splits = {}
    for split, places in data.splits.items():
        write_predictions(folder, data, split, read[split], temperature)
        labels, logits = data.labels[places], read[split]
        found = score(logits, data, places)
        splits[split] = {
            **asdict(found),
            "worst_group": found.worst()[0] or None,
            "calibration_error": calibration_error(chances(logits), labels),
            "calibrated": {
                "loss": log_loss(logits, labels, temperature),
                "calibration_error": calibration_error(chances(logits, temperature), labels),
            },
        }
    uses = parts.mitigation.uses()
    result = {
        "name": settings.name,
        "seed": parts.seed,
        "mitigation": settings.mitigation.kind,  # type: ignore[attr-defined]
        "selection": rule,
        "groups_known": {
            "in_training": "group_in_training" in uses,
            "in_validation": "group_in_validation" in uses,
            "in_selection": SELECTION_RULES.get(rule).needs_groups,
            "in_prediction": "group_in_prediction" in uses,
        },
        "epoch": (at.best_epoch if own else at.others[rule][1]) if parts.mitigation.keeps_epoch else None,
        "epochs": len(at.history),
        "steps": at.step,
        "seconds": round(at.seconds, 1),
        "faces_per_second": round(at.step * settings.batch / at.seconds, 1) if at.seconds else None,
        "parameters": sum(p.numel() for p in net.parameters()),
        "weights_sha256": hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest(),
        "temperature": temperature,
        "notices": [notice.message for notice in parts.mitigation.notices()],
        "splits": splits,
    }
    write_json(folder / RESULT, result)
    return result


def _check(settings: TrainSettings, data: TrainingData) -> None:
    """See before anything is trained that what is asked for can be done; tell all faults together."""
    faults = []
    rules = {name: SELECTION_RULES.get(name) for name in settings.selection.rules}
    kind = MITIGATIONS.get(settings.mitigation.kind)  # type: ignore[attr-defined]
    needs = frozenset[str]() if kind.reads_numbers and settings.data.continuous else kind.needs
    asking = [f"mitigation {settings.mitigation.kind!r}"] if needs else []  # type: ignore[attr-defined]
    asking += [f"selection rule {name!r}" for name, rule in rules.items() if rule.needs_groups]
    if asking and not data.group_names:
        known = ", ".join(a.name for a in data.manifest.attributes) or "none"
        faults.append(f"{' and '.join(asking)} need groups: name attributes in data.groups. There are: {known}.")
    for name, rule in rules.items():
        if rule.split not in data.splits:
            faults.append(f"selection rule {name!r} looks at {rule.split} faces, and there are none.")
    wants = {"train": "group_in_training" in needs, "validation": "group_in_validation" in needs}
    wants |= {rule.split: True for rule in rules.values() if rule.needs_groups}
    for split, wanted in wants.items():
        if wanted and data.group_names and not (data.groups[data.splits.get(split, [])] >= 0).any():
            faults.append(f"{' and '.join(asking)}: no face of the split {split} has a known group.")
    there = len(data.splits["train"])
    if settings.batch > there:
        faults.append(f"batch = {settings.batch}, but there are only {there} faces to learn from.")
    if settings.batch % (world := settings.device.devices * settings.device.nodes) or settings.batch // world < 2:
        faults.append(f"batch = {settings.batch} cannot be shared evenly by {world} devices, 2 faces or more to each.")
    if faults:
        raise SettingsError("This run cannot be:\n" + "\n".join(f"- {fault}" for fault in faults))


def _same_asked(settings: TrainSettings, data: TrainingData, folder: Path) -> None:
    """Refuse to give the result of an ended run for that of other settings or faces."""
    about = json.loads((folder / "data.json").read_text(encoding="utf-8"))
    then = _asked(TrainSettings.load(folder / "settings.toml"))
    then |= {"manifest": about["manifest_sha256"], "pixels": about["chips_sha256"]}
    now = _asked(settings) | {"manifest": data.sha256, "pixels": data.chips.sha256}
    if (asked := settings.device.precision) != "auto":
        then["device.precision"] = json.loads((folder / "environment.json").read_text(encoding="utf-8"))["precision"]
        now["device.precision"] = asked
    if then != now:
        keys = sorted(key for key in {*then, *now} if then.get(key) != now.get(key))
        said = "; ".join(f"{key} was {then.get(key)!r}, is {now.get(key)!r}" for key in keys)
        raise SettingsError(
            f"{folder} has ended, with other settings or data: {said}. Give the same ones, or choose another name: "
            "--set name=…"
        )


def _facts(settings: TrainSettings, data: TrainingData, seed: int, fabric: Fabric, precision: str) -> dict[str, Any]:
    """What must be the same for a run to go on to the same weights."""
    return _asked(settings) | {
        "seed": seed,
        "manifest": data.sha256,
        "pixels": data.chips.sha256,
        "torch": torch.__version__,
        "precision": precision,
        "device": fabric.device.type,
        "threads": torch.get_num_threads(),
    }


def _asked(settings: TrainSettings) -> dict[str, Any]:
    """Every setting that may change a weight, by its path."""
    said: dict[str, Any] = {}

    def flatten(table: Mapping[str, Any], path: str) -> None:
        for key, value in table.items():
            if isinstance(value, dict):
                flatten(value, f"{path}{key}.")
            elif f"{path}{key}" not in _FREE:
                said[f"{path}{key}"] = value

    flatten(settings.model_dump(mode="json"), "")
    return said


@contextmanager
def _untouched(threads: int) -> Iterator[None]:
    """Leave torch's random numbers and threads to the caller as they were."""
    before = torch.get_num_threads()
    if threads:
        torch.set_num_threads(threads)
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            yield
    finally:
        torch.set_num_threads(before)
