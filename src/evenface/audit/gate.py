"""Gates: one condition on an audit, for a CI job that must fail when a model is too uneven.

gap(accuracy, gender) > 0.05        the difference between groups (or a metric that is itself a comparison)
ratio(accuracy, race) < 0.8         the smallest over the largest
low(accuracy, gender) > 0.02        the lower end of the gap's interval: the gap is surely larger
p(equalized_odds, gender) < 0.01    its p, corrected over the family
overall(accuracy) < 0.7             the value over all faces
group(accuracy, gender=Female) < .7 the value in one group
worst(accuracy, gender*race) < 0.6  the value in the worst group large enough to be compared
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from evenface.audit.result import Audit
from evenface.core.errors import SettingsError, UnknownNameError
from evenface.core.groups import by_name, parse_by

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_GATE = re.compile(r"\s*(\w+)\s*\(\s*([\w\[\] ]+?)\s*(?:,\s*(.+?)\s*)?\)\s*(>=|<=|>|<)\s*([-+.\deE]+)\s*")
_EXAMPLE = "Write for example: gap(accuracy, gender) > 0.05. Also: ratio, low, p, overall, group, worst."


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition, read.

    Attributes:
        text: As written.
        what: `gap`, `ratio`, `low`, `p`, `overall`, `group` or `worst`.
        metric: Name of a metric.
        where: Grouping or group; empty for `overall`.
        sign: One of > >= < <=.
        limit: The number compared with.
    """

    text: str
    what: str
    metric: str
    where: str
    sign: str
    limit: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a gate's condition holds. `value` None: the number is undefined, so it cannot be shown to hold."""

    gate: Gate
    value: float | None
    holds: bool


def read_gate(text: str) -> Gate:
    """Read a condition.

    Raises:
        SettingsError: It is not of the form `gap(metric, grouping) > number`.
        UnknownNameError: It asks for something else than a gap, ratio, low, p, overall, group or worst.

    Example:
        >>> read_gate("gap(accuracy, gender x race) > .05").where
        'gender × race'
    """
    match = _GATE.fullmatch(text)
    if match is None:
        raise SettingsError(f"Cannot read the condition {text!r}. {_EXAMPLE}")
    what, metric, where, sign, number = match.groups()
    if what not in _ASK:
        raise UnknownNameError("condition", what, _ASK, _EXAMPLE)
    if (what == "overall") == bool(where):
        need = "takes a metric only" if what == "overall" else "needs a metric and a grouping"
        raise SettingsError(f"Cannot read {text!r}: {what} {need}. {_EXAMPLE}")
    try:
        limit = float(number)
    except ValueError:
        raise SettingsError(f"Cannot read {number!r} in {text!r} as a number. {_EXAMPLE}") from None
    place = where or ""
    return Gate(text, what, metric, place if what in ("group", "overall") else by_name(parse_by(place)), sign, limit)


def check_gate(audit: Audit, gate: Gate) -> Outcome:
    """See whether a condition holds.

    Raises:
        UnknownNameError: The audit has no such metric, grouping or group.
    """
    value = _ASK[gate.what](audit, gate)
    return Outcome(gate, value, value is not None and _COMPARE[gate.sign](value, gate.limit))


def _gap(key: str, kind: str | None = None) -> Callable[[Audit, Gate], float | None]:
    def ask(audit: Audit, gate: Gate) -> float | None:
        value: float | None = audit.gap(gate.metric, gate.where, kind)[key]
        return value

    return ask


def _worst(audit: Audit, gate: Gate) -> float | None:
    group = audit.gap(gate.metric, gate.where, "difference")["worst"]
    return audit.group(group, gate.metric).value if group is not None else None


_ASK: dict[str, Callable[[Audit, Gate], float | None]] = {
    "gap": _gap("value"),
    "ratio": _gap("value", "ratio"),
    "low": _gap("low"),
    "p": _gap("p_adjusted"),
    "overall": lambda audit, gate: audit.overall(gate.metric).value,
    "group": lambda audit, gate: audit.group(gate.where, gate.metric).value,
    "worst": _worst,
}
