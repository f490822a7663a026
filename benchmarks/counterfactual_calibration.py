"""How often the statements of a counterfactual audit hold, on simulated sets.

Families of three variants in seven classes; a model reads 80 % of them rightly, and flips a variant's answer at a
known rate. `independent`: so are the families. `persons`: they show 40 persons, whose own rates of flips spread
widely. Prints

* `flip`, `change`, `excess`: share of 95 % intervals that hold the truth: of a pair's flip rate, of a change of
  accuracy, of flips above rendering noise,
* `p`, `any p`, `Q`: share below .05, of one pair's p of accuracy, of the smallest corrected p of all pairs, of
  Cochran's Q; the sets have no true difference where these are given.

    python benchmarks/counterfactual_calibration.py [simulations, default 400]
"""

import sys

import numpy as np

from evenface.audit.counterfactual import counterfactual

CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
PERSONS, DRAWS = 40, 200
RATES = {"a": 0.05, "b": 0.15}  # of flips into a wrong answer, beside a variant that never flips


def simulate(scenario: str, families: int, rng: np.random.Generator, *, even: bool) -> dict[str, list[object]]:
    """Columns of a set; `even`: all variants flip at the rate of a."""
    person = np.arange(families) % PERSONS
    true = rng.integers(0, 7, families)
    base = np.where(rng.random(families) < 0.8, true, (true + rng.integers(1, 7, families)) % 7)
    columns: dict[str, list[object]] = {key: [] for key in ("family", "variant", "changed", "label", "predicted")}
    if scenario != "independent":
        columns["subject"] = []
    for changed, levels in (("shape", "abc"), ("image_seed", "xy")):
        for level in levels:
            rate = RATES["a"] if even or changed == "image_seed" else RATES.get(level, 0.0)
            own = np.full(PERSONS, rate)
            if scenario != "independent" and changed == "shape" and rate:
                own = rng.beta(2 * rate, 2 * (1 - rate), PERSONS)  # some persons flip always, most never
            flipped = rng.random(families) < own[person]
            answer = np.where(flipped, (base + rng.integers(1, 7, families)) % 7, base)
            columns["family"] += [f"{changed} {f}" for f in range(families)]
            columns["variant"] += [f"{changed}={level}"] * families
            columns["changed"] += [changed] * families
            columns["label"] += [CLASSES[t] for t in true]
            columns["predicted"] += [CLASSES[a] for a in answer]
            if scenario != "independent":
                columns["subject"] += [f"person {p}" for p in person]
    return columns


def truths() -> dict[str, float]:
    """What intervals should hold, where variant b flips at .15 and variant c never."""
    b, a = RATES["b"], RATES["a"]
    pairs = {"ab": a + b - a * b * (1 + 1 / 6), "ac": a, "bc": b}
    noise = a + a - a * a * (1 + 1 / 6)
    return {
        "flip": b,
        "change": b * (0.8 - 0.2 / 6),
        "excess": float(np.mean(list(pairs.values()))) - noise,
    }


def run(scenario: str, families: int, simulations: int) -> dict[str, float]:
    """Shares over all simulations."""
    kept: dict[str, list[bool]] = {key: [] for key in ("flip", "change", "excess", "p", "any p", "Q")}
    wanted = truths()
    for i in range(simulations):
        rng = np.random.default_rng([families, i])
        found = counterfactual(simulate(scenario, families, rng, even=False), resamples=100, seed=i)
        pair = found.pair("shape=b", "shape=c")
        measured = {"flip": pair["flip"], "change": pair["accuracy"], "excess": found.attribute("shape")["excess"]}
        for name, entry in measured.items():
            kept[name].append(entry["low"] <= wanted[name] <= entry["high"])
        found = counterfactual(simulate(scenario, families, rng, even=True), resamples=DRAWS, seed=i)
        tests = [pair["accuracy"] for pair in found["pairs"] if not pair["control"]]
        kept["p"].append(tests[0]["p"] < 0.05)
        kept["any p"].append(min(test["p_adjusted"] for test in tests) < 0.05)
        kept["Q"].append(found.attribute("shape")["cochran"]["p"] < 0.05)
    return {name: float(np.mean(values)) for name, values in kept.items()}


def main() -> None:
    """Print the table."""
    simulations = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print(f"| {simulations} sets | flip | change | excess | p | any p | Q |\n|---|---|---|---|---|---|---|")
    for scenario in ("independent", "persons"):
        for families in (80, 400):
            found = run(scenario, families, simulations)
            print(f"| {scenario}, {families} families | " + " | ".join(f"{x:.3f}" for x in found.values()) + " |")


if __name__ == "__main__":
    main()
