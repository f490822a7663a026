"""Probing runs: folders in, one object out, as docs/PROBE_SCHEMA.md describes it, and a sheet of faces for each run."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from evenface import __version__
from evenface.core.errors import SettingsError
from evenface.probe.attribute import KINDS, probe
from evenface.probe.faces import LEAST_PEOPLE
from evenface.probe.layers import ANSWERS, LATENT, LOGITS, PIXELS, read_places
from evenface.probe.number import probe_number
from evenface.probe.opened import Column, Opened, open_run
from evenface.probe.pictures import drawn_sheet, latent_map
from evenface.probe.result import Leak, Probe
from evenface.probe.verdicts import judge, sentences

SCHEMA = "evenface.probe/1"
EXPRESSION = "expression"
FEW_FACES = 500
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Probed:
    """What probing found.

    Attributes:
        data: As docs/PROBE_SCHEMA.md describes it.
        sheets: Run -> PNG of faces that its net drew; runs that draw none are not there.
    """

    data: dict[str, Any]
    sheets: dict[str, bytes]


def probe_runs(
    folders: Sequence[str | Path],
    *,
    by: Sequence[str] = (),
    split: str = "test",
    given_expression: bool = False,
    layers: bool = False,
    all_probes: bool = False,
    permutations: int = 100,
    seed: int = 0,
    progress: Progress | None = None,
) -> Probed:
    """Probe what runs of `evenface train` hold of attributes, in faces that they never learnt from.

    Args:
        folders: Of the runs.
        by: Attributes, and columns of numbers as `number:NAME`; those that the first run was told if none is named.
        split: Whose faces.
        given_expression: Whether to measure as well what is read beyond what the expression tells.
        layers: Whether to probe each layer as well, by the linear probe.
        all_probes: Whether to probe each layer by the MLP and by k-NN, too.
        permutations: How often each attribute is dealt to other persons.
        seed: Of all random draws.
        progress: Told readings done, readings in all, and which is next.

    Raises:
        InputError: A folder is no run.
        SettingsError: A run or attribute is named twice, there is no such attribute, or none can be measured.
    """
    runs = [open_run(Path(folder), name, split) for folder, name in zip(folders, _names(folders), strict=True)]
    wanted = [column.name for column in runs[0].columns(by)]
    columns = {run.name: run.columns(wanted) for run in runs}
    warnings = [w for run in runs for w in _warnings(run, columns[run.name], split)]
    conditions = (None, EXPRESSION) if given_expression else (None,)
    readings: list[dict[str, Any]] = []
    maps, sheets, about = [], {}, []
    layers = layers or all_probes
    for number, run in enumerate(runs):
        seen = read_places(run.net, run.data.chips.pixels[run.places], run.data.groups[run.places], layers=layers)
        each = len(seen) * len(columns[run.name]) * len(conditions)
        for place, features in seen.items():
            kinds = KINDS if all_probes or place in (PIXELS, LATENT, LOGITS, ANSWERS) else ("linear",)
            for column in columns[run.name]:
                for given in conditions:
                    if progress is not None:
                        done = number * each + len(readings) - sum(r["run"] != run.name for r in readings)
                        progress(done, each * len(runs), f"{run.name}: {column.name} from {place}")
                    found = _probe(run, features, column, given, kinds, permutations, seed)
                    readings.append(_reading(run, place, features, column, given, found))
        maps.append(latent_map(run, seen[LATENT], columns[run.name]))
        picture, why = drawn_sheet(run)
        if picture is not None:
            sheets[run.name] = picture
        about.append(_about(run, list(seen), why))
    if reasons := {f"{r['attribute']}: {r['undefined']}" for r in readings if r["undefined"]}:
        if all(r["undefined"] for r in readings):
            raise SettingsError(f"No attribute can be probed in the {split} faces. {'; '.join(sorted(reasons))}.")
        warnings += [{"code": "undefined", "message": f"{said}."} for said in sorted(reasons)]
    judge(readings, {run.name: run.faces_sha256 for run in runs})
    data = {
        "schema": SCHEMA,
        "evenface": __version__,
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__},
        "settings": {
            "split": split,
            "by": wanted,
            "given_expression": given_expression,
            "layers": layers,
            "all_probes": all_probes,
            "permutations": permutations,
            "seed": seed,
            "level": 0.95,
        },
        "warnings": warnings,
        "summary": sentences(readings),
        "runs": about,
        "attributes": [
            {"attribute": c.name, "levels": list(c.levels), "provenance": c.provenance} for c in columns[runs[0].name]
        ],
        "readings": readings,
        "maps": maps,
    }
    return Probed(data, sheets)


def _names(folders: Sequence[str | Path]) -> list[str]:
    """What runs are called: their folder's name, or more of the path where two are alike."""
    paths = [Path(folder).resolve() for folder in folders]
    if twice := sorted({str(path) for path in paths if paths.count(path) > 1}):
        raise SettingsError(f"{', '.join(twice)}: named twice. Each run is probed once.")
    short = [path.name for path in paths]
    return [path.name if short.count(path.name) == 1 else f"{path.parent.name}/{path.name}" for path in paths]


def _probe(
    run: Opened,
    features: NDArray[np.float32],
    column: Column,
    given: str | None,
    kinds: Sequence[str],
    permutations: int,
    seed: int,
) -> Probe:
    held = None if given is None else run.data.labels[run.places]
    if not column.levels:
        return probe_number(
            features, column.values, given=held, subjects=run.people, seed=seed, permutations=permutations
        )
    return probe(
        features, column.values, given=held, subjects=run.people, seed=seed, permutations=permutations, kinds=kinds
    )


def _reading(
    run: Opened, place: str, features: NDArray[np.float32], column: Column, given: str | None, found: Probe
) -> dict[str, Any]:
    return {
        "run": run.name,
        "place": place,
        "features": features.shape[1],
        "attribute": column.name,
        "given": given,
        "faces": found.faces,
        "people": found.people,
        "left_out": found.left_out,
        "levels": [column.levels[i] for i in found.levels],
        "entropy": _number(found.entropy),
        "chance_accuracy": _number(found.chance_accuracy),
        "undefined": found.undefined or None,
        "measures": [
            {"probe": kind, "measure": name} | _leak(leak) | {"permutations": reading.permutations}
            for kind, reading in found.readings.items()
            for name, leak in reading.measures.items()
        ],
    }


def _leak(leak: Leak) -> dict[str, float | None]:
    names = ("value", "low", "high", "chance", "chance_low", "chance_high", "p")
    return {name: _number(getattr(leak, name)) for name in names}


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _about(run: Opened, places: list[str], why: str) -> dict[str, Any]:
    settings: Mapping[str, Any] = run.settings.model_dump()
    return {
        "run": run.name,
        "net": settings["net"]["kind"],
        "mitigation": settings["mitigation"]["kind"],
        "classes": list(run.card.classes),
        "size": run.card.size,
        "weights_sha256": run.weights_sha256,
        "faces_sha256": run.faces_sha256,
        "faces": len(run.places),
        "places": places,
        "not_drawn": why or None,
    }


def _warnings(run: Opened, columns: Sequence[Column], split: str) -> list[dict[str, str]]:
    found = []
    if split == "train":
        said = f"{run.name}: the net has learnt from these faces; what is read from it here says little of others."
        found.append({"code": "learnt_from", "message": said})
    if split == "validation":
        said = (
            f"{run.name}: these faces chose the epoch, and methods such as dfr and latent_alignment fit to them after "
            "training; what is read from them here may say little of others."
        )
        found.append({"code": "chosen_by", "message": said})
    if len(run.places) < FEW_FACES:
        said = f"{run.name}: {len(run.places):,} faces; with fewer than {FEW_FACES} a probe overlooks small leaks."
        found.append({"code": "few_faces", "message": said})
    for column in columns:
        for code, level in enumerate(column.levels):
            people = len(np.unique(run.people[column.values == code].astype(str)))
            if 0 < people < LEAST_PEOPLE:
                said = (
                    f"{run.name}: {column.name} {level} has {people} persons in these faces, fewer than "
                    f"{LEAST_PEOPLE}: left out."
                )
                found.append({"code": "small_level", "message": said})
    return found
