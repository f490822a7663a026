"""What the numbers say, in words: verdicts, the summary and how a number is written.

The HTML page, the Markdown file and the terminal take every sentence from here, so that they say the same.
All strings are plain text and hold names that a user chose: whoever shows them must escape them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Record = Mapping[str, Any]

HEADLINE = ("accuracy", "balanced_accuracy", "macro_f1")  # what the report puts first, where the audit has it
COARSE = 0.2  # share of a metric's range: where smaller gaps would be missed, "within chance" would say too much
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")


def clean(text: str) -> str:
    """Make characters visible that would move, hide or reorder what stands beside them (controls, bidi marks)."""
    return _UNSEEN.sub(lambda match: " " if match[0] in "\t\n\r" else f"\\u{ord(match[0]):04x}", text)


def number(value: float | None, digits: int = 3) -> str:
    """Write a value with fixed decimals; undefined is a dash and never a zero."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def interval(record: Record, digits: int = 3) -> str:
    """Write `low` to `high` of a record."""
    if record.get("low") is None or record.get("high") is None:
        return "–"
    return f"{number(record['low'], digits)} to {number(record['high'], digits)}"


def p_value(p: float | None) -> str:
    """Write a p-value: two significant digits, and never "0"."""
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def p_phrase(p: float | None) -> str:
    """Write a p-value with its sign: "p = 0.02", "p < 0.001"."""
    return f"p {p_value(p)}" if p is not None and p < 0.001 else f"p = {p_value(p)}"


def listing(items: Sequence[str]) -> str:
    """Join with commas and a last "and"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gap allows to be said.

    Attributes:
        key: `"larger"`, `"within"` or `"unclear"`.
        words: The verdict.
        mark: A sign for it, so that colour is never alone.
        detail: Why, or what could have been seen.
    """

    key: str
    words: str
    mark: str
    detail: str


def corrected_p(gap: Record) -> float | None:
    """Give the p corrected over the family: max-T, or Holm's where max-T is not defined; never the raw one."""
    return gap["p_adjusted"] if gap.get("p_adjusted") is not None else gap.get("p_holm")


def verdict(gap: Record, alpha: float = 0.05, span: float | None = 1.0) -> Verdict:
    """Judge one entry of `gaps`.

    A gap is "larger than chance explains" only by its corrected p. Otherwise it is "within chance", unless so
    little data stood behind it that a difference of a fifth of the metric's range would have been missed: then
    nothing can be told.

    Args:
        gap: The entry.
        alpha: One minus the audit's level.
        span: Width of the metric's range; None: it has no bounds.
    """
    p, seen = corrected_p(gap), gap.get("smallest_detectable")
    if gap.get("value") is None or p is None:
        why = gap.get("undefined") or "no chance level could be computed"
        return Verdict("unclear", "too little data to tell", "?", why)
    if p < alpha:
        return Verdict("larger", "larger than chance explains", "▲", f"chance level {number(gap.get('chance_95'))}")
    if seen is None or gap["kind"] not in ("difference", "pair"):
        return Verdict("within", "within chance", "○", "")
    if span is not None and seen > COARSE * span:
        why = f"only a gap of {number(seen)} or more could have been seen"
        return Verdict("unclear", "too little data to tell", "?", why)
    return Verdict("within", "within chance", "○", f"a gap below {number(seen)} could have been missed")


class Findings:
    """An audit's dict with its names looked up, and the sentences made from it."""

    def __init__(self, audit: Mapping[str, Any]) -> None:
        self.audit = audit
        self.alpha = 1 - audit["settings"]["level"]
        self.metric = {metric["name"]: metric for metric in audit["metrics"]}
        self.groups: dict[str, list[Record]] = {}
        for group in audit["groups"]:
            self.groups.setdefault(group["by"], []).append(group)

    @cached_property
    def level(self) -> str:
        """The confidence level, such as `"95 %"`."""
        return f"{100 * self.audit['settings']['level']:g} %"

    @cached_property
    def headline(self) -> list[str]:
        """Metrics that the report puts first: the usual three, or else the first three with a worst group."""
        known = dict.fromkeys(entry["metric"] for entry in self.audit["worst"])
        return [metric for metric in HEADLINE if metric in known] or list(known)[:3]

    @cached_property
    def headline_gaps(self) -> list[Record]:
        """The gap (max - min) of each grouping and headline metric, grouping by grouping."""
        table = {(gap["by"], gap["metric"]): gap for gap in self.audit["gaps"] if gap["kind"] == "difference"}
        return [table[by, metric] for by in self.groups for metric in self.headline if (by, metric) in table]

    def main_gaps(self) -> list[Record]:
        """All gaps of the main family, in the audit's order."""
        return [gap for gap in self.audit["gaps"] if gap["family"] == "main"]

    def about(self, metric: str) -> Record:
        """The entry of `metrics` for a metric or one class of it; empty if the audit has none."""
        return self.metric.get(metric) or self.metric.get(metric.partition("[")[0]) or {}

    def title(self, metric: str) -> str:
        """A metric's title; `tpr[happy]` becomes "True positive rate, happy"."""
        found = self.about(metric)
        klass = "" if metric in self.metric else metric.partition("[")[2].removesuffix("]")
        return f"{found['title']}, {klass}" if klass and found else str(found.get("title", metric))

    def lower_is_better(self, metric: str) -> bool:
        """Whether a small value is a good one."""
        return self.about(metric).get("direction") == "lower"

    def judge(self, gap: Record) -> Verdict:
        """The verdict on a gap at this audit's level."""
        low, high = (self.about(gap["metric"]).get(end) for end in ("low", "high"))
        return verdict(gap, self.alpha, None if low is None or high is None else high - low)

    def larger(self, family: str) -> tuple[list[Record], int]:
        """The gaps of a family that are larger than chance explains, and how many it has in all."""
        gaps = [gap for gap in self.audit["gaps"] if gap["family"] == family]
        return [gap for gap in gaps if self.judge(gap).key == "larger"], len(gaps)

    def value(self, by: str, group: str | None, metric: str) -> float | None:
        """A group's value of a metric."""
        cells = (g["metrics"].get(metric) for g in self.groups[by] if g["group"] == group)
        return next((cell["value"] for cell in cells if cell), None)

    def gap(self, by: str, metric: str) -> Record | None:
        """The gap (max - min) of one grouping and metric, if the audit has it."""
        hits = (g for g in self.audit["gaps"] if (g["by"], g["metric"], g["kind"]) == (by, metric, "difference"))
        return next(hits, None)

    def worst(self, by: str, metric: str) -> Record | None:
        """Which group of a grouping is worst, if the audit could tell."""
        hits = (w for w in self.audit["worst"] if (w["by"], w["metric"]) == (by, metric) and w["group"] is not None)
        return next(hits, None)

    def flows(self) -> list[Record]:
        """Confusions, without those that say of one of two groups what is said of the other."""
        return [f for f in self.audit["flows"] if len(self.groups[f["by"]]) != 2 or (f["ratio"] or 1) >= 1]

    def notable_flows(self) -> list[Record]:
        """Confusions whose corrected p is below the level's."""
        return [f for f in self.flows() if f["p_adjusted"] is not None and f["p_adjusted"] < self.alpha]

    def summary(self) -> list[str]:
        """The audit in three to seven sentences, all made from its numbers."""
        larger = [gap for gap in self.headline_gaps if self.judge(gap).key == "larger"]
        parts = [
            self._scope(),
            self._found(larger),
            self._clearest(larger),
            self._not_found(),
            self._confusion(),
            self._unanswered(),
            self._guessed(),
        ]
        return [part for part in parts if part]

    def _scope(self) -> str:
        data = self.audit["input"]
        names = [attribute["name"] for attribute in data["attributes"]]
        return (
            f"A model's answers for {data['rows']:,} faces and {len(data['classes'])} expressions were compared "
            f"between "
            f"{len(self.audit['groups']):,} groups, formed by {listing(names)}."
        )

    def _found(self, larger: Sequence[Record]) -> str:
        names = listing([self.title(metric) for metric in self.headline])
        main, total = self.larger("main")
        text = (
            f"Of {len(self.headline_gaps)} gaps in {names}, {len(larger) or 'none'} "
            f"{'are' if len(larger) > 1 else 'is'} larger than chance explains; of all {total} main comparisons, "
            f"{len(main) or 'none'}."
        )
        return text if larger else f"{text} That is not evidence that groups are treated alike."

    def _clearest(self, larger: Sequence[Record]) -> str:
        """The gap that lies furthest beyond its chance level, and who is worst in it."""
        if not larger:
            return ""
        gap = max(larger, key=lambda g: g["value"] - (g["chance_95"] or 0))
        metric = gap["metric"]
        low, high = (number(self.value(gap["by"], gap[end], metric)) for end in ("worst", "best"))
        text = (
            f"Furthest beyond chance: {self.title(metric)} is {low} for {gap['worst']} and {high} for {gap['best']}, "
            f"a gap of {number(gap['value'])} "
            f"({self.level} interval {interval(gap)}); with no true difference it would stay below "
            f"{number(gap['chance_95'])} in {self.level} of cases ({p_phrase(corrected_p(gap))} after correction "
            f"for all comparisons)."
        )
        worst = self.worst(gap["by"], metric)
        if worst:
            text += f" {worst['group']} is the worst-off group with probability {number(worst['probability'], 2)}"
            text += (
                f", {worst['runner_up']} with {number(worst['runner_up_probability'], 2)}."
                if worst["runner_up_probability"]
                else "."
            )
        return text

    def _not_found(self) -> str:
        """What the sample could have shown where the first headline metric shows nothing."""
        quiet = [g for g in self.headline_gaps if g["metric"] == self.headline[0] and self.judge(g).key != "larger"]
        seen = [
            f"{g['by']} ({number(g['smallest_detectable'])})" for g in quiet if g["smallest_detectable"] is not None
        ]
        if not seen:
            return ""
        return (
            f"{self.title(self.headline[0])} shows no gap beyond chance by {listing(seen)}; in brackets the "
            f"smallest gap that this "
            "sample would have shown with 80 % power, so smaller ones may exist unseen."
        )

    def _confusion(self) -> str:
        flows = self.notable_flows()
        if not flows:
            return ""
        return (
            f"The confusion that differs most: {flows[0]['words']} ({p_phrase(flows[0]['p_adjusted'])} after "
            f"correction)."
        )

    def _unanswered(self) -> str:
        rows, answered = self.audit["input"]["rows"], self.audit["input"]["answered"]
        if rows == answered:
            return ""
        single = [g for g in self.audit["groups"] if len(g["levels"]) == 1 and g["n"] and not g["small"]]
        text = f"{rows - answered:,} faces ({100 * (rows - answered) / rows:.1f} %) got no answer"
        if len(single) < 2:
            return text + "."
        low, high = (pick(single, key=lambda g: g["answered"] / g["n"]) for pick in (min, max))
        share = [f"{100 * g['answered'] / g['n']:.1f} % for {g['group']}" for g in (low, high)]
        return f"{text}; answered were from {share[0]} to {share[1]}."

    def _guessed(self) -> str:
        names = [a["name"] for a in self.audit["input"]["attributes"] if a["provenance"] == "estimated"]
        if not names:
            return ""
        return (
            f"Estimated, not stated by the people shown: {listing(names)}. Errors of the estimate blur or shift gaps."
        )


def short_levels(levels: Iterable[str], room: int) -> str:
    """Name a group by its levels in at most about `room` characters, cutting the longest level first."""
    parts = [clean(level) for level in levels]
    while sum(map(len, parts)) + 3 * (len(parts) - 1) > room:
        longest = max(range(len(parts)), key=lambda i: len(parts[i]))
        if len(parts[longest]) < 5:
            break
        parts[longest] = parts[longest].removesuffix("…")[:-1] + "…"
    return " · ".join(parts)
