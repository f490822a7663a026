from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from evenface.core.errors import UnknownNameError
from evenface.cues import CUES, _read
from evenface.cues._cue import Cue, CueReading, all_read, checked
from evenface.cues._findings import findings, unanswered
from evenface.cues._read import read_cues
from evenface.cues._table import load_cues


class Brightness(Cue):
    """Mean of each colour; our own definition."""

    name, channels, version, size, confidence = "macro", ("red", "green", "blue"), "1", 16, "always 1"
    calls = 0

    def read(self, chips: np.ndarray) -> CueReading:
        Brightness.calls += 1
        return all_read(checked(self, chips).mean((1, 2)).astype(np.float32), np.ones(len(chips), np.float32))


class Change(Cue):
    """How much the last frame of a clip differs from the first; our own definition."""

    name, channels, version, size, confidence, frames = "micro", ("change",), "1", 8, "always 1", 5

    def read(self, chips: np.ndarray) -> CueReading:
        ends = checked(self, chips)[:, [0, -1]].astype(np.float32)
        return all_read(np.abs(ends[:, 1] - ends[:, 0]).mean((1, 2, 3))[:, None], np.ones(len(chips), np.float32))


@pytest.fixture(autouse=True)
def made_cues(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: dict[str, type[Cue]] = {"macro": Brightness, "micro": Change}
    known = CUES.get
    monkeypatch.setattr(CUES, "get", lambda name: kinds.get(name) or known(name))
    Brightness.calls = 0


def test_faces_are_read_in_their_order_and_broken_ones_have_a_reason(faces, tmp_path: Path) -> None:
    manifest = faces(5, size=192, broken=[1, 3])
    (done,) = read_cues(manifest, tmp_path, tmp_path / "out", ["macro"], detector=None)
    whole = np.stack([np.asarray(Image.open(tmp_path / f"{n}.png")).mean((0, 1)) for n in (0, 2, 4)])
    np.testing.assert_allclose(done.reading.values[[0, 2, 4]], whole, atol=1.0)
    assert done.reading.valid.tolist() == [True, False, True, False, True]
    assert done.reading.reasons[1] == "not a picture of a known format"
    assert load_cues(tmp_path / "out", manifest).readings["macro"].valid.tolist() == done.reading.valid.tolist()


def test_what_was_read_is_not_read_again_unless_the_picture_changed(
    faces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_read, "_STRETCH", 2)
    manifest = faces(6)
    read_cues(manifest, tmp_path, tmp_path / "out", ["macro"], detector=None)
    assert Brightness.calls == 3
    (again,) = read_cues(manifest, tmp_path, tmp_path / "out", ["macro"], detector=None)
    assert (Brightness.calls, again.cached) == (3, 6)
    Image.new("RGB", (50, 50), "red").save(tmp_path / "2.png")
    (changed,) = read_cues(manifest, tmp_path, tmp_path / "out", ["macro"], detector=None)
    assert (Brightness.calls, changed.cached) == (4, 4)
    np.testing.assert_allclose(changed.reading.values[2], [255, 0, 0])


def test_a_run_that_was_stopped_goes_on(faces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_read, "_STRETCH", 2)
    manifest = faces(6)

    def stop(what: str, done: int, total: int) -> None:
        if what == "macro" and done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_cues(manifest, tmp_path, tmp_path / "out", ["macro"], detector=None, progress=stop)
    assert not (tmp_path / "out" / "macro.parquet").exists()
    (done,) = read_cues(manifest, tmp_path, tmp_path / "out", ["macro"], detector=None)
    assert (Brightness.calls, done.cached) == (3, 4)


def test_each_frame_of_a_clip_has_what_the_clip_gives(faces, tmp_path: Path) -> None:
    manifest = faces(
        7,
        clip=["a", "b", "a", "b", "a", None, "b"],
        frame=[2, 0, 0, 1, 1, None, 2],
        phase=["offset", "rest", "onset", "rest", "apex", None, "rest"],
    )
    (done,) = read_cues(manifest, tmp_path, tmp_path / "out", ["micro"], detector=None)
    ends = [
        np.asarray(Image.open(tmp_path / f"{n}.png").resize((8, 8), Image.Resampling.BICUBIC)).astype(float)
        for n in (2, 0)
    ]
    change = done.reading.values[:, 0]
    assert change[0] == change[2] == change[4] == pytest.approx(np.abs(ends[1] - ends[0]).mean(), abs=1)
    assert change[1] == change[3] == change[6] > 0
    assert change[5] == 0  # a still photo: the same frame again and again
    assert any("1 pictures are of no clip" in note for note in done.notes)


def test_cues_that_do_not_exist_are_told_before_anything_is_read(faces, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'macro'"):
        read_cues(faces(), tmp_path, tmp_path / "out", ["macro", "macr"], detector=None)
    assert not (tmp_path / "out").exists()


def test_a_cue_that_fails_on_a_whole_group_is_a_finding(faces, tmp_path: Path) -> None:
    manifest = faces(6, broken=[0, 2, 4])
    (done,) = read_cues(manifest, tmp_path, tmp_path / "out", ["macro"], detector=None)
    counts = unanswered(manifest, "macro", done.reading)
    row = counts.filter(pl.col("level") == "male").row(0, named=True)
    assert (row["faces"], row["unread"], row["share"]) == (3, 3, 1.0)
    assert row["reasons"] == "not a picture of a known format (3)"
    (found,) = findings(counts)
    assert "'macro' reads no face of gender=male (3 faces)" in found.message


def test_a_data_set_on_which_a_cue_fails_is_a_finding_too(faces, tmp_path: Path) -> None:
    manifest = faces(4, broken=[2, 3], dataset=["a", "a", "b", "b"])
    (done,) = read_cues(manifest, tmp_path, tmp_path / "out", ["macro"], detector=None)
    (found,) = findings(unanswered(manifest, "macro", done.reading))
    assert "no face of dataset=b (2 faces)" in found.message


def test_a_cue_that_reads_nobody_is_no_finding_about_a_group(faces, tmp_path: Path) -> None:
    manifest = faces(4, broken=[0, 1, 2, 3])
    (done,) = read_cues(manifest, tmp_path, tmp_path / "out", ["macro"], detector=None)
    assert not findings(unanswered(manifest, "macro", done.reading))
    assert not done.reading.valid.any()
