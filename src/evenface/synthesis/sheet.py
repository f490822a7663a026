"""Contact sheet: people x expressions x light, with small captions, as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evenface.core.writing import replacing
from evenface.synthesis import dice
from evenface.synthesis.attributes import LEVELS
from evenface.synthesis.emotions import draw_expressions
from evenface.synthesis.parameters import ACTIONS, ETHNICITIES
from evenface.synthesis.plan import Plan

if TYPE_CHECKING:
    from PIL.Image import Image

    from evenface.synthesis.stretch import Draw

LIGHTS = {
    "from the left": {"light_azimuth": -75.0, "light_elevation": 15.0, "ambient": 0.25, "light_softness": 0.2},
    "from above": {"light_azimuth": 10.0, "light_elevation": 70.0, "ambient": 0.3, "light_softness": 0.5},
    "evening": {"light_azimuth": 60.0, "light_elevation": 10.0, "ambient": 0.35, "warmth": 0.6, "light_softness": 0.3},
}
"""Lights of the last columns: name -> parameters; ours."""
_CALM = {
    "yaw": 0.0, "pitch": 0.0, "roll": 0.0, "shift_x": 0.0, "shift_y": 0.0, "zoom": 1.2, "field_of_view": 20.0,
    "light_azimuth": -30.0, "light_elevation": 35.0, "light_softness": 0.6, "ambient": 0.5, "warmth": 0.0,
    "exposure": 0.0, "background": "gradient", "background_level": 0.55, "background_saturation": 0.12,
    "noise": 0.0, "blur": 0.0, "low_resolution": 1.0, "jpeg": 0.0, "grey": 0.0, "mask": "none",
}  # fmt: skip
_TURN = (-12.0, 0.0, 10.0)  # degrees that heads are turned, person by person
_GAP, _MARGIN, _CAPTION, _NAME = 4, 28, 26, 130
_PAPER, _INK, _FAINT = (250, 249, 246), (40, 40, 44), (120, 120, 126)


def write_sheet(plan: Plan, path: Path, draw: Draw, *, people: int = 8, size: int = 160) -> Path:
    """Draw people of a set with each of its expressions, and once more in other lights.

    Args:
        plan: Of the set.
        path: The PNG file to write.
        draw: What draws faces.
        people: How many at most, as different in their attributes as the set has them.
        size: Width and height of each face in pixels.
    """
    shown = _people(plan, people)
    emotions = list(plan.spec.emotion_shares)
    columns: list[tuple[str, dict[str, float]]] = [*((name, {}) for name in emotions), *LIGHTS.items()]
    smiling = "happy" if "happy" in emotions else emotions[0]
    tables = []
    for number, person in enumerate(shown.iter_rows(named=True)):
        names = emotions + [smiling] * len(LIGHTS)
        seeds = dice.bits("sheet", plan.spec.seed, number, np.arange(len(names)))
        drawn = draw_expressions(names, seeds, intensity=0.9)
        acts = pl.DataFrame(drawn.actions(), [f"action:{name}" for name in ACTIONS], orient="row")
        rows = [person | _CALM | {"yaw": _TURN[number % len(_TURN)]} | light for _, light in columns]
        still = pl.DataFrame(rows, infer_schema_length=None).drop(acts.columns, strict=False)
        tables.append(pl.concat([still, acts], how="horizontal"))
    pixels = draw(pl.concat(tables), size).reshape(len(tables), len(columns), size, size, 3)
    captions = [_caption(person) for person in shown.iter_rows(named=True)]
    with replacing(path) as part:
        _page(pixels, [name for name, _ in columns], len(emotions), captions).save(part, "png")
    return path


def _people(plan: Plan, most: int) -> pl.DataFrame:
    """Give the first faces of persons who differ as much as can be: each takes the level seen least so far."""
    table = plan.table(0, 2000).unique("subject", keep="first", maintain_order=True)
    attributes = [f"attr:{name}" for name in LEVELS]
    levels = table.select(pl.col(name).fill_null("").rank("dense") for name in attributes).to_numpy().astype(np.int64)
    seen = [np.zeros(levels[:, i].max() + 1) for i in range(levels.shape[1])]
    chosen: list[int] = []
    while len(chosen) < min(most, table.height):
        cost = np.sum([seen[i][levels[:, i]] for i in range(levels.shape[1])], axis=0)
        cost[chosen] = np.inf
        chosen.append(int(np.argmin(cost)))
        for i, level in enumerate(levels[chosen[-1]]):
            seen[i][level] += 1
    return table[chosen]


def _caption(person: dict[str, Any]) -> list[str]:
    shape = max(ETHNICITIES, key=lambda name: person[name])
    gender = "masculine" if person["gender"] >= 0.5 else "feminine"
    return [f"{shape} axis", f"{gender}, {person['age']:.0f} years", f"Monk tone {person['skin_tone']:.0f}"]


def _page(pixels: NDArray[np.uint8], heads: Sequence[str], emotions: int, captions: Sequence[list[str]]) -> Image:
    """Lay the faces out: expressions, a gap, lights; a line of captions above and a name beside each person."""
    from PIL import ImageDraw, ImageFont
    from PIL.Image import fromarray, new

    people, columns, size = pixels.shape[:3]
    aside = 3 * _GAP
    left, top = _MARGIN + _NAME, _MARGIN + _CAPTION
    width = left + columns * (size + _GAP) + aside + _MARGIN
    page = new("RGB", (width, top + people * (size + _GAP) + _MARGIN), _PAPER)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(15)
    at = [left + column * (size + _GAP) + (aside if column >= emotions else 0) for column in range(columns)]
    for x, head in zip(at, heads, strict=True):
        pen.text((x + size / 2, top - 8), head.replace("_", " "), _INK, font, anchor="ms")
    for row, lines in enumerate(captions):
        y = top + row * (size + _GAP)
        for line, text in enumerate(lines):
            pen.text((left - 12, y + size / 2 + 20 * (line - 1)), text, _FAINT if line else _INK, font, anchor="rm")
        for column, x in enumerate(at):
            page.paste(fromarray(pixels[row, column]), (x, y))
    return page
