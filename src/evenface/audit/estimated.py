"""Attributes that were estimated: how groups and gaps move once the estimator's errors are taken into account.

An estimator that is right on 72 % of faces mixes the groups, and a gap between mixed groups is too small. Given
its confusion matrix M = P(estimated | true), the sums of the true groups solve M' S = S_observed, provided that the
estimator's errors do not depend on the label or the answer (non-differential misclassification; Barron 1977,
Biometrics; matrix method). Sums may be solved for where single counts may not: the solution for a cell of a few faces
is mostly noise and often negative, and setting those to 0 would push every small group's accuracy down. So the sums of
faces, answers and hits are corrected, and only the rates of single classes are kept within 0 … 1.

Intervals of groups are percentiles over resampled tables (and resampled error rates, if they were given as counts;
given as rates they are taken as exact). Where more than a tenth of the resampled tables leave a group without a value,
those that are left would tell of lucky draws only: it has no interval, and takes no part in the gap. A corrected gap,
as any max - min, is biased away from 0, and correction multiplies the noise; its interval inverts the test against
exchanged groups, as `evenface.audit.gaps` does for all.

What is possible if the estimator's errors do depend on the answer is bounded for shares of faces: in each estimated
group the members of a true group may be those read best or those read worst (Horowitz & Manski 1995, Econometrica).
Bounds hold for the faces in the table, up to how far the error rates on these faces differ from those given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenface.audit.draws import Bootstrap, Exchange, Sampler
from evenface.audit.estimator import MOST_AMPLIFIED, Estimator, read_estimator
from evenface.audit.evaluate import evaluate
from evenface.audit.gap_table import NO_CHANCE
from evenface.audit.gaps import gap_numbers, quantile, too_many_lost
from evenface.audit.metric import Metric
from evenface.audit.metrics.between import spread
from evenface.audit.plan import Plan
from evenface.audit.sums import Margins, margin_map
from evenface.core.errors import SettingsError, UnknownNameError

Floats = NDArray[np.float64]
SHARES = ("accuracy", "accuracy_all", "coverage")  # of faces: unbiased from corrected sums
CLASS_MEANS = ("balanced_accuracy", "macro_f1")  # of rates of classes, which are kept within 0 … 1
NO_INTERVAL = "no interval: in {lost:,} of {drawn:,} resamples too few faces, or of a class, are left once corrected"
STREAM = 5
CHUNK_NUMBERS = 2_000_000


def estimated_effects(plan: Plan, given: Mapping[str, object]) -> list[dict[str, Any]]:
    """`estimated[]`: for each attribute with known error rates, what its groups and gaps become.

    Raises:
        UnknownNameError: An attribute is not in the audit.
        SettingsError: Error rates do not fit, or the audit has no metric that can be corrected.
    """
    out: list[dict[str, Any]] = []
    if given and not any(m.name in SHARES + CLASS_MEANS for m in plan.by_counts):
        raise SettingsError(
            f"Error rates can correct {', '.join(SHARES + CLASS_MEANS)}, and none of these metrics was asked for."
        )
    for attribute, rates in given.items():
        if attribute not in plan.cells.attributes:
            raise UnknownNameError("attribute", attribute, plan.cells.attributes)
        out += _Correction(plan, read_estimator(attribute, plan.cells.level_names[attribute], rates)).records()
    return out


class _Correction:
    """One attribute's groups and gaps, corrected. Arrays of sums have axes (…, level, margin), see `Margins`."""

    def __init__(self, plan: Plan, estimator: Estimator) -> None:
        self.plan, self.estimator = plan, estimator
        self.span = plan.groups.spans[estimator.attribute]
        self.member = plan.groups.member[self.span].astype(float)
        self.map = margin_map(len(plan.cells.classes), np.float64)
        names = [c.name for c in plan.group_columns]
        self.metrics = [m for m in plan.by_counts if m.name in SHARES + CLASS_MEANS]
        self.enough = plan.enough[self.span][:, [names.index(m.name) for m in self.metrics]]
        self.rng = np.random.default_rng([plan.settings.seed, STREAM])

    def records(self) -> list[dict[str, Any]]:
        """Entries of `estimated[]`, group by group and then the gap, for each metric."""
        observed = self.plan.counts[self.span].reshape(len(self.member), -1).astype(float) @ self.map
        seen = self.values(observed)
        true = self.solve(observed, self.estimator.matrix)
        fixed = self.values(true, self.plan.settings.min_group)
        reasons = self.reasons(observed[..., -1], true[..., -1])
        boot = self.drawn(Bootstrap(self.plan.cells), self.plan.settings.resamples)
        lost = too_many_lost(boot)
        firm = np.isfinite(fixed) & (lost == 0)
        compared = self.enough & firm
        low, high, lost_gaps = self.intervals(fixed, boot, firm, compared)
        limits = share_bounds(self.plan.counts[self.span], self.estimator.matrix, self.plan.settings.min_group)
        gaps = [spread(np.where(kept, v, np.nan)) for kept, v in ((self.enough, seen), (compared, fixed))]
        out = []
        for j, metric in enumerate(self.metrics):
            bounds = limits.get(metric.name, np.full((2, len(self.member)), np.nan))
            ends = np.column_stack([bounds, gap_bounds(bounds[:, compared[:, j]])])
            table = np.column_stack(
                [np.append(seen[:, j], gaps[0][j]), np.append(fixed[:, j], gaps[1][j]), low[:, j], high[:, j], *ends]
            )
            names = self.names()
            loose = [NO_INTERVAL.format(lost=n, drawn=len(boot)) for n in (*lost[:, j], lost_gaps[j])]
            whys = zip(reasons, loose if lost_gaps[j] else [*loose[:-1], NO_CHANCE], strict=True)
            out += [self.record(metric, *each) for each in zip(names, table, whys, strict=True)]
            out[-1]["left_out"] = [name for name, kept in zip(names, compared[:, j], strict=False) if not kept]
        return out

    def names(self) -> list[str]:
        """The groups, and the gap between them."""
        return [*(self.plan.groups.names[g].name for g in range(self.span.start, self.span.stop)), "gap"]

    def reasons(self, observed: Floats, true: Floats) -> list[str]:
        """Why the groups and the gap between them have no corrected value, if they have none.

        Args:
            observed: Faces that were estimated to be of each group.
            true: Faces of each group once corrected; below 0 where errors in other groups explain more than all.
        """
        least = self.plan.settings.min_group
        out = [
            "too few faces with an answer, or of a class, are left once corrected"
            if left >= least
            else f"of {seen:.0f} faces estimated so, the error rates leave {max(left, 0):.0f}, fewer than {least} faces"
            for seen, left in zip(observed, true, strict=True)
        ]
        return [*out, "fewer than two groups are large enough once corrected"]

    def record(self, metric: Metric, name: str, row: Floats, reasons: tuple[str, str]) -> dict[str, Any]:
        """One entry; `reasons` are told if there is no corrected value, and if there is one but no interval."""
        keys = ("observed", "corrected", "low", "high", "bound_low", "bound_high")
        numbers = {k: float(v) if np.isfinite(v) else None for k, v in zip(keys, row, strict=True)}
        why = reasons[0] if numbers["corrected"] is None else reasons[1] if numbers["low"] is None else None
        about: dict[str, Any] = {"attribute": self.estimator.attribute, "metric": metric.name, "group": name}
        return about | numbers | {"left_out": [], "undefined": why}

    def solve(self, observed: Floats, matrix: Floats) -> Floats:
        """Sums of the true groups; sums may come out negative."""
        return np.asarray(np.linalg.inv(np.swapaxes(matrix, -1, -2)) @ observed)

    def values(self, sums: Floats, least: float = 1) -> Floats:
        """Metrics (…, level, metric); NaN where a group has fewer than `least` faces of the kind that is asked for."""
        in_use, c = self.plan.in_use, len(self.plan.cells.classes)
        true = np.maximum(sums[..., c : 2 * c], 0)
        hits = np.clip(sums[..., :c], 0, true)
        read = np.maximum(sums[..., 2 * c : 3 * c], hits)
        raw = Margins(sums, in_use)
        kept = Margins(np.concatenate([hits, true, read, sums[..., 3 * c :]], axis=-1), in_use)
        parts = [evaluate([m], raw if m.name in SHARES else kept, sums.shape[:-1], c) for m in self.metrics]
        faces = np.stack([raw.rows if m.support == "rows" else raw.answered for m in self.metrics], axis=-1)
        return np.where(faces < least, np.nan, np.clip(np.concatenate(parts, axis=-1), 0, 1))

    def intervals(
        self, fixed: Floats, boot: Floats, firm: NDArray[np.bool_], compared: NDArray[np.bool_]
    ) -> tuple[Floats, Floats, NDArray[np.int64]]:
        """Ends (level + 1, metric): percentiles for groups, an inverted test for the gap; resamples that lack the gap.

        Args:
            fixed: (level, metric) corrected values.
            boot: (draw, level, metric) those of resampled tables.
            firm: (level, metric) whether enough of these are defined.
            compared: (level, metric) whether it takes part in the gap.
        """
        settings = self.plan.settings
        nulls = dict.fromkeys(m.null for m in self.metrics)
        chance = {n: self.drawn(Exchange(self.plan.cells, n), settings.permutations) for n in nulls}
        dealt = np.stack([chance[m.null][..., j] for j, m in enumerate(self.metrics)], axis=-1)
        seen, resampled, exchanged = (spread(np.where(compared, v, np.nan)) for v in (fixed, boot, dealt))
        gap = gap_numbers(seen, resampled, exchanged, np.full_like(resampled, np.nan), settings.level)
        ends = [np.where(firm, self.ends(boot, q), np.nan) for q in (0, 1)]
        return np.vstack([ends[0], gap.low]), np.vstack([ends[1], np.minimum(gap.high, 1)]), gap.lost

    def ends(self, boot: Floats, upper: int) -> Floats:
        """One end of the percentile interval, (level, metric)."""
        tail = (1 - self.plan.settings.level) / 2
        return np.stack([quantile(values, 1 - tail if upper else tail) for values in boot.swapaxes(0, 1)])

    def drawn(self, sampler: Sampler, size: int) -> Floats:
        """Corrected values (draw, level, metric) of random tables."""
        shape = self.plan.cells.counts.shape
        chunk = max(1, CHUNK_NUMBERS // int(np.prod(shape)))
        parts = []
        for start in range(0, size, chunk):
            n = min(chunk, size - start)
            tables = self.member @ sampler.draw(self.rng, n).astype(float)
            parts.append(self.values(self.solve(tables @ self.map, self.matrices(n))))
        return np.concatenate(parts)

    def matrices(self, size: int) -> Floats:
        """Error rates (draw, true level, estimated level) as another study of the estimator might find them."""
        if self.estimator.counts is None:
            return self.estimator.matrix
        rows = zip(self.estimator.counts, self.estimator.matrix, strict=True)
        drawn = np.stack([self.rng.multinomial(n.sum(), rate, size) / n.sum() for n, rate in rows], axis=1)
        usable = np.linalg.cond(drawn) < MOST_AMPLIFIED**2
        return np.where(usable[:, None, None], drawn, self.estimator.matrix)


def share_bounds(counts: NDArray[Any], matrix: Floats, least: int) -> dict[str, Floats]:
    """What each true group's shares can be if errors of the estimator may depend on the answer.

    Args:
        counts: (estimated group, true class, answer).
        matrix: (true level, estimated level).
        least: True groups with fewer faces are left undefined.

    Returns:
        Name of a share -> (2, group): lowest and highest.
    """
    right, answered, faces = np.einsum("gcc->g", counts[..., :-1]), counts[..., :-1].sum((1, 2)), counts.sum((1, 2))
    size = np.linalg.solve(matrix.T, faces.astype(float))
    members = np.minimum(matrix * np.maximum(size, 0)[:, None], faces)  # (true, estimated): how many of whom are where
    parts = {
        "accuracy": (right, answered - right, faces - answered),
        "accuracy_all": (right, faces - right, 0 * faces),
        "coverage": (answered, faces - answered, 0 * faces),
    }
    out = {}
    for name, (good, bad, other) in parts.items():
        ends = np.stack([_least_share(members, good, bad, other), 1 - _least_share(members, bad, good, other)])
        out[name] = np.where(size < least, np.nan, ends)
    return out


def _least_share(members: Floats, good: Floats, bad: Floats, other: Floats) -> Floats:
    """Smallest good / (good + bad) if members come first from the bad, then from the others, then from the good."""
    from_good = np.maximum(members - bad - other, 0).sum(1)
    both = from_good + np.minimum(members, bad).sum(1)
    return np.where(both > 0, from_good / np.where(both > 0, both, 1), np.nan)


def gap_bounds(bounds: Floats) -> Floats:
    """Smallest and largest max - min that values within `bounds` (2, group) can have; NaN for fewer than two groups."""
    low, high = bounds
    if len(low) < 2 or not np.isfinite(bounds).all():
        return np.full(2, np.nan)
    apart = high[:, None] - low[None, :]
    np.fill_diagonal(apart, 0)
    return np.array([max(0.0, float(low.max() - high.min())), float(apart.max())])
