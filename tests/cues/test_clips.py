from __future__ import annotations

import polars as pl

from evenface.cues._clips import sequences


def clip_of(length: int, **columns: object) -> pl.DataFrame:
    base = {"face": [f"f{n}" for n in range(length)], "image": [f"{n}" for n in range(length)]}
    return pl.DataFrame({**base, "clip": ["a"] * length, "frame": list(range(length)), **columns})


def test_frames_are_spread_evenly_from_first_to_last() -> None:
    made = sequences(clip_of(9), 5)
    assert made.images == (("0", "2", "4", "6", "8"),)
    assert made.of_face.tolist() == [0] * 9


def test_only_what_shows_is_taken() -> None:
    phase = ["neutral", "onset", "apex", "offset", "neutral", "neutral"]
    assert sequences(clip_of(6, phase=phase), 3).images == (("1", "2", "3"),)


def test_of_a_clip_in_which_nothing_shows_the_middle_is_taken() -> None:
    frame = clip_of(41, phase=["neutral"] * 41, time_s=[n / 50 for n in range(41)])
    assert sequences(frame, 3).images == (("13", "20", "27"),)
    (images,) = sequences(frame.drop("time_s"), 3).images
    assert images == ("13", "20", "27")


def test_a_clip_that_is_too_short_has_a_reason() -> None:
    made = sequences(clip_of(2), 5)
    assert made.images == ((),)
    assert made.reasons == ("clip too short: 2 of the 3 frames that are needed",)


def test_an_unknown_frame_rate_is_told() -> None:
    assert any("frame rate" in note for note in sequences(clip_of(4), 5).notes)
    assert not any("frame rate" in note for note in sequences(clip_of(4, time_s=[0.0, 0.1, 0.2, 0.3]), 5).notes)


def test_a_photo_is_the_same_frame_again_and_again() -> None:
    made = sequences(pl.DataFrame({"face": ["x", "y"], "image": ["p.png", None]}), 4)
    assert made.images == (("p.png",) * 4, ())
    assert made.reasons == (None, "the manifest names no picture")
    assert "still photo" in made.notes[0]


def test_a_clip_with_pictures_but_none_in_the_middle_is_too_short() -> None:
    made = sequences(clip_of(4, phase=["rest"] * 4, time_s=[0.0, 1.0, 2.0, 3.0]), 5)
    assert made.reasons == ("clip too short: 0 of the 3 frames that are needed in the middle 0.3 s",)
    assert not made.notes


def test_a_clip_without_pictures_is_not_called_short() -> None:
    none = clip_of(4, image=[None] * 4, phase=["rest"] * 4, time_s=[0.0, 1.0, 2.0, 3.0])
    assert sequences(none, 5).reasons == ("the manifest names no picture",)


def test_what_is_missing_from_onset_to_offset_is_said() -> None:
    made = sequences(clip_of(6, phase=["rest", "onset", "apex", "rest", "rest", "rest"]), 5)
    assert made.reasons == ("clip too short: 2 of the 3 frames that are needed from onset to offset",)


def test_without_a_frame_rate_what_shows_is_still_all_that_is_read() -> None:
    made = sequences(clip_of(6, phase=["rest", "onset", "apex", "offset", "rest", "rest"]), 3)
    assert made.images == (("1", "2", "3"),)
    assert made.notes == ("The frame rate of 1 of 1 clips is not known: 1 are read from onset to offset.",)


def test_times_that_are_null_are_times_that_are_not_known() -> None:
    frame = clip_of(41, phase=["rest"] * 41, time_s=pl.Series([None] * 41, dtype=pl.Float64))
    made = sequences(frame, 3)
    assert made.images == (("13", "20", "27"),)
    assert "of 1, in which nothing shows, the 15 frames in the middle are read" in made.notes[0]


def test_what_is_known_is_decided_clip_by_clip() -> None:
    timed = clip_of(41, phase=["rest"] * 41, time_s=[n / 50 for n in range(41)])
    partly = timed.with_columns(clip=pl.lit("b"), time_s=pl.when(pl.col("frame") > 0).then("time_s"))
    unknown = timed.with_columns(clip=pl.lit("c"), phase=pl.lit(None, pl.String))
    both = pl.concat([timed, partly, unknown]).with_columns(face=pl.concat_str("clip", "face"))
    made = sequences(both, 3)
    assert made.images == (("13", "20", "27"), ("13", "20", "27"), ("0", "20", "40"))
    assert made.notes[0].startswith("The frame rate of 1 of 3 clips is not known: of 1, in which nothing shows")
    assert made.notes[1].startswith("Onset and offset of 1 of 3 clips are not known")


def test_frames_without_a_phase_are_not_taken_for_what_shows() -> None:
    made = sequences(clip_of(6, phase=[None, "onset", "apex", "offset", None, None]), 3)
    assert made.images == (("1", "2", "3"),)


def test_the_middle_is_by_number_of_frame_not_by_row() -> None:
    frame = clip_of(41, phase=["rest"] * 41)
    assert sequences(frame.sample(fraction=1, shuffle=True, seed=1), 3).images == (("13", "20", "27"),)
