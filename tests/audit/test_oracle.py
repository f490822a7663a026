"""The oracle: every value of an audit computed again from the rows, with masks, scikit-learn and fairlearn."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import fairlearn.metrics
import numpy as np
import pytest
import sklearn.metrics as sk
from numpy.typing import NDArray

from evenface.audit.run import audit

EXACT = {"rtol": 1e-12, "atol": 1e-12}
BINS = 15
CLASSES = 4


@dataclass(frozen=True)
class Rows:
    """Some faces as plain arrays."""

    true: NDArray[Any]
    answer: NDArray[Any]
    p: NDArray[Any]

    def keep(self, mask: NDArray[Any]) -> "Rows":
        return Rows(self.true[mask], self.answer[mask], self.p[mask])

    @property
    def answered(self) -> "Rows":
        return self.keep(self.answer >= 0)


@pytest.fixture(scope="module", params=[0, 1])
def made(
    request: pytest.FixtureRequest, table: Callable[..., Any], faces: Callable[..., Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Columns of a table and the audit of it; the second table is small, so that much is undefined in it."""
    columns = faces(request.param, n=[700, 90][request.param])
    found = audit(table(**columns), resamples=100, permutations=100, min_group=1, min_rate=1)
    return columns, found.data


@pytest.fixture(scope="module")
def rows(made: tuple[dict[str, Any], dict[str, Any]]) -> Rows:
    return Rows(made[0]["true"], made[0]["answer"], made[0]["p"])


def mask_of(columns: dict[str, Any], levels: dict[str, str]) -> NDArray[Any]:
    return np.all([columns["attributes"][name] == level for name, level in levels.items()], axis=0)


def calibration_error(p: NDArray[Any], right: NDArray[Any]) -> float:
    """Expected calibration error by one mask per bin (k / 15, (k + 1) / 15]."""
    total = 0.0
    for k in range(BINS):
        mine = (p > k / BINS) & (p <= (k + 1) / BINS)
        if mine.any():
            total += mine.mean() * abs(p[mine].mean() - right[mine].mean())
    return total


def scores_of(rows: Rows) -> Iterator[tuple[str, float]]:
    a = rows.answered
    hot = np.eye(CLASSES)[a.true]
    yield "ece", calibration_error(a.p[np.arange(len(a.true)), a.answer], a.true == a.answer)
    yield "classwise_ece", np.mean([calibration_error(a.p[:, c], hot[:, c]) for c in range(CLASSES)])
    yield "brier", ((a.p - hot) ** 2).sum(1).mean()
    yield "log_loss", sk.log_loss(a.true, a.p, labels=range(CLASSES))
    ranks = [
        sk.roc_auc_score(hot[:, c], a.p[:, c]) if 0 < hot[:, c].sum() < len(hot) else np.nan for c in range(CLASSES)
    ]
    yield "auroc_macro", np.mean(ranks)
    for c, rank in enumerate(ranks):
        yield f"auroc[{c}]", rank


def counts_of(rows: Rows) -> Iterator[tuple[str, float]]:
    a = rows.answered
    n, answered = len(rows.true), len(a.true)
    hits = (a.true == a.answer).sum()
    yield "coverage", answered / n
    yield "accuracy_all", hits / n
    yield "accuracy_ceiling", (hits + n - answered) / n
    yield "accuracy", sk.accuracy_score(a.true, a.answer)
    shown = len(np.unique(a.true)) == CLASSES
    yield "balanced_accuracy", sk.balanced_accuracy_score(a.true, a.answer) if shown else np.nan
    every = len(np.union1d(a.true, a.answer)) == CLASSES
    yield "macro_f1", sk.f1_score(a.true, a.answer, average="macro") if every else np.nan
    yield "weighted_f1", sk.f1_score(a.true, a.answer, average="weighted")
    yield "cohen_kappa", sk.cohen_kappa_score(a.true, a.answer)
    for c in range(CLASSES):
        labelled, read = a.true == c, a.answer == c
        yield f"tpr[{c}]", sk.recall_score(labelled, read, zero_division=np.nan)
        yield f"precision[{c}]", sk.precision_score(labelled, read, zero_division=np.nan)
        yield f"f1[{c}]", sk.f1_score(labelled, read, zero_division=np.nan)
        yield f"fpr[{c}]", read[~labelled].mean() if (~labelled).any() else np.nan
        yield f"selection_rate[{c}]", read.mean()


def expected(rows: Rows) -> dict[str, float]:
    """Every metric of scope `group`; classes by number."""
    if not len(rows.answered.true):
        return {"coverage": 0.0, "accuracy_all": 0.0, "accuracy_ceiling": 1.0} if len(rows.true) else {}
    with warnings.catch_warnings():  # scikit-learn warns of classes that some groups lack
        warnings.simplefilter("ignore")
        return dict(counts_of(rows)) | dict(scores_of(rows))


def by_number(name: str, classes: list[str]) -> str:
    """`tpr[happy]` as `tpr[1]`."""
    stem, bracket, label = name.partition("[")
    return f"{stem}[{classes.index(label[:-1])}]" if bracket else name


def confusion(rows: Rows) -> list[list[int]]:
    answers = [*range(CLASSES), -1]
    return [[int(((rows.true == t) & (rows.answer == a)).sum()) for a in answers] for t in range(CLASSES)]


def check_values(metrics: dict[str, Any], rows: Rows, classes: list[str]) -> None:
    wanted = expected(rows)
    for name, entry in metrics.items():
        value = wanted.get(by_number(name, classes), np.nan)
        got = np.nan if entry["value"] is None else entry["value"]
        np.testing.assert_allclose(got, value, **EXACT, err_msg=name)
        assert (entry["undefined"] is None) == (entry["value"] is not None), name


def test_overall(made: tuple[dict[str, Any], dict[str, Any]], rows: Rows) -> None:
    found = made[1]["overall"]
    assert found["confusion"] == confusion(rows)
    assert (found["n"], found["answered"]) == (len(rows.true), len(rows.answered.true))
    check_values(found["metrics"], rows, made[1]["input"]["classes"])


def test_groups(made: tuple[dict[str, Any], dict[str, Any]], rows: Rows) -> None:
    columns, found = made
    assert {g["by"] for g in found["groups"]} == {"gender", "age", "gender × age"}
    assert len(found["groups"]) == 2 + 3 + 6
    for group in found["groups"]:
        mine = rows.keep(mask_of(columns, group["levels"]))
        assert (group["n"], group["answered"]) == (len(mine.true), len(mine.answered.true))
        assert group["confusion"] == confusion(mine)
        check_values(group["metrics"], mine, found["input"]["classes"])


def test_n_is_the_number_of_faces_that_a_value_rests_on(
    made: tuple[dict[str, Any], dict[str, Any]], rows: Rows
) -> None:
    columns, found = made
    for group in found["groups"]:
        mine = rows.keep(mask_of(columns, group["levels"]))
        a = mine.answered
        for c, name in enumerate(found["input"]["classes"]):
            labelled, read = a.true == c, a.answer == c
            wanted = {
                "tpr": labelled.sum(),
                "precision": read.sum(),
                "f1": (labelled | read).sum(),
                "fpr": (~labelled).sum(),
                "selection_rate": len(a.true),
            }
            assert {m: group["metrics"][f"{m}[{name}]"]["n"] for m in wanted} == wanted
        assert group["metrics"]["coverage"]["n"] == len(mine.true)
        assert group["metrics"]["macro_f1"]["n"] == len(a.true)


def test_calibration(made: tuple[dict[str, Any], dict[str, Any]], rows: Rows) -> None:
    columns, found = made
    for group in found["groups"]:
        a = rows.keep(mask_of(columns, group["levels"])).answered
        confidence = a.p[np.arange(len(a.true)), a.answer]
        wanted = []
        for k in range(BINS):
            mine = (confidence > k / BINS) & (confidence <= (k + 1) / BINS)
            if mine.any():
                wanted.append((confidence[mine].mean(), (a.true == a.answer)[mine].mean(), mine.sum()))
        got = [(b["confidence"], b["accuracy"], b["n"]) for b in group["calibration"]]
        np.testing.assert_allclose(np.array(got).reshape(-1, 3), np.array(wanted).reshape(-1, 3), **EXACT)


def compared(made: tuple[dict[str, Any], dict[str, Any]], rows: Rows, by: str) -> dict[str, dict[str, float]]:
    """Group name -> expected values, of the groups with an answer."""
    out = {}
    for group in made[1]["groups"]:
        mine = rows.keep(mask_of(made[0], group["levels"]))
        if group["by"] == by and len(mine.answered.true):
            out[group["group"]] = expected(mine)
    return out


GROUPINGS = ("gender", "age", "gender × age")


@pytest.mark.parametrize("by", GROUPINGS)
def test_differences_and_ratios(made: tuple[dict[str, Any], dict[str, Any]], rows: Rows, by: str) -> None:
    classes, groups = made[1]["input"]["classes"], compared(made, rows, by)
    lower = {m["name"] for m in made[1]["metrics"] if m["direction"] == "lower"}
    seen = 0
    for gap in made[1]["gaps"]:
        if gap["by"] != by or gap["kind"] not in ("difference", "ratio"):
            continue
        values = {name: found[by_number(gap["metric"], classes)] for name, found in groups.items()}
        known = {name: value for name, value in values.items() if np.isfinite(value)}
        undefined = set(values) - set(known)
        assert undefined <= set(gap["left_out"])
        top, bottom = max(known.values(), default=np.nan), min(known.values(), default=np.nan)
        if len(known) < 2 or (gap["kind"] == "ratio" and top == 0):
            assert gap["value"] is None
            continue
        wanted = top - bottom if gap["kind"] == "difference" else bottom / top
        np.testing.assert_allclose(gap["value"], wanted, **EXACT, err_msg=gap["metric"])
        ends = (known[gap["best"]], known[gap["worst"]])
        best, worst = reversed(ends) if gap["metric"].partition("[")[0] in lower else ends
        np.testing.assert_allclose((best, worst), (top, bottom), **EXACT, err_msg=gap["metric"])
        seen += 1
    assert seen > 20


@pytest.mark.parametrize("by", GROUPINGS)
def test_gaps_agree_with_fairlearn(made: tuple[dict[str, Any], dict[str, Any]], rows: Rows, by: str) -> None:
    """One class against the rest, over answered faces whose groups are known."""
    columns, found = made
    attributes = by.split(" × ")
    known = np.all([[v is not None for v in columns["attributes"][name]] for name in attributes], axis=0)
    mine = rows.keep(known & (rows.answer >= 0))
    at = np.flatnonzero(known & (rows.answer >= 0))
    group = np.array([", ".join(str(columns["attributes"][name][i]) for name in attributes) for i in at])
    gaps = {(g["metric"], g["kind"]): g["value"] for g in found["gaps"] if g["by"] == by}
    frame = fairlearn.metrics.MetricFrame(
        metrics=sk.accuracy_score, y_true=mine.true, y_pred=mine.answer, sensitive_features=group
    )
    np.testing.assert_allclose(gaps["accuracy", "difference"], frame.difference(), **EXACT)
    np.testing.assert_allclose(gaps["accuracy", "ratio"], frame.ratio(), **EXACT)
    parity = []
    for c, name in enumerate(found["input"]["classes"]):
        own = {"y_true": mine.true == c, "y_pred": mine.answer == c, "sensitive_features": group}
        parity.append(fairlearn.metrics.demographic_parity_difference(**own))
        np.testing.assert_allclose(gaps[f"selection_rate[{name}]", "difference"], parity[-1], **EXACT)
    np.testing.assert_allclose(gaps["demographic_parity", "between"], max(parity), **EXACT)
    labelled_everywhere = all((mine.true[group == g] == c).any() for g in set(group) for c in range(CLASSES))
    if labelled_everywhere:  # fairlearn gives a rate of no faces the value 0
        odds = [
            fairlearn.metrics.equalized_odds_difference(mine.true == c, mine.answer == c, sensitive_features=group)
            for c in range(CLASSES)
        ]
        chances = [
            fairlearn.metrics.equal_opportunity_difference(mine.true == c, mine.answer == c, sensitive_features=group)
            for c in range(CLASSES)
        ]
        np.testing.assert_allclose(gaps["equalized_odds", "between"], max(odds), **EXACT)
        np.testing.assert_allclose(gaps["equal_opportunity", "between"], max(chances), **EXACT)


@pytest.mark.parametrize("by", GROUPINGS)
def test_between_metrics_follow_from_the_groups(
    made: tuple[dict[str, Any], dict[str, Any]], rows: Rows, by: str
) -> None:
    groups = list(compared(made, rows, by).values())
    gaps = {g["metric"]: g["value"] for g in made[1]["gaps"] if g["by"] == by and g["kind"] == "between"}
    rate = {m: np.array([[g[f"{m}[{c}]"] for c in range(CLASSES)] for g in groups]) for m in ("tpr", "selection_rate")}
    accuracy = np.array([g["accuracy"] for g in groups])
    mean = np.nanmean(rate["tpr"], axis=0)
    assert mean.shape == (CLASSES,)
    shortfall = []
    for c in range(CLASSES):
        tpr = rate["tpr"][:, c][np.isfinite(rate["tpr"][:, c])]
        shortfall.append(
            np.mean(1 - tpr / tpr.max()) * len(tpr) / (len(tpr) - 1) if len(tpr) > 1 and tpr.max() > 0 else np.nan
        )
    for c, name in enumerate(made[1]["input"]["classes"]):
        got = gaps[f"intraclass_disparity[{name}]"]
        np.testing.assert_allclose(np.nan if got is None else got, shortfall[c], **EXACT)
    np.testing.assert_allclose(gaps["overall_disparity"], np.nanmean(shortfall), **EXACT)
    np.testing.assert_allclose(gaps["mean_gap"], np.abs(accuracy - accuracy.mean()).mean(), **EXACT)
    select = rate["selection_rate"]
    np.testing.assert_allclose(gaps["disparate_impact"], (select.min(0) / select.max(0)).min(), **EXACT)


def test_pairs(made: tuple[dict[str, Any], dict[str, Any]], rows: Rows) -> None:
    values = {by: compared(made, rows, by) for by in ("gender", "age")}
    pairs = [g for g in made[1]["gaps"] if g["kind"] == "pair"]
    assert len(pairs) == 3 * (1 + 3)
    for pair in pairs:
        one, two = (values[pair["by"]][name][pair["metric"]] for name in pair["pair"])
        np.testing.assert_allclose(np.nan if pair["value"] is None else pair["value"], one - two, **EXACT)
    assert {tuple(p["pair"]) for p in pairs if p["by"] == "age"} == set(
        combinations([f"age={a}" for a in ("0-19", "20-39", "60+")], 2)
    )


def test_flows(made: tuple[dict[str, Any], dict[str, Any]], rows: Rows) -> None:
    columns, found = made
    classes = found["input"]["classes"]
    assert found["flows"]
    for flow in found["flows"]:
        group = next(g for g in found["groups"] if (g["by"], g["group"]) == (flow["by"], flow["group"]))
        mine = mask_of(columns, group["levels"])
        known = np.all([[v is not None for v in columns["attributes"][name]] for name in group["levels"]], axis=0)
        answer = -1 if flow["predicted"] == "no answer" else classes.index(flow["predicted"])
        labelled = rows.true == classes.index(flow["true"])
        read = rows.answer == answer
        assert flow["n"] == (mine & labelled).sum()
        assert flow["count"] == (mine & labelled & read).sum()
        np.testing.assert_allclose(flow["rate"], read[mine & labelled].mean(), **EXACT)
        rest = known & ~mine & labelled
        np.testing.assert_allclose(flow["rest_rate"], read[rest].mean(), **EXACT)
        if flow["ratio"] is not None:
            np.testing.assert_allclose(flow["ratio"], flow["rate"] / flow["rest_rate"], **EXACT)


def test_groups_too_small_are_named_and_take_no_part(table: Callable[..., Any], faces: Callable[..., Any]) -> None:
    columns = faces(2, n=400)
    age = columns["attributes"]["age"]
    few = np.flatnonzero(age == "60+")[7:]
    keep = np.setdiff1d(np.arange(400), few)
    for key in ("true", "answer", "p"):
        columns[key] = columns[key][keep]
    columns["attributes"] = {name: column[keep] for name, column in columns["attributes"].items()}
    found = audit(table(**columns), resamples=100, permutations=100, cross=1, min_group=8)
    group = next(g for g in found.data["groups"] if g["group"] == "age=60+")
    assert group["small"]
    assert group["metrics"]["accuracy"]["value"] is not None
    gap = found.gap("accuracy", "age", "difference")
    assert gap["left_out"] == ["age=60+"]
    values = [found.group(f"age={level}", "accuracy").value for level in ("0-19", "20-39")]
    np.testing.assert_allclose(gap["value"], abs(values[0] - values[1]), **EXACT)
    assert "small_groups" in {w["code"] for w in found.data["warnings"]}
