"""Readings in the order in which they are shown, and how they are written."""

from __future__ import annotations

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
    places = list(dict.fromkeys(place for run in data["runs"] for place in run["places"]))
    ends = [place for place in ("latent", "logits") if place in places]
    order = [place for place in places if place not in ends] + ends
    runs = [run["run"] for run in data["runs"]]
    for attribute in data["settings"]["by"]:
        for given in dict.fromkeys(reading["given"] for reading in data["readings"]):
            found = [r for r in data["readings"] if r["attribute"] == attribute and r["given"] == given]
            found.sort(key=lambda r: (order.index(r["place"]), runs.index(r["run"])))
            if any(r["measures"] for r in found):
                yield Block(attribute, given, found)


def measure(reading: Record, probe: str, name: str) -> Record | None:
    """One measure of a reading, or None."""
    found = (m for m in reading["measures"] if m["probe"] == probe and m["measure"] == name)
    return next(found, None)


def cell(found: Record | None, *, percent: bool) -> str:
    """Value, mark and where the chance band ends."""
    if found is None or found["value"] is None:
        return "–"
    value, end = (
        (f"{found[name]:.1%}".replace("%", "").replace("-", "−") if percent else number(found[name]))
        for name in ("value", "chance_high")
    )
    return f"{MARKS[found['verdict']]} {value} ({end})"


HEADS = ("Place", "Run", "Linear", "MLP", "k-NN", "Linear, bits")
NUMBER_HEADS = ("Place", "Run", "R²", "Correlation")


def cells(block: Block) -> list[tuple[str, ...]]:
    """A row for each reading, under `HEADS`, or `NUMBER_HEADS` where a number is read."""
    rows = []
    for reading in block.readings:
        if block.main == "r2":
            shown = [cell(measure(reading, "linear", name), percent=False) for name in ("r2", "correlation")]
        else:
            shown = [cell(measure(reading, probe, "accuracy"), percent=True) for probe in PROBES]
            shown.append(cell(measure(reading, "linear", "bits"), percent=False))
        rows.append((reading["place"], reading["run"], *shown))
    return rows


def foot(block: Block) -> str:
    """What the numbers of a block are."""
    first = next(reading for reading in block.readings if reading["measures"])
    of = f"{first['faces']:,} faces of {first['people']:,} persons"
    if block.main == "r2":
        return f"{of}. In brackets: where the band of chance ends."
    return (
        f"Balanced accuracy in %, and bits of {number(first['entropy'], 2)}; {of}. In brackets: where the band of "
        "chance ends."
    )
