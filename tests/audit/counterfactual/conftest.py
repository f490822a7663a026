"""Counterfactual sets whose flips are planted."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
VARIANTS = {"ethnicity": ("african", "asian", "caucasian"), "gender": ("female", "male"), "image_seed": ("0", "1")}


def plant(
    families: int,
    flip: Mapping[str, float] | None = None,
    *,
    seed: int = 0,
    noise: float = 0.03,
    lost: float = 0.0,
    missing: float = 0.0,
    persons: int | None = None,
    spread: float = 0.0,
    changed: Mapping[str, Sequence[str]] = VARIANTS,
    scores: bool = False,
) -> dict[str, list[Any]]:
    """Columns of predictions of a model that reads 80 % of families rightly.

    Args:
        families: Per attribute.
        flip: Level -> how probably its answer turns into another one; for angry always into fear, else into angry.
        seed: Of all draws.
        noise: How probably an answer becomes a random other class, in every variant.
        lost: How probably there is no answer.
        missing: How probably a variant is left out.
        persons: Families are of so many persons; None: not known.
        spread: How far a person's own rates of flips spread.
        changed: Attribute -> levels.
        scores: Whether probabilities are given.
    """
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    own = rng.normal(0, 1, (persons or 1, 10))
    for f in range(families):
        true = int(rng.integers(7))
        base = true if rng.random() < 0.8 else int(rng.integers(7))
        for attribute, levels in changed.items():
            for place, level in enumerate(levels):
                answer = base
                rate = (flip or {}).get(level, 0.0)
                if persons:
                    rate = float(np.clip(rate + spread * own[f % persons, place], 0, 1)) if spread else rate
                if rng.random() < rate:
                    answer = 2 if base == 0 else 0
                if rng.random() < noise:
                    answer = (answer + int(rng.integers(1, 7))) % 7
                if rng.random() < missing:
                    continue
                row: dict[str, Any] = {
                    "face": f"{attribute}-{f}-{level}",
                    "family": f"{attribute}-{f}",
                    "changed": attribute,
                    "variant": f"{attribute}={level}",
                    "label": CLASSES[true],
                    "predicted": None if rng.random() < lost else CLASSES[answer],
                }
                if persons:
                    row["subject"] = f"person {f % persons}"
                if scores:
                    p = rng.dirichlet(np.ones(7)) * 0.4
                    p[answer] += 0.6
                    row |= {f"p_{c}": float(x) if row["predicted"] else None for c, x in zip(CLASSES, p, strict=True)}
                rows.append(row)
    return {key: [row[key] for row in rows] for key in rows[0]}


@pytest.fixture(scope="session")
def planted() -> Callable[..., dict[str, list[Any]]]:
    """The maker of sets."""
    return plant
