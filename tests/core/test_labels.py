import pytest

from evenface.core.errors import SettingsError, UnknownNameError
from evenface.core.labels import ALIASES, SPACES, LabelSpace, get_space

CANONICAL = {"angry", "disgust", "fear", "happy", "sad", "surprise", "neutral", "contempt", "positive", "negative"}


@pytest.mark.parametrize("space", SPACES.values(), ids=lambda space: space.name)
def test_every_space_uses_the_one_spelling_and_finds_its_own(space):
    assert set(space.names) <= CANONICAL
    assert set(space.codes.values()) == set(space.names)
    for code, name in space.codes.items():
        assert space.find(code) == name
    for name, own in space.own.items():
        assert space.find(own) == space.find(own.upper()) == name
    for spelling, name in ALIASES.items():
        if name in space.names:
            assert space.find(spelling) == name


@pytest.mark.parametrize(
    ("name", "code", "expression"),
    [
        ("FER2013", "3", "happy"),
        ("FER+", "1", "happy"),
        ("RAF-DB", "4", "happy"),
        ("AffectNet-8", "1", "happy"),
        ("AffectNet-7", "6", "angry"),
        ("CK+", "5", "happy"),
        ("JAFFE", "HA", "happy"),
        ("SMIC-3", "0", "positive"),
        ("MCAM-6", "1", "fear"),
    ],
)
def test_codes_are_each_data_sets_own(name, code, expression):
    assert SPACES[name].find(code) == expression


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("fer2013", "FER2013"),
        ("ferplus", "FER+"),
        ("rafdb", "RAF-DB"),
        ("raf-db", "RAF-DB"),
        ("affectnet7", "AffectNet-7"),
        ("ck+", "CK+"),
    ],
)
def test_spellings_of_space_names(text, name):
    assert get_space(text).name == name


def test_unknown_space_names_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'RAF-DB'"):
        get_space("rafbd")


def test_free_lists_codes_and_pairs():
    assert get_space("a,b,c").codes == {"0": "a", "1": "b", "2": "c"}
    assert get_space(["anger", "joy"]).names == ("angry", "happy")
    assert get_space(["anger", "zest"]).names == ("anger", "zest")
    assert get_space(["anger", "angry"]).names == ("anger", "angry")
    assert get_space("1=happy,2=sadness").find("2") == "sad"
    assert get_space({"7": "x", "9": "y"}).find("9") == "y"
    with pytest.raises(SettingsError, match="twice"):
        LabelSpace.of(["a", "a"])
    with pytest.raises(SettingsError, match="empty"):
        get_space("a,,b")


def test_a_number_is_found_only_as_a_code():
    space = get_space("RAF-DB")
    assert [space.find(code) for code in ("-1", "0", "7", "8", "")] == [None, None, "neutral", None, None]
