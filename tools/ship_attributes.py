"""Make `src/evenface/models/weights/attributes.safetensors`, and measure it.

    git show 4a548c8:src/evenface/models/weights/attributes.safetensors > lite.safetensors
    python tools/ship_attributes.py --dlib RUN/weights.safetensors --lite lite.safetensors --fairface FOLDER --out FILE

RUN is of `tools/train_attributes.py`. EfficientNet-Lite0 was trained by that tool as it was in commit 4a548c8, and is
taken as it was shipped there. Filters become 8-bit integers; ranges of what is kept in 8 bits are those of 512 training
faces, half of them grey, less the furthest of each 10,000 values at both ends. Temperatures are fitted to the
validation faces in colour, each net's alone and then one for the mean of both; nothing else of the pair is fitted. The
same faces are counted by what they are and what was said of them: as they are, and as 48 x 48 grey pixels framed as
chips are (eyes .09 of the side lower, as on FER2013's faces). The counts go into the file. The tensors are the same in
every run; the order of the file's header, and so its hash, may not be.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image
from safetensors.numpy import load_file, save_file

from evenface.models.attributes import BY, LEVELS, MERGED, SIZE, AttributesModel, levels_of, merged
from evenface.models.attributes_graph import attributes_graph
from evenface.models.graph import Weights, quantised
from train_attributes import read_part

LOWER = 0.09  # of the side: how much lower the eyes are on a chip than on FairFace's pictures
TEMPERATURES = np.linspace(0.4, 1.6, 61)
NETS = {"dlib": (1.0,) * len(LEVELS), "lite": (1.0,) * len(LEVELS)}
"""With temperatures as they are before any is fitted."""


def as_chips(faces: np.ndarray) -> np.ndarray:
    """Frame faces as chips are, make them 48 x 48 grey pixels, and enlarge those as `ChipStore` does."""
    down = round(LOWER * SIZE)
    rows = np.clip(np.arange(SIZE) - down, 0, None)
    out = []
    for face in faces[:, rows]:
        small = Image.fromarray(face).convert("L").resize((48, 48), Image.Resampling.BOX, reducing_gap=None)
        out.append(np.asarray(small.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BICUBIC)))
    return np.stack(out)


def ranges_of(weights: Weights, faces: np.ndarray) -> dict[str, tuple[float, float]]:
    """Lowest and highest value of each tensor that is to be kept in 8 bits, over all but the furthest few."""
    model = attributes_graph(weights, LEVELS, NETS, show=True)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()][len(LEVELS) :]
    ends = []
    for start in range(0, len(faces), 64):
        found = session.run(names, {"faces": faces[start : start + 64]})
        ends.append([np.quantile(value, (1e-4, 1 - 1e-4)) for value in found])
    low, high = np.mean(ends, axis=0).T.round(4)
    return {name: (float(a), float(b)) for name, a, b in zip(names, low, high, strict=True)}


def tempered(chances: np.ndarray, temperature: float) -> np.ndarray:
    """Chances as they are at a temperature, from those at 1."""
    powers = chances ** (1 / temperature)
    return powers / powers.sum(1, keepdims=True)


def loss(chances: np.ndarray, truth: np.ndarray) -> float:
    """Mean log loss."""
    return float(-np.log(chances[np.arange(len(truth)), truth]).mean())


def fitted(chances: dict[str, np.ndarray], truth: dict[str, np.ndarray]) -> list[float]:
    """The temperature of each attribute with the lowest loss."""
    losses = [[loss(tempered(chances[n], t), truth[n]) for t in TEMPERATURES] for n in LEVELS]
    return [round(float(TEMPERATURES[np.argmin(of_one)]), 3) for of_one in losses]


def together(alone: dict[str, dict[str, np.ndarray]], warm: dict[str, list[float]]) -> dict[str, np.ndarray]:
    """What the graph of all nets answers, from each net's chances at a temperature of 1: their geometric mean."""
    out = {}
    for k, name in enumerate(LEVELS):
        logs = np.mean([np.log(np.maximum(found[name], 1e-30)) / warm[net][k] for net, found in alone.items()], axis=0)
        powers = np.exp(logs - logs.max(1, keepdims=True))
        out[name] = powers / powers.sum(1, keepdims=True)
    return out


def fitted_pair(alone: dict[str, dict[str, np.ndarray]], truth: dict[str, np.ndarray]) -> dict[str, list[float]]:
    """Temperatures of each net: fitted to it alone, times those fitted to the mean of all."""
    warm = {net: fitted(found, truth) for net, found in alone.items()}
    more = fitted(together(alone, warm), truth)
    return {net: [round(t * m, 4) for t, m in zip(of_one, more, strict=True)] for net, of_one in warm.items()}


def counted(truth: dict[str, np.ndarray], said: dict[str, np.ndarray]) -> dict[str, dict[str, list[list[int]]]]:
    """Attribute -> whose faces -> counts (true, estimated): all faces, and those of each level of other attributes."""
    out: dict[str, dict[str, list[list[int]]]] = {}
    for name in BY:
        groups = {"all": np.ones(len(truth[name]), bool)}
        if name in LEVELS:
            groups |= {f"{o}={w}": truth[o] == k for o in LEVELS if o != name for k, w in enumerate(LEVELS[o])}
        out[name] = {}
        for group, members in groups.items():
            cells = np.zeros((len(levels_of(name)),) * 2, int)
            np.add.at(cells, (truth[name][members], said[name][members]), 1)
            out[name][group] = cells.tolist()
    return out


def main() -> None:
    """Pack, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("dlib", "lite", "fairface", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    given = parser.parse_args()
    known, _ = read_part(given.fairface, "train", given.dlib.parent)
    faces, levels = read_part(given.fairface, "val", given.dlib.parent)
    truth = {name: levels[:, k].numpy() for k, name in enumerate(LEVELS)}
    for name, (source, parts) in MERGED.items():
        places = np.array([next(k for k, p in enumerate(parts.values()) if w in p) for w in LEVELS[source]])
        truth[name] = places[truth[source]]
    files = {net: load_file(path) for net, path in (("dlib", given.dlib), ("lite", given.lite))}
    whole = {f"{net}.{n}": value.astype(np.float32) for net, file in files.items() for n, value in file.items()}
    few = np.array(known[:: len(known) // 512][:512])
    few[::2] = as_chips(few[::2])
    weights, ranges = quantised(whole), ranges_of(whole, few)
    seen = {"colour": np.array(faces), "grey": as_chips(np.array(faces))}
    alone = {}
    for net, warm in NETS.items():
        model = AttributesModel(attributes_graph(weights, LEVELS, {net: warm}, ranges=ranges), {})
        alone[net] = {pictures: model.probabilities(pixels) for pictures, pixels in seen.items()}
    best, errors = fitted_pair({net: found["colour"] for net, found in alone.items()}, truth), {}
    for pictures in seen:
        warm = together({net: found[pictures] for net, found in alone.items()}, best)
        said = {name: merged(name, warm).argmax(1) for name in BY}
        errors[pictures] = counted(truth, said)
        report(pictures, truth, said)
    about = {
        "levels": LEVELS,
        "temperatures": {net: dict(zip(LEVELS, warm, strict=True)) for net, warm in best.items()},
        "ranges": ranges,
        "errors": errors,
    }
    save_file(weights, given.out, {name: json.dumps(value) for name, value in about.items()})
    packed = given.out.read_bytes()
    print(f"{len(packed) / 1e6:.1f} MB, sha256 {hashlib.sha256(packed).hexdigest()}, {about['temperatures']}")


def report(pictures: str, truth: dict[str, np.ndarray], said: dict[str, np.ndarray]) -> None:
    """Print what the card tells."""
    for name in BY:
        right = said[name] == truth[name]
        print(f"{pictures} {name}: {right.mean():.3f}")
        for other in LEVELS if name in LEVELS else ():
            shown = (f"{w} {right[truth[other] == k].mean():.2f}" for k, w in enumerate(LEVELS[other]))
            print(f"  right by {other}: {', '.join(shown)}")


if __name__ == "__main__":
    main()
