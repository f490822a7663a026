"""Plan: from a spec to the table of truth, for any stretch of faces.

`Plan` holds the roll (a few bytes a face) and gives the rows of any stretch: all parameters, the expression with its
units, labels and attributes, families of counterfactual faces. A row is the same whichever stretch it is read in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evenface.core.manifest import SPLITS, Manifest
from evenface.core.tables import Attribute
from evenface.synthesis.attributes import LEVELS, levels_of
from evenface.synthesis.parameters import PARAMETERS
from evenface.synthesis.portray import Portraits, frame_counts, portraits
from evenface.synthesis.roll import NONE, Roll
from evenface.synthesis.store import FOLDER, SUFFIX, shards_of
from evenface.synthesis.units import CHANNELS

if TYPE_CHECKING:
    from evenface.synthesis.spec import Spec

Numbers = NDArray[np.float64]
_WHOLE = ("person", "image_seed")
_STRETCH = 4096  # rows that are in memory at once where all are read


class Plan:
    """What a spec comes to: the truth about every face, row by row.

    Attributes:
        spec: What was asked for.
        rows: How many faces are made; a whole number of families or clips, so perhaps fewer than asked for.
        roll: Who is shown in each face, and which expression.
    """

    def __init__(self, spec: Spec) -> None:
        """Lay out the faces and apply the biases.

        Raises:
            SettingsError: A bias cannot be had in this set.
        """
        self.spec = spec
        roll = spec.design.roll(spec)
        for place, bias in enumerate(spec.biases):
            roll = bias.change(roll, spec, place)
        if spec.design.clips:
            self._ends = np.cumsum(frame_counts(spec, roll, spec.design.clips.rate))
            self._ends = self._ends[self._ends <= spec.count]
            roll = {name: column[: len(self._ends)] for name, column in roll.items()}
        else:
            self._ends = np.arange(1, len(roll["person"]) + 1)
        self.roll: Roll = roll
        self.rows = int(self._ends[-1]) if len(self._ends) else 0

    def table(self, start: int = 0, stop: int | None = None) -> pl.DataFrame:
        """Give the truth about faces `start` to `stop` (not included): the columns of docs/GENERATE.md.

        Args:
            start: First row.
            stop: Row after the last; None is the end.
        """
        stop = self.rows if stop is None else min(stop, self.rows)
        first, last = np.searchsorted(self._ends, (start, stop - 1), "right")
        lines = {name: column[first : last + 1] for name, column in self.roll.items()}
        begin = int(self._ends[first - 1]) if first else 0
        faces = portraits(self.spec, lines)
        columns = self._who(faces.roll, np.arange(begin, begin + len(faces.intensity)))
        columns |= self._attributes(faces) | self._expression(faces) | self._family(faces.roll)
        return pl.DataFrame(columns | _columns(faces.parameters))[start - begin : stop - begin]

    def manifest(self, start: int = 0, stop: int | None = None) -> Manifest:
        """Give the same as a manifest."""
        attributes = tuple(Attribute(name, levels, "generated") for name, levels in LEVELS.items())
        return Manifest(self.table(start, stop), self.spec.labels, attributes)

    @cached_property
    def sha256(self) -> str:
        """Hash of all rows, numbers to six decimals: two plans with the same hash draw the same faces."""
        found = hashlib.sha256()
        for table in self.stretches():
            for column in table.drop("image").iter_columns():
                found.update(column.name.encode())
                found.update(_bytes(column))
        return found.hexdigest()

    def counts(self) -> dict[str, dict[str, int]]:
        """Count the faces by region, split, expression, label and attribute, as the table has them."""
        columns = ("region", "split", "emotion", "label", *(f"attr:{name}" for name in LEVELS), "changed")
        totals: dict[str, dict[str, int]] = {name: {} for name in columns}
        for table in self.stretches():
            named = table.with_columns(_named(table["label"].to_numpy(), self.spec.levels("emotion")).alias("label"))
            for name in columns:
                for level, n in named[name].fill_null("not known").value_counts(sort=True).iter_rows():
                    totals[name][level] = totals[name].get(level, 0) + n
        return {name: levels for name, levels in totals.items() if set(levels) != {"not known"}}

    def stretches(self) -> Iterator[pl.DataFrame]:
        """Give all rows, some thousands at a time."""
        for start in range(0, self.rows, _STRETCH):
            yield self.table(start, start + _STRETCH)

    def _who(self, roll: Roll, row: NDArray[np.int64]) -> dict[str, pl.Series]:
        number = pl.Series(row)
        face, folder = number.cast(pl.String).str.zfill(7), (number // FOLDER).cast(pl.String).str.zfill(3)
        nothing = pl.repeat(None, len(row), dtype=pl.String, eager=True)
        files = self.spec.store == "files"
        return {
            "face": face,
            "image": "images/" + folder + "/" + face + f".{SUFFIX[self.spec.image]}" if files else nothing,
            "shard": nothing if files else shards_of(number, self.spec.store),
            "subject": "p" + pl.Series(roll["person"]).cast(pl.String).str.zfill(7),
            "dataset": pl.repeat(self.spec.name, len(row), dtype=pl.String, eager=True),
            "region": _named(roll["region"], self.spec.levels("region")),
            "split": _named(roll["split"], SPLITS, roll["split"] == NONE),
            "label": pl.Series(roll["label"].astype(np.int16)),
            "true_label": pl.Series(roll["emotion"].astype(np.int16)),
        }

    def _attributes(self, faces: Portraits) -> dict[str, pl.Series]:
        found = levels_of(faces.parameters)
        hidden = {name: (faces.roll["hidden"] >> np.uint8(i)) & 1 == 1 for i, name in enumerate(LEVELS)}
        return {f"attr:{name}": _named(found[name], LEVELS[name], hidden[name]) for name in LEVELS}

    def _expression(self, faces: Portraits) -> dict[str, pl.Series]:
        units = {f"unit:{name}": pl.Series(faces.units[:, i]) for i, name in enumerate(CHANNELS)}
        emotion = _named(faces.roll["emotion"], self.spec.levels("emotion"))
        clip = "c" + pl.Series(faces.roll["scene"]).cast(pl.String).str.zfill(7)
        if not self.spec.design.clips:
            clip = pl.repeat(None, len(clip), dtype=pl.String, eager=True)
        moments = faces.moments.to_dict()
        return {"emotion": emotion, "intensity": pl.Series(faces.intensity), **units, "clip": clip, **moments}

    def _family(self, roll: Roll) -> dict[str, pl.Series]:
        variants = self.spec.design.variants()
        if not variants:
            nothing = pl.repeat(None, len(roll["variant"]), dtype=pl.String, eager=True)
            return {"family": nothing, "variant": nothing, "changed": nothing}
        changed = [variant.changed for variant in variants]
        order = list(dict.fromkeys(changed))
        base = pl.Series(roll["scene"]).cast(pl.String).str.zfill(7)
        kind = pl.Series([str(order.index(name)) for name in changed]).gather(pl.Series(roll["variant"]))
        return {
            "family": "f" + base + "-" + kind,
            "variant": _named(roll["variant"], [variant.name for variant in variants]),
            "changed": _named(roll["variant"], changed),
        }


def _named(
    codes: NDArray[np.generic], names: tuple[str, ...] | list[str], missing: NDArray[np.bool_] | None = None
) -> pl.Series:
    """Give the name that each code stands for, null where it is missing."""
    places = pl.Series(codes).cast(pl.UInt32)
    if missing is not None:
        places = pl.select(pl.when(pl.lit(pl.Series(~missing))).then(places)).to_series()
    return pl.Series(list(names), dtype=pl.String).gather(places)


def _columns(parameters: Mapping[str, Numbers]) -> dict[str, pl.Series]:
    """Give parameters as a table holds them: choices by name, seeds as whole numbers."""
    out = {}
    for name, values in parameters.items():
        choices = PARAMETERS[name].choices
        if choices:
            out[name] = _named(values.astype(np.int64), choices)
        else:
            out[name] = pl.Series(values.astype(np.int64) if name in _WHOLE else values)
    return out


def _bytes(column: pl.Series) -> bytes:
    if column.dtype.is_float():
        values = column.fill_null(float("nan")).to_numpy()
        return np.rint(np.nan_to_num(values, nan=-1e6) * 1e6).astype(np.int64).tobytes()
    return "\n".join("" if value is None else str(value) for value in column.to_list()).encode()
