"""How well the cues `gaze` and `geometry` tell what is known of generated faces: correlations, by group.

    python benchmarks/cues_truth.py [--faces 480]

Faces have eight expressions and look anywhere within 26 degrees of straight ahead, to either side, up and down. What
gaze reads is held against the true angle of the eyes. A distance is held against the facial actions that move it, both
as they differ from the mean of the two faces of the same person: what is left of a distance without that is how the
person is built. Intervals are over persons.
"""

from __future__ import annotations

import argparse

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evenface.cues import CUES
from evenface.cues._cue import SIDE, CueReading
from evenface.faces.align import align
from evenface.faces.detectors.mediapipe import MediaPipe
from evenface.synthesis.plan import Plan
from evenface.synthesis.render.draw import render
from evenface.synthesis.suites import load_spec

Floats, Rows = NDArray[np.float64], NDArray[np.bool_]
PIXELS, LARGEST, FULL = 224, 0.8, 32.0  # share of a full turn of the eyes, and degrees of that
SPEC = ["design=factorial", 'name="truth"', "seed=4242", f"size={PIXELS}", 'regions=["wild","spontaneous"]',
        'emotions=["angry","disgust","fear","happy","sad","surprise","neutral","contempt"]']  # fmt: skip
LOOK = {
    f"eyeLook{way}": (axis, sign)
    for axis, sign, ways in (
        (0, 1, ("OutLeft", "InRight")),
        (0, -1, ("InLeft", "OutRight")),
        (1, 1, ("UpLeft", "UpRight")),
        (1, -1, ("DownLeft", "DownRight")),
    )
    for way in ways
}
"""Facial action -> axis and sign of the gaze that it makes."""
MOVED = {
    "eye_open_{}": "eyeWide{} -eyeBlink{} -eyeSquint{}",
    "brow_inner_{}": "browInnerUp -browDown{}",
    "brow_middle_{}": "browInnerUp browOuterUp{} -browDown{}",
    "brow_outer_{}": "browOuterUp{} -browDown{}",
    "brow_angle_{}": "browInnerUp -browDown{} -browOuterUp{}",
    "wing_up_{}": "noseSneer{}",
    "cheek_up_{}": "cheekSquint{}",
    "lip_up_{}": "mouthUpperUp{} mouthSmile{}",
    "corner_up_{}": "mouthSmile{} -mouthFrown{}",
    "corner_angle_{}": "mouthSmile{} -mouthFrown{}",
    "corner_out_{}": "mouthSmile{} mouthStretch{}",
    "brows_apart": "-browDownLeft -browDownRight",
    "nose_width": "noseSneerLeft noseSneerRight mouthSmileLeft mouthSmileRight",
    "mouth_width": "mouthSmileLeft mouthSmileRight mouthStretchLeft mouthStretchRight -mouthPucker -mouthFunnel",
    "mouth_open": "jawOpen -mouthClose",
    "lip_upper": "-mouthRollUpper",
    "lip_lower": "-mouthRollLower",
    "nose_to_lip": "-mouthUpperUpLeft -mouthUpperUpRight",
    "lip_to_chin": "-mouthLowerDownLeft -mouthLowerDownRight",
    "nose_to_chin": "jawOpen",
    "lips_forward": "mouthSmileLeft mouthSmileRight",
}
"""Channel -> facial actions that move it, with the sign of each; `{}` is a side."""
UNEVEN = ("eye_open", "brow_middle", "brow_outer", "wing_up", "cheek_up", "lip_up", "corner_up", "corner_out")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, default=480, help="two of each person")
    given = parser.parse_args()
    truth, chips, looks = _faces(given.faces)
    cues = {name: CUES.get(name)() for name in ("gaze", "geometry")}
    read = {name: cue.read(chips) for name, cue in cues.items()}
    for cue in cues.values():
        cue.close()
    person = truth["subject"].to_numpy()
    rows = {"all": np.ones(len(truth), bool)}
    for attribute in ("ethnicity", "skin_tone"):
        column = truth[f"attr:{attribute}"].cast(pl.String)
        rows |= {f"{attribute} {level}": (column == level).to_numpy() for level in sorted(column.unique())}
    for name, reading in read.items():
        told = {f"{group} {(~reading.valid[at]).sum()} of {at.sum()}" for group, at in rows.items()}
        reasons = {r: reading.reasons.count(r) for r in set(reading.reasons) if r}
        print(f"{name}: not read:", "; ".join(sorted(told)), reasons)
    gaze = dict(zip(CUES.get("gaze").channels, read["gaze"].values.T.astype(float), strict=True))
    for axis, channels in (
        (0, ("horizontal_right", "horizontal_left", "yaw")),
        (1, ("vertical_right", "vertical_left")),
    ):
        for channel in channels:
            _tell(channel, gaze[channel], looks[:, axis], rows, person)
    off = gaze["yaw"] - looks[:, 0]
    slope, zero = np.polyfit(looks[read["gaze"].valid, 0], gaze["yaw"][read["gaze"].valid], 1)
    errors = {g: (float(np.nanmean(np.abs(off[at]))), float(np.nanmean(off[at]))) for g, at in rows.items()}
    print(f"yaw: {slope:.2f} of the true angle, {zero:+.1f} degrees at 0; mean error and bias in degrees:")
    print("   ", "; ".join(f"{g} {error:.1f} {bias:+.1f}" for g, (error, bias) in errors.items()))
    for channel, (values, moved) in _moved(truth, read["geometry"]).items():
        _tell(channel, _within(values, person), _within(moved, person), rows, person)


def _faces(count: int) -> tuple[pl.DataFrame, NDArray[np.uint8], Floats]:
    """Draw faces, find and cut them; and give where each looks (face, 2) in degrees to its own left, and up."""
    plan = Plan(load_spec("smoke", [*SPEC, f"count={count}", f"people={count // 2}"]))
    truth, dice = plan.table(0, plan.rows), np.random.default_rng(9)
    looks = dice.uniform(-LARGEST, LARGEST, (len(truth), 2))
    turned = {name: np.maximum(0, sign * looks[:, axis]) for name, (axis, sign) in LOOK.items()}
    truth = truth.with_columns(pl.Series(f"action:{name}", values) for name, values in turned.items())
    detector, chips, seen = MediaPipe(), [], []
    for start in range(0, len(truth), 40):
        for row, photo in enumerate(render(truth[start : start + 40], PIXELS), start):
            if faces := detector.detect(photo):
                chips.append(align(photo, faces[0].landmarks, SIDE))
                seen.append(row)
    detector.close()
    print(f"{len(seen)} of {len(truth)} faces found")
    return truth[seen], np.stack(chips), FULL * looks[seen]


def _moved(truth: pl.DataFrame, reading: CueReading) -> dict[str, tuple[Floats, Floats]]:
    """Give each channel of `MOVED` with the sum of the actions that move it."""
    values = dict(zip(CUES.get("geometry").channels, reading.values.T.astype(float), strict=True))
    out: dict[str, tuple[Floats, Floats]] = {}
    for channel, actions in MOVED.items():
        for side in ("Right", "Left") if "{}" in channel else ("",):
            named = channel.format(side.lower())
            signs = ((each.lstrip("-").format(side), -1 if each[0] == "-" else 1) for each in actions.split())
            moved = np.sum([sign * truth[f"action:{action}"].to_numpy() for action, sign in signs], 0)
            out[named] = values[named], moved
    for name in UNEVEN:
        out[f"uneven_{name}"] = values[f"uneven_{name}"], out[f"{name}_left"][1] - out[f"{name}_right"][1]
    return out


def _within(values: Floats, person: NDArray[np.object_]) -> Floats:
    """Take the mean of each person's faces from theirs; NaN of a person with one face that was read."""
    _, who = np.unique(person, return_inverse=True)
    known = np.isfinite(values)
    count = np.bincount(who, known)
    mean = np.bincount(who, np.where(known, values, 0)) / np.maximum(count, 1)
    return np.where((count > 1)[who], values - mean[who], np.nan)


def _tell(name: str, read: Floats, true: Floats, rows: dict[str, Rows], person: NDArray[np.object_]) -> None:
    both = np.isfinite(read) & np.isfinite(true)

    def related(at: NDArray[np.int64]) -> float:
        return float(np.corrcoef(read[at], true[at])[0, 1])

    dice, parts = np.random.default_rng(0), []
    for group, at in rows.items():
        places = np.flatnonzero(at & both)
        people, who = np.unique(person[places], return_inverse=True)
        counts = dice.multinomial(len(people), np.full(len(people), 1 / len(people)), 300)[:, who]
        low, high = np.percentile([related(np.repeat(places, times)) for times in counts], [2.5, 97.5])
        parts.append(f"{group} {related(places):+.2f}" + (f" [{low:+.2f}, {high:+.2f}]" if group == "all" else ""))
    print(f"{name}: " + "; ".join(parts))


if __name__ == "__main__":
    main()
