"""What stands in the way of forgetting an attribute, seen in the training faces before training starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import SettingsError
from evenface.core.tables import Notice
from evenface.mitigation._mitigation import Task
from evenface.mitigation.alignment import ALIGNMENTS
from evenface.mitigation.alignment._alignment import AlignmentOptions

_ALL = 0.99  # share of an entropy, or of a variance, from which on two attributes are taken for one


def check(task: Task, terms: Sequence[AlignmentOptions]) -> tuple[Notice, ...]:
    """Refuse what cannot be aligned, and tell what can only in part.

    Raises:
        SettingsError: As of `refuse`, for crossed groups where a term aligns them.
    """
    refuse(task, crossed=any(term.over == "crossed" for term in terms))
    notices = [_partly(name, levels, task.classes, counts) for name, levels, counts in _tables(task)]
    return (*chain.from_iterable(notices), *_deaf(task, terms))


def refuse(task: Task, *, crossed: bool) -> None:
    """Refuse attributes that no latent can forget and keep the expression.

    Args:
        task: What is learnt.
        crossed: Whether crossed groups are to be forgotten too.

    Raises:
        SettingsError: An attribute, level or number, has one value in the training faces; or one tells the expression,
            or the expression tells it, or crossed groups do; all faults together.
    """
    faults = list(_numbers(task))
    for name, levels, counts in _tables(task):
        there = [level for level, n in zip(levels, counts.sum(0), strict=True) if n]
        if len(there) < 2:
            only = f"only {there[0]!r}" if there else "no known value"
            faults.append(f"{name} has {only} in the training faces, so no groups can be drawn together.")
        elif fault := _tells(name, counts):
            faults.append(fault)
    if not faults and len(task.attributes) > 1 and crossed:
        counts = tabled(task.labels, task.face_groups, len(task.classes), len(task.groups))
        if fault := _tells(" × ".join(task.attributes), counts):
            faults.append(fault)
    if faults:
        raise SettingsError("Attributes that cannot be forgotten:\n" + "\n".join(f"- {fault}" for fault in faults))


def _tables(task: Task) -> Iterator[tuple[str, tuple[str, ...], NDArray[np.float64]]]:
    """Give each attribute's name, its levels, and how many training faces of (class, level) there are."""
    for (name, levels), codes in zip(task.attributes.items(), task.face_attributes.T, strict=True):
        yield name, levels, tabled(task.labels, codes, len(task.classes), len(levels))


def _numbers(task: Task) -> Iterator[str]:
    """Faults of attributes that are numbers."""
    for i in task.numbers:
        there = ~np.isnan(task.face_values[:, i])
        known, labels = task.face_values[there, i].astype(np.float64), task.labels[there]
        if len(np.unique(known)) < 2:
            only = f"only {known[0]:g}" if len(known) else "no known value"
            yield f"{task.continuous[i]} has {only} in the training faces, so there is nothing to forget."
            continue
        sizes = np.bincount(labels)
        means = np.bincount(labels, known) / np.maximum(sizes, 1)
        if (explained := np.var(means[labels]) / np.var(known)) >= _ALL:
            yield (
                f"{task.continuous[i]} is told by the expression: {explained:.0%} of its variance is between "
                "expressions. A latent cannot keep one and forget the other. Add faces of other combinations."
            )


def _deaf(task: Task, terms: Sequence[AlignmentOptions]) -> Iterator[Notice]:
    """Tell of numbers that a term does not align."""
    deaf = [term for term in terms if term.over == "crossed" or not ALIGNMENTS.get(term.kind).reads_numbers]
    if deaf and task.numbers:
        names = ", ".join(task.continuous[i] for i in task.numbers)
        said = ", ".join(dict.fromkeys(f"{term.kind} over {term.over}" for term in deaf))
        yield Notice("numbers_not_aligned", f"{names}: a number, which {said} does not align. Use hsic over each.")


def _tells(name: str, counts: NDArray[np.float64]) -> str:
    """Fault of a table (class, level) in which the one tells the other; empty: none."""
    shared, least = information(counts), min(entropy(counts.sum(0)), entropy(counts.sum(1)))
    if not least or shared < _ALL * least:
        return ""
    return (
        f"{name} and the expression tell one another: their mutual information is {shared:.2f} of at most "
        f"{least:.2f} bits. A latent cannot keep one and forget the other. Add faces of other combinations."
    )


def _partly(
    name: str, levels: tuple[str, ...], classes: tuple[str, ...], counts: NDArray[np.float64]
) -> Iterator[Notice]:
    if missing := [level for level, n in zip(levels, counts.sum(0), strict=True) if not n]:
        yield Notice("group_missing", f"No training face has {name} {' or '.join(missing)}: not aligned.")
    alone = [c for c, row in zip(classes, counts, strict=True) if (row > 0).sum() == 1]
    if alone:
        yield Notice(
            "expression_of_one_group",
            f"{', '.join(alone)}: shown in one group of {name} alone, so groups cannot be compared within.",
        )


def tabled(labels: NDArray[np.int64], codes: NDArray[np.int64], classes: int, levels: int) -> NDArray[np.float64]:
    """Count faces whose level is known: (class, level)."""
    found = np.zeros((classes, levels))
    np.add.at(found, (labels[codes >= 0], codes[codes >= 0]), 1)
    return found


def entropy(counts: NDArray[np.float64]) -> float:
    """Entropy in bits of the shares of counts."""
    p = counts[counts > 0] / counts.sum()
    return float(-(p * np.log2(p)).sum())


def information(counts: NDArray[np.float64]) -> float:
    """Mutual information in bits of the two axes of counts."""
    return entropy(counts.sum(0)) + entropy(counts.sum(1)) - entropy(counts.ravel())
