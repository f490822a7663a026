"""From arrays to the object of `counterfactual.json`; docs/COUNTERFACTUAL_SCHEMA.md says what each key holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenface.audit.counterfactual.estimates import Differences, Means, difference
from evenface.audit.counterfactual.families import MOST_VARIANTS, Families
from evenface.audit.counterfactual.measure import Pair, Whole
from evenface.audit.counterfactual.reading import Answers
from evenface.audit.counterfactual.swaps import Chance, Cochran
from evenface.audit.jsonable import number

if TYPE_CHECKING:
    from evenface.audit.counterfactual.run import CounterfactualSettings

__all__ = ["MOST_VARIANTS", "describe", "describe_input", "describe_test", "examples", "no_test", "transitions_of"]
NO_ANSWER = "no answer"
EACH_TRANSITION = 3  # examples of one transition, so that one mistake does not fill the page
LONE = "a single person or family gives no interval"
_NO_FAMILY = "no family has an answer to two variants"


def describe_input(answers: Answers, sets: Sequence[Families], clusters: int) -> dict[str, Any]:
    """What was audited."""
    frame = answers.frame.unique("row")
    return {
        "source": answers.source,
        "sha256": answers.sha256,
        "rows": answers.rows,
        "answered": frame["answer"].count(),
        "families": len({name for each in sets for name in each.names}),
        "subjects": clusters if answers.persons else None,
        "scores": answers.scores is not None,
        "images": frame["image"].count(),
        "classes": list(answers.labels.names),
        "label_space": answers.labels.name,
    }


def describe(
    sets: Sequence[Families],
    wholes: Sequence[Whole],
    pairs: Sequence[Sequence[Pair]],
    chance: Chance,
    tests: Sequence[dict[str, Any]],
    control: Whole | None,
    settings: CounterfactualSettings,
) -> dict[str, Any]:
    """`baseline`, `attributes`, `pairs` and `transitions`."""
    noise = None if control is None else control.flip
    baseline = {
        "attribute": next((each.attribute for each in sets if each.control), None),
        "flip": None if noise is None else estimate(noise, 0, _NO_FAMILY),
    }
    attributes = [_attribute(each, whole, test, noise) for each, whole, test in zip(sets, wholes, tests, strict=True)]
    described, moves = [], []
    for s, (families, measured) in enumerate(zip(sets, pairs, strict=True)):
        for pair in measured:
            described.append(_pair(s, families, pair, chance, noise, settings))
            moves += _transitions(s, families, pair, chance)
    moves.sort(key=lambda m: (-abs(m["net"]), -m["count"]))  # stable: ties stay in the order of attributes and classes
    return {"baseline": baseline, "attributes": attributes, "pairs": described, "transitions": moves}


def estimate(found: Means, at: int, why: str) -> dict[str, Any]:
    """One mean: value, interval, families; and why where it is undefined."""
    value = number(found.value[at])
    lone = found.df[at] == 0
    return {
        "value": value,
        "low": number(found.low[at]),
        "high": number(found.high[at]),
        "n": int(found.families[at]),
        "undefined": why if value is None else LONE if lone else None,
    }


def _excess(found: Means, noise: Means | None, families: Families) -> dict[str, Any]:
    """How much more often answers flip than by rendering noise."""
    why = "the set holds no control, such as another seed of the noise, so the rate of noise alone is not known"
    if noise is None or families.control:
        return {"value": None, "low": None, "high": None, "undefined": "this is the control" if noise else why}
    why = "no family with two answers, here or in the control"
    return _difference(difference(noise, found), 0, why)


def _difference(found: Differences, at: int, why: str) -> dict[str, Any]:
    value, low, high = number(found.value[at]), number(found.low[at]), number(found.high[at])
    alike = LONE if found.lone[at] else "nothing varies between persons or families"
    reason = why if value is None else None if low is not None else alike
    return {"value": value, "low": low, "high": high, "undefined": reason}


def _attribute(families: Families, whole: Whole, test: dict[str, Any], noise: Means | None) -> dict[str, Any]:
    none = "no image of this variant"
    variants = [
        {
            "variant": name,
            "n": int(families.there[:, v].sum()),
            "answered": int(families.answered[:, v].sum()),
            "accuracy": estimate(whole.accuracy, v, none),
            "coverage": estimate(whole.answered, v, none),
        }
        for v, name in enumerate(families.variants)
    ]
    by_class = [
        {"class": name, "flip": estimate(whole.by_class, c, "no such family has an answer to two variants")}
        for c, name in enumerate(families.classes)
    ]
    return {
        "attribute": families.attribute,
        "control": families.control,
        "families": len(families.names),
        "complete": int(families.there.all(1).sum()),
        "variants": variants,
        "flip": estimate(whole.flip, 0, _NO_FAMILY),
        "excess": _excess(whole.flip, noise, families),
        "any_flip": estimate(whole.any_flip, 0, _NO_FAMILY),
        "lost": estimate(whole.lost, 0, "no families"),
        "by_class": by_class,
        "cochran": test,
    }


def describe_test(found: Cochran) -> dict[str, Any]:
    """Cochran's Q, or why there is none."""
    if not np.isfinite(found.q):
        return no_test(found.families, "every family was read alike in all variants: all right or all wrong")
    return {"q": float(found.q), "df": found.df, "p": found.p, "families": found.families, "undefined": None}


def no_test(families: int, why: str) -> dict[str, Any]:
    """Cochran's Q where it is not defined."""
    return {"q": None, "df": None, "p": None, "families": families, "undefined": why}


def _pair(
    s: int, families: Families, pair: Pair, chance: Chance, noise: Means | None, settings: CounterfactualSettings
) -> dict[str, Any]:
    key = (s, pair.a, pair.b)
    n, none = int(pair.both.sum()), len(families.classes)
    small = n < settings.min_families
    one, two = (families.right[pair.both, v] for v in (pair.a, pair.b))
    answered = int(pair.table[:none, :none].sum())
    accuracy = _tested(pair.right, 0, chance, (*key, "accuracy", 0), settings, small=small)
    shifts = [
        {"class": name} | _tested(pair.share, c, chance, (*key, "class", c), settings, small=small)
        for c, name in enumerate((*families.classes, NO_ANSWER))
    ]
    return {
        "attribute": families.attribute,
        "control": families.control,
        "a": families.variants[pair.a],
        "b": families.variants[pair.b],
        "n": n,
        "small": small,
        "answered": answered,
        "flips": answered - int(np.trace(pair.table[:none, :none])),
        "only_a_answered": int(pair.table[:none, none].sum()),
        "only_b_answered": int(pair.table[none, :none].sum()),
        "flip": estimate(pair.flip, 0, "no family has an answer to both"),
        "excess": _excess(pair.flip, noise, families),
        "both_right": int((one & two).sum()),
        "only_a_right": int((one & ~two).sum()),
        "only_b_right": int((two & ~one).sum()),
        "neither_right": int((~one & ~two).sum()),
        "accuracy": accuracy,
        "shifts": shifts,
        "probability_intended": _probability(pair, chance, (*key, "probability", 0), settings, small=small),
        "distance": None if pair.distance is None else estimate(pair.distance, 0, "no family has both probabilities"),
    }


def _tested(
    found: tuple[Means, Means, Differences],
    at: int,
    chance: Chance,
    key: tuple[object, ...],
    settings: CounterfactualSettings,
    *,
    small: bool,
) -> dict[str, Any]:
    """A share under `a` and under `b`, its change with an interval, and p."""
    a, b, change = found
    entry = {"a": number(a.value[at]), "b": number(b.value[at])}
    moved = _difference(change, at, "no family has both variants")
    return entry | {"change": moved["value"]} | _p(moved, chance, key, settings, small=small)


def _p(
    moved: Mapping[str, Any],
    chance: Chance,
    key: tuple[object, ...],
    settings: CounterfactualSettings,
    *,
    small: bool,
) -> dict[str, Any]:
    why = moved["undefined"] or (f"fewer than {settings.min_families} families: not tested" if small else None)
    known = key in chance.p and moved["value"] is not None
    return {
        "low": moved["low"],
        "high": moved["high"],
        "p": number(chance.p[key]) if known else None,
        "p_adjusted": number(chance.adjusted[key]) if known else None,
        "undefined": why,
    }


def _probability(
    pair: Pair, chance: Chance, key: tuple[object, ...], settings: CounterfactualSettings, *, small: bool
) -> dict[str, Any] | None:
    if pair.probability is None:
        return None
    a, b, change = pair.probability
    moved = _difference(change, 0, "no family has both probabilities")
    entry = {"a": number(a[0]), "b": number(b[0]), "change": moved["value"]}
    return entry | _p(moved, chance, key, settings, small=small)


def transitions_of(table: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Pairs of different answers x < y that some family changed between."""
    both = np.triu(table + table.T, 1)
    yield from ((int(x), int(y)) for x, y in zip(*np.nonzero(both), strict=True))


def _transitions(s: int, families: Families, pair: Pair, chance: Chance) -> list[dict[str, Any]]:
    """Each change of answer in its more frequent direction and, where it can be, as the loss of a right answer."""
    names = (*families.classes, NO_ANSWER)
    true = families.true[pair.both]
    given = families.answer[pair.both][:, [pair.a, pair.b]]
    out = []
    for x, y in transitions_of(pair.table):
        u, v = (x, y) if pair.table[x, y] >= pair.table[y, x] else (y, x)
        went = (given[:, 0] == u) & (given[:, 1] == v)
        turned = (true[went] == v).sum() > (true[went] == u).sum()  # a gain from a to b is a loss from b to a
        start, end = (pair.b, pair.a) if turned else (pair.a, pair.b)
        first, last = (v, u) if turned else (u, v)
        count, back = int(pair.table[u, v]), int(pair.table[v, u])
        key = (s, pair.a, pair.b, "transition", x, y)
        out.append(
            {
                "attribute": families.attribute,
                "control": families.control,
                "a": families.variants[start],
                "b": families.variants[end],
                "from": names[first],
                "to": names[last],
                "count": count,
                "intended": int((true[went] == first).sum()),
                "of": int((pair.table.T if turned else pair.table)[first].sum()),
                "back": back,
                "net": count - back,
                "consistency": count / (count + back),
                "p": number(chance.p[key]) if key in chance.p else None,
                "p_adjusted": number(chance.adjusted[key]) if key in chance.adjusted else None,
            }
        )
    return out


def examples(
    sets: Sequence[Families], moves: Sequence[Mapping[str, Any]], classes: Sequence[str], most: int
) -> list[dict[str, Any]]:
    """Families that made the most one-sided transitions, each once and a few of each: examples and no sample."""
    known = {each.attribute: each for each in sets}
    place = {name: i for i, name in enumerate((*classes, NO_ANSWER))}
    out: list[dict[str, Any]] = []
    for move in moves:
        if len(out) >= most:
            break
        if not move["control"]:
            shown = {each["family"] for each in out}
            out += _who_went(known[move["attribute"]], move, place, shown)[: most - len(out)]
    return out


def _who_went(
    families: Families, move: Mapping[str, Any], place: Mapping[str, int], shown: set[str]
) -> list[dict[str, Any]]:
    """Families that made a transition and are not shown yet; those that lost a right answer come first."""
    a, b = families.variants.index(move["a"]), families.variants.index(move["b"])
    start, end = place[move["from"]], place[move["to"]]
    went = np.flatnonzero((families.answer[:, a] == start) & (families.answer[:, b] == end))
    went = went[np.argsort(families.true[went] != start, kind="stable")]
    fresh = [f for f in map(int, went) if families.names[f] not in shown][:EACH_TRANSITION]
    return [
        {
            "attribute": families.attribute,
            "family": families.names[f],
            "a": move["a"],
            "b": move["b"],
            "intended": families.classes[int(families.true[f])],
            "from": move["from"],
            "to": move["to"],
            "image_a": families.image[f, a],
            "image_b": families.image[f, b],
        }
        for f in fresh
    ]
