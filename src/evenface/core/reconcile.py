"""Bring the classes of one LabelSpace to another, openly: what is renamed, merged and dropped is said in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evenface.core.errors import SettingsError, did_you_mean
from evenface.core.labels import LabelSpace

#: Expression -> the wider class it belongs to, where the target has that class and not the expression.
#: As SMIC and the composite micro-expression challenge (See et al., FG 2019) join them. Neutral belongs to none.
WIDER: Mapping[str, str] = {
    "happy": "positive",
    "angry": "negative",
    "contempt": "negative",
    "disgust": "negative",
    "fear": "negative",
    "sad": "negative",
}


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """How each class of a source space is read in a target space.

    Attributes:
        source: The space that labels come in.
        target: The space that is reported.
        table: Each source class -> target class, or None where the class is dropped.
    """

    source: LabelSpace
    target: LabelSpace
    table: Mapping[str, str | None]

    @property
    def dropped(self) -> tuple[str, ...]:
        """The source classes that the target has no place for."""
        return tuple(name for name, into in self.table.items() if into is None)

    @property
    def sentence(self) -> str:
        """Say what happens to every class."""
        kept = [name for name, into in self.table.items() if into == name]
        parts = [f"kept: {', '.join(kept)}"] if kept else []
        for into in self.target.names:
            joined = [name for name, goes in self.table.items() if goes == into and name != into]
            if joined:
                parts.append(f"{' + '.join([into] * (into in kept) + joined)} -> {into}")
        if self.dropped:
            parts.append(f"dropped: {', '.join(self.dropped)}")
        if absent := [name for name in self.target.names if name not in self.table.values()]:
            parts.append(f"without a source: {', '.join(absent)}")
        return f"Classes reconciled, from {self.source.name} to {self.target.name}: {'; '.join(parts)}."


def reconcile(source: LabelSpace, target: LabelSpace, merge: Mapping[str, str] | None = None) -> Reconciliation:
    """Decide what each class of `source` is in `target`.

    A class of the same name stays; one that is part of a wider class of the target goes there (happy -> positive); any
    other is dropped, unless `merge` says where it goes.

    Args:
        source: The space that labels come in.
        target: The space to report.
        merge: Source class -> target class, above the rules; `{"contempt": "disgust"}`.

    Raises:
        SettingsError: `merge` names a class that is in neither space, or no class would be left.
    """
    chosen: dict[str, str] = {}
    for name, into in (merge or {}).items():
        old, new = source.find(name), target.find(into)
        if old is None or new is None:
            wrong, space = (name, source) if old is None else (into, target)
            raise SettingsError(
                f"{space.name} has no class {wrong!r}.{did_you_mean(wrong, space.names)} Classes: "
                f"{', '.join(space.names)}."
            )
        chosen[old] = new
    table = {name: chosen.get(name) or _place(name, target) for name in source.names}
    if not any(table.values()):
        raise SettingsError(
            f"{source.name} ({', '.join(source.names)}) and {target.name} ({', '.join(target.names)}) share "
            "no class. Say where each goes with merge."
        )
    return Reconciliation(source, target, table)


def _place(name: str, target: LabelSpace) -> str | None:
    found = target.find(name)
    if found is None and WIDER.get(name) in target.names:
        return WIDER[name]
    return found
