"""Metrics of one group that need only its confusion counts: accuracies, rates per class, F1, kappa.

Axes: (…, group, class). Unless said otherwise a metric is over *answered* faces; `accuracy_all`,
`accuracy_ceiling` and `coverage` say what the unanswered ones could change.
"""

from __future__ import annotations

import numpy as np

from evenface.audit.metric import Array, Sums, metric

SKLEARN = "Standard; as in scikit-learn's metrics"


@metric(formula="right / answered", source=SKLEARN, ratio=True)
def accuracy(sums: Sums) -> Array:
    """Share of answered faces whose expression was read as labelled."""
    return sums.hits.sum(-1) / sums.answered


@metric(
    title="Accuracy, no answer counted as wrong",
    formula="right / all faces",
    source="Lower worst-case bound of accuracy under abstention (Manski 1989, doi:10.2307/145818)",
    support="rows",
    ratio=True,
)
def accuracy_all(sums: Sums) -> Array:
    """Share of all faces read rightly, where no answer is no right answer: the lower bound."""
    return sums.hits.sum(-1) / sums.rows


@metric(
    title="Accuracy, no answer counted as right",
    formula="(right + unanswered) / all faces",
    source="Upper worst-case bound of accuracy under abstention (Manski 1989, doi:10.2307/145818)",
    support="rows",
)
def accuracy_ceiling(sums: Sums) -> Array:
    """What accuracy over all faces would be had every unanswered face been read rightly: the upper bound."""
    return (sums.hits.sum(-1) + sums.rows - sums.answered) / sums.rows


@metric(
    formula="answered / all faces",
    source="Selective classification, El-Yaniv & Wiener, JMLR 2010",
    support="rows",
    ratio=True,
)
def coverage(sums: Sums) -> Array:
    """Share of faces that got an answer at all; a detector that misses some faces more often shows here."""
    return sums.answered / sums.rows


@metric(
    formula="mean over classes of TPR",
    source="Brodersen et al., ICPR 2010, doi:10.1109/ICPR.2010.764",
    null="within_true",
    support="labelled",
    ratio=True,
)
def balanced_accuracy(sums: Sums) -> Array:
    """Mean class accuracy: each expression counts alike. Undefined where a class of the table has no face."""
    return (sums.hits / sums.true).mean(-1, where=sums.in_use)


@metric(
    title="Macro F1",
    formula="mean over classes of 2 hits / (labelled + read)",
    source=SKLEARN,
    support="labelled or read",
    ratio=True,
)
def macro_f1(sums: Sums) -> Array:
    """F1 averaged over the classes of the table, each alike. Undefined where one is neither labelled nor read."""
    return (2 * sums.hits / (sums.true + sums.predicted)).mean(-1, where=sums.in_use)


@metric(title="Weighted F1", formula="mean over faces of the F1 of their class", source=SKLEARN, ratio=True)
def weighted_f1(sums: Sums) -> Array:
    """F1 averaged over classes by the number of faces labelled so."""
    both = sums.true + sums.predicted
    f1 = np.where(both > 0, 2 * sums.hits / np.where(both > 0, both, 1), 0)  # such a class has weight 0
    return (f1 * sums.true).sum(-1) / sums.answered


@metric(
    title="Cohen's kappa",
    formula="(accuracy - e) / (1 - e), e = sum over classes of P(labelled) P(read)",
    source="Cohen, Educ. Psychol. Meas. 1960, doi:10.1177/001316446002000104",
    low=-1.0,
)
def cohen_kappa(sums: Sums) -> Array:
    """Agreement of answer and label beyond what their frequencies alone would give."""
    n = sums.answered
    expected = (sums.true * sums.predicted).sum(-1) / (n * n)
    return (sums.hits.sum(-1) / n - expected) / (1 - expected)


@metric(
    title="True positive rate",
    formula="hits / labelled, per class",
    source=SKLEARN + "; equal opportunity compares it (Hardt et al., NeurIPS 2016, arXiv 1610.02413)",
    per_class=True,
    null="within_true",
    support="labelled",
)
def tpr(sums: Sums) -> Array:
    """Recall: of the faces labelled with a class, the share read so."""
    return sums.hits / sums.true


@metric(
    title="False positive rate",
    formula="(read - hits) / (answered - labelled), per class",
    source=SKLEARN + "; equalized odds compares it (Hardt et al., NeurIPS 2016, arXiv 1610.02413)",
    per_class=True,
    direction="lower",
    null="within_true",
    support="not labelled",
)
def fpr(sums: Sums) -> Array:
    """Of the faces *not* labelled with a class, the share read so."""
    return (sums.predicted - sums.hits) / (sums.answered[..., None] - sums.true)


@metric(
    formula="hits / read, per class",
    source=SKLEARN + "; predictive parity compares it (Chouldechova 2017, arXiv 1703.00056)",
    per_class=True,
    null="within_predicted",
    support="read",
)
def precision(sums: Sums) -> Array:
    """Of the faces read as a class, the share labelled so."""
    return sums.hits / sums.predicted


@metric(
    title="F1",
    formula="2 hits / (labelled + read), per class",
    source=SKLEARN,
    per_class=True,
    support="labelled or read",
)
def f1(sums: Sums) -> Array:
    """Harmonic mean of precision and recall of a class."""
    return 2 * sums.hits / (sums.true + sums.predicted)


@metric(
    title="Selection rate",
    formula="read / answered, per class",
    source="Demographic parity compares it (Dwork et al., ITCS 2012, arXiv 1104.3913)",
    per_class=True,
    direction="closer",
    ideal=float("nan"),
)
def selection_rate(sums: Sums) -> Array:
    """Share of answered faces read as a class, whatever their label. No value is best by itself."""
    return sums.predicted / sums.answered[..., None]
