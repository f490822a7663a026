"""Drawn expressions: shares and chances of the tables, rows alone, emotions apart, sides alike, bad input."""

import doctest

import numpy as np
import polars as pl
import pytest

from evenface.core.errors import InputError, SettingsError, UnknownNameError
from evenface.core.labels import SPACES
from evenface.synthesis import emotions, facs, laws, prototypes
from evenface.synthesis.emotions import blended, draw_expressions
from evenface.synthesis.facs import mirror
from evenface.synthesis.parameters import ACTIONS, PARAMETERS, columns
from evenface.synthesis.prototypes import COMPOUNDS, EMOTIONS, EXPRESSIONS, PROTOTYPES, VISEMES, expression, read
from evenface.synthesis.style import Style, multipliers
from evenface.synthesis.units import CHANNELS, UNITS

PLAIN = Style(spread=0, asymmetry=0, resting=0, gaze=0)
WILD = Style(intensity=("uniform", 0, 1), talking=0.5, mixed=0.3, spread=0.3, gaze=0.3)


def unit(drawn: emotions.Drawn, channel: str) -> np.ndarray:
    return drawn.units[:, CHANNELS.index(channel)]


def every_expression(each: int) -> tuple[np.ndarray, np.ndarray]:
    return np.repeat(EXPRESSIONS, each), np.arange(each * len(EXPRESSIONS))


@pytest.mark.parametrize("module", [emotions, facs, laws, prototypes])
def test_examples_give_what_they_say(module: object) -> None:
    assert doctest.testmod(module).failed == 0


def test_names_are_those_of_the_label_space() -> None:
    assert SPACES["FER+"].names == EMOTIONS
    assert set(PROTOTYPES) == set(EXPRESSIONS)
    assert all(set(parts) <= set(EMOTIONS) for parts in COMPOUNDS.values())


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_variants_are_readable_and_have_shares(name: str) -> None:
    variants = PROTOTYPES[name]
    assert sum(variant.share for variant in variants) == pytest.approx(1)
    for variant in variants:
        scores = variant.scores()
        assert len({each.unit for each, _ in scores}) == len(scores), "a unit is named twice"
        assert all(0 < chance <= 1 for _, chance in scores)
        assert variant.about


@pytest.mark.parametrize("name", COMPOUNDS)
def test_compounds_share_units_with_both_of_their_parts(name: str) -> None:
    always = {each.unit for variant in PROTOTYPES[name] for each, chance in variant.scores() if chance == 1}
    for part in COMPOUNDS[name]:
        assert always & {each.unit for variant in PROTOTYPES[part] for each, _ in variant.scores()}


@pytest.mark.parametrize("style", [None, WILD])
def test_everything_drawn_is_in_range_and_drawable(style: Style | None) -> None:
    drawn = draw_expressions(*every_expression(60), style=style)
    for values in (drawn.units, drawn.actions(), drawn.intensity, drawn.share):
        assert np.isfinite(values).all()
        assert ((values >= 0) & (values <= 1)).all()
    columns(drawn.table())  # raises where a face cannot be drawn
    assert (np.abs(drawn.gaze()) <= 1).all()
    low, high = PARAMETERS["yaw"].low, PARAMETERS["yaw"].high
    assert all(((v >= low) & (v <= high)).all() for v in drawn.pose().values())


def test_a_row_is_the_same_whatever_is_drawn_beside_it() -> None:
    names, seeds = every_expression(20)
    whole = draw_expressions(names, seeds, style=WILD).table()
    some = np.random.default_rng(1).permutation(len(names))[:70]
    assert draw_expressions(names[some], seeds[some], style=WILD).table().equals(whole[some.tolist()])


def test_other_seeds_give_other_faces() -> None:
    units = draw_expressions(["happy"] * 200, np.arange(200)).units
    assert len(np.unique(units, axis=0)) == 200


def test_plain_draws_follow_the_table() -> None:
    """Share of faces with each unit is the sum over variants of share x chance, and its strength is the table's."""
    faces = 6000
    for name in EXPRESSIONS:
        drawn = draw_expressions([name] * faces, np.arange(faces), intensity=1, style=PLAIN)
        wanted = dict.fromkeys(UNITS, 0.0)
        for variant in PROTOTYPES[name]:
            for each, chance in variant.scores():
                wanted[each.unit] += variant.share * chance
        for number, chance in wanted.items():
            shown = np.max([unit(drawn, c) for c in UNITS[number].channels], axis=0) > 0
            assert shown.mean() == pytest.approx(chance, abs=5 * np.sqrt(max(chance * (1 - chance), 1e-9) / faces))


def test_strength_grows_with_intensity_in_proportion() -> None:
    names, seeds = ["surprise"] * 300, np.arange(300)
    full, half = (draw_expressions(names, seeds, intensity=i, style=PLAIN).units for i in (1, 0.5))
    assert half == pytest.approx(full / 2)
    assert draw_expressions(names, seeds, intensity=0, style=PLAIN).units.max() == 0


def test_neutral_is_neutral_at_any_intensity() -> None:
    drawn = draw_expressions(["neutral"] * 3000, np.arange(3000), intensity=1)
    assert (drawn.intensity == 0).all()
    face = drawn.units[:, [i for i, c in enumerate(CHANNELS) if UNITS[c[:4]].part != "gaze"]]
    assert 0 < face.max() < 0.2
    assert face.sum(axis=1).mean() < 0.2


def test_emotions_are_told_apart_by_their_units() -> None:
    """The nearest of other faces at full intensity shows the same emotion, by units and by actions alike."""
    for space in ("units", "actions"):
        known, new = (
            draw_expressions(np.repeat(EMOTIONS, 60), np.arange(480) + start, intensity=1) for start in (0, 10**6)
        )
        a, b = (each.units if space == "units" else each.actions() for each in (known, new))
        # Contempt is on one side, so both mirror images of what is known count.
        turned = mirror(CHANNELS if space == "units" else ACTIONS)
        distance = np.minimum(*[((b[:, None] - each[None]) ** 2).sum(-1) for each in (a, a[:, turned])])
        right = known.emotion[distance.argmin(axis=1)] == new.emotion
        for name in EMOTIONS:
            assert right[new.emotion == name].mean() >= 0.95, (space, name)


@pytest.mark.parametrize(
    ("emotion", "needed"),
    [
        ("happy", ["AU12"]),
        ("surprise", ["AU01", "AU02", "AU05"]),
        ("sad", ["AU01", "AU04", "AU15"]),
        ("angry", ["AU04"]),
        ("disgust", ["AU09", "AU10"]),
        ("fear", ["AU01", "AU04", "AU05", "AU20", "AU25"]),
        ("contempt", ["AU14"]),
    ],
)
def test_strong_faces_show_the_units_that_emfacs_asks_for(emotion: str, needed: list[str]) -> None:
    drawn = draw_expressions([emotion] * 500, np.arange(500), intensity=1)
    for name in needed:
        strongest = np.max([unit(drawn, channel) for channel in UNITS[name].channels], axis=0)
        assert strongest.min() > 0.3, name


def test_contempt_is_on_one_side_and_on_either() -> None:
    drawn = draw_expressions(["contempt"] * 2000, np.arange(2000), intensity=1)
    left, right = unit(drawn, "AU14L"), unit(drawn, "AU14R")
    assert (np.maximum(left, right) > 4 * np.minimum(left, right)).all()
    assert (left > right).mean() == pytest.approx(0.5, abs=0.05)


def test_sides_lean_either_way_alike() -> None:
    drawn = draw_expressions(["sad"] * 4000, np.arange(4000), intensity=0.6)
    lean = unit(drawn, "AU15L") - unit(drawn, "AU15R")
    assert abs(lean.mean()) < 4 * lean.std() / np.sqrt(len(lean))
    assert lean.std() > 0


def test_table_holds_units_actions_and_truth() -> None:
    table = draw_expressions(["happy", "fear"], [3, 4]).table()
    assert table.columns[:5] == ["emotion", "intensity", "second_emotion", "second_share", "talking"]
    assert [c for c in table.columns if c.startswith("action:")] == [f"action:{name}" for name in ACTIONS]
    assert [c for c in table.columns if c.startswith("unit:")] == [f"unit:{name}" for name in CHANNELS]
    assert table.schema["emotion"] == pl.String


def test_talking_moves_the_mouth_of_weak_faces_alone() -> None:
    names = np.repeat(["neutral", "angry"], 500)
    drawn = draw_expressions(names, np.arange(1000), intensity=0.9, style=Style(talking=1))
    assert set(drawn.talking[:500]) == set(VISEMES)
    assert set(drawn.talking[500:]) == {""}
    quiet = draw_expressions(names, np.arange(1000), intensity=0.9)
    upper = [i for i, c in enumerate(CHANNELS) if UNITS[c[:4]].part == "upper"]
    moved = drawn.units[:500] - quiet.units[:500]
    assert moved.max() > 0.5
    assert moved[:, upper].max() <= 0, "rest fades a little where a mouth talks, nothing else changes above it"


def test_mixed_faces_name_what_is_mixed_in() -> None:
    names = np.repeat(EMOTIONS, 300)
    drawn = draw_expressions(names, np.arange(len(names)), style=Style(mixed=1))
    there = names != "neutral"
    assert (drawn.second[~there] == "").all()
    assert ((drawn.share >= 0.15) & (drawn.share <= 0.4))[there].all()
    assert (drawn.second != drawn.emotion).all()
    assert set(drawn.second[there]) == set(EMOTIONS) - {"neutral"}


def test_blended_faces_lie_between() -> None:
    first, second = (draw_expressions([name] * 5, np.arange(5)) for name in ("fear", "surprise"))
    half = blended(first, second, 0.5)
    assert half.units == pytest.approx((first.units + second.units) / 2)
    assert half.second.tolist() == ["surprise"] * 5
    assert blended(first, second, 0).units == pytest.approx(first.units)
    with pytest.raises(InputError, match="5 expressions with 1"):
        blended(first, draw_expressions(["sad"], [1]), 0.5)


def test_accents_multiply() -> None:
    style = Style(strength={"*": {"upper": 0.5}, "happy": {"AU07": 0.5, "mid": 2}})
    table = dict(zip(UNITS, multipliers(style.strength)[EXPRESSIONS.index("happy")], strict=True))
    assert (table["AU01"], table["AU07"], table["AU06"], table["AU12"]) == (0.5, 0.25, 2, 1)
    plain = draw_expressions(["happy"] * 50, np.arange(50), intensity=0.4, style=PLAIN)
    accent = Style(
        spread=0, asymmetry=0, resting=0, gaze=0, strength={"happy": {"AU12": 0.5}}, chance={"*": {"AU06": 0}}
    )
    drawn = draw_expressions(["happy"] * 50, np.arange(50), intensity=0.4, style=accent)
    assert unit(drawn, "AU12L") == pytest.approx(unit(plain, "AU12L") / 2)
    assert unit(drawn, "AU06L").max() == 0


def test_added_units_join_where_they_are_missing() -> None:
    style = Style(spread=0, asymmetry=0, resting=0, gaze=0, added={"happy": "17D@.5 12A"})
    drawn = draw_expressions(["happy"] * 2000, np.arange(2000), intensity=1, style=style)
    assert unit(drawn, "AU12L").min() > 0.5
    assert 0.4 < (unit(drawn, "AU17") > 0).mean() < 0.6


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("Happiness", "happy"), ("ANGER", "angry"), ("Happily surprised", "happily_surprised"), ("fe", "fear")],
)
def test_expressions_are_known_in_other_spellings(given: str, wanted: str) -> None:
    assert expression(given) == wanted
    assert draw_expressions([given], [0]).emotion.tolist() == [wanted]


@pytest.mark.parametrize(("given", "near"), [("hapy", "happy"), ("sadly_angri", "sadly_angry"), ("positive", None)])
def test_unknown_expressions_are_told_with_the_nearest(given: str, near: str | None) -> None:
    with pytest.raises(UnknownNameError, match=f"Did you mean '{near}'" if near else "Unknown expression"):
        draw_expressions(["happy", given], [0, 1])


def test_bad_lengths_and_intensities_are_refused() -> None:
    with pytest.raises(InputError, match="One seed per face"):
        draw_expressions(["happy"], [0, 1])
    with pytest.raises(InputError, match="intensity is 0 to 1; got 0 to 2"):
        draw_expressions(["happy", "sad"], [0, 1], intensity=[0, 2])
    with pytest.raises(InputError, match="one for each of 2 faces"):
        draw_expressions(["happy", "sad"], [0, 1], intensity=[0.1, 0.2, 0.3])


def test_faults_of_a_style_are_told_together() -> None:
    with pytest.raises(SettingsError) as told:
        Style(intensity=("unifrom", 0, 1), strength={"hapy": {"AU12": 1}}, chance={"sad": {"AU99": -1}}, gaze=2)
    text = str(told.value)
    for piece in ("Did you mean 'uniform'", "Did you mean 'happy'", "'AU99'", "is -1", "gaze is 2"):
        assert piece in text


@pytest.mark.parametrize("notation", ["12D@", "12D@2", "12D@often"])
def test_bad_chances_are_told(notation: str) -> None:
    with pytest.raises(InputError, match="no chance from 0 to 1"):
        read(notation)


def test_no_faces_are_no_faces() -> None:
    assert draw_expressions([], []).table().height == 0
