from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evenface.benchmark.measure import audited, flips, leakage, read, validated
from evenface.benchmark.suites import Suite
from evenface.models.nets.erased import Erased
from evenface.models.nets.residual import Residual, ResidualOptions
from evenface.models.nets.vae import VAE, VAEOptions

SUITE = Suite(name="made", about="Made.", groups=("gender",), emotion="sad")


def answers() -> pl.DataFrame:
    """Of 40 sad women 30 are read rightly, of 40 sad men 10; all happy faces are."""
    return pl.DataFrame(
        {
            "label": ["happy"] * 160,
            "true_label": ["sad"] * 80 + ["happy"] * 80,
            "predicted": ["sad"] * 30 + ["happy"] * 10 + ["sad"] * 10 + ["happy"] * 110,
            "gender": (["f"] * 40 + ["m"] * 40) * 2,
        }
    )


def test_gaps_are_against_the_truth() -> None:
    found = audited(answers(), SUITE)
    assert found["accuracy"] == pytest.approx(120 / 160)
    assert found["worst_group"] == pytest.approx(50 / 80)
    assert found["gap"] == pytest.approx(0.5)
    assert found["recall"] == pytest.approx(0.5)
    assert found["worst_recall"] == pytest.approx(0.25)
    assert found["equalized_odds"] == pytest.approx(0.5)
    assert found["f"] == pytest.approx(0.625 / 0.875)
    assert found["gap_chance_95"] is not None and found["gap_chance_95"] < 0.5


def test_chance_deals_persons_where_they_have_several_faces() -> None:
    alone = answers().with_columns(subject=pl.int_range(160).cast(pl.String))
    ten = answers().with_columns(subject=(pl.int_range(160) // 10).cast(pl.String))
    unknown = answers().with_columns(subject=pl.lit(None, pl.String))
    chance = [audited(each, SUITE)["accuracy_gap_chance_95"] for each in (answers(), alone, unknown, ten)]
    assert chance[0] == chance[1] == chance[2]
    assert chance[3] > 2 * chance[0]


def test_validation_is_looked_at_as_labelled_and_balanced(tmp_path: Path) -> None:
    table = answers().with_columns(label="true_label")
    table.write_parquet(tmp_path / "v.parquet")
    assert validated(tmp_path / "v.parquet", SUITE) == pytest.approx((0.75, 0.25))


def test_gaps_of_two_expressions_do_not_make_up_for_each_other(tmp_path: Path) -> None:
    said = {"f": ["sad", "sad", "sad", "happy"], "m": ["sad", "happy", "happy", "happy"]}
    rows = [("sad" if i < 2 else "happy", s, g) for g, all_said in said.items() for i, s in enumerate(all_said)]
    pl.DataFrame(rows, schema=["label", "predicted", "gender"], orient="row").write_parquet(tmp_path / "v.parquet")
    assert validated(tmp_path / "v.parquet", SUITE) == pytest.approx((0.75, 0.5))


def test_flips_are_counted_by_family_and_change() -> None:
    table = pl.DataFrame(
        {
            "family": [0, 0, 1, 1, 2, 2, 2, 3, 3],
            "variant": ["a", "b", "a", "b", "x", "y", "z", "1", "2"],
            "changed": ["gender"] * 4 + ["age"] * 3 + ["image_seed"] * 2,
            "said": np.array([0, 1, 2, 2, 0, 0, 1, 3, 3]),
        }
    )
    assert flips(table, ("gender",)) == {"flip": 0.5, "flip_noise": 0.0}
    assert flips(table, ("gender", "age"))["flip"] == pytest.approx((0.5 + 2 / 3) / 2)
    assert flips(table, ("race",))["flip"] is None


def test_what_a_net_draws_is_measured_also_where_its_latent_is_erased() -> None:
    chips = np.random.default_rng(0).integers(0, 255, (5, 16, 16, 3), np.uint8)
    codes = np.zeros((5, 1), np.int64)
    small = VAEOptions(widths=(8, 8), drawing=(8, 8), grid=4, latent=2, head=8, blocks=1, attributes=(2,))
    drawing = VAE(3, small).eval()
    assert read(Erased.around(drawing), chips, codes)[2] == pytest.approx(read(drawing, chips, codes)[2])
    assert np.isnan(read(Residual(3, ResidualOptions(widths=(8,), blocks=(1,))).eval(), chips, codes)[2])


def test_persons_that_are_shown_more_than_once_are_kept_in_one_half() -> None:
    rng = np.random.default_rng(0)
    person = np.arange(400) // 8
    faces = rng.normal(size=(50, 8))[person] + 0.01 * rng.normal(size=(400, 8))
    codes = rng.integers(0, 2, 50)[person][:, None]
    truth = np.zeros(400, np.int64)
    apart = leakage(faces.astype(np.float32), codes, truth, 0, np.arange(400))
    whole = leakage(faces.astype(np.float32), codes, truth, 0, person)
    assert apart["leak_mlp"] > whole["leak_mlp"] + 0.15, "persons are known again"
    assert whole["leak_mlp"] <= whole["leak_mlp_chance_95"]
