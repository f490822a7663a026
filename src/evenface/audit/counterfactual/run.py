"""The audit of a counterfactual set: a table of predictions in, a `Counterfactual` out.

Table -> families of each changed attribute -> flips, shifts and accuracy of every pair of variants -> coins for what
luck alone gives -> `Counterfactual`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from evenface import __version__
from evenface.audit.compare.mcnemar import mcnemar_mid_p
from evenface.audit.counterfactual import document as doc
from evenface.audit.counterfactual.families import Families, gather
from evenface.audit.counterfactual.measure import Frame, Pair, measure_pairs, measure_whole, one_way
from evenface.audit.counterfactual.reading import Answers, read_answers
from evenface.audit.counterfactual.result import SCHEMA, Counterfactual
from evenface.audit.counterfactual.swaps import Chance, Column, cochran, turn
from evenface.audit.counterfactual.words import summary
from evenface.audit.document import describe_versions
from evenface.core.errors import SettingsError, UnknownNameError
from evenface.core.tables import Notice

FEW_PERSONS = 10


@dataclass(frozen=True, slots=True)
class CounterfactualSettings:
    """How a counterfactual audit is made.

    Attributes:
        resamples: Sets of coins behind p, and exchanges behind Cochran's Q.
        seed: Of all draws; the same seed gives the same bytes.
        min_families: A pair of variants with fewer families is shown, but takes no part in tests.
        level: Confidence of intervals.
        examples: Families that flipped to name, for pictures of them.
    """

    resamples: int = 1000
    seed: int = 0
    min_families: int = 20
    level: float = 0.95
    examples: int = 12

    def check(self) -> None:
        """Raise SettingsError for every setting that makes no sense, all at once."""
        faults = []
        if self.resamples < 100:
            faults.append(f"resamples must be 100 or more (1000 is usual), got {self.resamples}.")
        if self.seed < 0:
            faults.append(f"seed is a whole number, 0 or more, got {self.seed}.")
        if self.min_families < 1:
            faults.append(f"min_families is the least number of tested families: 1 or more, got {self.min_families}.")
        if not 0.5 <= self.level < 1:
            faults.append(f"level is the confidence of intervals, from .5 to below 1, got {self.level}.")
        if self.examples < 0:
            faults.append(f"examples is a number of families, 0 or more, got {self.examples}.")
        if faults:
            raise SettingsError("\n".join(faults))


def counterfactual(
    source: object,
    *,
    family: str | None = None,
    variant: str | None = None,
    changed: str | None = None,
    image: str | None = None,
    control: Sequence[str] | None = None,
    settings: CounterfactualSettings | None = None,
    **options: Any,
) -> Counterfactual:
    """Measure how often an answer changes when one attribute of a face is changed and nothing else.

    Args:
        source: What `evenface.audit` takes: a path, a table or a mapping of columns; one row per image.
        family: Column of the family: images alike in everything but what was changed. None: found by its name.
        variant: Column of the variant, such as `gender=female`.
        changed: Column of what was changed; without one it is read off the variants. Empty for a family's base.
        image: Column of the picture's path.
        control: Changes that leave what is shown as it is, such as another seed of the noise: they tell how often
            answers differ by rendering alone. None: those usually named so (`image_seed`, `control`, …).
        settings: Resamples, seed and so on.
        **options: Any field of `CounterfactualSettings` by its name; all else says how to read the table: `label`,
            `pred`, `scores`, `subject`, `labels`, `into`, as for `evenface.core.reading.read_predictions`.

    Returns:
        Flip rates, shifts, paired tests and transitions as data; `evenface.report.counterfactual.write` writes them.

    Raises:
        InputError: The table cannot be read as predictions on a counterfactual set.
        SettingsError: A setting makes no sense.
        UnknownNameError: A control is no attribute of the table.

    Example:
        >>> rows = {"family": [0, 0, 1, 1, 2, 2], "variant": ["age=20", "age=80"] * 3, "label": ["happy"] * 6}
        >>> rows |= {"pred": ["happy", "sad", "happy", "happy", "happy", "sad"]}
        >>> found = counterfactual(rows, min_families=1)
        >>> round(found.pair("age=20", "age=80")["flip"]["value"], 3)
        0.667
    """
    from threadpoolctl import threadpool_limits  # here, since importing it writes to the environment

    own = {f.name for f in fields(CounterfactualSettings)}
    settings = replace(settings or CounterfactualSettings(), **{k: v for k, v in options.items() if k in own})
    settings.check()
    roles = {"family": family, "variant": variant, "changed": changed, "image": image}
    answers = read_answers(source, roles, **{k: v for k, v in options.items() if k not in own})
    sets, warnings = gather(answers, control)
    if lost := sorted(set(control or ()) - {each.attribute for each in sets}):
        raise UnknownNameError("changed attribute", lost[0], [each.attribute for each in sets])
    with threadpool_limits(1, "blas"):
        return Counterfactual(_measure(answers, sets, warnings, settings), answers.folder)


def _measure(
    answers: Answers, sets: Sequence[Families], warnings: Sequence[Notice], settings: CounterfactualSettings
) -> dict[str, Any]:
    clusters = 1 + max(int(each.cluster.max()) for each in sets)
    frame = Frame(clusters, answers.persons, settings.level)
    scores = None if answers.scores is None else answers.scores.to_numpy()
    wholes = [measure_whole(each, frame) for each in sets]
    pairs = [measure_pairs(each, scores, frame) for each in sets]
    chance = _chance(sets, pairs, frame, settings)
    controls = [whole for each, whole in zip(sets, wholes, strict=True) if each.control]
    tests = [_cochran(each, settings) for each in sets]
    found = doc.describe(sets, wholes, pairs, chance, tests, controls[0] if controls else None, settings)
    classes = answers.labels.names
    data = {
        "schema": SCHEMA,
        "evenface": __version__,
        "versions": describe_versions(),
        "input": doc.describe_input(answers, sets, clusters),
        "settings": asdict(settings) | {"unit": "subject" if answers.persons else "family"},
        "notes": list(answers.notes),
        "warnings": [asdict(w) for w in (*answers.warnings, *warnings, *_warnings(sets, clusters, frame))],
        "summary": [],
        **found,
    }
    data["examples"] = doc.examples(sets, data["transitions"], classes, settings.examples)
    return data | {"summary": summary(data)}


def _cochran(families: Families, settings: CounterfactualSettings) -> dict[str, Any]:
    whole = families.there.all(1)
    number = int(whole.sum())
    if number < settings.min_families:
        return doc.no_test(number, f"{number} families have every variant, fewer than {settings.min_families}")
    return doc.describe_test(cochran(families.right[whole], families.cluster[whole], settings.resamples, settings.seed))


def _chance(
    sets: Sequence[Families], pairs: Sequence[Sequence[Pair]], frame: Frame, settings: CounterfactualSettings
) -> Chance:
    """Every difference that is tested; each family of tests is corrected over all attributes but controls."""
    columns: list[Column] = []
    exact: dict[tuple[object, ...], float] = {}
    for s, (families, measured) in enumerate(zip(sets, pairs, strict=True)):
        start = "control " if families.control else ""
        for pair in measured:
            if pair.both.sum() < settings.min_families:
                continue
            for name, total in pair.steps.items():
                columns += [
                    Column((s, pair.a, pair.b, name, j), start + name, total[:, j]) for j in range(total.shape[1])
                ]
            for x, y in doc.transitions_of(pair.table):
                key = (s, pair.a, pair.b, "transition", x, y)
                columns.append(Column(key, start + "transition", one_way(families, pair, x, y, frame)))
            if not frame.persons:
                exact |= _exact(s, families, pair)
    return turn(columns, settings.resamples, settings.seed, exact)


def _exact(s: int, families: Families, pair: Pair) -> dict[tuple[object, ...], float]:
    """McNemar's p of everything that is counted, where families are independent."""
    table, start = pair.table, (s, pair.a, pair.b)
    found: dict[tuple[object, ...], float] = {}
    one, two = (families.right[pair.both, v] for v in (pair.a, pair.b))
    found[*start, "accuracy", 0] = mcnemar_mid_p(int((one & ~two).sum()), int((two & ~one).sum()))
    same = np.diagonal(table)
    for c, (a, b) in enumerate(zip(table.sum(1) - same, table.sum(0) - same, strict=True)):
        found[*start, "class", c] = mcnemar_mid_p(int(a), int(b))
    for x, y in doc.transitions_of(table):
        found[*start, "transition", x, y] = mcnemar_mid_p(int(table[x, y]), int(table[y, x]))
    return found


def _warnings(sets: Sequence[Families], clusters: int, frame: Frame) -> list[Notice]:
    found = []
    many = [each for each in sets if len(each.variants) > doc.MOST_VARIANTS]
    for each in many:
        text = (
            f"{each.attribute} has {len(each.variants)} variants: compared as a whole, not pair by pair "
            f"(at most {doc.MOST_VARIANTS}). Name few levels, such as bands, to see pairs."
        )
        found.append(Notice("many_variants", text))
    if frame.persons and clusters < FEW_PERSONS:
        text = f"Only {clusters} persons are shown: intervals are wide, and what holds for them may not for others."
        found.append(Notice("few_persons", text))
    if sum(each.control for each in sets) > 1:
        names = ", ".join(each.attribute for each in sets if each.control)
        found.append(Notice("several_controls", f"Several controls ({names}): the first serves as baseline."))
    return found
