"""A made audit in the shape of `docs/AUDIT_SCHEMA.md`: hostile names, small groups, no answers.

The numbers are simulated from a planted gap; interval and chance methods are simple, since only their shape
matters here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

CLASSES = ["neutral", "happy", "sad", "surprise", "fear", "disgust", "angry"]
LEVELS = {
    "gender": ["Female", "Male"],
    "race": ["White", "Black", "East Asian", "<script>alert(1)</script>"],
    "age": ["0-19", "20-39", "=cmd()|' /C calc'!A0", "an age group with a name of just about sixty characters, 60+"],
}
SCALARS = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1": "Macro F1",
    "coverage": "Coverage",
}
TITLES = SCALARS | {"equalized_odds": "Equalized odds", "tpr": "True positive rate"}
HEADLINE = ("accuracy", "balanced_accuracy", "macro_f1")
DRAWS = 60


def measure(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """Metrics of confusions (..., class, class + 1), the last column being "no answer"."""
    with np.errstate(invalid="ignore", divide="ignore"):
        answered = confusion[..., :-1]
        right = np.diagonal(answered, axis1=-2, axis2=-1)
        tpr = right / answered.sum(-1)
        f1 = 2 * right / (answered.sum(-1) + answered.sum(-2))
        out = {
            "accuracy": right.sum(-1) / answered.sum((-1, -2)),
            "balanced_accuracy": tpr.mean(-1),
            "macro_f1": f1.mean(-1),
            "coverage": answered.sum((-1, -2)) / confusion.sum((-1, -2)),
        }
        return out | {f"tpr[{name}]": tpr[..., i] for i, name in enumerate(CLASSES)}


def number(value: float) -> float | None:
    return float(f"{value:.12g}") if np.isfinite(value) else None


def redraw(confusion: np.ndarray, rates: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw confusions with the same number of faces per true class, shape (draw, class, class + 1)."""
    drawn = [rng.multinomial(int(n), p, size=DRAWS) for n, p in zip(confusion.sum(1), rates, strict=True)]
    return np.stack(drawn, axis=1).astype(float)


def rates_of(confusion: np.ndarray) -> np.ndarray:
    return (
        confusion / np.maximum(confusion.sum(1, keepdims=True), 1)
        + (confusion.sum(1, keepdims=True) == 0) / confusion.shape[1]
    )


class Sample:
    """Simulated faces and the audit dict written from their counts."""

    def __init__(self, faces: int, seed: int, gap: float, levels: dict[str, list[str]], cross: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.levels, self.cross, self.faces = levels, cross, faces
        skew = {name: np.array([0.5 ** (i * (name != "gender")) for i in range(len(v))]) for name, v in levels.items()}
        self.codes = {
            name: self.rng.choice(len(v), faces, p=skew[name] / skew[name].sum()) for name, v in levels.items()
        }
        self.true = self.rng.choice(7, faces, p=[0.25, 0.35, 0.12, 0.1, 0.04, 0.04, 0.1])
        hit = self.rng.random(faces) < 0.78 - gap * (next(reversed(self.codes.values())) == 2) - gap * (
            self.codes["race"] == 1
        )
        self.predicted = np.where(hit, self.true, self.rng.integers(0, 7, faces))
        self.predicted[(self.codes["race"] == 1) & (self.true == 0) & (self.rng.random(faces) < gap)] = 6
        self.predicted[self.rng.random(faces) < 0.03] = 7
        self.total = self.confusion(np.ones(faces, bool))

    def confusion(self, mask: np.ndarray) -> np.ndarray:
        return np.bincount(self.true[mask] * 8 + self.predicted[mask], minlength=56).reshape(7, 8).astype(float)

    def groups(self, names: tuple[str, ...]) -> list[dict[str, Any]]:
        out = []
        for combo in itertools.product(*(range(len(self.levels[name])) for name in names)):
            mask = np.logical_and.reduce([self.codes[name] == code for name, code in zip(names, combo, strict=True)])
            picked = {name: self.levels[name][code] for name, code in zip(names, combo, strict=True)}
            if mask.any():
                out.append(self.group(names, picked, self.confusion(mask)))
        return out

    def group(self, names: tuple[str, ...], picked: dict[str, str], confusion: np.ndarray) -> dict[str, Any]:
        values = measure(confusion)
        draws = measure(redraw(confusion, rates_of(confusion), self.rng))
        answered = int(confusion[:, :-1].sum())
        metrics = {}
        for name, value in values.items():
            ok = np.isfinite(value)
            low, high = np.nanquantile(draws[name], [0.025, 0.975]) if ok else (np.nan, np.nan)
            metrics[name] = {
                "value": number(float(value)),
                "low": number(low),
                "high": number(high),
                "low_simultaneous": number(max(0.0, low - 0.02)),
                "high_simultaneous": number(min(1.0, high + 0.02)),
                "shrunken": number(0.8 * float(value) + 0.15),
                "n": answered,
                "undefined": None if ok else "a class has no faces in this group",
            }
        bins = [
            {
                "confidence": c,
                "accuracy": number(min(1.0, c * 0.95 + self.rng.normal(0, 0.03))),
                "n": int(answered * c / 3.5) + 1,
            }
            for c in (0.3, 0.5, 0.7, 0.9)
        ]
        return {
            "by": " × ".join(names),
            "group": ", ".join(f"{k}={v}" for k, v in picked.items()),
            "levels": picked,
            "n": int(confusion.sum()),
            "answered": answered,
            "subjects": None,
            "small": answered < 30,
            "confusion": confusion.astype(int).tolist(),
            "metrics": metrics,
            "calibration": bins,
        }

    def gaps(self, by: str, groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
        kept = [g for g in groups if not g["small"]]
        pooled = rates_of(self.total)
        chance = [measure(redraw(np.array(g["confusion"]), pooled, self.rng)) for g in kept]
        out = []
        for metric in groups[0]["metrics"]:
            left = [g["group"] for g in groups if g["small"] or g["metrics"][metric]["value"] is None]
            seen = {g["group"]: g["metrics"][metric] for g in kept if g["metrics"][metric]["value"] is not None}
            family = "main" if metric in SCALARS else "per class"
            kinds = ("difference", "ratio") if family == "main" else ("difference",)
            draws = [c[metric] for c in chance]
            out += [self.gap(by, metric, family, kind, seen, left, draws) for kind in kinds]
        odds = dict(out[0]) | {"metric": "equalized_odds", "kind": "between", "best": None, "worst": None}
        return [*out, odds | {"family": "main"}]

    def gap(self, by, metric, family, kind, seen, left, chance) -> dict[str, Any]:
        out: dict[str, Any] = {"by": by, "metric": metric, "family": family, "kind": kind}
        if len(seen) < 2:
            empty = (
                "value",
                "low",
                "high",
                "chance_50",
                "chance_95",
                "p",
                "p_adjusted",
                "p_holm",
                "smallest_detectable",
                "best",
                "worst",
                "pair",
            )
            return out | dict.fromkeys(empty) | {"left_out": left, "undefined": "fewer than two groups are defined"}
        best, worst = (pick(seen, key=lambda g: seen[g]["value"]) for pick in (max, min))
        stack = np.array(chance)
        if kind == "ratio":
            value, draws = seen[worst]["value"] / seen[best]["value"], np.nanmin(stack, 0) / np.nanmax(stack, 0)
            limit, extreme = np.nanquantile(draws, 0.05), draws <= value
        else:
            value, draws = seen[best]["value"] - seen[worst]["value"], np.nanmax(stack, 0) - np.nanmin(stack, 0)
            limit, extreme = np.nanquantile(draws, 0.95), draws >= value
        p = (1 + extreme.sum()) / (1 + DRAWS)
        return out | {
            "value": number(value),
            "low": number(max(0.0, value - 0.04)),
            "high": number(value + 0.05),
            "chance_50": number(np.nanmedian(draws)),
            "chance_95": number(limit),
            "p": number(p),
            "p_adjusted": number(min(1.0, p * 2)),
            "p_holm": number(min(1.0, p * 3)),
            "smallest_detectable": number(1.4 * limit) if kind == "difference" else None,
            "best": best,
            "worst": worst,
            "pair": None,
            "left_out": left,
            "undefined": None,
        }

    def flows(self, by: str, groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
        out = []
        for g in groups:
            confusion = np.array(g["confusion"], float)
            rest = self.total - confusion
            for i, j in itertools.permutations(range(7), 2):
                n, rate = confusion[i].sum(), confusion[i, j] / max(confusion[i].sum(), 1)
                other = rest[i, j] / max(rest[i].sum(), 1)
                if n >= 30 and rate > 1.5 * other > 0:
                    ratio = rate / other
                    p = float(np.exp(-((rate - other) ** 2) * n / (2 * other * (1 - other))))
                    words = f"{CLASSES[i]} read as {CLASSES[j]}: {ratio:.1f} times as often for {g['group']}"
                    out.append(
                        {
                            "by": by,
                            "group": g["group"],
                            "true": CLASSES[i],
                            "predicted": CLASSES[j],
                            "n": int(n),
                            "count": int(confusion[i, j]),
                            "rate": number(rate),
                            "rest_rate": number(other),
                            "ratio": number(ratio),
                            "low": number(ratio * 0.7),
                            "high": number(ratio * 1.4),
                            "p": number(p),
                            "p_adjusted": number(min(1.0, p * 40)),
                            "words": words,
                        }
                    )
        return sorted(out, key=lambda f: f["p"])[:10]

    def build(self) -> dict[str, Any]:
        names = [c for size in range(1, self.cross + 1) for c in itertools.combinations(self.levels, size)]
        groups, gaps, worst, flows = [], [], [], []
        for combo in names:
            by = " × ".join(combo)
            mine = self.groups(combo)
            groups += mine
            gaps += self.gaps(by, mine)
            flows += self.flows(by, mine)
            for metric in HEADLINE:
                seen = sorted(
                    (g["metrics"][metric]["value"], g["group"])
                    for g in mine
                    if not g["small"] and g["metrics"][metric]["value"] is not None
                )
                worst.append(
                    {
                        "by": by,
                        "metric": metric,
                        "group": seen[0][1],
                        "probability": 0.83,
                        "runner_up": seen[1][1],
                        "runner_up_probability": 0.11,
                        "undefined": None,
                    }
                    if len(seen) > 1
                    else {"by": by, "metric": metric}
                    | dict.fromkeys(("group", "probability", "runner_up", "runner_up_probability"))
                    | {"undefined": "fewer than two groups"}
                )
        answered = int(self.total[:, :-1].sum())
        whole = self.group((), {}, self.total)
        return {
            "schema": "evenface.audit/1",
            "evenface": "0.1.0",
            "versions": {"python": "3.11.7", "numpy": "2.4.6", "polars": "2.1.0"},
            "input": {
                "source": "predictions <b>v2</b>.csv",
                "sha256": "ab" * 32,
                "rows": self.faces,
                "answered": answered,
                "subjects": None,
                "scores": True,
                "classes": CLASSES,
                "label_space": "FER2013",
                "attributes": [
                    {
                        "name": name,
                        "levels": v,
                        "provenance": "estimated" if name == "race" else "annotated",
                        "missing": 12 * (name == "age"),
                    }
                    for name, v in self.levels.items()
                ],
            },
            "settings": {
                "by": list(self.levels),
                "cross": self.cross,
                "resamples": 1000,
                "permutations": 1000,
                "seed": 0,
                "min_group": 30,
                "min_rate": 10,
                "level": 0.95,
                "unit": "face",
                "asked": {"label": "label", "bins": {"age": [0, 20, 40, 60]}},
            },
            "notes": ["Column `label` was read as the true class.", "Classes are named by FER2013."],
            "warnings": [
                {
                    "code": "small_groups",
                    "message": "7 groups have fewer than 30 answered faces: they are shown but left out of gaps.",
                }
            ],
            "metrics": [
                {
                    "name": name,
                    "title": title,
                    "scope": "groups" if name == "equalized_odds" else "group",
                    "per_class": name == "tpr",
                    "direction": "lower" if name == "equalized_odds" else "higher",
                    "ideal": 1.0,
                    "low": 0.0,
                    "high": 1.0,
                    "needs": ["predicted"],
                    "null": "permuted",
                    "formula": f"{name} = right / all",
                    "source": "our reconstruction",
                }
                for name, title in TITLES.items()
            ],
            "overall": {
                "n": self.faces,
                "answered": answered,
                "confusion": self.total.astype(int).tolist(),
                "metrics": whole["metrics"],
                "calibration": None,
            },
            "groups": groups,
            "gaps": gaps,
            "worst": worst,
            "flows": sorted(flows, key=lambda f: f["p_adjusted"]),
            "estimated": [
                {
                    "attribute": "race",
                    "metric": "accuracy",
                    "group": group,
                    "observed": 0.7,
                    "corrected": 0.68,
                    "low": 0.6,
                    "high": 0.75,
                    "bound_low": 0.4,
                    "bound_high": 0.9,
                    "undefined": None,
                }
                for group in ("race=White", "race=Black", "gap")
            ],
        }


def make_audit(
    faces: int = 3000, *, seed: int = 1, gap: float = 0.15, levels: dict[str, list[str]] | None = None, cross: int = 2
) -> dict[str, Any]:
    """Build an audit dict with a planted gap for two groups; `gap=0` plants none."""
    return Sample(faces, seed, gap, levels or LEVELS, cross).build()


@pytest.fixture(scope="session")
def big() -> dict[str, Any]:
    """An audit of 3,000 faces; tests must not change it."""
    return make_audit()


@pytest.fixture
def audit() -> dict[str, Any]:
    """A small audit, free to be changed."""
    return make_audit(600, cross=1)


@pytest.fixture
def renamed(audit: dict[str, Any]) -> Callable[[str], dict[str, Any]]:
    """Give the group "Female" of the small audit another name everywhere."""

    def rename(new: str) -> dict[str, Any]:
        for key in ("groups", "gaps", "worst", "flows"):
            for record in audit[key]:
                record |= {k: new for k in ("group", "best", "worst", "runner_up") if record.get(k) == "gender=Female"}
                if record.get("levels") == {"gender": "Female"}:
                    record["levels"] = {"gender": new}
        audit["input"]["attributes"][0]["levels"] = [new, "Male"]
        return audit

    return rename
