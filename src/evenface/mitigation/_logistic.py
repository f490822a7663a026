"""A linear head fitted to latents by logistic regression."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from evenface.models.nets._net import Net
from evenface.models.nets.linear_head import LinearHead

_NEVER = -30.0  # a score that is never the highest, for expressions that nobody shows


def with_fitted_head(
    net: Net, latents: NDArray[np.float32], labels: NDArray[np.int64], weights: NDArray[np.float64], strength: float
) -> Net:
    """Give a net a new linear head, fitted by scikit-learn's logistic regression.

    Latents are brought to mean 0 and deviation 1 for the penalty, which is undone in the head. An expression that no
    face shows is never answered.

    Args:
        net: Which net.
        latents: (face, latent).
        labels: (face,).
        weights: (face,), with mean 1.
        strength: One over the weight of the penalty on squared coefficients: low, and the head is smooth.
    """
    mean, deviation = latents.mean(0), np.maximum(latents.std(0), 1e-6)
    fitted = LogisticRegression(C=strength, max_iter=1000).fit((latents - mean) / deviation, labels, weights)
    rows, offsets = fitted.coef_ / deviation, fitted.intercept_
    if len(rows) == 1:  # two expressions: scikit-learn gives the difference of their scores
        rows, offsets = np.concatenate([-rows, rows]) / 2, np.concatenate([-offsets, offsets]) / 2
    weight, bias = np.zeros((net.classes, net.width)), np.full(net.classes, _NEVER)
    weight[fitted.classes_], bias[fitted.classes_] = rows, offsets - rows @ mean
    made = LinearHead.around(net)
    with torch.no_grad():
        made.head.weight.copy_(torch.from_numpy(weight))
        made.head.bias.copy_(torch.from_numpy(bias))
    return made.to(next(net.parameters()).device)
