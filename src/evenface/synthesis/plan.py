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
from evenface.synthesis import dice
from evenface.synthesis.attributes import LEVELS, levels_of
from evenface.synthesis.emotions import Drawn, draw_expressions
from evenface.synthesis.expression import REGIONS
from evenface.synthesis.parameters import ACTIONS, PARAMETERS
from evenface.synthesis.population import population
from evenface.synthesis.roll import NONE, Roll
from evenface.synthesis.units import CHANNELS

if TYPE_CHECKING:
    from evenface.synthesis.spec import Spec

Numbers = NDArray[np.float64]
_WHOLE = ("person", "image_seed")
_PER_FOLDER = 1000
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
        self.roll: Roll = roll
        self.rows = len(roll["person"])

    def table(self, start: int = 0, stop: int | None = None) -> pl.DataFrame:
        """Give the truth about faces `start` to `stop` (not included): the columns of docs/GENERATE.md.

        Args:
            start: First row.
            stop: Row after the last; None is the end.
        """
        stop = self.rows if stop is None else min(stop, self.rows)
        roll = {name: column[start:stop] for name, column in self.roll.items()}
        parameters, drawn = self._faces(roll)
        columns = self._who(roll, np.arange(start, stop)) | self._attributes(roll, parameters)
        columns |= self._expression(roll, drawn) | self._family(roll, np.arange(start, stop))
        return pl.DataFrame(columns | _columns(parameters))

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

    def stretches(self) -> Iterator[pl.DataFrame]:
        """Give all rows, some thousands at a time."""
        for start in range(0, self.rows, _STRETCH):
            yield self.table(start, start + _STRETCH)

    def _faces(self, roll: Roll) -> tuple[dict[str, Numbers], Drawn]:
        """Draw parameters and expressions, region by region, then what counterfactuals and biases change."""
        spec, codes = self.spec, {name: roll[name] for name in LEVELS}
        own = {name: given.law(name) for name, given in spec.parameters.items()}
        parts = []
        for code in np.unique(roll["region"]):
            region = REGIONS[spec.levels("region")[code]]
            at = np.flatnonzero(roll["region"] == code)
            seeds = {name: roll[name][at].astype(np.int64) for name in ("person", "scene")}
            some = {name: codes[name][at] for name in codes}
            laws = {**region.laws, **own}
            parameters = population(some, spec.seed, seeds["person"], seeds["scene"], laws, spec.looks_used)
            emotions = np.array(spec.levels("emotion"))[roll["emotion"][at]]
            drawn = draw_expressions(emotions, dice.bits("expression", spec.seed, seeds["scene"]), style=region.style)
            parts.append((at, parameters, drawn))
        parameters, drawn = _joined(parts, len(roll["person"]))
        parameters |= {f"action:{name}": values for name, values in zip(ACTIONS, drawn.actions().T, strict=True)}
        for name, added in drawn.pose().items():
            parameters[name] = _within(name, parameters[name] + added)
        for number, bias in enumerate(spec.biases):
            marked = (roll["bias"] >> np.uint32(number)) & 1
            for name, added in bias.parameters().items():
                parameters[name] = _within(name, parameters[name] + added * marked)
        for number, variant in enumerate(spec.design.variants()):
            for name, value in variant.parameters.items():
                parameters[name] = np.where(roll["variant"] == number, value, parameters[name])
        return parameters, drawn

    def _who(self, roll: Roll, row: NDArray[np.int64]) -> dict[str, pl.Series]:
        names, suffix = pl.Series(row), {"png": "png", "jpeg": "jpg"}[self.spec.image]
        face = pl.select(names.cast(pl.String).str.zfill(7)).to_series()
        folder = pl.select((names // _PER_FOLDER).cast(pl.String).str.zfill(3)).to_series()
        single = "images/" + folder + "/" + face + f".{suffix}"
        return {
            "face": face,
            "image": single if self.spec.store == "files" else pl.repeat(None, len(row), dtype=pl.String, eager=True),
            "subject": "p" + pl.Series(roll["person"]).cast(pl.String).str.zfill(7),
            "dataset": pl.repeat(self.spec.name, len(row), dtype=pl.String, eager=True),
            "region": _named(roll["region"], self.spec.levels("region")),
            "split": _named(roll["split"], SPLITS, roll["split"] == NONE),
            "label": pl.Series(roll["label"].astype(np.int16)),
            "true_label": pl.Series(roll["emotion"].astype(np.int16)),
        }

    def _attributes(self, roll: Roll, parameters: Mapping[str, Numbers]) -> dict[str, pl.Series]:
        found = levels_of(parameters)
        hidden = {name: (roll["hidden"] >> np.uint8(i)) & 1 == 1 for i, name in enumerate(LEVELS)}
        return {f"attr:{name}": _named(found[name], LEVELS[name], hidden[name]) for name in LEVELS}

    def _expression(self, roll: Roll, drawn: Drawn) -> dict[str, pl.Series]:
        units = {f"unit:{name}": pl.Series(drawn.units[:, i]) for i, name in enumerate(CHANNELS)}
        emotion = _named(roll["emotion"], self.spec.levels("emotion"))
        return {"emotion": emotion, "intensity": pl.Series(drawn.intensity), **units}

    def _family(self, roll: Roll, row: NDArray[np.int64]) -> dict[str, pl.Series]:
        variants = self.spec.design.variants()
        if not variants:
            nothing = pl.repeat(None, len(row), dtype=pl.String, eager=True)
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


def _joined(parts: list[tuple[NDArray[np.int64], dict[str, Numbers], Drawn]], rows: int) -> tuple[dict[str, Numbers], Drawn]:
    """Put what was drawn region by region back into the order of the rows."""
    order = np.argsort(np.concatenate([at for at, _, _ in parts]), kind="stable")
    parameters = {name: np.concatenate([part[name] for _, part, _ in parts])[order] for name in parts[0][1]}
    fields = Drawn.__dataclass_fields__
    return parameters, Drawn(**{name: np.concatenate([getattr(d, name) for _, _, d in parts])[order] for name in fields})


def _within(name: str, values: Numbers) -> Numbers:
    return np.clip(values, PARAMETERS[name].low, PARAMETERS[name].high)


def _named(codes: NDArray[np.generic], names: tuple[str, ...] | list[str], missing: NDArray[np.bool_] | None = None) -> pl.Series:
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
