"""A counterfactual audit with hostile names, small pairs and pictures."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from evenface.audit.counterfactual import Counterfactual, counterfactual

HOSTILE = "<script>alert(1)</script>|`x`"


def columns(images: bool = True) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    rows = []
    for f in range(60):
        for attribute, levels in {HOSTILE: ("a", "b", "c"), "image_seed": ("0", "1")}.items():
            for level in levels[: 2 if f < 50 else 3]:
                answer = "angry" if level == "b" and f % 3 == 0 else "happy"
                rows.append(
                    {
                        "family": f"{f}-{attribute}",
                        "variant": f"{attribute}={level}",
                        "changed": attribute,
                        "label": "happy" if f % 2 else "angry",
                        "predicted": None if rng.random() < 0.03 else answer,
                        "image": f"{f % 4}-{level}.png" if images else None,
                        "subject": f"p{f % 12}",
                    }
                )
    return pl.DataFrame(rows)


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    made: Path = tmp_path_factory.mktemp("faces")
    for f in range(4):
        for level in ("a", "b", "c", "0", "1"):
            Image.fromarray(np.full((200, 150, 3), 40 * f, np.uint8)).save(made / f"{f}-{level}.png")
    columns().write_parquet(made / "predictions.parquet")
    return made


@pytest.fixture(scope="session")
def found(folder: Path) -> Counterfactual:
    return counterfactual(folder / "predictions.parquet", resamples=100)
