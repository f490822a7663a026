"""What other base rates do to the answers of `macro`: on FER+, on FER+ with other shares, and between groups.

    python tools/ferplus_votes.py all.parquet votes.parquet
    evenface data annotate votes.parquet annotated.parquet --by gender,race4
    python benchmarks/base_rates.py annotated.parquet [--predictions TABLE --by gender]

Read are the validation faces of which one of the seven has more than half of the votes given to the seven, as crops.
They are then drawn again, with replacement, so that their shares are others and their faces the same: this is what the
estimate is made for. TABLE is what `evenface predict MANIFEST` wrote, with labels: faces that differ in more than
shares. Groups are attributes; a gap is the highest less the lowest accuracy, and its change against the trained base
rates has a 95 % interval over faces drawn again.
"""

from __future__ import annotations

import argparse
from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from _common import machine
from evenface.core.manifest import Manifest
from evenface.core.pictures import open_bytes
from evenface.models import macro
from evenface.serve import base_rates

KINDS = ("trained", "uniform", "estimated")
SIZES, DRAWS, FEWEST, RESAMPLES = (50, 100, 200, 1000), 20, 40, 1000
Floats = np.ndarray


def crops(path: Path, model: macro.MacroModel) -> tuple[pl.DataFrame, Floats, np.ndarray]:
    """Give the clear validation faces of a manifest with votes: rows, probabilities, and which expression they show."""
    frame = Manifest.load(path).frame.filter(split="validation")
    votes = frame.select(f"votes:{name}" for name in model.classes).to_numpy().astype(int)
    clear = votes.max(1) * 2 > votes.sum(1)
    frame, p = frame.filter(clear), []
    for part in frame.iter_slices(256):
        read = [Image.open(BytesIO(open_bytes(str(path.parent / image)))).convert("RGB") for image in part["image"]]
        p.append(model.probabilities(np.stack([np.asarray(each) for each in read])))
    return frame, np.concatenate(p).astype(float), votes.argmax(1)[clear]


def answers(p: Floats, trained: Floats, kind: str) -> tuple[np.ndarray, Floats]:
    """Give the likeliest class of each face under base rates, and these."""
    if kind == "estimated":
        rates = base_rates.estimate(p, trained)[0]
    else:
        rates = trained if kind == "trained" else np.full(len(trained), 1 / len(trained))
    return base_rates.rebased(p, trained, rates).argmax(1), rates


def shifted(p: Floats, truth: np.ndarray, trained: Floats, classes: tuple[str, ...]) -> None:
    """Print accuracy on faces drawn so that their shares are others."""
    base_rates.LEAST = min(SIZES)  # what fewer faces would give is measured too
    dice = np.random.default_rng(0)
    own = np.bincount(truth, minlength=len(classes)) / len(truth)
    half_fear = np.where(np.array(classes) == "fear", 0.5, 0.1) * (np.array(classes) != "disgust")
    shares = {"as they are": own, "uniform": np.full(len(classes), 1 / len(classes)), "half fear": half_fear}
    shares |= {f"all {name}": np.eye(len(classes))[classes.index(name)] for name in ("neutral", "sad", "fear")}
    faces = [np.flatnonzero(truth == place) for place in range(len(classes))]
    print("| shares | faces | trained | uniform | estimated | 5th percentile of its change | distance of the shares |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, share in shares.items():
        for size in SIZES:
            right, away = [], []
            for _ in range(DRAWS):
                drawn = np.array([dice.choice(faces[place]) for place in dice.choice(len(classes), size, p=share)])
                found = [answers(p[drawn], trained, kind) for kind in KINDS]
                right.append([(said == truth[drawn]).mean() for said, _ in found])
                away.append(np.abs(found[2][1] - np.bincount(truth[drawn], minlength=len(classes)) / size).sum() / 2)
            mean, worst = np.mean(right, 0), np.quantile(np.array(right)[:, 2] - np.array(right)[:, 0], 0.05)
            cells = " | ".join(f"{value:.3f}" for value in mean)
            print(f"| {name} | {size:,} | {cells} | {worst:+.3f} | {np.mean(away):.3f} |", flush=True)


def grouped(frame: pl.DataFrame, p: Floats, truth: np.ndarray, trained: Floats, by: list[str]) -> None:
    """Print accuracy over all and in each group, and how the gap changes."""
    said = {kind: answers(p, trained, kind) for kind in KINDS}
    for kind, (_, rates) in said.items():
        print(f"{kind}: {', '.join(f'{rate:.3f}' for rate in rates)}")
    right = {kind: answer == truth for kind, (answer, _) in said.items()}
    print(f"accuracy of {len(p):,}: " + ", ".join(f"{kind} {each.mean():.3f}" for kind, each in right.items()))
    dice = np.random.default_rng(0)
    for name in by:
        levels = [level for level, count in frame[name].drop_nulls().value_counts().iter_rows() if count >= FEWEST]
        masks = np.stack([(frame[name] == level).fill_null(False).to_numpy() for level in sorted(levels)])
        masks = masks.astype(float)
        draws = dice.multinomial(len(p), np.full(len(p), 1 / len(p)), RESAMPLES)
        gaps = {}
        for kind, each in right.items():
            share = masks @ each / masks.sum(1)
            drawn = (draws * each) @ masks.T / (draws @ masks.T)
            gaps[kind] = np.ptp(share), np.ptp(drawn, 1)
            told = ", ".join(f"{level} {value:.3f}" for level, value in zip(sorted(levels), share, strict=True))
            low, high = np.quantile(gaps[kind][1] - gaps["trained"][1], (0.025, 0.975))
            change = gaps[kind][0] - gaps["trained"][0]
            print(f"{name}, {kind}: {told}; gap {gaps[kind][0]:.3f}, change {change:+.3f} [{low:+.3f}, {high:+.3f}]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--predictions", type=Path, help="a labelled table of `evenface predict`, trained base rates")
    parser.add_argument("--by", default="gender", help="attributes in that table, separated by commas")
    given = parser.parse_args()
    model = macro.load()
    print(machine("onnxruntime"), "\n")
    frame, p, truth = crops(given.manifest, model)
    attributes = [name for name in frame.columns if name.startswith("attr:")]
    print("FER+, validation faces")
    grouped(frame, p, truth, model.shares, attributes)
    if given.predictions:
        table = pl.read_parquet(given.predictions)
        table = table.filter(pl.col("label").is_in(model.classes) & pl.col(f"score_{model.classes[0]}").is_not_null())
        p_there = table.select(f"score_{name}" for name in model.classes).to_numpy()
        print(f"\n{given.predictions}")
        labels = np.array([model.classes.index(name) for name in table["label"]])
        grouped(table, p_there, labels, model.shares, given.by.split(","))
    print()
    shifted(p, truth, model.shares, model.classes)


if __name__ == "__main__":
    main()
