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
        "latent_alignment": "evenface.mitigation.latent_alignment:LatentAlignment",
    },
    hint="Add one: CONTRIBUTING.md#mitigation",
)
