"""How counts and levels are written, alike in every room."""

from __future__ import annotations


def counted(n: int, thing: str, things: str | None = None) -> str:
    """Write a number of things.

    Args:
        n: How many.
        thing: One of them.
        things: Several of them; None: `thing` with an s.

    Example:
        >>> counted(1, "group"), counted(2400, "face"), counted(2, "face of one person", "faces of one person")
        ('1 group', '2,400 faces', '2 faces of one person')
    """
    return f"{n:,} {thing if n == 1 else things or thing + 's'}"


def percent(level: float) -> str:
    """Write a level of confidence.

    Example:
        >>> percent(0.95), percent(0.999)
        ('95 %', '99.9 %')
    """
    return f"{100 * level:g} %"


LEVELS = (0.1, 0.05, 0.01)


def p_digits(p: float, digits: int = 2, kind: str = "g") -> str:
    """Write p with as many digits as show on which side of the usual levels it lies, at least `digits`.

    Args:
        p: In (0, 1].
        digits: Significant ones, or decimals.
        kind: `"g"`: significant digits; `"f"`: decimals.

    Example:
        >>> p_digits(0.0312), p_digits(50 / 1001), p_digits(0.05), p_digits(50 / 1001, 3, "f")
        ('0.031', '0.04995', '0.05', '0.04995')
    """
    texts = (f"{p:.{n}{kind}}" for n in range(digits, 16))
    return next((t for t in texts if all((float(t) < level) == (p < level) for level in LEVELS)), str(p))


def alpha(level: float) -> float:
    """One less the level, as it is meant: 1 - 0.95 is 0.05000000000000004, and p = 0.05 is not below 0.05.

    Example:
        >>> alpha(0.95), alpha(0.99)
        (0.05, 0.01)
    """
    return round(1 - level, 12)
