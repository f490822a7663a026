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
        "vae": "evenface.models.nets.vae:VAE",
    },
    hint="Add one: CONTRIBUTING.md#net",
)
