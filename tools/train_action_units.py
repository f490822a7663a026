"""Make the weights of the cue `action_units` from generated faces, whose units are known, and measure three readers.

    python tools/train_action_units.py FOLDER

FOLDER keeps what was drawn: 3,600 faces of 1,200 people in four regions, eight expressions. On a third of them units
are drawn one by one, so that no unit stands for another that comes with it. A quarter of the people is held out.
Rivals: the facial actions alone and actions with landmarks, each by ridge regression; histograms of edges (pixels, no
landmarks) by ridge regression; actions with landmarks by a small network. Writes
src/evenface/models/weights/action_units.safetensors, and FOLDER/units.json with every number of the card. Then learns
emotions from the units that the shipped reader gives, and prints how often machine and rules are right.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import nn

from _edges import edge_histograms
from evenface.cues._emotions import UnitsToEmotions, emfacs
from evenface.cues.action_units import PRESENT, UNITS, features
from evenface.faces.align import align
from evenface.faces.landmarks import Landmarker
from evenface.synthesis.facs import _restrained, actions_of
from evenface.synthesis.parameters import ACTIONS
from evenface.synthesis.plan import Plan
from evenface.synthesis.render.draw import render
from evenface.synthesis.suites import load_spec
from evenface.synthesis.units import CHANNELS, LEVELS
from evenface.synthesis.units import UNITS as TABLE

FACES, PEOPLE, PIXELS, SIDE = 3600, 1200, 176, 192
SPEC = [
    "count=4800", f"size={PIXELS}", f"people={PEOPLE}", "seed=77", "design=factorial", 'name="units"',
    'regions=["wild","spontaneous","tfeid_like","ckplus_like"]',
    'emotions=["angry","disgust","fear","happy","sad","surprise","neutral","contempt"]',
]  # fmt: skip
FIVE = ((33, 133), (362, 263), (1,), (61,), (291,))  # eyes, nose and corners of the mouth among 478 points
SAME = {"AU26": ("AU26", "AU27"), "AU45": ("AU43", "AU45")}
"""Units that one of OpenFace's stands for: a jaw dropped far, and an eye that stays shut."""
RIDGE = 100.0
CLASSES = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear")
PAIRS = tuple(
    (name, f"AU{number:02d}")
    for name, numbers in (
        ("happy", (6, 12)), ("surprise", (1, 2, 5, 25, 26)), ("sad", (4, 15, 17)),
        ("angry", (4, 7)), ("disgust", (9, 10)), ("fear", (5, 20)),
    )
    for number in numbers
)  # fmt: skip
"""Expression and a unit that belongs to it."""
EPOCHS, WIDTHS, MEMBERS = 60, (96, 48), 1
Floats = NDArray[np.float32]


def truth_of() -> pl.DataFrame:
    """Plan the faces, with units one by one on a third of them."""
    plan = Plan(load_spec("smoke", SPEC))
    truth = plan.table(0, plan.rows)
    dice, count = np.random.default_rng(5), plan.rows
    free = dice.random(count) < 1 / 3
    units = truth.select(f"unit:{channel}" for channel in CHANNELS).to_numpy().astype(float)
    alone = units.copy()
    for name in sorted({channel.rstrip("LR") for channel in CHANNELS}):
        if TABLE[name].part == "head" or TABLE[name].part == "gaze":
            continue
        strength = (lambda on: dice.beta(1.2, 1.2, count) * on)(dice.random(count) < 0.13)
        one, side = dice.random(count) < 0.12, dice.integers(0, 2, count)
        sided = len(TABLE[name].channels) == 2
        for number, channel in enumerate(TABLE[name].channels):
            less = dice.uniform(0.8, 1, count) if sided else 1.0
            alone[:, CHANNELS.index(channel)] = np.where(sided & one & (side == number), 0, strength * less)
    units[free] = alone[free]
    shown, actions = _restrained(units), actions_of(units)
    return truth.with_columns(
        *(pl.Series(f"unit:{name}", shown[:, i]) for i, name in enumerate(CHANNELS)),
        *(pl.Series(f"action:{name}", actions[:, i]) for i, name in enumerate(ACTIONS)),
        pl.Series("free", free),
    ).head(FACES)


def faces_of(folder: Path) -> tuple[pl.DataFrame, NDArray[np.uint8], dict[str, Any]]:
    """Draw the faces, cut chips and place landmarks; or open what was kept."""
    kept = folder / "units_chips.npy"
    if not kept.is_file():
        truth, landmarker = truth_of(), Landmarker()
        chips, read = np.zeros((FACES, SIDE, SIDE, 3), np.uint8), []
        for start in range(0, FACES, 60):
            pixels = render(truth.slice(start, 60), PIXELS)
            found = landmarker.read(pixels)
            for i in np.flatnonzero(found.found):
                five = np.array([found.points[i, list(at), :2].mean(0) for at in FIVE], np.float64) * PIXELS
                chips[start + i] = align(pixels[i], five, SIDE)
            read.append(features(landmarker.read(chips[start : start + 60])))
        landmarker.close()
        np.savez(folder / "units_features.npz", features=np.concatenate(read))
        truth.write_parquet(folder / "units.parquet")
        np.save(kept, chips)
    with np.load(folder / "units_features.npz") as read_before:
        return (
            pl.read_parquet(folder / "units.parquet").head(FACES),
            np.load(kept, mmap_mode="r"),
            read_before["features"],
        )


def intensities_of(truth: pl.DataFrame) -> Floats:
    """Give the true intensity of each unit (face, unit), 0 to 5, by the letters of FACS; the stronger side counts."""
    columns = []
    for unit in UNITS:
        names = [f"unit:{channel}" for each in SAME.get(unit, (unit,)) for channel in TABLE[each].channels]
        columns.append(np.interp(truth.select(names).to_numpy().max(1), [0, *LEVELS.values()], range(6)))
    return np.stack(columns, 1).astype(np.float32)


def ridge(inputs: Floats, target: Floats, train: NDArray[np.bool_]) -> Floats:
    """Fit ridge regression, and give its answers on all faces."""
    x = (inputs - inputs[train].mean(0)) / (inputs[train].std(0) + 1e-6)
    mean = target[train].mean(0)
    square = x[train].T @ x[train] + RIDGE * np.eye(x.shape[1])
    return np.asarray(x @ np.linalg.solve(square, x[train].T @ (target[train] - mean)) + mean, np.float32)


def network(inputs: Floats, target: Floats, train: NDArray[np.bool_], seed: int = 0) -> dict[str, Floats]:
    """Fit a network of two hidden layers."""
    torch.manual_seed(seed)
    mean, deviation = inputs[train].mean(0), inputs[train].std(0) + 1e-6
    x, y = torch.from_numpy((inputs[train] - mean) / deviation), torch.from_numpy(target[train])
    wide, narrow = WIDTHS
    layers = [nn.Linear(x.shape[1], wide), nn.Linear(wide, narrow), nn.Linear(narrow, len(UNITS))]
    net = nn.Sequential(layers[0], nn.ReLU(), nn.Dropout(0.3), layers[1], nn.ReLU(), nn.Dropout(0.1), layers[2])
    optimiser = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=0.1)
    batches = len(x) // 64
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=EPOCHS * batches)
    weight = 1 + y  # strong units are rare
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(64)[:batches]:
            off = net(x[rows] + 0.1 * torch.randn(len(rows), x.shape[1])) - y[rows]
            loss = (weight[rows] * off.square()).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    out = {"mean": mean, "deviation": deviation}
    for number, layer in enumerate(layers):
        out[f"{number}.weight"], out[f"{number}.bias"] = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    return out


def cut_for(read: Floats, target: Floats, train: NDArray[np.bool_]) -> Floats:
    """Give for each unit the reading from which it counts as shown, best by F1 on training faces."""
    grid = np.linspace(0.6, 3.0, 49)
    best = np.stack([f1(read[train] >= cut, target[train]) for cut in grid])
    return grid[np.nan_to_num(best).argmax(0)].astype(np.float32)


def f1(said: NDArray[np.bool_], target: Floats) -> Floats:
    """Give F1 of each unit; NaN where no face shows it and none was said to."""
    true = target >= PRESENT
    both, all_ = (said & true).sum(0), said.sum(0) + true.sum(0)
    return np.where(true.any(0), 2 * both / np.maximum(all_, 1), np.nan).astype(np.float32)


def icc(read: Floats, target: Floats) -> Floats:
    """Give ICC(3,1) of each unit: consistency of two readers (Shrout & Fleiss, 1979)."""
    pair = np.stack([read, target], -1)
    rows, total = pair.mean(-1), pair.mean((0, -1))
    between = 2 * ((rows - total) ** 2).sum(0) / (len(read) - 1)
    rest = pair - rows[..., None] - pair.mean(0) + total[:, None]
    within = (rest**2).sum((0, -1)) / (len(read) - 1)
    return np.asarray((between - within) / (between + within), np.float32)


def measured(read: Floats, cut: Floats, target: Floats, rows: NDArray[np.bool_], groups: pl.Series) -> dict[str, Any]:
    """Give F1 and ICC, over units and in each group, with intervals over faces."""
    dice, said = np.random.default_rng(0), read >= cut
    at = np.flatnonzero(rows)
    drawn = [dice.choice(at, len(at)) for _ in range(300)]
    spread = [np.nanmean(f1(said[draw], target[draw])) for draw in drawn]
    out: dict[str, Any] = {
        "faces": len(at),
        "F1": [
            round(float(v), 3) for v in (np.nanmean(f1(said[rows], target[rows])), *np.percentile(spread, [2.5, 97.5]))
        ],
        "ICC": round(float(np.nanmean(icc(read[rows], target[rows]))), 3),
        "F1 by unit": dict(zip(UNITS, f1(said[rows], target[rows]).round(3).tolist(), strict=True)),
        "ICC by unit": dict(zip(UNITS, icc(read[rows], target[rows]).round(3).tolist(), strict=True)),
        "shown": dict(zip(UNITS, (target[rows] >= PRESENT).sum(0).tolist(), strict=True)),
    }
    for group in groups.unique().sort():
        part = rows & (groups == group).to_numpy()
        spread = [
            np.nanmean(f1(said[d], target[d]))
            for d in (dice.choice(np.flatnonzero(part), part.sum()) for _ in range(300))
        ]
        value = np.nanmean(f1(said[part], target[part]))
        out[f"F1 {group}"] = [round(float(v), 3) for v in (value, *np.percentile(spread, [2.5, 97.5]))]
    return out


def main() -> None:
    """Do all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ferplus", type=Path, help="folder with FER2013Valid: also rank real faces by units")
    given = parser.parse_args()
    torch.set_num_threads(1)
    truth, chips, inputs = faces_of(given.folder)
    target, found = intensities_of(truth), np.isfinite(inputs).all(1)
    groups = truth["attr:ethnicity"]
    print(
        "no landmarks:",
        dict(zip(*np.unique(groups.to_numpy()[~found], return_counts=True), strict=True)),
        "of",
        len(truth),
    )
    person = np.arange(len(truth)) % PEOPLE
    train, held = found & (person % 4 != 0), found & (person % 4 == 0)
    natural, free = held & ~truth["free"].to_numpy(), held & truth["free"].to_numpy()
    inputs = np.where(found[:, None], inputs, 0)
    out: dict[str, Any] = {}

    def tell(name: str, read: Floats, fixed: float | None = None) -> None:
        cut = cut_for(read, target, train) if fixed is None else np.full(len(UNITS), fixed, np.float32)
        out[name] = {"cut": cut.round(2).tolist(), "expressions": measured(read, cut, target, natural, groups)}
        out[name]["units one by one"] = measured(read, cut, target, free, groups)
        print(
            name,
            f"{time.process_time():.0f} s",
            *({k: v[k] for k in ("F1", "ICC")} for v in list(out[name].values())[1:]),
            {k: v for k, v in out[name]["expressions"].items() if k.startswith("F1 ")},
            flush=True,
        )
        (given.folder / "units.json").write_text(json.dumps(out, indent=1))

    tell("facial actions, ridge", ridge(inputs[:, :52], target, train))
    tell("actions and landmarks, ridge", ridge(inputs, target, train))
    small = np.stack([chip[::2, ::2] for chip in chips])
    edges = edge_histograms(small).astype(np.float32)
    tell("edges, ridge", ridge(edges, target, train))
    weights = network(inputs, target, train)
    tell("actions and landmarks, network", answered(inputs, weights))
    both = np.concatenate([inputs, edges], 1)
    wide = network(both, target, train)
    tell("all, network", answered(both, wide))
    if given.ferplus:
        ranked(given.ferplus, weights, wide)
    cut = cut_for(answered(inputs, weights), target, train)
    stretched = weights | {key: (weights[key].T * (PRESENT / cut)).T for key in ("2.weight", "2.bias")}
    stretched = {name: value.astype(np.float16 if value.ndim == 2 else np.float32) for name, value in stretched.items()}
    read = answered(inputs, {name: value.astype(np.float32) for name, value in stretched.items()})
    tell("shipped", read, PRESENT)
    emotions(read, truth, found & ~truth["free"].to_numpy(), person % 4 == 0)
    packed = save(stretched)
    target_file = Path(__file__).parents[1] / "src/evenface/models/weights/action_units.safetensors"
    target_file.write_bytes(packed)
    print("sha256", hashlib.sha256(packed).hexdigest(), len(packed))


def emotions(read: Floats, truth: pl.DataFrame, rows: NDArray[np.bool_], held: NDArray[np.bool_]) -> None:
    """Learn emotions from units, and tell how often machine and rules are right of held-out people."""
    shown, people = truth["emotion"].to_numpy(), truth["subject"].to_numpy()
    rows = rows & np.isin(shown, CLASSES)
    train, test = rows & ~held, rows & held
    machine = UnitsToEmotions.fit(read[train], shown[train].tolist(), people=people[train].tolist())
    said = np.array(machine.classes)[machine.probabilities(read[test]).argmax(1)]
    ruled = np.array([name or "" for name in emfacs(read[test], UNITS, PRESENT)[0]])
    right, answers = said == shown[test], ruled != ""
    dice = np.random.default_rng(0)
    low, high = np.percentile([dice.choice(right, len(right)).mean() for _ in range(1000)], [2.5, 97.5])
    print(
        f"emotions of {len(right)} faces: machine right on {right.mean():.1%} [{low:.1%}, {high:.1%}]; rules answer "
        f"{answers.mean():.1%}, are right on {(ruled == shown[test])[answers].mean():.1%} of those, and agree with the "
        f"machine on {(ruled == said)[answers].mean():.1%}"
    )


def ranked(folder: Path, small: dict[str, Floats], wide: dict[str, Floats]) -> None:
    """Rank real faces by the units that belong to their expressions: the area under the curve, mean over pairs."""
    from PIL import Image
    from sklearn.metrics import roc_auc_score

    sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
    from judge import read_part

    images, votes, _ = read_part(folder / "FER2013Valid")
    dice = np.random.default_rng(0)
    rows = np.concatenate([dice.permutation(np.flatnonzero(votes[:, c] >= 6))[:40] for c in range(7)])
    shown = np.array(CLASSES)[votes[rows].argmax(1)]
    chips = np.stack(
        [Image.fromarray(image).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC) for image in images[rows]]
    )
    landmarker = Landmarker()
    inputs = features(landmarker.read(chips))
    landmarker.close()
    found = np.isfinite(inputs).all(1)
    edges = edge_histograms(chips[found, ::2, ::2]).astype(np.float32)
    for name, read in (
        ("landmarks", answered(inputs[found], small)),
        ("landmarks and edges", answered(np.concatenate([inputs[found], edges], 1), wide)),
    ):
        areas = {pair: roc_auc_score(shown[found] == pair[0], read[:, UNITS.index(pair[1])]) for pair in PAIRS}
        print(
            f"real faces, {name}: {found.sum()} of {len(rows)} read, mean AUROC {np.mean(list(areas.values())):.3f}",
            areas,
        )


def answered(inputs: Floats, weights: dict[str, Floats]) -> Floats:
    """Run a network as the cue does."""
    from evenface.cues.action_units import intensities

    return intensities(inputs, weights)


if __name__ == "__main__":
    main()
