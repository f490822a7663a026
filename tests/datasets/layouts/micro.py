"""Made copies of sets of micro-expressions."""

from __future__ import annotations

from ._made import Layout, xlsx

LAYOUTS: dict[str, Layout] = {
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
}
