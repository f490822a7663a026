"""Readers one by one: other layouts of the same set, and faults of its files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evenface.core.errors import InputError
from evenface.core.manifest import Manifest
from evenface.core.pictures import open_bytes
from evenface.datasets import DATASETS

from .layouts._made import GREY, zipped

Tree = Callable[..., Path]
VOTES = "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"


def loaded(name: str, root: Path) -> Manifest:
    return DATASETS.get(name).load(root)


def npy(value: object) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array(value))
    return buffer.getvalue()


def test_ferplus_table_with_pixels_in_a_csv(tree: Tree) -> None:
    row = ",0,9,0,0,0,0,0,0,1,0"
    table = f"Usage,Image name,{VOTES}\nTraining,fer0000000.png{row}\nPublicTest,{row}\n"
    pixels = f"emotion,pixels,Usage\n0,{GREY},Training\n6,{GREY.replace('7', '9')},PublicTest\n"
    manifest = loaded("ferplus", tree([], {"fer2013new.csv": table, "fer2013.csv": pixels}))
    assert manifest.frame["face"].to_list() == ["fer0000000", "row0000001"]
    assert open_bytes(manifest.frame["image"][1]) == b"P5 4 4 255\n" + b"\x09" * 16


def test_the_folder_inside_a_data_set_is_told_from_another_set(tree: Tree) -> None:
    line = "fer0000000.png, (0,0,48,48), 8,0,0,0,0,0,0,0,2,0\n"
    root = tree(["FER2013Train/fer0000000.png"], {"FER2013Train/label.csv": line * 3})
    with pytest.raises(InputError, match=f"It looks like a folder inside it: give {root}."):
        loaded("ferplus", root / "FER2013Train")


def test_ferplus_table_without_any_picture_keeps_its_votes(tree: Tree) -> None:
    table = f"Usage,Image name,{VOTES}\nTraining,fer0000000.png,0,9,0,0,0,0,0,0,1,0\n"
    manifest = loaded("ferplus", tree([], {"fer2013new.csv": table}))
    assert manifest.frame.select("image", "votes:happy").row(0) == (None, 9)
    assert "Labels without a picture: 1" in manifest.notes[0]


def test_a_face_named_twice_is_kept_twice(tree: Tree) -> None:
    line = 'fer0000000.png,"(0, 0, 48, 48)",0,9,0,0,0,0,0,0,1,0\n'
    manifest = loaded("ferplus", tree(["FER2013Train/fer0000000.png"], {"FER2013Train/label.csv": line * 3}))
    assert manifest.frame["face"].to_list() == ["fer0000000", "fer0000000#2", "fer0000000#3"]
    assert manifest.frame["image"].n_unique() == 1 and "Rows that name a face anew: 2" in manifest.notes[0]


def test_fer2013_folders(tree: Tree) -> None:
    manifest = loaded("fer2013", tree(["train/angry/Training_3908.jpg", "test/happy/PublicTest_1.jpg"]))
    assert manifest.frame.sort("face")["split"].to_list() == ["test", "train"]


def test_affectnet_with_one_file_per_number(tree: Tree) -> None:
    files = {"train_set/annotations/0_exp.npy": npy("7"), "train_set/annotations/0_val.npy": npy("-0.25")}
    manifest = loaded("affectnet", tree(["train_set/images/0.jpg"], files))
    row = manifest.frame.row(0, named=True)
    assert (manifest.labels.names[row["label"]], row["valence"], row["arousal"]) == ("contempt", -0.25, None)


def test_rafdb_archives_inside_the_folder_are_read_in_place(tree: Tree) -> None:
    inside = zipped({"aligned/test_0001_aligned.jpg": b"picture"})
    files = {"EmoLabel/list_patition_label.txt": "test_0001.jpg 4\n", "Image/aligned.zip": inside}
    manifest = loaded("rafdb", tree([], files))
    assert open_bytes(manifest.frame["image"][0]) == b"picture"
    assert "No files of attributes" in manifest.notes[0]


def test_compound_rafdb_is_refused(tree: Tree) -> None:
    with pytest.raises(InputError, match="compound"):
        loaded("rafdb", tree([], {"EmoLabel/list_patition_label.txt": "test_0001.jpg 11\n"}))


def test_a_table_with_too_few_columns_says_so(tree: Tree) -> None:
    with pytest.raises(InputError, match="has no column gender, race"):
        loaded("fairface", tree(["train/1.jpg"], {"fairface_label_train.csv": "file,age\ntrain/1.jpg,0-2\n"}))


def test_tfeid_folders_of_expressions(tree: Tree) -> None:
    manifest = loaded("tfeid", tree(["dfh_anger/m01_01.jpg", "dfh_happiness/f02.jpg"]))
    assert [manifest.labels.names[i] for i in manifest.frame["label"]] == ["angry", "happy"]


def test_a_coding_saved_as_csv(tree: Tree) -> None:
    header = "Subject,Filename,OnsetFrame,ApexFrame,OffsetFrame,Action Units,Estimated Emotion"
    files = {"CASME2-coding.csv": f'Codings\n{header}\n1,EP02_01f,46,59,86,"4,12",happiness\n'}
    manifest = loaded("casme2", tree(["sub01/EP02_01f/img46.jpg"], files))
    assert manifest.labels.names[manifest.frame["label"][0]] == "happy"
    assert manifest.frame["units"].to_list() == ["4,12"]


def test_folder_of_own_classes_keeps_their_names(tree: Tree) -> None:
    manifest = loaded("folder", tree(["data/cats/a.jpg", "data/dogs/b.jpg", "data/dogs/c.jpg"]))
    assert manifest.labels.names == ("cats", "dogs")
    assert manifest.frame["label"].to_list() == [0, 1, 1]


def test_csv_with_bare_numbers_keeps_them(tree: Tree) -> None:
    root = tree(["a.jpg", "b.jpg"], {"t.csv": "image,label\na.jpg,10\nb.jpg,2\n"})
    manifest = loaded("csv", root / "t.csv")
    assert manifest.labels.names == ("class 2", "class 10") and manifest.frame["label"].to_list() == [1, 0]
