"""The table of answers: one row per face, or per picture in which none could be read.

| column | type | meaning |
|---|---|---|
| `face` | String | identifies the face: picture, `@` frame, `#` number; a manifest's own name for its face |
| `image` | String | the picture, video or archive member |
| `frame`, `time_s`, `track` | Int64, Float64, Int64 | of a video: frame, when, which face of those before |
| `box_left`, `box_top`, `box_right`, `box_bottom` | Float64 | pixels of the picture, upright; null without a face |
| `detection` | Float64 | how sure the detector is that it is a face, 0-1; null where it does not say |
| `predicted` | String | the expression; null: no answer |
| `score_<class>` | Float64 | calibrated probability of each; null without a face |
| `reason` | String | why there is no answer; null where there is one |
| `cue:<name>:<channel>` | Float32 | what a cue read, if cues were named; null where it could not |
| `cue_confidence:<name>` | Float32 | the cue's own, 0-1; null where it has none |
| `cue_reason:<name>` | String | why the cue read nothing; null where it did |
| `base_rates` | String | those of the answers, the same in all rows, if not those that the model learnt |

From a manifest also `label`, and what it says of subject, data set, region, split and attributes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenface.core.errors import InputError, SettingsError
from evenface.core.writing import explained, replacing
from evenface.cues._cue import CueReading
from evenface.serve.cued import Cues

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from evenface.faces.face import Face

FORMATS = (".parquet", ".csv", ".jsonl")
_NO_GROUP = ("label", "subject", "split", "base_rates")
BOX = ("box_left", "box_top", "box_right", "box_bottom")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one face, as a row of the table; `cues` is what each cue read of it."""

    face: str
    image: str
    about: Mapping[str, Any]
    found: Face | None
    track: int | None
    scores: NDArray[np.float64] | None
    predicted: str | None
    reason: str | None
    cues: tuple[CueReading, ...] = ()


def table(answers: Iterable[Answer], classes: Sequence[str], cues: Cues | None = None) -> pl.DataFrame:
    """Lay answers out as the table of this module.

    Args:
        answers: In the order of the rows.
        classes: The model's, in the order of the scores.
        cues: Those that read the faces.
    """
    import polars as pl

    said = [(_row(answer, classes), answer.cues) for answer in answers]
    rows = [row for row, _ in said]
    schema: dict[str, Any] = {"face": pl.String, "image": pl.String}
    schema |= {"frame": pl.Int64, "time_s": pl.Float64, "track": pl.Int64}
    schema |= {**dict.fromkeys(BOX, pl.Float64), "detection": pl.Float64, "predicted": pl.String}
    schema |= {**{f"score_{name}": pl.Float64 for name in classes}, "reason": pl.String}
    more = dict.fromkeys(name for row in rows for name in row if name not in schema)
    schema |= dict.fromkeys(more, pl.String)
    frame = pl.DataFrame(rows, schema=schema, orient="row") if rows else pl.DataFrame(schema=schema)
    more_columns = [] if cues is None else cues.columns([read for _, read in said])
    return pl.concat([frame, *more_columns], how="horizontal")


def _row(answer: Answer, classes: Sequence[str]) -> dict[str, Any]:
    row = {"face": answer.face, "image": answer.image, **answer.about, "track": answer.track}
    row |= {"predicted": answer.predicted, "reason": answer.reason}
    if answer.found is not None:
        score = float(answer.found.score)
        row |= {**dict(zip(BOX, answer.found.box, strict=True)), "detection": None if score != score else score}
    if answer.scores is not None:
        row |= {f"score_{name}": float(value) for name, value in zip(classes, answer.scores, strict=True)}
    return row


def group_columns(answers: pl.DataFrame) -> list[str]:
    """Name the columns of a table of answers that a manifest put there and that part faces into groups."""
    names = answers.columns
    more = names[names.index("reason") + 1 :]
    return [name for name in more if not name.startswith(("cue:", "cue_")) and name not in _NO_GROUP]


def check_format(path: Path) -> None:
    """See before a long run that answers can be written as `path` says; raises SettingsError or InputError."""
    if path.suffix.lower() not in FORMATS:
        raise SettingsError(f"--out {path}: write to a file that ends in {', '.join(FORMATS)}.")
    if not path.parent.is_dir():
        raise InputError(f"--out {path}: there is no folder {path.parent}.")


def write(frame: pl.DataFrame, path: Path) -> Path:
    """Write answers as Parquet, CSV or JSON lines, by the file's ending; whole or not at all.

    Raises:
        SettingsError: Another ending.
        InputError: The file cannot be written.
    """
    check_format(path)
    kind = path.suffix.lower()
    with explained(path, "Give another file with --out."), replacing(path) as part:
        if kind == ".parquet":
            frame.write_parquet(part)
        elif kind == ".csv":
            frame.write_csv(part)
        else:
            frame.write_ndjson(part)
    return path
