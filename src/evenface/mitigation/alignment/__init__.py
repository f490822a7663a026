"""Alignments: penalties on what the latent tells of an attribute. Each is one file; ALIGNMENTS is the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.registry import Registry

if TYPE_CHECKING:
    from evenface.mitigation.alignment._alignment import Alignment

#: Name -> the class of an alignment; `kind` of each `[[mitigation.terms]]` of latent alignment.
ALIGNMENTS: Registry[type[Alignment]] = Registry(
    "alignment",
    {
        "coral": "evenface.mitigation.alignment.coral:CORAL",
        "sliced_wasserstein": "evenface.mitigation.alignment.sliced_wasserstein:SlicedWasserstein",
        "hsic": "evenface.mitigation.alignment.hsic:HSIC",
        "distance_covariance": "evenface.mitigation.alignment.distance_covariance:DistanceCovariance",
        "critic": "evenface.mitigation.alignment.critic:Critic",
        "adversarial": "evenface.mitigation.alignment.adversarial:Adversarial",
        "gradient_reversal": "evenface.mitigation.alignment.gradient_reversal:GradientReversal",
        "uniform_confusion": "evenface.mitigation.alignment.uniform_confusion:UniformConfusion",
        "mmd": "evenface.mitigation.alignment.mmd:MMD",
    },
    hint="Add one: CONTRIBUTING.md#alignment",
)
