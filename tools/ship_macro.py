"""Make `src/evenface/models/weights/macro.safetensors` from a run of `evenface train`, and measure it.

    evenface data import ferplus ferplus.zip all.parquet
    python tools/ferplus_votes.py all.parquet votes.parquet
    evenface train configs/ferplus.toml --set data.manifest=votes.parquet
    python tools/ship_macro.py votes.parquet macro.safetensors runs/ferplus-seed0

Contempt is left out: what is shipped answers with one of seven. Ranges of what is kept in 8 bits are those of 1,024
training faces, less the furthest of each 10,000 values at both ends. The temperature is fitted on the validation faces,
those that are measured; the shares, for other base rates, are those of training faces of which one of the seven has
more than half of the votes given to the seven. Several forms are measured side by side; `--mirrored` chooses which is
written.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from io import BytesIO
from pathlib import Path

import numpy as np
import onnxruntime
import polars as pl
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load_file, save_file

from evenface.core.manifest import Manifest
from evenface.core.pictures import open_bytes
from evenface.models.graph import folded, macro_graph, quantised
from evenface.training.evaluate import Floats, calibration_error, chances, fit_temperature

CLASSES = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear")
_RANGE_FACES = 1024
Array = NDArray[np.float32]


def main() -> None:
    """Convert, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--mirrored", action="store_true")
    given = parser.parse_args()
    state = {name: value.astype(np.float32) for name, value in load_file(given.run / "weights.safetensors").items()}
    layers = folded(state)
    layers |= {f"head.{part}": layers[f"head.{part}"][: len(CLASSES)] for part in ("weight", "bias")}
    frame, root = Manifest.load(given.manifest).frame, given.manifest.parent
    known = _pictures(frame.filter(split="train").sample(_RANGE_FACES, seed=0), root)
    held_out = frame.filter(split="validation")
    grey, votes = _pictures(held_out, root), held_out.select(f"votes:{name}" for name in CLASSES).to_numpy()
    clear = _clear(votes)
    grey, truth = grey[clear], votes.argmax(1)[clear]
    learnt = frame.filter(split="train").select(f"votes:{name}" for name in CLASSES).to_numpy()
    shares = np.bincount(learnt.argmax(1)[_clear(learnt)], minlength=len(CLASSES)) / _clear(learnt).sum()
    ranges = _ranges(layers, known)
    small = quantised(layers)
    for name, mirrored, form, bounds in (
        ("float32", False, layers, None),
        ("float32, mirrored", True, layers, None),
        ("int8", False, small, ranges),
        ("int8, mirrored", True, small, ranges),
    ):
        scores = np.log(np.maximum(_read(macro_graph(form, 1.0, mirrored=mirrored, ranges=bounds), grey), 1e-12))
        temperature = fit_temperature(scores, truth)
        _measure(name, chances(scores, temperature), truth, temperature)
        if bounds and mirrored == given.mirrored:
            about = {"classes": CLASSES, "ranges": ranges, "mirrored": mirrored, "temperature": round(temperature, 4)}
            about["shares"] = [round(float(share), 5) for share in shares]
            tensors = {k: v if v.dtype == np.int8 else v.astype(np.float32) for k, v in small.items()}
            save_file(tensors, given.out, {key: json.dumps(value) for key, value in about.items()})
    print("sha256", hashlib.sha256(given.out.read_bytes()).hexdigest())


def _clear(votes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which faces have one class with more than half of the votes."""
    return np.asarray(votes.max(1).astype(int) * 2 > votes.sum(1))


def _pictures(frame: pl.DataFrame, root: Path) -> Array:
    read = [Image.open(BytesIO(open_bytes(str(root / image)))).convert("L") for image in frame["image"]]
    return np.stack([np.asarray(each, np.float32) for each in read])[:, None]


def _session(model: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _ranges(layers: dict[str, Array], grey: Array) -> dict[str, tuple[float, float]]:
    """Lowest and highest value of each tensor that is to be kept in 8 bits, over all but the furthest few."""
    session = _session(macro_graph(layers, 1.0, mirrored=False, show=True))
    names = [output.name for output in session.get_outputs()][1:]
    found = session.run(names, {"grey": grey})
    ends = [np.quantile(value.ravel()[::7], (1e-4, 1 - 1e-4)) for value in found]
    return {name: (round(float(low), 4), round(float(high), 4)) for name, (low, high) in zip(names, ends, strict=True)}


def _read(model: bytes, grey: Array) -> Floats:
    session = _session(model)
    found = [session.run(None, {"grey": grey[i : i + 32]})[0] for i in range(0, len(grey), 32)]
    return np.concatenate(found).astype(np.float64)


def _measure(name: str, p: Floats, truth: NDArray[np.int64], temperature: float) -> None:
    said = p.argmax(1)
    right, ece = said == truth, calibration_error(p, truth)
    hits = np.bincount(truth, right, len(CLASSES))
    of_class = np.bincount(truth, minlength=len(CLASSES))
    f1 = 2 * hits / (np.bincount(said, minlength=len(CLASSES)) + of_class)
    print(f"{name}: {len(p):,} faces, accuracy {right.mean():.4f}, macro F1 {f1.mean():.3f}, ECE {ece:.3f}", end="; ")
    print(
        f"temperature {temperature:.3f}; "
        + ", ".join(f"{c} {h:.2f}" for c, h in zip(CLASSES, hits / of_class, strict=True))
    )


if __name__ == "__main__":
    main()
