from collections.abc import Callable
from importlib import resources

import numpy as np
import polars as pl
import pytest

from evenface.core.errors import SettingsError
from evenface.synthesis.plan import Plan
from evenface.synthesis.run import renderer
from evenface.synthesis.suites import SUITES, fingerprint, frozen, load_spec

PLANS = {name: Plan(load_spec(name)) for name in SUITES}


def test_every_file_is_a_suite_and_every_suite_is_frozen() -> None:
    files = {path.name for path in resources.files("evenface.synthesis.suites").iterdir()}
    assert {name.removesuffix(".toml") for name in files if name.endswith(".toml")} == set(SUITES) == set(frozen())


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_never_changes(name: str) -> None:
    assert PLANS[name].sha256 == frozen()[name]["plan_sha256"], "a suite is frozen: give what is new a new name"


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_is_named_as_its_spec_and_says_its_size(name: str) -> None:
    plan = PLANS[name]
    assert plan.spec.name == name
    assert f"{plan.spec.count:,}" in SUITES[name]


def test_pictures_of_the_smoke_suite_are_those_that_were_frozen() -> None:
    pytest.importorskip("warp")
    if not frozen()["smoke"]["pictures"]:
        pytest.skip("its pictures are not frozen yet: python benchmarks/_freeze_suites.py")
    cells = fingerprint(PLANS["smoke"], renderer())
    was = np.array(frozen()["smoke"]["pictures"]).reshape(cells.shape)
    assert np.abs(cells - was).max() <= 1


def test_a_fingerprint_is_the_mean_of_cells(draw: Callable) -> None:
    plan = Plan(load_spec("smoke", ["size=20"]))
    cells = fingerprint(plan, draw)
    pixels = draw(plan.table(plan.rows - 1), 20)[0]
    assert cells.shape == (8, 8, 8, 3)
    assert cells[-1, 3, 5].tolist() == [round(float(pixels[6:8, 10:12, 0].mean()))] * 3


def test_smoke_shows_every_level_and_expression() -> None:
    faces = PLANS["smoke"].table()
    assert [faces[c].n_unique() for c in ("attr:ethnicity", "attr:gender", "attr:age", "emotion")] == [3, 2, 4, 7]


def test_train_biased_is_biased_in_training_alone() -> None:
    faces = PLANS["train-biased"].table()
    for split, african, angry_men in (("train", 0.1, 0.9), ("test", 1 / 3, 0.5)):
        part = faces.filter(split=split)
        assert abs((part["attr:ethnicity"] == "african").mean() - african) < 0.02
        assert abs((part.filter(emotion="angry")["attr:gender"] == "male").mean() - angry_men) < 0.03
        wrong = part.filter(pl.col("label") != pl.col("true_label"))
        assert wrong.is_empty() == (split == "test")


def test_families_of_the_counterfactual_suite_are_balanced() -> None:
    faces = PLANS["counterfactual-v1"].table()
    assert faces["family"].n_unique() == 672
    assert len(set(faces.unique("family")["changed"].value_counts()["count"])) == 1


def test_regions_shift_in_the_regions_suite() -> None:
    faces = PLANS["regions-v1"].table()
    assert not set(faces.filter(split="train")["region"]) & set(faces.filter(split="test")["region"])


def test_micro_expressions_are_short_and_weak() -> None:
    faces = PLANS["micro-v1"].table()
    moving = faces.filter(pl.col("phase") != "neutral").group_by("clip").len()
    assert moving["len"].max() <= 25 and faces["intensity"].max() <= 0.25


def test_what_is_no_suite_is_told(tmp_path: object) -> None:
    with pytest.raises(SettingsError, match=r"no suite and no file 'smok'. Did you mean 'smoke'\? Suites: smoke, "):
        load_spec("smok")
    with pytest.raises(SettingsError, match="cuont: unknown key"):
        load_spec("smoke", ["cuont=3"])
