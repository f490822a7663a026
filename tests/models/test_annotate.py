"""Annotate: estimates go into the manifest, marked as such, with the error rates that an audit needs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from evenface.audit.estimator import read_estimator
from evenface.core.errors import SettingsError
from evenface.core.labels import SPACES
from evenface.core.manifest import Manifest
from evenface.core.tables import Attribute
from evenface.models.annotate import annotate


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Five rows: three grey pictures, one that is missing, one without a name; gender is known of one face."""
    rng = np.random.default_rng(0)
    for number in range(3):
        small = Image.fromarray(rng.integers(0, 256, (6, 6), np.uint8))
        small.resize((48, 48), Image.Resampling.BICUBIC).save(tmp_path / f"{number}.png")
    rows = {"face": list("abcde"), "image": ["0.png", "1.png", "2.png", "gone.png", None]}
    frame = pl.DataFrame(rows).with_columns(
        *(pl.lit(None, pl.String).alias(name) for name in ("subject", "region", "split")),
        pl.lit("made").alias("dataset"),
        pl.lit(None, pl.Int16).alias("label"),
        pl.Series("attr:gender", ["Female", None, None, None, None]),
    )
    return Manifest(frame, SPACES["FER+"], (Attribute("gender", ("Female", "Male"), "annotated"),)).validate()


def test_estimates_are_marked_and_what_was_known_is_kept(manifest: Manifest, tmp_path: Path) -> None:
    told = []
    found = annotate(manifest, tmp_path, progress=lambda *done: told.append(done))
    assert (found.estimated, found.kept, found.pictures) == (("race", "age"), ("gender",), "grey")
    whole = found.manifest.validate()
    assert [(a.name, a.provenance) for a in whole.attributes] == [
        ("gender", "annotated"), ("race", "estimated"), ("age", "estimated")
    ]  # fmt: skip
    assert whole.frame["attr:gender"].equals(manifest.frame["attr:gender"])
    assert whole.frame["attr:race"].is_null().to_list() == [False] * 3 + [True] * 2
    assert found.reasons == {"no such file": 1, "the manifest names no picture": 1}
    assert "could not be estimated: 2" in whole.notes[-1] and told == [(5, 5)]
    assert not [name for name in whole.frame.columns if name.startswith("chance:")]


def test_asked_for_it_replaces_and_gives_chances(manifest: Manifest, tmp_path: Path) -> None:
    found = annotate(manifest, tmp_path, ["gender", "age4"], again=True, chances=True)
    frame = found.manifest.frame
    assert [a.provenance for a in found.manifest.attributes] == ["estimated"] * 2
    chances = frame.select("chance:gender=Female", "chance:gender=Male")
    assert chances.null_count().row(0) == (2, 2)
    best = chances.select(pl.col("chance:gender=Male") > pl.col("chance:gender=Female")).to_series()
    assert (frame["attr:gender"] == "Male").equals(best.rename("attr:gender"))
    with pytest.raises(SettingsError, match=r"Nothing is left to estimate: gender \(annotated\)"):
        annotate(manifest, tmp_path, ["gender"])


def test_error_rates_are_as_the_audit_reads_them(manifest: Manifest, tmp_path: Path) -> None:
    found = annotate(manifest, tmp_path, ["gender", "race"], again=True)
    both = replace(
        found.manifest,
        frame=found.manifest.frame.with_columns(pl.Series("attr:gender", ["Female", "Male", *[None] * 3])),
    )
    found = replace(found, manifest=both)
    found.errors("gender").write_csv(tmp_path / "gender.csv")
    read = read_estimator("gender", found.levels("gender"), tmp_path / "gender.csv")
    assert read.counts is not None and read.counts.sum() == 2500
    assert found.accuracy("gender") == pytest.approx(np.trace(read.counts) / 2500)
    # Levels that no face has are in neither rows nor columns.
    race = found.errors("race")
    assert tuple(race["true"]) == tuple(race.columns[1:]) == found.levels("race")
    groups = found.errors_by_group()
    assert set(groups.columns) == {"attribute", "group", "true", "estimated", "faces"}
    assert groups.filter(attribute="gender", group="all")["faces"].sum() == 2500


def test_pictures_in_colour_are_seen_as_such(manifest: Manifest, tmp_path: Path) -> None:
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (100, 100, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    assert annotate(manifest, tmp_path, ["age4"]).pictures == "colour"
