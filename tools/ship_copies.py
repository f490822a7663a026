"""Make `src/evenface/models/weights/copies.safetensors`: the map from early features to vectors of equal spread.

    python tools/ship_copies.py FERPLUS FAIRFACE

FERPLUS is the folder that holds `FER2013Train`, FAIRFACE the one that holds `train`. 5,000 training faces of each are
read; their early features less their mean are turned onto their principal components, each over its deviation. Prints
the SHA-256 that `models/copies.py` pins.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import save

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
from evenface.models import macro
from evenface.models.graph import embedding_graph
from evenface.models.packed import packed_weights, read_safetensors

OUT = Path(__file__).parents[1] / "src/evenface/models/weights/copies.safetensors"
FACES = 5000
LEAST = 1e-3  # of the largest variance: added to each, so that noise is not blown up
FEATURES = 384  # 96 maps, 4 quarters


def pictures(folder: Path) -> NDArray[np.uint8]:
    """Give some pictures (picture, 48, 48) of a folder, grey."""
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".png", ".jpg"))
    chosen = np.random.default_rng(0).choice(len(paths), FACES, replace=False)
    shape = (macro.SIZE, macro.SIZE)
    bicubic = Image.Resampling.BICUBIC
    return np.stack(
        [np.asarray(Image.open(paths[i]).convert("L").resize(shape, bicubic, reducing_gap=3.0)) for i in chosen]
    )


def features(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Give early features (picture, 384)."""
    layers, about = read_safetensors(*packed_weights("macro", macro.WEIGHTS))
    plain = np.eye(FEATURES, dtype=np.float32)
    model = embedding_graph(layers, json.loads(about["ranges"]), plain, np.zeros(FEATURES, np.float32))
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    parts = [grey[start : start + 16, None].astype(np.float32) for start in range(0, len(grey), 16)]
    return np.concatenate([session.run(None, {"grey": part})[0] for part in parts]).astype(np.float64)


def main() -> None:
    """Fit and write."""
    grey = np.concatenate([pictures(Path(sys.argv[1]) / "FER2013Train"), pictures(Path(sys.argv[2]) / "train")])
    found = features(grey)
    mean = found.mean(0)
    variance, direction = np.linalg.eigh(np.cov(found - mean, rowvar=False))
    turn = np.ascontiguousarray((direction / np.sqrt(variance + LEAST * variance.max())).T, np.float16)
    packed = save({"turn": turn, "shift": (-turn.astype(np.float64) @ mean).astype(np.float32)})
    OUT.write_bytes(packed)
    print(f"{len(grey):,} faces, {len(packed):,} bytes, SHA-256 {hashlib.sha256(packed).hexdigest()}")


if __name__ == "__main__":
    main()
