"""The roll of an experiment: who is shown in each face, and which expression; a few bytes a face.

A design fills it and biases change it, on all faces at once, so that shares can be exact. Everything else about a face
follows from its line here and the spec, for any stretch of lines.

| column                                   | holds                                                                |
|------------------------------------------|----------------------------------------------------------------------|
| `person`                                 | number of the person, Int64                                          |
| `scene`                                  | number of the picture: faces alike in it share camera and light      |
| `frame`                                  | place in a clip; 0 where there are no clips                          |
| `ethnicity`, `gender`, `age`, `skin_tone`| index into the levels of the attribute, UInt8                        |
| `region`, `emotion`, `label`             | index into the spec's names; `label` is what an annotator says       |
| `split`                                  | index into `SPLITS`, or `NONE`                                       |
| `variant`                                | index into the design's variants                                     |
| `hidden`                                 | bit i is set where attribute i is missing from the table             |
| `bias`                                   | bit i is set where bias i changed the face                           |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenface.core.errors import SettingsError
from evenface.core.manifest import SPLITS
from evenface.synthesis import dice
from evenface.synthesis.attributes import LEVELS

if TYPE_CHECKING:
    from evenface.synthesis.spec import Spec

Roll = dict[str, NDArray[Any]]
Whole = NDArray[np.int64]
Codes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

NONE = 255
"""Code of a split where there are no splits."""
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
# Share of light, medium and dark skin in each ethnicity where looks are linked: overlapping, our choice.
_TONES = {
    "linked": np.array([[0.02, 0.26, 0.72], [0.5, 0.47, 0.03], [0.74, 0.25, 0.01], [0.3, 0.55, 0.15]]),
    "independent": np.full((4, 3), 1 / 3),
}


def new_roll(spec: Spec, person: Whole, scene: Whole, codes: Mapping[str, ArrayLike], emotion: ArrayLike) -> Roll:
    """Fill in a roll.

    Args:
        spec: What is made.
        person: (face,) number of the person.
        scene: (face,) number of the picture.
        codes: `ethnicity`, `gender`, `age`, `region` and perhaps `skin_tone`; where that is not given it is drawn.
        emotion: (face,) index into the spec's emotions.
    """
    face = np.zeros(len(person), np.uint8)
    roll: Roll = {"person": person, "scene": scene, "frame": face.astype(np.int32)}
    roll |= {name: np.asarray(code).astype(np.uint8) for name, code in codes.items()}
    if "skin_tone" not in roll:
        roll["skin_tone"] = tones(spec, person, roll["ethnicity"].astype(np.int64))
    roll |= {"emotion": np.asarray(emotion).astype(np.uint8), "variant": face.astype(np.uint16)}
    roll |= {
        "label": roll["emotion"].copy(),
        "split": _split(spec, person),
        "hidden": face,
        "bias": face.astype(np.uint32),
    }
    return roll


def tones(spec: Spec, person: Whole, ethnicity: Whole) -> Codes:
    """Draw the level of skin tone of each person: by the spec's shares, or else by how it goes with ethnicity."""
    shares = spec.attributes.get("skin_tone")
    if shares is not None:
        law = np.tile([shares.get(level, 0.0) for level in LEVELS["skin_tone"]], (len(person), 1))
    else:
        law = _TONES[spec.looks_used][ethnicity]
    return dice.choice(law, "tone", spec.seed, person).astype(np.uint8)


def _split(spec: Spec, person: Whole) -> Codes:
    """Deal persons to splits; any stretch of persons has nearly the shares asked for (a sequence of golden steps)."""
    if not spec.splits:
        return np.full(len(person), NONE, np.uint8)
    start = dice.bits("split", spec.seed)
    with np.errstate(over="ignore"):
        place = ((person.astype(np.uint64) * _GOLDEN + start) >> np.uint64(11)) * 2.0**-53
    ends = np.cumsum([spec.splits.get(name, 0.0) for name in SPLITS])
    return np.searchsorted(ends[:-1] / ends[-1], place, "right").astype(np.uint8)


def members(spec: Spec, roll: Roll, group: Mapping[str, str], splits: tuple[str, ...] = ()) -> Mask:
    """Tell which faces are of a group, such as `{"ethnicity": "asian", "gender": "male"}`, and of one of the splits."""
    mask = np.ones(len(roll["person"]), bool)
    for name, level in group.items():
        mask &= roll[name] == spec.levels(name).index(level)
    if splits:
        mask &= np.isin(roll["split"], [SPLITS.index(split) for split in splits])
    return mask


def chosen(mask: Mask, share: float, name: str, spec: Spec, bias: int) -> Whole:
    """Choose a share of the marked faces, exact to the nearest whole face, by lot: their places."""
    places = np.flatnonzero(mask)
    return _lots(places, int(np.floor(share * len(places) + 0.5)), name, spec, bias)


def some(mask: Mask, number: int, name: str, spec: Spec, bias: int) -> Whole:
    """Choose a number of the marked faces by lot: their places.

    Raises:
        SettingsError: Fewer are marked.
    """
    places = np.flatnonzero(mask)
    if number > len(places):
        raise SettingsError(
            f"biases.{bias}: needs {number:,} faces to exchange, but only {len(places):,} are there. Lower its "
            "strength, or let more faces be of the group."
        )
    return _lots(places, number, name, spec, bias)


def _lots(places: Whole, number: int, name: str, spec: Spec, bias: int) -> Whole:
    order = np.argsort(dice.bits(name, spec.seed, bias, places), kind="stable")
    return places[order[:number]]
