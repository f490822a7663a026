"""What one audit computes: which metrics, in which groups, under which settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from evenface.audit import METRICS
from evenface.audit.cells import Cells, Groups
from evenface.audit.evaluate import Column, columns, support
from evenface.audit.metric import Metric
from evenface.audit.score_draws import ScoreDraws
from evenface.audit.sums import CountSums
from evenface.core.errors import SettingsError


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """How an audit is made.

    Attributes:
        cross: Attributes are crossed up to this many at a time.
        resamples: Bootstrap tables for the intervals of gaps.
        permutations: Tables dealt at random for chance levels and p.
        seed: Of all draws; the same seed gives the same bytes.
        min_group: A group with fewer answered faces (for metrics of scores, faces with scores) is shown, but takes no
            part in gaps.
        min_rate: A rate of one class (such as TPR) that rests on fewer faces is shown, but takes no part in gaps.
        level: Confidence of intervals.
    """

    cross: int = 2
    resamples: int = 1000
    permutations: int = 1000
    seed: int = 0
    min_group: int = 20
    min_rate: int = 10
    level: float = 0.95

    def check(self) -> None:
        """Raise SettingsError for every setting that makes no sense, all at once."""
        faults: list[str] = []
        if self.cross < 1:
            faults.append(f"cross is how many attributes are crossed at most: 1 or more, got {self.cross}.")
        draws = {"resamples": self.resamples, "permutations": self.permutations}
        few = [f"{name} must be 100 or more (1000 is usual), got {n}." for name, n in draws.items() if n < 100]
        alike = len(few) == 2 and self.resamples == self.permutations  # as from a command line, which has one number
        faults += [f"{few[0]} The same holds for permutations."] if alike else few
        for name, what in (("min_group", "group"), ("min_rate", "rate")):
            if getattr(self, name) < 1:
                faults.append(
                    f"{name} is the least number of faces in a compared {what}: 1 or more, got {getattr(self, name)}."
                )
        if not 0.5 <= self.level < 1:
            faults.append(f"level is the confidence of intervals, from .5 to below 1, got {self.level}.")
        else:
            # A limit of chance has one tail, an interval two: each must hold a draw.
            for name, tails in (("permutations", 1), ("resamples", 2)):
                least = ceil(round(tails / (1 - self.level), 6))
                if draws[name] < least:
                    faults.append(f"a level of {self.level} needs {name} of {least} or more, got {draws[name]}.")
        if self.seed < 0:
            faults.append(f"seed is a whole number, 0 or more, got {self.seed}.")
        if faults:
            raise SettingsError("\n".join(faults))


@dataclass(frozen=True)
class Plan:
    """Everything that the parts of an audit share.

    Attributes:
        cells: The counted table.
        groups: All groups.
        counts: (group, true, answer).
        by_counts: Metrics of scope `group` from counts.
        by_scores: Metrics of scope `group` from scores; their columns follow those of `by_counts`.
        between: Metrics of scope `groups`.
        scores: Score sums, if there are scores.
        enough: (group, column of scope `group`): whether a value rests on enough faces to be compared.
        shown: Grouping -> indices of the groups with enough faces, answered or not: a group that gets no answers must
            not drop out of the comparison of coverage.
        compared: Grouping -> indices of the groups with enough answered faces, which all else is compared on.
        settings: See `AuditSettings`.
    """

    cells: Cells
    groups: Groups
    counts: NDArray[np.int64]
    by_counts: tuple[Metric, ...]
    by_scores: tuple[Metric, ...]
    between: tuple[Metric, ...]
    scores: ScoreDraws | None
    enough: NDArray[np.bool_]
    shown: dict[str, NDArray[np.int64]]
    compared: dict[str, NDArray[np.int64]]
    settings: AuditSettings

    @property
    def in_use(self) -> NDArray[np.bool_]:
        """(class,): whether any face of the table is labelled so, answered or not."""
        return np.asarray(self.cells.counts.sum((0, 2)) > 0)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """All metrics, in the order of their columns."""
        return self.by_counts + self.by_scores + self.between

    @property
    def group_columns(self) -> tuple[Column, ...]:
        """Columns of scope `group`."""
        return columns(self.by_counts + self.by_scores, self.cells.classes)

    @property
    def between_columns(self) -> tuple[Column, ...]:
        """Columns of scope `groups`."""
        return columns(self.between, self.cells.classes)


def choose(metrics: Sequence[str | Metric] | None, *, scores: bool) -> tuple[Metric, ...]:
    """The metrics asked for.

    Args:
        metrics: Names or metrics; None: all that the table allows.
        scores: Whether the table has probabilities.

    Raises:
        SettingsError: A metric was asked for by name that needs scores, and there are none.
        UnknownNameError: A name is in no table.
    """
    if metrics is None:
        known = [METRICS.get(name) for name in METRICS]
        return tuple(m for m in known if scores or m.needs != "scores")
    chosen = tuple(METRICS.get(m) if isinstance(m, str) else m for m in metrics)
    lacking = [m.name for m in chosen if m.needs == "scores" and not scores]
    if lacking:
        raise SettingsError(
            f"{', '.join(lacking)} need a probability per class, and the table has none. "
            "Name the columns with scores=…, or leave these metrics out."
        )
    if not chosen:
        raise SettingsError("No metric was asked for. Leave `metrics` out to get all of them.")
    return chosen


def make_plan(
    metrics: Sequence[Metric], cells: Cells, groups: Groups, scores: ScoreDraws | None, settings: AuditSettings
) -> Plan:
    """Sort the metrics by what they read, and the groups by whether they are large enough to compare."""
    counts = np.tensordot(groups.member.astype(np.int64), cells.counts, axes=1)
    large, compared = (_large(counts[..., :stop].sum((1, 2)), groups, settings.min_group) for stop in (None, -1))
    by_group = [m for m in metrics if m.scope == "group"]
    by_group.sort(key=lambda m: m.needs == "scores")
    return Plan(
        cells=cells,
        groups=groups,
        counts=counts,
        by_counts=tuple(m for m in by_group if m.needs != "scores"),
        by_scores=tuple(m for m in by_group if m.needs == "scores"),
        between=tuple(m for m in metrics if m.scope == "groups"),
        scores=scores,
        enough=_enough(by_group, counts, scores, settings),
        shown=large,
        compared=compared,
        settings=settings,
    )


def _large(faces: NDArray[np.int64], groups: Groups, least: int) -> dict[str, NDArray[np.int64]]:
    return {by: np.flatnonzero(faces[span] >= least) + span.start for by, span in groups.spans.items()}


def _enough(
    metrics: Sequence[Metric], counts: NDArray[np.int64], scores: ScoreDraws | None, settings: AuditSettings
) -> NDArray[np.bool_]:
    """Where values rest on enough faces, (group, column): of the group, and of the class for a rate of one class."""
    sums, classes = CountSums(counts), counts.shape[1]
    parts = []
    for metric in metrics:
        scored = scores if metric.needs == "scores" else None
        of_group = scored.n if scored is not None else sums.rows if metric.support == "rows" else sums.answered
        enough = of_group[:, None] >= settings.min_group
        if metric.per_class:
            of_class = scored.support(metric.support) if scored is not None else support(sums, metric.support)
            enough = enough & (np.broadcast_to(of_class, (len(counts), classes)) >= settings.min_rate)
        parts.append(enough)
    return np.concatenate(parts, axis=1) if parts else np.ones((len(counts), 0), bool)
