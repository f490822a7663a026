"""`evenface predict` beside three packages that bring their own weights: `fer`, `facex` and `PyEmotion`.

    python benchmarks/predict_vs_peers.py --venvs FOLDER [--photos 210] [--suite regions-v1] [--real MANIFEST]

Each package gets a virtual environment of its own in FOLDER, made when it is not there (TensorFlow and PyTorch: 10 GB
and some minutes; --no-install only uses what is there). All get the same JPEG files on the same processor cores, in one
run and in turn, a round at a time, so that a busy machine is as busy for all: photo to answer, models loaded and warm.

Speed is measured on photos of 512 pixels. Accuracy is measured on faces that none was trained on: generated ones, 224
to 512 pixels, of a frozen suite, whose true expression is known. They are drawn by this project, so they are its home
ground though its weights never saw one; --real takes a manifest of photographs with labels besides. A face that is not
found counts as wrong.

--base-rates adds the accuracy of readers that give probabilities under other base rates (docs/PREDICT.md), by the same
code for all: `uniform`, or `estimated` from the faces of each set without their labels (at least 100: --photos). It
needs the shares of expressions that a reader learnt. The packages do not name them: FER2013's are taken, a guess.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from _common import machine
from evenface.core.labels import ALIASES
from evenface.core.manifest import Manifest
from evenface.core.pictures import INSIDE
from evenface.serve.base_rates import estimate, rebased
from evenface.serve.predictor import Predictor
from evenface.synthesis.plan import Plan
from evenface.synthesis.render.draw import render
from evenface.synthesis.suites import load_spec

SEVEN = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
SIDES, SPEED_SIDE = (224, 320, 512), 512
FER2013 = np.array([4953, 547, 5121, 8989, 6077, 4002, 6198]) / 35887  # Goodfellow et al., 2013; order of SEVEN
PEOPLE = 20  # drawn for the speed, each several times
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Package:
    """What pip is asked for, and whose it is."""

    name: str
    needs: tuple[str, ...]
    licence: str


CASCADES = "opencv-contrib-python<5"  # version 5 has no cascades, which these two look for faces with
FER = Package("fer", ("fer==25.10.3", CASCADES, "setuptools<81"), "MIT")
PEERS = {
    "fer": FER,
    "fer-full": FER,
    "facex": Package("facex", ("facex==1.1.0", CASCADES), "MIT"),
    "pyemotion": Package("pyemotion", ("PyEmotion==1.0.0",), "MIT"),
}
ABOUT = {
    "evenface": "as `evenface predict` does",
    "fer": "fer 25.10.3 as it comes: Haar cascade, quantised net",
    "fer-full": "fer 25.10.3: Haar cascade, full net",
    "facex": "facex 1.1.0: Haar cascade, TFLite",
    "pyemotion": "PyEmotion 1.0.0: MTCNN, PyTorch",
}


def python_of(package: Package, venvs: Path, install: bool) -> Path:
    """Give the interpreter of a package's environment, making what is missing of it."""
    place = venvs / package.name
    python, done = place / "bin" / "python", place / "installed.txt"
    wanted = "\n".join(package.needs)
    if python.is_file() and done.is_file() and done.read_text() == wanted:
        return python
    if not install:
        raise OSError(f"{place} does not hold {', '.join(package.needs)}; run without --no-install")
    print(f"Installing {', '.join(package.needs)} into {place} ...", file=sys.stderr, flush=True)
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *package.needs]
    if subprocess.run(pip, check=False).returncode:
        raise OSError(f"pip could not install {', '.join(package.needs)} into {place}; what it said is above")
    done.write_text(wanted)
    return python


class Peer:
    """A package in its own process."""

    def __init__(self, name: str, python: Path) -> None:
        quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
        quiet.pop("PYTHONPATH", None)
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - read if it fails
        self._process = subprocess.Popen(
            [str(python), str(HERE / "_fer_peers.py"), name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, text=True, env=quiet,
        )  # fmt: skip
        self._answer()

    trained = FER2013

    def __call__(self, paths: Sequence[Path]) -> tuple[float, float, np.ndarray]:
        """Read photos: wall and processor seconds, and a probability for each of the seven in each, or NaN.

        A bare name is a probability of one.
        """
        self._process.stdin.write(json.dumps([str(path) for path in paths]) + "\n")
        self._process.stdin.flush()
        wall, used, found = self._answer()
        read = [{} if each is None else {each: 1.0} if isinstance(each, str) else each for each in found]
        named = [{ALIASES[name.lower()]: score for name, score in each.items()} for each in read]
        return wall, used, np.array([[each.get(n, 0.0) if each else np.nan for n in SEVEN] for each in named])

    def _answer(self) -> list[Any]:
        line = self._process.stdout.readline()
        if not line:
            self._said.seek(0)
            raise OSError("does not run: " + " / ".join(self._said.read().strip().splitlines()[-3:]))
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait(60)


class Ours:
    """This package, in this process. Its answer is the likeliest of the seven expressions, however sure it is."""

    def __init__(self, weights: str) -> None:
        self._predictor = Predictor(weights, threshold=0.0)
        model = self._predictor.model
        self.trained = np.array([model.shares[model.classes.index(name)] for name in SEVEN])

    def __call__(self, paths: Sequence[Path]) -> tuple[float, float, np.ndarray]:
        """Read photos, as `Peer` does."""
        start, used = time.perf_counter(), time.process_time()
        rows = self._predictor.predict(paths)
        wall, used = time.perf_counter() - start, time.process_time() - used
        rows = rows.unique("image", keep="first", maintain_order=True)  # the largest face comes first
        if rows["image"].to_list() != [str(path) for path in paths]:
            sys.exit("evenface left out a photo.")
        return wall, used, rows.select(f"score_{name}" for name in SEVEN).to_numpy().astype(float)

    def close(self) -> None:
        """Let go of the models."""
        self._predictor.close()


@dataclass
class Found:
    """What one reader took and answered."""

    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    answers: dict[str, np.ndarray] = field(default_factory=dict)


def speed_photos(folder: Path, count: int) -> list[Path]:
    people = render(pl.DataFrame({"person": np.arange(PEOPLE)}), SPEED_SIDE)
    paths = [folder / f"speed-{number:04d}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        Image.fromarray(people[number % PEOPLE]).save(path, quality=90)
    return paths


def suite_photos(folder: Path, suite: str, count: int) -> tuple[list[Path], list[str]]:
    """Draw faces spread over a suite, as photos of three sizes, with their true expressions."""
    plan = Plan(load_spec(suite))
    rows = np.linspace(0, plan.rows - 1, min(count, plan.rows)).astype(int)
    table = pl.concat([plan.table(row, row + 1) for row in rows])
    side = np.random.default_rng(0).choice(SIDES, len(table))
    paths = [folder / f"{suite}-{row:05d}.jpg" for row in rows]
    for each in SIDES:
        for start in range(0, int((side == each).sum()), 16):
            chosen = np.flatnonzero(side == each)[start : start + 16]
            for place, pixels in zip(chosen, render(table[chosen], each), strict=True):
                Image.fromarray(pixels).save(paths[place], quality=92)
    return paths, table["emotion"].to_list()


def real_photos(folder: Path, path: Path, count: int) -> tuple[list[Path], list[str]]:
    """Take labelled pictures of a manifest: one of the seven, spread over it; small ones are enlarged to 224 pixels."""
    from evenface.faces.decode import decode

    manifest = Manifest.load(path)
    names = dict(enumerate(manifest.labels.names))
    known = [index for index, name in names.items() if name in SEVEN]
    frame = manifest.frame.filter(pl.col("label").is_in(known) & pl.col("image").is_not_null())
    frame = frame[np.linspace(0, len(frame) - 1, min(count, len(frame))).astype(int)]
    paths = [folder / f"real-{number:05d}.png" for number in range(len(frame))]
    for image, out in zip(frame["image"], paths, strict=True):
        picture = Image.fromarray(decode(Path(image) if INSIDE in image else path.parent / image))
        if min(picture.size) < SIDES[0]:
            scale = SIDES[0] / min(picture.size)
            picture = picture.resize([round(scale * side) for side in picture.size], Image.Resampling.BICUBIC)
        picture.save(out)
    return paths, [names[label] for label in frame["label"]]


def best(p: np.ndarray) -> list[str | None]:
    """The likeliest expression of each face; None where none was found."""
    return [None if np.isnan(row).any() else SEVEN[int(row.argmax())] for row in p]


def scores(truth: Sequence[str], answers: Sequence[str | None]) -> tuple[float, float, int, float]:
    """Accuracy, balanced accuracy, faces not found, half the width of the accuracy's 95 % interval."""
    right = np.array([a == b for a, b in zip(truth, answers, strict=True)])
    names = np.array(truth)
    recalls = [right[names == name].mean() for name in sorted(set(truth))]
    half = 1.96 * np.sqrt(right.mean() * (1 - right.mean()) / len(right))
    return right.mean(), float(np.mean(recalls)), sum(name is None for name in answers), half


def measure(readers: dict[str, Any], photos: list[Path], rounds: int, sets: dict[str, list[Path]]) -> dict[str, Found]:
    found = {name: Found() for name in readers}
    for read in readers.values():
        read(photos[:4])
    for part in np.array_split(np.arange(len(photos)), rounds):
        for name, read in readers.items():
            wall, used, _ = read([photos[i] for i in part])
            found[name].rates.append(len(part) / wall)
            found[name].costs.append(1000 * used / len(part))
    for which, paths in sets.items():
        for name, read in readers.items():
            found[name].answers[which] = read(paths)[2]
    return found


def show(found: dict[str, Found], truths: dict[str, list[str]]) -> str:
    head = ["reader", "faces/s", "evenface is times as fast", "processor ms a face"]
    for which, truth in truths.items():
        head += [f"accuracy, {which} ({len(truth)})", "balanced", "not found"]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    for name, each in found.items():
        ratio = statistics.median(a / b for a, b in zip(found["evenface"].rates, each.rates, strict=True))
        cells = [f"{statistics.median(each.rates):.1f}", f"{ratio:.1f}", f"{statistics.median(each.costs):.1f}"]
        for which, truth in truths.items():
            accuracy, balanced, missed, half = scores(truth, best(each.answers[which]))
            cells += [f"{accuracy:.3f} ± {half:.3f}", f"{balanced:.3f}", str(missed)]
        lines.append(f"| {ABOUT[name] if name != 'evenface' else 'evenface'} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def show_base_rates(
    found: dict[str, Found], readers: dict[str, Any], truths: dict[str, list[str]], kinds: list[str]
) -> str:
    lines = ["| reader | faces | base rates | accuracy | balanced |", "| --- | --- | --- | ---: | ---: |"]
    for name, each in found.items():
        if name == "pyemotion":  # names, without probabilities
            continue
        for which, truth in truths.items():
            p, trained = each.answers[which], readers[name].trained
            for kind in ("trained", *kinds):
                rates = {"trained": trained, "uniform": np.full(len(SEVEN), 1 / len(SEVEN))}.get(kind)
                rates = estimate(p, trained)[0] if rates is None else rates
                accuracy, balanced, _, half = scores(truth, best(rebased(p, trained, rates)))
                said = f"{kind} ({', '.join(f'{n} {rate:.2f}' for n, rate in zip(SEVEN, rates, strict=True))})"
                lines.append(f"| {name} | {which} | {said} | {accuracy:.3f} ± {half:.3f} | {balanced:.3f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venvs", type=Path, required=True, help="folder for the packages' environments")
    parser.add_argument("--no-install", action="store_true")
    parser.add_argument("--weights", default="macro")
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--photos", type=int, default=210, help="for the speed, and at most so many of each set")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--suite", default="regions-v1")
    parser.add_argument("--real", type=Path, help="a manifest of labelled photographs")
    parser.add_argument("--base-rates", nargs="+", choices=("uniform", "estimated"), default=[], help="others to add")
    parser.add_argument("--cores", type=int, default=2)
    given = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # of this process and of all that it starts
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    readers: dict[str, Any] = {"evenface": Ours(given.weights)}
    absent = {}
    for name in given.peers:
        try:
            readers[name] = Peer(name, python_of(PEERS[name], given.venvs.absolute(), not given.no_install))
        except (OSError, subprocess.SubprocessError) as error:
            absent[name] = error
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        sets, truths = {}, {}
        sets["generated"], truths["generated"] = suite_photos(folder, given.suite, given.photos)
        if given.real:
            sets["real"], truths["real"] = real_photos(folder, given.real, given.photos)
        found = measure(readers, speed_photos(folder, given.photos), given.rounds, sets)
    for read in readers.values():
        read.close()
    print(f"{machine('mediapipe', 'onnxruntime', 'pillow')}\nWeights {given.weights}, suite {given.suite}.\n")
    print(show(found, truths), "\n")
    if given.base_rates:
        print(show_base_rates(found, readers, truths, given.base_rates), "\n")
    licences = {package.name: package.licence for package in PEERS.values()}
    print("Licences that the packages name: " + ", ".join(f"{name} {licence}" for name, licence in licences.items()))
    for name, why in absent.items():
        print(f"Not measured: {name}: {why}")


if __name__ == "__main__":
    main()
