"""Families: for each changed attribute, what was answered to each variant of each family.

Axes: family (by its id as text), variant (by name, the base first), class (`LabelSpace.names`, and one last place: no
answer). What a table says twice or in two ways is settled here so that the order of its rows does not matter; each such
case is counted and becomes a warning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evenface.audit.counterfactual.reading import Answers
from evenface.core.errors import InputError
from evenface.core.tables import Notice

Ints = NDArray[np.int64]
MISSING = -1  # of answers: the family has no such variant
MOST_VARIANTS = 12  # more are compared as a whole, not pair by pair
CONTROLS = ("image_seed", "control", "noise", "render_seed")  # changes that leave what is shown as it is


@dataclass(frozen=True)
class Families:
    """The families in which one attribute was changed.

    Attributes:
        attribute: What was changed, such as `"ethnicity"` or `"ethnicity × gender"`.
        control: Whether the change leaves what is shown as it is, so that answers differ by rendering noise alone.
        names: Family ids.
        variants: Names of the variants.
        true: (family,) intended class.
        answer: (family, variant) class; the number of classes: no answer; -1: no such variant.
        row: (family, variant) row of the scores; -1: no such variant.
        cluster: (family,) person, or else family; numbered over all attributes together.
        image: (family, variant) path or None.
        classes: Class names.
    """

    attribute: str
    control: bool
    names: tuple[str, ...]
    variants: tuple[str, ...]
    true: Ints
    answer: Ints
    row: Ints
    cluster: Ints
    image: NDArray[np.object_]
    classes: tuple[str, ...]

    @property
    def there(self) -> NDArray[np.bool_]:
        """(family, variant): whether the table has that image."""
        return self.answer != MISSING

    @property
    def answered(self) -> NDArray[np.bool_]:
        """(family, variant): whether it got an answer."""
        return (self.answer >= 0) & (self.answer < len(self.classes))

    @property
    def right(self) -> NDArray[np.bool_]:
        """(family, variant): whether the answer is the intended class; no answer is not right."""
        return self.answer == self.true[:, None]


def gather(answers: Answers, control: Sequence[str] | None) -> tuple[list[Families], list[Notice]]:
    """Sort the answers into families, attribute by attribute; controls last.

    Args:
        answers: The table.
        control: Attributes that leave what is shown as it is; None: those named as in `CONTROLS`.

    Raises:
        InputError: No family has two variants.
    """
    frame, warnings = _settle(answers.frame)
    if not frame.height:
        said = " ".join(w.message for w in warnings)
        raise InputError(f"{answers.source}: no family has two variants to compare. {said}".rstrip())
    clusters = frame["cluster"].unique().sort()
    frame = frame.with_columns(
        pl.col("cluster").replace_strict(clusters, np.arange(len(clusters)), return_dtype=pl.Int64)
    )
    listed = set(CONTROLS if control is None else control)
    sets = []
    for (name,), rows in sorted(frame.group_by("attribute"), key=lambda pair: str(pair[0][0])):
        is_control = str(name) in listed
        sets.append(_one(str(name), rows, answers.labels.names, control=is_control))
    return sorted(sets, key=lambda each: each.control), warnings


def _settle(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Notice]]:
    """Keep each variant of a family once, one intended class a family, and families of two variants or more."""
    place = ["attribute", "family", "variant"]
    warnings = []
    alike = (pl.col("answer").n_unique() == 1) & (pl.col("true").n_unique() == 1)
    frame = frame.with_columns(pl.len().over(place).alias("copies"), alike.over(place).alias("alike")).sort("row")
    twice = frame.filter(pl.col("copies") > 1).select(place).unique().height
    if twice:
        differ = frame.filter(~pl.col("alike")).select(place).unique().height
        text = f"{twice:,} variants stand more than once in their family: counted once"
        text += f"; {differ:,} of them with different answers or labels: left out." if differ else "."
        warnings.append(Notice("repeated_variants", text))
    frame = frame.filter(pl.col("alike")).unique(place, keep="first", maintain_order=True)
    several = pl.col("true").n_unique().over("family") > 1
    mixed = frame.filter(several)["family"].n_unique()
    if mixed:
        text = f"{mixed:,} families hold more than one intended expression: left out, as more than one thing changed."
        warnings.append(Notice("mixed_families", text))
    frame = frame.filter(~several).with_columns(pl.len().over("attribute", "family").alias("size"))
    single = frame.filter(pl.col("size") < 2).select("attribute", "family").height
    if single:
        warnings.append(Notice("single_variant", f"{single:,} families have a single variant: left out."))
    return frame.filter(pl.col("size") > 1), warnings


def _one(name: str, rows: pl.DataFrame, classes: tuple[str, ...], *, control: bool) -> Families:
    if control and rows["variant"].n_unique() > MOST_VARIANTS:
        # Noise has no levels: a family's renderings are numbered, whatever their seeds are called.
        number = pl.col("variant").rank("ordinal").over("family").cast(pl.Int64)
        rows = rows.with_columns(pl.format("{} {}", pl.lit(name), number).alias("variant"))
    names = rows["family"].unique().sort().to_list()
    variants = sorted(rows["variant"].unique().to_list(), key=lambda text: (text != "base", _natural(text)))
    f = rows["family"].replace_strict(names, np.arange(len(names)), return_dtype=pl.Int64).to_numpy()
    v = rows["variant"].replace_strict(variants, np.arange(len(variants)), return_dtype=pl.Int64).to_numpy()
    shape = (len(names), len(variants))
    answer, row = np.full(shape, MISSING), np.full(shape, MISSING)
    image = np.full(shape, None, object)
    true, cluster = np.zeros(shape[0], np.int64), np.zeros(shape[0], np.int64)
    answer[f, v] = rows["answer"].fill_null(len(classes)).to_numpy()
    row[f, v] = rows["row"].to_numpy()
    image[f, v] = rows["image"].to_list()
    true[f], cluster[f] = rows["true"].to_numpy(), rows["cluster"].to_numpy()
    return Families(name, control, tuple(names), tuple(variants), true, answer, row, cluster, image, classes)


def _natural(text: str) -> list[tuple[int, float, str]]:
    """Order numbers in names by their size."""
    parts = re.split(r"((?:(?<=[=\s])-)?\d+(?:\.\d+)?)", text)
    return [(1, float(part), "") if i % 2 else (0, 0.0, part) for i, part in enumerate(parts)]
