import json
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from evenface.audit.dataset import SCHEMA, dataset_bias
from evenface.audit.dataset.counts import count_faces
from evenface.audit.dataset.stereotypes import _shuffled_tables
from evenface.audit.dataset.write import to_json
from evenface.core.errors import InputError, SettingsError

BY = ["gender", "race"]
FEW = {"resamples": 200, "permutations": 200}
Faces = Callable[..., pl.DataFrame]


def values(result: dict[str, Any], place: int = 0) -> dict[tuple[str, ...], float]:
    """All plain values of a data set, by name: what does not depend on random draws."""
    data = result["datasets"][place]
    found = {("profile", e["by"], name): m["value"] for e in data["profiles"] for name, m in e["metrics"].items()}
    found |= {("link", e["by"], name): m["value"] for e in data["stereotypes"] for name, m in e["metrics"].items()}
    cells = [(e["by"], cell) for e in data["stereotypes"] for cell in e["cells"]]
    return found | {
        (by, c["group"], c["label"], name): m["value"] for by, c in cells for name, m in c["metrics"].items()
    }


def test_planted_link_is_found_and_others_are_not(faces: Faces) -> None:
    result = dataset_bias(faces(), BY)
    gender, race = result["datasets"][0]["stereotypes"]
    assert gender["metrics"]["cramers_v"]["p_holm"] < 0.01 < 0.05 < race["metrics"]["cramers_v"]["p_holm"]
    assert gender["metrics"]["cramers_v"]["value"] > gender["metrics"]["cramers_v"]["chance_95"]
    angry = next(c for c in gender["cells"] if (c["group"], c["label"]) == ("gender=Male", "angry"))
    assert angry["p_adjusted"] < 0.01 and angry["p_holm"] < 1e-6 and angry["ratio_low"] > 2
    assert "angry is 2.7 times as common among gender=Male as among the rest" in angry["words"]
    assert not [c for c in race["cells"] if c["p_adjusted"] < 0.05]
    assert "that does not show independence" in " ".join(result["summary"])


def test_counts_and_shares_are_those_of_the_table(faces: Faces) -> None:
    table = faces(500)
    result = dataset_bias(table, BY, cross=2, **FEW)
    assert result["schema"] == SCHEMA and [e["by"] for e in result["datasets"][0]["profiles"]] == [*BY, "gender × race"]
    crossed = result["datasets"][0]["stereotypes"][2]
    for cell in crossed["cells"]:
        group = table.filter(gender=cell["levels"]["gender"], race=cell["levels"]["race"])
        rest = table.join(group, on=["gender", "race"], how="anti")
        n, rest_n = group.filter(label=cell["label"]).height, rest.filter(label=cell["label"]).height
        assert (cell["n"], cell["group_n"], cell["rest_n"]) == (n, group.height, rest.height)
        assert cell["ratio"] == pytest.approx((n / group.height) / (rest_n / rest.height), rel=1e-9)
        assert crossed["counts"][crossed["groups"].index(cell["group"])][crossed["labels"].index(cell["label"])] == n
    for entry in result["datasets"][0]["profiles"]:
        assert sum(group["n"] for group in entry["groups"]) == entry["n"] == 500


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_files_and_memory_give_the_same(faces: Faces, tmp_path: Any, suffix: str) -> None:
    path = tmp_path / f"faces.{suffix}"
    getattr(faces(), f"write_{suffix}")(path)
    from_file, from_memory = dataset_bias(path, BY, **FEW), dataset_bias(faces(), BY, **FEW)
    assert from_file["datasets"][0]["name"] == "faces"
    assert from_file["datasets"][0]["stereotypes"] == from_memory["datasets"][0]["stereotypes"]


def test_same_input_same_bytes_and_row_order_does_not_matter(faces: Faces) -> None:
    first, again = (to_json(dataset_bias(faces(), BY, **FEW)) for _ in range(2))
    assert first == again
    turned = dataset_bias(faces().reverse(), BY, **FEW)
    for key in ("profiles", "stereotypes"):
        assert turned["datasets"][0][key] == json.loads(first)["datasets"][0][key]


@given(st.integers(1, 299), st.integers(0, 2**16))
@settings(max_examples=10)
def test_splitting_and_merging_files_and_shuffling_rows_change_no_value(cut: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = pl.DataFrame(
        {name: rng.choice(list(levels), 300) for name, levels in (("gender", "FM"), ("race", "ABC"), ("label", "xyz"))}
    )
    merged = pl.concat([table[cut:], table[:cut]]).sample(fraction=1, shuffle=True, seed=seed)
    none = {"resamples": 0, "permutations": 0}
    assert values(dataset_bias(merged, BY, **none)) == values(dataset_bias(table, BY, **none))


def test_renaming_levels_and_labels_changes_no_value(faces: Faces) -> None:
    table = faces()
    renamed = table.with_columns(
        pl.col("gender").replace({"Male": "a man", "Female": "b woman"}),
        pl.col("label").replace({"angry": "z", "sad": "b"}),
    )
    none = {"resamples": 0, "permutations": 0}
    before, after = values(dataset_bias(table, BY, **none)), values(dataset_bias(renamed, BY, **none))
    names = {"Male": "a man", "Female": "b woman", "angry": "z", "sad": "b"}
    for key, value in before.items():
        moved = tuple(names.get(part, part.replace("Female", "b woman").replace("Male", "a man")) for part in key)
        assert after[moved] == pytest.approx(value, rel=1e-9, nan_ok=True)


def test_estimated_attributes_carry_the_word(faces: Faces) -> None:
    result = dataset_bias(faces(), BY, provenance={"race": "estimated"}, cross=2, **FEW)
    assert [e["estimated"] for e in result["datasets"][0]["profiles"]] == [False, True, True]
    assert any("race: estimated by a model" in note for note in result["notes"])
    words = [cell["words"] for entry in result["datasets"][0]["stereotypes"][1:] for cell in entry["cells"]]
    assert all("(estimated" in line for line in words)
    assert all("race (estimated)" in line for line in result["summary"] if "race" in line)


def test_missing_values_are_counted_and_left_out(faces: Faces) -> None:
    table = (
        faces(400)
        .with_row_index()
        .with_columns(
            race=pl.when(pl.col("index") < 50).then(None).otherwise(pl.col("race")),
            label=pl.when(pl.col("index") >= 380).then(None).otherwise(pl.col("label")),
        )
    )
    data = dataset_bias(table, BY, **FEW)["datasets"][0]
    assert [(e["n"], e["missing"]) for e in data["profiles"]] == [(400, 0), (350, 50)]
    assert [(e["n"], e["missing"]) for e in data["stereotypes"]] == [(380, 20), (330, 70)]
    assert data["input"]["attributes"][1]["missing"] == 50


@pytest.mark.parametrize("strange", [True, False], ids=["other labels", "one label"])
def test_faces_of_unknown_groups_lend_no_labels_to_chance(strange: bool) -> None:
    """200 faces of known gender, 10,000 others: chance tables hold the 200, whatever the others show."""
    rng = np.random.default_rng(0)
    gender, label = np.repeat(["F", "M"], [120, 80]), rng.choice(["happy", "sad"], 200)
    known = pl.DataFrame({"gender": gender, "race": rng.choice(["A", "B"], 200), "label": label})
    other = rng.choice(list("vwxyz"), 10_000) if strange else np.full(10_000, "happy")
    unknown = pl.DataFrame({"gender": pl.Series([None] * 10_000, dtype=pl.String), "race": ["A"] * 10_000})
    table = pl.concat([known, unknown.with_columns(label=pl.Series(other))])
    data = count_faces(table, BY, "label")
    groupings = data.groupings(2)
    for grouping, drawn in zip(groupings, _shuffled_tables(data, groupings, 50, rng), strict=True):
        seen = data.table(grouping)[:, :-1]
        assert (drawn.sum(2) == seen.sum(1)).all()
        assert (drawn.sum(1) == seen.sum(0)).all()
    first, shuffles = gender == "F", []
    for _ in range(500):
        sad = rng.permutation(label == "sad")
        share = sad.mean()
        shuffles.append(abs(sad[first].mean() - sad[~first].mean()) * np.sqrt(0.24 / (share * (1 - share))))
    found = dataset_bias(table, BY, resamples=100, permutations=500)["datasets"][0]["stereotypes"][0]["metrics"]
    step = 0.02  # V takes few values here
    assert found["cramers_v"]["chance_95"] == pytest.approx(np.quantile(shuffles, 0.95), abs=step)


def test_without_a_label_only_representation_is_measured(faces: Faces) -> None:
    result = dataset_bias(faces().drop("label"), BY, **FEW)
    assert result["datasets"][0]["stereotypes"] == [] and result["settings"]["label"] is None
    assert any("only representation is measured" in note for note in result["notes"])


def test_one_group_gives_reasons_not_numbers(faces: Faces) -> None:
    result = dataset_bias(faces(races=(1.0,)), ["race"], **FEW)
    found = result["datasets"][0]["profiles"][0]["metrics"]["shannon_evenness"]
    assert (found["value"], found["undefined"]) == (None, "needs at least two groups")
    link = result["datasets"][0]["stereotypes"][0]
    assert link["metrics"]["cramers_v"]["value"] is None and link["metrics"]["cramers_v"]["undefined"]
    assert all(cell["ratio"] is None and cell["undefined"] == "there is no other group" for cell in link["cells"])
    json.loads(to_json(result))


def test_every_missing_number_has_its_reason(faces: Faces) -> None:
    table = pl.concat([faces(200), pl.DataFrame({"gender": ["Male"] * 3, "race": ["Rare"] * 3, "label": ["only"] * 3})])

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "undefined" in node and {"value", "low"} & node.keys() and None in (node.get("value"), node.get("low")):
                assert node["undefined"], node
            for inner in node.values():
                walk(inner)
        elif isinstance(node, list):
            for inner in node:
                walk(inner)

    walk(dataset_bias([table, faces(100)], BY, cross=2, **FEW))


class TestSeveral:
    def test_a_data_set_is_like_another_sample_of_itself(self, faces: Faces) -> None:
        result = dataset_bias([faces(seed=1), faces(seed=2)], BY, names=["one", "two"], **FEW)
        assert [(pair["a"], pair["b"], pair["by"]) for pair in result["similarity"]] == [
            ("one", "two", by) for by in BY
        ]
        for pair in result["similarity"]:
            assert pair["value"] > pair["chance_95"] - 0.02 and pair["p"] > 0.01 and pair["high"] == 1

    def test_p_of_pairs_are_corrected_over_all_of_them(self, faces: Faces) -> None:
        result = dataset_bias([faces(seed=seed) for seed in range(3)], BY, names=["one", "two", "three"], **FEW)
        p = [pair["p"] for pair in result["similarity"]]
        assert len(p) == 3 * len(BY) > 3
        corrected = [pair["p_holm"] for pair in result["similarity"]]
        np.testing.assert_allclose(corrected, multipletests(p, method="holm")[1])

    def test_a_group_that_one_lacks_is_named(self, faces: Faces) -> None:
        result = dataset_bias([faces(races=(0.5, 0.5)), faces()], ["race"], names=["two", "three"], **FEW)
        first = result["datasets"][0]["profiles"][0]
        assert first["absent"] == ["race=Asian"]
        assert (
            first["metrics"]["similarity_to_balance"]["value"] < 0.7 < first["metrics"]["similarity_evenness"]["value"]
        )
        assert result["similarity"][0]["p"] < 0.01
        assert result["similarity"][0]["differences"][0]["group"] in {"race=Black", "race=White"}

    def test_against_compares_each_with_one(self, faces: Faces) -> None:
        result = dataset_bias(
            [faces(seed=1), faces(seed=2)], ["race"], against=faces(seed=3), names=["a", "b", "c"], **FEW
        )
        assert [(pair["a"], pair["b"]) for pair in result["similarity"]] == [("a", "c"), ("b", "c")]

    def test_equal_names_get_numbers(self, faces: Faces) -> None:
        result = dataset_bias([faces(seed=1), faces(seed=2)], ["race"], **FEW)
        names = [data["name"] for data in result["datasets"]]
        assert len(set(names)) == 2 and names[1] == f"{names[0]} (2)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"by": ["gnder"]}, "Did you mean 'gender'"),
        ({"label": "lable"}, "Did you mean 'label'"),
        ({"label": "gender"}, "both as label and as attribute"),
        ({"cross": 0}, "at least 1"),
        ({"resamples": 7, "permutations": -1}, r"resamples .* permutations"),
        ({"names": ["a", "b"]}, "1 tables but 2 names"),
        ({"provenance": {"gender": "guessed"}}, "guessed"),
    ],
)
def test_wrong_settings_are_named(faces: Faces, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        dataset_bias(faces(50), **{"by": BY, **arguments})


def test_nothing_to_read(faces: Faces) -> None:
    with pytest.raises(SettingsError, match="No table"):
        dataset_bias([], BY)
    with pytest.raises(InputError):
        dataset_bias(faces(50).clear(), BY)
