import numpy as np
import polars as pl
import pytest

from evenface.core.errors import SettingsError
from evenface.synthesis.plan import Plan
from evenface.synthesis.spec import Spec

EMOTIONS = ["happy", "sad", "angry", "neutral"]
# 1,200 faces: 400 of each ethnicity, 600 of each gender, 300 of each emotion, all crossings equal.
BASE = {
    "count": 1200,
    "emotions": EMOTIONS,
    "attributes": {"age": ["20-39"]},
    "parameters": {"exposure": 0, "blur": 0},
}


def table(*biases: dict[str, object], **settings: object) -> pl.DataFrame:
    return Plan(Spec(**{**BASE, **settings}, biases=biases)).table()


def test_without_a_bias_all_is_even() -> None:
    faces = table()
    assert set(faces.group_by("attr:ethnicity", "attr:gender", "emotion").len()["len"]) == {50}
    assert faces["label"].equals(faces["true_label"], check_names=False)


@pytest.mark.parametrize(("strength", "left"), [(0, 400), (0.25, 300), (0.9, 40), (1, 0)])
def test_a_group_keeps_the_share_that_is_left_to_it(strength: float, left: int) -> None:
    faces = table({"kind": "representational", "group": {"ethnicity": "asian"}, "strength": strength})
    assert (faces["attr:ethnicity"] == "asian").sum() == left
    others = faces.filter(pl.col("attr:ethnicity") != "asian")["attr:ethnicity"].value_counts()["count"]
    assert abs(others[0] - others[1]) <= 4 * (400 - left) ** 0.5
    assert set(faces["emotion"].value_counts()["count"]) == {300}


def test_persons_are_replaced_whole() -> None:
    bias = {"kind": "representational", "group": {"gender": "male"}, "strength": 0.5}
    faces = table(bias, people=120)
    assert faces.group_by("subject").agg(pl.col("attr:gender").n_unique())["attr:gender"].to_list() == [1] * 120
    assert (faces["attr:gender"] == "male").sum() == 300


def test_who_replaces_has_the_skin_tones_of_their_own_ethnicity() -> None:
    bias = {"kind": "representational", "group": {"ethnicity": "african"}, "strength": 1}
    faces = table(bias, count=6000, looks="linked")
    dark = faces.group_by("attr:ethnicity").agg((pl.col("attr:skin_tone") == "dark").mean())
    assert dark["attr:skin_tone"].max() < 0.1


@pytest.mark.parametrize(("strength", "tied"), [(0, 150), (0.2, 180), (0.8, 270), (1, 300)])
def test_a_stereotype_moves_an_expression_into_a_group(strength: float, tied: int) -> None:
    bias = {"kind": "stereotypical", "emotion": "angry", "group": {"gender": "male"}, "strength": strength}
    faces = table(bias)
    assert faces.filter(pl.col("attr:gender") == "male", emotion="angry").height == tied
    assert set(faces["emotion"].value_counts()["count"]) == {300}
    assert set(faces["attr:gender"].value_counts()["count"]) == {600}
    assert faces["label"].equals(faces["true_label"], check_names=False)


def test_a_stereotype_that_does_not_fit_says_so() -> None:
    bias = {"kind": "stereotypical", "emotion": "angry", "group": {"gender": "male"}, "strength": 1}
    with pytest.raises(SettingsError, match=r"biases.0: needs 300 faces to exchange, but only 0 are there"):
        table(bias, emotions=EMOTIONS, attributes={"gender": ["female"]})


def test_annotators_relabel_and_the_truth_stays() -> None:
    bias = {
        "kind": "annotator",
        "group": {"ethnicity": "african", "gender": "male"},
        "emotion": "neutral",
        "says": "angry",
        "rate": 0.3,
    }
    faces = table(bias)
    wrong = faces.filter(pl.col("label") != pl.col("true_label"))
    assert wrong.height == 15  # .3 x 50
    assert wrong.select("attr:ethnicity", "attr:gender", "emotion", "label", "true_label").unique().rows() == [
        ("african", "male", "neutral", EMOTIONS.index("angry"), EMOTIONS.index("neutral"))
    ]
    assert faces.drop("label").equals(table().drop("label"))


def test_pictures_of_a_group_are_worse_by_what_is_added() -> None:
    group = {"ethnicity": "african"}
    faces = table({"kind": "quality", "group": group, "add": {"exposure": -1.5, "blur": 2}, "rate": 0.25})
    assert faces.select("exposure", "blur").unique().sort("blur").rows() == [(0, 0), (-1.5, 1)]
    assert faces.filter(pl.col("blur") == 1).group_by("attr:ethnicity").len().rows() == [("african", 100)]


def test_regions_shift_between_splits() -> None:
    faces = table(
        {"kind": "region_shift", "regions": {"train": ["wild"], "test": ["jaffe_like", "tfed_like"]}},
        regions={"wild": 1, "jaffe_like": 3, "tfed_like": 1},
        splits={"train": 0.5, "test": 0.5},
        design="natural",
    )
    assert faces.group_by("split").agg(pl.col("region").unique().sort()).sort("split")["region"].to_list() == [
        ["jaffe_like", "tfed_like"],
        ["wild"],
    ]
    assert 0.65 < (faces.filter(split="test")["region"] == "jaffe_like").mean() < 0.85


def test_attributes_are_missing_at_random_or_not() -> None:
    faces = table(
        {"kind": "missing", "attribute": "ethnicity", "rate": 0.1},
        {"kind": "missing", "attribute": "age", "rate": 0.5, "group": {"gender": "female"}},
    )
    assert faces["attr:ethnicity"].null_count() == 120
    assert faces.filter(pl.col("attr:age").is_null())["attr:gender"].value_counts().rows() == [("female", 300)]
    assert faces.drop("attr:ethnicity", "attr:age").equals(table().drop("attr:ethnicity", "attr:age"))


def test_biases_stay_in_their_splits() -> None:
    group, splits = {"gender": "male"}, {"train": 0.5, "test": 0.5}
    biases = [
        {"kind": "representational", "group": group, "strength": 0.5},
        {"kind": "stereotypical", "emotion": "angry", "group": group, "strength": 0.4},
        {"kind": "annotator", "group": group, "emotion": "happy", "says": "sad", "rate": 1},
        {"kind": "quality", "group": group, "add": {"blur": 0.5}},
        {"kind": "missing", "attribute": "age", "rate": 1},
    ]
    faces = table(*({**bias, "splits": ["train"]} for bias in biases), splits=splits)
    plain = table(splits=splits)
    test = pl.col("split") == "test"
    assert faces.filter(test).equals(plain.filter(test))
    train = faces.filter(~test)
    assert train["attr:age"].null_count() == train.height == plain.filter(~test).height
    assert abs((train["attr:gender"] == "male").mean() - 0.25) < 0.01


def test_biases_compose_in_their_order() -> None:
    first = {"kind": "representational", "group": {"gender": "male"}, "strength": 0.5}
    wrong = {"kind": "annotator", "group": {"gender": "male"}, "emotion": "happy", "says": "sad", "rate": 0.5}
    faces = table(first, wrong)
    happy = faces.filter(pl.col("attr:gender") == "male", emotion="happy").height
    assert (faces["label"] != faces["true_label"]).sum() == int(np.floor(happy / 2 + 0.5))


GENDER = {"gender": "male"}


@pytest.mark.parametrize(
    ("bias", "said"),
    [
        ({"kind": "representative"}, "biases.0.kind: Unknown bias 'representative'. Did you mean 'representational'"),
        ({"kind": "representational", "group": GENDER}, "biases.0.strength: is required"),
        ({"kind": "representational", "group": GENDER, "strength": 1.5}, "biases.0.strength: "),
        ({"kind": "representational", "group": {}, "strength": 1}, "at least 1 item"),
        ({"kind": "representational", "group": {"gendr": "male"}, "strength": 1}, "Did you mean 'gender'"),
        ({"kind": "representational", "group": {"gender": "man"}, "strength": 1}, "'man' is not there"),
        ({"kind": "representational", "group": GENDER | {"age": "70+"}, "strength": 1}, "names several attributes"),
        ({"kind": "stereotypical", "emotion": "fear", "group": GENDER, "strength": 1}, "'fear' is not shown"),
        ({"kind": "annotator", "emotion": "sad", "says": "sed", "group": GENDER, "rate": 1}, "Did you mean 'sad'"),
        ({"kind": "quality", "group": GENDER, "add": {"exposre": 1}}, "Did you mean 'exposure'"),
        ({"kind": "quality", "group": GENDER, "add": {"age": 10}}, "is no number of the picture"),
        ({"kind": "quality", "group": GENDER, "add": {"blur": 1}, "splits": ["train"]}, "deals no faces to train"),
        ({"kind": "region_shift", "regions": {"train": ["wild"]}}, "deals no faces to train"),
        ({"kind": "region_shift", "regions": {"train": ["wld"]}}, "Did you mean 'wild'"),
        ({"kind": "missing", "attribute": "tone", "rate": 0.1}, "'tone' is no attribute"),
    ],
)
def test_biases_say_what_does_not_fit(bias: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        table(bias)
    assert said in str(caught.value)


def test_families_take_no_bias() -> None:
    design = {"kind": "counterfactual", "change": {"age": [20, 60]}}
    with pytest.raises(SettingsError, match="keeps families alike"):
        table({"kind": "missing", "attribute": "age", "rate": 0.1}, design=design)
