"""How many faces and clips a second each cue reads, against the goals: 20 photos a second by all cues, 60 clips.

    python benchmarks/cues_speed.py [--photos 32]

Photos are generated, 512 pixels across, one face each, read 16 at a time. Time is processor time of one core, so that
what else runs on the machine does not count.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import polars as pl
import torch

from evenface.cues import CUES, DEFAULT
from evenface.cues._read import SIDE
from evenface.faces.align import align
from evenface.faces.detectors.mediapipe import MediaPipe
from evenface.synthesis.render.draw import render

GOALS = {"all cues of a photo": 20.0, "the paper's five": 20.0, "clips": 60.0}
BATCH = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=32)
    given = parser.parse_args()
    torch.set_num_threads(1)
    photos = render(pl.DataFrame({"person": np.arange(given.photos)}), 512)
    detector = MediaPipe()
    begun = time.process_time()
    faces = [detector.detect(photo)[0] for photo in photos]
    chips = np.stack([align(photo, face.landmarks, SIDE) for photo, face in zip(photos, faces, strict=True)])
    spent = {"find and cut": (time.process_time() - begun) / given.photos}
    detector.close()
    cues, inputs = [CUES.get(name)() for name in DEFAULT], {}
    for cue in cues:
        at = np.linspace(0, SIDE - 1, cue.size).astype(int)
        small = chips[:, at][:, :, at]
        inputs[cue.name] = np.repeat(small[:, None], cue.frames, 1) if cue.frames else small
        cue.read(inputs[cue.name][::-1][:1])  # the first reading builds what it needs
        spent[cue.name] = 0.0
    for start in range(0, given.photos, BATCH):
        for cue in cues:  # one after the other, as they are read from a manifest: landmarks are placed for the first
            begun = time.process_time()
            cue.read(inputs[cue.name][start : start + BATCH])
            spent[cue.name] += (time.process_time() - begun) / given.photos
    for cue in cues:
        cue.close()
    for name, seconds in spent.items():
        print(f"{name:>16}: {1 / seconds:8.1f} a second, {1000 * seconds:6.1f} ms")
    paper = sum(
        spent[name] for name in ("find and cut", "image_features", "action_units", "micro", "micro_plus", "macro")
    )
    rates = {"all cues of a photo": 1 / sum(spent.values()), "the paper's five": 1 / paper, "clips": 1 / spent["micro"]}
    for name, rate in rates.items():
        print(f"{name}: {rate:.1f} a second, {rate / GOALS[name]:.2f} of the goal")


if __name__ == "__main__":
    main()
