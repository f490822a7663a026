"""The parts of `faces_realism.py`: what a landmarker and a judge of expression say of generated and of real faces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from _faces import AGES, EXPRESSIONS, POLES, TONES, Landmarker, Seen, crossed, people, with_expressions
from evenface.synthesis import dice
from evenface.synthesis.parameters import ACTIONS
from evenface.synthesis.render.draw import render

GENDERS = ("female", "male")
INTENSITY_THIRDS = (0.7, 0.8, 0.9, 1.0)
_SIX = [0, 1, 2, 3, 4, 6]  # without disgust, of which the judge has seen few real faces
RESAMPLES = 2000
_ZOOM, _DOWN = 1.63, 0.04  # sets eyes .36 of the width apart and .40 down, as medians of FER+ are; see `real`

Part = dict[str, Any]
"""What a part found, as JSON takes it."""

# -- pictures --


def framed_as_fer(faces: pl.DataFrame) -> np.ndarray:
    """Grey pictures (face, 48, 48) of faces, framed as FER2013 frames faces, drawn twice as large and averaged."""
    larger = np.exp(0.34 * (dice.uniform("benchmark zoom", faces["person"].to_numpy()) - 0.5))
    faces = faces.with_columns(zoom=_ZOOM * larger, shift_y=pl.lit(_DOWN), grey=pl.lit(1.0))
    pictures = render(faces, 96)[..., 0]
    return pictures.reshape(-1, 48, 2, 48, 2).mean((2, 4)).round().astype(np.uint8)


# -- what the landmarker sees --


def found(eye: Landmarker, repeats: int) -> Part:
    """Detection by group and expression, and what the blendshapes of random expressions make of the true actions."""
    design = crossed(pole=POLES, gender=GENDERS, expression=EXPRESSIONS, repeat=range(repeats))
    number = np.arange(design.height)
    design = design.with_columns(
        person=1 + number, tone=np.array(list(TONES))[number % 3], age_band=np.array(list(AGES))[number // 3 % 4]
    ).with_columns(pole_and_gender=pl.col("pole") + " x " + pl.col("gender"))
    faces = with_expressions(people(design, wild=False), design["expression"])
    seen = eye.look(render(faces, 256))
    groups = ("pole_and_gender", "tone", "age_band", "expression")
    shares = design.with_columns(found=pl.Series(seen.found))
    return {
        "faces": design.height,
        "found": {
            name: {
                row[0]: [row[1], row[2]]
                for row in shares.group_by(name, maintain_order=True).agg(pl.len(), pl.sum("found")).rows()
            }
            for name in groups
        },
        "correlation": _correlations(_true(faces, seen), seen.shapes, seen, seen.found),
        "means": means(seen, design["expression"].to_numpy(), seen.found),
    }


def _true(faces: pl.DataFrame, seen: Seen) -> np.ndarray:
    return faces.select([f"action:{name}" for name in seen.names]).to_numpy()


def _correlations(true: np.ndarray, read: np.ndarray, seen: Seen, usable: np.ndarray) -> dict[str, float | None]:
    """Correlation of each action with its blendshape; None where the action hardly varies."""
    out = {}
    for i, name in enumerate(seen.names):
        a, b = true[usable, i], read[usable, i]
        out[name] = float(np.corrcoef(a, b)[0, 1]) if a.std() > 0.02 and b.std() > 0 else None
    return out


def means(seen: Seen, levels: np.ndarray, usable: np.ndarray) -> dict[str, dict[str, float]]:
    """Mean blendshape by level, for those that are ever above .1."""
    table = {str(level): np.nanmean(seen.shapes[usable & (levels == level)], 0) for level in dict.fromkeys(levels)}
    plain = np.max(list(table.values()), 0) > 0.1
    return {name: {k: float(v[i]) for k, v in table.items()} for i, name in enumerate(seen.names) if plain[i]}


def actions(eye: Landmarker, repeats: int) -> Part:
    """One action at a time on `repeats` people, evenly spread between 0 and 1, beside the same people at rest."""
    names = [name for name in ACTIONS if name != "tongueOut"]
    who = pl.DataFrame({"repeat": range(repeats)}).with_columns(
        person=5000 + pl.col("repeat"),
        pole=np.array(POLES)[np.arange(repeats) % 3],
        gender=np.array(GENDERS)[np.arange(repeats) // 3 % 2],
    )
    rest = eye.look(render(people(who, wild=False), 256)).shapes
    design = crossed(action=names, repeat=range(repeats)).join(who, on="repeat", how="left", maintain_order="left")
    number, whom = np.arange(design.height) // repeats, design["repeat"].to_numpy()
    level = ((whom * 5 + number) % repeats + 0.5) / repeats
    true = np.zeros((design.height, len(names)))
    true[np.arange(design.height), number] = level
    faces = people(design, wild=False).hstack([pl.Series(f"action:{name}", true[:, i]) for i, name in enumerate(names)])
    seen = eye.look(render(faces, 256))
    change = seen.shapes - rest[whom]
    own = {}
    for i, name in enumerate(names):
        rows = (number == i) & seen.found & ~np.isnan(change[:, i])
        strong = rows & (level > 0.6)
        also = np.argsort(-np.nanmean(change[strong], 0))[:3]
        own[name] = {
            "correlation": float(np.corrcoef(level[rows], change[rows, i])[0, 1]),
            "rest": float(np.nanmedian(rest[:, i])),
            "change": float(np.nanmean(change[strong, i])),
            "also": {names[k]: round(float(np.nanmean(change[strong, k])), 2) for k in also if k != i},
        }
    return {"faces": design.height, "found": float(seen.found.mean()), "own": own,
            "correlation": _correlations(true, change, seen, seen.found & ~np.isnan(change).any(1))}  # fmt: skip


# -- what the judge says --

Judging = Callable[[np.ndarray], np.ndarray]
"""Grey pictures (face, 48, 48) to probabilities (face, 8)."""


def judged_faces(judge: Judging, conditions: pl.DataFrame, repeats: int, first: int) -> tuple[np.ndarray, np.ndarray]:
    """Answers and intensities (expression, person, condition): a person shows one expression under all."""
    design = crossed(expression=EXPRESSIONS, repeat=range(repeats), gender=GENDERS)
    design = design.with_columns(person=first + np.arange(design.height)).join(conditions, how="cross")
    faces = people(design, wild=True)
    if "step" in design.columns:
        faces = faces.with_columns(skin_tone=design["step"].cast(pl.Float64))
    faces = with_expressions(faces, design["expression"])
    answer = judge(framed_as_fer(faces))[:, :7].argmax(1)
    shape = (7, repeats * 2, conditions.height)
    return answer.reshape(shape), faces["intensity"].to_numpy().reshape(shape)


def with_interval(hits: np.ndarray, weights: np.ndarray) -> list[float]:
    """Mean over classes of a weighted sum over conditions, with a 95 % interval over resampled people.

    Args:
        hits: (class, person, condition), whether the answer is right.
        weights: (condition,): of a mean they sum to 1, of a difference to 0.
    """
    each = hits.astype(float) @ weights
    rng = np.random.default_rng(0)
    drawn = [row[rng.integers(0, row.size, (RESAMPLES, row.size))].mean(1) for row in each]
    return [float(each.mean()), *np.quantile(np.mean(drawn, 0), [0.025, 0.975]).tolist()]


def confusion(answer: np.ndarray) -> list[list[int]]:
    """Counts (true, read) of answers (expression, …)."""
    return [np.bincount(row.ravel(), minlength=7).tolist() for row in answer]


def _right(answer: np.ndarray) -> np.ndarray:
    return answer == np.arange(7)[:, None, None]


def judge_usual(judge: Judging, repeats: int) -> Part:
    """Each pole with tones, hair and eyes usual with it; every pole has people of its own."""
    runs = [
        judged_faces(judge, pl.DataFrame({"pole": [pole]}), repeats, 20_000 * (i + 1)) for i, pole in enumerate(POLES)
    ]
    answer, intensity = (np.concatenate(arrays, 1) for arrays in zip(*runs, strict=True))
    thirds = np.digitize(intensity[..., 0], INTENSITY_THIRDS[1:-1])
    by_third = [[_right(answer)[k, thirds[k] == t].mean() for k in range(7)] for t in range(3)]
    return {
        "faces": answer.size,
        "balanced": with_interval(_right(answer), np.ones(1)),
        "without disgust": with_interval(_right(answer)[_SIX], np.ones(1)),
        "pole": {pole: with_interval(_right(run[0]), np.ones(1)) for pole, run in zip(POLES, runs, strict=True)},
        "intensity": {
            f"{low:g}-{low + 0.1:g}": float(np.mean(by_third[t])) for t, low in enumerate(INTENSITY_THIRDS[:-1])
        },
        "confusion": confusion(answer),
    }


def judge_crossed(judge: Judging, repeats: int) -> Part:
    """The same people under each pole and tone: what shape and what tone alone do to the judge."""
    conditions = crossed(pole=POLES, tone=list(TONES))
    answer, _ = judged_faces(judge, conditions, repeats, 90_000)
    hits = _right(answer)
    pole, tone = np.eye(3).repeat(3, 1) / 3, np.tile(np.eye(3), 3) / 3
    names = {"pole": list(POLES), "tone": list(TONES)}
    return {
        "faces": answer.size,
        "balanced": with_interval(hits, np.full(9, 1 / 9)),
        "without disgust": {t: with_interval(hits[_SIX], w) for t, w in zip(TONES, tone, strict=True)},
        **{
            what: {n: with_interval(hits, w) for n, w in zip(names[what], rows, strict=True)}
            for what, rows in (("pole", pole), ("tone", tone))
        },
        "cell": {f"{p} {t}": with_interval(hits, w)[0] for (p, t), w in zip(conditions.rows(), np.eye(9), strict=True)},
        "difference": {
            f"{names[what][a]} - {names[what][b]}": with_interval(hits, rows[a] - rows[b])
            for what, rows in (("pole", pole), ("tone", tone))
            for a, b in ((0, 1), (0, 2), (1, 2))
        },
        "recall by tone": {t: (hits @ w).mean(1).tolist() for t, w in zip(TONES, tone, strict=True)},
        "recall by pole": {p: (hits @ w).mean(1).tolist() for p, w in zip(POLES, pole, strict=True)},
        "confusion": confusion(answer),
    }


def judge_steps(judge: Judging, repeats: int) -> Part:
    """The same people on each step of the Monk scale, poles in turn."""
    steps = pl.DataFrame({"step": range(1, 11)}).join(pl.DataFrame({"pole": POLES}), how="cross")
    steps = steps.with_columns(tone=pl.lit("light"))  # hair and eyes not tied to the pole; the step overrides the tone
    answer, _ = judged_faces(judge, steps, repeats, 130_000)
    hits = _right(answer).reshape(7, -1, 10, 3).mean(3)
    return {
        "faces": answer.size,
        "step": {str(i + 1): with_interval(hits, w) for i, w in enumerate(np.eye(10))},
        "recall": {str(i + 1): hits[:, :, i].mean(1).tolist() for i in range(10)},
    }
