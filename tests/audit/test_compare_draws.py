"""Draws of joint cells follow the law of drawing rows; intervals and tests agree with closed forms and a peer."""

import numpy as np
import polars as pl
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from evenface.audit.compare.changes import measure_changes
from evenface.audit.compare.gapchange import find_ends, paired_interval, swap_p
from evenface.audit.compare.joint import Joint, count_joint
from evenface.audit.compare.mcnemar import mcnemar_mid_p
from evenface.audit.compare.pairing import Pair
from evenface.audit.compare.run import _plans
from evenface.audit.plan import AuditSettings, choose
from evenface.core.labels import LabelSpace
from evenface.core.tables import Attribute


def pair_of(rows: dict[str, list[object]]) -> Pair:
    frame = pl.DataFrame(rows).with_columns(pl.col("true", "a", "b").cast(pl.Int16))
    levels = Attribute("g", ("x", "y"))
    return Pair(frame, LabelSpace.of(["one", "two"]), (levels,), frame.height, {}, ())


def rows(n: int = 60, seed: int = 0) -> dict[str, list[object]]:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 2, n)
    a = np.where(rng.random(n) < 0.7, true, 1 - true)
    b = np.where(rng.random(n) < 0.7, a, 1 - a)
    return {"attr:g": rng.choice(["x", "y"], n).tolist(), "true": true.tolist(), "a": a.tolist(), "b": b.tolist()}


def accuracy_changes(tables: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """B - A of the accuracy of leaf x, (draw,)."""
    shares = [t[:, 0, [0, 4]].sum(1) / t[:, 0].sum(1) for t in tables]
    return shares[1] - shares[0]


def by_rows(data: dict[str, list[object]], draw: str, size: int, seed: int) -> np.ndarray:
    """The same from rows, one draw after the other."""
    rng = np.random.default_rng(seed)
    g, true, a, b = (np.array(data[k]) for k in ("attr:g", "true", "a", "b"))
    out = []
    for _ in range(size):
        if draw == "bootstrap":
            i = rng.integers(0, len(g), len(g))
            mine = i[g[i] == "x"]
            out.append((b[mine] == true[mine]).mean() - (a[mine] == true[mine]).mean())
        else:
            turn = rng.random(len(g)) < 0.5
            one, two = np.where(turn, b, a), np.where(turn, a, b)
            out.append((two == true)[g == "x"].mean() - (one == true)[g == "x"].mean())
    return np.array(out)


@pytest.mark.parametrize("draw", ["bootstrap", "swap"])
def test_joint_cells_have_the_law_of_rows(draw: str) -> None:
    data = rows()
    joint = count_joint(pair_of(data))
    fast = accuracy_changes(getattr(joint, draw)(np.random.default_rng(1), 3000))
    slow = by_rows(data, draw, 3000, 2)
    assert stats.ks_2samp(np.round(fast, 9), np.round(slow, 9)).pvalue > 1e-3
    assert fast.std() == pytest.approx(slow.std(), rel=0.06)


@pytest.mark.parametrize("persons", [False, True])
def test_swaps_keep_the_sum_and_bootstraps_the_number(persons: bool) -> None:
    data = rows() | ({"subject": [f"p{i % 7}" for i in range(60)]} if persons else {})
    joint = count_joint(pair_of(data))
    seen = sum(c.counts.reshape(2, -1) for c in joint.cells)
    one, two = joint.swap(np.random.default_rng(0), 20)
    assert (one + two == seen).all()
    assert (one.sum((1, 2)) == 60).all()
    one, two = joint.bootstrap(np.random.default_rng(0), 20)
    assert (one.sum(2) == two.sum(2)).all()  # the same faces for both
    if not persons:
        assert (one.sum((1, 2)) == 60).all()


def test_one_person_each_is_the_same_as_faces_alone() -> None:
    data = rows(n=200)
    plain, persons = (count_joint(pair_of(d)) for d in (data, data | {"subject": [f"{i:03}" for i in range(200)]}))
    for draw in ("bootstrap", "swap"):
        fast, slow = (
            accuracy_changes(getattr(j, draw)(np.random.default_rng(s), 2000)) for s, j in enumerate((plain, persons))
        )
        assert fast.std() == pytest.approx(slow.std(), rel=0.08)


def test_orientation_does_not_depend_on_names() -> None:
    data = rows()
    back = data | {"a": data["b"], "b": data["a"]}
    one, two = count_joint(pair_of(data)), count_joint(pair_of(back))
    assert one.flipped != two.flipped
    for x, y in ((one.first, two.first), (one.second, two.second), (one.count, two.count)):
        assert (x == y).all()
    a, b = (j.bootstrap(np.random.default_rng(0), 5) for j in (one, two))
    assert (a[0] == b[1]).all()
    assert (a[1] == b[0]).all()


@pytest.mark.parametrize(("b", "c"), [(0, 0), (3, 3), (1, 9), (9, 1), (0, 12), (40, 61), (1500, 1611)])
def test_mid_p_against_a_peer(b: int, c: int) -> None:
    exact = mcnemar([[10, b], [c, 10]], exact=True).pvalue
    expected = exact - stats.binom.pmf(min(b, c), b + c, 0.5) if b != c else 1.0
    assert mcnemar_mid_p(b, c) == pytest.approx(expected, rel=1e-9)


def joint_2x2(both: int, only_a: int, only_b: int, neither: int) -> Joint:
    counts = np.array([both, only_a, only_b, neither])
    first, second = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    leaf = np.zeros(4, int)
    levels = {"g": ("x",)}
    return Joint(
        ("r", "w"), ("g",), np.zeros((1, 1), int), levels, leaf, leaf, first, second, counts, None, None, False
    )


def newcombe_10(e: int, f: int, g: int, h: int) -> tuple[float, float]:
    """Newcombe's (1998) method 10 written from the paper: p1 = (e + f) / n, p2 = (e + g) / n, interval of p1 - p2."""
    n, z = e + f + g + h, stats.norm.ppf(0.975)

    def wilson(x: int) -> tuple[float, float]:
        p = x / n
        half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return (p + z * z / (2 * n) - half) / (1 + z * z / n), (p + z * z / (2 * n) + half) / (1 + z * z / n)

    (l2, u2), (l3, u3) = wilson(e + f), wilson(e + g)
    p2, p3 = (e + f) / n, (e + g) / n
    product = (e + f) * (g + h) * (e + g) * (f + h)
    top = e * h - f * g
    phi = 0.0 if product == 0 else (max(top - n / 2, 0) if top > 0 else top) / np.sqrt(product)
    down = np.sqrt((p2 - l2) ** 2 - 2 * phi * (p2 - l2) * (u3 - p3) + (u3 - p3) ** 2)
    up = np.sqrt((u2 - p2) ** 2 - 2 * phi * (u2 - p2) * (p3 - l3) + (p3 - l3) ** 2)
    return p2 - p3 - down, p2 - p3 + up


@pytest.mark.parametrize("cells", [(36, 12, 2, 0), (20, 14, 0, 0), (200, 31, 44, 25), (4, 5, 6, 7), (18, 0, 0, 2)])
def test_accuracy_intervals_are_newcombes_method_10(cells: tuple[int, int, int, int]) -> None:
    joint = joint_2x2(*cells)
    plans = _plans(joint, choose(["accuracy"], scores=False), AuditSettings())
    found = measure_changes(joint, plans)
    both, only_a, only_b, neither = cells
    low, high = newcombe_10(both, only_b, only_a, neither)
    assert (found.low[0, 0], found.high[0, 0]) == pytest.approx((low, high), abs=1e-6)


def test_newcombes_own_example() -> None:
    assert newcombe_10(36, 12, 2, 0) == pytest.approx((0.0569, 0.3404), abs=5e-5)


def test_interval_takes_the_wider_tail_on_both_sides() -> None:
    deviation = np.concatenate([np.linspace(-1, 0, 500), np.linspace(0, 3, 501)])[:, None]
    low, high, least = paired_interval(np.array([5.0]), 5 + deviation, 0.95)
    half = 5 - low[0]
    assert half == pytest.approx(np.quantile(deviation, 0.975))
    assert high[0] - 5 == pytest.approx(half + deviation.mean())
    assert least[0] > half


def test_swap_p_counts_what_is_seen_too() -> None:
    draws = np.array([[0.1], [-0.3], [0.2], [-0.2]])
    assert swap_p(np.array([0.2]), draws).tolist() == [4 / 5]
    assert swap_p(np.array([0.0]), draws).tolist() == [1.0]


@pytest.mark.parametrize(
    ("a", "b", "how"),
    [
        ([0.9, 0.6], [0.9, 0.8], "raised"),
        ([0.9, 0.6], [0.7, 0.6], "levelled down"),
        ([0.9, 0.6], [0.7, 0.65], "mostly levelled down"),
        ([0.9, 0.6], [0.95, 0.6], None),
        ([0.9, 0.6], [0.6, 0.9], None),
    ],
)
def test_how_a_gap_became_smaller(a: list[float], b: list[float], how: str | None) -> None:
    ends = find_ends((np.array(a), np.array(b)), np.arange(2), 1)
    assert ends.how == how
    turned = find_ends((1 - np.array(a), 1 - np.array(b)), np.arange(2), -1)
    assert turned.how == how
