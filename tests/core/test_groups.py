import pytest

from evenface.core.errors import SettingsError
from evenface.core.groups import Grouping, by_name, crossings, group_name, groupings, parse_by


def test_names():
    assert str(Grouping(("gender", "race"))) == by_name(["gender", "race"]) == "gender × race"
    assert Grouping(("gender", "race")).group(("F", "=cmd()")) == "gender=F, race==cmd()"
    with pytest.raises(SettingsError, match="needs 2 levels"):
        group_name(("a", "b"), ("x",))


def test_crossings_grow_with_cross():
    assert crossings(["a", "b", "c"], 1) == [("a",), ("b",), ("c",)]
    assert crossings(["a", "b", "c"], 9)[-1] == ("a", "b", "c")
    assert len(groupings(["a", "b", "c", "d"], 3)) == 4 + 6 + 4
    with pytest.raises(SettingsError, match="got 0"):
        crossings(["a"], 0)


@pytest.mark.parametrize("text", ["gender*race", "gender x race", "gender × race", "gender×race", " gender * race "])
def test_parse_by(text):
    assert parse_by(text) == ("gender", "race")


@pytest.mark.parametrize("text", ["", "a*", "a*a", "× b"])
def test_parse_by_refuses(text):
    with pytest.raises(SettingsError, match="once each"):
        parse_by(text)


def test_an_x_within_a_name_does_not_split():
    assert parse_by("sex*max_age") == ("sex", "max_age")
