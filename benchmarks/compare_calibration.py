"""How often the statements of `evenface compare` hold, on simulated pairs of models.

Groups as large as RAF-DB's test part (3,068 faces), accuracy about .85, and answers of the two models correlated (.5).
Scenarios: no difference and no gap; B better everywhere; gaps that stay; B better for the worst group only; the same
gap between other groups. Prints for each grouping and scenario

* `cover`: share of 95 % intervals of the gap's change that hold the truth,
* `swap`: share of swap tests with p < .05, `claim`: share of changes called more than luck (p < .05 and 0 outside the
  interval), which should be at most .05 where the gap does not change, and is the power where it does,
* `group`: share of the groups' paired intervals that hold the truth, `least`: of the smallest group, `mid-p`: share of
  McNemar tests with p < .05 (where the groups do not change: at most about .05).

A second table gives the coverage of the groups' paired intervals for other metrics, with seven classes as frequent
as in RAF-DB.

    python benchmarks/compare_calibration.py [simulations, default 400]
"""

import sys

import numpy as np

from evenface.audit.compare.changes import Changes, measure_changes
from evenface.audit.compare.draws import draw_changes
from evenface.audit.compare.gapchange import measure_gaps
from evenface.audit.compare.joint import Joint
from evenface.audit.compare.mcnemar import mcnemar_mid_p
from evenface.audit.compare.run import _plans
from evenface.audit.plan import AuditSettings, choose

FACES = 3068
SHARES = {"gender": (0.42, 0.50, 0.08), "race": (0.77, 0.08, 0.15), "age": (0.10, 0.17, 0.55, 0.15, 0.03)}
CORRELATION = 0.5
DRAWS = 300
PAIRS = ((0, 0), (0, 1), (1, 0), (1, 1))  # answers of A and B to a face of class 0; class 1 is wrong


def scenarios(groups: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """True accuracy per group under A and under B."""
    even, worst = np.full(groups, 0.85), np.full(groups, 0.85)
    worst[1] = 0.76
    half, other = worst.copy(), even.copy()
    half[1], other[-1] = 0.80, 0.76
    spread = np.linspace(0.80, 0.90, groups)
    return {
        "no difference, no gap": (even, even),
        "B +5 everywhere, no gap": (even - 0.02, even + 0.03),
        "no difference, gap 10": (spread, spread),
        "B +4 everywhere, gap 10": (spread, spread + 0.04),
        "same gap, other group": (worst, other),
        "B lifts the worst: 9 to 5": (worst, half),
        "B lifts the worst: 9 to 0": (worst, even),
        "B drops one: 0 to 9": (even, worst),
    }


def law(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Probabilities (group, pair of answers) of correlated answers."""
    both = np.minimum(a * b + CORRELATION * np.sqrt(a * (1 - a) * b * (1 - b)), np.minimum(a, b))
    return np.stack([both, a - both, b - both, 1 - a - b + both], axis=1)


def joint_of(counts: np.ndarray, by: str) -> Joint:
    """Joint cells from counts (group, pair of answers)."""
    group, pair = np.nonzero(counts)
    first, second = np.array(PAIRS)[pair].T
    n = len(counts)
    return Joint(
        classes=("right", "wrong"),
        attributes=(by,),
        levels=np.arange(n)[:, None],
        level_names={by: tuple(f"g{i}" for i in range(n))},
        leaf=group,
        true=np.zeros(len(group), int),
        first=first,
        second=second,
        count=counts[group, pair],
        subject=None,
        persons=None,
        flipped=False,
    )


def simulate(by: str, a: np.ndarray, b: np.ndarray, simulations: int, rng: np.random.Generator) -> dict[str, float]:
    """Shares over all simulations, as the module says."""
    share, probability = np.array(SHARES[by]), law(a, b)
    truth = np.ptp(b) - np.ptp(a)
    seen: dict[str, list[float]] = {"cover": [], "swap": [], "claim": [], "group": [], "least": [], "mid-p": []}
    for i in range(simulations):
        sizes = rng.multinomial(FACES, share / share.sum())
        counts = np.stack([rng.multinomial(n, p) for n, p in zip(sizes, probability, strict=True)])
        joint = joint_of(counts, by)
        settings = AuditSettings(resamples=DRAWS, permutations=DRAWS, seed=i)
        plans = _plans(joint, choose(["accuracy"], scores=False), settings)
        gap = measure_gaps(draw_changes(joint, plans), 0.95)
        low, high, p = float(gap.low[0]), float(gap.high[0]), float(gap.p[0])
        seen["cover"].append(low <= truth <= high)
        seen["swap"].append(p < 0.05)
        seen["claim"].append(p < 0.05 and (low > 0 or high < 0))
        changes = measure_changes(joint, plans)
        held = (changes.low[:-1, 0] <= b - a) & (b - a <= changes.high[:-1, 0])
        seen["group"].append(held.mean())
        seen["least"].append(held[int(share.argmin())])
        seen["mid-p"].append(np.mean([mcnemar_mid_p(int(c[1]), int(c[2])) < 0.05 for c in counts]))
    return {name: float(np.mean(values)) for name, values in seen.items()}


CLASSES = (0.107, 0.024, 0.052, 0.386, 0.156, 0.053, 0.222)
RECALL = (0.86, 0.74, 0.60, 0.93, 0.83, 0.80, 0.82)
METRICS = ("accuracy", "balanced_accuracy", "macro_f1", "cohen_kappa", "tpr", "fpr", "precision", "selection_rate")


def seven_classes() -> tuple[np.ndarray, np.ndarray]:
    """Cells (cell, [group, true, answer of A, answer of B]) and their probabilities; wrong answers fall anywhere."""
    rows = np.stack(np.meshgrid(np.arange(3), *[np.arange(7)] * 3, indexing="ij"), -1).reshape(-1, 4)
    group, true, one, two = rows.T
    recall = np.array(RECALL)[true]
    right = np.moveaxis(law(recall - 0.03 * group, recall + 0.02 - 0.01 * group), 0, -1)
    a, b = one == true, two == true
    chance = np.select([a & b, a, b], [right[0], right[1] / 6, right[2] / 6], right[3] / 36)
    share = np.array(SHARES["race"])[group] * np.array(CLASSES)[true] * chance
    return rows, share / share.sum()


def coverage(simulations: int, rng: np.random.Generator) -> None:
    """Print how often the groups' paired intervals hold the truth, per metric."""
    rows, share = seven_classes()
    metrics, settings = choose(list(METRICS), scores=False), AuditSettings(cross=1)

    def joint(counts: np.ndarray) -> Joint:
        used = rows[counts > 0].T
        levels = {"race": ("g0", "g1", "g2")}
        who = np.arange(3)[:, None]
        return Joint(tuple("abcdefg"), ("race",), who, levels, *used, counts[counts > 0], None, None, False)

    def changes(counts: np.ndarray) -> Changes:
        made = joint(counts)
        return measure_changes(made, _plans(made, metrics, settings))

    truth = changes(np.round(share * 1e9).astype(int)).change
    held, known = np.zeros(truth.shape), np.zeros(truth.shape)
    for _ in range(simulations):
        found = changes(rng.multinomial(FACES, share))
        held += (found.low <= truth) & (truth <= found.high)
        known += np.isfinite(found.change)
    columns = _plans(joint(np.round(share * 1e9).astype(int)), metrics, settings)[0].group_columns
    print(f"\n{'metric':20}{'mean':>8}{'least':>8}   coverage over 3 groups, all faces, and classes")
    for name in METRICS:
        mine = (held / known)[:, [c.metric.name == name for c in columns]]
        print(f"{name:20}{mine.mean():8.3f}{mine.min():8.3f}")


def main(simulations: int) -> None:
    rng = np.random.default_rng(0)
    error = np.sqrt(0.05 * 0.95 / simulations)
    print(f"{simulations} simulations each; standard error of a share near .95: {error:.3f}")
    names = ("cover", "swap", "claim", "group", "least", "mid-p")
    print(f"{'by':8}{'scenario':28}" + "".join(f"{name:>8}" for name in names))
    for by, shares in SHARES.items():
        for name, (a, b) in scenarios(len(shares)).items():
            found = simulate(by, a, b, simulations, rng)
            print(f"{by:8}{name:28}" + "".join(f"{value:8.3f}" for value in found.values()), flush=True)
    coverage(simulations, rng)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
