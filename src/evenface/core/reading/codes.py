"""Turn the values of the true and predicted columns into classes of a LabelSpace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evenface.core.errors import InputError, did_you_mean
from evenface.core.labels import SPACES, LabelSpace, canonical_names, fold, get_space
from evenface.core.reading.values import is_code, listed, plain_integer
from evenface.core.tables import Notice

Counts = Mapping[str | None, int]
#: Texts in the true column that say that the truth is not known.
NO_TRUTH = frozenset({"", "nan", "na", "n/a", "<na>", "null", "none", "-1"})
#: Texts in the predicted column that say that the model gave no answer.
NO_ANSWER = NO_TRUTH | {
    *("noface", "nofacefound", "nofacedetected", "notdetected", "undetected", "failed", "missing"),
    *("noanswer", "abstain", "abstained", "abstention", "reject", "rejected", "unknown"),
}
MOST_CLASSES = 100


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of a table, and how its values stand for them.

    Attributes:
        space: The classes.
        true: Value of the true column -> class name, or None if the truth is not known.
        pred: Value of the predicted column -> class name, or None for no answer.
        ordered: Whether the order of the classes was given, rather than made up, so that listed scores can follow it.
        notes: Choices, in words.
        warnings: What looks wrong.
    """

    space: LabelSpace
    true: Mapping[str, str | None]
    pred: Mapping[str, str | None]
    ordered: bool
    notes: tuple[str, ...] = ()
    warnings: tuple[Notice, ...] = ()


def name_classes(
    true: Counts,
    pred: Counts,
    source: str,
    labels: str | Sequence[str] | Mapping[str, str] | LabelSpace | None = None,
    code_names: Mapping[str, str] | None = None,
    score_names: Sequence[str] = (),
    score_width: int = 0,
) -> Classes:
    """Find out which classes the values stand for.

    Args:
        true: Values of the true column with counts.
        pred: Values of the predicted column with counts.
        source: Name of the table, for messages.
        labels: The user's LabelSpace, if any; it decides.
        code_names: Code -> name, where another column of the table names the codes.
        score_names: Names of the score columns in order, which name codes 0, 1, …
        score_width: Number of scores per face.

    Raises:
        InputError: A value is in no class, or names and codes are mixed without `labels`.
    """
    known = get_space(labels) if labels is not None else None
    true_values = _values(true, NO_TRUTH, known)
    pred_values = _values(pred, NO_ANSWER, known)
    if not true_values:
        raise InputError(f"{source}: the true class is missing in every row. Nothing can be scored.")
    notes: list[str] = []
    warnings: list[Notice] = []
    if known is None:
        both = {**pred_values, **true_values}
        known, ordered, notes, warnings = _guess(both, source, code_names or {}, list(score_names), score_width)
    else:
        ordered = True
        notes.append(f"Classes: {known.name} ({', '.join(known.names)}).")
    _refuse_unknown(known, source, {"true": true_values, "predicted": pred_values})
    maps = [
        {value: known.find(code) for value, code in found.items()}
        for found in (_codes(true_values), _codes(pred_values))
    ]
    read = {old: new for new, old in known.own.items()} | {
        code: name for found in maps for code, name in found.items() if not is_code(code) and name not in (None, code)
    }
    if read:
        notes.append("Spelled here: " + ", ".join(f"{old} as {new}" for old, new in read.items()) + ".")
    return Classes(known, maps[0], maps[1], ordered, tuple(notes), tuple(warnings))


def _values(counts: Counts, missing: frozenset[str], space: LabelSpace | None) -> dict[str, int]:
    """Keep the values that stand for a class."""
    return {
        value: count
        for value, count in counts.items()
        if value is not None
        and (fold_missing(value) not in missing or (space is not None and space.find(plain_integer(value)) is not None))
    }


def fold_missing(value: str) -> str:
    """Bring a value to the form in which "no answer" texts are compared."""
    code = plain_integer(value)
    return code if code.startswith("-") else "".join(c for c in code.casefold() if c not in " _-")


def _codes(values: Mapping[str, int]) -> dict[str, str]:
    return {value: plain_integer(value) for value in values}


def _refuse_unknown(space: LabelSpace, source: str, columns: Mapping[str, Mapping[str, int]]) -> None:
    faults = []
    for what, values in columns.items():
        odd = {value: count for value, count in values.items() if space.find(plain_integer(value)) is None}
        if odd:
            near = did_you_mean(next(iter(odd)), space.names)
            faults.append(
                f"{source}: the {what} class has values that {space.name} does not know (with counts): "
                f"{listed(odd)}.{near}"
            )
    if faults:
        codes = ", ".join(f"{code} {name}" for code, name in space.codes.items())
        raise InputError(
            "\n".join(faults) + f"\n{space.name} has {', '.join(space.names)}{f' (codes: {codes})' if codes else ''}. "
            "Give labels: a space's name, or names in the order of the codes, or 'code=name' pairs."
        )


_Guess = tuple[LabelSpace, bool, list[str], list[Notice]]


def _guess(
    values: Mapping[str, int], source: str, code_names: Mapping[str, str], score_names: list[str], width: int
) -> _Guess:
    codes = {value: plain_integer(value) for value in values}
    numeric = {value: code for value, code in codes.items() if is_code(code)}
    if len(set(codes.values())) > MOST_CLASSES:
        raise InputError(
            f"{source}: the class columns hold {len(codes):,} different values, such as {listed(list(codes), 3)}; "
            "that is no list of classes. "
            "Name the right columns with label and pred."
        )
    if len(numeric) == len(codes):
        return _guess_codes(sorted(set(codes.values()), key=int), source, code_names, score_names, width)
    if numeric:
        raise InputError(
            f"{source}: the class columns mix codes ({listed(list(numeric))}) and names "
            f"({listed([v for v in codes if v not in numeric])}). "
            "Say which code is which with labels: a space's name such as FER2013, or names in the order of the codes."
        )
    return _guess_names(sorted(codes), score_names)


def _guess_names(names: list[str], score_names: list[str]) -> _Guess:
    """Make a space of names, in the order of the score columns or of the alphabet."""
    scored = LabelSpace.of(score_names) if score_names and len(set(score_names)) == len(score_names) else None
    if scored and all(scored.find(name) for name in names):
        return scored, True, [f"Classes, from the score columns: {', '.join(scored.names)}."], []
    by_fold: dict[str, str] = {}
    for name in names:
        by_fold.setdefault(_expression(name, names), name)
    expressions = tuple(sorted(by_fold))
    own = {new: old for new, old in by_fold.items() if new != old}
    space = LabelSpace("names in the table", expressions, {}, own)
    return space, False, [f"Classes, by name: {', '.join(expressions)}."], []


def _expression(name: str, names: Sequence[str]) -> str:
    """Give the spelling used here if every name is a known expression, else one for names that differ in case only."""
    found = [canonical_names([each]) for each in names]
    if all(found):
        return (canonical_names([name]) or (name,))[0]
    return next(each for each in names if fold(each) == fold(name))


def _guess_codes(
    codes: list[str], source: str, code_names: Mapping[str, str], score_names: list[str], width: int
) -> _Guess:
    if code_names:
        named = {code: code_names.get(code, f"class {code}") for code in codes}
        used = canonical_names(list(named.values())) or tuple(named.values())
        table = dict(zip(named, used, strict=True))
        unnamed = [code for code in codes if code not in code_names]
        warnings = [Notice("unnamed_codes", f"No row names code {', '.join(unnamed)}: give labels.")] if unnamed else []
        own = {new: old for new, old in zip(used, named.values(), strict=True) if new != old}
        said = ", ".join(f"{code} {name}" for code, name in table.items())
        return (
            LabelSpace("names in the table", tuple(used), table, own),
            True,
            [f"Classes, named by another column: {said}."],
            warnings,
        )
    if score_names and not any(map(is_code, score_names)) and int(codes[0]) >= 0 and int(codes[-1]) < len(score_names):
        space = LabelSpace.of(score_names, "score columns")
        said = ", ".join(f"{code} {name}" for code, name in space.codes.items())
        return space, True, [f"Classes, codes named by the order of the score columns: {said}."], []
    if width and int(codes[0]) >= 0 and int(codes[-1]) < width:
        codes = [str(code) for code in range(width)]
    if len(codes) > MOST_CLASSES:
        raise InputError(f"{source}: {len(codes)} classes are more than the {MOST_CLASSES} that can be audited.")
    names = tuple(f"class {code}" for code in codes)
    space = LabelSpace("unnamed codes", names, dict(zip(codes, names, strict=True)))
    fitting = [each.name for each in SPACES.values() if tuple(each.codes) == tuple(codes)]
    hint = (
        f" Codes {codes[0]} to {codes[-1]} would fit {', '.join(fitting)}, each with another order." if fitting else ""
    )
    way_out = "Name them with labels: a space's name, or names in the order of the codes."
    message = f"The classes have codes but no names. {way_out}{hint}"
    return space, True, [f"Classes: {len(names)} codes without names."], [Notice("unnamed_codes", message)]
