from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evenface.core.errors import InputError, UnknownNameError
from evenface.core.manifest import Manifest
from evenface.cues._cue import CueReading, joined, with_gaps
from evenface.cues._table import load_cues, manifest_key, save_cue
from evenface.cues.macro import SIX


def reading_of(count: int, missing: tuple[int, ...] = ()) -> CueReading:
    """Numbers for each face, but for those that are missing."""
    read = ~np.isin(np.arange(count), missing)
    values = np.random.default_rng(1).random((count, len(SIX)), np.float32)
    confidence = np.linspace(0, 1, count, dtype=np.float32)
    return with_gaps(len(SIX), read, values[read], confidence[read], [None if ok else "no face found" for ok in read])


@pytest.fixture
def saved(faces, tmp_path: Path) -> Manifest:
    manifest = faces()
    save_cue(tmp_path / "cues", "macro", SIX, reading_of(4, missing=(2,)), manifest, {"detector": None})
    return manifest


def test_a_reading_comes_back_as_it_was_written(saved: Manifest, tmp_path: Path) -> None:
    table, wanted = load_cues(tmp_path / "cues", saved), reading_of(4, missing=(2,))
    back = table.readings["macro"]
    assert table.faces == ("f0", "f1", "f2", "f3")
    assert table.channels == {"macro": SIX}
    np.testing.assert_array_equal(back.values, wanted.values)
    np.testing.assert_array_equal(back.confidence, wanted.confidence)
    assert back.valid.tolist() == [True, True, False, True]
    assert back.reasons == (None, None, "no face found", None)


def test_the_file_has_null_and_not_nan_where_nothing_was_read(saved: Manifest, tmp_path: Path) -> None:
    frame = pl.read_parquet(tmp_path / "cues" / "macro.parquet")
    assert frame.columns == ["face", "valid", "reason", "confidence", *(f"cue:macro:{name}" for name in SIX)]
    assert frame.filter(~pl.col("valid")).select("confidence", "cue:macro:sad").row(0) == (None, None)


def test_new_labels_and_attributes_do_not_part_a_table_from_its_manifest(saved: Manifest, tmp_path: Path) -> None:
    other = Manifest(saved.frame.with_columns(pl.lit(0, pl.Int16).alias("label")), saved.labels, saved.attributes)
    assert manifest_key(other) == manifest_key(saved)
    assert load_cues(tmp_path / "cues", other).faces


@pytest.mark.parametrize("change", ["order", "fewer", "pictures"])
def test_the_table_of_another_manifest_is_refused(saved: Manifest, tmp_path: Path, change: str) -> None:
    frame = {
        "order": saved.frame.reverse(),
        "fewer": saved.frame.head(3),
        "pictures": saved.frame.with_columns(pl.lit("x.png").alias("image")),
    }[change]
    with pytest.raises(InputError, match=r"belongs to another manifest: it has 4 faces.* ids are in both"):
        load_cues(tmp_path / "cues", Manifest(frame, saved.labels, saved.attributes))


def test_every_fault_is_told_at_once(saved: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from evenface.cues.macro import Macro

    version = Macro.version
    monkeypatch.setattr(Macro, "version", "2-new")
    with pytest.raises(InputError) as told:
        load_cues(tmp_path / "cues", saved, ["macro", "macro_full"])
    assert f"made by version {version}, this evenface has 2-new" in str(told.value)
    assert "--cue macro_full" in str(told.value)


def test_files_that_are_no_cue_tables_are_refused(saved: Manifest, tmp_path: Path) -> None:
    (tmp_path / "cues" / "macro_full.parquet").write_bytes((tmp_path / "cues" / "macro.parquet").read_bytes())
    with pytest.raises(InputError, match="no table of the cue 'macro_full'"):
        load_cues(tmp_path / "cues", saved, ["macro_full"])
    with pytest.raises(UnknownNameError, match="Did you mean 'macro'"):
        load_cues(tmp_path / "cues", saved, ["macr"])
    with pytest.raises(InputError, match="holds no cue tables"):
        load_cues(tmp_path / "nowhere", saved)


def test_readings_must_fit_themselves() -> None:
    values = np.zeros((2, 1), np.float32)
    sure = np.ones(2, np.float32)
    with pytest.raises(InputError, match="finite values where it is valid"):
        CueReading(values, np.array([True, False]), sure, (None, "why"))
    with pytest.raises(InputError, match="a reason for each face that is not valid"):
        CueReading(values, np.ones(2, bool), sure, (None, "why"))
    with pytest.raises(InputError, match="for each face"):
        CueReading(values, np.ones(3, bool), sure, (None, None))


def test_stretches_join_in_order() -> None:
    whole = reading_of(5, missing=(0, 3))
    parts = [
        CueReading(whole.values[a:b], whole.valid[a:b], whole.confidence[a:b], whole.reasons[a:b])
        for a, b in ((0, 2), (2, 5))
    ]
    again = joined(parts)
    np.testing.assert_array_equal(again.values, whole.values)
    assert again.reasons == whole.reasons
