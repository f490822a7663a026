"""Made copies of sets of photographs from the web."""

from __future__ import annotations

import pytest

from ._made import GREY, Layout

ATTRIBUTES = "38.6\t41.1\n61.2\t40.0\n50.0\t60.1\n40.0\t75.5\n60.0\t75.0\n{}\n{}\n{}\n"

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
}
