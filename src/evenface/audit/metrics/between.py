"""Metrics that compare all groups of a grouping at once: the multi-class fairness notions by name.

Axes in: (…, group, class); out: (…). A group in which a rate is undefined (no face of that class), or rests on fewer
faces than the audit's `min_rate`, takes no part in that rate; fewer than two groups with a rate leave the comparison
undefined (NaN). Without that rule any table with a group of one face per class would show the largest gap there is.
Groups are those large enough to be compared: faces of others, and of unknown groups, are in no sum.
Every one is 0 (`direction="lower"`) or 1 (`direction="higher"`) when all groups are treated alike.
"""

from __future__ import annotations

import numpy as np

from evenface.audit.metric import Array, Sums, metric

GROUP = -2  # the axis of groups in arrays (…, group, class)


def largest(values: Array, axis: int) -> Array:
    """Largest along an axis, NaN left out; NaN of nothing."""
    return np.asarray(np.fmax.reduce(values, axis, initial=np.nan))


def smallest(values: Array, axis: int) -> Array:
    """Smallest along an axis, NaN left out; NaN of nothing."""
    return np.asarray(np.fmin.reduce(values, axis, initial=np.nan))


def spread(rates: Array, axis: int = GROUP) -> Array:
    """Largest minus smallest over the groups in which the rate is defined; NaN where fewer than two are."""
    gap = largest(rates, axis) - smallest(rates, axis)
    return np.where(np.isfinite(rates).sum(axis) > 1, gap, np.nan)


def ratio(rates: Array, axis: int = GROUP) -> Array:
    """Smallest over largest; NaN where fewer than two groups are defined or the largest is 0."""
    low, high = smallest(rates, axis), largest(rates, axis)
    return np.where((np.isfinite(rates).sum(axis) > 1) & (high > 0), low / np.where(high > 0, high, 1), np.nan)


def mean_defined(values: Array, axis: int = -1) -> Array:
    """Mean over the defined entries; NaN if there is none."""
    known = np.isfinite(values)
    return np.asarray(np.where(known, values, 0).sum(axis) / known.sum(axis))


def _tpr(sums: Sums) -> Array:
    return np.where(sums.enough_true, sums.hits / sums.true, np.nan)


def _fpr(sums: Sums) -> Array:
    return np.where(sums.enough_other, (sums.predicted - sums.hits) / (sums.answered[..., None] - sums.true), np.nan)


def _selection(sums: Sums) -> Array:
    return np.asarray(sums.predicted / sums.answered[..., None])


@metric(
    title="Demographic parity difference",
    formula="max over classes of (max - min over groups of the selection rate)",
    source=(
        "Dwork et al., ITCS 2012, arXiv 1104.3913; multi-class by the worst class, as Denis et al., arXiv 2109.13642"
    ),
    scope="groups",
    direction="lower",
)
def demographic_parity(sums: Sums) -> Array:
    """How unevenly a class is read between groups, for the class where it is worst."""
    return largest(spread(_selection(sums)), -1)


@metric(
    title="Disparate impact",
    formula=(
        "min over classes that some group is read as often enough of (min / max over groups of the selection rate)"
    ),
    source=(
        "Feldman et al., KDD 2015, arXiv 1412.3756 (the four-fifths rule asks for .8); multi-class by the worst class"
    ),
    scope="groups",
    low=0.0,
)
def disparate_impact(sums: Sums) -> Array:
    """The smallest ratio between groups of how often a class is read.

    A class that no group is read as `min_rate` times does not count: one stray answer would make the ratio 0.
    """
    often = np.broadcast_to(sums.enough_read, sums.predicted.shape[-2:]).any(0)
    return smallest(np.where(often, ratio(_selection(sums)), np.nan), -1)


@metric(
    title="Equal opportunity difference",
    formula="max over classes of (max - min over groups of TPR)",
    source="Hardt et al., NeurIPS 2016, arXiv 1610.02413; multi-class by the worst class",
    scope="groups",
    direction="lower",
    null="within_true",
)
def equal_opportunity(sums: Sums) -> Array:
    """How unevenly an expression is recognised between groups, for the expression where it is worst."""
    return largest(spread(_tpr(sums)), -1)


@metric(
    title="Equalized odds difference",
    formula="max over classes of max(TPR spread, FPR spread)",
    source=(
        "Hardt et al., NeurIPS 2016, arXiv 1610.02413; as fairlearn's equalized_odds_difference, one class "
        "against the rest"
    ),
    scope="groups",
    direction="lower",
    null="within_true",
)
def equalized_odds(sums: Sums) -> Array:
    """The larger of the true- and the false-positive spread, for the class where it is worst."""
    return largest(np.fmax(spread(_tpr(sums)), spread(_fpr(sums))), -1)


@metric(
    title="Average odds difference",
    formula="mean over classes of (TPR spread + FPR spread) / 2",
    source=(
        "As AIF360's average odds difference (Bellamy et al., arXiv 1810.01943), absolute, one class against the rest"
    ),
    scope="groups",
    direction="lower",
    null="within_true",
)
def average_odds(sums: Sums) -> Array:
    """Equalized odds averaged over classes and both rates instead of the worst one."""
    return mean_defined((spread(_tpr(sums)) + spread(_fpr(sums))) / 2)


@metric(
    title="Predictive parity difference",
    formula="max over classes of (max - min over groups of precision)",
    source="Chouldechova 2017, arXiv 1703.00056; multi-class by the worst class",
    scope="groups",
    direction="lower",
    null="within_predicted",
)
def predictive_parity(sums: Sums) -> Array:
    """How unevenly an answer can be trusted between groups, for the class where it is worst."""
    return largest(spread(np.where(sums.enough_read, sums.hits / sums.predicted, np.nan)), -1)


@metric(
    title="Worst-group accuracy shortfall",
    formula="accuracy over all faces of the compared groups - smallest group accuracy",
    source=(
        "Worst-group accuracy: Sagawa et al., ICLR 2020, arXiv 1911.08731; the shortfall is ours, so that 0 is even"
    ),
    scope="groups",
    direction="lower",
)
def worst_group(sums: Sums) -> Array:
    """How far the worst-off group's accuracy lies below that of the compared groups together."""
    rates = sums.hits.sum(-1) / sums.answered
    overall = sums.hits.sum((-1, -2)) / sums.answered.sum(-1)
    return np.where(np.isfinite(rates).sum(-1) > 1, overall - smallest(rates, -1), np.nan)


@metric(
    title="F (min / max of mean class accuracy)",
    formula="min over groups of balanced accuracy / max over groups",
    source="Xu, White, Kalkan, Gunes, ECCV-W 2020, arXiv 2007.10075",
    scope="groups",
    null="within_true",
)
def xu_f(sums: Sums) -> Array:
    """The usual fairness figure of expression recognition: worst over best group's mean class accuracy."""
    return ratio((sums.hits / sums.true).mean(-1, where=sums.in_use), -1)


@metric(
    title="Mean gap",
    formula="mean over groups of |accuracy of the group - mean of the groups' accuracies|",
    source="Mean absolute deviation between groups; our choice of the common 'mean gap'",
    scope="groups",
    direction="lower",
)
def mean_gap(sums: Sums) -> Array:
    """How far a group's accuracy lies from the groups' mean, on average."""
    rates = sums.hits.sum(-1) / sums.answered
    gap = mean_defined(np.abs(rates - mean_defined(rates)[..., None]))
    return np.where(np.isfinite(rates).sum(-1) > 1, gap, np.nan)


def _between_group_entropy(sums: Sums, alpha: int) -> Array:
    n = np.where(sums.answered > 0, sums.answered, 0)
    rates = np.where(n > 0, sums.hits.sum(-1) / np.where(n > 0, n, 1), 0)
    total = n.sum(-1, keepdims=True)
    mean = (n * rates).sum(-1, keepdims=True) / total
    relative = rates / mean
    # Both forms are sums of terms >= 0 (what is subtracted cancels in exact arithmetic), so small values keep digits.
    off = relative - 1
    theil_term = np.maximum(relative * np.log1p(np.where(relative > 0, off, 0)) - off, 0)
    inner = theil_term if alpha == 1 else off**2 / 2
    value = ((n / total) * inner).sum(-1)
    return np.where((n > 0).sum(-1) > 1, value, np.nan)


@metric(
    title="Generalized entropy between groups (alpha 2)",
    formula="sum_g (n_g / n) ((a_g / a)^2 - 1) / 2, a = accuracy",
    source="Speicher et al., KDD 2018, arXiv 1807.00787: between-group term, benefit of a face = read rightly",
    scope="groups",
    direction="lower",
    high=float("inf"),
)
def generalized_entropy(sums: Sums) -> Array:
    """Inequality of being read rightly that lies between groups, weighting large shortfalls more."""
    return _between_group_entropy(sums, 2)


@metric(
    title="Theil index between groups",
    formula="sum_g (n_g / n) (a_g / a) ln(a_g / a), a = accuracy",
    source=(
        "Theil 1967; Speicher et al., KDD 2018, arXiv 1807.00787: between-group term, benefit of a face = read rightly"
    ),
    scope="groups",
    direction="lower",
    high=float("inf"),
)
def theil(sums: Sums) -> Array:
    """Inequality of being read rightly that lies between groups, in nats."""
    return _between_group_entropy(sums, 1)


@metric(
    title="Differential fairness (epsilon)",
    formula=(
        "max over classes and pairs of groups of |ln P(read c | g) - ln P(read c | h)|, P = (read + 1/C) / "
        "(answered + 1)"
    ),
    source=(
        "Foulds, Islam, Keya, Pan, ICDE 2020, arXiv 1807.08362 (smoothed empirical estimator, concentration 1 "
        "spread over C classes)"
    ),
    scope="groups",
    direction="lower",
    high=float("inf"),
)
def differential_fairness(sums: Sums) -> Array:
    """Intersectional differential fairness: the largest log ratio of how often a class is read. Smoothed, so finite."""
    classes = sums.predicted.shape[-1]
    share = (sums.predicted + 1 / classes) / (sums.answered[..., None] + 1)
    log_share = np.where(sums.answered[..., None] > 0, np.log(share), np.nan)
    return largest(spread(log_share), -1)


def _relative_error_change(sums: Sums) -> tuple[Array, Array]:
    """Change of each group's FPR and FNR against that of the groups together, relative to it; (…, group, class)."""
    n, true = sums.answered.sum(-1)[..., None], sums.true.sum(-2)
    hits, predicted = sums.hits.sum(-2), sums.predicted.sum(-2)
    fpr_all = ((predicted - hits) / (n - true))[..., None, :]
    fnr_all = (1 - hits / true)[..., None, :]
    fpr = np.where(fpr_all > 0, (_fpr(sums) - fpr_all) / np.where(fpr_all > 0, fpr_all, 1), np.nan)
    fnr = np.where(fnr_all > 0, (1 - _tpr(sums) - fnr_all) / np.where(fnr_all > 0, fnr_all, 1), np.nan)
    return fpr, fnr


@metric(
    title="Combined error variance",
    formula=(
        "mean over groups of mean over classes of |(dFPR, dFNR) - mean over classes|^2; d = change relative "
        "to all faces of the compared groups"
    ),
    source=(
        "CEV of Blakeney et al., arXiv 2110.04397, with each group in the place of the second model and all "
        "faces in that of the first"
    ),
    scope="groups",
    direction="lower",
    high=float("inf"),
    null="within_true",
)
def combined_error_variance(sums: Sums) -> Array:
    """How unequally the classes' error rates move when one looks at one group instead of at all that are compared."""
    fpr, fnr = _relative_error_change(sums)
    square = (fpr - mean_defined(fpr)[..., None]) ** 2 + (fnr - mean_defined(fnr)[..., None]) ** 2
    return _over_groups(mean_defined(square))


@metric(
    title="Symmetric distance error",
    formula=(
        "mean over groups and classes of |dFPR - dFNR| / sqrt(2); d = change relative to all faces of the compared "
        "groups"
    ),
    source=(
        "SDE of Blakeney et al., arXiv 2110.04397, with each group in the place of the second model and all "
        "faces in that of the first"
    ),
    scope="groups",
    direction="lower",
    high=float("inf"),
    null="within_true",
)
def symmetric_distance_error(sums: Sums) -> Array:
    """How far each class's false positives and false negatives move apart in a group: over- against under-reading."""
    fpr, fnr = _relative_error_change(sums)
    return _over_groups(mean_defined(np.abs(fpr - fnr) / np.sqrt(2)))


def _over_groups(values: Array) -> Array:
    """Mean over the groups (last axis) that have a value; NaN if fewer than two have."""
    return np.where(np.isfinite(values).sum(-1) > 1, mean_defined(values), np.nan)


def _shortfall(sums: Sums) -> Array:
    """Mean over groups of how far the TPR lies below the best group's, relative to it; (…, class)."""
    rates = _tpr(sums)
    best = largest(rates, GROUP)[..., None, :]
    below = np.where(best > 0, 1 - rates / np.where(best > 0, best, 1), np.nan)
    known = np.isfinite(below).sum(GROUP)
    total = np.where(np.isfinite(below), below, 0).sum(GROUP)
    return np.where(known > 1, total / np.where(known > 1, known - 1, 1), np.nan)


@metric(
    title="Intraclass disparity",
    formula="per class: sum over groups of (1 - TPR / max TPR) / (groups - 1)",
    source="Dominguez-Catena, Paternain, Galar 2022, arXiv 2205.10049",
    scope="groups",
    per_class=True,
    direction="lower",
    null="within_true",
)
def intraclass_disparity(sums: Sums) -> Array:
    """For each expression, how far the groups' recall lies below that of its best group."""
    return _shortfall(sums)


@metric(
    title="Overall disparity",
    formula="mean over classes of the intraclass disparity",
    source="Dominguez-Catena, Paternain, Galar 2022, arXiv 2205.10049",
    scope="groups",
    direction="lower",
    null="within_true",
)
def overall_disparity(sums: Sums) -> Array:
    """Intraclass disparity averaged over expressions."""
    return mean_defined(_shortfall(sums))


@metric(
    title="Confusion-flow divergence",
    formula=(
        "mean over true classes of the Jensen-Shannon divergence (bits) between the groups' P(read | "
        "labelled), groups weighted alike"
    ),
    source=(
        "Jensen-Shannon divergence of several distributions: Lin, IEEE Trans. Inf. Theory 1991; its use on "
        "confusion rows is ours"
    ),
    scope="groups",
    direction="lower",
    high=float("inf"),
    needs="matrix",
    null="within_true",
)
def confusion_flow_divergence(sums: Sums) -> Array:
    """How differently the groups' faces of one expression are spread over the answers, in bits."""
    flows = sums.matrix
    rows = flows.sum(-1)
    present = (rows > 0) & sums.enough_true
    groups = present.sum(-2)
    share = flows / np.where(present, rows, 1)[..., None]
    mixture = share.sum(-3) / np.where(groups > 0, groups, 1)[..., None]
    within = _entropy(share).sum(-2) / np.where(groups > 0, groups, 1)
    divergence = np.maximum(_entropy(mixture) - within, 0)
    return mean_defined(np.where(groups > 1, divergence, np.nan))


def _entropy(share: Array) -> Array:
    """Entropy in bits along the last axis; 0 log 0 = 0."""
    return np.asarray(-(share * np.log2(np.where(share > 0, share, 1))).sum(-1))
