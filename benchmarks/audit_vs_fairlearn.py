"""The same question to fairlearn and to evenface: three metrics in 45 groups with bootstrap intervals, 3,068 faces.

    python benchmarks/audit_vs_fairlearn.py [--replicates 40] [--full]

fairlearn: `MetricFrame(metrics=…, sensitive_features=gender, race, age, n_boot=1000, ci_quantiles=[.025, .975])`, which
resamples rows. evenface: its own draws of cells, the same metrics in the same groups, and the quantiles of all that
MetricFrame gives (by group, overall, minimum, maximum, difference, ratio). fairlearn needs minutes for 1,000
replicates, so it is timed with fewer and its time scaled in proportion; `--full` runs all.

Three checks stand beside the times:

* values: by group, difference and ratio, the largest absolute difference;
* law: are fairlearn's replicates and ours draws from one distribution? Two-sample Kolmogorov-Smirnov tests. fairlearn's
  replicates are had from its documented interface: with n_boot = n, the quantiles at i / (n - 1) are the replicates;
* groups that lack a class: scikit-learn's balanced accuracy and macro F1 average over the classes that a group happens
  to have, so that groups are compared on different classes; evenface's own leave such a value undefined and say why.
  For the comparison scikit-learn's convention is added here as two metrics of our own.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
import warnings

import numpy as np
import polars as pl
from fairlearn.metrics import MetricFrame
from scipy.stats import ks_2samp
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from _common import BY, CLASSES, LEVELS, RAFDB, faces, machine
from evenface.audit import METRICS
from evenface.audit.cells import count_cells, make_groups
from evenface.audit.draws import Bootstrap
from evenface.audit.metric import Array, Sums, metric
from evenface.audit.run import audit
from evenface.audit.sums import Margins, margin_map
from evenface.core.reading import read_predictions

QUANTILES = [0.025, 0.975]
CHUNK = 100  # tables drawn at a time


def macro_f1_score(true: Array, answer: Array) -> float:
    return float(f1_score(true, answer, average="macro", zero_division=0))


PEER = {"accuracy": accuracy_score, "balanced_accuracy": balanced_accuracy_score, "macro_f1": macro_f1_score}


def _mean_of_present(value: Array, present: Array) -> Array:
    return np.where(present, value, 0).sum(-1) / present.sum(-1)


@metric(formula="mean of TPR over the classes that the group has", source="scikit-learn", support="labelled")
def balanced_accuracy(sums: Sums) -> Array:
    """Mean class accuracy over the classes that are labelled in the group."""
    return _mean_of_present(sums.hits / sums.true, sums.true > 0)


@metric(formula="mean of F1 over the classes that the group has", source="scikit-learn", support="labelled or read")
def macro_f1(sums: Sums) -> Array:
    """Mean F1 over the classes that are labelled or read in the group."""
    both = sums.true + sums.predicted
    return _mean_of_present(2 * sums.hits / both, both > 0)


OURS = {"accuracy": METRICS.get("accuracy"), "balanced_accuracy": balanced_accuracy, "macro_f1": macro_f1}


def table_of_all_groups(seed: int) -> pl.DataFrame:
    """RAF-DB's sizes; the first faces are one of each group, so that none is empty."""
    table = faces(RAFDB, scores=False, seed=seed)
    each = list(itertools.product(*(levels for levels, _ in LEVELS.values())))
    first = pl.DataFrame(each, schema=list(BY), orient="row")
    head = table.head(len(each)).with_columns(first.get_columns())
    return pl.concat([head, table.slice(len(each))])


def fairlearn_frame(
    table: pl.DataFrame, by: tuple[str, ...], seed: int, n: int = 0, quantiles: list[float] | None = None
):
    """A MetricFrame, with bootstrap where `n` is given."""
    boot = {"n_boot": n, "ci_quantiles": quantiles, "random_state": seed} if n else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of scikit-learn: a group lacks a class
        return MetricFrame(
            metrics=PEER,
            y_true=table["y_true"].to_numpy(),
            y_pred=table["y_pred"].to_numpy(),
            sensitive_features=table.select(by).to_pandas(),
            **boot,
        )


def values(tables: Array) -> Array:
    """The three metrics (draw, group, metric) of tables (draw, group, cell)."""
    sums = Margins(tables.astype(float) @ margin_map(len(CLASSES), float))
    return np.stack([m(sums) for m in OURS.values()], axis=-1)


def replicates(
    table: pl.DataFrame, by: tuple[str, ...], draws: int, seed: int
) -> tuple[list[tuple[str, ...]], Array, Array]:
    """The engine's bootstrap: names of the groups, replicates by group (draw, group, metric) and overall."""
    cells = count_cells(read_predictions(table, by=by))
    groups = make_groups(cells, len(by))
    span = list(groups.spans.values())[-1]
    member = groups.member[span].astype(float)
    rng = np.random.Generator(np.random.SFC64(seed))
    by_group, overall = [], []
    for size in [CHUNK] * (draws // CHUNK) + ([draws % CHUNK] if draws % CHUNK else []):
        drawn = Bootstrap(cells).draw(rng, size)
        by_group.append(values(member @ drawn))
        overall.append(values(drawn.sum(1, keepdims=True)))
    names = [tuple(group.levels.values()) for group in groups.names[span]]
    return names, np.concatenate(by_group), np.concatenate(overall)


def evenface_answer(table: pl.DataFrame, draws: int, seed: int) -> Array:
    """Everything MetricFrame gives, with quantiles."""
    _, by_group, overall = replicates(table, BY, draws, seed)
    low, high = np.nanmin(by_group, 1), np.nanmax(by_group, 1)
    from_overall = np.abs(by_group - overall)
    all_of_it = [low, high, high - low, low / high, overall[:, 0], np.nanmax(from_overall, 1)]
    return np.concatenate(
        [np.nanquantile(by_group, QUANTILES, axis=0), np.nanquantile(np.stack(all_of_it, 1), QUANTILES, axis=0)], 1
    )


def compare_values(table: pl.DataFrame) -> None:
    peer = fairlearn_frame(table, BY, 0)
    result = audit(table, by=BY, cross=3, metrics=list(OURS.values()), resamples=100, permutations=100, min_group=1)
    own = audit(table, by=BY, cross=3, metrics=list(OURS), resamples=100, permutations=100, min_group=1)
    print(
        "\n| metric | groups | largest difference by group | overall | max - min | min / max | "
        "undefined: evenface's own / fairlearn |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
    for name in OURS:
        theirs = peer.by_group[name]
        ours = {
            k: result.group(", ".join(f"{a}={v}" for a, v in zip(BY, k, strict=True)), name).value for k in theirs.index
        }
        built_in = {
            k: own.group(", ".join(f"{a}={v}" for a, v in zip(BY, k, strict=True)), name).value for k in theirs.index
        }
        away = max(abs(ours[k] - theirs[k]) for k in theirs.index)
        defined = [k for k in theirs.index if built_in[k] is not None]
        away = max([away, *(abs(built_in[k] - theirs[k]) for k in defined)])
        spread = max(ours.values()) - min(ours.values())
        ratio = min(ours.values()) / max(ours.values())
        print(
            f"| {name} | {len(ours)} | {away:.1e} | {abs(result.overall(name).value - peer.overall[name]):.1e} | "
            f"{abs(spread - peer.difference()[name]):.1e} | {abs(ratio - peer.ratio()[name]):.1e} | "
            f"{len(ours) - len(defined)} / {int(theirs.isna().sum())} |"
        )


def compare_law(table: pl.DataFrame, draws: int) -> None:
    """KS tests by group, overall and on max - min, of one attribute at a time: fairlearn is faster on few groups."""
    levels = [np.clip(i / (draws - 1), 1e-9, 1 - 1e-9) for i in range(draws)]
    print(
        f"\n| replicates of | metric | KS distance | p | mean, fairlearn | mean, evenface | sd ratio | "
        f" ({draws} against {25 * draws})"
    )
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    found = []
    for by in ("gender", "race"):
        peer = fairlearn_frame(table, (by,), 1, draws, levels)
        names, ours, overall = replicates(table, (by,), 25 * draws, 2)
        series = {f"{by}={k[0]}": (ours[:, i], [q.loc[k[0]] for q in peer.by_group_ci]) for i, k in enumerate(names)}
        series[f"{by}, max - min"] = (ours.max(1) - ours.min(1), peer.difference_ci())
        if by == "gender":
            series["all faces"] = (overall[:, 0], peer.overall_ci)
        for what, (mine, theirs) in series.items():
            for j, name in enumerate(OURS):
                sample = np.array([row[name] for row in theirs])
                test = ks_2samp(sample, mine[:, j])
                found.append(test.pvalue)
                print(
                    f"| {what} | {name} | {test.statistic:.3f} | {test.pvalue:.2f} | {sample.mean():.4f} | "
                    f"{mine[:, j].mean():.4f} | {sample.std() / mine[:, j].std():.3f} |"
                )
    print(
        f"\nSmallest p of {len(found)}: {min(found):.3f}, times {len(found)} (Bonferroni): "
        f"{min(1, min(found) * len(found)):.2f}; "
        f"below .05: {sum(p < 0.05 for p in found)} (by chance {0.05 * len(found):.1f})."
    )


def compare_time(table: pl.DataFrame, n: int, wanted: int) -> None:
    cost: dict[str, list[tuple[float, float]]] = {}

    def clock(what: str, work) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        cost.setdefault(what, []).append((time.perf_counter() - wall, time.process_time() - cpu))

    clock("fairlearn without bootstrap", lambda: fairlearn_frame(table, BY, 1))
    for _ in range(5):
        clock("evenface, the same question", lambda: evenface_answer(table, wanted, 1))
        clock(
            "evenface, a whole audit of the three metrics",
            lambda: audit(table, by=BY, cross=3, metrics=list(OURS), resamples=wanted),
        )
        clock("evenface, a whole audit of all metrics", lambda: audit(table, by=BY, cross=3, resamples=wanted))
    clock("fairlearn", lambda: fairlearn_frame(table, BY, 1, n, QUANTILES))
    base = cost.pop("fairlearn without bootstrap")[0]
    once = cost.pop("fairlearn")[0]
    peer = [b + (x - b) * wanted / n for b, x in zip(base, once, strict=True)]
    scaled = "" if n == wanted else f", scaled from {n} replicates ({once[0]:.1f} s)"
    print(
        f"\n| {wanted:,} replicates, 3 metrics, 45 groups, {table.height:,} faces "
        "| wall s | processor s | times as fast, wall | processor |"
    )
    print("| --- | ---: | ---: | ---: | ---: |")
    print(f"| fairlearn{scaled} | {peer[0]:.1f} | {peer[1]:.1f} | 1 | 1 |")
    for what, runs in cost.items():
        wall, cpu = (statistics.median(side) for side in zip(*runs, strict=True))
        times = f"{peer[0] / wall:,.0f} | {peer[1] / cpu:,.0f}"
        print(f"| {what} (median of {len(runs)}) | {wall:.3f} | {cpu:.3f} | {times} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=40, help="that fairlearn is timed with")
    parser.add_argument("--wanted", type=int, default=1000, help="replicates of the question")
    parser.add_argument("--law", type=int, default=400, help="replicates of fairlearn for the tests of the law")
    parser.add_argument("--full", action="store_true", help="time fairlearn with all replicates")
    parser.add_argument("--seed", type=int, default=0, help="of the made table")
    args = parser.parse_args()
    table = table_of_all_groups(args.seed)
    print(machine("fairlearn", "scikit-learn", "pandas", "scipy"), flush=True)
    compare_time(table, args.wanted if args.full else args.replicates, args.wanted)
    compare_values(table)
    compare_law(table, args.law)


if __name__ == "__main__":
    main()
