"""The written form of what probes found; reads only the dict of `docs/PROBE_SCHEMA.md`, and pictures."""

from evenface.report.probe.files import FORMATS, write
from evenface.report.probe.schema import validate_probe

__all__ = ["FORMATS", "validate_probe", "write"]
