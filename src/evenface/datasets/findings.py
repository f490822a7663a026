"""Findings: what a look at the pictures amounts to, each kind of fault counted, in words, with the faces it touches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from evenface.core.manifest import Manifest

UNSPLIT = "no split"
"""What faces are called that are in no split."""
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of fault.

    Attributes:
        code: To test for: `exact_across`, `exact_within`, `near_across`, `near_within`, `conflicting_labels`,
            `conflicting_votes`, `subject_across`, `unreadable`, `no_picture`, `blank`, `tiny`.
        count: How often; the message says of what.
        message: A sentence.
        faces: Those it touches, in the manifest's order.
        where: The splits that it is about, where it is about some.
    """

    code: str
    count: int
    message: str
    faces: tuple[str, ...]
    where: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Give it as JSON has it; all of its faces."""
        return {
            "code": self.code, "count": self.count, "message": self.message, "where": list(self.where),
            "faces": list(self.faces),
        }  # fmt: skip


def find(manifest: Manifest, faces: pl.DataFrame, pairs: pl.DataFrame, tiny: int) -> tuple[Finding, ...]:
    """Count the faults.

    Args:
        manifest: The faces.
        faces: As `Quality.faces`, with `blank`.
        pairs: As `Quality.pairs`.
        tiny: Pixels below which a side is called tiny.
    """
    import polars as pl

    votes = [name for name in manifest.frame.columns if name.startswith("votes:")]
    known = manifest.frame.select("subject", "label", pl.col("split").fill_null(UNSPLIT), *votes)
    table = pl.concat([faces, known], how="horizontal")
    return (
        *_across(table),
        *_near(table, pairs),
        *_within(table),
        *_conflicting(table, votes, manifest.labels.names),
        *_people(table),
        *_failing(manifest, table, tiny),
    )


def leaks(table: pl.DataFrame) -> Iterator[Finding]:
    """Give what makes a test too easy: the same picture, pixel for pixel, or the same person in more than one split.

    Args:
        table: Columns `face`, `subject`, `split` and `pixels` (a hash; null if not read).
    """
    yield from _across(table)
    yield from _people(table)


def _across(table: pl.DataFrame) -> Iterator[Finding]:
    import polars as pl

    for one, two in combinations(table["split"].unique().sort(), 2):
        sides = [set(table.filter(pl.col("split") == side)["pixels"].drop_nulls()) for side in (one, two)]
        both = sides[0] & sides[1]
        rows = table.filter(pl.col("pixels").is_in(list(both)), pl.col("split").is_in([one, two]))
        if both:
            counts = [rows.filter(pl.col("split") == side).height for side in (one, two)]
            same = rows.filter(pl.col("pixels") == rows["pixels"][0])
            pair = [same.filter(pl.col("split") == side)["face"][0] for side in (one, two)]
            yield Finding(
                "exact_across",
                len(both),
                f"Pictures in both {one} and {two}, pixel for pixel: {len(both):,} "
                f"({counts[0]:,} files in {one}, {counts[1]:,} in {two}), such as {pair[0]} and {pair[1]}.",
                tuple(rows["face"]),
                (one, two),
            )


def _within(table: pl.DataFrame) -> Iterator[Finding]:
    import polars as pl

    repeated = table.filter(pl.col("pixels").is_not_null() & ~pl.struct("split", "pixels").is_first_distinct())
    for (split,), rows in repeated.group_by("split", maintain_order=True):
        yield Finding(
            "exact_within",
            rows.height,
            f"Files in {split} that repeat an earlier one there, pixel for pixel: {rows.height:,}.",
            tuple(rows["face"]),
            (str(split),),
        )


def _near(table: pl.DataFrame, pairs: pl.DataFrame) -> Iterator[Finding]:
    """Near copies that are not exact; of exact copies the first stands for all."""
    import polars as pl

    split = table.select("face", "split")
    placed = pairs.join(split, "face", "left").join(split, left_on="other", right_on="face", how="left", suffix="_two")
    across = placed.filter(pl.col("split") != pl.col("split_two"))
    sides = pl.concat_list("split", "split_two").list.sort()
    for (names,), rows in across.with_columns(sides.list.join(" and ").alias("sides")).group_by(
        "sides", maintain_order=True
    ):
        yield Finding(
            "near_across",
            rows.height,
            f"Pairs of near copies across {names}: {rows.height:,}{_changed(rows)}.",
            _both(rows),
            tuple(sorted((rows["split"][0], rows["split_two"][0]))),
        )
    within = placed.filter(pl.col("split") == pl.col("split_two"))
    for (name,), rows in within.group_by("split", maintain_order=True):
        yield Finding(
            "near_within",
            rows.height,
            f"Pairs of near copies in {name}: {rows.height:,}{_changed(rows)}.",
            _both(rows),
            (str(name),),
        )


def _changed(pairs: pl.DataFrame) -> str:
    """Say how many pairs the embedding alone found."""
    count = {name: (pairs["by"] == name).sum() for name in ("embedding", "mirrored")}
    said = {"embedding": "cropped, turned or otherwise changed", "mirrored": "mirrored"}
    told = ", ".join(f"{count[name]:,} {words}" for name, words in said.items() if count[name])
    return f", of which by the embedding alone: {told}" if told else ""


def _both(pairs: pl.DataFrame) -> tuple[str, ...]:
    import polars as pl

    return tuple(pl.concat([pairs["face"], pairs["other"]]).unique(maintain_order=True))


def _conflicting(table: pl.DataFrame, votes: list[str], names: tuple[str, ...]) -> Iterator[Finding]:
    import polars as pl

    same = table.filter(pl.col("pixels").is_not_null(), pl.col("pixels").is_duplicated())
    labels = same.filter(pl.col("label").is_not_null(), pl.col("label").n_unique().over("pixels") > 1)
    labels = labels.filter(pl.col("label").n_unique().over("pixels") > 1)
    if labels.height:
        first = labels.filter(pl.col("pixels") == labels["pixels"][0])
        said = ", ".join(f"{face} {names[label]}" for face, label in first.select("face", "label").head(_NAMED).rows())
        count = labels["pixels"].n_unique()
        yield Finding(
            "conflicting_labels",
            count,
            f"Pictures that occur more than once, with different labels: {count:,} ({said}).",
            tuple(labels["face"]),
        )
    if votes:
        differing = same.filter(pl.struct(votes).n_unique().over("pixels") > 1)
        if count := differing["pixels"].n_unique():
            yield Finding(
                "conflicting_votes",
                count,
                f"Pictures that occur more than once, with different votes: {count:,} of "
                f"{same['pixels'].n_unique():,}.",
                tuple(differing["face"]),
            )


def _people(table: pl.DataFrame) -> Iterator[Finding]:
    import polars as pl

    known = table.filter(pl.col("subject").is_not_null())
    rows = known.filter(pl.col("split").n_unique().over("subject") > 1)
    if rows.height:
        people = rows["subject"].unique().sort()
        yield Finding(
            "subject_across",
            len(people),
            f"People with faces in more than one split: {len(people):,} of {known['subject'].n_unique():,}, such as "
            f"{', '.join(people.head(_NAMED))}.",
            tuple(rows["face"]),
        )


def _failing(manifest: Manifest, table: pl.DataFrame, tiny: int) -> Iterator[Finding]:
    import polars as pl

    small = (pl.min_horizontal("width", "height") < tiny) & pl.col("problem").is_null()
    kinds = (
        ("unreadable", pl.col("problem").is_not_null(), "cannot be read"),
        ("blank", pl.col("blank"), "are of one colour"),
        ("tiny", small, f"are less than {tiny} pixels wide or high"),
    )
    if missing := manifest.frame["image"].null_count():
        lost = tuple(manifest.frame.filter(pl.col("image").is_null())["face"])
        yield Finding("no_picture", missing, f"Faces without a picture: {missing:,}.", lost)
    for code, which, words in kinds:
        rows = table.filter(which.fill_null(value=False))
        if rows.height:
            why = f": {rows['problem'][0]}" if code == "unreadable" else ""
            yield Finding(
                code,
                rows.height,
                f"Pictures that {words}: {rows.height:,}, such as {rows['face'][0]}{why}.",
                tuple(rows["face"]),
            )
