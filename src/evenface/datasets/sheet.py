"""Data sheet: one page of Markdown on what a manifest holds, who gave it, and what is amiss.

It counts; it shows no faces of real people. After Gebru et al., "Datasheets for datasets", Communications of the ACM
2021, as far as a table can answer its questions.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from evenface.core.errors import UnknownNameError
from evenface.datasets import DATASETS

if TYPE_CHECKING:
    import polars as pl

    from evenface.core.manifest import Manifest
    from evenface.datasets.quality import Quality

_MISSING = "not known"
_FEW = 30  # faces of a level in a class below which a rate rests on little
_ORIGIN = {
    "self-reported": "what the people said of themselves",
    "annotated": "what annotators saw in the picture",
    "estimated": "what a model guessed",
    "generated": "what was set when the face was made",
    "unknown": "of unknown origin",
}


def data_sheet(manifest: Manifest, quality: Quality | None = None, title: str = "", picture: str = "") -> str:
    """Write the sheet as Markdown.

    Args:
        manifest: The faces.
        quality: What `quality.check` found; None if it was not run.
        title: Of the page; by itself the names of the data sets.
        picture: Path of a picture of generated look-alikes to show, relative to the page.
    """
    frame = manifest.frame
    sets = frame["dataset"].unique().sort().to_list()
    parts = [f"# Data sheet: {title or ', '.join(sets)}", _summary(manifest)]
    if picture:
        parts.append(
            f"![Generated faces with these expressions]({picture})\n\n"
            "*These faces are drawn. Nobody of the data set is shown, nor does anybody in it look like this.*"
        )
    parts += _labels(manifest)
    for attribute in manifest.attributes:
        parts.append(_attribute(manifest, attribute.name, attribute.levels, attribute.provenance))
    if votes := [name for name in frame.columns if name.startswith("votes:")]:
        parts.append(f"## Votes\n\n{_votes(frame, votes)}")
    parts.append("## What is amiss\n\n" + _amiss(manifest, quality))
    parts += [_source(name) for name in sets]
    return "\n\n".join(parts) + "\n"


def _summary(manifest: Manifest) -> str:
    frame = manifest.frame
    people, unknown = frame["subject"].n_unique() - (frame["subject"].null_count() > 0), frame["subject"].null_count()
    who = f"{people:,} people" if people else "people not told apart"
    who += f" ({unknown:,} faces without a person)" if people and unknown else ""
    regions = frame["region"].drop_nulls().unique().sort().to_list()
    return (
        f"{frame.height:,} faces, {frame['image'].count():,} with a picture; {who}; "
        f"{frame['label'].count():,} labelled; taken in: {', '.join(regions) or _MISSING}. "
        "Labels say which expression was posed or seen, not what anybody felt."
    )


def _labels(manifest: Manifest) -> Iterator[str]:
    import polars as pl

    names = dict(enumerate(manifest.labels.names))
    frame = manifest.frame.select(
        pl.col("label").replace_strict(names, default=None, return_dtype=pl.String).fill_null("no label"),
        pl.col("split").fill_null("no split"),
    )
    order = [name for name in (*names.values(), "no label") if name in set(frame["label"])]
    yield f"## Expressions by split\n\n{_crossed(frame, 'label', order, 'split')}"


def _attribute(manifest: Manifest, name: str, levels: tuple[str, ...], provenance: str) -> str:
    import polars as pl

    names = dict(enumerate(manifest.labels.names))
    frame = manifest.frame.select(
        pl.col(f"attr:{name}").fill_null(_MISSING).alias("level"),
        pl.col("label")
        .replace_strict(names, default=None, return_dtype=pl.String)
        .fill_null("no label")
        .alias("label"),
    )
    order = [level for level in (*levels, _MISSING) if level in set(frame["level"])]
    counts = frame.filter(pl.col("label") != "no label").group_by("level", "label").len()
    few = counts.filter(pl.col("len") < _FEW).height
    note = f"\n\n{few} cells hold fewer than {_FEW} faces: rates there rest on little." if few else ""
    return f"## {name}: {_ORIGIN[provenance]} ({provenance})\n\n{_crossed(frame, 'level', order, 'label')}{note}"


def _crossed(frame: pl.DataFrame, rows: str, order: list[str], columns: str) -> str:
    """Count one column by another, with sums and shares."""
    import polars as pl

    wide = frame.pivot(columns, index=rows, values=columns, aggregate_function=pl.len(), sort_columns=True).fill_null(0)
    heads = wide.columns[1:]
    counts = {row[0]: row[1:] for row in wide.rows()}
    lines = [f"| | {' | '.join(map(_cell, heads))} | all | share |", f"|---|{'---:|' * (len(heads) + 2)}"]
    for level in order:
        total = sum(counts[level])
        cells = " | ".join(f"{count:,}" for count in counts[level])
        lines.append(f"| {_cell(level)} | {cells} | {total:,} | {100 * total / frame.height:.1f} % |")
    sums = [sum(each) for each in zip(*counts.values(), strict=True)]
    lines.append(f"| all | {' | '.join(f'{count:,}' for count in sums)} | {frame.height:,} | |")
    return "\n".join(lines)


def _votes(frame: pl.DataFrame, votes: list[str]) -> str:
    import polars as pl

    counted = frame.select(
        pl.sum_horizontal(pl.col(votes).cast(pl.Int64)).alias("total"),
        pl.max_horizontal(pl.col(votes).cast(pl.Int64)).alias("best"),
    ).filter(pl.col("total") > 0)
    if not counted.height:
        return "No face has votes."
    share = pl.col("best") / pl.col("total")
    agreed, most = (share == 1).mean().alias("agreed"), (share > 0.5).mean().alias("most")
    middle, agreed_share, most_share = counted.select(pl.col("total").median(), agreed, most).row(0)
    return (
        f"{counted.height:,} faces have votes, {middle:.0f} each in the middle. "
        f"All agree on {100 * agreed_share:.1f} %; more than half agree on {100 * most_share:.1f} %."
    )


def _amiss(manifest: Manifest, quality: Quality | None) -> str:
    lines = [f"- {note}" for note in manifest.notes]
    if quality is None:
        lines.append("- The pictures were not looked at: `evenface data check` does.")
    else:
        lines.append(f"- {quality.looked:,} pictures were looked at.")
        lines += [f"- {finding.message}" for finding in quality.findings]
        if not quality.findings:
            lines.append("- No copies, conflicts or failing pictures were found.")
    return "\n".join(lines)


def _source(name: str) -> str:
    try:
        entry = DATASETS.get(name)
    except UnknownNameError:
        return f"## Source: {name}\n\nNot one of the data sets that evenface reads; its maker is to be asked."
    return f"## Source: {entry.title}\n\n{entry.doc.strip()}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def as_html(markdown: str) -> str:
    """Turn a sheet's Markdown into one page of HTML that needs nothing else.

    Only what `data_sheet` writes is understood: headings, lists, tables, one picture, code and emphasis.
    """
    blocks = [_block(block) for block in markdown.strip().split("\n\n")]
    title = html.escape(markdown.partition("\n")[0].lstrip("# "))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<body>{''.join(blocks)}</body></html>\n"
    )


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse}td,th{padding:.15rem .6rem;border-bottom:1px solid #ddd;text-align:right}"
    "td:first-child,th:first-child{text-align:left}img{max-width:100%}"
)


def _block(block: str) -> str:
    if found := re.match(r"(#+) (.*)", block):
        level = len(found[1])
        return f"<h{level}>{_inline(found[2])}</h{level}>"
    if found := re.match(r"!\[(.*)\]\((.*)\)$", block):
        return f'<p><img alt="{html.escape(found[1])}" src="{html.escape(found[2])}"></p>'
    if block.startswith("|"):
        rows = [line.strip("|").replace("\\|", "\0").split("|") for line in block.split("\n")]
        head = "".join(f"<th>{_inline(cell)}</th>" for cell in rows[0])
        body = "".join(f"<tr>{''.join(f'<td>{_inline(cell)}</td>' for cell in row)}</tr>" for row in rows[2:])
        return f"<table><tr>{head}</tr>{body}</table>"
    if block.startswith("- "):
        return (
            "<ul>"
            + "".join(f"<li>{_inline(item)}</li>" for item in re.split(r"\n?^- ", block, flags=re.M)[1:])
            + "</ul>"
        )
    return f"<p>{_inline(block)}</p>"


def _inline(text: str) -> str:
    safe = html.escape(text.strip().replace("\0", "|"))
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", re.sub(r"^\*(.+)\*$", r"<em>\1</em>", safe))
