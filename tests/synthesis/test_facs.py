"""Units to actions: what the tables promise, closed forms, mirror images, and what is said of bad input."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenface.core.errors import InputError, UnknownNameError
from evenface.synthesis.facs import actions_of, level_of, mirror, notation_of, parse, pose_of, score, units_of
from evenface.synthesis.parameters import ACTIONS, PARAMETERS
from evenface.synthesis.units import CHANNELS, LEVELS, PARTS, RESTRAINTS, UNITS

NOT_SHOWN_BY_UNITS = {"mouthLeft", "mouthRight"}  # a mouth pulled to one side is no unit of FACS


def random_units(faces: int, seed: int = 0) -> np.ndarray:
    """Many combinations of few units, from absent to full."""
    rng = np.random.default_rng(seed)
    return rng.random((faces, len(CHANNELS))) * (rng.random((faces, len(CHANNELS))) < 0.3)


def action(actions: np.ndarray, name: str) -> float:
    return float(actions[0, ACTIONS.index(name)])


def test_every_action_is_shown_by_some_unit() -> None:
    shown = {a for a, most in zip(ACTIONS, actions_of(np.eye(len(CHANNELS))).max(axis=0), strict=True) if most > 0}
    assert set(ACTIONS) - shown == NOT_SHOWN_BY_UNITS


def test_weights_are_fractions_and_restraints_name_units() -> None:
    assert all(0 < weight <= 1 for unit in UNITS.values() for weight in unit.weights.values())
    assert all(weak in UNITS and strong in UNITS and 0 < share <= 1 for weak, strong, share, _ in RESTRAINTS)
    assert {parameter for unit in UNITS.values() for parameter in unit.pose} <= PARAMETERS.keys()
    assert all(bool(unit.weights) != bool(unit.pose) for unit in UNITS.values())


def test_channels_are_units_with_their_sides() -> None:
    assert len(set(CHANNELS)) == len(CHANNELS) == len(PARTS)
    assert {"AU12L", "AU12R", "AU17", "AU01L"} <= set(CHANNELS)
    assert sum(unit.sided for unit in UNITS.values()) + len(UNITS) == len(CHANNELS)


@pytest.mark.parametrize("channel", CHANNELS)
def test_one_unit_alone_shows_its_weights(channel: str) -> None:
    unit = UNITS[channel[:4]]
    actions = actions_of(units_of({channel: 0.6}))[0]
    sides = {"L": ("Left",), "R": ("Right",)}.get(channel[4:], ("Left", "Right"))
    wanted = dict.fromkeys(ACTIONS, 0.0)
    for stem, weight in unit.weights.items():
        sided = [f"{stem}{side}" for side in sides if f"{stem}{side}" in ACTIONS]
        for name in sided or [stem]:
            wanted[name] = 0.6 * weight * (1 if sided or not unit.sided else 0.5)
    wanted["mouthClose"] = wanted["jawOpen"] * (1 - min(0.6 / 0.25, 1) * (channel == "AU25"))
    assert actions == pytest.approx(list(wanted.values()))


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=len(CHANNELS), max_size=len(CHANNELS)))
def test_actions_are_fractions_whatever_the_units(units: list[float]) -> None:
    actions = actions_of(units)
    assert actions.shape == (1, len(ACTIONS))
    assert ((actions >= 0) & (actions <= 1)).all()


def test_units_that_share_an_action_add_up_without_passing_one() -> None:
    both = actions_of(units_of("9E+10E"))
    raised = 1 - (1 - UNITS["AU09"].weights["mouthUpperUp"]) * (1 - UNITS["AU10"].weights["mouthUpperUp"])
    assert action(both, "mouthUpperUpLeft") == pytest.approx(raised)


def test_restraints_are_what_the_table_says_one_by_one() -> None:
    for units in random_units(40):
        chosen = dict(zip(CHANNELS, units, strict=True))
        for channel in CHANNELS:
            kept = chosen[channel]
            for weak, strong, share, _ in RESTRAINTS:
                if weak == channel[:4]:
                    by = [chosen[c] for c in UNITS[strong].channels]
                    same = chosen.get(f"{strong}{channel[4:]}") if channel[4:] and UNITS[strong].sided else None
                    kept *= 1 - share * (np.mean(by) if same is None else same)
            chosen[f"{channel} kept"] = kept
        # Seen through brows, which only 4 and 9 lower, and through eyes, which 5 and 63 widen.
        for side, name in (("L", "Left"), ("R", "Right")):
            lowered = 1 - (1 - chosen[f"AU04{side} kept"]) * (1 - 0.3 * chosen[f"AU09{side}"])
            widened = 1 - (1 - chosen[f"AU05{side} kept"]) * (1 - 0.1 * chosen["AU63"])
            actions = actions_of(units)
            assert action(actions, f"browDown{name}") == pytest.approx(lowered)
            assert action(actions, f"eyeWide{name}") == pytest.approx(widened)


def test_a_closed_eye_is_not_wide_and_pressed_lips_are_shut() -> None:
    assert action(actions_of(units_of("5E+43E")), "eyeWideLeft") == 0
    winking = actions_of(units_of("5E+L43E"))
    assert action(winking, "eyeWideLeft") == 0
    assert action(winking, "eyeWideRight") == 1
    assert action(actions_of(units_of("24E+25E")), "mouthPressLeft") == 0


def test_dropped_jaw_opens_the_mouth_only_where_lips_part() -> None:
    shut, little, open_ = (actions_of(units_of(text)) for text in ("27E", "25A+27E", "25B+27E"))
    assert action(shut, "mouthClose") == action(shut, "jawOpen") == 1
    assert 0 < action(little, "mouthClose") < 1
    assert action(open_, "mouthClose") == 0


def test_mouth_stretch_replaces_jaw_drop() -> None:
    assert action(actions_of(units_of("25C+26E+27E")), "jawOpen") == 1
    assert action(actions_of(units_of("25C+26E")), "jawOpen") == pytest.approx(1 - 0.95 * 0.5)


def test_mirrored_units_give_mirrored_actions_and_pose() -> None:
    units = random_units(200)
    flipped = units[:, mirror(CHANNELS)]
    assert actions_of(flipped) == pytest.approx(actions_of(units)[:, mirror(ACTIONS)])
    assert pose_of(flipped)["yaw"] == pytest.approx(-pose_of(units)["yaw"])
    assert pose_of(flipped)["roll"] == pytest.approx(-pose_of(units)["roll"])
    assert pose_of(flipped)["pitch"] == pytest.approx(pose_of(units)["pitch"])


@pytest.mark.parametrize("names", [CHANNELS, ACTIONS])
def test_mirroring_twice_changes_nothing(names: tuple[str, ...]) -> None:
    turned = mirror(names)
    assert (turned[turned] == np.arange(len(names))).all()
    assert {names[i] for i in np.flatnonzero(turned == np.arange(len(names)))}.isdisjoint(
        name for name in names if re.search(r"Left$|Right$|[LR]$", name)
    )


def test_rows_do_not_touch_each_other() -> None:
    units = random_units(30)
    assert (actions_of(units)[7] == actions_of(units[7])[0]).all()


def test_more_of_a_unit_never_shows_less_of_its_own_actions() -> None:
    for channel in CHANNELS:
        weak, strong = (actions_of(units_of({channel: amount}))[0] for amount in (0.3, 0.9))
        assert (strong >= weak - 1e-12)[[i for i, a in enumerate(ACTIONS) if a != "mouthClose"]].all()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("R12C+25B", {"AU12R": 0.5, "AU25": 0.25}),
        ("AU12D", {"AU12L": 0.75, "AU12R": 0.75}),
        ("12", {"AU12L": 0.5, "AU12R": 0.5}),
        ("au12le", {"AU12L": 1.0}),
        ("1a, 4B 17e", {"AU01L": 0.1, "AU01R": 0.1, "AU04L": 0.25, "AU04R": 0.25, "AU17": 1.0}),
        ("", {}),
    ],
)
def test_notation_is_read(text: str, wanted: dict[str, float]) -> None:
    assert parse(text) == wanted


@pytest.mark.parametrize("text", ["6C+12E+25C", "R12C+25B", "L1A+R1E+2D", "0"])
def test_notation_is_written_as_it_was_read(text: str) -> None:
    assert notation_of(units_of("" if text == "0" else text)) == text


def test_letters_are_the_nearest() -> None:
    assert [level_of(value) for value in LEVELS.values()] == list("ABCDE")
    assert level_of(0.04) == ""
    assert level_of(0.62) == "C"
    assert level_of(0.63) == "D"


@pytest.mark.parametrize("text", ["smile", "12F", "L12L", "12.5", "@"])
def test_unreadable_notation_says_how_to_write_it(text: str) -> None:
    with pytest.raises(InputError, match=r"Cannot read .* R12C"):
        score(text)


def test_unknown_units_are_told_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Unknown action unit 'AU08'"):
        score("8")
    with pytest.raises(UnknownNameError, match="Did you mean 'AU12L'"):
        units_of({"AU12l ": 1})


def test_sides_must_fit() -> None:
    with pytest.raises(InputError, match=r"chin raiser.* has no sides"):
        score("L17")
    with pytest.raises(InputError, match="on which"):
        parse("U14E")


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan])
def test_strengths_out_of_range_are_named(bad: float) -> None:
    units = np.zeros((3, len(CHANNELS)))
    units[1, 4] = bad
    with pytest.raises(InputError, match=f"{CHANNELS[4]} is .* in row 1"):
        actions_of(units)


def test_shape_must_fit() -> None:
    with pytest.raises(InputError, match=r"\(face, \d+\)"):
        actions_of(np.zeros((2, 3)))


def test_no_face_gives_no_actions() -> None:
    assert actions_of(np.zeros((0, len(CHANNELS)))).shape == (0, len(ACTIONS))
