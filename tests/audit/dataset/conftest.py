from collections.abc import Callable

import numpy as np
import polars as pl
import pytest


@pytest.fixture
def faces() -> Callable[..., pl.DataFrame]:
    """A table of faces with a planted link: anger goes with men, in the given shares of races."""

    def make(n: int = 2000, seed: int = 0, races: tuple[float, ...] = (0.7, 0.2, 0.1)) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        male = rng.random(n) < 0.4
        angry = rng.random(n) < np.where(male, 0.4, 0.15)
        other = rng.choice(["happy", "sad"], n)
        return pl.DataFrame(
            {
                "gender": np.where(male, "Male", "Female"),
                "race": rng.choice(["White", "Black", "Asian"][: len(races)], n, p=races),
                "label": np.where(angry, "angry", other),
            }
        )

    return make
