from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from evenface.core.manifest import Manifest
from evenface.datasets import DATASETS


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for at, name in enumerate(("train/happy/a.png", "train/sad/b.png", "test/happy/c.png")):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True)
        pixels = rng.integers(0, 256, (40, 40), np.uint8)
        Image.fromarray(pixels).save(path)
        if at == 0:
            Image.fromarray(pixels).save(tmp_path / "photos" / "train" / "again.png")
    (tmp_path / "photos" / "train" / "again.png").rename(tmp_path / "photos" / "test" / "happy" / "again.png")
    return tmp_path / "photos"


def test_list_names_every_data_set_and_tells_of_one(run) -> None:
    done = run("data", "list")
    assert done.exit_code == 0 and all(name in done.plain for name in DATASETS)
    done = run("data", "list", "rafdb")
    assert "Li, Deng, Du" in done.plain and "Layout: EmoLabel/list_patition_label.txt" in done.plain
    assert run("data", "list", "rafbd").exit_code == 2


def test_import_check_and_sheet(run, photos: Path, tmp_path: Path) -> None:
    target = tmp_path / "m.parquet"
    done = run("data", "import", "folder", photos, target)
    assert done.exit_code == 0 and "4 faces, 4 with a picture, 4 labelled" in done.plain
    assert Manifest.load(target).labels.names == ("happy", "sad")
    done = run("data", "check", target, "--out", tmp_path / "found", "--strict", "--no-embed")
    assert (
        done.exit_code == 3
        and "Pictures in both test and train, pixel for pixel: 1 (1 files in test, 1 in train)" in done.plain
    )
    about = json.loads((tmp_path / "found" / "check.json").read_text())
    assert [f["code"] for f in about["findings"]] == ["exact_across"] and about["looked"] == 4
    assert about["embedding"] is None
    assert Manifest.load(tmp_path / "found" / "manifest.parquet").frame["copies"].count() == 2
    done = run("data", "sheet", target, "--out", tmp_path / "sheet.html", "--check")
    assert done.exit_code == 0 and "pixel for pixel" in (tmp_path / "sheet.html").read_text()
    assert "# Data sheet: folder" in run("data", "sheet", target).stdout


def test_mirrored_copies_are_found_unless_a_library_is_missing(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "m.parquet"
    tones = np.random.default_rng(0).integers(0, 256, (7, 7), np.uint8)
    picture = Image.fromarray(tones).resize((64, 64), Image.Resampling.BICUBIC)
    folder = tmp_path / "more" / "happy"
    folder.mkdir(parents=True)
    picture.save(folder / "a.png")
    ImageOps.mirror(picture).save(folder / "b.png")
    assert run("data", "import", "folder", tmp_path / "more", target).exit_code == 0
    assert "1, of which by the embedding alone: 1 mirrored" in run("data", "check", target).plain
    assert "Nothing amiss" in run("data", "check", target, "--no-embed").plain
    run("data", "check", target, "--out", tmp_path / "with")
    assert json.loads((tmp_path / "with" / "check.json").read_text())["embedding"] == 0.6
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    done = run("data", "check", target, "--out", tmp_path / "found")
    assert done.exit_code == 0 and "were not looked for" in done.plain and "evenface[predict]" in done.plain
    assert json.loads((tmp_path / "found" / "check.json").read_text())["embedding"] is None
    assert "were not looked for" in run("data", "sheet", target, "--check").plain


def test_a_manifest_goes_on_to_data_bias(run, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("image,label,gender\na.jpg,happy,F\nb.jpg,sad,M\n")
    assert run("data", "import", "csv", tmp_path / "t.csv", tmp_path / "m.parquet").exit_code == 0
    done = run("data", "bias", tmp_path / "m.parquet", "--by", "gender", "--resamples", 0, "--permutations", 0)
    assert done.exit_code == 0 and "who is shown" in done.plain and "gender=F" in done.plain


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("import", "folder", "nowhere", "m.parquet"), "There is no folder or file nowhere"),
        (("import", "fodler", ".", "m.parquet"), "Did you mean 'folder'"),
        (("import", "folder", ".", "m.csv"), "ends in .parquet; got m.csv"),
        (("import", "folder", ".", "gone/m.parquet"), "there is no folder gone"),
        (("check", "gone.parquet"), "There is no manifest gone.parquet. `evenface data import` makes one"),
        (("sheet", "gone.parquet", "--out", "a.pdf"), "ends in .md or .html"),
        (("sheet", "gone.parquet", "--faces"), "give --out as well"),
    ],
)
def test_mistakes_end_with_code_2(run, arguments: tuple[str, ...], message: str) -> None:
    done = run("data", *arguments)
    assert done.exit_code == 2 and message in done.plain
