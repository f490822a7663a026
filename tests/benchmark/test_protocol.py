from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evenface.benchmark.protocol import SPACES, VARIANTS, Span, configuration, methods
from evenface.core.errors import UnknownNameError
from evenface.mitigation import MITIGATIONS
from evenface.training.settings import TrainSettings

PLACE: dict[str, Any] = {"manifest": Path("m"), "groups": ("gender",), "seed": 3, "out": Path("o"), "cache": Path("c")}


def one_of(span: Span) -> Any:
    return span.choices[-1] if span.choices else (span.low * span.high) ** 0.5


@pytest.mark.parametrize("method", methods(), ids=lambda method: method.name)
def test_what_is_searched_are_settings_that_the_method_has(method: Any) -> None:
    chosen = {key: one_of(span) for key, span in method.space().items()}
    settings = TrainSettings(**configuration(method, **PLACE, chosen=chosen))
    assert settings.optimiser.rate == chosen["optimiser.rate"]
    assert settings.seeds == (3,) and settings.selection.rules[1] == "worst_group_validation"


def test_every_line_of_the_tables_is_of_a_mitigation() -> None:
    assert set(SPACES) | set(VARIANTS) <= set(MITIGATIONS.names())


def test_a_name_stands_for_its_variants() -> None:
    assert [each.name for each in methods(["erm", "latent_alignment:mmd"])] == ["erm", "latent_alignment:mmd"]
    assert len(methods(["latent_alignment"])) == len(VARIANTS["latent_alignment"])
    with pytest.raises(UnknownNameError, match="'latent_alignment:mmd'"):
        methods(["latent_alignment:mmmd"])
