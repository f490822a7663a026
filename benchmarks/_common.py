"""What the benchmarks share: a made table of faces, the cost of a fresh process, the machine in words."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl

CLASSES = ("surprise", "fear", "disgust", "happy", "sad", "angry", "neutral")
SHARES = np.array([329, 74, 160, 1185, 478, 162, 680]) / 3068  # RAF-DB test
RIGHT = np.array([0.84, 0.60, 0.60, 0.93, 0.82, 0.76, 0.85])
LEVELS = {
    "gender": (("male", "female", "unsure"), (0.42, 0.50, 0.08)),
    "race": (("Caucasian", "African-American", "Asian"), (0.77, 0.08, 0.15)),
    "age": (("0-3", "4-19", "20-39", "40-69", "70+"), (0.10, 0.17, 0.55, 0.15, 0.03)),
}
BY = tuple(LEVELS)
RAFDB = 3068  # faces in its test part


def faces(rows: int, *, scores: bool, seed: int = 0) -> pl.DataFrame:
    """Make a table of predictions with RAF-DB's shares of classes and of the 45 gender x race x age groups.

    Args:
        rows: Number of faces.
        scores: Whether to add `p_<class>`, a probability per class.
        seed: Of the draws.

    Returns:
        Columns `y_true, y_pred` (class names), gender, race, age, and the probabilities.
    """
    rng = np.random.default_rng(seed)
    true = rng.choice(len(CLASSES), rows, p=SHARES)
    guess = rng.choice(len(CLASSES), rows, p=SHARES)
    answer = np.where(rng.random(rows) < RIGHT[true], true, guess)
    names = pl.Series(CLASSES)
    columns = {"y_true": names.gather(true), "y_pred": names.gather(answer)}
    for name, (levels, shares) in LEVELS.items():
        columns[name] = pl.Series(levels).gather(rng.choice(len(levels), rows, p=shares))
    if scores:
        logits = rng.normal(size=(rows, len(CLASSES)))
        logits[np.arange(rows), answer] = logits.max(1) + rng.exponential(1.6, rows)
        p = np.exp(logits)
        p /= p.sum(1, keepdims=True)
        columns |= {f"p_{name}": pl.Series(p[:, i]) for i, name in enumerate(CLASSES)}
    return pl.DataFrame(columns)


@dataclass(frozen=True)
class Cost:
    """What a run in a process of its own took: wall and processor seconds, peak memory in MB, and what it printed."""

    wall: float
    cpu: float
    peak: float
    said: str

    def __str__(self) -> str:
        return f"{self.wall:.2f} s (processor {self.cpu:.2f} s), peak {self.peak:,.0f} MB"


_REPORT = """
import json, resource, sys
def _peak():
    try:  # of this program alone: what getrusage gives also counts the process that it was forked from
        with open("/proc/self/status") as status:
            return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
_used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([_used.ru_utime + _used.ru_stime, _peak()]), file=sys.stderr)
"""


def fresh(code: str, *arguments: object) -> Cost:
    """Run Python code in a fresh process.

    Args:
        code: What to run; it finds `arguments` as texts in `sys.argv[1:]`.
        arguments: For the code.
    """
    start = time.perf_counter()
    command = [sys.executable, "-c", "import sys\n" + code + _REPORT, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"The measured process failed:\n{done.stderr}")
    cpu, peak = json.loads(done.stderr.strip().splitlines()[-1])
    return Cost(wall, cpu, peak, done.stdout)


def machine(*packages: str) -> str:
    """Name the machine and the versions that a number belongs to."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        model = next(
            (line.split(":")[1].strip() for line in info.read_text().splitlines() if "model name" in line), model
        )
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    versions = ", ".join(f"{name} {version(name)}" for name in ("evenface", "numpy", "polars", *packages))
    return f"{model}, {os.cpu_count()} cores{load}; Python {platform.python_version()}, {versions}"


def aims(rows: list[tuple[str, float, float, str]]) -> str:
    """A table of (what, aim, reached, unit), all of which should be small."""
    lines = ["| what | aim | reached | reached / aim |", "| --- | ---: | ---: | ---: |"]
    for what, aim, reached, unit in rows:
        lines.append(f"| {what} | {aim:g} {unit} | {reached:.3g} {unit} | {reached / aim:.2f} |")
    return "\n".join(lines)
