"""Write a result of `dataset_bias` into a folder: JSON, Markdown and pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from evenface.audit.dataset.markdown import to_markdown
from evenface.audit.dataset.picture import data_set_picture, similarity_picture
from evenface.core.writing import write_files

NAME = "dataset_bias"


def to_json(result: dict[str, Any]) -> str:
    """Write a result as JSON text: the same result, the same bytes."""
    return json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def write_result(result: dict[str, Any], folder: Path) -> list[Path]:
    """Write `dataset_bias.json`, `dataset_bias.md` and pictures as SVG and PNG.

    Args:
        result: From `dataset_bias`.
        folder: Made if it does not exist; files of the same names are replaced.

    Returns:
        What was written: JSON, Markdown, then the pictures.

    Raises:
        InputError: The folder cannot be made or written.
    """
    pictures: dict[str, bytes] = {}
    for name, spec in _pictures(result):
        pictures |= _draw(spec, name)
    shown = [name for name in pictures if name.endswith(".svg")]
    texts = {f"{NAME}.json": to_json(result), f"{NAME}.md": to_markdown(result, shown)}
    contents = {name: text.encode("utf-8") for name, text in texts.items()}
    return write_files(folder, contents | pictures, "the result")


def _pictures(result: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    data_sets = result["datasets"]
    if len(data_sets) == 1:
        return [(NAME, data_set_picture(data_sets[0]))]
    drawn = [
        (f"{NAME}_{place}_{_file_name(data['name'])}", data_set_picture(data))
        for place, data in enumerate(data_sets, start=1)
    ]
    return [*drawn, (f"{NAME}_similarity", similarity_picture(result))]


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9+.-]+", "_", name)[:60]


def _draw(spec: dict[str, Any], stem: str) -> dict[str, bytes]:
    import vl_convert  # heavy, and only needed here

    svg, png = vl_convert.vegalite_to_svg(spec), vl_convert.vegalite_to_png(spec, scale=2)
    return {f"{stem}.svg": svg.encode("utf-8"), f"{stem}.png": png}
