"""What must not matter does not: the order of rows, names, other groups; and no table breaks the audit."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evenface.audit.run import audit
from evenface.core.tables import Predictions

QUICK = {"resamples": 100, "permutations": 100, "min_group": 3, "min_rate": 2}
FEW = settings(max_examples=12, suppress_health_check=list(HealthCheck), derandomize=True)


@st.composite
def tables(draw: st.DrawFn, scores: bool = False) -> dict[str, Any]:
    """Columns of a table of 1 to 60 faces, with whatever can be missing missing."""
    n, classes = draw(st.integers(1, 60)), draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    columns: dict[str, Any] = {
        "true": rng.integers(0, draw(st.integers(1, classes)), n),
        "attributes": {
            "g": rng.choice(np.array(["a", "b", "c", None], object)[: draw(st.integers(1, 4))], n),
            "h": rng.choice(np.array(["x", None, "y"], object)[: draw(st.integers(1, 3))], n),
        },
        "classes": classes,
    }
    p = rng.dirichlet(np.ones(classes), n)
    silent = rng.random(n) < draw(st.sampled_from([0.0, 0.2, 1.0]))
    columns["answer"] = np.where(silent, -1, p.argmax(1))
    if scores:
        columns["p"] = p
    if draw(st.booleans()):
        columns["subject"] = rng.choice(np.array(["p1", "p2", "p3", None], object), n)
    return columns


def taken(columns: dict[str, Any], rows: Any) -> dict[str, Any]:
    """The same table with these rows."""
    out = {k: columns[k][rows] for k in ("true", "answer", "p", "subject") if columns.get(k) is not None}
    return columns | out | {"attributes": {k: v[rows] for k, v in columns["attributes"].items()}}


def rounded(value: Any) -> Any:
    """As written: 12 significant digits."""
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return float(f"{value:.12g}") if isinstance(value, float) else value


def same_numbers(one: Any, two: Any, near: float = 1e-9) -> None:
    """Equal texts and whole numbers, and floats up to the last digits of sums in another order."""
    assert type(one) is type(two) or {type(one), type(two)} <= {int, float, np.float64}
    if isinstance(one, dict):
        assert list(one) == list(two)
        for key in one:
            same_numbers(one[key], two[key], near)
    elif isinstance(one, list):
        assert len(one) == len(two)
        for a, b in zip(one, two, strict=True):
            same_numbers(a, b, near)
    elif isinstance(one, float):
        assert one == pytest.approx(two, rel=near, abs=near)
    else:
        assert one == two


def values_of(data: dict[str, Any]) -> dict[tuple[str, str], float | None]:
    return {(g["group"], name): e["value"] for g in data["groups"] for name, e in g["metrics"].items()}


@FEW
@given(columns=tables(), seed=st.integers(0, 100))
def test_the_order_of_rows_does_not_matter_to_a_byte(columns: dict[str, Any], seed: int, table: Any) -> None:
    order = np.random.default_rng(seed).permutation(len(columns["true"]))
    one, two = (audit(table(**c), **QUICK).data for c in (columns, taken(columns, order)))
    assert json.dumps(one) == json.dumps(two)


@FEW
@given(columns=tables(scores=True), seed=st.integers(0, 100))
def test_the_order_of_rows_does_not_matter_to_scores(columns: dict[str, Any], seed: int, table: Any) -> None:
    """Sums of probabilities in another order differ in their last digit, and values in no digit that is written."""
    order = np.random.default_rng(seed).permutation(len(columns["true"]))
    one, two = (audit(table(**c), **QUICK).data for c in (columns, taken(columns, order)))
    for a, b in zip(one["groups"], two["groups"], strict=True):
        for name, entry in a["metrics"].items():
            other = b["metrics"][name]["value"]
            assert (entry["value"] is None) == (other is None), name
            assert other is None or entry["value"] == pytest.approx(other, rel=1e-11, abs=1e-12), name


@FEW
@given(columns=tables())
def test_names_that_keep_their_order_change_no_number(columns: dict[str, Any], table: Any) -> None:
    names = ("k1", "k2", "k3", "k4")
    one = audit(table(**columns), **QUICK).data
    two = audit(table(**columns, names=names), **QUICK).data
    text = json.dumps(two)
    for old, new in zip(one["input"]["classes"], names, strict=False):
        text = text.replace(f"[{new}]", f"[{old}]").replace(f'"{new}"', f'"{old}"').replace(f"{new} ", f"{old} ")
        text = text.replace(f" {new}", f" {old}")
    same_numbers(json.loads(json.dumps(one["groups"])), json.loads(text)["groups"])
    same_numbers(json.loads(json.dumps(one["gaps"])), json.loads(text)["gaps"])


@FEW
@given(columns=tables(), seed=st.integers(0, 100))
def test_classes_in_another_order_keep_their_values(columns: dict[str, Any], seed: int, table: Any) -> None:
    k = columns["classes"]
    order = np.random.default_rng(seed).permutation(k)
    names = np.array(["happy", "sad", "fear", "angry"])[:k]
    shuffled = np.empty(k, object)
    shuffled[order] = names
    moved = columns | {"true": order[columns["true"]], "answer": np.append(order, -1)[columns["answer"]]}
    one = audit(table(**columns, names=tuple(names)), **QUICK).data
    two = audit(table(**moved, names=tuple(shuffled)), **QUICK).data
    a, b = values_of(one), values_of(two)
    assert a.keys() == b.keys()
    for key, value in a.items():
        assert value == pytest.approx(b[key], abs=1e-12), key
    gaps = [{(g["by"], g["metric"], g["kind"], g["best"]): g["value"] for g in d["gaps"]} for d in (one, two)]
    for key, value in gaps[0].items():
        if key in gaps[1]:  # of groups that are level, the first named is called best
            assert value == pytest.approx(gaps[1][key], abs=1e-12), key


@FEW
@given(columns=tables())
def test_groups_by_other_names_keep_their_values(columns: dict[str, Any], table: Any) -> None:
    other = {"a": "zed", "b": "=cmd()", "c": "<script>", None: None}
    g = np.array([other[v] for v in columns["attributes"]["g"]], object)
    one = values_of(audit(table(**columns), **QUICK).data)
    two = values_of(audit(table(**columns | {"attributes": columns["attributes"] | {"g": g}}), **QUICK).data)
    assert len(one) == len(two)
    for (group, metric), value in one.items():
        for old, new in other.items():
            group = group.replace(f"g={old}", f"g={new}") if old and group.startswith(f"g={old}") else group
        assert value == pytest.approx(two[group, metric], abs=1e-12)


@FEW
@given(columns=tables(scores=True))
def test_splitting_a_group_leaves_the_others_alone(columns: dict[str, Any], table: Any) -> None:
    g = columns["attributes"]["g"]
    halves = np.where((g == "a") & (np.arange(len(g)) % 2 == 0), "a2", g)
    one = values_of(audit(table(**columns), **QUICK, cross=1).data)
    two = values_of(
        audit(table(**columns | {"attributes": columns["attributes"] | {"g": halves}}), **QUICK, cross=1).data
    )
    for key, value in one.items():
        if key[0] != "g=a":
            assert value == pytest.approx(two[key], abs=1e-9), key


@FEW
@given(one=tables(), two=tables())
def test_merged_tables_have_the_sum_of_counts(one: dict[str, Any], two: dict[str, Any], table: Any) -> None:
    both = {k: np.concatenate([one[k], two[k]]) for k in ("true", "answer")}
    both["attributes"] = {k: np.concatenate([one["attributes"][k], two["attributes"][k]]) for k in "gh"}
    levels = {"g": ("a", "b", "c"), "h": ("x", "y")}
    found = []
    for columns in (one, two, both):
        columns = {k: v for k, v in columns.items() if k != "subject"} | {"classes": 4}
        data = audit(table(**columns, levels=levels), **QUICK).data
        found.append({g["group"]: np.array(g["confusion"]) for g in data["groups"]})
        found[-1]["all"] = np.array(data["overall"]["confusion"])
    first, second, merged = found
    assert set(merged) == set(first) | set(second)
    for group, counts in merged.items():
        assert (counts == first.get(group, 0) + second.get(group, 0)).all()


@settings(FEW, max_examples=40)
@given(columns=tables(scores=True))
def test_no_table_breaks_the_audit(columns: dict[str, Any], table: Any) -> None:
    """One row, one class, one group, no answers, persons unknown: a result that can be written, its ends in order."""
    data = audit(table(**columns), **QUICK).data
    text = json.dumps(data, allow_nan=False)
    assert json.loads(text)["schema"] == data["schema"]
    for group in data["groups"]:
        for name, entry in group["metrics"].items():
            assert (entry["value"] is None) == (entry["undefined"] is not None), name
            if entry["value"] is not None:
                high = np.inf if entry["high"] is None and name == "log_loss" else entry["high"]
                assert entry["low"] <= entry["value"] <= high, name
    for gap in data["gaps"]:
        ends = ("value", "low", "high", "p")
        assert gap["undefined"] is not None or all(gap[end] is not None for end in ends), gap
        if all(gap[end] is not None for end in ends):  # by chance alone a gap may be undefined mostly, or never differ
            assert gap["low"] <= gap["value"] + 1e-9, gap
            assert gap["value"] <= gap["high"] + 1e-9, gap
            assert 0 < gap["p"] <= 1, gap


def plain(table: Callable[..., Predictions], n: int = 90, **change: Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, n)
    made = {
        "true": true,
        "answer": np.where(rng.random(n) < 0.7, true, 0),
        "attributes": {"g": rng.choice(["a", "b"], n)},
    }
    return audit(table(**made | change), resamples=100, permutations=100).data


def test_a_group_of_three_faces_is_shown_and_marked(table: Callable[..., Predictions]) -> None:
    group = np.array(["c"] * 3 + ["a", "b"] * 40 + ["a"] * 7)
    data = plain(table, attributes={"g": group})
    small = next(g for g in data["groups"] if g["group"] == "g=c")
    assert small["small"]
    assert small["metrics"]["accuracy"]["value"] is not None
    assert small["metrics"]["accuracy"]["high"] - small["metrics"]["accuracy"]["low"] > 0.4
    gaps = [g for g in data["gaps"] if g["metric"] == "accuracy" and g["kind"] != "pair"]
    assert all("g=c" in g["left_out"] for g in gaps)


def test_one_group_has_no_gaps(table: Callable[..., Predictions]) -> None:
    data = plain(table, attributes={"g": ["a"] * 90})
    assert {g["value"] for g in data["gaps"]} == {None}
    assert "one_group" in {w["code"] for w in data["warnings"]}
    assert data["flows"] == []


def test_no_attribute_at_all(table: Callable[..., Predictions]) -> None:
    data = plain(table, attributes={})
    assert (data["groups"], data["gaps"], data["flows"]) == ([], [], [])
    assert data["overall"]["metrics"]["accuracy"]["value"] is not None


def test_an_attribute_that_is_never_known(table: Callable[..., Predictions]) -> None:
    data = plain(table, attributes={"g": [None] * 90, "h": ["x", "y"] * 45})
    assert data["input"]["attributes"][0]["missing"] == 90
    assert {g["by"] for g in data["groups"]} == {"h"}


def test_no_answers_at_all(table: Callable[..., Predictions]) -> None:
    data = plain(table, answer=np.full(90, -1), classes=3)
    metrics = data["overall"]["metrics"]
    assert (metrics["coverage"]["value"], metrics["accuracy_all"]["value"]) == (0, 0)
    assert metrics["accuracy"]["value"] is None
    assert metrics["accuracy"]["undefined"] == "no face with an answer"


def test_no_answers_in_one_group(table: Callable[..., Predictions]) -> None:
    group = np.array(["a", "b", "c"] * 30)
    data = plain(table, attributes={"g": group}, answer=np.where(group == "c", -1, 1))
    gap = next(g for g in data["gaps"] if (g["metric"], g["kind"]) == ("coverage", "difference"))
    assert (gap["value"], gap["worst"], gap["p"]) == (1, "g=c", 1 / 101)


def test_one_class(table: Callable[..., Predictions]) -> None:
    data = plain(table, true=np.zeros(90, int), answer=np.zeros(90, int), classes=1)
    assert data["overall"]["metrics"]["accuracy"]["value"] == 1
    assert data["overall"]["metrics"]["cohen_kappa"]["value"] is None


def test_a_single_row(table: Callable[..., Predictions]) -> None:
    data = plain(table, true=[1], answer=[1], attributes={"g": ["a"]}, p=np.array([[0.2, 0.8]]))
    entry = data["overall"]["metrics"]["accuracy"]
    assert (entry["value"], entry["high"], entry["n"]) == (1, 1, 1)
    assert entry["low"] < 0.3


def test_rows_that_stream_from_a_file_are_counted_alike(
    table: Callable[..., Predictions], faces: Callable[..., Any], tmp_path: Any
) -> None:
    data = table(**faces(0, n=300))
    path = tmp_path / "faces.parquet"
    data.frame.collect().write_parquet(path)
    lazy = Predictions(pl.scan_parquet(path), data.labels, data.attributes, data.rows, data.source, data.sha256)
    one, two = (audit(d, resamples=100, permutations=100).data for d in (data, lazy))
    assert rounded(one) == rounded(two)
