"""Clips: durations, phases, smoothness, frame rates, distractors, subsets, bad input."""

import numpy as np
import polars as pl
import pytest

from evenface.core.errors import InputError, SettingsError, UnknownNameError
from evenface.synthesis import clips as module
from evenface.synthesis.clips import BLINKS_PER_MINUTE, KINDS, PHASES, draw_clips, frames_of
from evenface.synthesis.parameters import columns
from evenface.synthesis.prototypes import EMOTIONS
from evenface.synthesis.style import Style
from evenface.synthesis.units import CHANNELS, PARTS

UNITS = [f"unit:{channel}" for channel in CHANNELS]
MOVED = pl.col("onset_s") + pl.col("apex_s") + pl.col("offset_s")


def some(count: int = 80, kind: str = "macro") -> pl.DataFrame:
    return draw_clips(np.resize(EMOTIONS, count), np.arange(count), kind=kind)


def test_durations_keep_their_limits() -> None:
    for kind, low, high in (("macro", 0.5, 4), ("micro", 1 / 25, 1 / 2)):
        total = some(4000, kind).select(MOVED).to_series()
        assert low - 1e-9 <= total.min()
        assert total.max() <= high + 1e-9
        assert total.std() > 0.05
    micro = some(4000, "micro")
    assert micro["onset_s"].max() <= 0.26
    for name in ("before_s", "onset_s", "apex_s", "offset_s", "after_s"):
        assert micro[name].min() >= 0


def test_micro_expressions_are_weak_and_in_one_part_of_the_face() -> None:
    table = some(800, "micro").filter(pl.col("emotion") != "neutral")
    changed = table.select(UNITS).to_numpy() - table.select([f"rest:{c}" for c in CHANNELS]).to_numpy()
    assert (changed >= 0).all()
    assert changed.max() <= 0.25
    strongest = np.where(changed > 0, table.select(UNITS).to_numpy(), 0).max(axis=1)
    assert strongest == pytest.approx(table["intensity"].to_numpy())
    assert table["intensity"].min() >= 0.1
    for part, row in zip(table["part"], changed > 0, strict=True):
        assert {PARTS[c] for c, moves in zip(CHANNELS, row, strict=True) if moves} == {part}
    assert set(table["part"]) == {"upper", "mid", "lower"}
    assert set(table.filter(emotion="surprise")["part"]) >= {"upper", "lower"}


def test_phases_come_in_order_and_last_as_said() -> None:
    table = some(40)
    frames = frames_of(table, 200)
    for row in table.iter_rows(named=True):
        mine = frames.filter(clip=row["clip"])
        runs = mine["phase"].rle().struct.unnest()
        if row["emotion"] == "neutral":
            assert runs["value"].to_list() == ["neutral"]
            assert mine["shown"].max() == 0
            continue
        assert runs["value"].to_list() == ["neutral", "onset", "apex", "offset", "neutral"]
        for phase in PHASES[1:]:
            assert (mine["phase"] == phase).sum() / 200 == pytest.approx(row[f"{phase}_s"], abs=1.01 / 200)
        assert mine.filter(phase="apex")["shown"].to_numpy() == pytest.approx(1)
        assert mine.filter(phase="neutral")["shown"].max() == 0


def test_onset_rises_and_offset_falls_without_jumps() -> None:
    frames = frames_of(some(16), 500).filter(pl.col("emotion") != "neutral")
    step = frames.with_columns(pl.col("shown").diff().over("clip").alias("step"))
    assert step.filter(phase="onset")["step"].min() >= -1e-12
    assert step.filter(phase="offset")["step"].max() <= 1e-12
    assert step["step"].abs().max() < 1.9 / (0.15 * 0.5 * 500)  # the curve is steepest in its middle: 15/8 of the mean


def test_expressed_units_are_rest_plus_share_of_the_apex() -> None:
    table = some(16)
    frames = frames_of(table, 30)
    joined = frames.join(
        table.select(
            "clip", *[pl.col(f"unit:{c}").alias(f"apex:{c}") for c in CHANNELS], *[f"rest:{c}" for c in CHANNELS]
        ),
        on="clip",
    )
    for channel in (c for c in CHANNELS if c != "AU45"):
        rest, apex = joined[f"rest:{channel}"], joined[f"apex:{channel}"]
        wanted = (rest + joined["shown"] * (apex - rest)).to_numpy()
        assert joined[f"unit:{channel}"].to_numpy() == pytest.approx(wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_frames_can_be_drawn(kind: str) -> None:
    frames = frames_of(some(24, kind), 25)
    columns(frames)  # raises where a face cannot be drawn
    values = frames.select(UNITS).to_numpy()
    assert ((values >= 0) & (values <= 1)).all()
    assert frames["image_seed"].n_unique() == frames.height


def test_frames_do_not_depend_on_the_frame_rate() -> None:
    table = some(16)
    slow, fast = frames_of(table, 25), frames_of(table, 100)
    every = fast.filter(pl.col("frame") % 4 == 0).join(slow.select("clip", "time_s"), on=["clip", "time_s"], how="semi")
    assert every.height == slow.height
    drop = ("frame", "image_seed")
    assert every.drop(drop).equals(slow.drop(drop))


def test_a_clip_is_the_same_whatever_is_drawn_beside_it() -> None:
    whole = some(60)
    part = draw_clips(whole["emotion"][10:20].to_list(), np.arange(10, 20))
    assert part.drop("clip").equals(whole[10:20].drop("clip"))
    one = frames_of(whole.filter(clip=13), 30)
    assert one.equals(frames_of(whole, 30).filter(clip=13))


def test_number_of_frames_is_duration_times_rate() -> None:
    table = some(50)
    duration = (
        table.select(pl.sum_horizontal("before_s", "onset_s", "apex_s", "offset_s", "after_s")).to_series().to_numpy()
    )
    counts = frames_of(table, 24).group_by("clip", maintain_order=True).len()["len"].to_numpy()
    assert (counts == np.ceil(duration * 24)).all()
    assert frames_of(table, 0.01).height == table.height  # one frame at least


def test_blinks_are_as_many_as_at_rest_and_close_the_eyes() -> None:
    seeds = np.arange(400)
    time = np.arange(0, 60, 0.01)
    closed = np.stack([module._blink(np.full(len(time), seed, np.uint64), time) for seed in seeds[:100]])
    starts = ((closed[:, 1:] > 0.5) & (closed[:, :-1] <= 0.5)).sum(axis=1)
    assert starts.mean() == pytest.approx(BLINKS_PER_MINUTE, abs=1)
    assert closed.max() == 1
    assert np.abs(np.diff(closed, axis=1)).max() < 0.25  # no jump, not even between slots


def test_the_head_drifts_about_where_it_was() -> None:
    table = draw_clips(["neutral"] * 300, np.arange(300), style=Style(gaze=0)).with_columns(yaw=pl.lit(20.0))
    frames = frames_of(table, 10)
    assert frames["yaw"].mean() == pytest.approx(20, abs=0.3)
    assert frames["yaw"].std() == pytest.approx(2, rel=0.15)
    assert frames["roll"].std() == pytest.approx(1, rel=0.15)
    assert frames["zoom"].unique().to_list() == [1]


def test_columns_of_a_person_stay_in_every_frame() -> None:
    table = some(5).with_columns(age=pl.lit(40.0), label=pl.Series(list("abcde")))
    frames = frames_of(table, 10)
    assert frames["age"].unique().to_list() == [40.0]
    assert frames.group_by("clip").agg(pl.col("label").n_unique())["label"].max() == 1
    assert not [name for name in frames.columns if name.startswith("rest:") or name == "onset_s"]


def test_nobody_talks_through_a_clip() -> None:
    talkers, quiet = (draw_clips(["neutral"] * 20, np.arange(20), style=Style(talking=t)) for t in (1, 0))
    assert talkers.equals(quiet)


def test_bad_input_is_told() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'micro'"):
        draw_clips(["happy"], [1], kind="mikro")
    with pytest.raises(InputError, match="one for each of 3 clips"):
        draw_clips(["happy"] * 3, [1, 2, 3], kind=["macro", "micro"])
    with pytest.raises(UnknownNameError, match="Did you mean 'happy'"):
        draw_clips(["hapy"], [1])
    for rate in (0, -1, float("nan")):
        with pytest.raises(SettingsError, match="above 0"):
            frames_of(some(1), rate)
    with pytest.raises(InputError, match="no column onset_s"):
        frames_of(some(1).drop("onset_s"), 25)
    with pytest.raises(InputError, match="apex_s is negative"):
        frames_of(some(2).with_columns(apex_s=pl.lit(-1.0)), 25)


def test_no_clips_have_no_frames() -> None:
    assert frames_of(draw_clips([], []), 25).height == 0
