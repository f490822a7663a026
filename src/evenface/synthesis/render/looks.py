"""Looks: from parameters to the numbers the shader reads.

Skin is the swatch of the Monk scale itself, taken as albedo, so that a face in even light has the colour of its step:
Ellis Monk, "Monk Skin Tone Scale", 2019, skintone.google, CC BY 4.0. The other colours are our choice.
"""

from __future__ import annotations

import colorsys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenface.synthesis.identity import trait
from evenface.synthesis.mesh import Columns, Heads
from evenface.synthesis.parameters import HAIR_COLOURS

Floats = NDArray[np.float64]

MONK = ("f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96", "a07e56", "825c43", "604134", "3a312a", "292420")
"""The ten steps of the Monk skin tone scale, sRGB."""

_SWATCH_LIGHT = 0.86
"""A swatch is read as the colour of skin in light of this strength: in full light the shine on top adds the rest."""

_FLESH_LIGHT, _FLESH_DARK = np.array([1.06, 0.92, 0.85]), np.array([1.08, 0.95, 0.87])
"""Swatches are flat colour; skin lets light out redder than paper does: factors at the first and the last step."""

_HAIR = {
    "black": "17130f",
    "dark brown": "2b1d14",
    "brown": "46301f",
    "light brown": "6b4c30",
    "blond": "a98a58",
    "red": "7a3a1c",
    "grey": "8d8a86",
    "white": "d8d5cf",
}
_IRIS = ((0.0, "2c1a0f"), (0.25, "4a2e17"), (0.5, "6d5a2c"), (0.7, "6b7a55"), (0.85, "6f8fa3"), (1.0, "9cc0da"))
_CLOTHES = ("2f3b52", "5a5f66", "7d3b3b", "c6c3bc", "30333a", "3f5a4a", "8a7a62", "4d5f86", "b9b4ab", "6e4d6b")


def linear(code: str) -> Floats:
    """Linear RGB (3,) of an sRGB colour such as `f6ede4`."""
    s = np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    return np.asarray(np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4))


def skin_albedo(tone: Floats) -> Floats:
    """Linear RGB (face, 3) of steps of the Monk scale; between steps the cube roots are blended, as lightness is."""
    steps = np.cbrt(np.stack([linear(code) for code in MONK]))
    at = np.arange(1, len(MONK) + 1)
    return np.stack([np.interp(tone, at, steps[:, c]) for c in range(3)], 1) ** 3


def flesh(tone: Floats) -> Floats:
    """Factors (face, 3) on the swatch of a step: light comes out of skin redder than a printed colour sends it back."""
    return _blend(_FLESH_LIGHT, _FLESH_DARK, (tone - 1) / (len(MONK) - 1))


_METERED = 0.42
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def exposure_gain(values: Columns) -> Floats:
    """Factor on all light (face,): the exposure that is set, and what the camera's metering of the skin adds to it."""
    skin = skin_albedo(values["skin_tone"]) @ _LUMINANCE
    return np.asarray(2.0 ** values["exposure"] * (_METERED / skin) ** values["metering"])


def _blend(low: Floats, high: Floats, share: Floats) -> Floats:
    return np.asarray(low + (high - low) * share[:, None])


def _lips(values: Columns, skin: Floats) -> Floats:
    """Bare lips are skin with more blood; painted ones are red, in a shade that is the person's own."""
    bare = skin * np.array([0.80, 0.50, 0.52]) + np.array([0.020, 0.004, 0.006])
    shade = _blend(linear("a3262f"), linear("8c3b4f"), trait("lipstick", values["person"]))
    return np.asarray(bare + (shade - bare) * values["lip_colour"][:, None])


def _brows(hair: Floats) -> Floats:
    """Brows keep darker than light or grey hair, and are a little lighter than black hair seen in bulk."""
    dark = linear("33251b")
    share = 0.62 * np.clip(hair.mean(1) / 0.25, 0, 1)
    return np.asarray(0.85 * hair * (1 - share)[:, None] + dark * share[:, None])


def light_direction(values: Columns) -> Floats:
    """Unit vectors (face, 3) towards the main light, in camera coordinates (x right, y up, z to the camera)."""
    azimuth, elevation = np.radians(values["light_azimuth"]), np.radians(values["light_elevation"])
    return np.stack([np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)], 1)


_WARM, _COOL = np.array([1.16, 1.0, 0.74]), np.array([0.86, 1.0, 1.20])
_LEAST_FACING = 0.45


def _light(values: Columns) -> tuple[Floats, Floats, Floats]:
    """Direction, main light and ambient light; together they show a grey card before the face as it is."""
    direction = light_direction(values)
    warmth = values["warmth"]
    tint = np.ones((len(warmth), 3))
    tint = np.where((warmth > 0)[:, None], _blend(tint, _WARM, np.abs(warmth)), _blend(tint, _COOL, np.abs(warmth)))
    facing = np.maximum(direction[:, 2], _LEAST_FACING)
    ambient = values["ambient"]
    main = ((1 - ambient) / facing)[:, None] * tint
    return direction, main, ambient[:, None] * (0.5 + 0.5 * tint)


def _gaze_vector(angles: Floats) -> Floats:
    """Unit vectors (face, 3) in head coordinates from radians to the left and up (face, 2)."""
    left, up = angles[:, 0], angles[:, 1]
    return np.stack([np.sin(left) * np.cos(up), np.sin(up), np.cos(left) * np.cos(up)], 1)


def _background(values: Columns) -> tuple[Floats, Floats]:
    level, hue, saturation = values["background_level"], values["background_hue"], values["background_saturation"]
    near = np.array([colorsys.hsv_to_rgb(*hsv) for hsv in zip(hue, saturation, level, strict=True)]) ** 2.2
    far = np.array(
        [colorsys.hsv_to_rgb((h + 0.12) % 1, s, v * 0.45) for h, s, v in zip(hue, saturation, level, strict=True)]
    )
    return near, far**2.2


def make_looks(values: Columns, heads: Heads, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Fill one `Look` a face, as a structured array of `dtype`."""
    person = values["person"]
    out = np.zeros(len(person), dtype)
    skin = skin_albedo(values["skin_tone"]) * _SWATCH_LIGHT * flesh(values["skin_tone"])
    hair = np.stack([linear(_HAIR[name]) for name in HAIR_COLOURS])[values["hair_colour"].astype(int)]
    hair = hair * (0.85 + 0.3 * trait("shade of hair", person))[:, None]
    iris = np.stack(
        [np.interp(values["eye_colour"], [a for a, _ in _IRIS], c) for c in np.stack([linear(c) for _, c in _IRIS]).T],
        1,
    )
    old = np.clip((values["age"] - 30) / 50, 0, 1)
    grown = np.clip((values["age"] - 4) / 14, 0, 1)
    direction, main, ambient = _light(values)
    near, far = _background(values)
    clothes = np.stack([linear(code) for code in _CLOTHES])
    fields: dict[str, Any] = {
        "seed": person % 2**20,
        "old": old,
        "skin": skin,
        "lips": _lips(values, skin),
        "stubble": _blend(skin * 0.45, hair, np.clip(0.35 + values["beard"], 0, 0.9)),
        "brow_arch": trait("arch of brows", person) * (1.1 - 0.5 * values["gender"]),
        "brow_height": 0.03 * (trait("height of brows", person) - 0.5) - 0.015 * values["gender"],
        "hair": hair,
        "brow": _brows(hair),
        "iris": iris,
        "gaze_left": _gaze_vector(heads.gaze[:, 0]),
        "gaze_right": _gaze_vector(heads.gaze[:, 1]),
        "pupil": 0.16 + 0.06 * trait("pupil", person),
        "neckline": 0.34 * np.maximum(0, trait("neckline", person) - 0.45),
        "cloth": clothes[(trait("clothes", person) * len(clothes)).astype(int)],
        "light": direction,
        "light_colour": main,
        "ambient": ambient,
        "softness": values["light_softness"],
        "back_near": near,
        "back_far": far,
    }
    fields["brows"] = values["brows"] * (0.55 + 0.45 * grown)
    fields["blemishes"] = values["blemishes"] * (0.3 + 0.7 * grown)
    for name in ("redness", "freckles", "shine", "beard", "hair_style", "glasses", "mask", "background"):
        fields[name] = values[name]
    for name, column in fields.items():
        out[name] = column
    return out
