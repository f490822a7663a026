"""Grouping: attributes -> named groups, single and crossed.

A grouping is written `"gender × race"`, a group in it `"gender=Female, race=White"`. These texts are the only place
where a crossing is put into words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from evenface.core.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Grouping:
    """One attribute, or several crossed.

    Attributes:
        by: Names of the attributes, in the user's order.
    """

    by: tuple[str, ...]

    def __str__(self) -> str:
        return by_name(self.by)

    def group(self, levels: Sequence[str]) -> str:
        """Name the group that has these levels, one per attribute."""
        return group_name(self.by, levels)


def by_name(by: Sequence[str]) -> str:
    """Name a grouping.

    Example:
        >>> by_name(("gender", "race"))
        'gender × race'
    """
    return " × ".join(by)


def group_name(by: Sequence[str], levels: Sequence[str]) -> str:
    """Name a group.

    Args:
        by: Names of the attributes.
        levels: One level per attribute.

    Raises:
        SettingsError: There are more or fewer levels than attributes.

    Example:
        >>> group_name(("gender", "race"), ("Female", "White"))
        'gender=Female, race=White'
    """
    if len(by) != len(levels):
        raise SettingsError(f"{by_name(by)} needs {len(by)} levels, got {len(levels)}: {', '.join(levels)}.")
    return ", ".join(f"{name}={level}" for name, level in zip(by, levels, strict=True))


def crossings(names: Sequence[str], cross: int) -> list[tuple[str, ...]]:
    """Give every attribute, then every pair, and so on up to `cross` attributes.

    Raises:
        SettingsError: `cross` is below 1.

    Example:
        >>> crossings(["gender", "race", "age"], 2)
        [('gender',), ('race',), ('age',), ('gender', 'race'), ('gender', 'age'), ('race', 'age')]
    """
    if cross < 1:
        raise SettingsError(f"cross is how many attributes are crossed at most: 1 (none) or more, got {cross}.")
    return [by for size in range(1, min(cross, len(names)) + 1) for by in combinations(names, size)]


def groupings(names: Sequence[str], cross: int) -> list[Grouping]:
    """Give the groupings of `crossings`."""
    return [Grouping(by) for by in crossings(names, cross)]


def parse_by(text: str) -> tuple[str, ...]:
    """Read a crossing written with `*`, `×` or a lone `x`.

    Raises:
        SettingsError: A name is missing or comes twice.

    Example:
        >>> parse_by("gender*race"), parse_by("gender x race"), parse_by("sex × max")
        (('gender', 'race'), ('gender', 'race'), ('sex', 'max'))
    """
    names = tuple(part.strip() for part in re.split(r"\*|×|\s[xX]\s", text))
    if not all(names) or len(set(names)) < len(names):
        raise SettingsError(
            f"Cannot read {text!r} as attributes to cross. Write names once each, such as 'gender*race'."
        )
    return names
