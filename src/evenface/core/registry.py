"""Registry: a lazy table of plug-ins, name -> `"module:object"`.

The table is a plain dict in the `__init__.py` of the folder that holds the plug-ins. It can be grepped,
is the page that a newcomer reads, and imports nothing: a plug-in is loaded when it is first asked for.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Generic, TypeVar, cast

from evenface.core.errors import SettingsError, UnknownNameError, did_you_mean

T = TypeVar("T")

_TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


class Registry(Generic[T]):
    """Names of one kind of plug-in, each resolved on demand.

    Iterating gives the names in the order of the table.

    Example:
        >>> roots = Registry("root", {"square": "math:sqrt"}, hint="More: see README.md.")
        >>> roots.get("square")(9.0)
        3.0
        >>> roots.get("sqare")
        Traceback (most recent call last):
        ...
        evenface.core.errors.UnknownNameError: Unknown root 'sqare'. Did you mean 'square'? Available: square. \
More: see README.md.
    """

    def __init__(self, kind: str, table: Mapping[str, str], *, hint: str = "") -> None:
        """Take the table as it stands; nothing in it is imported.

        Args:
            kind: What the names name, in the singular, for messages: `"metric"`.
            table: Name -> `"module:object"`.
            hint: Next step for a reader who did not find a name.

        Raises:
            SettingsError: A line is malformed, or two names differ in case only.
        """
        self.kind, self.hint = kind, hint
        self._targets: dict[str, str] = {}
        for name, target in table.items():
            self.add(name, target)

    def add(self, name: str, target: str) -> None:
        """Add one line: how a plug-in that lives outside this package joins the table.

        Raises:
            SettingsError: The name is taken (letter case does not tell names apart), or `target` is not
                of the form `"module:object"`.
        """
        taken = {known.casefold(): known for known in self._targets}.get(name.casefold())
        if taken is not None:
            raise SettingsError(
                f"{self.kind} {name!r} is already in the table, as {taken!r} -> {self._targets[taken]!r}."
            )
        if not name or not _TARGET.fullmatch(target):
            raise SettingsError(f"{self.kind} {name!r}: got {target!r}, but a line is a name -> 'module:object'.")
        self._targets[name] = target

    def get(self, name: str) -> T:
        """Load and return the object that `name` stands for.

        Raises:
            UnknownNameError: `name` is not in the table.
            SettingsError: The line points at a module or object that does not exist.
        """
        target = self.target(name)
        module_name, _, attribute = target.partition(":")
        try:
            module = import_module(module_name)
        except ModuleNotFoundError as error:
            # A module that exists but needs something which is not installed says so itself.
            if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
                raise
            raise SettingsError(
                f"The table of {self.kind}s says {name!r} -> {target!r}, but there is no module {error.name!r}."
            ) from error
        if not hasattr(module, attribute):
            raise SettingsError(
                f"The table of {self.kind}s says {name!r} -> {target!r}, but {module_name} has no {attribute!r}."
                f"{did_you_mean(attribute, dir(module))}"
            )
        return cast(T, getattr(module, attribute))

    def target(self, name: str) -> str:
        """Give the `"module:object"` of `name` without loading it; an unknown name raises UnknownNameError."""
        if name not in self._targets:
            raise UnknownNameError(self.kind, name, self._targets, self.hint)
        return self._targets[name]

    def names(self) -> tuple[str, ...]:
        """Give all names, in the order of the table."""
        return tuple(self._targets)

    def origin(self, name: str) -> str:
        """Tell where `name` is defined, as `"path/of/file.py:line"`; loads it, and raises as `get` does."""
        self.get(name)
        module_name, _, attribute = self.target(name).partition(":")
        module: Any = import_module(module_name)
        source = inspect.getsource(module)
        found = re.search(rf"^(?:async def |def |class )?{attribute}\b", source, re.MULTILINE)
        line = source.count("\n", 0, found.start()) + 1 if found else 1
        return f"{inspect.getsourcefile(module)}:{line}"

    def __iter__(self) -> Iterator[str]:
        return iter(self._targets)

    def __len__(self) -> int:
        return len(self._targets)

    def __contains__(self, name: object) -> bool:
        return name in self._targets
