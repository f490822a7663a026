import polars as pl
import pytest

from evenface.core.errors import InputError, SettingsError
from evenface.core.reading.columns import recognise

NONE = {"by": None, "label": None, "pred": None, "scores": None, "subject": None, "face": None}


def find(names, **given):
    schema = names if isinstance(names, pl.Schema) else pl.Schema(dict.fromkeys(names.split(), pl.String))
    return recognise(schema, "t.csv", **{**NONE, **given})


@pytest.mark.parametrize(
    ("names", "true", "pred"),
    [
        ("id y_true y_pred gender", "y_true", "y_pred"),
        ("label prediction sex", "label", "prediction"),
        ("Target Predicted race", "Target", "Predicted"),
        ("emotion_true emotion_pred age", "emotion_true", "emotion_pred"),
        ("GT pred region", "GT", "pred"),
        ("expression y_hat ethnicity", "expression", "y_hat"),
        ("true_label predicted_label gender", "true_label", "predicted_label"),
        ("ground-truth output gender", "ground-truth", "output"),
        ("label output pred gender", "label", "pred"),
    ],
)
def test_usual_names(names, true, pred):
    found = find(names)
    assert (found.true, found.pred) == (true, pred)


def test_face_subject_and_attributes():
    found = find("y_true y_pred id image subject_id perceived_gender Skin_Tone age age_group conf")
    assert (found.face, found.subject) == ("id", "subject_id")
    assert found.by == ("perceived_gender", "Skin_Tone", "age_group")
    assert find("y_true y_pred gender race", by=["race"]).by == ("race",)


def test_columns_that_name_the_codes():
    assert find("label y_true y_pred gender").namers == ("label",)
    assert find("label y_true y_pred gender", label="y_true").namers == ()


@pytest.mark.parametrize(
    "names", ["y_true p_happy p_sad gender", "y_true happy_prob sad_prob gender", "y_true score:happy score:sad gender"]
)
def test_score_families(names):
    (place,) = find(names).scores
    assert list(place.columns) == ["happy", "sad"]


def test_score_lists():
    schema = pl.Schema({"y_true": pl.Int64, "logits": pl.List(pl.Float64), "score": pl.Float64, "gender": pl.String})
    (place,) = find(schema).scores
    assert place.listed == "logits"
    with pytest.raises(SettingsError, match="one number per face"):
        find(schema, scores="score")


def test_given_scores():
    names = "y_true a b gender"
    assert find(names, scores="a,b").scores[0].by_place
    assert find(names, scores=["a", "b"]).scores[0].columns == {"a": "a", "b": "b"}
    assert find(names, scores={"happy": "b"}).scores[0].columns == {"happy": "b"}
    assert find(names, scores="a").scores[0].listed == "a"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("age gender label", "evenface data bias"),
        ("y_pred gender", "Name it with label"),
        ("y_true y_pred id", "Name some with by"),
        ("label emotion y_pred gender", "'label' and 'emotion' could each be the true class. Choose one with label"),
        ("y_true pred prediction gender", "could each be the predicted class. Choose one with pred"),
        ("a b", "true class"),
    ],
)
def test_what_cannot_be_told_apart_names_the_way_out(names, said):
    with pytest.raises(InputError, match=said) as caught:
        find(names)
    assert f"Columns: {', '.join(names.split())}" in str(caught.value)


def test_several_faults_come_together():
    with pytest.raises(SettingsError) as caught:
        find("y_true y_pred gender", by=["gendr"], label="ytrue", scores="p", subject="who")
    assert str(caught.value).count("has no column") == 4
    assert "Did you mean 'gender'" in str(caught.value)
