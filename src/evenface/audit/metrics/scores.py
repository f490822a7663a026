"""Metrics of one group that need a probability per class: calibration, proper scores, ranking.

They rest on the answered faces that have scores. A face's *confidence* is the probability given to its answer.
"""

from __future__ import annotations

import numpy as np

from evenface.audit.metric import Array, metric
from evenface.audit.score_draws import ScoreSums


@metric(
    title="Expected calibration error",
    formula="sum over 15 equal bins of confidence of |sum of (confidence - right)| / n",
    source="Naeini et al., AAAI 2015; Guo et al., ICML 2017, arXiv 1706.04599",
    direction="lower",
    needs="scores",
)
def ece(sums: ScoreSums) -> Array:
    """How far confidence and accuracy lie apart. Biased up in small groups, which the chance level shows."""
    return np.abs(sums.confidence_residual).sum(-1) / sums.scored


@metric(
    title="Classwise calibration error",
    formula="mean over classes of sum over 15 bins of |sum of (p_c - labelled c)| / n",
    source="Kull et al., NeurIPS 2019, arXiv 1910.12656",
    direction="lower",
    needs="scores",
)
def classwise_ece(sums: ScoreSums) -> Array:
    """Calibration error of each class's own probability, averaged over classes."""
    return np.abs(sums.class_residual).sum(-1).mean(-1) / sums.scored


@metric(
    title="Brier score",
    formula="mean over faces of sum over classes of (p_c - labelled c)^2",
    source="Brier, Mon. Weather Rev. 1950 (his original multi-class form, 0 to 2)",
    direction="lower",
    high=2.0,
    needs="scores",
)
def brier(sums: ScoreSums) -> Array:
    """Mean squared error of the probabilities."""
    return sums.squared_error / sums.scored


@metric(
    title="Log loss",
    formula="mean over faces of -ln p(label), p not below 1e-15",
    source="Standard; as in scikit-learn's log_loss",
    direction="lower",
    high=float("inf"),
    needs="scores",
)
def log_loss(sums: ScoreSums) -> Array:
    """Mean surprise at the label, in nats."""
    return sums.negative_log / sums.scored


@metric(
    title="AUROC, one class against the rest, mean",
    formula="mean over classes of P(p_c of a face labelled c > p_c of another face), ties count half",
    source="Hanley & McNeil 1982; macro average as in scikit-learn's roc_auc_score(multi_class='ovr')",
    needs="scores",
    null="within_true",
)
def auroc_macro(sums: ScoreSums) -> Array:
    """How well the probabilities rank the faces of each class above the others, averaged over classes."""
    return sums.auroc.mean(-1, where=sums.in_use)


@metric(
    title="AUROC, one class against the rest",
    formula="P(p_c of a face labelled c > p_c of another face), ties count half, per class",
    source="Hanley & McNeil, Radiology 1982; intervals after DeLong et al., Biometrics 1988",
    per_class=True,
    needs="scores",
    null="within_true",
    support="labelled",
)
def auroc(sums: ScoreSums) -> Array:
    """How well the class's probability ranks its own faces above all others."""
    return sums.auroc
