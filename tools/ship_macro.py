"""Make `src/evenface/models/weights/macro.safetensors` from the judge of benchmarks/judge.py, and measure it.

    python benchmarks/judge.py --ferplus FOLDER --out judge.safetensors
    python tools/ship_macro.py --judge judge.safetensors --ferplus FOLDER --out macro.safetensors

Half of the weight that training gave to rare expressions is taken back by a bias on the logits: half the logarithm of
their shares. Bias and temperature were chosen on FER+'s validation faces, the same that are measured here. The tensors
are the same in every run; the order of the file's header, and so its hash, may not be.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from evenface.models.macro import load

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from judge import read_part

CLASSES = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear", "contempt")
SHARES = (0.318, 0.2617, 0.1211, 0.1443, 0.0844, 0.0162, 0.0358, 0.0184)  # of the votes that the judge was trained on
TEMPERATURE = 0.62


def main() -> None:
    """Convert, then read the validation faces with what was written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("judge", "ferplus", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    given = parser.parse_args()
    judged = load_file(given.judge)
    weights = {
        k.replace("way_round", "around"): v.astype(np.float16) for k, v in judged.items() if "num_batches" not in k
    }
    bias = (0.5 * np.log(np.array(SHARES))).round(4).tolist()
    about = {"classes": json.dumps(CLASSES), "bias": json.dumps(bias), "temperature": str(TEMPERATURE)}
    save_file(weights, given.out, metadata=about)
    print("sha256", hashlib.sha256(given.out.read_bytes()).hexdigest())
    images, votes, _ = read_part(given.ferplus / "FER2013Valid")
    chances = load(given.out).probabilities(np.repeat(images[..., None], 3, -1))[:, :7]
    chances = chances / chances.sum(1, keepdims=True)
    seven = votes[:, :7]
    clear = seven.max(1) * 2 > seven.sum(1)
    truth, said, sure = seven.argmax(1)[clear], chances.argmax(1)[clear], chances.max(1)[clear]
    right = said == truth
    bins = np.minimum((sure * 15).astype(int), 14)
    ece = sum(abs(sure[bins == b].sum() - right[bins == b].sum()) for b in range(15)) / len(sure)
    hits = np.array([(right & (truth == k)).sum() for k in range(7)])
    f1 = 2 * hits / (np.bincount(said, minlength=7) + np.bincount(truth, minlength=7))
    print(f"{len(sure)} faces: accuracy {right.mean():.3f}, macro F1 {f1.mean():.3f}, ECE {ece:.3f}")
    print({name: round(float(hits[k] / (truth == k).sum()), 3) for k, name in enumerate(CLASSES[:7])})


if __name__ == "__main__":
    main()
