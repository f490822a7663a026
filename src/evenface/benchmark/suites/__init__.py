"""Suites of the benchmark: named and frozen. Each is a TOML file beside this one, over what `common.toml` says.

A suite of generated faces has a bias planted in training and validation; its test faces are drawn without one and read
against their true labels. `frozen.json` holds the hash of each plan. A better suite gets a new name.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from evenface.core.config import Settings
from evenface.core.errors import SettingsError, did_you_mean
from evenface.synthesis.spec import Spec

SUITES = (
    "unplanted",
    "representational",
    "stereotypical-90",
    "stereotypical-100",
    "annotator",
    "quality",
    "crossed",
    "ages",
    "missing",
    "ferplus",
)
"""Names of the suites, generated ones first."""

FAMILIES = "families"
"""Name of the counterfactual set that all generated suites share."""

Split = Literal["train", "validation", "test"]


class Suite(Settings):
    """What methods are tried on.

    Attributes:
        name: Of the suite.
        about: Which bias is planted, in a sentence.
        groups: Attributes whose crossings are the groups, in training and in what is measured.
        others: Attributes that are measured too, each by itself; methods are not told of them.
        emotion: The expression that the bias is planted in; the headline gap is that of its recall. None: the bias is
            in no single expression, and the headline gap is that of accuracy.
        faces: What is generated; None: faces are given by a manifest.
        most: Split -> faces that are used at most, drawn by lot; a split that is not named is used whole.
    """

    name: str
    about: str
    groups: tuple[str, ...] = Field(min_length=1)
    others: tuple[str, ...] = ()
    emotion: str | None = None
    faces: Spec | None = None
    most: dict[Split, int] = Field(default_factory=dict)


def load_suite(name: str) -> Suite:
    """Read a suite by its name, or a TOML file of the same form.

    Raises:
        SettingsError: There is no such suite or file, or it cannot be used.
    """
    if name in SUITES:
        return Suite(name=name, **_over(_read(name)))
    if not Path(name).is_file():
        raise SettingsError(
            f"There is no suite and no file {name!r}.{did_you_mean(name, SUITES)} Suites: {', '.join(SUITES)}."
        )
    try:
        given = tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{name} is no TOML file that can be read: {error}.") from error
    return Suite(**({"name": Path(name).stem} | _over(given)))


def families() -> Spec:
    """Give the counterfactual set that goes with the generated suites: the same faces, other groups."""
    return Spec(**_merged(_read("common"), _read(FAMILIES)))


def frozen() -> dict[str, str]:
    """Give the hash of the plan of each generated suite, and of the families."""
    return dict(json.loads((resources.files(__name__) / "frozen.json").read_text(encoding="utf-8")))


def _over(given: Mapping[str, Any]) -> dict[str, Any]:
    """Lay the faces that a suite asks for over those that all suites share."""
    faces = given.get("faces")
    return {**given, "faces": _merged(_read("common"), faces)} if isinstance(faces, Mapping) else dict(given)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files(__name__) / f"{name}.toml").read_text(encoding="utf-8"))


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Give `base` with the keys of `over`; tables are merged key by key, an empty table empties."""
    both = [k for k in over if isinstance(over[k], Mapping) and over[k] and isinstance(base.get(k), Mapping)]
    return {**base, **over, **{key: _merged(base[key], over[key]) for key in both}}
