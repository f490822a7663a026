"""Make `src/evenface/models/weights/attributes.safetensors`, and measure it.

    python tools/ship_attributes.py --weights RUN/weights.safetensors --fairface FOLDER --out attributes.safetensors

RUN is of `tools/train_attributes.py`. Filters become 8-bit integers; ranges of what is kept in 8 bits are those of 512
training faces, half of them grey, less the furthest of each 10,000 values at both ends. Temperatures are fitted to the
validation faces in colour, and the same faces are counted by what they are and what was said of them: as they are, and
as 48 x 48 grey pixels framed as chips are (eyes .09 of the side lower, as on FER2013's faces). The counts go into the
file. The tensors are the same in every run; the order of the file's header, and so its hash, may not be.
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
    model = attributes_graph(weights, LEVELS, [1.0] * len(LEVELS), show=True)
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
    for name in ("weights", "fairface", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    given = parser.parse_args()
    known, _ = read_part(given.fairface, "train", given.weights.parent)
    faces, levels = read_part(given.fairface, "val", given.weights.parent)
    truth = {name: levels[:, k].numpy() for k, name in enumerate(LEVELS)}
    for name, (source, parts) in MERGED.items():
        places = np.array([next(k for k, p in enumerate(parts.values()) if w in p) for w in LEVELS[source]])
        truth[name] = places[truth[source]]
    whole, few = load_file(given.weights), np.array(known[:: len(known) // 512][:512])
    few[::2] = as_chips(few[::2])
    weights, ranges = quantised(whole), ranges_of(whole, few)
    seen = {"colour": np.array(faces), "grey": as_chips(np.array(faces))}
    model = AttributesModel(attributes_graph(weights, LEVELS, [1.0] * len(LEVELS), ranges=ranges), {})
    plain = {pictures: model.probabilities(pixels) for pictures, pixels in seen.items()}
    fits = {n: [loss(tempered(plain["colour"][n], t), truth[n]) for t in TEMPERATURES] for n in LEVELS}
    best = {n: round(float(TEMPERATURES[np.argmin(losses)]), 3) for n, losses in fits.items()}
    errors = {}
    for pictures, chances in plain.items():
        warm = {n: tempered(chances[n], best[n]) for n in LEVELS}
        said = {name: merged(name, warm).argmax(1) for name in BY}
        errors[pictures] = counted(truth, said)
        report(pictures, truth, said)
    about = {"levels": LEVELS, "temperatures": best, "ranges": ranges, "errors": errors}
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
