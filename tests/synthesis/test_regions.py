"""Regions: what each owes (a source, a reason for each choice, drawable laws), and what is said of bad ones."""

import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from evenface.core.errors import SettingsError, UnknownNameError
from evenface.synthesis.emotions import draw_expressions
from evenface.synthesis.parameters import PARAMETERS, columns
from evenface.synthesis.regions import REGIONS
from evenface.synthesis.regions._region import LEVELS, Region
from evenface.synthesis.style import Style
from evenface.synthesis.units import PARTS

SEEDS = np.arange(3000)


def mean_units(name: str, emotion: str, part: str) -> float:
    drawn = draw_expressions([emotion] * len(SEEDS), SEEDS, style=REGIONS.get(name).style)
    return float(drawn.units[:, [i for i, place in enumerate(PARTS.values()) if place == part]].mean())


def test_the_promised_regions_are_there() -> None:
    assert set(REGIONS) == {"jaffe_like", "ckplus_like", "tfed_like", "tfeid_like", "wild", "spontaneous"}


@pytest.mark.parametrize("name", REGIONS)
def test_a_region_says_what_it_is_and_why(name: str) -> None:
    region = REGIONS.get(name)
    assert region.name == name
    assert region.about.startswith("Simulation of")
    assert re.search(r"\b(19|20)\d\d\b", region.source)
    for field, reason in region.reasons.items():
        assert hasattr(region, field)
        assert re.search(r"\b(19|20)\d\d\b|our choice", reason), reason
    assert region.images >= region.subjects > 0
    assert min(region.picture) > 0


@pytest.mark.parametrize("name", REGIONS)
def test_what_a_region_draws_can_be_drawn(name: str) -> None:
    region = REGIONS.get(name)
    parameters = region.draw_parameters(SEEDS)
    columns(pl.DataFrame(parameters))  # raises where a face cannot be drawn
    whole = {n: v for n, v in parameters.items() if PARAMETERS[n].choices}
    assert all((v == v.round()).all() for v in whole.values())
    emotions = np.resize(list(region.emotions), len(SEEDS))
    columns(draw_expressions(emotions, SEEDS, style=region.style).table())


@pytest.mark.parametrize("name", REGIONS)
def test_a_picture_is_the_same_whatever_is_drawn_beside_it(name: str) -> None:
    whole, some = (REGIONS.get(name).draw_parameters(seeds) for seeds in (SEEDS, SEEDS[100:120]))
    assert all((some[key] == whole[key][100:120]).all() for key in whole)


def test_regions_show_emotions_as_they_say() -> None:
    assert mean_units("jaffe_like", "angry", "lower") < 0.9 * mean_units("ckplus_like", "angry", "lower")
    for emotion in ("fear", "disgust", "angry"):
        balance = [
            mean_units(n, emotion, "upper") / mean_units(n, emotion, "lower") for n in ("tfed_like", "ckplus_like")
        ]
        assert balance[0] > 1.1 * balance[1]
    assert mean_units("spontaneous", "happy", "lower") < 0.6 * mean_units("ckplus_like", "happy", "lower")


def test_pictures_are_as_they_say() -> None:
    grey = {name: REGIONS.get(name).draw_parameters(SEEDS).get("grey", np.zeros(1)).mean() for name in REGIONS}
    assert grey["jaffe_like"] == 1
    assert grey["ckplus_like"] == pytest.approx(0.9, abs=0.03)
    assert grey["tfed_like"] == grey["tfeid_like"] == 0
    spread = {name: REGIONS.get(name).draw_parameters(SEEDS)["yaw"].std() for name in REGIONS}
    assert max(spread, key=spread.__getitem__) == "wild"


def test_an_unknown_region_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"Did you mean 'jaffe_like'.* docs/EXPRESSIONS.md#add-a-region"):
        REGIONS.get("jafe_like")


def test_faults_of_a_region_are_told_together() -> None:
    good = REGIONS.get("wild")
    with pytest.raises(SettingsError) as told:
        replace(
            good,
            about="Faces of the world",
            reasons={"style": "our choice", "people": "our choice", "emotions": "our choice"},
            emotions={"hapy": 1},
            people={"gender": {"femal": 1}, "agee": {"20-39": 1}, "ethnicity": {"asian": 0}},
            parameters={
                "yow": ("fixed", 0),
                "yaw": ("normal", 100, 1),
                "age": ("fixed", 30),
                "action:jawOpen": ("fixed", 0),
            },
        )
    text = str(told.value)
    for piece in (
        "not say that this is a simulation",
        "no reason for parameters",
        "Did you mean 'happy'",
        "Did you mean 'female'",
        "attribute 'agee' is unknown. Did you mean 'age'",
        "attribute 'age' is missing",
        "shares are at least 0",
        "'yow' is unknown. Did you mean 'yaw'",
        "normal gives 100, allowed: -90 to 90",
        "age follows from people",
        "action:jawOpen follows from",
    ):
        assert piece in text, piece


def test_a_region_is_made_in_a_few_lines() -> None:
    mine = Region(
        name="mine",
        about="Simulation of what I have seen.",
        source="our own choice, 2026",
        reasons=dict.fromkeys(("style", "people", "emotions", "parameters"), "our choice"),
        style=Style(strength={"happy": {"lower": 0.5}}),
        people={attribute: {levels[0]: 1} for attribute, levels in LEVELS.items()},
        emotions={"happy": 1},
        parameters={},
        picture=(64, 64),
        subjects=1,
        images=1,
    )
    assert mine.draw_parameters([1, 2]) == {}
