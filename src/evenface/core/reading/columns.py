"""Recognise what each column is for by its name, and say so; what cannot be told apart is an error with a way out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from evenface.core.errors import InputError, SettingsError, did_you_mean

_CLASS = "(?:label|labels|class|emotion|expression|y|target)"
_TRUTH = "(?:true|truth|gt|groundtruth|gold|actual|annotated)"
_ANSWER = "(?:pred|preds|predicted|prediction|predictions|hat)"
TRUE = (
    re.compile(rf"{_CLASS}?{_TRUTH}{_CLASS}?|target|targets"),
    re.compile("label|labels|emotion|emotions|expression|expressions|class|category"),
)
PREDICTED = (re.compile(rf"{_CLASS}?{_ANSWER}{_CLASS}?"), re.compile("output|answer|answered|response"))
FACE = tuple(
    re.compile(name)
    for name in (
        "face|faceid",
        "id|uid|uuid",
        "image|imageid|img|imgid|imagename",
        "file|filename",
        "path|filepath|imagepath|imgpath",
    )
)
SUBJECT = tuple(
    re.compile(name)
    for name in (
        "subject|subjectid|subj",
        "person|personid|identity|identityid|participant|participantid",
        "actor|actorid|speaker|speakerid",
    )
)
DEMOGRAPHIC = re.compile(
    "(?:perceived|estimated|selfreported|apparent|attr)?(?:gender|sex|race|ethnicity|ethnicgroup|age|agegroup|ageband|agebin|agerange|"
    "skintone|skintype|skincolor|skincolour|fitzpatrick|monk|region|country|nationality|continent|dataset|religion|culture)"
)
_KIND = "p|prob|probs|proba|probability|probabilities|score|scores|logit|logits"
_SCORE_FIRST = re.compile(rf"({_KIND})[\s_.:\-]+(.+)")
_SCORE_LAST = re.compile(rf"(.+?)[\s_.:\-]+({_KIND})")
SCORE_LIST = re.compile(
    r"(?:y|pred|predict)?(?:logit|logits|prob|probs|proba|probability|probabilities|score|scores|softmax|outputs?)"
)


@dataclass(frozen=True, slots=True)
class Scores:
    """Where scores are.

    Attributes:
        columns: Column per class as the table calls it (`"happy"`, `"0"`), in the table's order; or
        listed: the one column that holds a list of all classes' scores.
        by_place: The columns are in the order of the classes, whatever they are called.
    """

    columns: Mapping[str, str] | None = None
    listed: str | None = None
    by_place: bool = False

    @property
    def used(self) -> tuple[str, ...]:
        """Columns that are read."""
        return (self.listed,) if self.listed else tuple((self.columns or {}).values())


@dataclass(frozen=True, slots=True)
class Columns:
    """What each column of a table is for.

    Attributes:
        true: The true class.
        namers: Columns that may hold the names of the codes in `true`.
        pred: The predicted class, if there is one.
        scores: Possible places of scores, best first.
        face: Identifies the face, if there is one.
        subject: Identifies the person shown, if there is one.
        by: Attributes.
        chosen_by_user: Roles that the user named, which must then work.
    """

    true: str
    namers: tuple[str, ...]
    pred: str | None
    scores: tuple[Scores, ...]
    face: str | None
    subject: str | None
    by: tuple[str, ...]
    chosen_by_user: frozenset[str]


def recognise(
    schema: pl.Schema,
    source: str,
    *,
    by: Sequence[str] | None,
    label: str | None,
    pred: str | None,
    scores: str | Sequence[str] | Mapping[str, str] | None,
    subject: str | None,
    face: str | None,
) -> Columns:
    """Give every column its role; arguments are what the user named, None what is to be found.

    Raises:
        SettingsError: A named column does not exist.
        InputError: A needed column is missing or several fit.
    """
    names = schema.names()
    _check_named(names, source, {"label": label, "pred": pred, "subject": subject, "face": face}, by, scores)
    free = [name for name in names if name not in {label, pred, subject, face, *(by or ())}]
    places = _given_scores(scores, schema) if scores is not None else _score_places(schema, free)
    faults: list[str] = []
    found_pred = pred or _needed(free, PREDICTED, "predicted class", "pred", faults)
    found_true = label or _needed([name for name in free if name != found_pred], TRUE, "true class", "label", faults)
    if found_pred is None and not places and not any("predicted" in fault for fault in faults):
        faults.append(
            "no column was recognised as the predicted class, and none as scores. Name it with pred (or scores). "
            "For a table without predictions, use `evenface data bias`."
        )
    if found_true is None and not any("true class" in fault for fault in faults):
        faults.append("no column was recognised as the true class. Name it with label.")
    groups = tuple(by) if by is not None else _demographic(free, {found_true, found_pred})
    if not groups:
        faults.append(
            "no attribute was recognised to compare groups by (such as gender, race, age). Name some with by."
        )
    if faults or found_true is None:
        raise InputError("\n".join(f"{source}: {fault}" for fault in faults) + f"\nColumns: {', '.join(names)}.")
    rest = [name for name in free if name not in {found_true, found_pred, *groups}]
    namers = () if label else tuple(name for name in rest if TRUE[1].fullmatch(plain(name)))
    named = {"label": label, "pred": pred, "scores": scores, "by": by}
    chosen = frozenset(role for role, value in named.items() if value is not None)
    face_column, subject_column = face or _first(rest, FACE), subject or _first(rest, SUBJECT)
    return Columns(found_true, namers, found_pred, places, face_column, subject_column, groups, chosen)


def plain(name: str) -> str:
    """Bring a column name to the form in which names are compared.

    Example:
        >>> plain("Y_True"), plain("Skin tone")
        ('ytrue', 'skintone')
    """
    return re.sub(r"[\s_.:\-]+", "", name.casefold())


def _check_named(
    names: Sequence[str],
    source: str,
    roles: Mapping[str, str | None],
    by: Sequence[str] | None,
    scores: str | Sequence[str] | Mapping[str, str] | None,
) -> None:
    asked = [(role, name) for role, name in roles.items() if name is not None] + [("by", name) for name in by or ()]
    if scores is not None and not isinstance(scores, str):
        asked += [("scores", name) for name in (scores.values() if isinstance(scores, Mapping) else scores)]
    elif scores is not None:
        asked += [("scores", name.strip()) for name in scores.split(",")]
    if lost := [(role, name) for role, name in asked if name not in names]:
        said = "\n".join(
            f"{source} has no column {name!r} (for {role}).{did_you_mean(name, names)}" for role, name in lost
        )
        raise SettingsError(f"{said}\nColumns: {', '.join(names)}.")
    classes = [(role, name) for role, name in asked if role in ("label", "pred", "by")]
    for role, name in classes:
        if others := [r for r, n in classes if n == name and r != role]:
            raise SettingsError(
                f"Column {name!r} is given both as {role} and as {others[0]}. Each needs its own column."
            )


def _needed(
    names: Sequence[str], tiers: Sequence[re.Pattern[str]], what: str, option: str, faults: list[str]
) -> str | None:
    for tier in tiers:
        fitting = [name for name in names if tier.fullmatch(plain(name))]
        if len(fitting) > 1:
            faults.append(
                f"columns {' and '.join(map(repr, fitting))} could each be the {what}. Choose one with {option}."
            )
            return None
        if fitting:
            return fitting[0]
    return None


def _first(names: Sequence[str], tiers: Sequence[re.Pattern[str]]) -> str | None:
    return next((name for tier in tiers for name in names if tier.fullmatch(plain(name))), None)


def _demographic(names: Sequence[str], taken: set[str | None]) -> tuple[str, ...]:
    """Choose demographic columns; of an age in years and an age band, the band alone."""
    found = [name for name in names if name not in taken and DEMOGRAPHIC.fullmatch(plain(name))]
    if any(re.search("age(group|band|bin|range)$", plain(name)) for name in found):
        found = [name for name in found if plain(name) != "age"]
    return tuple(found)


def _given_scores(scores: str | Sequence[str] | Mapping[str, str], schema: pl.Schema) -> tuple[Scores, ...]:
    if isinstance(scores, Mapping):
        return (Scores(dict(scores)),)
    names = [name.strip() for name in scores.split(",")] if isinstance(scores, str) else list(scores)
    if len(names) == 1:
        if schema[names[0]].is_numeric():
            raise SettingsError(
                f"Column {names[0]!r} holds one number per face; scores need one column per class, or a list column."
            )
        return (Scores(listed=names[0]),)
    suffixes = [_suffix(name) for name in names]
    return (
        Scores(
            dict(zip(suffixes, names, strict=True))
            if len(set(suffixes)) == len(names)
            else dict(zip(names, names, strict=True)),
            by_place=True,
        ),
    )


def _suffix(name: str) -> str:
    if match := _SCORE_FIRST.fullmatch(name.casefold()):
        return name[match.start(2) :]
    if match := _SCORE_LAST.fullmatch(name.casefold()):
        return name[: match.end(1)]
    return name


def _score_places(schema: pl.Schema, names: Sequence[str]) -> tuple[Scores, ...]:
    """Find families such as `p_happy, p_sad, …`, then list columns."""
    families: dict[str, dict[str, str]] = {}
    for name in names:
        first, last = _SCORE_FIRST.fullmatch(name.casefold()), _SCORE_LAST.fullmatch(name.casefold())
        if first or last:
            kind = first[1] + "_" if first else "_" + last[2] if last else ""
            families.setdefault(kind, {})[_suffix(name)] = name
    in_columns = [Scores(family) for family in families.values() if len(family) > 1]
    lists = [
        Scores(listed=name) for name in names if SCORE_LIST.fullmatch(plain(name)) and not schema[name].is_numeric()
    ]
    return (*in_columns, *lists)
