"""Annotate: estimated gender, race and age band for the faces of a manifest, with the error rates of the estimates.

For auditing only. An estimate is marked `estimated` in the manifest and never replaces what annotators or the people
themselves said, unless that is asked for. What an audit needs to correct for the estimator's errors is counted on
FairFace's validation faces in pictures like these, and given as the tables that `evenface audit --estimator` reads.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evenface.core.errors import SettingsError
from evenface.core.manifest import Manifest
from evenface.core.tables import Attribute
from evenface.faces.chips import ChipStore
from evenface.faces.decode import UnreadablePictureError, decode
from evenface.faces.face import Detector
from evenface.models import attributes
from evenface.models.attributes import LEVELS, AttributesModel, levels_of

_AT_ONCE = 1024  # faces whose pixels are on disk at a time
_LOOKED = 200  # pictures that are looked at to know their kind
_SMALL = 80  # pixels of a side
_COLOURED = 4.0  # mean distance of a pixel's channels from which a picture has colours

Chances = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Annotated:
    """A manifest with estimated attributes, and how far to trust them.

    Attributes:
        manifest: With a column `attr:<name>` for each; null where the face could not be read.
        estimated: Names of the attributes that were estimated.
        kept: Names of those that were there and stayed.
        reasons: Why a face could not be read -> how many.
        pictures: `colour` or `grey`: whose error rates hold, see `AttributesModel.errors`.
        model: What estimated them.
    """

    manifest: Manifest
    estimated: tuple[str, ...]
    kept: tuple[str, ...]
    reasons: dict[str, int]
    pictures: str
    model: AttributesModel

    def levels(self, name: str) -> tuple[str, ...]:
        """Give the levels of an attribute that at least one face was estimated to have."""
        there = set(self.manifest.frame[f"attr:{name}"].drop_nulls().unique())
        return tuple(level for level in levels_of(name) if level in there)

    def errors(self, name: str) -> pl.DataFrame:
        """Count FairFace's validation faces by true level (rows) and estimated level (columns).

        The form that `evenface audit --estimator` reads. Levels that no face here was estimated to have are left out.
        """
        whole, there = self.model.confusion(name, self.pictures), self.levels(name)
        place = [levels_of(name).index(level) for level in there]
        return pl.DataFrame({"true": there} | {level: whole[place, k] for level, k in zip(there, place, strict=True)})

    def errors_by_group(self) -> pl.DataFrame:
        """Count the same faces by `attribute`, `group` (all, or a level of another attribute), `true`, `estimated`."""
        rows = [
            {"attribute": name, "group": group, "true": levels_of(name)[t], "estimated": levels_of(name)[e], "faces": n}
            for name in self.estimated
            for group, counts in self.model.errors[self.pictures][name].items()
            for t, row in enumerate(counts)
            for e, n in enumerate(row)
        ]
        return pl.DataFrame(rows)

    def accuracy(self, name: str) -> float:
        """Give the share of FairFace's validation faces that were estimated right, in pictures like these."""
        counts = self.model.confusion(name, self.pictures)
        return float(np.trace(counts) / counts.sum())


def annotate(
    manifest: Manifest,
    root: Path,
    by: Sequence[str] = tuple(LEVELS),
    *,
    weights: str | Path = "attributes",
    detector: str | Callable[[], Detector] | None = None,
    again: bool = False,
    chances: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Annotated:
    """Estimate attributes of a manifest's faces.

    Args:
        manifest: The faces.
        root: What paths of its pictures are relative to.
        by: Which attributes, of `attributes.BY`.
        weights: Name of weights that ship, or a file.
        detector: What finds and aligns the face in each picture; None: pictures are crops of faces already.
        again: Also those that the manifest has; else they stay as they are.
        chances: Add a column `chance:<name>=<level>` for each level of each attribute.
        progress: Told faces done and faces in all.

    Raises:
        UnknownNameError: There is no such attribute or detector.
        SettingsError: All attributes are there already.
        InputError: The weights cannot be read.
    """
    there = {attribute.name: attribute for attribute in manifest.attributes}
    kept = () if again else tuple(name for name in by if name in there)
    names = tuple(name for name in by if name not in kept)
    levels = {name: levels_of(name) for name in names}
    if not names:
        named = ", ".join(f"{name} ({there[name].provenance})" for name in kept) or "no attribute was named"
        raise SettingsError(f"Nothing is left to estimate: {named}. What is there is estimated anew with --again.")
    model = attributes.load(weights)
    found, reasons = _estimated(manifest.frame, root, names, model, detector, progress)
    columns = []
    for name, answers in found.items():
        best = pl.Series(np.asarray(levels[name])[answers.argmax(1)], dtype=pl.String)
        read = pl.Series(np.isfinite(answers[:, 0]))
        columns.append(pl.select(pl.when(read).then(best)).to_series().alias(f"attr:{name}"))
        if chances:
            columns += [
                pl.Series(f"chance:{name}={level}", answers[:, k]).fill_nan(None)
                for k, level in enumerate(levels[name])
            ]
    told = Counter(why for why in reasons if why is not None)
    kind = _kind(manifest.frame, root)
    new = tuple(Attribute(name, levels[name], "estimated") for name in names)
    others = tuple(attribute for attribute in manifest.attributes if attribute.name not in names)
    whole = replace(
        manifest,
        frame=manifest.frame.with_columns(columns),
        attributes=others + new,
        notes=(*manifest.notes, *_notes(names, kind, told, weights)),
    )
    return Annotated(whole, names, kept, dict(told.most_common()), kind, model)


def _notes(names: Iterable[str], kind: str, told: Counter[str], weights: str | Path) -> list[str]:
    where = "as FairFace has them" if kind == "colour" else "made 48 x 48 and grey"
    notes = [
        f"{', '.join(names)}: estimated from the pictures with weights {str(weights)!r}, for auditing only; error "
        f"rates were measured on FairFace's validation faces {where}."
    ]
    if told:
        reasons = ", ".join(f"{why} ({count:,})" for why, count in told.most_common())
        notes.append(f"Faces whose attributes could not be estimated: {told.total():,}: {reasons}.")
    return notes


def _estimated(
    frame: pl.DataFrame,
    root: Path,
    names: Sequence[str],
    model: AttributesModel,
    detector: str | Callable[[], Detector] | None,
    progress: Callable[[int, int], None] | None,
) -> tuple[Chances, list[str | None]]:
    """Give probabilities (face, level), NaN where there is no face, and the reasons."""
    out = {name: np.full((len(frame), len(levels_of(name))), np.nan, np.float32) for name in names}
    reasons: list[str | None] = []
    for start in range(0, len(frame), _AT_ONCE):
        with tempfile.TemporaryDirectory() as folder:
            part = frame.slice(start, _AT_ONCE)
            store = ChipStore.build(part, Path(folder), root=root, size=attributes.SIZE, detector=detector)
            place = np.flatnonzero(store.valid)
            for name, answers in model.probabilities(store.chips[place], names).items():
                out[name][start + place] = answers
        reasons += store.reasons
        if progress is not None:
            progress(min(start + _AT_ONCE, len(frame)), len(frame))
    return out, reasons


def _kind(frame: pl.DataFrame, root: Path) -> str:
    """Tell whether most pictures are `grey` (or small, which loses as much) or in `colour`, from some of them."""
    images = frame["image"].drop_nulls()
    poor = []
    for image in images.gather_every(max(1, len(images) // _LOOKED)):
        try:
            pixels = decode(root / image)
        except UnreadablePictureError:  # counted, with its reason, where all pictures are read
            continue
        colour = np.abs(np.diff(pixels.astype(np.int16), axis=2)).mean()
        poor.append(colour < _COLOURED or min(pixels.shape[:2]) < _SMALL)
    return "grey" if poor and np.mean(poor) > 0.5 else "colour"
