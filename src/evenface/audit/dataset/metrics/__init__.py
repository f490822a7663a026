"""THE TABLE of metrics of a data set.

To add one, write a function over counts with `@data_metric(...)` and add its line.
Shapes: counts of groups are `(..., group)`, of groups by labels `(..., group, label)`; draws come in front.
"""

from __future__ import annotations

from evenface.audit.dataset.spec import DataMetric
from evenface.core.registry import Registry

_HERE = "evenface.audit.dataset.metrics"

DATA_METRICS: Registry[DataMetric] = Registry(
    "data metric",
    {
        "richness": f"{_HERE}.representational:richness",
        "shannon_entropy": f"{_HERE}.representational:shannon_entropy",
        "effective_number": f"{_HERE}.representational:effective_number",
        "simpson": f"{_HERE}.representational:simpson",
        "inverse_simpson": f"{_HERE}.representational:inverse_simpson",
        "shannon_evenness": f"{_HERE}.representational:shannon_evenness",
        "effective_evenness": f"{_HERE}.representational:effective_evenness",
        "imbalance_ratio": f"{_HERE}.representational:imbalance_ratio",
        "berger_parker": f"{_HERE}.representational:berger_parker",
        "smallest_share": f"{_HERE}.representational:smallest_share",
        "normalised_deviation": f"{_HERE}.representational:normalised_deviation",
        "similarity_to_balance": f"{_HERE}.representational:similarity_to_balance",
        "similarity_evenness": f"{_HERE}.representational:similarity_evenness",
        "cramers_v": f"{_HERE}.stereotypical:cramers_v",
        "cramers_v_corrected": f"{_HERE}.stereotypical:cramers_v_corrected",
        "tschuprows_t": f"{_HERE}.stereotypical:tschuprows_t",
        "pearsons_c": f"{_HERE}.stereotypical:pearsons_c",
        "mutual_information": f"{_HERE}.stereotypical:mutual_information",
        "mutual_information_joint": f"{_HERE}.stereotypical:mutual_information_joint",
        "theils_u_label": f"{_HERE}.stereotypical:theils_u_label",
        "theils_u_group": f"{_HERE}.stereotypical:theils_u_group",
        "similarity_of_labels": f"{_HERE}.stereotypical:similarity_of_labels",
        "ducher_z": f"{_HERE}.local:ducher_z",
        "pointwise_information": f"{_HERE}.local:pointwise_information",
        "normalised_pointwise_information": f"{_HERE}.local:normalised_pointwise_information",
        "adjusted_residual": f"{_HERE}.local:adjusted_residual",
        "dsap": f"{_HERE}.similarity:dsap",
    },
    hint="Add one: CONTRIBUTING.md#metric",
)

__all__ = ["DATA_METRICS"]
