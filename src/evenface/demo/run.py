"""The story from end to end: faces are made, two nets learn from them, and both are measured."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from evenface import __version__
from evenface.audit.compare import compare
from evenface.audit.compare.write import write as write_comparison
from evenface.audit.counterfactual import Counterfactual, counterfactual
from evenface.audit.run import audit
from evenface.benchmark.measure import read
from evenface.benchmark.prepare import CACHE, Prepared, chips_of, prepare
from evenface.benchmark.protocol import VARIATIONAL, Method, configuration
from evenface.benchmark.suites import load_suite
from evenface.core.errors import SettingsError
from evenface.core.writing import write_files
from evenface.demo.faces import drawn_as, planted
from evenface.demo.page import to_html
from evenface.demo.words import sentences
from evenface.models.nets._files import load_net
from evenface.probe.run import probe_runs
from evenface.report import write as write_audit
from evenface.report.counterfactual import write as write_families
from evenface.report.probe import write as write_probe
from evenface.training.evaluate import chances
from evenface.training.folder import plain
from evenface.training.run import WEIGHTS, Run, train
from evenface.training.settings import TrainSettings

SUITE = "stereotypical-90"
PAGE, DATA, TABLE = "report.html", "demo.json", "predictions.csv"
_TERMS = ({"kind": "hsic", "weight": 2},)
METHODS = (
    Method("ERM", "erm", {}, VARIATIONAL),
    Method("latent alignment", "latent_alignment", {"terms": _TERMS, "reconstruction": 0.3}, VARIATIONAL),
)
_PERMUTATIONS = 40  # of the bands of probes
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Story:
    """What was found.

    Attributes:
        data: What the page is made of.
        page: The page.
        said: Findings in three sentences.
    """

    data: Mapping[str, Any]
    page: Path
    said: list[str]


def tell_story(
    out: Path, *, seed: int = 0, suite: str = SUITE, changes: Mapping[str, Any] | None = None, tell: Tell | None = None
) -> Story:
    """Make faces with a planted bias, teach two nets, measure both, and write the page.

    Given again, faces and nets that are there are used.

    Args:
        out: Folder of everything.
        seed: Of training and of all draws.
        suite: Of the benchmark, or a TOML file: it plants its bias in one expression of one attribute's groups.
        changes: Key path of a training configuration -> value, for both nets.
        tell: Told what is done, how much of it is done, and how much there is.

    Raises:
        SettingsError: The suite plants no such bias, or the folder holds nets of other settings.
        InputError: Files cannot be read or written.
    """
    begun, tell = time.perf_counter(), tell or (lambda what, done, total: None)
    about = load_suite(suite)
    if about.emotion is None or len(about.groups) != 1:
        raise SettingsError(f"The suite {about.name} plants no bias in one expression of one attribute's groups.")
    prepared = prepare(about, out, workers=None, progress=partial(tell, "Drawing faces"))
    runs = [_trained(method, prepared, out, seed, changes or {}, tell) for method in METHODS]
    models = []
    for number, (method, run) in enumerate(zip(METHODS, runs, strict=True)):
        tell(f"Auditing {method.name}", number, len(METHODS))
        models.append(_measured(method, run, prepared, out, seed))
    _probe(models, runs, about.groups[0], out, seed, tell)
    tell("Drawing faces as another group", 0, 1)
    learnt, drawn = planted(prepared, out, seed), drawn_as(runs[1].folder / WEIGHTS, prepared, out)
    data = {
        "evenface": __version__,
        "seed": seed,
        "suite": {"name": about.name, "about": about.about, "attribute": about.groups[0], "emotion": about.emotion},
        "faces": learnt.numbers,
        "models": models,
        "change": _changes(runs, prepared, out, seed),
        "drawn": drawn.numbers,
        "seconds": time.perf_counter() - begun,
    }
    answers = pl.read_parquet(_answers(runs[0])).drop("true_label")
    return _written(plain(data), {**learnt.strips, **drawn.strips}, answers, out)


def _answers(run: Run) -> Path:
    return run.folder / "predictions" / "test.parquet"


def _written(data: Mapping[str, Any], strips: Mapping[str, bytes], answers: pl.DataFrame, out: Path) -> Story:
    said = sentences(data)
    page = to_html(data, said, strips)
    texts = {PAGE: page, DATA: json.dumps(data, indent=1, allow_nan=False) + "\n", TABLE: answers.write_csv()}
    written = write_files(out, {name: text.encode() for name, text in texts.items()}, "the page")
    return Story(data, written[0], said)


def _trained(method: Method, prepared: Prepared, out: Path, seed: int, changes: Mapping[str, Any], tell: Tell) -> Run:
    """Teach a net, or find it taught by the same settings."""
    asked = TrainSettings(
        **configuration(
            method,
            manifest=prepared.manifest,
            groups=prepared.suite.groups,
            seed=seed,
            out=out / "nets",
            cache=out / CACHE,
            rules=("mean_validation",),
            changes={**changes, "name": method.kind},
        )
    )
    there = out / "nets" / f"{method.kind}-seed{seed}" / "settings.toml"
    if there.is_file() and there.read_text(encoding="utf-8") != asked.to_toml():
        raise SettingsError(
            f"{there.parent} was taught by other settings. Remove it, or give another folder with --out."
        )
    (run,) = train(asked, resume=True, report=lambda _, at: tell(f"Teaching {method.name}", at.step, at.steps))
    return run


def _measured(method: Method, run: Run, prepared: Prepared, out: Path, seed: int) -> dict[str, Any]:
    """Audit answers to the test faces, and to faces that are alike in all but one attribute."""
    attribute, emotion = prepared.suite.groups[0], prepared.suite.emotion
    audited = audit(_answers(run), [attribute], provenance={attribute: "generated"}, seed=seed)
    write_audit(audited.data, out / f"audit-{method.kind}", ("html", "json"))
    recalls = {
        group["levels"][attribute]: _interval(group["metrics"][f"tpr[{emotion}]"]) | {"n": group["n"]}
        for group in audited.data["groups"]
    }
    families = _same_face(run, prepared, out, seed)
    write_families(families, out / f"same-face-{method.kind}", ["html", "json"], images=out / "faces" / "families")
    flips = {each["attribute"]: _interval(each["flip"]) for each in families["attributes"]}
    gap = audited.gap(f"tpr[{emotion}]", attribute, "difference")
    return {
        "name": method.name,
        "kind": method.kind,
        "accuracy": _interval(audited.data["overall"]["metrics"]["accuracy"]),
        "recall": recalls,
        "gap": _interval(gap) | {"chance_95": gap["chance_95"], "p": gap["p"]},
        "flip": flips[attribute],
        "flip_noise": flips["image_seed"],
        "seconds": run.result["seconds"],
        "parameters": run.result["parameters"],
    }


def _same_face(run: Run, prepared: Prepared, out: Path, seed: int) -> Counterfactual:
    """Ask a net about families of faces that are alike in all but one attribute."""
    if prepared.families is None:
        raise SettingsError(f"The suite {prepared.suite.name} has no counterfactual families.")
    net, card = load_net(run.folder / WEIGHTS)
    frame, chips = chips_of(prepared.families, card.size, out)
    scores = chances(read(net, chips.pixels[:])[1])
    names = list(card.classes)
    table = frame.select("face", "subject", "family", "variant", "changed", "image").with_columns(
        label=pl.Series([names[code] for code in frame["label"]]),
        predicted=pl.Series([names[code] for code in scores.argmax(1)]),
    )
    table = pl.concat([table, pl.DataFrame(scores, schema=[f"score_{name}" for name in names])], how="horizontal")
    return counterfactual(table, seed=seed)


def _changes(runs: list[Run], prepared: Prepared, out: Path, seed: int) -> dict[str, Any]:
    """What differs between the nets on the same faces, and whether by more than luck."""
    attribute = prepared.suite.groups[0]
    before, after = map(_answers, runs)
    found = compare(before, after, [attribute], seed=seed)
    write_comparison(found, out / "compare", ("html", "json"))
    gap = found.gap(f"tpr[{prepared.suite.emotion}]", attribute)
    return {
        "accuracy": _interval(found.overall("accuracy"), "change"),
        "gap": _interval(gap, "change") | {"verdict": gap["verdict"], "p": gap["p"]},
    }


def _probe(models: list[dict[str, Any]], runs: list[Run], attribute: str, out: Path, seed: int, tell: Tell) -> None:
    """Measure what each latent tells of the attribute, and put it beside what else is known of the nets."""
    folders = [run.folder for run in runs]
    found = probe_runs(
        folders,
        by=[attribute],
        permutations=_PERMUTATIONS,
        seed=seed,
        progress=lambda at, of, what: tell("Probing", at, of),
    )
    write_probe(found.data, out / "probe", sheets=found.sheets)
    for model, folder in zip(models, folders, strict=True):
        (latent,) = (r for r in found.data["readings"] if (r["run"], r["place"]) == (folder.name, "latent"))
        model["leak"] = {
            each["probe"]: {key: each[key] for key in ("value", "low", "high", "chance_low", "chance_high")}
            for each in latent["measures"]
            if each["measure"] == "accuracy"
        }


def _interval(found: Mapping[str, Any], value: str = "value") -> dict[str, Any]:
    return {"value": found[value], "low": found["low"], "high": found["high"]}
