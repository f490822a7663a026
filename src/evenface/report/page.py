"""`report.html`: one page that holds everything it needs and asks nothing of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from evenface.core.words import counted
from evenface.report import prose, svg, text, words
from evenface.report.svg import Figure
from evenface.report.words import Findings

if TYPE_CHECKING:
    from jinja2 import Template

_FOLDER = Path(__file__).with_name("templates")


@lru_cache(maxsize=2)
def template(name: str) -> Template:
    """Compile a page once; every string that is not marked as markup is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: text.clean(value) if type(value) is str else value,
    )
    environment.globals["counted"] = counted
    environment.filters |= {"num": text.number, "interval": text.interval, "p": text.p_value}
    return environment.get_template(name)


def style() -> str:
    """A page's style sheet and the charts', with the colours of both themes as variables."""
    variables = {name: f"var(--{name})" for name in svg.LIGHT}
    themes = {
        theme: ";".join(f"--{name}:{value}" for name, value in colours.items())
        for theme, colours in (("light", svg.LIGHT), ("dark", svg.DARK))
    }
    head = (
        f":root{{{themes['light']}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{color-scheme:dark;{themes['dark']}}}}}"
    )
    return head + (_FOLDER / "report.css").read_text(encoding="utf-8") + svg.stylesheet(".chart", variables)


def render(found: Findings, charts: Mapping[str, Sequence[Figure]]) -> str:
    """Write the page.

    Args:
        found: The audit and its sentences.
        charts: What `charts.figures` drew of it.
    """
    audit = found.audit
    drawn = {
        kind: [{"by": figure.by, "title": figure.title, "svg": figure.inline()} for figure in figures]
        for kind, figures in charts.items()
    }
    return template("report.html.jinja").render(
        audit=audit,
        found=found,
        charts=drawn,
        nulls=prose.NULLS[audit["settings"]["unit"]],
        corrected_p=words.corrected_p,
        command=prose.command(found),
        methods=prose.methods(found),
        limits=prose.LIMITS,
        law=prose.LAW,
        style=style(),
    )
