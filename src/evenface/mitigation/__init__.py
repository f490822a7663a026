"""Mitigations: what differs from plain training. Each is one file; MITIGATIONS is the table.

A mitigation is something done in training to lessen a gap. Whether it did is for the audit to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.registry import Registry

if TYPE_CHECKING:
    from evenface.mitigation._mitigation import Mitigation

#: Name -> the class of a mitigation; `[mitigation] kind` of a training configuration.
MITIGATIONS: Registry[type[Mitigation]] = Registry(
    "mitigation",
    {
        "erm": "evenface.mitigation.erm:ERM",
        "reweight": "evenface.mitigation.reweight:Reweight",
        "group_dro": "evenface.mitigation.group_dro:GroupDRO",
        "focal": "evenface.mitigation.focal:Focal",
        "ldam": "evenface.mitigation.ldam:LDAM",
        "jtt": "evenface.mitigation.jtt:JTT",
        "mixup": "evenface.mitigation.mixup:Mixup",
        "group_mixup": "evenface.mitigation.group_mixup:GroupMixup",
        "swad": "evenface.mitigation.swad:SWAD",
        "domain_independent": "evenface.mitigation.domain_independent:DomainIndependent",
        "domain_discriminative": "evenface.mitigation.domain_discriminative:DomainDiscriminative",
        "attribute_aware": "evenface.mitigation.attribute_aware:AttributeAware",
        "disentangled": "evenface.mitigation.disentangled:Disentangled",
        "laftr": "evenface.mitigation.laftr:LAFTR",
        "au_triplets": "evenface.mitigation.au_triplets:AUTriplets",
        "dfr": "evenface.mitigation.dfr:DFR",
        "prior_shift": "evenface.mitigation.prior_shift:PriorShift",
        "group_thresholds": "evenface.mitigation.group_thresholds:GroupThresholds",
        "leace": "evenface.mitigation.leace:LEACE",
        "latent_alignment": "evenface.mitigation.latent_alignment:LatentAlignment",
    },
    hint="Add one: CONTRIBUTING.md#mitigation",
)
