"""Does `macro` read some people's faces worse? An audit on FER+'s validation faces, by estimated gender, race and age.

    python benchmarks/ferplus_audit.py FERPLUS [--weights macro] [--out FOLDER]

FERPLUS is the folder or archive that `evenface data import ferplus` takes. Faces count where one of seven expressions
has more than half of the votes given to the seven. The steps are those of `evenface data annotate`, `predict` and
`audit`: estimate attributes, predict, audit, and correct each gap for the errors of the estimates, as FairFace's
validation faces show them. Prints the tables of the README. With --out, the annotated manifest, the predictions and the
report are kept there.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from evenface.audit.estimator import read_estimator
from evenface.audit.result import Audit
from evenface.audit.run import audit
from evenface.core.errors import SettingsError
from evenface.core.manifest import Manifest
from evenface.datasets import DATASETS
from evenface.datasets.votes import majority
from evenface.models.annotate import Annotated, annotate
from evenface.report import write
from evenface.serve.predictor import Predictor

SEVEN = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear")
BY = ("gender", "race4", "race", "age4", "age")
METRICS = ("accuracy", "balanced_accuracy")


def labelled(path: Path) -> Manifest:
    """FER+'s validation faces with the expression that more than half of the seven's votes name."""
    whole = DATASETS.get("ferplus").load(path)
    label = majority([f"votes:{name}" for name in SEVEN], SEVEN).cast(pl.Enum(whole.labels.names)).to_physical()
    frame = whole.frame.filter(split="validation").with_columns(label.cast(pl.Int16).alias("label"))
    return replace(whole, frame=frame.drop_nulls("label"))


def correctable(found: Annotated) -> dict[str, dict[str, dict[str, int]]]:
    """Counts of true and estimated levels, of the attributes whose errors an audit can correct for."""
    out = {}
    for name in found.estimated:
        table = found.errors(name)
        rates = {row.pop("true"): row for row in table.to_dicts()}
        try:
            read_estimator(name, found.levels(name), rates)
        except SettingsError as error:
            print(f"- {error}")
            continue
        out[name] = rates
    return out


def number(value: float | None) -> str:
    """A share as in the README: .123."""
    return "–" if value is None else f"{value:.3f}".removeprefix("0")


def ends(entry: dict[str, Any], low: str = "low", high: str = "high") -> str:
    """Two ends of an interval."""
    return f"{number(entry[low])} to {number(entry[high])}" if entry[low] is not None else "–"


def print_gaps(result: Audit, found: Annotated) -> None:
    """A line for each attribute and metric: the gap, what chance gives, and the gap once corrected."""
    fixed = {(e["attribute"], e["metric"]): e for e in result.data["estimated"] if e["group"] == "gap"}
    heads = ("by (right)", "gap in", "gap (95 % interval; chance)", "worst", "corrected gap (95 % interval)", "bounds")
    print("\n| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for name in BY:
        for metric in METRICS:
            gap = result.gap(metric, name)
            star = "\\*" if gap["p_adjusted"] is not None and gap["p_adjusted"] <= 0.05 else ""
            cells = [f"{name} ({number(found.accuracy(name))})", metric.replace("_", " ")]
            cells.append(f"{number(gap['value'])}{star} ({ends(gap)}; {number(gap['chance_95'])})")
            cells.append((gap["worst"] or "–").removeprefix(f"{name}="))
            entry = fixed.get((name, metric))
            known = entry is not None and entry["corrected"] is not None
            cells.append(f"{number(entry['corrected'])} ({ends(entry)})" if known else "–")
            cells.append(ends(entry, "bound_low", "bound_high") if known else "–")
            print("| " + " | ".join(cells) + " |")
    print("\n\\* corrected p of the family of gaps is .05 or less")


def print_groups(result: Audit) -> None:
    """A line for each group: faces, coverage, accuracy."""
    heads = ("group", "faces", "answered", "accuracy", "95 % interval")
    print("\n| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for group in result.data["groups"]:
        value = group["metrics"]["accuracy"]
        cells = (
            group["group"] + (" (small)" if group["small"] else ""),
            str(group["n"]),
            f"{group['answered'] / group['n']:.2f}",
        )
        print("| " + " | ".join((*cells, number(value["value"]), ends(value, "low", "high"))) + " |")


def main() -> None:
    """Annotate, predict, audit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ferplus", type=Path)
    parser.add_argument("--weights", default="macro")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        out = given.out or Path(temporary)
        out.mkdir(parents=True, exist_ok=True)
        found = annotate(labelled(given.ferplus), Path(), BY)
        found.manifest.save(out / "annotated.parquet")
        with Predictor(given.weights) as predictor:
            answers = predictor.predict([out / "annotated.parquet"])
        answers.write_parquet(out / "predictions.parquet")
        result = audit(
            out / "predictions.parquet",
            BY,
            metrics=[*METRICS, "coverage"],
            cross=1,
            error_rates=correctable(found),
            provenance=dict.fromkeys(BY, "estimated"),
        )
        if given.out is not None:
            write(result.data, out / "report", ["html", "json", "md"])
    whole = result.data["overall"]
    print(
        f"\n{whole['n']:,} faces, {whole['answered']:,} answered: accuracy {number(result.overall('accuracy').value)}, "
        f"balanced {number(result.overall('balanced_accuracy').value)}. Estimated from {found.pictures} pictures."
    )
    print_gaps(result, found)
    print_groups(result)


if __name__ == "__main__":
    main()
