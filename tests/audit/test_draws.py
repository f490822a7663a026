"""Random tables have the law of shuffling, resampling and relabelling rows."""

import tracemalloc
from collections.abc import Callable, Iterator
from itertools import product
from math import factorial, prod
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from evenface.audit import drawing, draws
from evenface.audit.cells import Cells, count_cells
from evenface.audit.draws import Bootstrap, Exchange, deal
from evenface.audit.run import audit

Array = NDArray[Any]
ROUTES: dict[str, Callable[..., Array]] = {
    "shuffle": draws._deal_by_shuffle,
    "hypergeometric": draws._deal_by_hypergeometric,
}
SMALL = [((3, 2), (2, 3)), ((2, 2, 1), (2, 3)), ((2, 3, 2), (3, 2, 2)), ((4, 1), (1, 1, 3))]


def tables_with(rows: tuple[int, ...], columns: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Every table with these margins, row after row."""
    for cells in product(*(range(min(r, c) + 1) for r in rows for c in columns)):
        table = np.reshape(cells, (len(rows), len(columns)))
        if (table.sum(1) == rows).all() and (table.sum(0) == columns).all():
            yield cells


def chance_of(cells: tuple[int, ...], rows: tuple[int, ...], columns: tuple[int, ...]) -> float:
    """Probability of a table when the faces are shuffled: product of margins' factorials over n! and the cells'."""
    above = prod(factorial(m) for m in rows + columns)
    return above / (factorial(sum(rows)) * prod(factorial(k) for k in cells))


@pytest.mark.parametrize(("rows", "columns"), SMALL)
@pytest.mark.parametrize("route", ROUTES)
def test_dealing_has_the_exact_law(route: str, rows: tuple[int, ...], columns: tuple[int, ...]) -> None:
    size = 20_000
    drawn = ROUTES[route](np.array(rows), np.array(columns), np.random.default_rng(1), size)
    every = list(tables_with(rows, columns))
    wanted = np.array([chance_of(cells, rows, columns) for cells in every])
    assert wanted.sum() == pytest.approx(1, abs=1e-12)
    place = {cells: i for i, cells in enumerate(every)}
    seen = np.bincount([place[tuple(t)] for t in drawn.reshape(size, -1).tolist()], minlength=len(every))
    assert stats.chisquare(seen, wanted * size).pvalue > 1e-3


@pytest.mark.parametrize("factor", [1, 400])  # small tables are shuffled, large ones drawn cell by cell
def test_dealing_keeps_all_margins(factor: int) -> None:
    table = np.random.default_rng(0).poisson(3, (5, 4)) * factor
    table[2], table[:, 1] = 0, 0
    drawn = deal(table, np.random.default_rng(1), 50)
    assert (drawn >= 0).all()
    assert (drawn.sum(1) == table.sum(0)).all()
    assert (drawn.sum(2) == table.sum(1)).all()
    assert len(np.unique(drawn, axis=0)) > 40


def test_both_routes_agree_on_a_larger_table() -> None:
    rows, columns = np.array([30, 12, 8]), np.array([25, 15, 10])
    one, two = (route(rows, columns, np.random.default_rng(2), 5000) for route in ROUTES.values())
    for i, j in product(range(3), range(3)):
        both = np.stack([np.bincount(d[:, i, j], minlength=31) for d in (one, two)])
        both = both[:, both.sum(0) > 20]
        assert stats.chi2_contingency(both).pvalue > 1e-3


def test_beyond_the_limit_of_numpy_mean_and_spread_are_hypergeometric() -> None:
    rows, columns = np.array([4 * 10**8, 8 * 10**8]), np.array([3 * 10**8, 9 * 10**8])
    drawn = deal(np.outer(rows, columns) // columns.sum(), np.random.default_rng(0), 2000)[:, 0, 0]
    n, share = rows.sum(), columns[0] / columns.sum()
    sd = np.sqrt(rows[0] * share * (1 - share) * rows[1] / (n - 1))
    assert drawn.mean() == pytest.approx(rows[0] * share, abs=4 * sd / np.sqrt(2000))
    assert drawn.std() == pytest.approx(sd, rel=0.06)


def test_a_table_without_faces_is_dealt_as_it_is() -> None:
    assert not deal(np.zeros((3, 4), np.int64), np.random.default_rng(0), 5).any()


# What a table says, for comparing laws: accuracy of group 0, accuracy gap, recall of class 1, share without an answer.


def summary(leaves: Array) -> Array:
    """(draw, leaf, true, answer) -> (draw, statistic), for two leaves."""
    hits = np.trace(leaves[..., :-1], axis1=2, axis2=3)
    answered = leaves[..., :-1].sum((2, 3))
    accuracy = hits / answered
    recall = leaves[:, :, 1, 1].sum(1) / leaves[:, :, 1, :-1].sum((1, 2))
    return np.stack(
        [accuracy[:, 0], accuracy[:, 0] - accuracy[:, 1], recall, leaves[..., -1].sum((1, 2)) / leaves.sum((1, 2, 3))],
        1,
    )


def tally(leaf: Array, true: Array, answer: Array, classes: int) -> Array:
    out = np.zeros((2, classes, classes + 1))
    np.add.at(out, (leaf, true, np.where(answer < 0, classes, answer)), 1)
    return out


def same_law(one: Array, two: Array) -> None:
    for a, b in zip(one.T, two.T, strict=True):
        a, b = np.round(a[np.isfinite(a)], 9), np.round(b[np.isfinite(b)], 9)
        assert stats.ks_2samp(a, b).pvalue > 1e-3


@pytest.fixture(scope="module")
def columns(faces: Callable[..., Any]) -> dict[str, Any]:
    """Two groups, three classes; 30 persons, each in one group."""
    made = faces(5, n=240, classes=3, unknown=0.0)
    rng = np.random.default_rng(0)
    person = rng.integers(0, 30, 240)
    made["attributes"] = {"gender": np.where(person < 12, "man", "woman")}
    made["true"] = np.where(rng.random(240) < 0.5, person % 3, made["true"])
    return made | {"subject": [f"p{i:02}" for i in person], "person": person, "p": None}


def built(columns: dict[str, Any], table: Callable[..., Any], *, persons: bool) -> Cells:
    drop = {"person"} if persons else {"person", "subject"}
    return count_cells(table(**{k: v for k, v in columns.items() if k not in drop}))


def leaf_of(columns: dict[str, Any]) -> Array:
    return (columns["attributes"]["gender"] == "woman").astype(int)


def drawn_summary(sampler: Any, cells: Cells, size: int) -> Array:
    return summary(sampler.draw(np.random.default_rng(7), size).reshape(size, *cells.counts.shape))


def test_bootstrap_has_the_law_of_drawing_rows(columns: dict[str, Any], table: Callable[..., Any]) -> None:
    cells = built(columns, table, persons=False)
    rng, leaf, n = np.random.default_rng(1), leaf_of(columns), 240
    rows = (rng.integers(0, n, n) for _ in range(1500))
    wanted = [tally(leaf[i], columns["true"][i], columns["answer"][i], 3) for i in rows]
    same_law(drawn_summary(Bootstrap(cells), cells, 1500), summary(np.array(wanted)))


def test_bootstrap_of_persons_has_the_law_of_drawing_persons(
    columns: dict[str, Any], table: Callable[..., Any]
) -> None:
    cells = built(columns, table, persons=True)
    rng, leaf = np.random.default_rng(1), leaf_of(columns)
    own = [np.flatnonzero(columns["person"] == s) for s in range(30)]
    wanted = []
    for _ in range(1500):
        i = np.concatenate([own[s] for s in rng.integers(0, 30, 30)])
        wanted.append(tally(leaf[i], columns["true"][i], columns["answer"][i], 3))
    same_law(drawn_summary(Bootstrap(cells), cells, 1500), summary(np.array(wanted)))


def shuffled(rng: np.random.Generator, values: Array, strata: Array) -> Array:
    out = values.copy()
    for stratum in np.unique(strata):
        mine = np.flatnonzero(strata == stratum)
        out[mine] = values[rng.permutation(mine)]
    return out


@pytest.mark.parametrize("null", ["any", "within_true", "within_predicted"])
def test_exchange_has_the_law_of_shuffling_groups(
    null: Any, columns: dict[str, Any], table: Callable[..., Any]
) -> None:
    cells = built(columns, table, persons=False)
    fixed = {"any": np.zeros(240), "within_true": columns["true"], "within_predicted": columns["answer"]}[null]
    rng, leaf = np.random.default_rng(1), leaf_of(columns)
    wanted = [tally(shuffled(rng, leaf, fixed), columns["true"], columns["answer"], 3) for _ in range(1500)]
    drawn = Exchange(cells, null).draw(np.random.default_rng(7), 1500).reshape(1500, *cells.counts.shape)
    same_law(summary(drawn), summary(np.array(wanted)))
    axes = {"any": (2, 3), "within_true": 3, "within_predicted": 2}[null]
    assert (drawn.sum(axes) == cells.counts.sum(tuple(np.atleast_1d(axes) - 1))).all()
    assert (drawn.sum(1) == cells.counts.sum(0)).all()


def test_exchange_of_persons_has_the_law_of_shuffling_persons(
    columns: dict[str, Any], table: Callable[..., Any]
) -> None:
    cells = built(columns, table, persons=True)
    rng = np.random.default_rng(1)
    home = np.array([0] * 12 + [1] * 18)[: len(np.unique(columns["person"]))]
    wanted = [
        tally(rng.permutation(home)[columns["person"]], columns["true"], columns["answer"], 3) for _ in range(1500)
    ]
    same_law(drawn_summary(Exchange(cells), cells, 1500), summary(np.array(wanted)))


def test_faces_of_unknown_groups_are_not_dealt_to_known_ones(
    faces: Callable[..., Any], table: Callable[..., Any]
) -> None:
    made = faces(3, n=300, unknown=0.3) | {"p": None}
    for subject in (None, [f"s{i // 3}" for i in range(300)]):
        cells = count_cells(table(**made, subject=subject))
        drawn = Exchange(cells).draw(np.random.default_rng(0), 20).reshape(20, *cells.counts.shape)
        for pattern in np.unique(cells.levels < 0, axis=0):
            mine = ((cells.levels < 0) == pattern).all(1)
            assert (drawn[:, mine].sum(1) == cells.counts[mine].sum(0)).all()


def test_persons_keep_their_faces_together(table: Callable[..., Any]) -> None:
    """Person k shows k + 1 faces, all read alike, so a leaf's numbers tell which persons it got."""
    person = np.repeat(np.arange(4), [1, 2, 4, 8])
    group = np.where(person < 2, "a", "b")
    cells = count_cells(table(person % 2, person // 2, {"g": group}, subject=person, classes=2))
    drawn = Exchange(cells).draw(np.random.default_rng(0), 200).reshape(200, 2, 2, 3)
    assert (np.sort(np.unique(drawn)) == [0, 1, 2, 4, 8]).all()
    assert ((drawn > 0).sum((1, 2, 3)) == 4).all()
    assert ((drawn > 0).sum((2, 3)) == 2).all()


def test_memory_does_not_grow_with_draws_times_persons(table: Callable[..., Any]) -> None:
    person = np.arange(40_000) // 2
    cells = count_cells(table(person % 3, person % 2, {"g": np.where(person % 5, "a", "b")}, subject=person, classes=3))
    for sampler in (Bootstrap(cells), Exchange(cells), Exchange(cells, "within_true")):
        tracemalloc.start()
        sampler.draw(np.random.default_rng(0), 100)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4e6  # 100 draws of 20,000 persons are 16 MB


def test_one_known_person_among_unknown_ones(table: Callable[..., Any]) -> None:
    """A face whose person is not known is a person of its own, and no one else's."""
    true = np.array([0, 1, 0, 1, 0])
    cells = count_cells(table(true, true, {"g": list("aabba")}, subject=["one", "one", None, None, None]))
    assert cells.units is not None
    assert cells.units.n == 4
    assert np.bincount(cells.units.subject, weights=cells.units.count).tolist() == [2, 1, 1, 1]
    nobody = count_cells(table(true, true, {"g": list("aabba")}, subject=[None] * 5)).units
    assert nobody is not None
    assert nobody.n == 5


def test_score_draws_follow_the_order_of_persons(faces: Callable[..., Any], table: Callable[..., Any]) -> None:
    """Persons are numbered over all faces, also where the first of them have no answer."""
    made = faces(4, n=200, unknown=0.0)
    made["answer"][:30] = -1
    person = np.arange(200) // 5
    one = audit(table(**made, subject=person), metrics=["brier"], resamples=100, permutations=100)
    renamed = [f"{99 - p}" for p in person]
    two = audit(table(**made, subject=renamed), metrics=["brier"], resamples=100, permutations=100)
    assert one.overall("brier").value == pytest.approx(two.overall("brier").value, rel=1e-12)
    assert one.overall("brier").low == pytest.approx(two.overall("brier").low, rel=0.05)


def test_threads_do_not_change_results(
    monkeypatch: pytest.MonkeyPatch, faces: Callable[..., Any], table: Callable[..., Any]
) -> None:
    data = table(**faces(6, n=200))
    settings = {"resamples": 150, "permutations": 130, "seed": 3}
    monkeypatch.setattr(drawing, "CHUNK_NUMBERS", 20_000)  # many chunks, so that there is work to share
    found = []
    for cores in (1, 4):
        monkeypatch.setattr(drawing.os, "cpu_count", lambda cores=cores: cores)
        found.append(audit(data, **settings).data)
    assert found[0] == found[1]


def test_the_seed_decides(faces: Callable[..., Any], table: Callable[..., Any]) -> None:
    data = table(**faces(6, n=200))
    first, again, other = (audit(data, resamples=100, permutations=100, seed=seed).data for seed in (3, 3, 4))
    assert first == again
    assert [g["value"] for g in first["gaps"]] == [g["value"] for g in other["gaps"]]
    assert [g["chance_95"] for g in first["gaps"]] != [g["chance_95"] for g in other["gaps"]]
    assert [g["high"] for g in first["gaps"]] != [g["high"] for g in other["gaps"]]


def test_chunks_have_streams_of_their_own(
    monkeypatch: pytest.MonkeyPatch, faces: Callable[..., Any], table: Callable[..., Any]
) -> None:
    """No two chunks draw the same tables, and bootstrap and chance draws share none of their numbers."""
    seen: list[str] = []
    for name in ("_boot", "_chance"):
        plain = getattr(drawing, name)

        def watched(worker: Any, *rest: Any, plain: Any = plain) -> Any:
            if len(worker.plan.counts) > 1:  # all faces together are drawn apart, as a group of their own
                seen.append(repr(rest[-2].bit_generator.state))
            return plain(worker, *rest)

        monkeypatch.setattr(drawing, name, watched)
    monkeypatch.setattr(drawing, "CHUNK_NUMBERS", 2_000)
    audit(table(**faces(6, n=100)), metrics=["accuracy", "tpr"], resamples=120, permutations=120)
    assert len(set(seen)) == len(seen) > 4
