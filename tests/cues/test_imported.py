from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evenface.core.errors import InputError, SettingsError
from evenface.cues._imported import import_units
from evenface.cues._table import load_cues, save_cue


def openface(folder: Path, name: str, *rows: tuple[float, ...], units: str = "AU01_r, AU12_r, AU01_c") -> None:
    """Write a file as OpenFace does, with a blank after each comma."""
    lines = [f"frame, face, confidence, success, {units}"]
    lines += [", ".join(map(str, row)) for row in rows]
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")


def test_openface_writes_one_file_a_picture_and_the_surest_face_counts(faces, tmp_path: Path) -> None:
    manifest = faces(3)
    out = tmp_path / "openface"
    out.mkdir()
    openface(out, "0", (1, 0, 0.6, 1, 0.1, 0.2, 0), (1, 1, 0.9, 1, 1.5, 4.5, 1))
    openface(out, "1", (1, 0, 0.3, 0, 0, 0, 0))
    got = import_units(out, manifest)
    assert (got.name, got.channels) == ("openface", ("AU01", "AU12"))
    np.testing.assert_allclose(got.reading.values[0], [1.5, 4.5])
    assert got.reading.reasons == (None, "the tool found no face", "not in the imported table")
    assert got.reading.confidence[0] == pytest.approx(0.9)
    save_cue(tmp_path / "cues", got.name, got.channels, got.reading, manifest, {})
    assert load_cues(tmp_path / "cues", manifest).channels == {"openface": ("AU01", "AU12")}


def test_openface_writes_one_file_a_clip_whose_frames_count_from_one(faces, tmp_path: Path) -> None:
    manifest = faces(4, clip=["c", "c", "c", "c"], frame=[30, 10, 20, 40])
    openface(tmp_path, "c", *[(n, 0, 1, 1, n, 0, 0) for n in (1, 2, 3, 4)])
    got = import_units(tmp_path / "c.csv", manifest)
    assert got.reading.values[:, 0].tolist() == [3, 1, 2, 4]


def test_pyfeat_names_the_picture(faces, tmp_path: Path) -> None:
    manifest = faces(2)
    (tmp_path / "fex.csv").write_text(
        "input,frame,FaceScore,AU01,AU12\n/home/x/1.png,0,0.99,0.2,0.7\n1.png,0,0.98,.1,.6\n"
    )
    got = import_units(tmp_path / "fex.csv", manifest)
    assert got.name == "pyfeat"
    np.testing.assert_allclose(got.reading.values[1], [0.1, 0.6], rtol=1e-6)
    assert got.reading.valid.tolist() == [False, True]


def test_columns_that_are_numbered_and_not_named_are_refused(faces, tmp_path: Path) -> None:
    openface(tmp_path, "0", (1, 0, 1, 1, 0, 0, 0), units="AU01_r, AU02_r, AU03_r")
    with pytest.raises(InputError, match="OpenFace 2 reads no 3"):
        import_units(tmp_path / "0.csv", faces(1))


def test_numbered_columns_are_what_the_user_says(faces, tmp_path: Path) -> None:
    openface(tmp_path, "0", (1, 0, 1, 1, 0.1, 0.2, 0.3), units="AU01_r, AU02_r, AU03_r")
    got = import_units(tmp_path / "0.csv", faces(1), ["AU01", "AU12", "AU06"])
    assert got.channels == ("AU01", "AU12", "AU06")
    np.testing.assert_allclose(got.reading.values[0], [0.1, 0.2, 0.3], rtol=1e-6)
    assert "AU02_r as AU12" in got.notes[0]


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (["AU01", "AU12"], r"2 units are named for 3 columns \(AU01_r to AU03_r\)"),
        (["AU01", "AU01", "smile"], "'smile' is no unit, such as 'AU06'; AU01 is named twice"),
    ],
)
def test_units_that_do_not_fit_the_columns_are_refused(faces, tmp_path: Path, named: list[str], message: str) -> None:
    openface(tmp_path, "0", (1, 0, 1, 1, 0, 0, 0), units="AU01_r, AU02_r, AU03_r")
    with pytest.raises(SettingsError, match=message):
        import_units(tmp_path / "0.csv", faces(1), named)


def test_columns_that_have_names_get_no_others(faces, tmp_path: Path) -> None:
    openface(tmp_path, "0", (1, 0, 1, 1, 0, 0, 0))
    with pytest.raises(SettingsError, match="named already"):
        import_units(tmp_path / "0.csv", faces(1), ["AU01", "AU02"])


def test_what_belongs_to_no_face_is_refused(faces, tmp_path: Path) -> None:
    openface(tmp_path, "elsewhere", (1, 0, 1, 1, 0, 0, 0))
    with pytest.raises(InputError, match="It speaks of 'elsewhere'"):
        import_units(tmp_path / "elsewhere.csv", faces(1))
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="no columns AU01_r"):
        import_units(tmp_path / "other.csv", faces(1))
    with pytest.raises(InputError, match="There is no"):
        import_units(tmp_path / "none.csv", faces(1))
