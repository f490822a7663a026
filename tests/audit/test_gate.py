from __future__ import annotations

import numpy as np
import pytest

from evenface.audit.gate import check_gate, read_gate
from evenface.audit.result import Audit
from evenface.audit.run import audit
from evenface.core.errors import EvenfaceError, SettingsError, UnknownNameError


@pytest.fixture(scope="module")
def found() -> Audit:
    rng = np.random.default_rng(0)
    n = 400
    gender, race, true = rng.choice(["F", "M"], n), rng.choice(["A", "B"], n), rng.choice(["happy", "sad"], n)
    wrong = rng.random(n) < np.where(gender == "M", 0.4, 0.1)
    answer = np.where(wrong, np.where(true == "sad", "happy", "sad"), true)
    table = {"y_true": true, "y_pred": answer, "gender": gender, "race": race, "one": ["x"] * n}
    return audit(table, ["gender", "race", "one"], resamples=100, permutations=200)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gap(accuracy, gender) > 0.05", ("gap", "accuracy", "gender", ">", 0.05)),
        ("  gap( accuracy ,gender )>=.05 ", ("gap", "accuracy", "gender", ">=", 0.05)),
        ("ratio(accuracy, race)<8e-1", ("ratio", "accuracy", "race", "<", 0.8)),
        ("worst(tpr[very happy], gender*race) <= 1", ("worst", "tpr[very happy]", "gender × race", "<=", 1.0)),
        ("p(accuracy, gender x race) < 0.01", ("p", "accuracy", "gender × race", "<", 0.01)),
        ("group(accuracy, gender=F, race=A) < -0.7", ("group", "accuracy", "gender=F, race=A", "<", -0.7)),
        ("gap(tpr[non-smile], g) > 1", ("gap", "tpr[non-smile]", "g", ">", 1.0)),
        ("gap(tpr[fear/awe (mild), 2], g) > 1", ("gap", "tpr[fear/awe (mild), 2]", "g", ">", 1.0)),
        ("overall(accuracy) < +0.7", ("overall", "accuracy", "", "<", 0.7)),
    ],
)
def test_reading(text: str, expected: tuple[object, ...]) -> None:
    gate = read_gate(text)
    assert (gate.what, gate.metric, gate.where, gate.sign, gate.limit) == expected and gate.text == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "gap", "gap(accuracy, gender)", "gap(accuracy, gender) = 0.05", "gap(accuracy, gender) == 1"),
        *("gap(accuracy, gender) > 5 %", "gap(accuracy, gender) > 0,05", "gap(accuracy, gender) > x", "> 0.05"),
        *("gap(accuracy, gender) > 1.2.3", "gap(accuracy, gender) > .", "gap(accuracy, gender) < nan", "gap() > 1"),
        *(
            "gap(accuracy) > 1",
            "gap(accuracy gender) > 1",
            "gap(tpr[], gender) > 1",
            "gap(a-b, gender) > 1",
            "overall(accuracy, gender) > 1",
            "group(accuracy) > 1",
        ),
        *("0.05 < gap(accuracy, gender)", "gap(accuracy, gender) > 0.05 or 1"),
    ],
)
def test_what_cannot_be_read_is_told_with_an_example(text: str) -> None:
    with pytest.raises(SettingsError, match=r"gap\(accuracy, gender\) > 0\.05"):
        read_gate(text)


def test_an_unknown_question_has_a_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'gap'"):
        read_gate("GAB(accuracy, gender) > 1")


def value(found: Audit, question: str) -> float | None:
    return check_gate(found, read_gate(f"{question} > 0")).value


def test_every_question_gives_the_audits_own_number(found: Audit) -> None:
    gap = found.gap("accuracy", "gender", "difference")
    assert value(found, "gap(accuracy, gender)") == gap["value"]
    assert value(found, "low(accuracy, gender)") == gap["low"]
    assert value(found, "high(xu_f, gender)") == found.gap("xu_f", "gender")["high"]
    assert value(found, "p(accuracy, gender)") == gap["p_adjusted"]
    assert value(found, "ratio(accuracy, gender)") == found.gap("accuracy", "gender", "ratio")["value"]
    assert value(found, "overall(accuracy)") == found.overall("accuracy").value
    assert value(found, "group(accuracy, gender=F)") == found.group("gender=F", "accuracy").value
    assert value(found, "worst(accuracy, gender)") == found.group("gender=M", "accuracy").value
    assert value(found, "gap(equalized_odds, gender)") == found.gap("equalized_odds", "gender")["value"]
    assert value(found, "gap(tpr[happy], gender)") == found.gap("tpr[happy]", "gender", "difference")["value"]


def test_a_crossing_may_be_named_in_any_order(found: Audit) -> None:
    expected = found.gap("accuracy", "gender × race", "difference")["value"]
    assert value(found, "gap(accuracy, race*gender)") == value(found, "gap(accuracy, gender*race)") == expected
    group = found.group("gender=F, race=B", "accuracy").value
    assert (
        value(found, "group(accuracy, race=B, gender=F)") == value(found, "group(accuracy, gender=F, race=B)") == group
    )


@pytest.mark.parametrize(("sign", "holds"), [(">", False), (">=", True), ("<", False), ("<=", True)])
def test_signs_at_the_limit(sign: str, holds: bool, found: Audit) -> None:
    limit = found.gap("accuracy", "gender", "difference")["value"]
    assert check_gate(found, read_gate(f"gap(accuracy, gender) {sign} {limit!r}")).holds is holds


def test_what_is_undefined_does_not_hold(found: Audit) -> None:
    outcome = check_gate(found, read_gate("gap(accuracy, one) < 1"))
    assert outcome.value is None and not outcome.holds
    assert value(found, "worst(accuracy, one)") is None


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("gap(acuracy, gender)", "Unknown metric 'acuracy'. Did you mean 'accuracy'"),
        ("gap(accuracy, gendr)", "Did you mean 'gender'"),
        ("group(accuracy, gender=G)", "Unknown group 'gender=G'"),
        ("gap(tpr, gender)", r"tpr is per class: write tpr\[happy\]"),
        ("gap(accuracy[happy], gender)", "not per class: write accuracy"),
        ("gap(tpr[hapy], gender)", "Did you mean 'happy'"),
        ("gap(ece, gender)", "the table has none"),
        ("worst(equalized_odds, gender)", "compares groups by itself; ask for its gap, low, high, p"),
        ("overall(equalized_odds)", "compares groups by itself"),
        ("ratio(cohen_kappa, gender)", "has no ratio; those that have: accuracy"),
    ],
)
def test_what_the_audit_does_not_have(question: str, message: str, found: Audit) -> None:
    with pytest.raises(EvenfaceError, match=message):
        check_gate(found, read_gate(f"{question} > 0"))
