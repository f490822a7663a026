"""Each reader on a small made copy of the official layout: right names, right codes, made pictures."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evenface.core.errors import InputError
from evenface.core.manifest import Manifest
from evenface.core.pictures import open_bytes
from evenface.datasets import DATASETS

from .layouts import LAYOUTS

Tree = Callable[..., Path]


def loaded(name: str, root: Path) -> Manifest:
    return DATASETS.get(name).load(root)


def test_every_data_set_has_a_made_copy() -> None:
    assert set(LAYOUTS) == set(DATASETS)


@pytest.mark.parametrize("name", LAYOUTS)
def test_reads_its_official_layout(name: str, tree: Tree) -> None:
    layout = LAYOUTS[name]
    root = tree(layout.pictures, layout.files)
    (root.parent / "secret.jpg").write_bytes(b"not in the set")
    manifest = loaded(name, root)
    frame, names = manifest.frame, manifest.labels.names
    assert frame.height == layout.rows
    assert set(frame["dataset"]) == {name}
    said = " | ".join(manifest.notes)
    assert all(note in said for note in layout.notes), said
    for face, wanted in layout.faces.items():
        row = frame.row(by_predicate=pl.col("face") == face, named=True)
        got = row | {"label": None if row["label"] is None else names[row["label"]]}
        assert {key: got[key] for key in wanted} == wanted, face
    for image in frame["image"].drop_nulls():
        assert open_bytes(image)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_folder_above_is_as_good(name: str, tree: Tree) -> None:
    layout = LAYOUTS[name]
    if name == "csv":
        pytest.skip("paths are those of the table")
    root = tree(layout.pictures, layout.files, under="above/set")
    assert loaded(name, root.parent).frame.height == layout.rows


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name not in ("fer2013", "huggingface", "webdataset")])
def test_a_zip_is_read_in_place(name: str, tree: Tree, tmp_path: Path) -> None:
    layout = LAYOUTS[name]
    root = tree(layout.pictures, layout.files)
    plain = loaded(name, root)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in sorted(root.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(root).as_posix())
    packed = loaded(name, tmp_path / "set.zip")
    assert packed.frame.drop("image").equals(plain.frame.drop("image"))
    for ours, theirs in zip(packed.frame["image"].drop_nulls(), plain.frame["image"].drop_nulls(), strict=True):
        assert ours.startswith(f"{tmp_path}/set.zip!/") and open_bytes(ours) == open_bytes(theirs)


def test_an_archive_that_cannot_be_read_is_noted_and_does_not_matter(tree: Tree) -> None:
    layout = LAYOUTS["csv"]
    root = tree(layout.pictures, layout.files)
    clean = loaded("csv", root)
    (root / "broken.zip").write_bytes(b"no archive")
    (root / "packed.tar").write_bytes(b"no archive" * 200)
    found = loaded("csv", root)
    assert found.frame.equals(clean.frame)
    assert [note[: note.index(" cannot")].rpartition("/")[2] for note in found.notes[:2]] == [
        "broken.zip",
        "packed.tar",
    ]
    with pytest.raises(InputError, match=r"is not RAF-DB.*Left out: .*broken\.zip cannot be read"):
        loaded("rafdb", root)
    with pytest.raises(InputError, match="cannot be read as an archive"):
        loaded("csv", root / "broken.zip")


def test_an_archive_beside_the_set_that_is_not_safe_is_refused(tree: Tree) -> None:
    layout = LAYOUTS["csv"]
    root = tree(layout.pictures, layout.files)
    with zipfile.ZipFile(root / "a.zip", "w") as archive:
        archive.writestr("../out.png", b"x")
    with pytest.raises(InputError, match="a name that leads outside it"):
        loaded("csv", root)


def test_a_packed_shard_is_told_what_to_do_whatever_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "stranger.zip").write_bytes(b"no archive")
    (tmp_path / "x.tar.gz").write_bytes(b"packed")
    with pytest.raises(InputError, match=r"x\.tar\.gz is packed as a whole"):
        loaded("webdataset", tmp_path / "x.tar.gz")


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_wrong_folder_is_told_what_it_looks_like(name: str, tree: Tree) -> None:
    other = "rafdb" if name not in ("rafdb", "csv", "folder") else "jaffe"
    layout = LAYOUTS[other]
    root = tree(layout.pictures, layout.files)
    if name == "folder":
        root = tree([], {"readme.md": "x"}, under="no pictures")
    message = "looks like no data set" if name == "folder" else f"looks like {other}"
    with pytest.raises(InputError, match=message):
        loaded(name, root)


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_empty_or_missing_folder_is_an_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty"):
        loaded(name, tmp_path / "empty")
    with pytest.raises(InputError, match="There is no folder"):
        loaded(name, tmp_path / "nowhere")


@pytest.mark.parametrize("damage", ["empty", "half", "noise", "one line", "binary"])
@pytest.mark.parametrize("name", [name for name in LAYOUTS if LAYOUTS[name].files])
def test_damaged_files_are_told_in_words(name: str, damage: str, tree: Tree) -> None:
    """Whatever is in a file, the answer is a manifest or an InputError."""
    layout = LAYOUTS[name]
    for victim, content in layout.files.items():
        whole = content.encode() if isinstance(content, str) else content
        harmed = {
            "empty": b"\n",
            "half": whole[: len(whole) // 2],
            "noise": bytes(b ^ 0x15 if i % 7 == 0 else b for i, b in enumerate(whole)),
            "one line": whole.split(b"\n")[0],
            "binary": np.random.default_rng(0).bytes(300),
        }
        root = tree(layout.pictures, layout.files | {victim: harmed[damage]})
        try:
            manifest = loaded(name, root)
        except InputError as error:
            assert len(str(error)) > 20
        else:
            assert manifest.frame.height


def test_notes_travel_with_the_manifest(tree: Tree, tmp_path: Path) -> None:
    manifest = loaded("jaffe", tree(LAYOUTS["jaffe"].pictures))
    path = manifest.save(tmp_path / "m.parquet")
    assert Manifest.load(path).notes == manifest.notes != ()
