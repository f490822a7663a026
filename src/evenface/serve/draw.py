"""Draw: a picture with its faces boxed, the likeliest expressions of each as bars, or why there is no answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evenface.core.writing import explained, replacing
from evenface.serve.table import Answer

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

    from evenface.faces.face import Image

_TOP = 3  # expressions shown for a face; one, if it is not as wide as
_ROOM = 120  # pixels
_SMALLEST = 9  # pixels of letters
_ANSWERED, _UNANSWERED, _PAPER, _INK = "#0b6e4f", "#b3541e", "#ffffff", "#222222"


def draw(image: Image, answers: Sequence[Answer], classes: Sequence[str]) -> Image:
    """Draw answers on a picture.

    Args:
        image: (row, column, 3) uint8, RGB; left as it is.
        answers: For this picture.
        classes: The model's, in the order of the scores.

    Returns:
        A picture of the same size.
    """
    from PIL import Image as Pillow
    from PIL import ImageDraw, ImageFont

    picture = Pillow.fromarray(image)
    pen = ImageDraw.Draw(picture)
    for answer in answers:
        colour = _UNANSWERED if answer.predicted is None else _ANSWERED
        width = picture.width if answer.found is None else answer.found.box[2] - answer.found.box[0]
        text = round(min(max(_SMALLEST, width / 9), max(_SMALLEST, min(picture.size) / 25)))
        pen.font = ImageFont.load_default(text)
        if answer.found is None or answer.scores is None:
            _lines(pen, (4, 4), [(answer.reason or "", 0.0)], text, colour, picture.size)
            continue
        left, top, right, bottom = answer.found.box
        pen.rectangle((left, top, right, bottom), outline=colour, width=max(1, text // 6))
        best = np.argsort(-answer.scores, kind="stable")[: _TOP if width > _ROOM else 1]
        lines = [(f"{classes[i]} {answer.scores[i]:.2f}", float(answer.scores[i])) for i in best]
        if answer.reason is not None:
            lines.insert(0, ("not sure", 0.0))
        _lines(pen, (left, bottom + 2), lines, text, colour, picture.size)
    return np.asarray(picture)


def save(folder: Path, name: str, image: Image) -> Path:
    """Write a drawn picture as JPEG, named after the one that it shows; whole or not at all.

    Raises:
        InputError: The folder cannot be made or written.
    """
    from PIL import Image as Pillow

    plain = re.sub(r"[^\w.@-]+", "_", name).strip("._") or "picture"
    target = folder / f"{plain[-120:]}.jpg"
    with explained(target, "Give another folder with --draw."):
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(target) as part:
            Pillow.fromarray(image).save(part, "jpeg", quality=90)
    return target


def _lines(
    pen: ImageDraw,
    corner: tuple[float, float],
    lines: Sequence[tuple[str, float]],
    text: int,
    colour: str,
    size: tuple[int, int],
) -> None:
    """Write lines on paper, each with a bar as long as its number; moved to lie within the picture."""
    step = round(1.3 * text)
    bar = 2 * text if any(value for _, value in lines) else 0
    width = max(pen.textlength(line) for line, _ in lines) + bar + text
    left = max(0, min(corner[0], size[0] - width))
    top = max(0, min(corner[1], size[1] - step * len(lines)))
    pen.rectangle((left, top, left + width, top + step * len(lines)), fill=_PAPER)
    for number, (line, value) in enumerate(lines):
        y = top + number * step
        if value:
            pen.rectangle((left + 2, y + step / 4, left + 2 + bar * value, y + 3 * step / 4), fill=colour)
        pen.text((left + bar + text / 2, y), line, fill=_INK)
