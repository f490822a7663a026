"""`report.md`: the audit for a repository, as GitHub-flavoured Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from evenface.report import prose
from evenface.report.text import Record, clean, interval, number, p_value
from evenface.report.words import Findings, corrected_p

if TYPE_CHECKING:
    from evenface.report.counterfactual.tables import TextTable

_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")  # brackets alone make links and images, so round ones may stay
_FIRST = re.compile(r"^\s*(\d+(?=[.)]\s)|(?=[#+=-]))(.)")  # what opens a heading or a list
MOST_FLOWS = 12


def escape(text: str) -> str:
    """Make text mean only itself in a Markdown table, list or sentence."""
    text = _FIRST.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", clean(text)))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("@", "&#64;").replace("://", ":&#47;/").replace("www.", "www&#46;")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lay out a table; the first column is text, the cells are escaped here."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*lines, *(f"| {' | '.join(map(escape, row))} |" for row in rows), ""]


def study(
    title: str,
    notes: Iterable[str],
    summary: Iterable[str],
    tables: Iterable[TextTable],
    methods: Iterable[str],
    limits: Iterable[str],
    made: str,
) -> str:
    """Lay out a document of sentences and tables; all text is escaped here.

    Args:
        title: Of the document.
        notes: What is to be known first.
        summary: Sentences.
        tables: Each with its title and foot.
        methods: How the numbers were made, in sentences.
        limits: What they do not say.
        made: The last line.
    """
    lines = [f"# {escape(title)}", "", *(f"> **Note.** {escape(note)}\n" for note in notes)]
    lines += [*(f"- {escape(sentence)}" for sentence in summary), ""]
    for table in tables:
        lines += [f"## {table.title}", "", *_table([*map(escape, table.head)], table.rows), escape(table.foot), ""]
    for head, sentences in (("How the numbers were made", methods), ("Limits", limits)):
        lines += [f"## {head}", "", *(f"- {escape(line)}" for line in sentences), ""]
    return "\n".join([*lines, escape(made), ""])


def render(found: Findings) -> str:
    """Write summary, verdicts, groups, confusions and methods."""
    data = found.audit["input"]
    lines = [f"# Audit of {escape(data['source'])}", ""]
    lines += [f"> **Note.** {escape(warning['message'])}" + "\n" for warning in found.audit["warnings"]]
    lines += [
        *(f"- {escape(sentence)}" for sentence in found.summary()),
        "",
        "## Is a gap larger than chance explains?",
        "",
    ]
    numbers = ("Gap", f"{found.level} interval", "Chance level", "p, corrected", "Smallest detectable")
    head = ("Groups by", "Metric", *numbers, "Worst group", "Verdict")
    lines += _table(head, (_gap_row(found, gap) for gap in found.headline_gaps))
    lines += ["## Groups", ""]
    for by, groups in found.groups.items():
        lines += [f"### By {escape(by)}", ""]
        rows = (
            (
                group["group"] + (" †" if group["small"] else ""),
                f"{group['n']:,}",
                f"{group['answered']:,}",
                *(_cell(group, m) for m in found.headline),
            )
            for group in groups
        )
        lines += _table(("Group", "Faces", "Answered", *(escape(found.title(m)) for m in found.headline)), rows)
    lines += ["## Which errors differ", ""]
    lines += [
        f"- {escape(flow['words'])} (p {p_value(flow['p_adjusted'])}, corrected)"
        for flow in found.notable_flows()[:MOST_FLOWS]
    ] or ["No confusion differs between a group and all other faces by more than chance explains."]
    lines += _estimated(found)
    lines += [
        "",
        "## How the numbers were made",
        "",
        *(f"- {escape(line)}" for line in prose.methods(found)),
        "",
        "## Limits",
        "",
    ]
    lines += [*(f"- {escape(line)}" for line in (*prose.LIMITS, *prose.LAW)), ""]
    made = f"Input sha256 {data['sha256']}, schema {found.audit['schema']}, evenface {found.audit['evenface']}."
    lines += [escape(made), ""]
    return "\n".join(lines)


def _estimated(found: Findings) -> list[str]:
    """Groups and gaps once the errors of an estimated attribute are taken into account."""
    shown = [entry for entry in found.audit["estimated"] if entry["metric"] in found.headline]
    if not shown:
        return []
    rows = (
        (
            f"gap by {entry['attribute']}" if entry["group"] == "gap" else entry["group"],
            found.title(entry["metric"]),
            number(entry["observed"]),
            f"{number(entry['corrected'])} ({entry['undefined'] or interval(entry)})",
            f"{number(entry['bound_low'])} to {number(entry['bound_high'])}" if entry["bound_low"] is not None else "–",
        )
        for entry in shown
    )
    told = "Corrected: if errors of the estimate do not depend on the model's answers. Bounds: if they may."
    head = ("Group", "Metric", "Observed", f"Corrected ({found.level} interval)", "Bounds")
    return ["", "## If attributes were estimated with errors", "", told, "", *_table(head, rows)]


def _gap_row(found: Findings, gap: Record) -> tuple[str, ...]:
    judged = found.judge(gap)
    words = f"{judged.mark} {judged.words}" + (
        f" ({judged.detail})" if judged.detail and judged.key != "larger" else ""
    )
    numbers = (
        number(gap["value"]),
        interval(gap),
        number(gap["chance_95"]),
        p_value(corrected_p(gap)),
        number(gap["smallest_detectable"]),
    )
    return (gap["by"], found.title(gap["metric"]), *numbers, gap["worst"] or "–", words)


def _cell(group: Record, metric: str) -> str:
    """A group's value with its interval, or a dash with the reason."""
    cell = group["metrics"].get(metric)
    if cell is None or cell["value"] is None:
        return f"– ({cell['undefined']})" if cell else "–"
    return f"{number(cell['value'])} ({interval(cell)})"
