"""Readings in the order in which they are shown, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenface.report.text import Record, number

PROBES = {"linear": "linear", "mlp": "MLP", "knn": "k-NN"}
MARKS = {"read": "◆", "not_read": "·", "no_power": "?", "undefined": ""}
LEGEND = (
    "◆ above chance: the probe reads the attribute. · within chance, while the same probe reads it from the pixels or "
    "from another run. ? within chance, and found nowhere else: this proves nothing."
)
_BITS = (
    "What features save in telling a face's attribute; below 0 where they mislead. MDL: what they save in sending all "
    "faces' attributes one after the other (online code, linear)."
)


@dataclass(frozen=True)
class Block:
    """All readings of one attribute under one condition, by place and then by run."""

    attribute: str
    given: str | None
    readings: Sequence[Record]

    @property
    def title(self) -> str:
        """Attribute and condition."""
        return self.attribute + (f", given the {self.given}" if self.given else "")

    @property
    def main(self) -> str:
        """The measure that is drawn: `accuracy`, or `r2` of a number."""
        found = {m["measure"] for reading in self.readings for m in reading["measures"]}
        return "accuracy" if "accuracy" in found else "r2"


def blocks(data: Mapping[str, Any]) -> Iterator[Block]:
    """Yield a block for each attribute and condition that could be measured somewhere."""
    order = _order([run["places"] for run in data["runs"]])
    runs = [run["run"] for run in data["runs"]]
    for attribute in data["settings"]["by"]:
        for given in dict.fromkeys(reading["given"] for reading in data["readings"]):
            found = [r for r in data["readings"] if r["attribute"] == attribute and r["given"] == given]
            found.sort(key=lambda r: (order.index(r["place"]), runs.index(r["run"])))
            if any(r["measures"] for r in found):
                yield Block(attribute, given, found)


def _order(runs: Sequence[Sequence[str]]) -> list[str]:
    """Places of all runs from the pixels to the answers; nets need not have the same layers."""
    before = [place for places in runs for place in places[: places.index("latent")]]
    ends = [place for place in ("logits", "answers") if any(place in places for places in runs)]
    after = [place for places in runs for place in places[places.index("latent") :] if place not in ends]
    return list(dict.fromkeys([*before, *after, *ends]))


def measure(reading: Record, probe: str, name: str) -> Record | None:
    """One measure of a reading, or None."""
    found = (m for m in reading["measures"] if m["probe"] == probe and m["measure"] == name)
    return next(found, None)


def cell(found: Record | None) -> str:
    """Mark, value and where the chance band ends."""
    if found is None or found["value"] is None:
        return "–"
    value, end = (_short(found[name], percent=found["measure"] == "accuracy") for name in ("value", "chance_high"))
    return f"{MARKS[found['verdict']]} {value} ({end})"


def _short(value: float, *, percent: bool) -> str:
    """A number without a 0 before its point, so that four columns fit on a terminal."""
    return number(100 * value, 1) if percent else re.sub(r"\b0\.", ".", f"{value:z.2f}").replace("-", "−")


# What the tables of a block show: heading and unit, and of each column the name, the probe and the measure.
_HEADS = (("Linear", "linear"), ("MLP", "mlp"), ("k-NN", "knn"))
_SHOWN = {
    "balanced accuracy, %": tuple((*head, "accuracy") for head in _HEADS),
    "bits": (*((*head, "bits") for head in _HEADS), ("MDL", "linear", "mdl")),
    "": (("R²", "linear", "r2"), ("Correlation", "linear", "correlation")),
}


@dataclass(frozen=True)
class Table:
    """What is shown of a block: a row for each reading.

    Attributes:
        title: Attribute, condition and what is measured.
        head: Names of the columns; the first two are place and run.
        rows: As long as `head`, each.
        foot: What the numbers are.
    """

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    foot: str


def tables(block: Block) -> Iterator[Table]:
    """Yield the tables of a block: accuracy and bits, or how well a number is read."""
    first = next(reading for reading in block.readings if reading["measures"])
    of = f"{first['faces']:,} faces of {first['people']:,} persons. In brackets: where the band of chance ends."
    there = {m["measure"] for reading in block.readings for m in reading["measures"]}
    for what, columns in _SHOWN.items():
        if not there & {name for _, _, name in columns}:
            continue
        rows = [
            (r["place"], r["run"], *(cell(measure(r, probe, name)) for _, probe, name in columns))
            for r in block.readings
        ]
        title = f"{block.title}: {what}" if what else block.title
        title += f" of {number(first['entropy'], 2)}" if what == "bits" else ""
        said = f"{_BITS} {of}" if what == "bits" else of
        yield Table(title, ("Place", "Run", *(name for name, _, _ in columns)), rows, said)
