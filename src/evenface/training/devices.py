"""What a run is computed on, and in which precision."""

from __future__ import annotations

from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision

from evenface.core.errors import SettingsError
from evenface.training.settings import DeviceSettings


def resolve_precision(settings: DeviceSettings) -> str:
    """Give `bf16` or `fp32`: what `auto` means here is `bf16` where there are instructions for it."""
    if settings.precision != "auto":
        return settings.precision
    gpu = settings.accelerator != "cpu" and torch.cuda.is_available()
    fast = torch.cuda.is_bf16_supported(including_emulation=False) if gpu else _cpu_multiplies_bf16()
    return "bf16" if fast else "fp32"


def _cpu_multiplies_bf16() -> bool:
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


class _ExactInputs(MixedPrecision):
    """Multiplications in bfloat16, but what a batch holds stays as it is: an age of 45.3 years is not 45.25."""

    def convert_input(self, data: Any) -> Any:
        """Leave pixels, targets and attributes in their own precision."""
        return data


def make_fabric(settings: DeviceSettings) -> Fabric:
    """Make the Fabric of a run and start its processes.

    Raises:
        SettingsError: There is no GPU, or there are fewer than asked for.
    """
    if settings.accelerator == "gpu" and not torch.cuda.is_available():
        raise SettingsError("device.accelerator = 'gpu', but torch sees no GPU here. Use 'auto' or 'cpu'.")
    gpu = settings.accelerator != "cpu" and torch.cuda.is_available()
    if gpu and settings.devices > torch.cuda.device_count():
        raise SettingsError(
            f"device.devices = {settings.devices}, but there are {torch.cuda.device_count()} GPUs here."
        )
    fabric = Fabric(
        accelerator="cuda" if gpu else "cpu",
        devices=settings.devices,
        num_nodes=settings.nodes,
        strategy="ddp" if settings.devices * settings.nodes > 1 else "auto",
        # As a plug-in, since the name of a precision makes Fabric write to the terminal.
        plugins=[_ExactInputs("bf16-mixed", "cuda" if gpu else "cpu")] if resolve_precision(settings) == "bf16" else [],
    )
    fabric.launch()
    return fabric
