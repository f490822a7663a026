"""How fast `evenface predict` is: photos to answers, the classifier alone, one photo warm and cold, and video.

Run: `python benchmarks/predict_speed.py [--weights NAME|PATH] [--photos 200] [--seconds 180]`. The photos are generated
faces, coded as JPEG; the video shows one of them wandering over 1280 x 720. Needs `evenface assets fetch`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from _common import aims, fresh, machine
from evenface.serve.loading import load
from evenface.serve.predictor import Predictor
from evenface.synthesis.render.draw import render

PEOPLE, SIDE = 20, 512
COLD = """
from evenface.serve.predictor import Predictor
with Predictor(sys.argv[1]) as predictor:
    print(predictor.predict([sys.argv[2]])["box_left"].count())
"""
VIDEO = """
import os, threading, time
from evenface.serve.predictor import Predictor
seen, over = [], threading.Event()
def watch():
    page = os.sysconf("SC_PAGE_SIZE")
    while not over.wait(0.2):
        with open("/proc/self/statm") as told:
            seen.append(int(told.read().split()[1]) * page / 2**20)
with Predictor(sys.argv[1]) as predictor:
    if os.path.exists("/proc/self/statm"):
        threading.Thread(target=watch).start()
    start = time.perf_counter()
    rows = predictor.predict([sys.argv[2]], every=5)
    wall = time.perf_counter() - start
    over.set()
quarters = [max(seen[i * len(seen) // 4 : (i + 1) * len(seen) // 4], default=0) for i in range(4)]
print(wall, rows["box_left"].count(), rows["track"].n_unique(), *quarters)
"""


def photos(folder: Path, count: int) -> list[Path]:
    people = render(pl.DataFrame({"person": np.arange(PEOPLE)}), SIDE)
    paths = [folder / f"{number:04d}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        Image.fromarray(people[number % PEOPLE]).save(path, quality=90)
    return paths


def video(path: Path, face: np.ndarray, seconds: int, rate: int = 30) -> Path:
    import cv2

    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), rate, (1280, 720))
    frame = np.full((720, 1280, 3), 120, np.uint8)
    for number in range(seconds * rate):
        left, top = round(384 + 380 * np.sin(number / 90)), round(104 + 100 * np.sin(number / 70))
        shown = frame.copy()
        shown[top : top + SIDE, left : left + SIDE] = face[..., ::-1]
        writer.write(shown)
    writer.release()
    return path


def classifier(weights: str, seconds: float = 3.0) -> float:
    """Faces per second of the classifier alone, in batches of 32."""
    model = load(weights)
    chips = np.random.default_rng(0).integers(0, 256, (32, model.size, model.size, 3), dtype=np.uint8)
    model.probabilities(chips)
    start, batches = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        model.probabilities(chips)
        batches += 1
    return 32 * batches / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", default="macro")
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=180)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        paths = photos(Path(place), given.photos)
        cold = fresh(COLD, given.weights, paths[0])
        with Predictor(given.weights) as predictor:
            predictor.predict(paths[:4])
            single = []
            for path in paths[:50]:
                start = time.perf_counter()
                predictor.predict([path])
                single.append(time.perf_counter() - start)
            start, used = time.perf_counter(), time.process_time()
            found = predictor.predict(paths)["box_left"].count()
            rate, cost = found / (time.perf_counter() - start), (time.process_time() - used) / found
        face = np.asarray(Image.open(paths[0]))
        runs = []
        for seconds in (max(1, given.seconds // 6), given.seconds):
            clip = video(Path(place) / f"{seconds}.mp4", face, seconds)
            runs.append((seconds, fresh(VIDEO, given.weights, clip)))
    print(machine("mediapipe", "pillow"), "\n")
    rows_of = [
        ("photo of 512 pixels to answer, a face", 1000 / 60, 1000 / rate, "ms"),
        ("the classifier alone, batch of 32, a face", 1000 / 1500, 1000 / classifier(given.weights), "ms"),
        ("one photo, warm, median of 50", 25.0, 1000 * float(np.median(single)), "ms"),
        ("one photo from a cold start, the whole process", 3.0, cold.wall, "s"),
    ]
    (short, first), (long, second) = runs
    wall = float(second.said.split()[0])
    rows_of.append((f"video 720p of {long} s, every 5th frame", float(long), wall, "s"))
    rows_of.append((f"its peak memory, against a video of {short} s", first.peak * 1.1, second.peak, "MB"))
    quarters = [float(each) for each in second.said.split()[3:]]
    rows_of.append(("its memory in the last quarter, against the second", quarters[1] * 1.1, quarters[3], "MB"))
    print(aims(rows_of))
    print(f"\n{rate:.0f} faces/s, {1000 * cost:.1f} ms of processor time each; {found} faces in {given.photos} photos.")
    print(f"Cores that were had: {rate * cost:.2f}. Two of its own would give {2 / cost:.0f} faces/s at best.")
    faces, tracks = second.said.split()[1:3]
    print(f"Video: {faces} faces, {tracks} tracks; MB in each quarter: {[round(each) for each in quarters]}.")


if __name__ == "__main__":
    main()
