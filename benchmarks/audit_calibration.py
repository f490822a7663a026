"""Does the audit mean what it says? Coverage and false positive rates of every kind of statement, by simulation.

Tables of 3,068 faces are drawn with RAF-DB's shares of expressions, genders, races and ages, for models whose truth is
known:

* `none`      the same errors in every group;
* `mix`       the same errors given the expression, but groups show other expressions (error rates alone are even);
* `gap`       accuracy given the expression is lower by a set amount in some groups;
* `persons`   as `none`, but faces come from persons (about 8 each) who are read well or badly as a whole.

Each table is audited; the share of intervals that hold the truth (aim: 95 %), and the share of tables in which a
statement of difference is made though there is none (aim: 5 %), are printed with their own standard errors. Beside
it stands the naive percentile bootstrap of a max - min gap, to show why it is not used.

    python benchmarks/audit_calibration.py --tables 1000 --out calibration.json

A run that is stopped goes on where it was when started again with the same --out.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl

from _common import CLASSES, LEVELS, RIGHT, SHARES
from evenface.audit.run import audit
from evenface.core.labels import LabelSpace
from evenface.core.tables import Attribute, Predictions

SHORTFALL = {"female": 0.03, "Asian": 0.06, "African-American": 0.10, "70+": 0.12}
METRICS = (
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "weighted_f1",
    "cohen_kappa",
    "tpr",
    "selection_rate",
    "precision",
    "demographic_parity",
    "equalized_odds",
    "predictive_parity",
    "xu_f",
    "theil",
    "confusion_flow_divergence",
    "ece",
    "brier",
    "log_loss",
    "auroc_macro",
)
TARGETS = ("accuracy", "tpr[happy]", "tpr[sad]", "tpr[fear]", "selection_rate[happy]", "balanced_accuracy", "macro_f1")


def confusion(shortfall: float) -> np.ndarray:
    """P(answer | class): the right share lowered by `shortfall`; mistakes go to the other classes by their shares."""
    right = RIGHT - shortfall
    wrong = np.tile(SHARES, (7, 1)) * (1 - np.eye(7))
    return np.diag(right) + (1 - right)[:, None] * wrong / wrong.sum(1, keepdims=True)


def shares_of(levels: tuple[str, ...], scenario: str) -> np.ndarray:
    """Shares of expressions in a group; in `mix` women show more happy and old people more neutral faces."""
    shares = SHARES.copy()
    if scenario == "mix":
        shares[3] *= 1.4 if "female" in levels else 1.0
        shares[6] *= 1.8 if "70+" in levels or "0-3" in levels else 1.0
    return shares / shares.sum()


def draw(scenario: str, rng: np.random.Generator, faces: int = 3068) -> Predictions:
    """One table."""
    persons = scenario == "persons"
    units = faces // 8 if persons else faces
    columns = {name: rng.choice(len(names), units, p=p) for name, (names, p) in LEVELS.items()}
    person = np.arange(units)
    if persons:
        person = rng.integers(0, units, faces)
        skill = rng.normal(0, 0.10, units)
        columns = {name: c[person] for name, c in columns.items()}
    profile = np.stack(list(columns.values()), 1)
    true, predicted = np.empty(faces, int), np.empty(faces, int)
    for combo in np.unique(profile, axis=0):
        mine = np.flatnonzero((profile == combo).all(1))
        levels = tuple(LEVELS[name][0][i] for name, i in zip(LEVELS, combo, strict=True))
        table = confusion(sum(SHORTFALL.get(level, 0) for level in levels) if scenario == "gap" else 0)
        true[mine] = rng.choice(7, len(mine), p=shares_of(levels, scenario))
        cumulative = table.cumsum(1)[true[mine]]
        predicted[mine] = (rng.random(len(mine))[:, None] > cumulative).sum(1).clip(0, 6)
    if persons:
        flip = rng.random(faces) < np.abs(skill[person])
        predicted = np.where(
            flip, np.where(skill[person] > 0, true, (true + 1 + rng.integers(0, 6, faces)) % 7), predicted
        )
    logits = rng.normal(size=(faces, 7))
    logits[np.arange(faces), predicted] += 3
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    frame = pl.DataFrame({"true": true.astype(np.int16), "predicted": predicted.astype(np.int16)})
    frame = frame.with_columns(
        *[pl.Series(f"attr:{name}", np.array(LEVELS[name][0])[c]) for name, c in columns.items()],
        *[pl.Series(f"score:{c}", p[:, i]) for i, c in enumerate(CLASSES)],
        *([pl.Series("subject", person)] if persons else []),
    )
    attributes = tuple(Attribute(name, names) for name, (names, _) in LEVELS.items())
    return Predictions(frame.lazy(), LabelSpace.of(list(CLASSES)), attributes, faces, scenario, "")


def truths(levels: dict[str, str], scenario: str) -> dict[str, float]:
    """What each target is in the population of a group (the other attributes averaged out)."""
    joint = np.zeros((7, 7))
    grid = [[(levels[n], 1.0)] if n in levels else list(zip(*LEVELS[n], strict=True)) for n in LEVELS]
    for g, pg in grid[0]:
        for r, pr in grid[1]:
            for a, pa in grid[2]:
                short = sum(SHORTFALL.get(x, 0) for x in (g, r, a)) if scenario == "gap" else 0
                joint += pg * pr * pa * shares_of((g, r, a), scenario)[:, None] * confusion(short)
    if scenario == "persons":
        e = 0.10 * np.sqrt(2 / np.pi) / 2  # a face of a person is mended, or spoilt, with this probability
        spoil = (1 - np.eye(7)) / 6
        joint = (1 - 2 * e) * joint + e * np.diag(joint.sum(1)) + e * joint.sum(1)[:, None] * spoil
    hits, true, read = np.diag(joint), joint.sum(1), joint.sum(0)
    tpr = hits / true
    return {
        "accuracy": hits.sum(),
        "tpr[happy]": tpr[3],
        "tpr[sad]": tpr[4],
        "tpr[fear]": tpr[1],
        "selection_rate[happy]": read[3],
        "balanced_accuracy": tpr.mean(),
        "macro_f1": (2 * hits / (true + read)).mean(),
    }


def one(task: tuple[str, int, int, int]) -> dict[str, list[float]]:
    """Audit one table; give hits (0 or 1, or a number) per statement."""
    scenario, seed, cross, resamples = task
    rng = np.random.default_rng([seed, hash_of(scenario)])
    result = audit(
        draw(scenario, rng), metrics=METRICS, cross=cross, resamples=resamples, permutations=resamples, seed=seed
    ).data
    found: dict[str, list[float]] = defaultdict(list)
    true = {g["group"]: truths(g["levels"], scenario) for g in result["groups"]}
    together: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for g in result["groups"]:
        if g["small"]:
            continue
        kind = f"{len(g['levels'])} attribute" + "s" * (len(g["levels"]) > 1)
        for name in TARGETS:
            v = g["metrics"][name]
            if v["value"] is not None:
                inside = v["low"] <= true[g["group"]][name] <= v["high"]
                found[f"interval of a group, {name}, {kind}"].append(inside)
                together[g["by"], name].append(
                    v["low_simultaneous"] <= true[g["group"]][name] <= v["high_simultaneous"]
                )
    for (by, name), hits in together.items():
        found[f"simultaneous intervals, {name}, {'crossed' if '×' in by else 'single'}"].append(all(hits))
    family: dict[str, float] = defaultdict(lambda: 1.0)
    for gap in result["gaps"]:
        if gap["value"] is None:
            continue
        kind = "crossed" if "×" in gap["by"] else "single"
        rejected = gap["p"] < 0.05
        if gap["kind"] == "pair":
            ends = [true[name][gap["metric"]] for name in gap["pair"]]
            found["interval of a pair's difference"].append(gap["low"] <= ends[0] - ends[1] <= gap["high"])
            found["reject: a pair differs"].append(rejected)
            family["pairs"] = min(family["pairs"], gap["p_adjusted"])
            continue
        found[f"reject: {gap['kind']} of {gap['metric'].split('[')[0]}, {kind}"].append(rejected)
        family[gap["family"]] = min(family[gap["family"]], gap["p_adjusted"])
        if gap["kind"] == "difference" and gap["metric"] in TARGETS:
            left = set(gap["left_out"])
            ends = [
                true[g["group"]][gap["metric"]]
                for g in result["groups"]
                if g["by"] == gap["by"] and g["group"] not in left
            ]
            found[f"interval of a gap, {gap['metric']}, {kind}"].append(
                gap["low"] - 1e-9 <= max(ends) - min(ends) <= gap["high"]
            )
    for name, p in family.items():
        found[f"reject: any gap of the family '{name}'"].append(p < 0.05)
    if result["flows"]:
        found["reject: any confusion flow of all groupings"].append(
            min(f["p_adjusted"] for f in result["flows"]) < 0.05
        )
    for w in result["worst"]:
        if w["metric"] == "accuracy" and w["group"] is not None and scenario == "gap":
            mine = [g for g in result["groups"] if g["by"] == w["by"]]
            found["worst group: claimed probability"].append(w["probability"])
            found["worst group: named rightly"].append(
                min(mine, key=lambda g: true[g["group"]]["accuracy"])["group"] == w["group"]
            )
    return found


def hash_of(text: str) -> int:
    """A stable number for a name."""
    return sum(ord(c) * 131**i for i, c in enumerate(text)) % 2**31


def naive(seed: int, resamples: int = 300) -> bool:
    """Does the percentile bootstrap of the accuracy gap over gender x race exclude 0, though there is no difference?"""
    rng = np.random.default_rng([seed, 7])
    frame = draw("none", rng).frame.collect()
    group = (frame["attr:gender"] + frame["attr:race"]).rank("dense").to_numpy() - 1
    right = (frame["true"] == frame["predicted"]).to_numpy()
    gaps = []
    for _ in range(resamples):
        pick = rng.integers(0, len(right), len(right))
        n = np.bincount(group[pick], minlength=9)
        rate = np.bincount(group[pick], weights=right[pick], minlength=9)[n >= 10] / n[n >= 10]
        gaps.append(np.ptp(rate))
    return bool(np.quantile(gaps, 0.025) > 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=400, help="tables per scenario")
    parser.add_argument("--resamples", type=int, default=300)
    parser.add_argument("--cross", type=int, default=2)
    parser.add_argument("--scenarios", default="none,mix,gap,persons")
    parser.add_argument("--out", type=Path, help="keeps what is done, so that a stopped run goes on")
    parser.add_argument("--full", action="store_true", help="print every metric")
    args = parser.parse_args()
    done = json.loads(args.out.read_text()) if args.out and args.out.exists() else {}
    start = time.perf_counter()
    for scenario in args.scenarios.split(","):
        state = done.setdefault(scenario, {"next": 0, "found": {}})
        while state["next"] < args.tables:
            seeds = range(state["next"], min(state["next"] + 40, args.tables))
            with ProcessPoolExecutor(os.cpu_count()) as pool:
                for found in pool.map(one, [(scenario, s, args.cross, args.resamples) for s in seeds], chunksize=5):
                    for key, values in found.items():
                        sums = state["found"].setdefault(key, [0, 0.0])
                        state["found"][key] = [sums[0] + len(values), sums[1] + float(np.sum(values))]
            state["next"] = seeds[-1] + 1
            if args.out:
                args.out.write_text(json.dumps(done))
        report(scenario, state, args.full)
    wrong = sum(naive(s) for s in range(40))
    print(f"\nNaive percentile bootstrap of a max - min gap, no difference: excludes 0 in {wrong} of 40 tables")
    print(f"{time.perf_counter() - start:.0f} s")


# In `mix` the labels differ between groups, so only what is measured given the label is even.
EVEN_IN_MIX = ("tpr", "balanced_accuracy", "xu_f", "equalized_odds", "confusion_flow_divergence", "confusion flow")


def told(scenario: str, key: str) -> bool:
    """Whether a statement is one whose truth the scenario knows."""
    if not key.startswith("reject"):
        return True
    return scenario != "gap" and (scenario != "mix" or any(name in key for name in EVEN_IN_MIX))


def kind_of(key: str) -> str:
    """The kind of statement that a key belongs to, metrics put together."""
    head, *rest = key.split(", ")
    if head.startswith(("reject: difference", "reject: ratio", "reject: between")):
        head = head.split(" of ")[0].replace("reject: ", "reject: a gap, kind ")
    tail = [part for part in rest if part.split(" (")[0] in ("single", "crossed") or "attribute" in part]
    return ", ".join([head, *(part.split(" (")[0] for part in tail)])


def report(scenario: str, state: dict, full: bool) -> None:
    """Print one scenario, metrics put together by kind of statement unless all are asked for."""
    print(f"\n== {scenario}: {state['next']} tables")
    kinds: dict[str, list[float]] = {}
    for key, (n, total) in sorted(state["found"].items()):
        if told(scenario, key):
            sums = kinds.setdefault(key if full else kind_of(key), [0, 0.0])
            sums[0] += n
            sums[1] += total
    for kind, (n, total) in kinds.items():
        share = total / n
        error = np.sqrt(share * (1 - share) / min(n, state["next"]))
        print(f"  {kind:<70} {100 * share:5.1f} %  (n {n}, +- {100 * error:.1f} at most)")


if __name__ == "__main__":
    main()
