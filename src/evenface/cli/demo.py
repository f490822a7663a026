"""`evenface demo`: the main job on faces that the package makes: train a reader on an uneven set, and catch it out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.console import Console
from rich.text import Text

from evenface.audit.counterfactual import counterfactual as measure_families
from evenface.audit.run import audit as run_audit
from evenface.cli.audit import show
from evenface.cli.counterfactual import show as show_families
from evenface.cli.options import plain_errors, progress_bar, writable
from evenface.core.writing import write_files
from evenface.outside.answers import read_given
from evenface.outside.faces import batches, open_faces
from evenface.outside.run import predictions, save
from evenface.report import write
from evenface.report.counterfactual import write as write_families

if TYPE_CHECKING:
    import polars as pl

    from evenface.core.manifest import Manifest
    from evenface.models.linear import LinearReader

FORMATS_WRITTEN = ("html", "json", "md")
_ATTRIBUTES = ("skin_tone", "gender", "age", "ethnicity")
_PLANTED = (
    "Planted in the faces it learns from: nine in ten of dark skin left out; six in ten neutral faces of the older "
    "half labelled sad. Its test faces are even, and their labels right."
)


def demo(
    out: Annotated[Path, typer.Option(help="Folder for faces, tables and reports.")] = Path("demo"),
    faces: Annotated[int, typer.Option(min=336, help="Faces to learn from and test on.")] = 1344,
    seed: Annotated[int, typer.Option(help="Of the draws of both audits.")] = 0,
) -> None:
    """Make faces, teach a plain reader on an uneven half of them, and audit it: no data, no network, a minute.

    [bold]Example[/bold]

    evenface demo --out demo/
    """
    from evenface.models.linear import LinearReader

    console, errors = Console(), Console(stderr=True)
    with plain_errors():
        writable(out, FORMATS_WRITTEN)
        learnt = _drawn("demo", out / "faces", errors, f"count={faces}")
        frame, names = learnt.frame, learnt.labels.names
        images = np.concatenate(list(batches(tuple(out / "faces" / name for name in frame["image"]), None, 256)))
        train, test = ((frame["split"] == part).to_numpy() for part in ("train", "test"))
        reader = LinearReader.fit(images[train], frame["label"].to_numpy()[train].astype(np.int64), names)
        table = _table(frame.filter(test), reader, images[test])
        write_files(out, {"predictions.csv": table.write_csv().encode()}, "the table of predictions")
        audited = run_audit(
            out / "predictions.csv",
            list(_ATTRIBUTES[:3]),
            provenance=dict.fromkeys(_ATTRIBUTES[:3], "generated"),
            seed=seed,
        )
        written = write(audited.data, out, FORMATS_WRITTEN)
        _drawn("demo-counterfactual", out / "families", errors)
        shown = open_faces(out / "families")
        answers = np.concatenate([reader.predict(batch) for batch in batches(shown.paths, None, 256)])
        given = read_given(answers, len(answers), names, "the reader")
        save(predictions(shown, given, out), out / "families.parquet")
        flips = measure_families(out / "families.parquet", label="label", pred="predicted", seed=seed)
        written_too = write_families(flips.data, out / "same-face", list(FORMATS_WRITTEN), images=flips.folder)
    console.print(Text(f"{len(frame):,} faces of people who do not exist. {_PLANTED}", style="italic"))
    show(console, audited, written)
    console.print(Text("\nThe same face, changed in one thing alone", style="bold"))
    show_families(console, flips, written_too)
    console.print(
        Text(
            f"Open {out / 'report.html'} and {written_too[0]} in a browser. Audit your own table with: evenface audit "
            "FILE --by …; ask your own model with: evenface counterfactual MODEL --out …"
        )
    )


def _drawn(suite: str, folder: Path, errors: Console, *overrides: str) -> Manifest:
    """Make the faces of a suite, or find them made."""
    from evenface.synthesis import generate, load_spec

    with progress_bar(errors) as progress:
        task = progress.add_task("Drawing faces", total=1.0)
        made = generate(
            load_spec(suite, overrides),
            folder,
            workers=None,
            progress=lambda done, total: progress.update(task, completed=done / total),
        )
    return made.manifest()


def _table(frame: pl.DataFrame, reader: LinearReader, images: np.ndarray) -> pl.DataFrame:
    """What the reader says of faces, beside what they show and of whom."""
    import polars as pl

    chances = reader.predict(images)
    names = list(reader.classes)
    true = pl.Series("label", [names[code] for code in frame["true_label"]])
    said = pl.Series("predicted", [names[code] for code in chances.argmax(1)])
    about = frame.select("face", "subject", *(pl.col(f"attr:{name}").alias(name) for name in _ATTRIBUTES))
    scores = pl.DataFrame(chances, schema=[f"score_{name}" for name in names])
    return pl.concat([about.with_columns(true, said), scores], how="horizontal")
