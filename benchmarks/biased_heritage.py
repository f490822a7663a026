"""Does a bias of the training data reach the model? The audit of 24 real models, as a table and a picture.

    python benchmarks/biased_heritage.py BIASED_HERITAGE_ZIP_OR_DIR [--picture docs/images/biased_heritage.svg]

Input: predictions published with arXiv 2503.03446 (files `<kind>-f<f>-r<repeat>.csv`): models trained on data with a
planted demographic bias, all tested on the same 3,488 faces. What the runs show of f: a difference between two groups
turns round between f = 0 and f = 1, the two extremes of a bias, and is small at .5 between them.

For every run: overall accuracy, and for each attribute the gap in accuracy, equal opportunity, equalized odds, overall
disparity and demographic parity, with 95 % interval, chance level and p. Beside the seven races stands `white` (White
or not), since one bias was planted on it and most races have too few faces here to show a gap. Races, genders and ages
in these files were estimated by a model. Both repeats are shown; the mean averages values, interval ends and chance
levels of the two, which share their test faces, so that its interval is no narrower than that of one run. It does not
hold the spread over trainings.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import polars as pl

from _common import machine
from evenface.audit.result import Audit
from evenface.audit.run import audit
from evenface.report.svg import Canvas, Figure, Scale

BY = ("gender", "race", "white", "age")
METRICS = ("accuracy", "equal_opportunity", "equalized_odds", "overall_disparity", "demographic_parity")
#: Kind -> title, and the attribute it was planted on: from the names of the files, and told by which gap moves with f.
KINDS = {
    "representational": ("Representational: gender", "gender"),
    "stereo-happy": ("Stereotype: happy × gender", "gender"),
    "multistereo-sa-female": ("Stereotypes: sad, angry × gender", "gender"),
    "stereo-h-white": ("Stereotype: happy × White", "white"),
}
FILE = re.compile(r"(?P<kind>.+)-f(?P<f>[\d.]+)-r(?P<repeat>\d+)")


@dataclass(frozen=True)
class Run:
    """One model's audit."""

    kind: str
    f: float
    repeat: int
    audit: Audit

    def gap(self, metric: str, by: str) -> dict:
        """One gap of the audit."""
        return self.audit.gap(metric, by)


def read(path: Path, resamples: int) -> Run:
    found = FILE.fullmatch(path.stem)
    if found is None:
        raise SystemExit(f"{path.name}: expected <kind>-f<f>-r<repeat>.csv")
    table = pl.read_csv(path, infer_schema=False)
    white = pl.when(pl.col("race") == "White").then(pl.lit("White")).otherwise(pl.lit("not White")).alias("white")
    result = audit(
        table.with_columns(white),
        by=BY,
        cross=1,
        metrics=[*METRICS, "tpr"],
        resamples=resamples,
        permutations=resamples,
        provenance=dict.fromkeys(BY, "estimated"),
    )
    return Run(found["kind"], float(found["f"]), int(found["repeat"]), result)


def middle(gaps: list[dict], key: str) -> float:
    """Mean over repeats."""
    return mean(gap[key] for gap in gaps)


def cell(gaps: list[dict]) -> str:
    """Mean over the repeats: value, interval, chance level; an asterisk where p <= .05 in every repeat."""
    star = "\\*" if all(gap["p_adjusted"] <= 0.05 for gap in gaps) else ""
    ends = f"{middle(gaps, 'low'):.2f} – {middle(gaps, 'high'):.2f}"
    return f"{middle(gaps, 'value'):.2f}{star} ({ends}; {middle(gaps, 'chance_95'):.2f})"


def print_summary(runs: dict[tuple[str, float], list[Run]]) -> None:
    print("\nMean of the repeats: value (95 % interval; chance level, below which 95 % of chance gaps lie).")
    print("\\* = corrected p of the whole family of gaps is .05 or less in every repeat.\n")
    heads = ("kind of bias", "f", "accuracy", "by", *(m.replace("_", " ") for m in METRICS))
    print("| " + " | ".join(heads) + " |\n|" + " --- |" * len(heads))
    for (kind, f), same in runs.items():
        for by in dict.fromkeys(("gender", "race", KINDS[kind][1])):
            accuracy = mean(run.audit.overall("accuracy").value for run in same)
            cells = [cell([run.gap(metric, by) for run in same]) for metric in METRICS]
            print(f"| {kind} | {f:g} | {accuracy:.3f} | {by} | " + " | ".join(cells) + " |")


def print_runs(runs: dict[tuple[str, float], list[Run]]) -> None:
    print("\nEach run: value (95 % interval; chance level; p; p corrected over the family)\n")
    heads = ("kind of bias", "f", "repeat", "accuracy", "by", *(m.replace("_", " ") for m in METRICS))
    print("| " + " | ".join(heads) + " |\n|" + " --- |" * len(heads))
    for run in (run for same in runs.values() for run in same):
        overall = run.audit.overall("accuracy")
        for by in BY:
            cells = []
            for gap in (run.gap(metric, by) for metric in METRICS):
                ends = f"{gap['low']:.2f} – {gap['high']:.2f}; {gap['chance_95']:.2f}"
                cells.append(f"{gap['value']:.3f} ({ends}; {gap['p']:.3f}; {gap['p_adjusted']:.3f})")
            accuracy = f"{overall.value:.3f} ({overall.low:.3f} – {overall.high:.3f})"
            print(f"| {run.kind} | {run.f:g} | {run.repeat} | {accuracy} | {by} | " + " | ".join(cells) + " |")


def print_evidence(runs: dict[tuple[str, float], list[Run]]) -> None:
    """What shows on which attribute and expression a bias was planted: where TPR turns round from f = 0 to f = 1."""
    print("\nLargest change of a TPR difference (first group minus second) from f = 0 to f = 1, mean of the repeats:\n")
    for kind in KINDS:
        turns = []
        for by, (one, two) in {"gender": ("Female", "Male"), "white": ("White", "not White")}.items():
            for label in runs[kind, 0.0][0].audit.data["input"]["classes"]:
                ends = [
                    mean(rate(run, by, one, label) - rate(run, by, two, label) for run in runs[kind, f])
                    for f in (0.0, 1.0)
                ]
                turns.append((abs(ends[1] - ends[0]), f"{label}, {one} - {two}: {ends[0]:+.2f} to {ends[1]:+.2f}"))
        print(f"- {kind}: " + "; ".join(text for _, text in sorted(turns, reverse=True)[:3]))
        flows = [flow["words"] for f in (0.0, 1.0) for flow in runs[kind, f][0].audit.data["flows"][:2]]
        print("    - flows, two surest at f = 0 and two at f = 1 (first repeat): " + "; ".join(flows))


def rate(run: Run, by: str, level: str, label: str) -> float:
    value = run.audit.group(f"{by}={level}", f"tpr[{label}]").value
    return float("nan") if value is None else value


WIDTH, LEFT, TOP, HIGH, LOW, BETWEEN = 232.0, 46.0, 84.0, 210.0, 84.0, 92.0


def picture(runs: dict[tuple[str, float], list[Run]]) -> Figure:
    """Four panels, one a kind of bias: above the equal-opportunity gap with the chance band, below overall accuracy."""
    c = Canvas()
    c.text(0, 12, "Gender stereotypes in the training data reach the model far more than gender imbalance does", "h")
    c.text(
        0,
        30,
        "Equal-opportunity gap: the widest difference between two groups in the share of faces read as labelled, "
        "over 7 expressions.",
        "s",
    )
    c.text(
        0,
        45,
        "Dot: one trained model, with 95 % interval; orange: corrected p of .05 or less. "
        "Grey band: gaps that chance alone gives in 95 of 100 tables. Below it, the widest difference.",
        "s",
    )
    for i, (kind, (title, by)) in enumerate(KINDS.items()):
        _panel(
            c,
            LEFT + i * WIDTH,
            title,
            by,
            [(f, runs[kind, f]) for f in sorted(f for k, f in runs if k == kind)],
            first=i == 0,
        )
    bottom = TOP + HIGH + BETWEEN + LOW + 34
    c.text(
        0,
        bottom,
        "f sets the planted bias: 0 and 1 are opposite extremes; .5 lies between. "
        "Overall accuracy falls with the stereotypes too.",
        "s",
    )
    c.text(
        0,
        bottom + 15,
        "Published predictions of 24 models on 3,488 faces (arXiv 2503.03446); "
        "gender and race were estimated by a model. Audited with evenface.",
        "s",
    )
    alt = (
        "Equal-opportunity gap and accuracy of 24 models against f, one panel for each kind of training bias. "
        + _said(runs)
    )
    return Figure(
        "biased_heritage",
        "Which training bias reaches the model",
        alt,
        c.done(),
        LEFT + len(KINDS) * WIDTH,
        bottom + 20,
    )


def _panel(c: Canvas, x: float, title: str, by: str, points: list[tuple[float, list[Run]]], *, first: bool) -> None:
    across = Scale(0, 1, x + 34, x + WIDTH - 48)
    up, low = Scale(0, 0.8, TOP + HIGH, TOP), Scale(0.42, 0.58, TOP + HIGH + BETWEEN + LOW, TOP + HIGH + BETWEEN)
    c.text(x, TOP - 12, title, "h")
    for scale, name in ((up, "gap"), (low, "accuracy")):
        for tick in (0, 0.2, 0.4, 0.6, 0.8) if name == "gap" else (0.45, 0.5, 0.55):
            c.line(x, scale(tick), x + WIDTH - 16, scale(tick), "grid")
            if first:
                c.text(x - 6, scale(tick) + 4, f"{tick:.2f}".lstrip("0") if tick else "0", "s", anchor="end")
    for f, same in points:
        gaps = [run.gap("equal_opportunity", by) for run in same]
        band = middle(gaps, "chance_95")
        c.rect(across(f) - 30, up(band), 60, up(0) - up(band), "band")
        c.line(across(f) - 30, up(band), across(f) + 30, up(band), "ref")
        for k, (run, gap) in enumerate(zip(same, gaps, strict=True)):
            at = across(f) + 11 * (k - (len(same) - 1) / 2)
            beyond = gap["p_adjusted"] <= 0.05
            _mark(c, at, up, gap["value"], gap["low"], gap["high"], beyond=beyond)
            overall = run.audit.overall("accuracy")
            _mark(c, at, low, overall.value, overall.low, overall.high, beyond=False, radius=3)
        c.text(across(f), TOP + HIGH + 18, f"f = {f:g}".replace("0.", "."), "t", anchor="middle")
        for line, text in enumerate(_widest(same, by)):
            c.text(across(f), TOP + HIGH + 34 + 13 * line, text, "xs", anchor="middle")
    if first:
        c.text(x, TOP + HIGH + BETWEEN - 8, "Accuracy over all faces", "s")


def _mark(
    c: Canvas, x: float, scale: Scale, value: float, low: float, high: float, *, beyond: bool, radius: float = 4.5
) -> None:
    c.line(x, scale(low), x, scale(high), "worst-line" if beyond else "wide")
    c.circle(x, scale(value), radius, "worst" if beyond else "dot")


def _widest(same: list[Run], by: str) -> list[str]:
    """The expression with the widest difference in TPR, and both groups' rates, mean of the repeats."""
    levels = ("Female", "Male") if by == "gender" else ("White", "not White")
    rates = {
        label: [mean(rate(run, by, level, label) for run in same) for level in levels]
        for label in same[0].audit.data["input"]["classes"]
    }
    label = max(rates, key=lambda name: abs(rates[name][0] - rates[name][1]))
    return [label, *(f"{level} {100 * value:.0f} %" for level, value in zip(levels, rates[label], strict=True))]


def _said(runs: dict[tuple[str, float], list[Run]]) -> str:
    parts = []
    for kind, (title, by) in KINDS.items():
        values = [
            f"{middle([run.gap('equal_opportunity', by) for run in runs[kind, f]], 'value'):.2f} at f = {f:g}"
            for k, f in runs
            if k == kind
        ]
        parts.append(f"{title}: {', '.join(values)}.")
    return " ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="zip or folder with the 24 tables")
    parser.add_argument("--picture", type=Path, help="where to write the picture (SVG)")
    parser.add_argument("--resamples", type=int, default=1000)
    args = parser.parse_args()
    start, runs = time.perf_counter(), {}
    with tempfile.TemporaryDirectory() as folder:
        if args.data.is_file():
            with zipfile.ZipFile(args.data) as archive:
                archive.extractall(folder)
        files = sorted((Path(folder) if args.data.is_file() else args.data).glob("*.csv"))
        for run in (read(path, args.resamples) for path in files):
            if run.kind in KINDS:
                runs.setdefault((run.kind, run.f), []).append(run)
    runs = dict(sorted(runs.items(), key=lambda item: (list(KINDS).index(item[0][0]), item[0][1])))
    seconds = time.perf_counter() - start
    print(machine())
    print_summary(runs)
    print_evidence(runs)
    print_runs(runs)
    print(f"\n{sum(map(len, runs.values()))} audits of {args.resamples:,} resamples and permutations: {seconds:.1f} s")
    if args.picture:
        args.picture.parent.mkdir(parents=True, exist_ok=True)
        args.picture.write_text(picture(runs).standalone(), encoding="utf-8")
        print(args.picture, f"{args.picture.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
