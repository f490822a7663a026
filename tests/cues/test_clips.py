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
