import polars as pl
import pytest

from evenface.core.errors import InputError
from evenface.core.reading.files import open_table
from evenface.core.reading.values import MOST_VALUES, different_values, is_code, listed, mapped, number


def test_different_values_are_counted_as_stripped_text():
    table = open_table({"a": [" x", "x ", None, "y"], "n": [1, 1, 2, 2], "id": ["p", "q", "r", "s"]})
    assert different_values(table, ["a", "n"]) == {"a": {"x": 2, "y": 1, None: 1}, "n": {"1": 2, "2": 2}}


def test_too_many_values_are_none():
    table = open_table({"id": range(MOST_VALUES + 1)})
    assert different_values(table, ["id"]) == {"id": None}
    with pytest.raises(InputError, match="holds lists"):
        different_values(open_table({"a": [[1]]}), ["a"])


@pytest.mark.parametrize(
    ("values", "mapping", "dtype", "expected"),
    [
        ([1, 2, 3, None], {"1": 0, "2": 5}, pl.Int16, [0, 5, None, None]),
        ([" a", "b", "c", None], {"a": 1, "b": 1}, pl.Int16, [1, 1, None, None]),
        (["a ", "2.0", "2", "z"], {"a": "a", "2.0": "2", "2": "2"}, pl.String, ["a", "2", "2", None]),
        ([True, False], {"true": "true"}, pl.String, ["true", None]),
        ([1.0, 2.0], {"1.0": 7}, pl.Int16, [7, None]),
        ([1, 2], {}, pl.Int16, [None, None]),
    ],
)
def test_mapped(values, mapping, dtype, expected):
    frame = pl.LazyFrame({"a": values})
    found = frame.with_columns(mapped(frame.collect_schema(), "a", mapping, dtype).alias("b")).collect()["b"]
    assert found.to_list() == expected
    assert found.dtype == dtype


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("-.5", -0.5), ("1e3", 1000), ("1e999", None), ("nan", None), ("²", None), ("1,5", None)],
)
def test_number(text, value):
    assert number(text) == value


def test_is_code():
    assert [is_code(text) for text in ("3", "3.0", "-1", "+2", "3.5", "³", "a3")] == [
        True,
        True,
        True,
        True,
        False,
        False,
        False,
    ]


def test_listed():
    assert listed({"a": 1200, "b": 1}) == "'a' (1,200), 'b' (1)"
    assert listed(list("abcdefgh")) == "'a', 'b', 'c', 'd', 'e', 'f' and 2 more"
