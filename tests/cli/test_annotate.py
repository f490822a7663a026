from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evenface.core.manifest import Manifest


@pytest.fixture
def made(run, tmp_path: Path) -> Path:
    """A manifest of four pictures in a folder of its own."""
    folder = tmp_path / "photos" / "happy"
    folder.mkdir(parents=True)
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (48, 48), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    (folder / "3.png").write_bytes(b"")
    assert run("data", "import", "folder", tmp_path / "photos", tmp_path / "m.parquet").exit_code == 0
    return tmp_path / "m.parquet"


def test_annotate_writes_estimates_and_their_error_rates(run, made: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    out = tmp_path / "out" / "a.parquet"
    done = run("data", "annotate", made, out, "--by", "gender,race4", "--chances")
    assert done.exit_code == 0, done.output
    assert "For auditing only" in done.plain and "4 faces, most pictures small or grey" in done.plain
    assert "1 faces without estimates: empty file, 0 bytes" in done.plain
    manifest = Manifest.load(out)
    assert [(a.name, a.provenance) for a in manifest.attributes] == [("gender", "estimated"), ("race4", "estimated")]
    names = sorted(path.name for path in (tmp_path / "out" / "a-errors").iterdir())
    assert names == ["by_group.csv", "gender.csv", "race4.csv"]
    again = run("data", "annotate", out, tmp_path / "b.parquet", "--by", "gender,age4")
    assert again.exit_code == 0 and "gender is in the manifest and was kept" in again.plain
    assert Manifest.load(tmp_path / "b.parquet").frame["attr:age4"].null_count() == 1


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("a.csv",), "ends in .parquet"),
        (("gone/a.parquet",), "there is no folder gone"),
        (("a.parquet", "--by", "rase"), "Did you mean 'race'"),
        (("a.parquet", "--weights", "nothing"), "There are no weights and no file 'nothing'"),
    ],
)
def test_mistakes_end_with_code_2(run, made: Path, more: tuple[str, ...], message: str, monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("data", "annotate", made, *more)
    assert done.exit_code == 2 and message in done.plain
    assert not (tmp_path / "a.parquet").exists()
