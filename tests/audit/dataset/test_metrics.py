"""Formulas against closed forms, brute force over rows, peer libraries, and a contract that walks the table."""

import inspect
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import entropy, fisher_exact
from scipy.stats.contingency import association
from sklearn.metrics import mutual_info_score, normalized_mutual_info_score

from evenface.audit.dataset.metrics import DATA_METRICS
from evenface.audit.dataset.spec import DataMetric

METRICS = [DATA_METRICS.get(name) for name in DATA_METRICS]
SHAPES = {"representational": [(4,)], "stereotypical": [(3, 4)], "local": [(3, 4)], "similarity": [(4,), (4,)]}
EVEN_COUNTS = np.array([10, 10, 10, 10])
SKEWED = np.array([60, 25, 10, 5])
TABLE = np.array([[30, 10, 5], [12, 25, 8]])


def value(name: str, *counts: object) -> float:
    return float(DATA_METRICS.get(name)(*counts))


def some_counts(metric: DataMetric, seed: int = 1) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(1, 40, shape) for shape in SHAPES[metric.scope]]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
class TestContract:
    def test_is_explained_and_sourced(self, metric: DataMetric) -> None:
        assert inspect.getdoc(metric.compute)
        assert metric.meaning.endswith(".") and metric.formula and metric.source and metric.undefined and metric.title
        assert DATA_METRICS.target(metric.name).endswith(f":{metric.name}")

    def test_does_not_depend_on_the_order_of_groups_and_labels(self, metric: DataMetric) -> None:
        counts = some_counts(metric)
        order, label_order = [2, 0, 1, 3], [1, 3, 2, 0]
        if metric.scope in {"stereotypical", "local"}:
            moved = [part[[2, 0, 1]][:, label_order] for part in counts]
        else:
            moved = [part[order] for part in counts]
        expected = metric(*counts)
        if metric.scope == "local":
            expected = expected[[2, 0, 1]][:, label_order]
        assert metric(*moved) == pytest.approx(expected, rel=1e-12)

    def test_draws_in_front_change_nothing(self, metric: DataMetric) -> None:
        draws = [some_counts(metric, seed) for seed in range(3)]
        stacked = metric(*(np.stack(parts) for parts in zip(*draws, strict=True)))
        assert stacked == pytest.approx(np.stack([metric(*parts) for parts in draws]), rel=1e-12)

    def test_stays_within_its_range(self, metric: DataMetric) -> None:
        for seed in range(20):
            found = metric(*some_counts(metric, seed))
            assert metric.low is None or (found >= metric.low - 1e-12).all()
            assert metric.high is None or (found <= metric.high + 1e-12).all()

    def test_no_faces_are_undefined(self, metric: DataMetric) -> None:
        assert np.isnan(metric(*(np.zeros(shape) for shape in SHAPES[metric.scope]))).all()

    def test_an_empty_group_is_not_silently_a_number(self, metric: DataMetric) -> None:
        """A group and a label without faces: cells are undefined, whole-table metrics ignore them."""
        counts = some_counts(metric)
        if metric.scope in {"stereotypical", "local"}:
            padded = np.pad(counts[0], ((0, 1), (0, 1)))
            found = metric(padded)
            if metric.scope == "local":
                assert np.isnan(found[-1]).all() and np.isnan(found[:, -1]).all()
                found = found[:-1, :-1]
            assert found == pytest.approx(metric(*counts), rel=1e-12)
        else:
            assert np.isfinite(metric(*(np.pad(part, (0, 1)) for part in counts))) or metric.name == "imbalance_ratio"

    def test_only_measures_of_certainty_depend_on_scale(self, metric: DataMetric) -> None:
        counts = some_counts(metric)
        same = np.allclose(metric(*(7 * part for part in counts)), metric(*counts), rtol=1e-12, atol=0)
        assert same == (metric.name not in {"cramers_v_corrected", "adjusted_residual"})


class TestRepresentational:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("richness", 4),
            ("shannon_entropy", math.log(4)),
            ("effective_number", 4),
            ("simpson", 0.25),
            ("inverse_simpson", 4),
            ("shannon_evenness", 1),
            ("effective_evenness", 1),
            ("imbalance_ratio", 1),
            ("berger_parker", 0.25),
            ("smallest_share", 0.25),
            ("normalised_deviation", 0),
            ("similarity_to_balance", 1),
            ("similarity_evenness", 1),
        ],
    )
    def test_equal_groups(self, name: str, expected: float) -> None:
        assert value(name, EVEN_COUNTS) == pytest.approx(expected, abs=1e-12)

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("simpson", 0.36 + 0.0625 + 0.01 + 0.0025),
            ("imbalance_ratio", 12),
            ("berger_parker", 0.6),
            ("smallest_share", 0.05),
            ("similarity_to_balance", 0.25 + 0.25 + 0.10 + 0.05),
            ("shannon_entropy", entropy([0.6, 0.25, 0.1, 0.05])),
            ("shannon_evenness", entropy([0.6, 0.25, 0.1, 0.05]) / math.log(4)),
            ("normalised_deviation", 4 / math.sqrt(3) * np.std([0.6, 0.25, 0.1, 0.05])),
        ],
    )
    def test_worked_by_hand(self, name: str, expected: float) -> None:
        assert value(name, SKEWED) == pytest.approx(expected, rel=1e-12)

    def test_one_group_only(self) -> None:
        one = np.array([17])
        undefined = {"shannon_evenness", "effective_evenness", "normalised_deviation"}
        for metric in (metric for metric in METRICS if metric.scope == "representational"):
            assert np.isnan(metric(one)) == (metric.name in undefined)
        assert value("effective_number", one) == 1

    def test_everything_in_one_of_two_groups(self) -> None:
        assert value("normalised_deviation", [9, 0]) == pytest.approx(1)
        assert value("similarity_to_balance", [9, 0]) == pytest.approx(0.5)

    @given(arrays(np.int64, 5, elements=st.integers(1, 10_000)))
    def test_hill_numbers_fall_with_their_order(self, counts: np.ndarray) -> None:
        richness, shannon, simpson = (value(n, counts) for n in ("richness", "effective_number", "inverse_simpson"))
        assert richness + 1e-9 >= shannon >= simpson - 1e-9


class TestStereotypical:
    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize(
        ("name", "peer"), [("cramers_v", "cramer"), ("tschuprows_t", "tschuprow"), ("pearsons_c", "pearson")]
    )
    def test_chi_square_family_agrees_with_scipy(self, name: str, peer: str, seed: int) -> None:
        counts = np.random.default_rng(seed).integers(1, 60, (3, 5))
        assert value(name, counts) == pytest.approx(association(counts, method=peer), rel=1e-10)

    @pytest.mark.parametrize("seed", range(5))
    def test_information_agrees_with_sklearn(self, seed: int) -> None:
        counts = np.random.default_rng(seed).integers(0, 30, (3, 5))
        rows, columns = np.repeat(np.indices(counts.shape).reshape(2, -1), counts.ravel(), axis=1)
        mutual = mutual_info_score(rows, columns)
        assert value("mutual_information", counts) == pytest.approx(
            normalized_mutual_info_score(rows, columns), rel=1e-9
        )
        assert value("mutual_information_joint", counts) == pytest.approx(mutual / entropy(counts.ravel()), rel=1e-9)
        assert value("theils_u_label", counts) == pytest.approx(mutual / entropy(counts.sum(0)), rel=1e-9)
        assert value("theils_u_group", counts) == pytest.approx(mutual / entropy(counts.sum(1)), rel=1e-9)

    def test_bergsma_by_hand(self) -> None:
        n, chi = TABLE.sum(), association(TABLE, method="cramer") ** 2 * TABLE.sum()
        phi = max(0, chi / n - 2 / (n - 1))
        rows, columns = 2 - 1 / (n - 1), 3 - 4 / (n - 1)
        expected = math.sqrt(phi / (min(rows, columns) - 1))
        assert value("cramers_v_corrected", TABLE) == pytest.approx(expected, rel=1e-10)

    def test_bergsma_is_about_zero_where_v_is_not(self) -> None:
        rng = np.random.default_rng(3)
        tables = rng.multinomial(300, np.full(49, 1 / 49), size=2000).reshape(-1, 7, 7)
        plain, corrected = (DATA_METRICS.get(name)(tables) for name in ("cramers_v", "cramers_v_corrected"))
        assert plain.mean() > 0.13 and np.mean(corrected**2) < 0.003

    @pytest.mark.parametrize("name", [m.name for m in METRICS if m.scope == "stereotypical"])
    def test_ends_of_the_scale(self, name: str) -> None:
        independent = np.outer([2, 3, 5], [4, 1, 5])
        low = DATA_METRICS.get(name).bias == "low"
        assert value(name, independent) == pytest.approx(1.0 if low else 0.0, abs=1e-7)
        full = value(name, np.diag([20, 30, 50]))
        # C cannot reach 1 on a 3 x 3 table: sqrt(2 / 3).
        assert full == pytest.approx(
            {"pearsons_c": math.sqrt(2 / 3), "similarity_of_labels": 0.0}.get(name, 1.0), abs=1e-9
        )
        assert np.isnan(value(name, [[3, 4, 5]])) and np.isnan(value(name, [[3], [4]]))

    def test_similarity_of_labels_by_brute_force(self) -> None:
        similar = []
        for label in range(3):
            of_label, rest = TABLE[:, label], TABLE.sum(1) - TABLE[:, label]
            similar.append(np.minimum(of_label / of_label.sum(), rest / rest.sum()).sum())
        assert value("similarity_of_labels", TABLE) == pytest.approx(np.mean(similar), rel=1e-12)


class TestLocal:
    def test_brute_force_cell_by_cell(self) -> None:
        n = TABLE.sum()
        found = {m.name: m(TABLE) for m in METRICS if m.scope == "local"}
        for a in range(2):
            for b in range(3):
                cell, row, column = TABLE[a, b] / n, TABLE[a].sum() / n, TABLE[:, b].sum() / n
                surplus = cell - row * column
                most = min(row, column) - row * column if surplus > 0 else row * column - max(0, row + column - 1)
                pointwise = math.log(cell / row / column)
                spread = math.sqrt(n * row * column * (1 - row) * (1 - column))
                assert found["ducher_z"][a, b] == pytest.approx(surplus / most, rel=1e-9)
                assert found["pointwise_information"][a, b] == pytest.approx(pointwise, rel=1e-9)
                assert found["normalised_pointwise_information"][a, b] == pytest.approx(
                    pointwise / -math.log(cell), rel=1e-9
                )
                assert found["adjusted_residual"][a, b] == pytest.approx(n * surplus / spread, rel=1e-9)

    def test_always_together_and_never(self) -> None:
        for name in ("ducher_z", "normalised_pointwise_information"):
            assert DATA_METRICS.get(name)([[5, 0], [0, 7]]) == pytest.approx(np.array([[1, -1], [-1, 1]]))
        assert np.isnan(DATA_METRICS.get("pointwise_information")([[5, 0], [0, 7]])).tolist() == [
            [False, True],
            [True, False],
        ]

    def test_residual_squared_is_chi_square_on_two_by_two(self) -> None:
        table = np.array([[12, 5], [3, 9]])
        chi = association(table, method="cramer") ** 2 * table.sum()
        assert DATA_METRICS.get("adjusted_residual")(table) ** 2 == pytest.approx(np.full((2, 2), chi))
        assert fisher_exact(table)[1] < 0.05


def test_dsap_by_hand() -> None:
    assert value("dsap", [1, 1, 2], [2, 2, 0]) == pytest.approx(0.25 + 0.25)
    assert value("dsap", [5, 5], [500, 500]) == 1
    assert value("dsap", [5, 0], [0, 7]) == 0
