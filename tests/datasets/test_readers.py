"""Each reader on a small made copy of the official layout: right names, right codes, made pictures."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from evenface.core.errors import InputError
from evenface.core.manifest import Manifest
from evenface.core.pictures import open_bytes
from evenface.datasets import DATASETS

Tree = Callable[..., Path]
VOTES = "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"


@dataclass(frozen=True)
class Layout:
    """A made copy: pictures by name, other files by content, and what must come out: face -> columns."""

    pictures: list[str]
    rows: int
    faces: dict[str, dict[str, Any]]
    files: dict[str, bytes | str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def xlsx(rows: list[list[object]]) -> bytes:
    """A sheet with shared and inline strings, and empty cells left out, as Excel does."""
    shared, lines = [], []
    for number, row in enumerate(rows, 1):
        cells = []
        for at, value in enumerate(row):
            place = f"{chr(65 + at)}{number}"
            if isinstance(value, str) and value:
                shared.append(f"<si><t>{value}</t></si>")
                cells.append(f'<c r="{place}" t="s"><v>{len(shared) - 1}</v></c>')
            elif value != "":
                cells.append(f'<c r="{place}"><v>{value}</v></c>')
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet><sheetData>{''.join(lines)}</sheetData></worksheet>")
        archive.writestr("xl/sharedStrings.xml", f"<sst>{''.join(shared)}</sst>")
    return buffer.getvalue()


def npy(value: object) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array(value))
    return buffer.getvalue()


def tar(members: dict[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def parquet() -> bytes:
    buffer = io.BytesIO()
    frame = pl.DataFrame(
        {
            "image": [{"bytes": b"one", "path": "1.png"}, {"bytes": b"two", "path": "2.png"}],
            "label": [1, 0],
            "gender": "F",
        }
    )
    about = {"info": {"features": {"label": {"names": ["sad", "happiness"], "_type": "ClassLabel"}}}}
    frame.write_parquet(buffer, metadata={"huggingface": json.dumps(about)})
    return buffer.getvalue()


GREY = " ".join(["7"] * 16)
ATTRIBUTES = "38.6\t41.1\n61.2\t40.0\n50.0\t60.1\n40.0\t75.5\n60.0\t75.0\n{}\n{}\n{}\n"
CK = "cohn-kanade-images/S005/001/S005_001_{:08d}.png"
OULU = "OriginalImg/VL/Strong/P0{}/Happiness/{:03d}.jpeg"

LAYOUTS: dict[str, Layout] = {
    "rafdb": Layout(
        [
            "Image/aligned/train_00001_aligned.jpg",
            "Image/aligned/test_0001_aligned.jpg",
            "Image/aligned/test_0009_aligned.jpg",
        ],
        4,
        {
            "train_00001": {
                "label": "fear",
                "split": "train",
                "attr:gender": "female",
                "attr:race": "Asian",
                "attr:age": "70+",
            },
            "test_0001": {"label": "happy", "split": "test", "attr:gender": "unsure", "attr:race": "Caucasian"},
            "test_0002": {"label": "neutral", "image": None},
            "test_0009": {"label": None, "attr:age": None},
        },
        {
            "EmoLabel/list_patition_label.txt": "train_00001.jpg 2\r\ntest_0001.jpg 4\r\ntest_0002.jpg 7\r\n",
            "Annotation/manual/train_00001_manu_attri.txt": ATTRIBUTES.format(1, 2, 4),
            "Annotation/manual/test_0001_manu_attri.txt": ATTRIBUTES.format(2, 0, 0),
        },
        (
            "Labels without a picture: 1, such as 'test_0002'",
            "Pictures without a label: 1, such as 'test_0009'",
            "not known: 2",
        ),
    ),
    "fer2013": Layout(
        [],
        3,
        {
            "fer0000000": {"label": "angry", "split": "train"},
            "fer0000001": {"label": "neutral", "split": "validation"},
            "fer0000002": {"label": "disgust", "split": "test"},
        },
        {"fer2013.csv": f"emotion,pixels,Usage\n0,{GREY},Training\n6,{GREY},PublicTest\n1,{GREY},PrivateTest\n"},
    ),
    "ferplus": Layout(
        ["FER2013Train/fer0000000.png", "FER2013Train/fer0000003.png", "FER2013Valid/fer0028638.png"],
        4,
        {
            "fer0000000": {"label": "happy", "split": "train", "votes:happy": 6, "entropy": pytest.approx(0.673012)},
            "fer0000001": {"label": None, "image": None, "votes:sad": 5, "votes:unknown": 1},
            "FER2013Train/fer0000003.png": {"label": None, "votes:happy": None},
            "fer0028638": {"label": "surprise", "split": "validation", "entropy": 0.0, "region": "web"},
        },
        {
            "FER2013Train/label.csv": 'fer0000000.png,"(0, 0, 48, 48)",4,6,0,0,0,0,0,0,0,0\n'
            'fer0000001.png,"(0, 0, 48, 48)",4,0,0,5,0,0,0,0,1,0\n',
            "FER2013Valid/label.csv": 'fer0028638.png,"(0, 0, 48, 48)",0,0,9,0,0,0,0,0,1,0\n',
        },
        ("Labels without a picture: 1, such as 'FER2013Train/fer0000001.png'", "Pictures without a label: 1"),
    ),
    "affectnet": Layout(
        ["Manually_Annotated_Images/1/a.jpg", "Manually_Annotated_Images/2/b.jpg"],
        2,
        {
            "1/a.jpg": {"label": "happy", "split": "train", "valence": 0.5, "arousal": None},
            "2/b.jpg": {"label": None, "split": "validation", "valence": None},
        },
        {
            "training.csv": "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,"
            "valence,arousal\n1/a.jpg,1,2,3,4,1;2,1,0.5,-2\n",
            "validation.csv": "2/b.jpg,1,2,3,4,1;2,10,-2,-2\n",
        },
        ("Labels that are none of", "'10' (1)"),
    ),
    "expw": Layout(
        ["image/afraid_1.jpg", "image/joy_2.jpg"],
        3,
        {
            "afraid_1.jpg#0": {"label": "fear", "box:top": 10.0, "box:left": 20.0, "box:bottom": 40.0},
            "afraid_1.jpg#1": {"label": "neutral"},
            "image/joy_2.jpg": {"label": None},
        },
        {"label.lst": "afraid_1.jpg 0 10 20 30 40 60.5 2\nafraid_1.jpg 1 11 21 31 41 50.1 6\n"},
        ("Pictures without a label: 1",),
    ),
    "ckplus": Layout(
        [CK.format(1), CK.format(2), CK.format(3), "cohn-kanade-images/S006/001/S006_001_00000001.png"],
        4,
        {
            "S005_001_00000001": {"label": "neutral", "phase": "rest", "subject": "S005", "frames": 3},
            "S005_001_00000002": {"label": None, "phase": "onset", "clip": "S005_001", "frame": 2},
            "S005_001_00000003": {"label": "disgust", "phase": "apex", "region": "North America"},
        },
        {
            "Emotion/S005/001/S005_001_00000003_emotion.txt": "   3.0000000e+00\n",
            "Emotion/S999/001/S999_001_00000003_emotion.txt": "   1.0000000e+00\n",
        },
        ("2 of 2 sequences", "S999_001"),
    ),
    "ckplus48": Layout(
        ["happy/S010_006_00000013.png", "anger/S010_004_00000017.png", "contempt/odd.png"],
        3,
        {
            "happy/S010_006_00000013.png": {"label": "happy", "subject": "S010", "clip": "S010_006", "frame": 13},
            "anger/S010_004_00000017.png": {"label": "angry"},
            "contempt/odd.png": {"label": None, "subject": None},
        },
        notes=("Pictures without a label: 1",),
    ),
    "jaffe": Layout(
        ["jaffe/KA.AN1.39.tiff", "jaffe/YM.SU3.60.tiff", "jaffe/other.tiff"],
        3,
        {
            "KA.AN1.39": {"label": "angry", "subject": "KA", "attr:gender": "female", "region": "Japan"},
            "YM.SU3.60": {"label": "surprise", "subject": "YM"},
        },
        notes=("Pictures without a label: 1",),
    ),
    "kdef": Layout(
        ["KDEF/AF01/AF01ANFL.JPG", "KDEF/BM35/BM35SUS.JPG"],
        2,
        {
            "AF01ANFL": {
                "label": "angry",
                "subject": "F01",
                "angle": "full left",
                "attr:gender": "female",
                "session": "A",
            },
            "BM35SUS": {"label": "surprise", "subject": "M35", "angle": "front", "attr:gender": "male"},
        },
    ),
    "tfeid": Layout(
        ["high/f01_ag_h.jpg", "high/m12_ng.jpg"],
        2,
        {
            "high/f01_ag_h.jpg": {"label": "angry", "subject": "f01", "attr:gender": "female", "region": "Taiwan"},
            "high/m12_ng.jpg": {"label": "neutral", "subject": "m12", "attr:gender": "male"},
        },
    ),
    "tfed": Layout(
        ["YF01_Happiness.jpg", "Content/OM12.jpg"],
        2,
        {
            "YF01_Happiness.jpg": {"label": "happy", "subject": "YF01", "attr:gender": "female", "attr:age": "younger"},
            "Content/OM12.jpg": {"label": "content", "subject": "OM12", "attr:age": "older", "region": "China"},
        },
    ),
    "oulucasia": Layout(
        [OULU.format("01", 0), OULU.format("01", 1), OULU.format("01", 2), OULU.format("51", 0)],
        4,
        {
            OULU.format("01", 0): {"label": "neutral", "phase": "rest", "subject": "P001", "region": "Finland"},
            OULU.format("01", 1): {"label": None, "camera": "VL", "light": "Strong", "frames": 3},
            OULU.format("01", 2): {"label": "happy", "phase": "apex"},
            OULU.format("51", 0): {"region": "China"},
        },
    ),
    "cremad": Layout(
        ["VideoFlash/1001_DFA_ANG_XX.flv", "VideoFlash/1002_IEO_HAP_HI.flv"],
        2,
        {
            "1001_DFA_ANG_XX": {
                "label": "angry",
                "subject": "1001",
                "attr:age": "50-59",
                "age_years": 51,
                "attr:gender": "Male",
            },
            "1002_IEO_HAP_HI": {"label": "happy", "attr:race": None, "level": "HI"},
        },
        {"VideoDemographics.csv": "ActorID,Age,Sex,Race,Ethnicity\n1001,51,Male,Caucasian,Not Hispanic\n"},
    ),
    "smic": Layout(
        [
            "HS/s1/micro/negative/s1_ne_01/image235.jpg",
            "HS/s1/micro/negative/s1_ne_01/image9.jpg",
            "HS/s1/non_micro/s1_non_01/image1.jpg",
        ],
        3,
        {
            "HS/s1/micro/negative/s1_ne_01/image235.jpg": {
                "label": "negative",
                "subject": "s1",
                "clip": "HS/s1_ne_01",
                "frames": 2,
            },
            "HS/s1/non_micro/s1_non_01/image1.jpg": {"label": None},
        },
    ),
    "casme2": Layout(
        [f"Cropped/sub01/EP02_01f/reg_img{i}.jpg" for i in (46, 59, 86, 87)] + ["Cropped/sub02/EP01_11/reg_img1.jpg"],
        5,
        {
            "Cropped/sub01/EP02_01f/reg_img46.jpg": {
                "label": "happy",
                "phase": "onset",
                "subject": "sub01",
                "units": "6+12",
            },
            "Cropped/sub01/EP02_01f/reg_img59.jpg": {"phase": "apex", "frames": 4},
            "Cropped/sub01/EP02_01f/reg_img86.jpg": {"phase": "offset"},
            "Cropped/sub01/EP02_01f/reg_img87.jpg": {"label": None, "phase": "rest"},
        },
        {
            "CASME2-coding-20140508.xlsx": xlsx(
                [
                    [
                        "Subject",
                        "Filename",
                        "",
                        "OnsetFrame",
                        "ApexFrame",
                        "OffsetFrame",
                        "",
                        "Action Units",
                        "Estimated Emotion",
                    ],
                    ["1", "EP02_01f", "", 46, 59, 86, "", "6+12", "happiness"],
                    ["26", "EP99_99", "", 1, 2, 3, "", "4", "others"],
                ]
            )
        },
        ("Coded clips without frames: 1", "Clips with frames but no coding: 1, such as 'sub02/EP01_11'"),
    ),
    "samm": Layout(
        ["006/006_1_2/006_05562.jpg", "006/006_1_2/006_05588.jpg"],
        2,
        {
            "006/006_1_2/006_05562.jpg": {"label": "angry", "phase": "onset", "subject": "006", "clip": "006_1_2"},
            "006/006_1_2/006_05588.jpg": {"phase": "apex"},
        },
        {
            "SAMM_Micro_FACS_Codes_v2.xlsx": xlsx(
                [
                    ["SAMM Micro-Expressions"],
                    [
                        "Subject",
                        "Filename",
                        "Onset Frame",
                        "Apex Frame",
                        "Offset Frame",
                        "Action Units",
                        "Estimated Emotion",
                    ],
                    ["006", "006_1_2", 5562, 5588, 5632, "4+7", "Anger"],
                ]
            )
        },
    ),
    "fairface": Layout(
        ["train/1.jpg", "val/1.jpg", "val/2.jpg"],
        4,
        {
            "train/1": {
                "split": "train",
                "attr:age": "70+",
                "attr:gender": "Male",
                "attr:race": "East Asian",
                "service_test": True,
            },
            "train/2": {"image": None, "attr:race": "Latino_Hispanic"},
            "val/1": {"split": "validation", "label": None},
            "val/2.jpg": {"attr:age": None},
        },
        {
            "fairface_label_train.csv": "file,age,gender,race,service_test\n"
            "train/1.jpg,more than 70,Male,East Asian,True\n"
            "train/2.jpg,3-9,Female,Latino_Hispanic,False\n",
            "fairface_label_val.csv": "file,age,gender,race,service_test\nval/1.jpg,20-29,Female,White,False\n",
        },
        ("Labels without a picture: 1", "Pictures without a label: 1"),
    ),
    "utkface": Layout(
        [
            "part1/25_1_2_20170116174525125.jpg",
            "part1/100_0_0_20170112213500903.jpg.chip.jpg",
            "part1/39_1_20170116174525125.jpg",
        ],
        3,
        {
            "part1/25_1_2_20170116174525125.jpg": {
                "attr:age": "20-29",
                "attr:gender": "female",
                "attr:race": "Asian",
                "age_years": 25,
            },
            "part1/100_0_0_20170112213500903.jpg.chip.jpg": {"attr:age": "70+", "attr:race": "White"},
            "part1/39_1_20170116174525125.jpg": {"attr:age": "30-39", "attr:gender": "female", "attr:race": None},
        },
        notes=("Names without gender or race: 1",),
    ),
    "ferg": Layout(
        ["aia/aia_anger/aia_anger_1.png", "ray/ray_joy/ray_joy_12.png"],
        2,
        {"aia_anger_1": {"label": "angry", "subject": "aia"}, "ray_joy_12": {"label": "happy", "subject": "ray"}},
    ),
    "huggingface": Layout(
        [],
        2,
        {
            "data/train-00000-of-00001.parquet#0": {"label": "happy", "split": "train", "attr:gender": "F"},
            "data/train-00000-of-00001.parquet#1": {"label": "sad"},
        },
        {"data/train-00000-of-00001.parquet": parquet()},
    ),
    "webdataset": Layout(
        [],
        2,
        {
            "train/00000.tar!/a": {"label": "happy", "split": "train", "attr:gender": "F", "subject": "p1"},
            "train/00000.tar!/b": {"label": None, "subject": "p2"},
        },
        {
            "train/00000.tar": tar(
                {
                    "a.jpg": b"one",
                    "a.cls": "1",
                    "a.json": '{"gender": "F", "subject": "p1"}',
                    "b.jpg": b"two",
                    "b.json": '{"subject": "p2"}',
                }
            ),
            "train/classes.txt": "sadness\nhappiness\n",
        },
        ("Pictures without a .cls beside them: 1",),
    ),
    "folder": Layout(
        ["train/happiness/a.jpg", "val/anger/deep/b.png"],
        2,
        {
            "train/happiness/a.jpg": {"label": "happy", "split": "train"},
            "val/anger/deep/b.png": {"label": "angry", "split": "validation"},
        },
    ),
    "csv": Layout(
        ["pics/a.jpg", "pics/b.jpg"],
        3,
        {
            "pics/a.jpg": {"label": "happy", "subject": "p1", "split": "train", "attr:gender": "F", "camera": "X"},
            "pics/b.jpg": {"label": "sad", "split": "test"},
            "../secret.jpg": {"image": None},
        },
        {
            "faces.csv": "path,emotion,person,Usage,gender,camera\npics/a.jpg,joy,p1,Training,F,X\n"
            "pics/b.jpg,sadness,p2,PrivateTest,M,Y\n../secret.jpg,joy,p3,,F,X\n"
        },
        ("Labels without a picture: 1",),
    ),
}


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


def test_ferplus_table_with_pixels_in_a_csv(tree: Tree) -> None:
    row = ",0,9,0,0,0,0,0,0,1,0"
    table = f"Usage,Image name,{VOTES}\nTraining,fer0000000.png{row}\nPublicTest,{row}\n"
    pixels = f"emotion,pixels,Usage\n0,{GREY},Training\n6,{GREY.replace('7', '9')},PublicTest\n"
    manifest = loaded("ferplus", tree([], {"fer2013new.csv": table, "fer2013.csv": pixels}))
    assert manifest.frame["face"].to_list() == ["fer0000000", "row0000001"]
    assert open_bytes(manifest.frame["image"][1]) == b"P5 4 4 255\n" + b"\x09" * 16


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
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("aligned/test_0001_aligned.jpg", b"picture")
    files = {"EmoLabel/list_patition_label.txt": "test_0001.jpg 4\n", "Image/aligned.zip": buffer.getvalue()}
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


def test_notes_travel_with_the_manifest(tree: Tree, tmp_path: Path) -> None:
    manifest = loaded("jaffe", tree(LAYOUTS["jaffe"].pictures))
    path = manifest.save(tmp_path / "m.parquet")
    assert Manifest.load(path).notes == manifest.notes != ()
