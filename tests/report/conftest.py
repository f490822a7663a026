"""An audit of made faces: hostile names, small groups, faces without an answer, a planted gap."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from evenface.audit.run import audit as measure
from evenface.report.serial import to_json_bytes

CLASSES = np.array(["neutral", "happy", "sad", "surprise", "fear", "disgust", "angry"])
LEVELS = {
    "gender": ["Female", "Male"],
    "race": ["White", "Black", "East Asian", "<script>alert(1)</script>"],
    "age": ["0-19", "20-39", "=cmd()|' /C calc'!A0", "an age group with a name of just about sixty characters, 60+"],
}
METRICS = ("accuracy", "balanced_accuracy", "macro_f1", "coverage", "equalized_odds", "tpr")


def made(faces: int, seed: int, gap: float, levels: dict[str, list[str]]) -> pl.DataFrame:
    """Faces of which those of the second race and of the third of the last attribute's levels are read worse."""
    rng = np.random.default_rng(seed)
    skew = {name: np.array([0.5 ** (i * (name != "gender")) for i in range(len(v))]) for name, v in levels.items()}
    codes = {name: rng.choice(len(v), faces, p=skew[name] / skew[name].sum()) for name, v in levels.items()}
    true = rng.choice(7, faces, p=[0.25, 0.35, 0.12, 0.1, 0.04, 0.04, 0.1])
    last = next(reversed(codes.values()))
    right = rng.random(faces) < 0.78 - gap * (last == 2) - gap * (codes["race"] == 1)
    said = np.where(right, true, rng.integers(0, 7, faces))
    said[(codes["race"] == 1) & (true == 0) & (rng.random(faces) < gap)] = 6
    sure = rng.uniform(0.3, 0.95, faces)[:, None]
    p = np.where(np.arange(7) == said[:, None], sure, (1 - sure) / 6)
    columns = {name: np.array(v, object)[codes[name]].tolist() for name, v in levels.items()}
    columns |= {"label": CLASSES[true], "predicted": CLASSES[said]}
    table = pl.DataFrame(columns | {f"score_{name}": p[:, i] for i, name in enumerate(CLASSES)})
    silent = pl.Series(rng.random(faces) < 0.03)
    return table.with_columns(pl.when(~silent).then("predicted"), pl.when(~silent).then(pl.col("^score_.*$")))


def make_audit(
    faces: int = 3000, *, seed: int = 1, gap: float = 0.15, levels: dict[str, list[str]] | None = None, cross: int = 2
) -> dict[str, Any]:
    """Audit made faces; `gap=0` plants none."""
    levels = levels or LEVELS
    known = dict.fromkeys(levels, "annotated") | {"race": "estimated"}
    found = measure(made(faces, seed, gap, levels), list(levels), metrics=METRICS, cross=cross, resamples=100,
                    permutations=100, min_group=50, error_rates={"race": 0.8}, provenance=known)  # fmt: skip
    found.data["input"]["source"] = "predictions <b>v2</b>.csv"
    return json.loads(to_json_bytes(found.data))


@pytest.fixture(scope="session")
def big() -> dict[str, Any]:
    """An audit of 3,000 faces; tests must not change it."""
    return make_audit()


@pytest.fixture
def audit() -> dict[str, Any]:
    """A small audit, free to be changed."""
    return make_audit(600, cross=1)


@pytest.fixture
def renamed(audit: dict[str, Any]) -> Callable[[str], dict[str, Any]]:
    """Give the group "Female" of the small audit another name everywhere."""

    def rename(new: str) -> dict[str, Any]:
        for key in ("groups", "gaps", "worst", "flows"):
            for record in audit[key]:
                record |= {k: new for k in ("group", "best", "worst", "runner_up") if record.get(k) == "gender=Female"}
                if record.get("levels") == {"gender": "Female"}:
                    record["levels"] = {"gender": new}
        audit["input"]["attributes"][0]["levels"] = [new, "Male"]
        return audit

    return rename
