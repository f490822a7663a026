import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenface.core.errors import InputError, SettingsError
from evenface.core.reading import attribute_expressions, open_table
from evenface.core.reading.attributes import in_natural_order


def read(values, name="a", **settings):
    table = open_table(pl.DataFrame({name: values}, strict=False))
    expressions, attributes, notes, warnings = attribute_expressions(table, [name], **settings)
    return (
        table.frame.select(expressions).collect()[f"attr:{name}"].to_list(),
        attributes[0],
        notes,
        [w.code for w in warnings],
    )


def test_text_is_trimmed_and_missing_values_are_said():
    values, attribute, notes, warnings = read([" F", "M ", "", "nan", None, "NA", "unknown", "none"])
    assert values == ["F", "M", None, None, None, None, None, "none"]
    assert attribute.levels == ("F", "M", "none")
    assert "not known for 5 of 8 rows" in notes[0]
    assert warnings == []


@pytest.mark.parametrize(
    ("values", "expected", "levels"),
    [
        ([True, False, None], ["true", "false", None], ("false", "true")),
        ([10, 9, None], ["10", "9", None], ("9", "10")),
        ([1.0, 2.0, float("nan")], ["1", "2", None], ("1", "2")),
        ([0.5, 2.0, 0.5], ["0.5", "2", "0.5"], ("0.5", "2")),
        (["01", "1", "2.0"], ["1", "1", "2"], ("1", "2")),
        ([10**19, 10**19 + 1], [str(10**19), str(10**19 + 1)], (str(10**19), str(10**19 + 1))),
    ],
)
def test_few_numbers_and_truth_values_are_categories(values, expected, levels):
    found, attribute, _, _ = read(values)
    assert (found, attribute.levels) == (expected, levels)


@pytest.mark.parametrize(
    "ordered",
    [
        ["00-02", "03-09", "10-19", "60-69", "70+"],
        ["<18", "18-39", "40-69", ">70"],
        ["under 5", "5 to 10", "more than 70"],
        ["0-2", "3-9", "10-19", "more than 70"],
        ["child", "teen", "adult"],
        ["young", "middle-aged", "old"],
        ["Light", "Medium", "Dark"],
        ["I", "II", "III", "IV", "V", "VI"],
        ["group 2", "group 10"],
        ["apple", "Banana", "cherry"],
    ],
)
def test_natural_order(ordered):
    assert in_natural_order(set(ordered)) == ordered


def test_bins_of_whole_numbers_and_of_others():
    values, attribute, notes, _ = read([0, 17, 18, 39, 60, -1, None], bins={"a": [0, 18, 40, 60]})
    assert values == ["0-17", "0-17", "18-39", "18-39", "60+", "<0", None]
    assert attribute.levels == ("<0", "0-17", "18-39", "40-59", "60+")
    assert "bins" in notes[0]
    values, attribute, _, _ = read([0.5, 18.0, float("inf"), float("nan")], bins={"a": [0, 18]})
    assert values == ["0 to <18", "18+", None, None]
    assert attribute.levels == ("0 to <18", "18+")
    assert read(["3", " 20 ", ""], bins={"a": [0, 18]})[0] == ["0-17", "18+", None]


def test_one_edge_splits_in_two():
    assert read([1, 2, 3], bins={"a": [2]})[0] == ["<2", "2+", "2+"]


@given(
    st.lists(st.integers(-5, 120), min_size=25, max_size=60),
    st.lists(st.integers(-3, 110), min_size=1, max_size=5, unique=True),
)
def test_bins_hold_what_they_say(ages, edges):
    edges = sorted(edges)
    values, attribute, _, _ = read(ages, bins={"a": edges})
    place = {level: i for i, level in enumerate(attribute.levels)}
    shift = min(ages) >= edges[0]
    assert [place[value] for value in values] == [sum(age >= edge for edge in edges) - shift for age in ages]


def test_many_ages_get_the_default_bands_and_other_numbers_an_error():
    values, attribute, notes, _ = read(list(range(90)), name="age")
    assert attribute.levels == ("0-2", "3-9", "10-19", "20-39", "40-59", "60+")
    assert values[2:4] == ["0-2", "3-9"]
    assert "0-2" in notes[0]
    with pytest.raises(InputError, match=r"bins for it, such as height=150,"):
        read(list(range(150, 250)), name="height")


def test_refused_attributes():
    with pytest.raises(InputError, match="no known value"):
        read([None, "nan"])
    with pytest.raises(InputError, match="names faces or people"):
        read([f"person {i}" for i in range(300)])
    with pytest.raises(InputError, match="names faces or people"):
        read([f"person {i}" for i in range(11_000)])
    with pytest.raises(InputError, match="is not a number: it holds 'x'"):
        read(["1", "x"], bins={"a": [0, 1]})


def test_settings_that_do_not_fit_are_reported_together():
    table = open_table({"gender": ["F", "M"], "race": ["a", "b"]})
    with pytest.raises(SettingsError) as caught:
        attribute_expressions(table, ["gendr", "race"], bins={"race": [2, 1], "age": [1]}, provenance={"race": "guess"})
    said = str(caught.value)
    for part in ("Did you mean 'gender'", "increasing", "bins names 'age'", "Allowed: self-reported"):
        assert part in said


def test_provenance_and_notices():
    _, attribute, _, warnings = read(["x", "x"], provenance={"a": "estimated"})
    assert attribute.provenance == "estimated"
    assert read(["x", "x"], provenance={"a": "generated"})[1].provenance == "generated"
    assert warnings == ["one_group"]
    assert read(["Male", "male", "F"])[3] == ["similar_levels"]


def test_lenient_leaves_out_what_cannot_be_used():
    table = open_table({"gender": ["F", "M"], "race": [None, None]})
    _, attributes, _, warnings = attribute_expressions(table, ["gender", "race"], lenient=True)
    assert [each.name for each in attributes] == ["gender"]
    assert [notice.code for notice in warnings] == ["attribute_left_out"]


@pytest.mark.parametrize("name", ["=cmd()", "<script>alert(1)</script>", "a\nb", "ß ☃"])
def test_odd_names_pass_as_plain_data(name):
    assert read([name, "x"])[0] == [name, "x"]
