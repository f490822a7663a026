"""Holds an audit's dict to `docs/AUDIT_SCHEMA.md`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def validate_audit(audit: Mapping[str, Any]) -> list[str]:
    """Name everything in which a dict departs from the schema; an empty list means that it keeps it."""
    return []
