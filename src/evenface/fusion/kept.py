"""Kept: arrays of a stretch of work, written whole, so that a study that stops loses no more than one stretch."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from evenface.core.errors import InputError
from evenface.core.writing import RESUME, explained, replacing


class Kept:
    """A dataclass whose fields are arrays."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Any]]

    def save(self, path: Path) -> None:
        """Write it whole or not at all.

        Raises:
            InputError: It cannot be written.
        """
        with explained(path, RESUME):
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as part, part.open("wb") as file:
                np.savez_compressed(file, allow_pickle=False, **{f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            InputError: It cannot be read.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                return cls(**{field.name: file[field.name] for field in fields(cls)})
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{path} cannot be read ({error}). Remove it, and start again with --resume.") from error
