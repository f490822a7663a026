"""Suites: named, frozen specs, each a TOML file beside this one.

A suite never changes: `frozen.json` holds the hash of its plan (all that decides its faces, to six decimals) and a
coarse fingerprint of some of its pictures. A better suite gets a new name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenface.core.errors import SettingsError, did_you_mean
from evenface.synthesis.plan import Plan
from evenface.synthesis.spec import Spec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evenface.synthesis.stretch import Draw

SUITES: dict[str, str] = {
    "smoke": "84 faces: every attribute and expression once or more, in seconds",
    "train-biased": "6,048 faces to train and test on, with a stereotype, fewer of one group and wrong labels planted",
    "counterfactual-v1": "2,184 faces in 672 families alike in everything but one attribute",
    "regions-v1": "2,400 faces of people and display rules of four simulated collections, split for region shift",
    "micro-v1": "3,000 frames of micro-expressions, 50 a second",
}
"""Name of each suite -> what it is."""

PICTURES = 8  # faces whose pictures are in a fingerprint
_CELLS = 8


def load_spec(name: str | Path, overrides: Iterable[str] = ()) -> Spec:
    """Read a suite by its name, or a TOML file.

    Args:
        name: Of a suite, or path of a file.
        overrides: As in `Settings.load`: `"count=50"`, `"design.change.age=[20, 60]"`.

    Raises:
        SettingsError: There is no such suite or file, or it cannot be read.
        InvalidSettings: What it asks for cannot be had; every fault.
    """
    if str(name) in SUITES:
        with resources.as_file(resources.files(__name__) / f"{name}.toml") as path:
            return Spec.load(path, overrides)
    if not Path(name).is_file():
        near = did_you_mean(str(name), list(SUITES))
        raise SettingsError(f"There is no suite and no file {str(name)!r}.{near} Suites: {', '.join(SUITES)}.")
    return Spec.load(name, overrides)


def frozen() -> dict[str, Any]:
    """Give what is frozen of each suite: `plan_sha256`, and `pictures`, means of 8 x 8 cells of its first faces."""
    text = (resources.files(__name__) / "frozen.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def fingerprint(plan: Plan, draw: Draw) -> NDArray[np.int64]:
    """Give the mean colour in 8 x 8 cells of some faces spread over a set: (face, row, column, 3), 0 to 255.

    Pictures that differ by rounding, as those of a GPU do, differ by no more than 1 here.
    """
    import numpy as np
    import polars as pl

    rows = [int(row) for row in np.linspace(0, plan.rows - 1, PICTURES)]
    side = plan.spec.size // _CELLS * _CELLS
    pixels = draw(pl.concat([plan.table(row, row + 1) for row in rows]), plan.spec.size)[:, :side, :side]
    cells = pixels.reshape(len(rows), _CELLS, side // _CELLS, _CELLS, side // _CELLS, 3)
    return np.rint(cells.mean((2, 4))).astype(np.int64)
