"""Preparing a suite: its faces on disk, made or taken once, and decoded once for all cells."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from evenface.benchmark.suites import Suite, families
from evenface.core.errors import SettingsError, did_you_mean
from evenface.core.manifest import SPLITS, Manifest, manifest_file
from evenface.synthesis import generate
from evenface.synthesis.plan import Plan
from evenface.synthesis.spec import Spec
from evenface.training.chips import Chips, load_chips

CACHE = "cache"
_LOT = 0  # which faces of a given manifest are used is the same for all methods and seeds


@dataclass(frozen=True, slots=True)
class Prepared:
    """A suite that is ready to be learnt from.

    Attributes:
        suite: What it is.
        manifest: Its manifest.
        families: Manifest of its counterfactual set; None: it has none.
        sha256: Of the plan of its faces, or of the manifest that was given.
    """

    suite: Suite
    manifest: Path
    families: Path | None
    sha256: str


def prepare(
    suite: Suite,
    out: Path,
    *,
    given: Path | None = None,
    workers: int | None = 1,
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> Prepared:
    """Make the faces of a suite under `out`, or find those that are there.

    Args:
        suite: What is asked for.
        out: Folder of the benchmark.
        given: Manifest, or its folder, for a suite that generates none.
        workers: Processes that draw.
        device: What draws: `cpu`, or a GPU as Warp names it.
        progress: Told faces done and faces in all.

    Raises:
        SettingsError: The suite needs a manifest, or attributes that the manifest does not have.
        InputError: Files cannot be read or written.
    """
    if suite.faces is not None:
        manifest = _drawn(suite.faces, out, workers, device, progress)
        asked = _drawn(families(), out, workers, device, progress)
        return Prepared(suite, manifest, asked, Plan(suite.faces).sha256)
    if given is None:
        raise SettingsError(f"The suite {suite.name} generates no faces: give its manifest with --manifest FOLDER.")
    path = manifest_file(given)
    manifest = _taken(suite, path, out / "faces" / suite.name / "manifest.parquet")
    return Prepared(suite, manifest, None, hashlib.sha256(manifest.read_bytes()).hexdigest())


def chips_of(manifest: Path, size: int, out: Path) -> tuple[pl.DataFrame, Chips]:
    """Give the rows of a manifest that can be learnt from, and their pixels, which are decoded once."""
    frame = Manifest.load(manifest).frame.filter(pl.col("label").is_not_null() & pl.col("image").is_not_null())
    return frame, load_chips(frame, manifest.parent, size, None, out / CACHE)


def _drawn(
    spec: Spec, out: Path, workers: int | None, device: str, progress: Callable[[int, int], None] | None
) -> Path:
    folder = out / "faces" / spec.name
    generate(spec, folder, workers=workers, device=device, progress=progress)
    return folder / "manifest.parquet"


def _taken(suite: Suite, path: Path, target: Path) -> Path:
    """Write a manifest of the faces that are used, with full paths to their pictures."""
    whole = Manifest.load(path)
    known = tuple(attribute.name for attribute in whole.attributes)
    if lost := [name for name in (*suite.groups, *suite.others) if name not in known]:
        raise SettingsError(
            f"{path} has no attribute {', '.join(lost)}, which the suite {suite.name} asks for."
            f"{did_you_mean(lost[0], known)} Attributes: {', '.join(known) or 'none'}. Estimate them with "
            "`evenface data annotate`."
        )
    rows = whole.frame.with_row_index("_row").filter(pl.col("image").is_not_null() & pl.col("label").is_not_null())
    rng = np.random.default_rng(_LOT)
    parts = []
    for split in SPLITS:
        of_split = rows.filter(split=split)["_row"].to_numpy()
        parts.append(rng.permutation(of_split)[: suite.most.get(split, len(of_split))])  # type: ignore[call-overload]
    chosen = whole.frame[np.sort(np.concatenate(parts))]
    image = pl.col("image")
    here = pl.lit(f"{path.parent.resolve()}/") + image
    chosen = chosen.with_columns(image=pl.when(image.str.starts_with("/")).then(image).otherwise(here))
    target.parent.mkdir(parents=True, exist_ok=True)
    return Manifest(chosen, whole.labels, whole.attributes, whole.notes).save(target)
