"""The parts of `faces_realism.py` that need real faces: FER+ and FairFace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from _faces import EXPRESSIONS, POLES, Landmarker, Seen, crossed, people
from _outside import GENDERS, RESAMPLES, Judging, Part, means
from evenface.synthesis.render.draw import render
from judge import read_part

_NEUTRAL = (
    "browInnerUp",
    "browDownLeft",
    "eyeSquintLeft",
    "eyeBlinkLeft",
    "mouthPucker",
    "mouthFrownLeft",
    "mouthPressLeft",
)
_RACES = ("Black", "East Asian", "Southeast Asian", "White")  # as FairFace's annotators called them


def enlarged(pictures: np.ndarray) -> np.ndarray:
    """Real faces (face, row, column[, 3]) at 256 pixels with an edge of 64 around, as the landmarker needs air."""
    big = np.stack([np.asarray(Image.fromarray(one).convert("RGB").resize((256, 256), 3)) for one in pictures])
    return np.pad(big, ((0, 0), (64, 64), (64, 64), (0, 0)), mode="edge")


def real(judge: Judging, eye: Landmarker, ferplus: Path, faces: int) -> Part:
    """Real faces of FER+ that most annotators agree on: judge, judge by lightness of the face's middle, landmarker."""
    pictures, votes, _ = read_part(ferplus / "FER2013Valid")
    clear = (votes.max(1) * 2 > votes.sum(1)) & (votes.argmax(1) < 7)
    pictures, true = pictures[clear], votes[clear].argmax(1)
    answer = judge(pictures)[:, :7].argmax(1)
    middle = pictures[:, 18:34, 14:34].mean((1, 2))
    third = np.digitize(middle, np.quantile(middle, [1 / 3, 2 / 3]))
    chosen = np.random.default_rng(0).permutation(len(pictures))[:faces]
    seen = eye.look(enlarged(pictures[chosen]))
    eyes = (seen.eyes[seen.found] * 384 - 64) / 256
    apart = np.hypot(*(eyes[:, 1] - eyes[:, 0]).T)
    return {
        "faces": len(true),
        "balanced": _balanced(true, answer),
        "lightness": {
            name: {"balanced": _balanced(true[third == i], answer[third == i]),
                   "faces": np.bincount(true[third == i], minlength=7).tolist(),
                   "recall": [float((answer[(third == i) & (true == k)] == k).mean()) for k in range(7)]}
            for i, name in enumerate(("dark", "medium", "light"))
        },
        "confusion": [np.bincount(answer[true == k], minlength=7).tolist() for k in range(7)],
        "found": [len(chosen), int(seen.found.sum())],
        "eyes apart": np.quantile(apart, [0.1, 0.5, 0.9]).tolist(),
        "eyes down": np.quantile(eyes[..., 1].mean(1), [0.1, 0.5, 0.9]).tolist(),
        "means": means(seen, np.array(EXPRESSIONS)[true[chosen]], seen.found),
    }  # fmt: skip


def _balanced(true: np.ndarray, answer: np.ndarray) -> list[float]:
    """Balanced accuracy with a 95 % interval over resampled faces of each class."""
    rng = np.random.default_rng(0)
    right = [(answer[true == k] == k).astype(float) for k in range(7)]
    drawn = np.mean([rng.binomial(row.size, row.mean(), RESAMPLES) / row.size for row in right], 0)
    return [float(np.mean([row.mean() for row in right])), *np.quantile(drawn, [0.025, 0.975]).tolist()]


def neutral(eye: Landmarker, fairface: Path | None, repeats: int) -> Part:
    """Quantiles of blendshapes on neutral heads of 20 to 39 years, generated and real."""
    design = crossed(pole=POLES, gender=GENDERS, repeat=range(repeats)).with_columns(age_band=pl.lit("20-39"))
    design = design.with_columns(person=9000 + np.arange(design.height))
    seen = eye.look(render(people(design, wild=False), 256))
    out: Part = {"generated": {pole: _spread(seen, (design["pole"] == pole).to_numpy()) for pole in POLES}}
    if fairface is not None:
        out["real"] = {race: _real_neutral(eye, fairface, race, 12 * repeats) for race in _RACES}
    return out


def _spread(seen: Seen, rows: np.ndarray) -> Part:
    rows = rows & seen.found
    at = {name: seen.shapes[rows, seen.names.index(name)] for name in _NEUTRAL}
    return {"faces": int(rows.sum()), **{name: np.quantile(v, [0.1, 0.5, 0.9]).tolist() for name, v in at.items()}}


def _photos(fairface: Path, table: pl.DataFrame, most: int) -> np.ndarray:
    """The first photographs (face, row, column, 3) of a table that are there."""
    paths = [path for file in table["file"] if (path := fairface / file).is_file()][:most]
    return np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths])


def _real_neutral(eye: Landmarker, fairface: Path, race: str, most: int) -> Part:
    """Of FairFace faces of a race, 20 to 39: those that face the camera and neither smile, speak nor raise a lip."""
    table = pl.read_csv(fairface / "fairface_label_train.csv").filter(
        (pl.col("race") == race) & pl.col("age").is_in(["20-29", "30-39"])
    )
    photos = _photos(fairface, table, most)
    seen = eye.look(enlarged(photos))
    moved = [
        seen.names.index(name)
        for name in ("mouthSmileLeft", "mouthSmileRight", "jawOpen", "mouthUpperUpLeft", "mouthLowerDownLeft")
    ]
    aside = np.abs(seen.turned) > 0.12
    return {"offered": len(photos), **_spread(seen, seen.found & ~aside & (seen.shapes[:, moved] < 0.1).all(1))}


def selection(judge: Judging, eye: Landmarker, fairface: Path, most: int) -> Part:
    """How often the judge names each expression on real faces of a race, framed as FER2013 frames faces.

    Nobody knows what these faces show; but a judge blind to an expression on dark skin would name it less often there.
    """
    table = pl.read_csv(fairface / "fairface_label_train.csv").filter(pl.col("age").is_in(["20-29", "30-39", "40-49"]))
    out: Part = {}
    for race in _RACES:
        pictures = enlarged(_photos(fairface, table.filter(pl.col("race") == race), most))
        seen = eye.look(pictures)
        faces = np.flatnonzero(seen.found & (np.abs(seen.turned) < 0.25))
        grey = np.stack([_as_fer(pictures[i], seen.eyes[i]) for i in faces])
        answer = judge(grey)[:, :7].argmax(1)
        middle = grey[:, 18:34, 14:34].mean((1, 2))
        out[race] = {
            "faces": len(faces),
            "named": (np.bincount(answer, minlength=7) / len(faces)).tolist(),
            "named, darker half": (
                np.bincount(answer[middle < np.median(middle)], minlength=7) * 2 / len(faces)
            ).tolist(),
            "middle": np.quantile(middle, [0.1, 0.5, 0.9]).tolist(),
        }
    return out


def _as_fer(picture: np.ndarray, eyes: np.ndarray) -> np.ndarray:
    """A grey picture of 48 pixels with the eyes .36 of its width apart and .40 down."""
    side = len(picture)
    at = eyes.mean(0) * side
    width = np.hypot(*(eyes[1] - eyes[0])) * side / 0.36
    left, up = at[0] - 0.5 * width, at[1] - 0.40 * width
    return np.asarray(Image.fromarray(picture).convert("L").resize((48, 48), 3, box=_inside(left, up, width, side)))


def _inside(left: float, up: float, width: float, side: int) -> tuple[float, float, float, float]:
    """A square moved and cut so that it lies within the picture."""
    width = min(width, side)
    left, up = (min(max(edge, 0.0), side - width) for edge in (left, up))
    return left, up, left + width, up + width
