"""How often statements on one attribute hold when another one cuts its groups, or its persons, into pieces.

Counts: 40 persons of 10 faces, two groups without a difference; prints the share of raw p below .05. `lights`: each
person has all right or all wrong, and one face in each of ten lights; `two lights`: rates of persons spread, half of
the faces of each in either light; `guessed`: the other attribute is the group as guessed face by face, one in ten
wrongly; `mix`: lights by lot, and half of the faces of one group are sad, of the other one in twenty.

Scores: 600 faces, two groups without a difference; prints how often a group's 95 % interval holds the mean of four
tables of 60,000 faces, and the share of raw p below .05. `faces`: without persons, in about 380 leaves; the others: 60
persons of 10 faces, whose scores hang together; `leaves`: each person in a leaf alone; `lights`: each in two leaves;
`mix`: half of the faces of one group are sad, of the other one in ten.

    python benchmarks/leaves_calibration.py [tables, default 400]
"""

import sys

import numpy as np

from evenface.audit.run import audit

CLASSES = np.array(["happy", "sad", "neutral"])
COUNTS = ("accuracy", "tpr", "balanced_accuracy", "equalized_odds", "confusion_flow_divergence")
SCORES = ("brier", "log_loss", "auroc_macro")
LEVELS = {"score_happy": "happy", "score_sad": "sad"}


def columns(**made: np.ndarray) -> dict[str, list[object]]:
    """Columns as lists."""
    return {name: column.tolist() for name, column in made.items()}


def counted(scenario: str, rng: np.random.Generator) -> dict[str, list[object]]:
    """One table of answers."""
    person = np.repeat(np.arange(40), 10)
    first = person < 20
    rate = (rng.random(40) < 0.7) * 1.0 if scenario == "lights" else rng.beta(1.4, 0.6, 40)
    two = np.where(rng.random(400) < 0.5, "x", "y") if scenario == "mix" else np.tile(["x", "y"], 200)
    light = np.tile(np.arange(10), 40).astype(str) if scenario == "lights" else two
    sad = rng.random(400) < (np.where(first, 0.5, 0.05) if scenario == "mix" else 0.3)
    true = np.where(sad, 1, 2 * rng.integers(0, 2, 400))
    if scenario == "guessed":
        light = np.where((rng.random(400) < 0.1) ^ first, "x", "y")
    answer = np.where(rng.random(400) < rate[person], true, (true + rng.integers(1, 3, 400)) % 3)
    group = np.where(first, "a", "b")
    return columns(true=CLASSES[true], pred=CLASSES[answer], g=group, other=light, person=person)


def scored(scenario: str, rng: np.random.Generator, persons: int = 60) -> dict[str, list[object]]:
    """One table of probabilities."""
    n, person = 10 * persons, np.repeat(np.arange(persons), 10)
    first = rng.random(n) < 0.5 if scenario == "faces" else person % 2 == 0
    spread = 0.0 if scenario == "faces" else 1.2
    leaves = {"faces": rng.integers(0, 200, n), "leaves": person % 60, "lights": np.arange(n) % 2}
    other = np.char.add("leaf ", leaves.get(scenario, 0 * person).astype(str))
    true = (rng.random(n) < (np.where(first, 0.5, 0.1) if scenario == "mix" else 0.5)).astype(int)
    right = 1 / (1 + np.exp(-rng.normal(0.8, 1, n) - rng.normal(0, spread, persons)[person]))
    sad = np.where(true == 1, right, 1 - right)
    names, group = CLASSES[:2], np.where(first, "a", "b")
    made = columns(true=names[true], pred=names[(sad > 0.5).astype(int)], g=group, other=other, person=person)
    if scenario == "faces":
        del made["person"]
    return made | columns(score_happy=1 - sad, score_sad=sad)


def check(table: dict[str, list[object]], by: list[str], metrics: tuple[str, ...], seed: int) -> dict[str, object]:
    """The audit of one table."""
    scores = {label: name for name, label in LEVELS.items()} if "score_sad" in table else None
    subject = "person" if "person" in table else None
    few = {"resamples": 200, "permutations": 200, "min_group": 10, "min_rate": 5}
    reading = {"label": "true", "pred": "pred", "subject": subject, "scores": scores}
    return audit(table, by=by, metrics=metrics, seed=seed, cross=1, **few, **reading).data


def low(found: dict[str, object], into: dict[str, list[bool]]) -> None:
    """Note which gaps have a p below .05."""
    for gap in found["gaps"]:
        if gap["kind"] != "ratio" and gap["p"] is not None and gap["pair"] is None and gap["metric"][:4] != "tpr[":
            into.setdefault(f"{gap['by']} {gap['metric']}", []).append(gap["p"] < 0.05)
        elif gap["metric"] == "tpr[sad]" and gap["kind"] == "difference" and gap["pair"] is None:
            into.setdefault(f"{gap['by']} tpr[sad]", []).append(gap["p"] is not None and gap["p"] < 0.05)


def shares(found: dict[str, list[bool]]) -> str:
    """Shares as text."""
    return "  ".join(f"{name} {np.mean(hits):.3f}" for name, hits in found.items())


def main() -> None:
    """Print one row per scenario."""
    tables = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    for scenario in ("lights", "two lights", "guessed", "mix"):
        rng, rejected = np.random.default_rng(1), {}
        for seed in range(tables):
            low(check(counted(scenario, rng), ["g", "other"], COUNTS, seed), rejected)
        print(f"counts, {scenario:12} p < .05: {shares(rejected)}", flush=True)
    for scenario in ("faces", "persons", "leaves", "lights", "mix"):
        rng, held, rejected = np.random.default_rng(1), {}, {}
        large = [check(scored(scenario, rng, 6000), ["g"], SCORES, 0) for _ in range(4)]
        truth = {(g["group"], m): np.mean([x["groups"][i]["metrics"][m]["value"] for x in large])
                 for i, g in enumerate(large[0]["groups"]) for m in SCORES}  # fmt: skip
        for seed in range(tables):
            found = check(scored(scenario, rng), ["g", "other"], SCORES, seed)
            low({"gaps": [gap for gap in found["gaps"] if gap["by"] == "g"]}, rejected)
            for group in (group for group in found["groups"] if group["by"] == "g"):
                for m in SCORES:
                    value = group["metrics"][m]
                    held.setdefault(m, []).append(value["low"] <= truth[group["group"], m] <= value["high"])
        print(f"scores, {scenario:12} held: {shares(held)}; p < .05: {shares(rejected)}", flush=True)


if __name__ == "__main__":
    main()
