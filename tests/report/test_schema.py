from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from evenface.report import validate_audit

Change = Callable[[dict[str, Any]], Any]


def test_the_sample_keeps_the_schema(big: dict[str, Any]) -> None:
    assert validate_audit(big) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda a: a.pop("flows"), "audit: 'flows' is missing"),
        (lambda a: a.update(more=1), "audit: unknown key 'more'"),
        (lambda a: a.update(schema="evenface.audit/2"), "audit.schema: must be"),
        (lambda a: a["gaps"].append(3), "must be an object, is int"),
        (lambda a: a["gaps"][0].update(p=1.5), "gaps[0].p: must be in 0..1"),
        (lambda a: a["gaps"][0].update(value=float("nan")), "gaps[0].value: must be num?"),
        (lambda a: a["gaps"][0].update(value=None), "value is null, but undefined gives no reason"),
        (lambda a: a["gaps"][0].update(low=1.0, high=0.5), "gaps[0]: low 1.0 is above high 0.5"),
        (lambda a: a["gaps"][0].update(worst="gender=Nobody"), "no group 'gender=Nobody' by 'gender'"),
        (lambda a: a["gaps"][0].update(metric="luck"), "metric 'luck' is not in metrics"),
        (lambda a: a["gaps"][0].update(by=a["gaps"][0].pop("by")), "keys must come in the order by, metric"),
        (lambda a: a["groups"][0].update(n=True), "groups[0].n: must be int, is True"),
        (lambda a: a["groups"][0].update(n=0), "does not add up to n and answered"),
        (lambda a: a["groups"][0]["confusion"].pop(), "groups[0].confusion: must be 7 rows of 8 columns"),
        (lambda a: a["groups"].append(a["groups"][0]), "a group stands there twice"),
        (lambda a: a["groups"][0]["metrics"]["accuracy"].pop("n"), "groups[0].metrics.accuracy: 'n' is missing"),
        (lambda a: a["input"]["attributes"][0].update(provenance="guessed"), "input.attributes[0].provenance: must be"),
    ],
)
def test_each_fault_is_named(audit: dict[str, Any], change: Change, problem: str) -> None:
    assert validate_audit(audit) == []
    change(audit)
    assert any(problem in found for found in validate_audit(audit)), validate_audit(audit)


def test_an_empty_dict_does_not_break_the_check() -> None:
    assert len(validate_audit({})) == 14
