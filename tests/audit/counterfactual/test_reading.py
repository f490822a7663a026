"""Tables as they come: base variants, crossings, gaps, repeats, and what cannot be used."""

import numpy as np
import polars as pl
import pytest

from evenface.audit.counterfactual import counterfactual
from evenface.core.errors import InputError, SettingsError, UnknownNameError

FEW = {"resamples": 100, "min_families": 1}


def rows(*given: tuple[str, str, str | None, str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(given, schema=["family", "variant", "changed", "label", "predicted"], orient="row")


def codes(found) -> set[str]:
    return {warning["code"] for warning in found["warnings"]}


SIMPLE = [(f, f"age={a}", "age", "happy", "happy" if a == 20 else "sad") for f in "abc" for a in (20, 80)]


def test_a_base_stands_with_the_variants_of_each_attribute() -> None:
    table = rows(
        ("f", "base", None, "happy", "happy"),
        ("f", "age=80", "age", "happy", "sad"),
        ("f", "gender=male", "gender", "happy", "happy"),
        ("g", "base", "none", "sad", "sad"),
        ("g", "age=80", "age", "sad", "sad"),
    )
    found = counterfactual(table, **FEW)
    assert [(p["a"], p["b"], p["n"], p["flips"]) for p in found["pairs"]] == [
        ("base", "age=80", 2, 1),
        ("base", "gender=male", 1, 0),
    ]


@pytest.mark.parametrize("changed", ["gender,ethnicity", "ethnicity × gender", "ethnicity*gender"])
def test_crossings_are_named_alike(changed: str) -> None:
    table = rows(
        ("f", "ethnicity=a, gender=f", changed, "happy", "happy"),
        ("f", "ethnicity=b, gender=m", changed, "happy", "sad"),
    )
    assert counterfactual(table, **FEW)["attributes"][0]["attribute"] == "ethnicity × gender"
    listed = table.with_columns(changed=pl.lit(["ethnicity", "gender"]))
    assert counterfactual(listed, **FEW)["attributes"][0]["attribute"] == "ethnicity × gender"


def test_what_was_changed_is_read_off_the_variants_if_need_be() -> None:
    found = counterfactual(rows(*SIMPLE).drop("changed"), **FEW)
    assert found["attributes"][0]["attribute"] == "age"
    plain = rows(*SIMPLE).drop("changed").with_columns(pl.col("variant").str.strip_prefix("age="))
    assert counterfactual(plain, **FEW)["attributes"][0]["attribute"] == "variant"


def test_the_order_of_rows_does_not_matter(planted) -> None:
    table = pl.DataFrame(planted(40, {"asian": 0.3}, lost=0.1, missing=0.1, persons=10, scores=True))
    mixed = table.sample(fraction=1, shuffle=True, seed=1)
    one, two = (dict(counterfactual(each, resamples=100)) for each in (table, mixed))
    for found in (one, two):
        found.pop("input")
    assert str(one) == str(two)


def test_repeated_variants_count_once_or_not_at_all() -> None:
    table = rows(*SIMPLE, SIMPLE[0], ("b", "age=20", "age", "happy", "fear"))
    found = counterfactual(table, **FEW)
    assert found.pair("age=20", "age=80")["n"] == 2  # b's answers to one variant differ
    assert {"repeated_variants", "single_variant"} <= codes(found)


def test_families_with_several_intended_expressions_are_left_out() -> None:
    table = rows(*SIMPLE, ("d", "age=20", "age", "happy", "sad"), ("d", "age=80", "age", "sad", "sad"))
    found = counterfactual(table, **FEW)
    assert found.pair("age=20", "age=80")["n"] == 3
    assert "mixed_families" in codes(found)


def test_rows_without_family_or_label_are_left_out() -> None:
    table = rows(*SIMPLE).vstack(
        rows(("", "age=20", "age", "happy", "sad"), ("z", "age=20", "age", "", "sad")).cast(rows(*SIMPLE).schema)
    )
    found = counterfactual(table, **FEW)
    assert found["input"]["families"] == 3
    assert "no_family" in codes(found)


def test_answers_to_one_variant_alone_are_lost_and_no_flip() -> None:
    table = rows(*SIMPLE, ("d", "age=20", "age", "happy", "happy"), ("d", "age=80", "age", "happy", None))
    pair = counterfactual(table, **FEW).pair("age=20", "age=80")
    assert (pair["answered"], pair["flips"], pair["only_a_answered"]) == (3, 3, 1)
    assert counterfactual(table, **FEW)["transitions"][-1]["to"] == "no answer"


def test_no_answer_at_all_is_undefined_and_not_zero() -> None:
    silent = [(f, v, c, label, None) for f, v, c, label, _ in SIMPLE]
    table = rows(*silent, *[(f + "2", v, "sex", label, a) for f, v, _, label, a in SIMPLE])
    entry = counterfactual(table, **FEW).attribute("age")
    assert entry["flip"]["value"] is None
    assert entry["flip"]["undefined"]
    assert entry["cochran"]["q"] is None


def test_many_variants_are_compared_as_a_whole() -> None:
    table = rows(*[(f, f"tone={i}", "tone", "happy", "sad" if i > 7 else "happy") for f in "abc" for i in range(15)])
    found = counterfactual(table, **FEW)
    assert not found["pairs"]
    assert found.attribute("tone")["flip"]["value"] == pytest.approx(8 * 7 / (15 * 14 / 2))
    assert "many_variants" in codes(found)


def test_renderings_of_a_control_are_numbered() -> None:
    rng = np.random.default_rng(0)
    seeds = [("image_seed", f"image_seed={s}", f) for f in range(20) for s in rng.integers(0, 10**9, 2)]
    table = rows(*[(str(f), v, c, "happy", "happy") for c, v, f in seeds])
    found = counterfactual(table, **FEW)
    assert [v["variant"] for v in found["attributes"][0]["variants"]] == ["image_seed 1", "image_seed 2"]
    assert found["baseline"]["attribute"] == "image_seed"


def test_controls_can_be_named() -> None:
    table = rows(*SIMPLE, *[(f + "2", v.replace("age", "blink"), "blink", y, a) for f, v, _, y, a in SIMPLE])
    found = counterfactual(table, control=["blink"], **FEW)
    assert [(a["attribute"], a["control"]) for a in found["attributes"]] == [("age", False), ("blink", True)]
    assert found.attribute("age")["excess"]["value"] == 0
    with pytest.raises(UnknownNameError, match="Did you mean 'blink'"):
        counterfactual(table, control=["blnk"], **FEW)
    assert counterfactual(table, **FEW).attribute("age")["excess"]["undefined"].startswith("the set holds no control")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (rows(*SIMPLE).drop("family"), "family of a counterfactual set"),
        (rows(*SIMPLE).drop("family", "variant"), "family or the variant"),
        (rows(*[r for r in SIMPLE if r[1] == "age=20"]), "no family has two variants"),
        (rows(*SIMPLE).with_columns(family=pl.lit(None, pl.String)), "names no family"),
        (rows(*SIMPLE).with_columns(family=pl.struct("family", "variant")), "one value per face is needed"),
        (rows(*SIMPLE).drop("predicted"), "predicted class"),
        (rows(*SIMPLE).clear(), "rows"),
    ],
)
def test_what_cannot_be_used_is_said(table: pl.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=message):
        counterfactual(table, **FEW)


def test_settings_are_checked_together() -> None:
    with pytest.raises(SettingsError) as caught:
        counterfactual(rows(*SIMPLE), resamples=3, min_families=0, level=1.0, seed=-1, examples=-1)
    assert str(caught.value).count("\n") == 4
    with pytest.raises(SettingsError, match="Did you mean 'family'"):
        counterfactual(rows(*SIMPLE), family="familly")


def test_a_single_person_and_few_persons_are_told(planted) -> None:
    found = counterfactual(planted(30, persons=1), resamples=100)
    assert found["attributes"][0]["flip"]["low"] is None
    assert "person" in found["attributes"][0]["flip"]["undefined"]
    assert found["pairs"][0]["accuracy"]["undefined"] == found["attributes"][0]["flip"]["undefined"]
    assert "few_persons" in codes(found)


def test_small_pairs_are_shown_and_not_tested(planted) -> None:
    pair = counterfactual(planted(10), resamples=100)["pairs"][0]
    assert pair["small"]
    assert pair["accuracy"]["p"] is None
    assert "fewer than 20 families" in pair["accuracy"]["undefined"]
    assert pair["flip"]["low"] is not None
