"""What the numbers say, in words: verdicts, the summary and how a number is written.

The HTML page, the Markdown file and the terminal take every sentence from here, so that they say the same.
All strings are plain text and hold names that a user chose: whoever shows them must escape them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evenface.core.words import alpha, counted, percent
from evenface.report.text import Record, interval, listing, number, p_phrase

HEADLINE = ("accuracy", "balanced_accuracy", "macro_f1")  # what the report puts first, where the audit has it
COARSE = 0.2  # share of a metric's range: where smaller gaps would be missed, "within chance" would say too much


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

    A gap is "larger than chance explains" only by its corrected p. Otherwise it is "within chance", unless the
    data leave it open: the gap is beyond chance on its own but not after correction, or so little data stood behind
    it that a difference of a fifth of the metric's range would have been missed. Then nothing can be told. Where every
    face had the same outcome, what could have been missed is the upper end of the gap's interval.

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
    if open_after_correction(gap, alpha):
        why = f"beyond chance on its own ({p_phrase(gap['p'])}), but not among all comparisons of its family"
        return Verdict("unclear", "too little data to tell", "?", why)
    if gap["kind"] not in ("difference", "pair"):
        return Verdict("within", "within chance", "○", "")
    bound = gap["high"] if seen is None and gap.get("undefined") else seen  # all faces alike: draws tell nothing
    if bound is None:
        why = gap.get("undefined") or "no gap, however large, would surely have been seen"
        return Verdict("unclear", "too little data to tell", "?", why)
    if span is not None and bound > COARSE * span:
        why = f"only a true gap of {number(bound)} or more could have been seen"
        return Verdict("unclear", "too little data to tell", "?", why)
    why = f"a true gap {'below' if seen is not None else 'up to'} {number(bound)} could have been missed"
    return Verdict("within", "within chance", "○", why)


def open_after_correction(gap: Record, alpha: float) -> bool:
    """Whether a gap would be beyond chance if it were the only one tested, but is not among all of its family."""
    p = corrected_p(gap)
    return p is not None and p >= alpha and gap.get("p") is not None and gap["p"] < alpha


def _at_least(flow: Record) -> float:
    """How many times as often, or as rarely, a confusion is at least: the end of the ratio's interval nearer to 1."""
    low, high = flow["low"] or 0.0, flow["high"]
    return low if flow["ratio"] is None or flow["ratio"] >= 1 else 1 / high if high else 0.0


class Findings:
    """An audit's dict with its names looked up, and the sentences made from it."""

    def __init__(self, audit: Mapping[str, Any]) -> None:
        self.audit = audit
        self.alpha = alpha(audit["settings"]["level"])
        self.metric = {metric["name"]: metric for metric in audit["metrics"]}
        self.groups: dict[str, list[Record]] = {}
        for group in audit["groups"]:
            self.groups.setdefault(group["by"], []).append(group)

    @cached_property
    def level(self) -> str:
        """The confidence level, such as `"95 %"`."""
        return percent(self.audit["settings"]["level"])

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
        """All gaps but those of pairs, of single classes, and of metrics that repeat others, in the audit's order."""
        repeats = self.repeats
        return [g for g in self.audit["gaps"] if g["family"] in ("headline", "main") and g["metric"] not in repeats]

    @cached_property
    def repeats(self) -> tuple[str, ...]:
        """Metrics that say nothing of their own where every face has an answer: accuracy again, or always 1."""
        data = self.audit["input"]
        return ("accuracy_all", "accuracy_ceiling", "coverage") if data["rows"] == data["answered"] else ()

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
        gaps = self.main_gaps() if family == "main" else [gap for gap in self.audit["gaps"] if gap["family"] == family]
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

    def worst_off(self) -> str:
        """Who is worst off in the first headline metric, where its gap is larger than chance explains."""
        gaps = [g for g in self.headline_gaps if g["metric"] == self.headline[0] and self.judge(g).key == "larger"]
        found = [f"{g['worst']} ({number(self.value(g['by'], g['worst'], g['metric']))})" for g in gaps]
        return f"Worst off in {self.title(self.headline[0])}: {'; '.join(found)}." if found else ""

    def flows(self) -> list[Record]:
        """Confusions, surest first, without those that say of one of two groups what is said of the other."""
        flows = [f for f in self.audit["flows"] if len(self.groups[f["by"]]) != 2 or (f["ratio"] or 1) >= 1]
        return sorted(flows, key=lambda f: (1.0 if f["p_adjusted"] is None else f["p_adjusted"], -_at_least(f)))

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
            self._elsewhere(larger),
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
            f"A model's answers for {counted(data['rows'], 'face')} and "
            f"{counted(len(data['classes']), 'expression')} were compared between "
            f"{counted(len(self.audit['groups']), 'group')}, formed by {listing(names)}."
            f"{self._overall()}"
        )

    def _overall(self) -> str:
        metric = next(iter(self.headline), None)
        entry = self.audit["overall"]["metrics"].get(metric)
        if metric is None or entry is None or entry["value"] is None:
            return ""
        shown = f"{number(entry['value'])} ({self.level} interval {interval(entry)})"
        return f" {self.title(metric)} over all groups together is {shown}."

    def _found(self, larger: Sequence[Record]) -> str:
        names = listing([self.title(metric) for metric in self.headline])
        main, total = self.larger("main")
        text = (
            f"Of {counted(len(self.headline_gaps), 'gap')} in {names}, {len(larger) or 'none'} "
            f"{'are' if len(larger) > 1 else 'is'} larger than chance explains; of all {total} main comparisons, "
            f"{len(main) or 'none'}."
        )
        return text if larger else f"{text} That is not evidence that groups are treated alike."

    def _clearest(self, larger: Sequence[Record]) -> str:
        """The surest gap, among equals the one that is most times its chance level, and who is worst in it."""
        if not larger:
            return ""
        gap = min(larger, key=lambda g: (corrected_p(g), (g["chance_95"] or 0) / max(g["value"], 1e-9)))
        metric = gap["metric"]
        low, high = (number(self.value(gap["by"], gap[end], metric)) for end in ("worst", "best"))
        text = (
            f"Surest: {self.title(metric)} is {low} for {gap['worst']} and {high} for {gap['best']}, "
            f"a gap of {number(gap['value'])} ({self.level} interval {interval(gap)}); with no true difference it "
            f"would "
            f"stay below {number(gap['chance_95'])} in {self.level} of cases ({p_phrase(corrected_p(gap))} after "
            "correction for all comparisons of its family)."
        )
        worst = self.worst(gap["by"], metric)
        if not worst:
            return text
        text += f" {worst['group']} is the worst-off group with probability {number(worst['probability'], 2)}"
        if not worst["runner_up_probability"]:
            return text + "."
        return f"{text}, {worst['runner_up']} with {number(worst['runner_up_probability'], 2)}."

    def _elsewhere(self, larger: Sequence[Record]) -> str:
        """The surest of the other main comparisons, among equals that furthest beyond chance."""
        others = [] if larger else self.larger("main")[0]
        if not others:
            return ""
        gap = min(others, key=lambda g: (corrected_p(g) or 0, g["p"] or 0, -self._beyond_chance(g)))
        return (
            f"The surest of them: {self.title(gap['metric'])} by {gap['by']} ({gap['kind']}) is "
            f"{number(gap['value'])}, "
            f"its chance level {number(gap['chance_95'])} ({p_phrase(corrected_p(gap))} after correction)."
        )

    def _beyond_chance(self, gap: Record) -> float:
        """How far a gap lies above its chance level; 0 for ratios, and where values are not on a scale from 0 to 1."""
        about = self.about(gap["metric"])
        grows = gap["kind"] == "difference" or (gap["kind"] == "between" and self.lower_is_better(gap["metric"]))
        shares = grows and (about.get("low"), about.get("high")) == (0, 1)
        return float(gap["value"] - (gap["chance_95"] or 0)) if shares else 0.0

    def _not_found(self) -> str:
        """What stays open in the first headline metric, and what the sample could have shown there."""
        title = self.title(self.headline[0])
        quiet = [g for g in self.headline_gaps if g["metric"] == self.headline[0] and self.judge(g).key != "larger"]
        unsure = [g for g in quiet if open_after_correction(g, self.alpha)]
        seen = [g for g in quiet if g not in unsure and g["smallest_detectable"] is not None]
        text = ""
        if unsure:
            gaps = listing([f"{g['by']} (gap {number(g['value'])}, {p_phrase(g['p'])})" for g in unsure])
            text = (
                f"{title} by {gaps} is beyond chance on its own, but not among all comparisons of its family: "
                "more data could tell. "
            )
        if seen:
            gaps = listing([f"{g['by']} ({number(g['smallest_detectable'])})" for g in seen])
            text += (
                f"{title} shows no gap beyond chance by {gaps}; in brackets the smallest true gap that this sample "
                "would have shown with 80 % power in a comparison of its own, so smaller ones may exist unseen. "
            )
        if alike := [g for g in quiet if g["smallest_detectable"] is None and self.judge(g).key == "within"]:
            gaps = listing([f"{g['by']} ({number(g['high'])})" for g in alike])
            text += f"{title} is the same for every face by {gaps}; in brackets the largest true gap that fits this."
        return text.rstrip()

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
        # Not by `small`, which counts answered faces: the group that gets hardly any answer is the one to name.
        least = self.audit["settings"]["min_group"]
        single = [g for g in self.audit["groups"] if len(g["levels"]) == 1 and g["n"] >= least]
        text = f"{counted(rows - answered, 'face')} ({100 * (rows - answered) / rows:.1f} %) got no answer"
        if len(single) < 2:
            return text + "."
        low, high = (pick(single, key=lambda g: g["answered"] / g["n"]) for pick in (min, max))
        share = [f"{100 * g['answered'] / g['n']:.1f} % for {g['group']}" for g in (low, high)]
        return f"{text}; answered were from {share[0]} to {share[1]}."

    def _guessed(self) -> str:
        names = [a["name"] for a in self.audit["input"]["attributes"] if a["provenance"] == "estimated"]
        if not names:
            return ""
        text = (
            f"Estimated, not stated by the people shown: {listing(names)}. Errors of the estimate blur or shift gaps."
        )
        return " ".join([text, *map(self._corrected, self.corrected_gaps())])

    def corrected_gaps(self) -> list[Record]:
        """The corrected gap in the first headline metric of each attribute with known error rates."""
        known = [entry for entry in self.audit["estimated"] if entry["group"] == "gap"]
        first = {entry["attribute"]: entry for entry in reversed(known) if entry["metric"] in self.headline}
        return list(first.values())[::-1]

    def _corrected(self, entry: Record) -> str:
        if entry["corrected"] is None:
            return f"With the error rates given, the gap by {entry['attribute']} is undefined: {entry['undefined']}."
        text = (
            f"With the error rates given, the gap in {self.title(entry['metric'])} by {entry['attribute']} is "
            f"{number(entry['corrected'])} ({self.level} interval {interval(entry)}) instead of "
            f"{number(entry['observed'])}, if the errors do not depend on the model's answers"
        )
        if entry["bound_low"] is None:
            return text + "."
        return f"{text}; if they may, it lies from {number(entry['bound_low'])} to {number(entry['bound_high'])}."
