"""What is set for one face: every number and choice that decides its pixels.

A table of faces has one row per face and one column per parameter; a column that is left out has its default
everywhere. Two rows alike in all parameters are alike in all pixels, whatever else is drawn with them.

`person` is the seed of an identity: it draws the details of a head (nose, jaw, ears, asymmetry, moles, hair line)
on top of the attributes that are set here, so the same number under other settings is the same person as far as the
settings allow. Where a person's details come from is `identity.py`; what an action does to a mesh is data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evenface.core.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_SIDED = [
    "browDown",
    "browOuterUp",
    "cheekSquint",
    "eyeBlink",
    "eyeLookDown",
    "eyeLookIn",
    "eyeLookOut",
    "eyeLookUp",
    "eyeSquint",
    "eyeWide",
    "mouthDimple",
    "mouthFrown",
    "mouthLowerDown",
    "mouthPress",
    "mouthSmile",
    "mouthStretch",
    "mouthUpperUp",
    "noseSneer",
]
_MIDDLE = [
    "browInnerUp",
    "cheekPuff",
    "jawForward",
    "jawLeft",
    "jawOpen",
    "jawRight",
    "mouthClose",
    "mouthFunnel",
    "mouthLeft",
    "mouthPucker",
    "mouthRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "tongueOut",
]

ACTIONS: tuple[str, ...] = tuple(sorted([f"{name}{side}" for name in _SIDED for side in ("Left", "Right")] + _MIDDLE))
"""The 52 facial actions, in ARKit's naming; left and right are the person's own. Their order is fixed here alone."""

ETHNICITIES = ("african", "asian", "caucasian")
"""The three poles between which head shapes are mixed: names of shape axes of the mesh, not of peoples."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its range (both ends allowed), its default, and what it means.

    `choices` names the values 0, 1, 2, … of a choice, which a table holds as text or as a number.
    """

    low: float
    high: float
    default: float
    meaning: str
    choices: tuple[str, ...] = ()


def _choice(meaning: str, *names: str) -> Parameter:
    return Parameter(0, len(names) - 1, 0, meaning, names)


HAIR_STYLES = ("none", "buzz", "short", "parted", "curly", "afro", "bob", "long", "bun", "receding")
HAIR_COLOURS = ("black", "dark brown", "brown", "light brown", "blond", "red", "grey", "white")

PARAMETERS: dict[str, Parameter] = {
    # Who: the shape of the head.
    "person": Parameter(0, 2**53, 0, "seed of the identity: a whole number"),
    "african": Parameter(0, 1, 1 / 3, "share of this pole of head shape; the three shares are scaled to sum to 1"),
    "asian": Parameter(0, 1, 1 / 3, "share of this pole of head shape"),
    "caucasian": Parameter(0, 1, 1 / 3, "share of this pole of head shape"),
    "gender": Parameter(0, 1, 0.5, "shape of the head from feminine (0) to masculine (1)"),
    "age": Parameter(4, 90, 30, "years: shape of the head, lines and sagging of the skin"),
    "weight": Parameter(0, 1, 0.5, "fullness of the face, from lean (0) to heavy (1)"),
    "distinctness": Parameter(0, 2, 1, "how far the person's own details depart from the mean head; 0 is the mean"),
    # Skin, set apart from ethnicity.
    "skin_tone": Parameter(1, 10, 5, "step of the ten-step Monk skin tone scale, between steps too"),
    "redness": Parameter(0, 1, 0.3, "blood in cheeks, nose and ears"),
    "freckles": Parameter(0, 1, 0, "how many freckles"),
    "blemishes": Parameter(0, 1, 0.2, "moles, spots and uneven skin"),
    "shine": Parameter(0, 1, 0.35, "how much light the skin's surface mirrors"),
    "lip_colour": Parameter(0, 1, 0, "from bare lips (0) to painted ones (1)"),
    # Hair, and what hides a face.
    "hair_style": _choice("how the hair is worn", *HAIR_STYLES),
    "hair_colour": _choice("colour of hair and brows", *HAIR_COLOURS),
    "brows": Parameter(0, 1, 0.6, "how thick and dense the brows are"),
    "beard": Parameter(0, 1, 0, "beard, from none over shadow (0.3) to full (1)"),
    "eye_colour": Parameter(0, 1, 0.1, "from dark brown (0) over hazel (0.5) to light blue (1)"),
    "glasses": _choice("glasses worn", "none", "clear", "dark"),
    "mask": _choice("mask worn", "none", "surgical"),
    # Camera.
    "yaw": Parameter(-90, 90, 0, "degrees the head is turned to its own left"),
    "pitch": Parameter(-60, 60, 0, "degrees the head is raised"),
    "roll": Parameter(-60, 60, 0, "degrees the head is tilted to its own left shoulder"),
    "field_of_view": Parameter(4, 80, 20, "degrees the picture spans: wide angles are near and distort"),
    "zoom": Parameter(0.3, 2.5, 1, "size of the face; at 1 the picture spans about 1.3 heights of the face"),
    "shift_x": Parameter(-0.5, 0.5, 0, "how far right the face stands in the picture, in widths of the picture"),
    "shift_y": Parameter(-0.5, 0.5, 0, "how far down the face stands in the picture, in heights of the picture"),
    # Light and what lies behind.
    "light_azimuth": Parameter(-180, 180, -30, "degrees of the main light to the right of the camera"),
    "light_elevation": Parameter(-60, 90, 35, "degrees of the main light above the camera"),
    "light_softness": Parameter(0, 1, 0.4, "size of the main light, from a point (0) to a wide window (1)"),
    "ambient": Parameter(0, 1, 0.35, "share of the light that comes from everywhere"),
    "warmth": Parameter(-1, 1, 0, "colour of the light, from bluish (-1) to orange (1)"),
    "exposure": Parameter(-4, 4, 0, "stops lighter than the exposure that shows a grey card as it is"),
    "metering": Parameter(0, 1, 0.6, "how far the exposure follows the tone of the skin, from not (0) to fully (1)"),
    "background": _choice("what stands behind", "plain", "gradient", "blurred"),
    "background_level": Parameter(0, 1, 0.45, "how light the background is"),
    "background_hue": Parameter(0, 1, 0.6, "hue of the background, once round the colour circle"),
    "background_saturation": Parameter(0, 1, 0.15, "how colourful the background is"),
    # What the camera adds.
    "image_seed": Parameter(0, 2**53, 0, "seed of the camera's noise: a whole number"),
    "noise": Parameter(0, 1, 0, "sensor noise: standard deviation in mid grey is 0.12 of the range at 1"),
    "blur": Parameter(0, 1, 0, "defocus: standard deviation as a share of 5 % of the picture's width"),
    "low_resolution": Parameter(1, 16, 1, "the picture is first made this many times smaller, then brought back"),
    "jpeg": Parameter(0, 100, 0, "JPEG quality the picture has gone through; 0: none"),
    "grey": Parameter(0, 1, 0, "from colour (0) to grey (1)"),
    # Expression.
    **{f"action:{name}": Parameter(0, 1, 0, f"facial action {name}") for name in ACTIONS},
}
"""Every parameter of a face, in the order in which they are reported."""


def columns(faces: pl.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Give each parameter as one number a face, defaults filled in, choices as their number.

    Columns of other names are ignored, so a table may carry labels and identifiers too; but a column that begins
    with `action:` must name an action.

    Returns:
        Parameter -> (face,) float64, for every parameter in `PARAMETERS`.

    Raises:
        UnknownNameError: A column `action:…` names no action.
        InputError: Values out of range, missing or not numbers: every such parameter, with the first row that is wrong.
    """
    for name in faces.columns:
        if name.startswith("action:") and name not in PARAMETERS:
            raise UnknownNameError("facial action", name.removeprefix("action:"), ACTIONS, "")
    out, faults = {}, []
    for name, parameter in PARAMETERS.items():
        if name not in faces.columns:
            out[name] = np.full(faces.height, parameter.default, np.float64)
            continue
        values = _numbers(faces[name], parameter)
        wrong = ~((values >= parameter.low) & (values <= parameter.high))
        if parameter.choices or name in ("person", "image_seed"):
            wrong |= values != np.floor(values)
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            allowed = ", ".join(parameter.choices) or f"{parameter.low:g} to {parameter.high:g}"
            faults.append(
                f"{name} is {faces[name][row]!r} in row {row} ({int(wrong.sum())} rows in all); allowed: {allowed}"
            )
        out[name] = values
    if faults:
        raise InputError("These faces cannot be drawn:\n" + "\n".join(f"- {fault}" for fault in faults))
    return out


def _numbers(series: pl.Series, parameter: Parameter) -> NDArray[np.float64]:
    import polars as pl

    if series.dtype in (pl.String, pl.Categorical, pl.Enum) and parameter.choices:
        number = {name: float(i) for i, name in enumerate(parameter.choices)}
        series = series.cast(pl.String).replace_strict(number, default=None, return_dtype=pl.Float64)
    return series.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy().astype(np.float64)
