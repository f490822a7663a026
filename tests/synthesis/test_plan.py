import numpy as np
import polars as pl
import pytest

from evenface.synthesis.parameters import PARAMETERS, columns
from evenface.synthesis.plan import Plan
from evenface.synthesis.spec import Spec
from evenface.synthesis.units import CHANNELS

CLIPS = {"kind": "clips", "rate": 30}
FAMILIES = {"kind": "counterfactual", "change": {"age": [20, 50, 80], "gender": ["female", "male"]}}
KINDS = {
    "factorial": {"people": 50},
    "natural": {"design": "natural", "splits": {"train": 0.5, "test": 0.5}},
    "regional": {"design": "regional", "regions": ["jaffe_like", "wild"], "people": 31},
    "counterfactual": {"design": FAMILIES},
    "clips": {"design": CLIPS, "regions": ["wild", "spontaneous"], "people": 9},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_face_is_the_same_in_whichever_stretch_it_is_read(kind: str) -> None:
    plan = Plan(Spec(count=400, **KINDS[kind]))
    whole = plan.table()
    assert whole.height == plan.rows
    for start, stop in ((0, 1), (17, 18), (100, 333), (plan.rows - 1, plan.rows), (0, None)):
        assert plan.table(start, stop).equals(whole[start:stop])
    columns(whole)


@pytest.mark.parametrize("kind", KINDS)
def test_a_face_is_the_same_however_many_there_are(kind: str) -> None:
    few, many = (Plan(Spec(count=count, **KINDS[kind])).table() for count in (300, 700))
    assert many[: few.height].equals(few)


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_keeps_the_contract_of_a_manifest(kind: str) -> None:
    plan = Plan(Spec(count=300, store="parquet", **KINDS[kind]))
    manifest = plan.manifest().validate()
    assert {a.provenance for a in manifest.attributes} == {"generated"}
    wanted = [*PARAMETERS, *(f"unit:{name}" for name in CHANNELS), "true_label", "emotion", "intensity", "shard"]
    assert set(wanted) <= set(manifest.frame.columns)
    names = pl.Series(manifest.labels.names)
    assert names.gather(manifest.frame["true_label"]).equals(manifest.frame["emotion"], check_names=False)
    assert manifest.frame["image"].null_count() == plan.rows


def test_persons_keep_their_looks_split_and_region() -> None:
    spec = Spec(count=600, people=40, design="natural", regions=["wild", "tfed_like"], splits={"train": 1, "test": 1})
    faces = Plan(spec).table()
    alike = ["split", "region", "person", "hair_style", "skin_tone", "age", "african", "beard", "attr:gender"]
    assert faces.group_by("subject").agg(pl.col(alike).n_unique())[alike].to_numpy().max() == 1
    assert faces["person"].n_unique() == 40 and faces["image_seed"].n_unique() == 600


def test_splits_have_their_shares_in_any_stretch_of_persons() -> None:
    faces = Plan(Spec(count=5000, design="natural", splits={"train": 0.7, "validation": 0.1, "test": 0.2})).table()
    for start in (0, 1234, 4000):
        counts = dict(faces[start : start + 1000]["split"].value_counts().iter_rows())
        assert abs(counts["train"] - 700) <= 5 and abs(counts["test"] - 200) <= 5


def test_attributes_are_what_the_parameters_amount_to() -> None:
    faces = Plan(Spec(count=500, design=FAMILIES)).table()
    bands = np.array(["4-19", "20-39", "40-69", "70+"])[np.digitize(faces["age"], [20, 40, 70])]
    assert faces["attr:age"].to_list() == bands.tolist()
    assert ((faces["gender"] >= 0.5) == (faces["attr:gender"] == "male")).all()


def test_parameters_follow_the_spec_before_the_region() -> None:
    law = {"low": 20, "high": 30}
    faces = Plan(Spec(count=500, parameters={"yaw": law, "glasses": "dark"}, regions=["jaffe_like"])).table()
    assert faces["glasses"].unique().to_list() == ["dark"]
    assert faces["grey"].unique().to_list() == [1]
    assert faces["yaw"].min() > 15 and 24 < faces["yaw"].mean() < 26


def test_seeds_give_other_faces() -> None:
    one, other = (Plan(Spec(count=50, seed=seed)).table() for seed in (0, 1))
    assert not set(one["person"]) & set(other["person"])
    assert (one["light_azimuth"] != other["light_azimuth"]).all()


def test_the_hash_changes_with_any_number_and_not_with_what_is_left_alone() -> None:
    plain = Plan(Spec(count=60)).sha256
    assert plain == Plan(Spec(count=60, size=64)).sha256 == Plan(Spec(count=60, image="jpeg")).sha256
    assert plain != Plan(Spec(count=60, parameters={"ambient": 0.4501})).sha256
    assert len({plain, Plan(Spec(count=61)).sha256, Plan(Spec(count=60, seed=1)).sha256}) == 3


def test_the_roll_is_a_few_bytes_a_face() -> None:
    plan = Plan(Spec(count=10_000, design="natural"))
    assert sum(column.nbytes for column in plan.roll.values()) <= 40 * plan.rows


def test_counts_are_those_of_the_table() -> None:
    plan = Plan(Spec(count=300, biases=[{"kind": "missing", "attribute": "age", "rate": 0.5}]))
    counts = plan.counts()
    assert sum(counts["emotion"].values()) == 300 and counts["attr:age"]["not known"] == 150
    assert "split" not in counts and "changed" not in counts
    assert np.isclose(sum(counts["attr:gender"].values()), 300)
