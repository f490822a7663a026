"""Hold the results of `evenface benchmark mitigation` against what latent alignment is to reach.

    python benchmarks/mitigation_goals.py [FOLDER] [--method latent_alignment:hsic]

FOLDER holds `results.parquet` and `winners.toml`; by itself it is the one that is kept here. One variant of latent
alignment answers for all suites: the one with the best score of the search, which saw validation faces of one suite
alone, so that none is chosen by the test faces it is judged on (heads that are fitted anew are fitted to those faces
too). Differences are paired by seed; intervals are Student's t over seeds. "Told as much" leaves out rivals that are
told action units.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from evenface.benchmark.protocol import TOLD_UNITS
from evenface.benchmark.statistics import PLAIN, interval
from evenface.core.multiplicity import holm

KEPT = Path(__file__).parent / "results" / "mitigation"
OURS = "latent_alignment"
RULE = "mean_validation"


def chosen(folder: Path, methods: Mapping[str, Any]) -> str:
    """Give the variant of latent alignment, of those that align, that the search scored best."""
    told = tomllib.loads((folder / "winners.toml").read_text(encoding="utf-8"))["methods"]
    mine = [name for name, each in methods.items() if each["options"].get("terms") and "accuracy" in told.get(name, {})]
    if not mine:
        sys.exit(f"{folder / 'winners.toml'} tells no score of a latent alignment: name one with --method.")
    return max(mine, key=lambda name: told[name]["accuracy"] - told[name]["gap"])


def paired(rows: pl.DataFrame, one: str, other: str, measure: str) -> tuple[float, float, float]:
    """Give mean and interval of the difference of a measure between two methods, over seeds both have."""
    both = rows.filter(method=one).join(rows.filter(method=other), on="seed")
    return interval((both[measure] - both[f"{measure}_right"]).cast(pl.Float64).to_numpy())


def told(values: tuple[float, float, float]) -> str:
    """Write a mean with its interval."""
    mean, low, high = values
    return f"{mean:.3f}" if np.isnan(low) else f"{mean:.3f} ({low:.3f} to {high:.3f})"


def of(rows: pl.DataFrame, method: str, measure: str) -> tuple[float, float, float]:
    """Give mean and interval of a measure of a method."""
    return interval(rows.filter(method=method)[measure].cast(pl.Float64).fill_null(float("nan")).to_numpy())


def of_suite(rows: pl.DataFrame, suite: str, ours: str) -> str:
    """Print what was reached on a suite; give where ours stands beside the best rival's worst group."""
    print(f"\n{suite}, {rows.filter(method=ours)['seed'].n_unique()} seeds")
    gap, plain = of(rows, ours, "gap"), of(rows, PLAIN, "gap")
    line("headline gap", f"{told(gap)}; plain {told(plain)}; share {gap[0] / plain[0]:.2f}")
    line("accuracy", f"{told(of(rows, ours, 'accuracy'))}; less plain {told(paired(rows, ours, PLAIN, 'accuracy'))}")
    for kind in ("linear", "mlp"):
        mine, base = (told(of(rows, name, f"leak_{kind}")) for name in (ours, PLAIN))
        line(f"leak, {kind}", f"{mine}; band up to {of(rows, ours, f'leak_{kind}_chance_95')[0]:.3f}; plain {base}")
    flip, flat = of(rows, ours, "flip"), of(rows, PLAIN, "flip")
    if np.isfinite(flip[0]):
        noise = told(of(rows, ours, "flip_noise"))
        line("flips", f"{told(flip)}; plain {told(flat)}; share {flip[0] / flat[0]:.2f}; by noise alone {noise}")
    rivals = [name for name in rows["method"].unique(maintain_order=True) if not name.startswith(OURS)]
    word = against(rows, ours, rivals, "worst group")
    against(rows, ours, [name for name in rivals if name not in TOLD_UNITS], "told as much")
    fairness(rows, ours)
    seconds = rows.group_by("method").agg(pl.col("minutes").mean()).get_column("minutes").sum()
    line("training", f"{seconds:.0f} minutes for a seed of all {rows['method'].n_unique()} methods, one after another")
    return word


def fairness(rows: pl.DataFrame, ours: str) -> None:
    """Print Xu's F, over all groups and by attribute, less that of plain training, with p corrected by Holm."""
    by = [name for name in rows.columns if name.startswith("f[") and rows[name].is_not_null().any()]
    raw = [p_of(rows, ours, name) for name in by]
    corrected = dict(zip(by, holm(np.array(raw)), strict=True)) if by else {}
    for measure in ("f", *by):
        if rows[measure].is_not_null().any():
            p = f"; p {corrected[measure]:.3f} after Holm" if measure in corrected else ""
            line(measure, f"{told(of(rows, ours, measure))}; less plain {told(paired(rows, ours, PLAIN, measure))}{p}")


def p_of(rows: pl.DataFrame, ours: str, measure: str) -> float:
    """Give the p of no difference from plain training by a paired t test over seeds; NaN with fewer than two."""
    both = rows.filter(method=ours).join(rows.filter(method=PLAIN), on="seed")
    if len(both) < 2:
        return float("nan")
    return float(stats.ttest_rel(both[measure].to_numpy(), both[f"{measure}_right"].to_numpy()).pvalue)


def against(rows: pl.DataFrame, ours: str, rivals: list[str], what: str) -> str:
    """Print the worst group beside that of the best of some rivals; give where ours stands.

    A difference is shown where its interval over seeds leaves 0 out.
    """
    best = max(rivals, key=lambda name: of(rows, name, "worst_group")[0])
    mean, low, high = paired(rows, ours, best, "worst_group")
    mine, rival = (told(of(rows, name, "worst_group")) for name in (ours, best))
    word = ("ahead" if mean >= 0 else "behind") + ("" if low > 0 or high < 0 else ", not shown")
    line(what, f"{mine}; best rival {best} {rival}; difference {told((mean, low, high))}: {word}")
    return word


def line(what: str, text: str) -> None:
    """Print a line of the list of a suite."""
    print(f"  {what:<17} {text}")


def main() -> None:
    """Print it for every suite."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=KEPT)
    parser.add_argument("--method", default="")
    given = parser.parse_args()
    rows = pl.read_parquet(given.folder / "results.parquet").filter(rule=RULE)
    data = json.loads((given.folder / "results.json").read_text(encoding="utf-8"))
    ours = given.method or chosen(given.folder, data["methods"])
    print(f"{ours}, epoch chosen by {RULE}; cells {data['cells']['ended']} of {data['cells']['asked']}")
    parts = rows.partition_by("suite", as_dict=True, maintain_order=True)
    seen = {suite: part for (suite,), part in parts.items() if ours in part["method"]}
    print(f"not yet run on: {', '.join(suite for (suite,) in parts if suite not in seen) or 'none'}")
    words = [of_suite(part, suite, ours) for suite, part in seen.items()]
    counts = "; ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))
    print(f"\nworst group beside that of the best rival, on {len(words)} suites: {counts}")


if __name__ == "__main__":
    main()
