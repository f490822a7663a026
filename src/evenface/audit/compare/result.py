"""The result of a comparison: the object of `compare.json` (docs/COMPARE_SCHEMA.md), with ways to ask it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evenface.audit.result import Result, groups_frame
from evenface.core.errors import UnknownNameError

if TYPE_CHECKING:
    import polars as pl

SCHEMA = "evenface.compare/1"


@dataclass(frozen=True)
class Comparison(Result):
    """B against A on the same faces: changes with paired intervals, as data that reads like a dict.

    Attributes:
        data: The object of `compare.json`.
    """

    def overall(self, metric: str) -> dict[str, Any]:
        """The change of a metric over all faces.

        Raises:
            UnknownNameError: No such metric in this comparison.
        """
        return _find(self.data["overall"]["metrics"], metric)

    def group(self, name: str, metric: str) -> dict[str, Any]:
        """The change of a metric in one group, such as `"gender=Female"`.

        Raises:
            UnknownNameError: No such group or metric in this comparison.
        """
        found = {entry["group"]: entry for entry in self.data["groups"]}
        if name not in found:
            raise UnknownNameError("group", name, found)
        return _find(found[name]["metrics"], metric)

    def gap(self, metric: str, by: str) -> dict[str, Any]:
        """The change of one gap.

        Raises:
            UnknownNameError: No such grouping or gap in this comparison.
        """
        groupings = {g["by"] for g in self.data["gaps"]}
        if by not in groupings:
            raise UnknownNameError("grouping", by, groupings)
        here = {g["metric"]: g for g in self.data["gaps"] if g["by"] == by}
        if metric not in here:
            raise UnknownNameError("gap", metric, here)
        return dict(here[metric])

    def groups_table(self) -> pl.DataFrame:
        """All groups x metrics, one row each."""
        return groups_frame(self.data["groups"])

    def gaps_table(self) -> pl.DataFrame:
        """All gaps, one row each."""
        import polars as pl

        nested = ("left_out", "best", "worst")
        rows = [{k: v for k, v in gap.items() if k not in nested} for gap in self.data["gaps"]]
        return pl.DataFrame(rows, infer_schema_length=None)


def _find(metrics: Mapping[str, dict[str, Any]], name: str) -> dict[str, Any]:
    if name not in metrics:
        raise UnknownNameError("metric", name, metrics)
    return dict(metrics[name])
