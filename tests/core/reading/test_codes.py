import pytest

from evenface.core.errors import InputError
from evenface.core.reading.codes import name_classes
from evenface.core.reading.values import plain_integer


def classes(true, pred=None, **given):
    return name_classes(dict.fromkeys(true, 5), dict.fromkeys(true if pred is None else pred, 4), "t.csv", **given)


def test_names_in_any_spelling_become_one():
    found = classes(["anger", "Joy", "SAD"], ["happiness", "angry", ""])
    assert found.space.names == ("angry", "happy", "sad")
    assert found.true == {"anger": "angry", "Joy": "happy", "SAD": "sad"}
    assert found.pred == {"happiness": "happy", "angry": "angry"}
    assert not found.ordered


def test_every_other_spelling_is_told():
    assert classes(["angry", "happy", "sad"], ["happiness", "sadness", "joy"]).notes[-1] == (
        "Spelled here: happiness as happy, sadness as sad, joy as happy."
    )
    assert not any("Spelled" in note for note in classes(["happy", "sad"]).notes)


def test_unknown_names_stay_as_they_are():
    assert classes(["anger", "zest"]).space.names == ("anger", "zest")


def test_names_that_differ_in_case_only_are_one_class():
    found = classes(["zest", "Zest", "angst"])
    assert len(found.space.names) == 2
    assert found.true["zest"] == found.true["Zest"]


def test_codes_by_a_space():
    found = classes(["1", "4.0", "07"], labels="RAF-DB")
    assert found.true == {"1": "surprise", "4.0": "happy", "07": "neutral"}
    assert classes(["0", "2"], labels="x,y,z").true == {"0": "x", "2": "z"}
    assert classes(["HA", "su"], labels="jaffe").true == {"HA": "happy", "su": "surprise"}


def test_codes_without_names_are_marked():
    found = classes(["10", "2", "0"], ["2", "-1"])
    assert found.space.names == ("class 0", "class 2", "class 10")
    assert [notice.code for notice in found.warnings] == ["unnamed_codes"]
    assert "-1" not in found.pred
    assert "would fit FER2013" in classes([str(i) for i in range(7)]).warnings[0].message
    assert classes(["0", "1"], score_width=3).space.names == ("class 0", "class 1", "class 2")


def test_codes_named_by_another_column_or_by_scores():
    found = classes(["0", "1"], ["1", "2"], code_names={"0": "joy", "1": "zest"})
    assert found.space.names == ("joy", "zest", "class 2")
    assert found.ordered
    assert [notice.code for notice in found.warnings] == ["unnamed_codes"]
    found = classes(["0", "1"], score_names=["happy", "sadness", "fear"])
    assert found.true == {"0": "happy", "1": "sad"}


def test_codes_keep_every_digit():
    big = "12345678901234567890"
    found = classes([big, big[:-1] + "1"])
    assert len(found.space.names) == 2
    assert found.true[big] == f"class {big}"
    assert plain_integer(big + ".0") == big
    assert [plain_integer(text) for text in ("-01", "-0", "1e3", "1.50", "1e400", "x")] == [
        "-1",
        "0",
        "1000",
        "1.50",
        "1e400",
        "x",
    ]


@pytest.mark.parametrize(
    ("true", "given", "said"),
    [
        (["0", "9"], {"labels": "FER2013"}, r"'9' \(5\)"),
        (["hapy"], {"labels": "FER2013"}, "Did you mean 'happy'"),
        (["happy", "3"], {}, r"mix codes \('3'\) and names \('happy'\)"),
        (["", "nan"], {}, "missing in every row"),
        ([str(i) for i in range(200)], {}, "no list of classes"),
    ],
)
def test_refused_values(true, given, said):
    with pytest.raises(InputError, match=said):
        classes(true, **given)


@pytest.mark.parametrize("text", ["none", "No Face", "no_face_detected", "ABSTAIN", "-1", "-1.0", "NaN", ""])
def test_texts_that_mean_no_answer(text):
    assert classes(["happy"], ["happy", text]).pred == {"happy": "happy"}


def test_a_class_of_the_space_is_an_answer_even_if_it_reads_like_none():
    assert classes(["happy"], ["unknown"], labels="happy,unknown").pred == {"unknown": "unknown"}
