"""Representational bias: how unevenly the groups are filled, whatever the expression.

All take counts `(..., group)` and give `(...)`. p_g is the share of group g, G the number of groups in the array.
The choice follows Dominguez-Catena, Paternain, Galar, "Metrics for Dataset Demographic Bias: A Case Study on Facial
Expression Recognition", arXiv 2303.15889, which recommends the effective number of species with Shannon evenness.
"""

from __future__ import annotations

import numpy as np

from evenface.audit.dataset.spec import Floats, data_metric, entropy, shares

_REVIEW = "arXiv 2303.15889"
_ONE_GROUP = "needs at least two groups"
_NO_FACE = "no face with a known group"


def _nan_if_single(values: Floats, counts: Floats) -> Floats:
    return values if counts.shape[-1] > 1 else np.full_like(values, np.nan)


def _from_balance(counts: Floats) -> Floats:
    return np.asarray(shares(counts) - 1.0 / counts.shape[-1])


@data_metric(
    "representational",
    "Richness",
    formula="number of g with p_g > 0",
    source=f"{_REVIEW}; Hill number of order 0 (Hill 1973)",
    low=1,
    high=None,
    bias="none",
    undefined=_NO_FACE,
    interval="none",
)
def richness(counts: Floats) -> Floats:
    """Number of groups that have at least one face."""
    present = (counts > 0).sum(axis=-1).astype(np.float64)
    return np.where(present > 0, present, np.nan)


@data_metric(
    "representational",
    "Shannon entropy",
    formula="H = -sum p_g ln p_g",
    source=f"Shannon 1948; {_REVIEW}",
    low=0,
    high=None,
    bias="low",
    undefined=_NO_FACE,
)
def shannon_entropy(counts: Floats) -> Floats:
    """How uncertain the group of a randomly drawn face is, in nats."""
    return entropy(counts)


@data_metric(
    "representational",
    "Effective number of groups",
    formula="exp(H)",
    source=f"Hill 1973 (order 1), Jost 2006; {_REVIEW}",
    low=1,
    high=None,
    bias="low",
    undefined=_NO_FACE,
)
def effective_number(counts: Floats) -> Floats:
    """How many equally large groups would be as diverse as these (effective number of species)."""
    return np.exp(entropy(counts))


@data_metric(
    "representational",
    "Simpson index",
    formula="D = sum p_g^2",
    source=f"Simpson 1949; {_REVIEW}",
    low=0,
    high=1,
    bias="high",
    undefined=_NO_FACE,
)
def simpson(counts: Floats) -> Floats:
    """Chance that two randomly drawn faces belong to the same group."""
    return np.asarray((shares(counts) ** 2).sum(axis=-1))


@data_metric(
    "representational",
    "Inverse Simpson index",
    formula="1 / sum p_g^2",
    source=f"Hill 1973 (order 2); {_REVIEW}",
    low=1,
    high=None,
    bias="low",
    undefined=_NO_FACE,
)
def inverse_simpson(counts: Floats) -> Floats:
    """Effective number of groups when common groups weigh more than under `effective_number`."""
    return np.asarray(1.0 / (shares(counts) ** 2).sum(axis=-1))


@data_metric(
    "representational",
    "Shannon evenness",
    formula="H / ln G",
    source=f"Pielou 1966; {_REVIEW}",
    low=0,
    high=1,
    bias="low",
    undefined=_ONE_GROUP,
)
def shannon_evenness(counts: Floats) -> Floats:
    """Entropy as a part of what equally large groups would have: 1 is perfectly even."""
    return _nan_if_single(entropy(counts) / np.log(counts.shape[-1]), counts)


@data_metric(
    "representational",
    "Effective-number evenness",
    formula="exp(H) / G",
    source="Heip, Herman, Soetaert 1998, ratio of Hill numbers of order 1 and 0 (Hill 1973)",
    low=0,
    high=1,
    bias="low",
    undefined=_ONE_GROUP,
)
def effective_evenness(counts: Floats) -> Floats:
    """Effective number of groups as a part of the groups there are; 1 is perfectly even, 1/G one group only."""
    return _nan_if_single(np.exp(entropy(counts)) / counts.shape[-1], counts)


@data_metric(
    "representational",
    "Imbalance ratio",
    formula="max p_g / min p_g",
    source=_REVIEW,
    low=1,
    high=None,
    bias="high",
    undefined=_NO_FACE,
    interval="box",
    bounds=lambda low, high: (np.maximum(low.max() / high.min(), 1.0), high.max() / low.min()),
)
def imbalance_ratio(counts: Floats) -> Floats:
    """How many times as large as the smallest group the largest is."""
    return np.asarray(counts.max(axis=-1) / counts.min(axis=-1))


@data_metric(
    "representational",
    "Berger-Parker dominance",
    formula="max p_g",
    source=f"Berger and Parker 1970; {_REVIEW}",
    low=0,
    high=1,
    bias="high",
    undefined=_NO_FACE,
    interval="box",
    bounds=lambda low, high: (low.max(), high.max()),
)
def berger_parker(counts: Floats) -> Floats:
    """Share of the largest group."""
    return np.asarray(shares(counts).max(axis=-1))


@data_metric(
    "representational",
    "Smallest share",
    formula="min p_g",
    source="share of faces; the counterpart of Berger-Parker dominance",
    low=0,
    high=1,
    bias="low",
    undefined=_NO_FACE,
    interval="box",
    bounds=lambda low, high: (low.min(), high.min()),
)
def smallest_share(counts: Floats) -> Floats:
    """Share of the smallest group."""
    return np.asarray(shares(counts).min(axis=-1))


@data_metric(
    "representational",
    "Normalised standard deviation",
    formula="G / sqrt(G - 1) * sqrt(mean_g (p_g - 1/G)^2)",
    source=_REVIEW,
    low=0,
    high=1,
    bias="high",
    undefined=_ONE_GROUP,
    interval="squares",
)
def normalised_deviation(counts: Floats) -> Floats:
    """Spread of the shares: 0 when all are equal, 1 when one group has every face."""
    groups = counts.shape[-1]
    spread = np.sqrt(((shares(counts) - 1.0 / groups) ** 2).mean(axis=-1))
    return _nan_if_single(spread * groups / np.sqrt(groups - 1.0), counts)


@data_metric(
    "representational",
    "Similarity to balance (DSAP)",
    formula="sum_g min(p_g, 1/G), G counts every named group",
    source="DS_R of arXiv 2312.14626; similarity of Renkonen 1938",
    low=0,
    high=1,
    bias="low",
    undefined=_NO_FACE,
    interval="distance",
    differences=_from_balance,
    levels="declared",
)
def similarity_to_balance(counts: Floats) -> Floats:
    """Part of the profile shared with equally large groups, where a named group without faces counts as missing."""
    return np.asarray(np.minimum(shares(counts), 1.0 / counts.shape[-1]).sum(axis=-1))


@data_metric(
    "representational",
    "Evenness (DSAP)",
    formula="sum_g min(p_g, 1/G), G counts the groups present",
    source="DS_E of arXiv 2312.14626; similarity of Renkonen 1938",
    low=0,
    high=1,
    bias="low",
    undefined=_NO_FACE,
    interval="distance",
    differences=_from_balance,
)
def similarity_evenness(counts: Floats) -> Floats:
    """Part of the profile shared with equally large groups, among the groups that are present."""
    return np.asarray(np.minimum(shares(counts), 1.0 / counts.shape[-1]).sum(axis=-1))
