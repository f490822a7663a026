"""Nets that can be trained: torch modules that read an expression from aligned faces. NETS is the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.registry import Registry

if TYPE_CHECKING:
    from evenface.models.nets._net import Net

#: Name -> the class of a net; `[net] kind` of a training configuration.
NETS: Registry[type[Net]] = Registry(
    "net",
    {
        "residual": "evenface.models.nets.residual:Residual",
        "macro": "evenface.models.nets.macro:Macro",
        "branch": "evenface.models.nets.branch:Branch",
        "erased": "evenface.models.nets.erased:Erased",
        "group_heads": "evenface.models.nets.group_heads:GroupHeads",
        "group_shift": "evenface.models.nets.group_shift:GroupShift",
        "linear_head": "evenface.models.nets.linear_head:LinearHead",
        "vae": "evenface.models.nets.vae:VAE",
    },
    hint="Add one: CONTRIBUTING.md#net",
)
