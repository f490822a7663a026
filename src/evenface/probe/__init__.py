"""Probes: what can be read of an attribute from what a model sees, layer by layer, beside what chance would show."""

from evenface.probe.attribute import KINDS, probe
from evenface.probe.result import Leak, Probe, Reading

__all__ = ["KINDS", "Leak", "Probe", "Reading", "probe"]
