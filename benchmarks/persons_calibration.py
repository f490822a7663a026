"""How often the audit states a difference where there is none, for persons whose groups show other expressions.

Two groups, three classes, errors that do not depend on the group. `mix`: group a shows sad on half of its faces, b on
one in twenty. `alike`: the faces of a person are read well or badly as a whole (rates of persons spread as a beta law
of likeness 1/3). `unequal`: 10 persons of 50 faces against 100 of one. Prints the share of raw p below .05.

    python benchmarks/persons_calibration.py [tables, default 400]
"""

import sys

import numpy as np

from evenface.audit.run import audit

METRICS = ("tpr", "fpr", "balanced_accuracy", "equalized_odds", "average_odds", "xu_f", "confusion_flow_divergence")
CLASSES = np.array(["happy", "sad", "neutral"])
SCENARIOS = ("independent", "mix", "alike", "mix, alike", "mix, alike, 12 persons", "unequal, alike")


def faces(scenario: str, rng: np.random.Generator) -> dict[str, list[object]]:
    """One table."""
    persons = 12 if "12" in scenario else 110 if "unequal" in scenario else 100
    own = np.where(np.arange(persons) < 10, 50, 1) if "unequal" in scenario else np.full(persons, 10)
    person = np.repeat(np.arange(persons), own)
    first = person < (10 if "unequal" in scenario else persons // 2)
    sad = rng.random(len(person)) < (np.where(first, 0.5, 0.05) if "mix" in scenario else 0.3)
    true = np.where(sad, 1, 2 * rng.integers(0, 2, len(person)))
    rate = rng.beta(1.4, 0.6, persons)[person] if "alike" in scenario else 0.7
    wrong = (true + rng.integers(1, 3, len(person))) % 3
    answer = np.where(rng.random(len(person)) < rate, true, wrong)
    columns = {"true": CLASSES[true], "pred": CLASSES[answer], "g": np.where(first, "a", "b"), "person": person}
    return {name: column.tolist() for name, column in columns.items()}


def main() -> None:
    """Print one row per scenario."""
    tables = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    for scenario in SCENARIOS:
        rng, found = np.random.default_rng(1), {}
        for seed in range(tables):
            table = faces(scenario, rng)
            result = audit(table, by=["g"], label="true", pred="pred", subject="person", metrics=METRICS, seed=seed,
                           resamples=100, permutations=200)  # fmt: skip
            for gap in result.data["gaps"]:
                if gap["kind"] != "ratio" and gap["p"] is not None:
                    found.setdefault(gap["metric"], []).append(gap["p"] < 0.05)
        rows = "  ".join(f"{name} {np.mean(hits):.3f}" for name, hits in found.items())
        print(f"{scenario:24} {rows}", flush=True)


if __name__ == "__main__":
    main()
