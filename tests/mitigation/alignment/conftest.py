"""Two groups of latents with a difference of known kind."""

import pytest
import torch

from evenface.mitigation.alignment._alignment import Known, View


@pytest.fixture
def view() -> View:
    generator = torch.Generator().manual_seed(0)
    n = 40
    labels = torch.arange(n) % 3
    codes = torch.stack(
        [torch.randint(-1, 2, (n,), generator=generator), torch.randint(0, 3, (n,), generator=generator)], 1
    )
    latents = torch.randn(n, 6, generator=generator) + codes[:, :1] * 0.7
    values = torch.randn(n, 1, generator=generator)
    values[4] = torch.nan
    return View(latents, labels, codes, values, torch.rand(n, 2, generator=generator) + 0.1, 0.5)


@pytest.fixture
def known(view: View) -> Known:
    rates = [torch.full((4, size), 1 / size) for size in (2, 3)]
    return Known(3, (2, 3), 1, 6, tuple(rates))
