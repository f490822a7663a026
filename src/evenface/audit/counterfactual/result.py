"""The result of a counterfactual audit: the object of `counterfactual.json`, with ways to ask it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenface.audit.result import Result
from evenface.core.errors import UnknownNameError

SCHEMA = "evenface.counterfactual/1"


@dataclass(frozen=True)
class Counterfactual(Result):
    """How answers change when one attribute of a face is changed and nothing else, as data that reads like a dict.

    Attributes:
        data: The object of `counterfactual.json` (docs/COUNTERFACTUAL_SCHEMA.md).
        folder: Where relative paths of images start; None for a table in memory.
    """

    folder: Path | None = None

    def attribute(self, name: str) -> dict[str, Any]:
        """What was found for one changed attribute.

        Raises:
            UnknownNameError: No such attribute in this audit.
        """
        known = {entry["attribute"]: entry for entry in self.data["attributes"]}
        if name not in known:
            raise UnknownNameError("changed attribute", name, known)
        return dict(known[name])

    def pair(self, a: str, b: str) -> dict[str, Any]:
        """What changes from variant `a` to variant `b`; asked for the other way round, signs are turned.

        Raises:
            UnknownNameError: No such variant, or no family has both.
        """
        known = {(entry["a"], entry["b"]): entry for entry in self.data["pairs"]}
        if (a, b) in known:
            return dict(known[a, b])
        if (b, a) in known:
            return _turned(known[b, a])
        names = {name for pair in known for name in pair}
        if lost := next((name for name in (a, b) if name not in names), None):
            raise UnknownNameError("variant", lost, names)
        raise UnknownNameError("pair of variants", f"{a} and {b}", [f"{x} and {y}" for x, y in known])


def _turned(pair: Mapping[str, Any]) -> dict[str, Any]:
    """The same pair with first and second exchanged."""
    swapped = {"a": "b", "b": "a", "only_a_answered": "only_b_answered", "only_b_answered": "only_a_answered"}
    swapped |= {"only_a_right": "only_b_right", "only_b_right": "only_a_right"}
    out = {key: pair[swapped.get(key, key)] for key in pair}
    out["accuracy"] = _change(pair["accuracy"])
    out["shifts"] = [_change(shift) for shift in pair["shifts"]]
    held = pair["probability_intended"]
    out["probability_intended"] = None if held is None else _change(held)
    return out


def _change(entry: Mapping[str, Any]) -> dict[str, Any]:
    low, high = entry["high"], entry["low"]
    signed = {"change": entry["change"], "low": low, "high": high}
    turned = {key: None if value is None else -value for key, value in signed.items()}
    return {**entry, "a": entry["b"], "b": entry["a"], **turned}
