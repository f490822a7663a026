"""`evenface data list`, `import`, `check` and `sheet`: from a folder of pictures to a manifest, and what is in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evenface.cli.annotate import ANNOTATE_HELP, annotate
from evenface.cli.options import GATE_FAILED, manifest_to_write, plain_errors, say, wrote
from evenface.cli.split import SPLIT_HELP, split
from evenface.core.errors import SettingsError
from evenface.core.manifest import Manifest, is_manifest
from evenface.core.writing import write_files
from evenface.datasets import DATASETS

if TYPE_CHECKING:
    from evenface.datasets.quality import Embedding

_IMPORT = """Read a data set's folder or archive into a manifest: a Parquet file that names every face. Pictures stay.

[bold]Examples[/bold]

evenface data import rafdb ~/data/RAF-DB/basic rafdb.parquet

evenface data import ferplus ferplus.zip ferplus.parquet

evenface data import folder photos/ photos.parquet
"""
_LIST = """List the data sets that can be read: what, where, under which terms.

[bold]Examples[/bold]

evenface data list

evenface data list rafdb
"""
_CHECK = """Look at every picture: copies within and across splits, conflicting labels, pictures that fail.

[bold]Examples[/bold]

evenface data check faces.parquet --out found/

evenface data check faces.parquet --near 0 --strict
"""
_SHEET = """Write a one-page data sheet: counts by label, split and attribute, sources and faults.

[bold]Examples[/bold]

evenface data sheet faces.parquet

evenface data sheet faces.parquet --out sheet.html --check --faces
"""


def with_sets(app: typer.Typer) -> typer.Typer:
    """Add these commands to `evenface data`."""
    app.command("list", help=_LIST)(list_sets)
    app.command("import", help=_IMPORT)(import_set)
    app.command("check", help=_CHECK)(check)
    app.command("split", help=SPLIT_HELP)(split)
    app.command("sheet", help=_SHEET)(sheet)
    app.command("annotate", help=ANNOTATE_HELP)(annotate)
    return app


def list_sets(
    name: Annotated[str | None, typer.Argument(help="One of them: tell all that is known of it.")] = None,
) -> None:
    """Parse, call, print."""
    console = Console()
    with plain_errors():
        if name is not None:
            entry = DATASETS.get(name)
            console.print(Text(f"{entry.doc.strip()}\n- Layout: {entry.layout}"))
            return
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for head in ("name", "data set", "classes", "region", "licence"):
            table.add_column(head, overflow="fold")
        for each in DATASETS:
            entry = DATASETS.get(each)
            none = entry.labels.name == "no expression labels"
            own = each in ("folder", "csv", "huggingface", "webdataset")
            classes = "its own" if own else "–" if none else str(len(entry.labels.names))
            table.add_row(*map(Text, (each, entry.title, classes, entry.region or "", entry.licence)))
        console.print(table)
        console.print(Text("More on one: evenface data list NAME. Nothing is downloaded.", style="dim"))


def import_set(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the data set: see `evenface data list`.")],
    root: Annotated[Path, typer.Argument(metavar="ROOT", help="Its folder, or a zip archive of it.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Parquet file to write.")],
) -> None:
    """Parse, call, print."""
    console = Console()
    with plain_errors():
        manifest_to_write(out)
        manifest = DATASETS.get(name).load(root)
        written = manifest.save(out)
    say(console, (f"Note: {note}" for note in manifest.notes), "yellow")
    frame = manifest.frame
    console.print(
        Text(
            f"{frame.height:,} faces, {frame['image'].count():,} with a picture, {frame['label'].count():,} labelled; "
            f"attributes: {', '.join(a.name for a in manifest.attributes) or 'none'}."
        )
    )
    wrote(console, [written])


def check(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="Made by `evenface data import`.")],
    near: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Correlation of near copies; 0: exact ones only.")
    ] = 0.85,
    tiny: Annotated[int, typer.Option(min=1, help="Pixels below which a picture is tiny.")] = 32,
    embed: Annotated[
        bool, typer.Option("--embed/--no-embed", help="Look for cropped, turned and mirrored copies too.")
    ] = True,
    out: Annotated[Path | None, typer.Option(help="Folder for check.json, pairs.csv and manifest.parquet.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="End with code 3 if anything is found.")] = False,
) -> None:
    """Parse, call, print."""
    from evenface.datasets.quality import ALIKE
    from evenface.datasets.quality import check as look
    from evenface.faces.decode import decode

    console = Console()
    with plain_errors():
        table = Manifest.load(manifest)
        vectors, unlooked = _copy_vectors() if embed and near else (None, None)
        found = look(table, manifest.parent, near=near or None, tiny=tiny, embed=vectors, read=decode)
        written = []
        if out is not None:
            about = {
                "looked": found.looked,
                "near": near,
                "embedding": None if vectors is None else ALIKE,
                "tiny": tiny,
                "findings": [f.as_json() for f in found.findings],
            }
            contents = {
                "check.json": (json.dumps(about, indent=1) + "\n").encode(),
                "pairs.csv": found.pairs.write_csv().encode(),
            }
            written = write_files(out, contents, "what was found")
            written.append(found.mark(table).save(out / "manifest.parquet"))
    say(console, (f"Note: {note}" for note in table.notes), "dim")
    say(console, [unlooked] if unlooked else [], "yellow")
    say(console, (f"• {finding.message}" for finding in found.findings))
    ending = "" if found.findings else " Nothing amiss was found."
    console.print(Text(f"{found.looked:,} pictures looked at.{ending}"))
    wrote(console, written)
    if strict and found.findings:
        raise typer.Exit(GATE_FAILED)


def _copy_vectors() -> tuple[Embedding | None, str | None]:
    """Give what finds changed copies; where a library is missing, None and a note: all else can be looked at."""
    from evenface.models.copies import CopyVectors

    try:
        return CopyVectors(), None
    except SettingsError as error:
        return None, f"Cropped, turned and mirrored copies were not looked for. {error}"


def sheet(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="Made by `evenface data import`.")],
    out: Annotated[Path | None, typer.Option(help="Write to a .md or .html file instead of the screen.")] = None,
    checked: Annotated[bool, typer.Option("--check", help="Look at the pictures too, as `data check` does.")] = False,
    faces: Annotated[
        bool, typer.Option("--faces", help="Beside OUT, a picture of generated faces with these expressions.")
    ] = False,
) -> None:
    """Parse, call, print."""
    from evenface.datasets.sheet import as_html, data_sheet

    console = Console()
    with plain_errors():
        if out is not None and out.suffix.casefold() not in (".md", ".html"):
            raise SettingsError(f"--out takes a file that ends in .md or .html, got {out}.")
        if faces and out is None:
            raise SettingsError("--faces writes a picture beside the sheet: give --out as well.")
        table = Manifest.load(manifest)
        quality = None
        if checked:
            from evenface.datasets.quality import check as look
            from evenface.faces.decode import decode

            vectors, unlooked = _copy_vectors()
            quality = look(table, manifest.parent, embed=vectors, read=decode)
            say(Console(stderr=True), [unlooked] if unlooked else [], "yellow")
        picture = _look_alikes(table, out) if faces and out is not None else None
        text = data_sheet(table, quality, picture=picture.name if picture else "")
        if out is None:
            typer.echo(text)
            return
        page = as_html(text) if out.suffix.casefold() == ".html" else text
        written = write_files(out.parent, {out.name: page.encode()}, "the data sheet")
    wrote(console, [*written, *([picture] if picture else [])])


@dataclass(frozen=True)
class Opened:
    """A table for `evenface data bias`.

    Attributes:
        table: A path, or a manifest's rows with names instead of codes.
        name: What it is called.
        provenance: Where its attributes come from, where it says so.
    """

    table: object
    name: str
    provenance: dict[str, str]


def opened_table(path: Path) -> Opened:
    """Open a manifest as a table of names; leave any other file to its reader."""
    import polars as pl

    if path.suffix.casefold() != ".parquet" or not path.is_file() or not is_manifest(path):
        return Opened(path, path.stem, {})
    manifest = Manifest.load(path)
    names = dict(enumerate(manifest.labels.names))
    frame = manifest.frame.select(
        *(pl.col(f"attr:{a.name}").alias(a.name) for a in manifest.attributes),
        pl.col("label").replace_strict(names, default=None, return_dtype=pl.String),
    )
    if not frame["label"].count():
        frame = frame.drop("label")
    return Opened(frame, path.stem, {a.name: a.provenance for a in manifest.attributes})


def _look_alikes(manifest: Manifest, out: Path) -> Path:
    """Draw generated faces with the expressions of a manifest, from the region that imitates it, if there is one."""
    from evenface.synthesis.plan import Plan
    from evenface.synthesis.prototypes import PROTOTYPES
    from evenface.synthesis.regions import REGIONS
    from evenface.synthesis.run import renderer
    from evenface.synthesis.sheet import write_sheet
    from evenface.synthesis.spec import Spec

    known = [name for name in manifest.labels.names if name in PROTOTYPES]
    if not known:
        raise SettingsError(f"No expression of {', '.join(manifest.labels.names)} can be drawn; leave --faces out.")
    like = f"{manifest.frame['dataset'][0]}_like"
    region = like if like in REGIONS else "wild"
    out.parent.mkdir(parents=True, exist_ok=True)
    plan = Plan(Spec(name="look-alikes", count=200, emotions=dict.fromkeys(known, 1.0), regions={region: 1.0}))
    return write_sheet(plan, out.with_name(f"{out.stem}-faces.png"), renderer("cpu"), people=4)
