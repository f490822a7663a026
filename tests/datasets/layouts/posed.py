"""Made copies of sets whose people, or drawn characters, show an expression on request."""

from __future__ import annotations

from ._made import Layout

CK = "cohn-kanade-images/S005/001/S005_001_{:08d}.png"
OULU = "OriginalImg/VL/Strong/P0{}/Happiness/{:03d}.jpeg"

LAYOUTS: dict[str, Layout] = {
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
    "ferg": Layout(
        ["aia/aia_anger/aia_anger_1.png", "ray/ray_joy/ray_joy_12.png"],
        2,
        {"aia_anger_1": {"label": "angry", "subject": "aia"}, "ray_joy_12": {"label": "happy", "subject": "ray"}},
    ),
}
