"""`audit.json` as bytes: the same audit gives the same bytes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

DIGITS = 12  # significant digits kept of a float


def plain(value: Any) -> Any:
    """Reduce a value to what JSON can say, as `docs/AUDIT_SCHEMA.md` asks.

    Floats keep 12 significant digits, negative zero becomes zero, and NaN or an infinity becomes `None`.
    numpy scalars and arrays become Python numbers and lists.

    Raises:
        TypeError: A value that is no mapping, list, tuple, string, number, bool or None.
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") + 0.0 if math.isfinite(value) else None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):  # numpy, without importing it
        return plain(value.tolist())
    raise TypeError(f"audit.json cannot hold a {type(value).__name__}: {value!r}")


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(", ", ": "))


def to_json_bytes(audit: Mapping[str, Any]) -> bytes:
    """Write the audit as UTF-8 JSON with one top-level key, or one entry of a top-level list, per line.

    A line per entry keeps the file readable and its diffs short, at the speed of the C encoder.
    """
    lines = []
    for key, value in plain(audit).items():
        body = _dump(value)
        if isinstance(value, list) and value:
            body = "[\n  " + ",\n  ".join(map(_dump, value)) + "\n ]"
        lines.append(f" {_dump(key)}: {body}")
    # A lone surrogate cannot be UTF-8; its backslash form is a valid JSON escape.
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("utf-8", "backslashreplace")
