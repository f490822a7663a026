from __future__ import annotations

from importlib import resources

import polars as pl
import pytest

from evenface.benchmark.suites import FAMILIES, SUITES, families, frozen, load_suite
from evenface.core.errors import SettingsError
from evenface.synthesis.plan import Plan

GENERATED = [name for name in SUITES if load_suite(name).faces is not None]


@pytest.mark.parametrize("name", GENERATED)
def test_a_suite_never_changes_and_its_test_part_is_without_bias(name: str) -> None:
    suite = load_suite(name)
    assert suite.faces is not None
    plan = Plan(suite.faces)
    assert plan.sha256 == frozen()[name], "a suite is frozen: give what is new a new name"
    test = plan.table().filter(split="test")
    assert (test["label"] == test["true_label"]).all()
    sizes = test.group_by([f"attr:{group}" for group in suite.groups]).len()["len"]
    assert sizes.max() < 1.15 * sizes.min()  # type: ignore[operator]


def test_every_file_is_a_suite_and_is_frozen() -> None:
    files = {path.name for path in resources.files("evenface.benchmark.suites").iterdir()}
    named = {name.removesuffix(".toml") for name in files if name.endswith(".toml")}
    assert named == {*SUITES, FAMILIES, "common"} and set(frozen()) == {*GENERATED, FAMILIES}
    assert Plan(families()).sha256 == frozen()[FAMILIES]


def test_nine_in_ten_angry_faces_are_dark_in_training_alone() -> None:
    faces = load_suite("stereotypical-90").faces
    assert faces is not None
    angry = Plan(faces).table().filter(pl.col("emotion") == "angry")
    share = {split[0]: (part["attr:skin_tone"] == "dark").mean() for split, part in angry.group_by("split")}
    assert share["train"] == pytest.approx(0.9, abs=0.02) and share["test"] == pytest.approx(0.5, abs=0.05)


def test_an_unknown_suite_gets_the_nearest_name() -> None:
    with pytest.raises(SettingsError, match="Did you mean 'stereotypical-90'"):
        load_suite("stereotypical_90")
