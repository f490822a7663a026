"""The result of an audit: the object of `audit.json` (docs/AUDIT_SCHEMA.md), with ways to ask it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evenface.core.errors import UnknownNameError

if TYPE_CHECKING:
    import polars as pl

SCHEMA = "evenface.audit/1"


@dataclass(frozen=True, slots=True)
class Value:
    """One number with its interval; `value` is None and `undefined` says why where it is not defined."""

    value: float | None
    low: float | None
    high: float | None
    n: int | None
    undefined: str | None


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst group of a grouping by one metric, and the probability that it really is."""

    by: str
    metric: str
    group: str | None
    probability: float | None


@dataclass(frozen=True)
class Result(Mapping[str, Any]):
    """Data that reads like a dict, and says in sentences what was found.

    Attributes:
        data: The object of a JSON file.
    """

    data: dict[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.data[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    @property
    def summary(self) -> list[str]:
        """What was found, in sentences."""
        return list(self.data["summary"])


@dataclass(frozen=True)
class Audit:
    """Metrics x groups with counts, intervals and chance levels, as data.

    Attributes:
        data: The object of `audit.json`.
    """

    data: dict[str, Any]

    def overall(self, metric: str) -> Value:
        """A metric over all faces.

        Raises:
            UnknownNameError: No such metric in this audit.
        """
        return _value(self.data["overall"]["metrics"], metric)

    def group(self, name: str, metric: str) -> Value:
        """A metric in one group, such as `"gender=Female"`.

        Raises:
            UnknownNameError: No such group or metric in this audit.
        """
        found = {entry["group"]: entry for entry in self.data["groups"]}
        if name not in found:
            raise UnknownNameError("group", name, found)
        return _value(found[name]["metrics"], metric)

    def gap(self, metric: str, by: str, kind: str | None = None) -> dict[str, Any]:
        """One gap: `kind` is `difference`, `ratio` or `between`; None: the only one, or else the difference.

        Raises:
            UnknownNameError: No such gap in this audit.
        """
        mine = [g for g in self.data["gaps"] if g["kind"] != "pair"]
        if by not in {g["by"] for g in mine}:
            raise UnknownNameError("grouping", by, {g["by"] for g in mine})
        here = {g["metric"]: g for g in reversed(mine) if g["by"] == by and kind in (None, g["kind"])}
        if metric not in here:
            raise UnknownNameError("gap", metric, here)
        found: dict[str, Any] = here[metric]
        return found

    def worst(self, metric: str, by: str | None = None) -> Worst:
        """The worst group by a metric; `by` None: of the grouping where it is surest.

        Raises:
            UnknownNameError: No such metric or grouping in this audit.

        Example:
            >>> from evenface.audit.run import audit
            >>> faces = {"y_true": ["sad", "happy"] * 60, "y_pred": ["sad", "happy"] * 30 + ["sad"] * 60}
            >>> faces["age"] = ["20-39"] * 60 + ["60+"] * 60
            >>> audit(faces, by=["age"], resamples=100, permutations=100).worst("accuracy").group
            'age=60+'
        """
        mine = [w for w in self.data["worst"] if w["metric"] == metric]
        if not mine:
            raise UnknownNameError("metric", metric, {w["metric"] for w in self.data["worst"]})
        here = [w for w in mine if by in (None, w["by"])]
        if not here:
            raise UnknownNameError("grouping", str(by), {w["by"] for w in mine})
        top = max(here, key=lambda w: w["probability"] or 0)
        return Worst(top["by"], metric, top["group"], top["probability"])

    def groups_table(self) -> pl.DataFrame:
        """All groups x metrics, one row each."""
        return groups_frame(self.data["groups"])

    def gaps_table(self) -> pl.DataFrame:
        """All gaps, one row each."""
        import polars as pl

        return pl.DataFrame(
            [{**g, "left_out": len(g["left_out"])} for g in self.data["gaps"]], infer_schema_length=None
        )


def groups_frame(groups: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Groups x metrics, one row each, of an audit's or a comparison's `groups[]`."""
    import polars as pl

    rows = [
        {"by": g["by"], "group": g["group"], "faces": g["n"], "small": g["small"], "metric": m, **v}
        for g in groups
        for m, v in g["metrics"].items()
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _value(metrics: Mapping[str, Mapping[str, Any]], name: str) -> Value:
    if name not in metrics:
        raise UnknownNameError("metric", name, metrics)
    entry = metrics[name]
    return Value(entry["value"], entry["low"], entry["high"], entry["n"], entry["undefined"])
