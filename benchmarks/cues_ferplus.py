"""How well cues that landmarks give rank real faces: the area under the curve of what belongs to an expression.

    python benchmarks/cues_ferplus.py --ferplus FERPLUS [--faces 100]

FERPLUS is the folder or archive that `evenface data import ferplus` takes. Of its validation faces those count for
which six voters of ten or more chose one expression; so many of each expression are drawn by lot. Units and distances
of real faces are not known, but some belong to an expression: a reader that knows them ranks its faces above others.
0.5 is chance. Intervals are over faces.
"""

from __future__ import annotations

import argparse
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.metrics import roc_auc_score

from evenface.core.pictures import open_bytes
from evenface.cues import CUES
from evenface.cues._cue import SIDE
from evenface.datasets import DATASETS

SEVEN = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear")
LEAST_VOTES, DRAWS = 6, 300
PAIRS: dict[str, dict[str, str]] = {
    "action_units": {
        "happy": "AU06 AU12",
        "surprise": "AU01 AU02 AU05 AU25 AU26",
        "sad": "AU04 AU15 AU17",
        "angry": "AU04 AU07",
        "disgust": "AU09 AU10",
        "fear": "AU05 AU20",
    },
    "geometry": {
        "happy": "corner_angle_left corner_angle_right mouth_width lips_forward",
        "surprise": "mouth_open eye_open_left eye_open_right brow_middle_left brow_middle_right nose_to_chin",
        "sad": "-corner_angle_left -corner_angle_right",
        "angry": "-brow_inner_left -brow_inner_right -brows_apart",
        "disgust": "cheek_up_left cheek_up_right lip_up_left lip_up_right",
        "fear": "eye_open_left eye_open_right",
    },
}
"""Cue -> expression -> channels that are high in it; low where the name has a minus."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ferplus", type=Path, required=True)
    parser.add_argument("--faces", type=int, default=100, help="of each expression, at most")
    given = parser.parse_args()
    chips, shown = drawn(given.ferplus, given.faces)
    print({name: int((shown == name).sum()) for name in SEVEN})
    cues = {name: CUES.get(name)() for name in PAIRS}
    readings = {name: cue.read(chips) for name, cue in cues.items()}
    for name, pairs in PAIRS.items():
        cue, reading = cues[name], readings[name]
        cue.close()
        values, labels = reading.values[reading.valid], shown[reading.valid]
        asked = [(shape, channel) for shape, channels in pairs.items() for channel in channels.split()]
        columns = [cue.channels.index(channel.lstrip("-")) for _, channel in asked]
        signed = values[:, columns] * np.array([-1 if channel[0] == "-" else 1 for _, channel in asked])
        point = areas(signed, labels, asked)
        dice = np.random.default_rng(0)
        spread = [
            areas(signed[rows], labels[rows], asked).mean()
            for rows in (dice.integers(0, len(labels), len(labels)) for _ in range(DRAWS))
        ]
        low, high = np.nanpercentile(spread, [2.5, 97.5])
        print(
            f"{name}: {reading.valid.sum()} of {len(shown)} read; mean area {point.mean():.3f} [{low:.3f}, {high:.3f}]"
        )
        print(
            "   ",
            ", ".join(f"{channel}/{shape} {area:.2f}" for (shape, channel), area in zip(asked, point, strict=True)),
        )


def drawn(path: Path, most: int) -> tuple[NDArray[np.uint8], NDArray[np.str_]]:
    """Draw faces by lot, as chips, with the expression of each."""
    frame = DATASETS.get("ferplus").load(path).frame.filter(split="validation")
    votes = frame.select(f"votes:{name}" for name in SEVEN).to_numpy()
    dice = np.random.default_rng(0)
    clear = [dice.permutation(np.flatnonzero(votes[:, place] >= LEAST_VOTES))[:most] for place in range(len(SEVEN))]
    chips = [_chip(image) for image in frame[np.concatenate(clear)]["image"]]
    return np.stack(chips), np.repeat(SEVEN, [len(rows) for rows in clear])


def _chip(image: str) -> NDArray[np.uint8]:
    """FER+'s faces fill their pictures: they are enlarged as they are."""
    face = Image.open(BytesIO(open_bytes(image))).convert("RGB")
    return np.asarray(face.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def areas(signed: NDArray[np.float32], labels: NDArray[np.str_], asked: list[tuple[str, str]]) -> NDArray[np.float64]:
    """Give the area under the curve of each pair."""
    return np.array([roc_auc_score(labels == shape, signed[:, place]) for place, (shape, _) in enumerate(asked)])


if __name__ == "__main__":
    main()
