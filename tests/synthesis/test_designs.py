import numpy as np
import polars as pl
import pytest

from evenface.core.errors import SettingsError
from evenface.synthesis.parameters import ETHNICITIES, PARAMETERS
from evenface.synthesis.plan import Plan
from evenface.synthesis.regions import REGIONS
from evenface.synthesis.spec import Spec

CELL = ["attr:ethnicity", "attr:gender", "attr:age", "emotion"]


def table(**settings: object) -> pl.DataFrame:
    return Plan(Spec(**settings)).table()


@pytest.mark.parametrize("people", [None, 24, 48])
def test_factorial_cells_are_equal(people: int | None) -> None:
    faces = table(count=336, people=people)
    counts = faces.group_by(CELL).len()
    assert counts.height == 3 * 2 * 4 * 7
    assert counts["len"].unique().to_list() == [2]
    assert faces["subject"].n_unique() == (people or 336)


def test_factorial_crosses_regions_and_listed_skin_tones() -> None:
    faces = table(
        count=96, regions=["wild", "jaffe_like"], emotions=["happy", "sad"], attributes={"skin_tone": ["light", "dark"]}
    )
    assert faces.group_by(*CELL[:3], "attr:skin_tone", "region").len()["len"].unique().to_list() == [1]


def test_no_expression_is_tied_to_a_group_in_an_incomplete_factorial() -> None:
    faces = table(count=2000, people=24, seed=3)
    shares = faces.group_by("attr:gender", "emotion").len()["len"] / 1000
    assert shares.min() > 0.11 and shares.max() < 0.18


def near(found: pl.Series, shares: dict[str, float], times: float = 4.5) -> None:
    """Every level is within some standard errors of its share."""
    total = sum(shares.values())
    for level, share in shares.items():
        p = share / total
        assert abs((found == level).mean() - p) <= times * (p * (1 - p) / len(found)) ** 0.5 + 1e-12, level


def test_natural_marginals_are_those_asked_for() -> None:
    near(table(count=20_000, design="natural")["attr:ethnicity"], {"african": 8, "asian": 15, "caucasian": 77})
    faces = table(
        count=20_000,
        design="natural",
        emotions={"happy": 3, "sad": 1},
        regions={"wild": 1, "tfed_like": 2},
        attributes={"gender": {"female": 0.9, "male": 0.1}, "skin_tone": {"light": 1, "medium": 0, "dark": 1}},
    )
    near(faces["emotion"], {"happy": 3, "sad": 1})
    near(faces["region"], {"wild": 1, "tfed_like": 2})
    near(faces["attr:gender"], {"female": 0.9, "male": 0.1})
    near(faces["attr:skin_tone"], {"light": 1, "medium": 0, "dark": 1})


def test_natural_skin_tones_overlap_between_ethnicities() -> None:
    shares = table(count=20_000, design="natural").group_by("attr:ethnicity", "attr:skin_tone").len()
    assert shares.filter(pl.col("len") > 5).height == 9


def test_regional_sets_have_the_people_and_expressions_of_each_region() -> None:
    faces = table(count=20_000, design="regional", regions=["jaffe_like", "ckplus_like"])
    for name in ("jaffe_like", "ckplus_like"):
        here = faces.filter(region=name)
        near(here["attr:gender"], REGIONS.get(name).people["gender"])
        near(here["emotion"], REGIONS.get(name).emotions)


def families(**change: list[object]) -> pl.DataFrame:
    return table(count=400, design={"kind": "counterfactual", "change": change})


@pytest.mark.parametrize(
    ("name", "values", "columns"),
    [
        ("ethnicity", ["african", "asian", "caucasian"], set(ETHNICITIES)),
        ("gender", ["female", "male"], {"gender"}),
        ("age", [8, "40-69"], {"age"}),
        ("skin_tone", ["light", 9.5], {"skin_tone"}),
        ("glasses", ["none", "clear", "dark"], {"glasses"}),
        ("light_azimuth", [-60, 60], {"light_azimuth"}),
        ("action:jawOpen", [0, 0.5], {"action:jawOpen"}),
    ],
)
def test_families_are_alike_in_all_but_what_was_changed(name: str, values: list[object], columns: set[str]) -> None:
    faces = families(**{name: values})
    assert faces["changed"].unique().to_list() == [name]
    assert set(faces.group_by("family").len()["len"]) == {len(values)}
    differing = faces.group_by("family").agg(pl.exclude("family").n_unique()).drop("family").max()
    may = {"face", "image", "variant", *columns, f"attr:{name}"}
    must = {"face", "image", "variant", *columns}
    changed = {column for column in differing.columns if differing[column][0] > 1}
    assert must <= changed <= may
    assert faces["variant"][:2].to_list() == [f"{name}={value}" for value in values[:2]]
    assert set(PARAMETERS) <= set(faces.columns)


def test_a_crossed_pair_is_changed_together() -> None:
    design = {
        "kind": "counterfactual",
        "change": {"gender": ["female", "male"], "age": [20, 70]},
        "crossed": [["gender", "age"]],
    }
    faces = table(count=20, design=design)
    assert faces.height == 16
    pair = faces.filter(changed="gender × age")
    assert pair["variant"][:4].to_list() == [f"gender={g}, age={a}" for g in ("female", "male") for a in (20, 70)]
    assert pair[:4].select("gender", "age").rows() == [(0.1, 20), (0.1, 70), (0.9, 20), (0.9, 70)]
    assert pair["family"].n_unique() == 2 and faces["family"].n_unique() == 6


def test_clips_are_whole_and_labelled_throughout() -> None:
    plan = Plan(Spec(count=1000, people=5, design={"kind": "clips", "motion": "micro", "rate": 50}))
    faces = plan.table()
    assert 900 < plan.rows <= 1000 and faces.height == plan.rows
    clips = faces.group_by("clip", maintain_order=True).agg(
        pl.col("frame").sort() == pl.int_range(pl.len()),
        pl.col("label", "subject", "skin_tone", "light_azimuth").n_unique(),
        pl.col("phase").first().alias("first"),
        pl.col("phase").last().alias("last"),
        pl.col("image_seed").n_unique() == pl.len(),
        pl.col("intensity").max(),
    )
    assert clips["frame"].list.all().all() and clips["image_seed"].all()
    assert clips.select("label", "subject", "skin_tone", "light_azimuth").to_numpy().max() == 1
    assert set(clips["first"]) == set(clips["last"]) == {"neutral"}
    assert clips["intensity"].max() < 0.4
    np.testing.assert_allclose(faces["time_s"], faces["frame"] / 50)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"design": "factorical"}, "Did you mean 'factorial'"),
        ({"design": "factorial", "attributes": {"gender": {"female": 1, "male": 2}}}, "shares of gender differ"),
        ({"design": {"kind": "clips"}, "count": 20}, "Raise count to 150 or more"),
        ({"design": {"kind": "counterfactual", "change": {"glases": ["none", "dark"]}}}, "Did you mean 'glasses'"),
        ({"design": {"kind": "counterfactual", "change": {"african": [0, 1]}}}, "no attribute and no parameter"),
        ({"design": {"kind": "counterfactual", "change": {"age": [2, 30]}}}, "2 is out of range. Allowed: 4 to 90"),
        ({"design": {"kind": "counterfactual", "change": {"ethnicity": ["asia", "african"]}}}, "mean 'asian'"),
        ({"design": {"kind": "counterfactual", "change": {"age": [30]}}}, "at least 2 items"),
        ({"design": {"kind": "counterfactual", "change": {"age": [30, 30]}}}, "holds a value twice"),
        ({"design": {"kind": "counterfactual", "change": {}}}, "at least 1 item"),
        ({"design": {"kind": "counterfactual", "change": {"age": [5, 9]}, "crossed": [["age", "yaw"]]}}, "names yaw"),
        ({"design": {"kind": "counterfactual", "change": {"age": [5, 9]}, "crossed": [["age", "age"]]}}, "with itself"),
        ({"design": {"kind": "counterfactual", "change": {"age": [5, 9]}}, "count": 1}, "one base face makes 2 faces"),
        ({"design": "regional", "regions": ["jaffe_like"], "emotions": ["contempt"]}, "shows none of contempt"),
        ({"design": {"kind": "natural", "base": "x"}}, "design.base: unknown key"),
    ],
)
def test_designs_say_what_does_not_fit(settings: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Spec(**settings)
    assert said in str(caught.value)
