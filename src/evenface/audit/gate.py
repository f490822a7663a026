"""Gates: one condition on an audit, for a CI job that must fail when a model is too uneven.

gap(accuracy, gender) > 0.05        the difference between groups (or a metric that is itself a comparison)
ratio(accuracy, race) < 0.8         the smallest over the largest
low(accuracy, gender) > 0.02        the lower end of the gap's interval: the gap is surely larger
high(xu_f, gender) < 0.8            its upper end; where 1 is even (ratios by name) this is what "surely uneven" means
p(equalized_odds, gender) < 0.01    its p, corrected over the family
overall(accuracy) < 0.7             the value over all faces
group(accuracy, gender=Female) < .7 the value in one group
worst(accuracy, gender*race) < 0.6  the value in the worst group large enough to be compared
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import permutations

from evenface.audit.result import Audit
from evenface.core.errors import SettingsError, UnknownNameError
from evenface.core.groups import by_name, group_name, parse_by

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_GATE = re.compile(r"\s*(\w+)\s*\(\s*(\w+(?:\[[^\]]+\])?)\s*(?:,\s*(.+?)\s*)?\)\s*(>=|<=|>|<)\s*([-+.\deE]+)\s*")
_OF_COMPARISONS = ("gap", "low", "high", "p")
CROSS = by_name(("", ""))  # what stands between two attributes that are crossed
_EXAMPLE = "Write for example: gap(accuracy, gender) > 0.05. Also: ratio, low, high, p, overall, group, worst."


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition, read.

    Attributes:
        text: As written.
        what: `gap`, `ratio`, `low`, `high`, `p`, `overall`, `group` or `worst`.
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
        UnknownNameError: It asks for something else than a gap, ratio, low, high, p, overall, group or worst.

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
    """See whether a condition holds. Attributes of a crossing, or of a crossed group, may be named in any order.

    Raises:
        UnknownNameError: The audit has no such metric, grouping or group.
        SettingsError: The metric has no such number: it is per class, or itself a comparison of groups.
    """
    gate = replace(gate, where=_as_audited(audit, gate.where))
    _check_metric(audit, gate)
    value = _ASK[gate.what](audit, gate)
    return Outcome(gate, value, value is not None and _COMPARE[gate.sign](value, gate.limit))


def _as_audited(audit: Audit, where: str) -> str:
    """The audit's own order of the attributes crossed, in a grouping or a group."""
    for group in audit.data["groups"]:
        parts = [group_name((name,), (level,)) for name, level in group["levels"].items()]
        if len(parts) > 1 and where in {", ".join(order) for order in permutations(parts)}:
            return str(group["group"])
    wanted = sorted(where.split(CROSS))
    known = dict.fromkeys(group["by"] for group in audit.data["groups"])
    return next((by for by in known if CROSS in by and sorted(by.split(CROSS)) == wanted), where)


def _check_metric(audit: Audit, gate: Gate) -> None:
    known = {m["name"]: m for m in audit.data["metrics"]}
    classes = audit.data["input"]["classes"]
    name, _, label = gate.metric.partition("[")
    if name not in known:
        hint = (
            " Metrics that need scores are not there, as the table has none."
            if not audit.data["input"]["scores"]
            else ""
        )
        raise UnknownNameError("metric", name, known, hint.strip())
    per_class = known[name]["per_class"]
    if bool(label) != per_class:
        form = f"is per class: write {name}[{classes[0]}]" if per_class else f"is not per class: write {name}"
        raise SettingsError(f"Cannot check {gate.text!r}: {name} {form}. Classes: {', '.join(classes)}.")
    if label and label.removesuffix("]") not in classes:
        raise UnknownNameError("class", label.removesuffix("]"), classes)
    if known[name]["scope"] == "groups" and gate.what not in _OF_COMPARISONS:
        asks = ", ".join(_OF_COMPARISONS)
        raise SettingsError(f"Cannot check {gate.text!r}: {name} compares groups by itself; ask for its {asks}.")


def _gap(key: str, kind: str | None = None) -> Callable[[Audit, Gate], float | None]:
    def ask(audit: Audit, gate: Gate) -> float | None:
        value: float | None = audit.gap(gate.metric, gate.where, kind)[key]
        return value

    return ask


def _ratio(audit: Audit, gate: Gate) -> float | None:
    has = {g["metric"] for g in audit.data["gaps"] if g["kind"] == "ratio"}
    if gate.metric not in has:
        raise SettingsError(
            f"Cannot check {gate.text!r}: {gate.metric} has no ratio; those that have: {', '.join(sorted(has))}."
        )
    return _gap("value", "ratio")(audit, gate)


def _worst(audit: Audit, gate: Gate) -> float | None:
    group = audit.gap(gate.metric, gate.where, "difference")["worst"]
    return audit.group(group, gate.metric).value if group is not None else None


_ASK: dict[str, Callable[[Audit, Gate], float | None]] = {
    "gap": _gap("value"),
    "ratio": _ratio,
    "low": _gap("low"),
    "high": _gap("high"),
    "p": _gap("p_adjusted"),
    "overall": lambda audit, gate: audit.overall(gate.metric).value,
    "group": lambda audit, gate: audit.group(gate.where, gate.metric).value,
    "worst": _worst,
}
