"""Stereotypical bias of a whole table: how much group and expression label depend on each other.

All take counts `(..., group, label)` and give `(...)`. p_ab is the share of a cell, p_a and p_b those of its row and
column, n the number of faces; r and c are the numbers of rows and columns that are not empty. Plain estimates are
biased upwards: independent samples give more than zero. Read them beside their chance level.
"""

from __future__ import annotations

import numpy as np

from evenface.audit.dataset.spec import Floats, data_metric, entropy

_REVIEW = "arXiv 2303.15889"
_NEEDS = "needs at least two groups and two labels with faces"


def _size(counts: Floats) -> tuple[Floats, Floats, Floats]:
    """Number of faces, of rows in use and of columns in use, each `(...)`."""
    rows = (counts.sum(axis=-1) > 0).sum(axis=-1).astype(np.float64)
    columns = (counts.sum(axis=-2) > 0).sum(axis=-1).astype(np.float64)
    return counts.sum(axis=(-2, -1)), rows, columns


def _mean_square(counts: Floats) -> Floats:
    """phi^2 = chi^2 / n = sum p_ab^2 / (p_a p_b) - 1, at least 0; NaN unless two rows and two columns are used."""
    n, rows, columns = _size(counts)
    margins = counts.sum(axis=-1, keepdims=True) * counts.sum(axis=-2, keepdims=True)
    ratio = np.where(margins > 0, counts**2 / np.where(margins > 0, margins, 1.0), 0.0)
    phi = np.maximum(ratio.sum(axis=(-2, -1)) - 1.0, 0.0)
    return np.where((n > 0) & (rows > 1) & (columns > 1), phi, np.nan)


def _information(counts: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Mutual information, entropy of groups, of labels, and joint entropy, in nats, each `(...)`."""
    groups, labels = entropy(counts.sum(axis=-1)), entropy(counts.sum(axis=-2))
    joint = entropy(counts.reshape(*counts.shape[:-2], counts.shape[-2] * counts.shape[-1]))
    _, rows, columns = _size(counts)
    mutual = np.where((rows > 1) & (columns > 1), np.maximum(groups + labels - joint, 0.0), np.nan)
    return mutual, groups, labels, joint


@data_metric(
    "stereotypical",
    "Cramér's V",
    formula="sqrt(phi^2 / (min(r, c) - 1)), phi^2 = chi^2 / n",
    source=f"Cramér 1946; {_REVIEW}",
    low=0,
    high=1,
    bias="high",
    undefined=_NEEDS,
    interval="squares",
)
def cramers_v(counts: Floats) -> Floats:
    """Strength of the link between group and label: 0 none, 1 one decides the other."""
    _, rows, columns = _size(counts)
    return np.sqrt(_mean_square(counts) / (np.minimum(rows, columns) - 1.0))


@data_metric(
    "stereotypical",
    "Cramér's V, bias-corrected",
    formula="sqrt(max(0, phi^2 - (r-1)(c-1)/(n-1)) / (min(r~, c~) - 1)), r~ = r - (r-1)^2/(n-1), c~ likewise",
    source="Bergsma, A bias-correction for Cramér's V and Tschuprow's T, J. Korean Stat. Soc. 42 (2013)",
    low=0,
    high=1,
    bias="high",
    undefined=_NEEDS,
    interval_of="cramers_v",
)
def cramers_v_corrected(counts: Floats) -> Floats:
    """Cramér's V less what independent samples of this size give on average."""
    n, rows, columns = _size(counts)
    phi = np.maximum(_mean_square(counts) - (rows - 1) * (columns - 1) / (n - 1), 0.0)
    shrunk = np.minimum(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1))
    return np.where(shrunk > 1, np.sqrt(phi / np.where(shrunk > 1, shrunk - 1.0, 1.0)), np.nan)


@data_metric(
    "stereotypical",
    "Tschuprow's T",
    formula="sqrt(phi^2 / sqrt((r-1)(c-1)))",
    source=f"Tschuprow 1925; {_REVIEW}",
    low=0,
    high=1,
    bias="high",
    undefined=_NEEDS,
    interval="squares",
)
def tschuprows_t(counts: Floats) -> Floats:
    """Like Cramér's V, but reaches 1 only when there are as many groups as labels."""
    _, rows, columns = _size(counts)
    return np.sqrt(_mean_square(counts) / np.sqrt((rows - 1.0) * (columns - 1.0)))


@data_metric(
    "stereotypical",
    "Pearson's contingency coefficient",
    formula="sqrt(phi^2 / (1 + phi^2))",
    source=f"Pearson 1904; {_REVIEW}",
    low=0,
    high=1,
    bias="high",
    undefined=_NEEDS,
    interval="squares",
)
def pearsons_c(counts: Floats) -> Floats:
    """Strength of the link between group and label; its largest value depends on the size of the table."""
    phi = _mean_square(counts)
    return np.sqrt(phi / (1.0 + phi))


@data_metric(
    "stereotypical",
    "Normalised mutual information",
    formula="I(A;B) / ((H(A) + H(B)) / 2)",
    source="Press et al., Numerical Recipes 14.4 (symmetric uncertainty coefficient); Vinh et al. 2010",
    low=0,
    high=1,
    bias="high",
    undefined=_NEEDS,
)
def mutual_information(counts: Floats) -> Floats:
    """Part of the mean uncertainty of group and label that they share."""
    mutual, groups, labels, _ = _information(counts)
    return mutual / ((groups + labels) / 2.0)


@data_metric(
    "stereotypical",
    "Normalised mutual information, joint",
    formula="I(A;B) / H(A,B)",
    source=f"{_REVIEW}; Bouma 2009",
    low=0,
    high=1,
    bias="high",
    undefined=_NEEDS,
)
def mutual_information_joint(counts: Floats) -> Floats:
    """Part of the joint uncertainty of group and label that they share."""
    mutual, _, _, joint = _information(counts)
    return mutual / joint


@data_metric(
    "stereotypical",
    "Theil's U, label from group",
    formula="I(A;B) / H(B)",
    source=f"Theil 1970; {_REVIEW}",
    low=0,
    high=1,
    bias="high",
    undefined=_NEEDS,
)
def theils_u_label(counts: Floats) -> Floats:
    """Part of the uncertainty about the label that knowing the group removes."""
    mutual, _, labels, _ = _information(counts)
    return mutual / labels


@data_metric(
    "stereotypical",
    "Theil's U, group from label",
    formula="I(A;B) / H(A)",
    source=f"Theil 1970; {_REVIEW}",
    low=0,
    high=1,
    bias="high",
    undefined=_NEEDS,
)
def theils_u_group(counts: Floats) -> Floats:
    """Part of the uncertainty about the group that knowing the label removes."""
    mutual, groups, _, _ = _information(counts)
    return mutual / groups


def _label_against_rest(counts: Floats) -> Floats:
    """p(a | b) - p(a | not b) per cell; NaN for a label with no faces or with all of them."""
    of_label = counts.sum(axis=-2, keepdims=True)
    rest = counts.sum(axis=-1, keepdims=True) - counts
    of_rest = rest.sum(axis=-2, keepdims=True)
    shares, rest_shares = (
        part / np.where(whole > 0, whole, np.nan) for part, whole in ((counts, of_label), (rest, of_rest))
    )
    return np.asarray(shares - rest_shares)


@data_metric(
    "stereotypical",
    "Mean similarity of labels' profiles (DSAP)",
    formula="mean over labels b of sum_a min(p(a | b), p(a | not b))",
    source="DS_S of arXiv 2312.14626; similarity of Renkonen 1938",
    low=0,
    high=1,
    bias="low",
    undefined=_NEEDS,
    interval="distance",
    differences=_label_against_rest,
)
def similarity_of_labels(counts: Floats) -> Floats:
    """How alike the groups of one label are to the groups of all other labels, averaged over labels: 1 is alike."""
    apart = np.abs(_label_against_rest(counts)).sum(axis=-2) / 2.0
    used = ~np.isnan(apart)
    _, rows, columns = _size(counts)
    mean = np.where(used, apart, 0.0).sum(axis=-1) / used.sum(axis=-1)
    return np.where((rows > 1) & (columns > 1), 1.0 - mean, np.nan)
