"""Show a set of faces to a model that is not ours, and write down what it answers as a table of predictions."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from evenface.core.errors import InputError, SettingsError
from evenface.core.labels import LabelSpace
from evenface.core.writing import write_table
from evenface.outside import callables, commands, onnx, urls
from evenface.outside.answers import Given, join, read_given
from evenface.outside.faces import FaceSet, Images, batches

if TYPE_CHECKING:
    import polars as pl

KEPT = ("face", "subject", "family", "variant", "changed")
Progress = Callable[[float], None]
Kind = Literal["callable", "onnx", "command", "url"]


@dataclass(frozen=True, slots=True)
class Calling:
    """How to call a model.

    Attributes:
        classes: Names of its classes in the order of its scores or codes; None if its answers bring them.
        size: Width and height to bring pictures to; None: as the model wants them, else as they are.
        batch: Pictures at a time.
        timeout: Seconds for a whole command or one request; None: an hour, or half a minute.
        range: Of the numbers that an ONNX model takes; None: 0-255 for whole numbers, else 0-1.
        mean: Taken away from each channel, for ONNX.
        std: Each channel is divided by, for ONNX.
        layout: Order of an ONNX model's axes, where its shape does not tell.
    """

    classes: tuple[str, ...] | None = None
    size: int | None = None
    batch: int = 32
    timeout: float | None = None
    range: onnx.Range | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    layout: Literal["NCHW", "NHWC"] | None = None

    def check(self, kind: Kind) -> None:
        """Raise SettingsError for what makes no sense, or has no meaning for this kind of model."""
        faults = []
        if self.batch < 1:
            faults.append(f"--batch is a number of pictures, 1 or more, got {self.batch}.")
        if self.size is not None and not 8 <= self.size <= 4096:
            faults.append(f"--size is a width in pixels, 8 to 4096, got {self.size}.")
        if self.timeout is not None and not self.timeout > 0:
            faults.append(f"--timeout is a number of seconds above 0, got {self.timeout}.")
        faults += [f"{option} is for ONNX files; this model is a {kind}." for option in self._onnx_only(kind)]
        if self.size is not None and kind in ("command", "url"):
            faults.append(f"--size is for functions and ONNX files; a {kind} gets the pictures as they are.")
        if self.timeout is not None and kind in ("callable", "onnx"):
            faults.append("--timeout is for commands and URLs.")
        if faults:
            raise SettingsError("\n".join(faults))

    def _onnx_only(self, kind: Kind) -> list[str]:
        given = {"--input-range": self.range, "--mean": self.mean, "--std": self.std, "--layout": self.layout}
        return [] if kind == "onnx" else [option for option, value in given.items() if value]


def kind_of(model: str, *, command: bool) -> Kind:
    """Tell what kind of model is named.

    Raises:
        SettingsError: It is none.

    Example:
        >>> kind_of("fer.onnx", command=False), kind_of("mymodel:predict", command=False)
        ('onnx', 'callable')
    """
    if command:
        return "command"
    if "://" in model:
        return "url"
    if model.endswith(".onnx"):
        return "onnx"
    name, _, attribute = model.rpartition(":")
    if name and attribute.isidentifier():
        return "callable"
    raise SettingsError(
        f"{model!r} names no model. A model is module:function or file.py:function, a file that ends in .onnx, a URL "
        "on this machine such as http://127.0.0.1:8000/predict, or with --command a command."
    )


def see(model: str, kind: Kind) -> None:
    """Load a function or an ONNX file and let it go, before minutes are spent on drawing faces for it.

    Raises:
        SettingsError: It cannot be loaded.
    """
    if kind == "callable":
        with callables.loaded(model):
            pass
    elif kind == "onnx":
        onnx.open_onnx(Path(model))


def predict(model: str, kind: Kind, faces: FaceSet, calling: Calling, progress: Progress) -> tuple[Given, list[str]]:
    """Ask a model for an answer to every face.

    Args:
        model: As the user named it.
        kind: From `kind_of`.
        faces: The pictures.
        calling: How to call it.
        progress: Told the share that is done.

    Returns:
        The answers, and what was decided on the way, in words.

    Raises:
        InputError: A picture cannot be read, or an answer is none (`answers.WrongAnswerError`).
        SettingsError: The model cannot be loaded, or an option does not fit it.
    """
    calling.check(kind)
    classes = None if calling.classes is None else list(calling.classes)
    if kind == "command":
        return commands.run_command(model, faces.paths, classes, calling.timeout), []
    if kind == "url":
        return urls.ask(model, faces.paths, classes, calling.timeout, progress), []
    if kind == "callable":
        with callables.loaded(model) as function:
            return _batched(function, faces, calling.size, calling.batch, classes, model, progress), []
    session = onnx.open_onnx(Path(model))
    named = classes or onnx.metadata_classes(session)
    if named is None:
        raise SettingsError(
            f"{model} does not say which classes its outputs stand for. Name them with --classes, in the order of the "
            "outputs: a wrong order gives wrong answers without any error."
        )
    first = session.get_inputs()[0]
    preparation = onnx.prepare(
        first.shape, first.type, given=calling.range, mean=calling.mean, std=calling.std, layout=calling.layout
    )
    run = onnx.runner(session, preparation, named, model)
    size = calling.size or preparation.size
    found = _batched(run, faces, size, calling.batch, named, model, progress)
    return found, [f"Classes: {', '.join(named)}.", preparation.words()]


def _batched(
    function: Callable[[Images], object],
    faces: FaceSet,
    size: int | None,
    batch: int,
    classes: Sequence[str] | None,
    who: str,
    progress: Progress,
) -> Given:
    parts, done = [], 0
    for images in batches(faces.paths, size, batch):
        number = len(images)
        parts.append(read_given(function(images), number, classes, who))
        done += number
        progress(done / len(faces.paths))
    return join(parts, who)


def predictions(faces: FaceSet, given: Given, folder: Path) -> pl.DataFrame:
    """The table of predictions: what each face shows, what was intended, and what was answered.

    Args:
        faces: The pictures.
        given: An answer to each.
        folder: Where the table will stand; paths of pictures are written relative to it.

    Returns:
        `face`, `image`, `subject`, `family`, `variant`, `changed`, `label` and `predicted` (names), `score_<class>`,
        and attributes. Faces of an expression that the model has no class for are left out.

    Raises:
        InputError: The model's classes and the set's expressions have none in common.
    """
    import polars as pl

    frame = faces.frame.select(*KEPT, "label", pl.col("^attr:.*$"))
    frame = frame.with_columns(
        pl.Series("image", [os.path.relpath(path.absolute(), folder.absolute()) for path in faces.paths], pl.String),
        pl.Series("predicted", given.labels, pl.String),
    )
    if given.scores is not None:
        columns = zip(given.classes, given.scores.T, strict=True)
        frame = frame.with_columns(pl.Series(f"score_{name}", values).fill_nan(None) for name, values in columns)
        own = LabelSpace.of(given.classes)
        kept = frame.filter(pl.col("label").is_in([name for name in faces.labels if own.find(name)]))
        if not kept.height:
            raise InputError(
                f"The model's classes ({', '.join(given.classes)}) have none in common with the expressions of the set "
                f"({', '.join(faces.labels)}). Name the model's classes with --classes, in the order of its scores."
            )
        frame = kept
    first = [*KEPT[:1], "image", *KEPT[1:], "label", "predicted"]
    return frame.select(*first, pl.exclude(first))


def save(frame: pl.DataFrame, path: Path) -> None:
    """Write a table of predictions as Parquet, whole or not at all.

    Raises:
        InputError: It cannot be written.
    """
    write_table(frame, path, "Give another folder with --out.")
