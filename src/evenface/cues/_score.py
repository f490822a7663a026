"""How well micro-expressions are read: UF1 and UAR, the means over the classes of F1 and recall.

So the composite challenge of the field scores (See et al., "MEGC 2019", FG 2019), and so labels are merged: happy is
positive; angry, contempt, disgust, fear, sad and repression are negative; surprise stays; all else is left out. There a
net learns from all persons but one and is asked for that one. The nets that ship learned from generated people alone,
so that nobody of a real data set was seen in training: of the same clips that is asked more.

A clip that was not read is no right answer: it counts in the recall and F1 of its class. A score is not defined where
no clip shows one of the classes. Persons are drawn anew for the intervals (our choice): a draw that misses a class has
no UAR, and an F1 of 0 for that class where it is answered all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError
from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.core.reconcile import reconcile
from evenface.cues._clips import sequences
from evenface.cues._cue import CueReading

if TYPE_CHECKING:
    import polars as pl

_DRAWS, _AT_ONCE = 2000, 100
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Score:
    """How well the clips of some persons are read.

    Attributes:
        clips: How many there are.
        answered: How many of them were read.
        persons: How many are shown.
        counts: (class, answer) clips; the last answer is none.
        uf1: Mean over the classes of F1, from 0 to 1, with the ends of its 95 % interval; NaN where not defined.
        uar: The same of recall.
        reason: Why a number is NaN; None where none is.
    """

    clips: int
    answered: int
    persons: int
    counts: Ints
    uf1: tuple[float, float, float]
    uar: tuple[float, float, float]
    reason: str | None


def uf1_uar(counts: NDArray[np.generic]) -> Doubles:
    """Give UF1 and UAR, (..., 2), of clips counted by class and answer, (..., class, answer).

    There may be more answers than classes: they are wrong for all. F1 is 2 hits / (shown + answered), recall
    hits / shown; NaN where that is 0 / 0 for a class.

    Example:
        >>> uf1_uar(np.array([[2, 0], [1, 1]])).round(3)
        array([0.733, 0.75 ])
    """
    each = counts.astype(np.float64)
    classes = each.shape[-2]
    hits = np.diagonal(each, axis1=-2, axis2=-1)
    shown, answered = each.sum(-1), each[..., :classes].sum(-2)
    with np.errstate(invalid="ignore"):
        return np.stack([(2 * hits / (shown + answered)).mean(-1), (hits / shown).mean(-1)], -1)


def score(true: Ints, answer: Ints, person: Ints, classes: tuple[str, ...]) -> Score:
    """Score clips.

    Args:
        true: (clip,) index into `classes`.
        answer: (clip,) index into `classes`; -1: none.
        person: (clip,) number of who is shown; any integers.
        classes: Their names.
    """
    number = np.unique(person, return_inverse=True)[1]
    persons, width = int(number.max(initial=-1)) + 1, len(classes)
    each = np.zeros((persons, width, width + 1), np.int64)
    np.add.at(each, (number, true, np.where(answer < 0, width, answer)), 1)
    counts = each.sum(0)
    absent = [name for name, shown in zip(classes, counts.sum(1), strict=True) if not shown]
    value, low, high = (np.full(2, np.nan) for _ in range(3))
    if not absent:
        value = uf1_uar(counts)
        if persons > 1:
            low, high = np.nanpercentile(_drawn(each), [2.5, 97.5], axis=0)
    reason = f"no clip is {' or '.join(absent)}" if absent else "one person gives no interval" if persons < 2 else None
    both = [(float(v), float(a), float(b)) for v, a, b in zip(value, low, high, strict=True)]
    return Score(len(true), int((answer >= 0).sum()), persons, counts, both[0], both[1], reason)


def _drawn(each: Ints) -> Doubles:
    """Give UF1 and UAR, (draw, 2), of persons drawn anew from (person, class, answer)."""
    dice, persons = np.random.default_rng(0), len(each)
    found = []
    for _ in range(_DRAWS // _AT_ONCE):
        drawn = dice.integers(0, persons, (_AT_ONCE, persons)) + persons * np.arange(_AT_ONCE)[:, None]
        times = np.bincount(drawn.ravel(), minlength=_AT_ONCE * persons).reshape(_AT_ONCE, persons)
        found.append(uf1_uar(np.tensordot(times, each, 1)))
    return np.concatenate(found)


def score_clips(
    manifest: Manifest, channels: tuple[str, ...], reading: CueReading
) -> tuple[dict[str, Score], tuple[str, ...]]:
    """Score what a cue read of a manifest's clips: over all, and for each data set where there are several.

    A clip's label is that of the frames that were looked at. A person who is not known stands for themselves.

    Args:
        manifest: Clips; a picture of no clip is one by itself.
        channels: The cue's, which are its classes.
        reading: What it read, (face, channel) probabilities.

    Returns:
        `all`, or a data set's name -> its score; and what a reader must know of it.

    Raises:
        SettingsError: The manifest's classes and the cue's do not meet.
        InputError: No clip has a label that the cue knows.
    """
    import polars as pl

    merge = {"repression": "negative"} if "repression" in manifest.labels.names else {}
    merged = reconcile(manifest.labels, replace(LabelSpace.of(channels), name="the cue's"), merge)
    clips, total = _clips(manifest, merged.table, channels, reading)
    odd = clips.filter(pl.col("labels") > 1).height
    clips = clips.filter(pl.col("labels") == 1)
    if clips.is_empty():
        raise InputError(f"No clip has one label among {', '.join(channels)}. {merged.sentence}")

    def of(part: pl.DataFrame) -> Score:
        true, answer, person = (part[name].to_numpy().astype(np.int64) for name in ("label", "answer", "person"))
        return score(true, answer, person, channels)

    found = {"all": of(clips)}
    if clips["dataset"].n_unique() > 1:
        found |= {str(key[0]): of(part) for key, part in clips.sort("dataset").group_by("dataset", maintain_order=True)}
    told = _told(clips, total, odd, found["all"].answered)
    return found, (merged.sentence, *(f"{count:,} {what}." for what, count in told.items() if count))


def _told(clips: pl.DataFrame, total: int, odd: int, answered: int) -> dict[str, int]:
    """Say of how many clips something must be known; a row per clip that is scored."""
    import polars as pl

    return {
        f"of {total:,} clips have no label among these": total - len(clips) - odd,
        "clips have frames of several labels, and are left out": odd,
        "clips were not read, and count as wrong": len(clips) - answered,
        "are pictures of no clip, read as still photos": clips.filter(~pl.col("moving")).height,
        "clips show a person who is not known, and who stands for themselves": clips["subject"].null_count(),
    }


def _clips(
    manifest: Manifest, table: Mapping[str, str | None], channels: tuple[str, ...], reading: CueReading
) -> tuple[pl.DataFrame, int]:
    """Give a row per labelled clip (`labels`: how many different ones it has), and how many clips there are."""
    import polars as pl

    into = {
        code: channels.index(goes)
        for code, name in enumerate(manifest.labels.names)
        if (goes := table[name]) is not None
    }
    frame, parts = manifest.frame, sequences(manifest.frame, 1)
    answer = np.where(reading.valid, reading.values.argmax(1), -1)
    moving = pl.col("clip").is_not_null() if "clip" in frame.columns else pl.lit(False)
    rows = frame.select(
        pl.Series("sequence", parts.of_face),
        pl.Series("looked_at", parts.looked_at),
        pl.Series("answer", answer),
        pl.col("label").replace_strict(into, default=None, return_dtype=pl.Int64),
        moving.alias("moving"),
        "dataset",
        "subject",
    )
    clips = (
        rows.filter("looked_at", pl.col("label").is_not_null())
        .group_by("sequence", maintain_order=True)
        .agg(pl.col("label", "answer", "moving", "dataset", "subject").first(), labels=pl.col("label").n_unique())
    )
    alone = pl.concat_str(pl.lit("\0"), pl.col("sequence").cast(pl.String))
    person = pl.struct("dataset", pl.col("subject").fill_null(alone)).rank("dense")
    return clips.with_columns(person.alias("person")), len(parts.images)
