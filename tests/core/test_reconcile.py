import pytest

from evenface.core.errors import SettingsError
from evenface.core.labels import SPACES, LabelSpace
from evenface.core.reconcile import reconcile


def test_eight_to_seven_drops_contempt_and_says_so():
    found = reconcile(SPACES["AffectNet-8"], SPACES["RAF-DB"])
    assert found.dropped == ("contempt",)
    assert "dropped: contempt" in found.sentence


def test_seven_to_six_and_back():
    assert reconcile(SPACES["RAF-DB"], SPACES["MCAM-6"]).dropped == ("disgust",)
    assert "without a source: disgust" in reconcile(SPACES["MCAM-6"], SPACES["RAF-DB"]).sentence


def test_seven_to_three():
    table = reconcile(SPACES["FER2013"], SPACES["SMIC-3"]).table
    assert table["happy"] == "positive"
    assert {table[name] for name in ("angry", "disgust", "fear", "sad")} == {"negative"}
    assert (table["surprise"], table["neutral"]) == ("surprise", None)


def test_renamed_classes_meet():
    found = reconcile(LabelSpace.of(["scared", "joy", "odd"]), LabelSpace.of(["happiness", "fear"]))
    assert found.table == {"scared": "fear", "joy": "happy", "odd": None}
    assert "scared -> fear" in found.sentence


def test_a_merge_can_be_chosen():
    found = reconcile(SPACES["AffectNet-8"], SPACES["AffectNet-7"], {"contempt": "disgust"})
    assert found.dropped == ()
    assert "disgust + contempt -> disgust" in found.sentence
    with pytest.raises(SettingsError, match="Did you mean 'contempt'"):
        reconcile(SPACES["AffectNet-8"], SPACES["AffectNet-7"], {"contemt": "disgust"})


def test_nothing_shared():
    with pytest.raises(SettingsError, match="share no class"):
        reconcile(LabelSpace.of(["a"]), LabelSpace.of(["b"]))
