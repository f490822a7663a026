"""Other packages that read expressions: run by `predict_vs_peers.py`, in an interpreter that has them.

    python _fer_peers.py {fer,fer-full,facex,pyemotion}

Each line of the standard input is a JSON list of picture files; each answer is a line of JSON: wall and processor
seconds, and for each picture what its largest face shows, or null: a probability for each expression as the package
names it, or the bare name where it gives no more. Pictures are read
with OpenCV and handed over as they are, as the packages' own examples do.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from importlib import resources

import cv2
import numpy as np

Read = Callable[[np.ndarray], "dict[str, float] | str | None"]
"""One picture (row, column, 3), BGR, to what its largest face shows."""


def fer(*, full: bool) -> Read:
    """Haar cascade, and the quantised net as it comes, or the full one in single precision."""
    from fer.fer import FER

    reader = FER(use_tflite=not full)

    def read(picture: np.ndarray) -> dict[str, float] | str | None:
        found = reader.detect_emotions(picture)
        if not found:
            return None
        scores = max(found, key=lambda each: each["box"][2] * each["box"][3])["emotions"]
        return {name: float(score) for name, score in scores.items()}

    return read


def facex() -> Read:
    from facex import EmotionClassifier

    reader = EmotionClassifier(str(resources.files("facex") / "assets" / "model_optimized.tflite"))

    def read(picture: np.ndarray) -> dict[str, float] | str | None:
        found = reader.predict(picture)
        if not found:
            return None
        scores = max(found, key=lambda each: each["bbox"][2] * each["bbox"][3])["emot"]
        return {name: float(score) for name, score in scores.items()}

    return read


def pyemotion() -> Read:
    """The only one that tells neither boxes nor scores: of several faces it names the last that it found."""
    from PyEmotion import DetectFace

    reader = DetectFace(device="cpu")

    def read(picture: np.ndarray) -> str | None:
        try:
            name = reader.predict_emotion(picture)[1]
        except (ValueError, RuntimeError, cv2.error):  # a box that reaches beyond the picture
            return None
        return None if name == "NoFace" else str(name)

    return read


READERS: dict[str, Callable[[], Read]] = {
    "fer": lambda: fer(full=False),
    "fer-full": lambda: fer(full=True),
    "facex": facex,
    "pyemotion": pyemotion,
}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what packages print is no answer
    read = READERS[sys.argv[1]]()
    answers.write("[]\n")
    for line in sys.stdin:
        start, used = time.perf_counter(), time.process_time()
        found = [read(cv2.imread(path)) for path in json.loads(line)]
        answers.write(json.dumps([time.perf_counter() - start, time.process_time() - used, found]) + "\n")


if __name__ == "__main__":
    main()
