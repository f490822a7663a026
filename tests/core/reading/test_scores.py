import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenface.core.errors import InputError
from evenface.core.reading.scores import highest, kind_of, list_expression, list_width, probabilities, summary

PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [1.0, 0.0, 0.0]])
LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, 1.0], [-900.0, 900.0, 0.0]])


def read(values):
    frame = pl.LazyFrame({f"c{i}": column for i, column in enumerate(np.asarray(values, float).T)})
    raw = [pl.col(f"c{i}") for i in range(np.shape(values)[1])]
    kind = kind_of(frame.select(summary(raw)).collect().row(0, named=True), len(raw))
    found = frame.select(value.alias(str(i)) for i, value in enumerate(probabilities(raw, kind))).collect()
    return found.to_numpy(), kind


def softmax(values):
    shifted = np.exp(values - values.max(1, keepdims=True))
    return shifted / shifted.sum(1, keepdims=True)


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (PROBABILITIES, "probabilities", PROBABILITIES),
        (100 * PROBABILITIES, "percentages", PROBABILITIES),
        (LOGITS, "logits", softmax(LOGITS)),
        (np.log(PROBABILITIES[:2]), "logits", PROBABILITIES[:2]),
        (LOGITS + 1000, "logits", softmax(LOGITS)),
        (PROBABILITIES / 2, "unnormalised", PROBABILITIES),
        ([[0.33, 0.33, 0.33]], "probabilities", [[1 / 3] * 3]),
    ],
)
def test_kinds(values, kind, expected):
    found, seen = read(values)
    assert seen.name == kind
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_rows_that_cannot_be_used_are_null_and_counted():
    values = np.tile(PROBABILITIES, (10, 1))
    values[0, 1], values[1, 0], values[2] = np.nan, np.inf, [0.9, 0.9, 0.9]
    found, kind = read(values)
    assert np.isnan(found[:3]).all()
    np.testing.assert_allclose(found[3:], values[3:])
    assert [notice.code for notice in kind.warnings] == ["scores_not_finite", "scores_do_not_sum"]
    assert kind.warnings[0].message.startswith("Scores of 2 of 30 rows")
    with pytest.raises(InputError, match="no row of finite numbers"):
        read([[np.nan, 1.0]])


@given(st.lists(st.lists(st.floats(-50, 50), min_size=4, max_size=4), min_size=1, max_size=20))
@settings(max_examples=40)
def test_probabilities_sum_to_one_and_keep_the_order(values):
    found, _ = read(values)
    used = ~np.isnan(found).any(1)
    np.testing.assert_allclose(found[used].sum(1), 1)
    assert (
        np.take_along_axis(found[used], np.array(values)[used].argmax(1)[:, None], 1)[:, 0]
        >= found[used].max(1) - 1e-12
    ).all()


def test_highest_is_the_first_of_equal_ones():
    frame = pl.DataFrame({"a": [0.1, 0.5, None, float("nan")], "b": [0.2, 0.5, 1.0, 1.0]})
    assert frame.select(highest([pl.col("a"), pl.col("b")])).to_series().to_list() == [1, 0, None, None]


@pytest.mark.parametrize(
    "text",
    [
        "[1.5, -2e-3, 3]",
        "[1.5 -2e-3 3]",
        " 1.5  -.002\n 3. ",
        "tensor([1.5000, -0.002, 3.])",
        "(1.5;-0.002;3)",
        "1.5,-0.002,3",
    ],
)
def test_lists_as_text(text):
    frame = pl.LazyFrame({"s": [text, None]})
    parsed = frame.select(list_expression(frame, "s"))
    assert parsed.collect()["s"].to_list() == [[1.5, -0.002, 3.0], None]
    assert list_width(parsed, "s") == 3


def test_lists_as_lists_and_with_nan():
    frame = pl.LazyFrame({"s": ["[nan, -inf, 1e3]"]})
    assert str(frame.select(list_expression(frame, "s")).collect()["s"].to_list()) == "[[nan, -inf, 1000.0]]"
    for dtype in (pl.List(pl.Float32), pl.Array(pl.Float64, 2)):
        frame = pl.LazyFrame({"s": pl.Series([[1.0, 2.0]], dtype=dtype)})
        assert frame.select(list_expression(frame, "s")).collect()["s"].to_list() == [[1.0, 2.0]]


def test_lists_of_different_lengths():
    frame = pl.LazyFrame({"s": [[1.0], [1.0, 2.0], [3.0, 4.0]]})
    with pytest.raises(InputError, match="2 rows with 2, 1 rows with 1"):
        list_width(frame, "s")
    with pytest.raises(InputError, match="holds no scores"):
        list_width(pl.LazyFrame({"s": [None]}, schema={"s": pl.List(pl.Float64)}), "s")
    with pytest.raises(InputError, match="where a list of scores"):
        list_expression(pl.LazyFrame({"s": [1.0]}), "s")
