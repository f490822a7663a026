from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from evenface.benchmark.protocol import SPACES, TOLD_UNITS, VARIANTS, Span, configuration, methods
from evenface.core.errors import UnknownNameError
from evenface.mitigation import MITIGATIONS
from evenface.training.settings import TrainSettings

PLACE: dict[str, Any] = {"groups": ("gender",), "seed": 3, "out": Path("o"), "cache": Path("c")}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("faces") / "manifest.parquet"
    pl.DataFrame({"image": ["a.png"], "unit:AU12L": [0.5], "unit:AU54": [0.1], "unit:AU12": [2.0]}).write_parquet(path)
    return path


def one_of(span: Span) -> Any:
    return span.choices[-1] if span.choices else (span.low * span.high) ** 0.5


@pytest.mark.parametrize("method", methods(), ids=lambda method: method.name)
def test_what_is_searched_are_settings_that_the_method_has(method: Any, manifest: Path) -> None:
    chosen = {key: one_of(span) for key, span in method.space().items()}
    settings = TrainSettings(**configuration(method, manifest=manifest, **PLACE, chosen=chosen))
    assert settings.optimiser.rate == chosen["optimiser.rate"]
    assert settings.seeds == (3,) and settings.selection.rules[1] == "worst_group_validation"


def test_some_methods_are_told_the_action_units_of_the_manifest_but_not_how_the_head_is_turned(manifest: Path) -> None:
    told = {
        each.name: configuration(each, manifest=manifest, **PLACE)["data"]["continuous"]
        for each in methods(["erm", *TOLD_UNITS])
    }
    assert told == {"erm": [], **{name: ["unit:AU12L", "unit:AU12"] for name in TOLD_UNITS}}


def test_every_line_of_the_tables_is_of_a_mitigation() -> None:
    assert set(SPACES) | set(VARIANTS) <= set(MITIGATIONS.names())


def test_a_name_stands_for_its_variants() -> None:
    assert [each.name for each in methods(["erm", "latent_alignment:mmd"])] == ["erm", "latent_alignment:mmd"]
    assert len(methods(["latent_alignment"])) == len(VARIANTS["latent_alignment"])
    with pytest.raises(UnknownNameError, match="'latent_alignment:mmd'"):
        methods(["latent_alignment:mmmd"])
