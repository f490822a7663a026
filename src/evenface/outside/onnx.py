"""An ONNX file as a model: its input's shape says how pictures must be given."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError, SettingsError, needs
from evenface.outside.answers import WrongAnswerError
from evenface.outside.faces import Images

Range = Literal["0-255", "0-1", "-1-1"]
CLASS_KEYS = ("classes", "class_names", "labels", "names")
GREY = np.array([0.299, 0.587, 0.114])  # luma of ITU-R BT.601
_TYPES: Mapping[str, type[np.number[Any]]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
}


@dataclass(frozen=True)
class Preparation:
    """How pictures become the model's input.

    Attributes:
        layout: Order of the axes.
        channels: 1 (grey) or 3 (RGB).
        size: Width and height that the model wants; None: any.
        batch: Pictures at a time that it wants; None: any.
        kind: Type of the numbers.
        range: Of the numbers, before mean and standard deviation.
        mean: Taken away from each channel, in that range.
        std: By which each channel is then divided.
    """

    layout: Literal["NCHW", "NHWC"]
    channels: int
    size: int | None
    batch: int | None
    kind: type[np.number[Any]]
    range: Range
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def __call__(self, images: Images) -> NDArray[Any]:
        """Prepare (face, row, column, 3) uint8 RGB."""
        x = images.astype(np.float64)
        if self.channels == 1:
            x = (x @ GREY)[..., None]
        x = x if self.range == "0-255" else x / 255 if self.range == "0-1" else x / 127.5 - 1
        if self.mean:
            x = x - np.array(self.mean)
        if self.std:
            x = x / np.array(self.std)
        if self.layout == "NCHW":
            x = x.transpose(0, 3, 1, 2)
        return np.ascontiguousarray((np.rint(x) if self.kind is np.uint8 else x).astype(self.kind))

    def words(self) -> str:
        """What was decided, for the user to see."""
        shape = {"NCHW": "face, channel, row, column", "NHWC": "face, row, column, channel"}[self.layout]
        turned = f", less {list(self.mean)}" if self.mean else ""
        turned += f", divided by {list(self.std)}" if self.std else ""
        return (
            f"Pictures are given as ({shape}), {'grey' if self.channels == 1 else 'RGB'}, in {self.range}{turned}. If "
            "the model was trained otherwise, say so with --input-range, --mean and --std: its answers depend on it."
        )


def prepare(
    shape: Sequence[int | str | None],
    kind: str,
    *,
    given: Range | None = None,
    mean: Sequence[float] = (),
    std: Sequence[float] = (),
    layout: Literal["NCHW", "NHWC"] | None = None,
) -> Preparation:
    """Read off an input's shape how pictures must be given.

    Args:
        shape: Of the input; text or None where it may be any number.
        kind: Type of the input, as onnxruntime names it.
        given: Range of the numbers. None: 0-255 for whole numbers, else 0-1.
        mean: One number a channel, or one for all.
        std: The same.
        layout: Order of the axes; None: where the 1 or 3 channels are.

    Raises:
        SettingsError: The input is no picture, or options do not fit it. All faults at once.
    """
    if len(shape) != 4 or kind not in _TYPES:
        raise SettingsError(
            f"The model's input has the shape {list(shape)} and type {kind}; a picture has 4 axes and the type "
            f"{', '.join(_TYPES)}."
        )
    found = layout or ("NCHW" if shape[1] in (1, 3) else "NHWC" if shape[3] in (1, 3) else None)
    if found is None:
        raise SettingsError(
            f"The model's input has the shape {list(shape)}: it cannot be told where the 1 or 3 channels are. Say so "
            "with --layout NCHW or --layout NHWC."
        )
    channels = shape[1] if found == "NCHW" else shape[3]
    sides = shape[2:] if found == "NCHW" else shape[1:3]
    faults = []
    if isinstance(channels, int) and channels not in (1, 3):
        faults.append(f"a layout of {found} means {channels} channels; 1 (grey) or 3 (RGB) can be given.")
    number = channels if isinstance(channels, int) else 3
    fixed = [side for side in sides if isinstance(side, int) and side > 0]
    if len(set(fixed)) > 1:
        faults.append(f"the model wants pictures of {fixed[1]} x {fixed[0]} pixels; only square ones can be given.")
    for name, values in (("--mean", mean), ("--std", std)):
        if len(values) not in (0, 1, number):
            faults.append(f"{name} takes 1 or {number} numbers, got {len(values)}.")
    if any(value <= 0 for value in std):
        faults.append(f"--std takes numbers above 0, got {list(std)}.")
    if faults:
        raise SettingsError("\n".join(faults))
    batch = shape[0] if isinstance(shape[0], int) and shape[0] > 0 else None
    scale: Range = given or ("0-255" if kind == "tensor(uint8)" else "0-1")
    side = fixed[0] if fixed else None
    return Preparation(found, number, side, batch, _TYPES[kind], scale, tuple(mean), tuple(std))


def open_onnx(path: Path) -> Any:
    """Open an ONNX file on the CPU.

    Raises:
        SettingsError: onnxruntime is not installed.
        InputError: The file is missing or no ONNX model.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    with needs("Running ONNX files", "onnxruntime"):
        onnxruntime = import_module("onnxruntime")  # optional, and without types
    try:
        return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:
        raise InputError(f"{path} cannot be opened as an ONNX model: {str(error)[:300]}") from error


def metadata_classes(session: Any) -> list[str] | None:
    """Class names that the file itself holds, in order; None if it holds none."""
    held: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
    text = next((held[key] for key in CLASS_KEYS if held.get(key)), None)
    if text is None:
        return None
    try:
        read = json.loads(text)
    except json.JSONDecodeError:
        read = text.split(",")
    if isinstance(read, dict) and all(str(key).isdigit() for key in read):
        read = [read[key] for key in sorted(read, key=int)]
    return [str(name).strip() for name in read] if isinstance(read, list) else None


def runner(session: Any, preparation: Preparation, classes: Sequence[str], name: str) -> Callable[[Images], Any]:
    """Give the function that runs the model on a batch of pictures."""
    wanted = session.get_inputs()[0].name
    if len(session.get_inputs()) > 1:
        others = ", ".join(each.name for each in session.get_inputs())
        raise SettingsError(f"{name} has several inputs ({others}); a model that reads pictures alone has one.")

    def answer(images: Images) -> Any:
        size = preparation.batch or len(images)
        parts = [_run(session, wanted, preparation, images[i : i + size], name) for i in range(0, len(images), size)]
        return _pick([np.concatenate(each) for each in zip(*parts, strict=True)], len(images), classes, name)

    return answer


def _run(session: Any, wanted: str, preparation: Preparation, images: Images, name: str) -> list[Any]:
    number = len(images)
    if preparation.batch and number < preparation.batch:  # a fixed batch is filled up, and the filling thrown away
        images = np.concatenate([images, np.repeat(images[-1:], preparation.batch - number, axis=0)])
    try:
        out = session.run(None, {wanted: preparation(images)})
    except Exception as error:
        raise WrongAnswerError(f"{name} failed on {number} pictures: {str(error)[:300]}") from error
    return [np.asarray(each)[:number] for each in out]


def _pick(outputs: Sequence[NDArray[Any]], faces: int, classes: Sequence[str], name: str) -> NDArray[Any]:
    """The output that holds one score per class, or else one row of anything per face."""
    flat = [each.reshape(faces, -1) if each.ndim > 2 else each for each in outputs]
    for each in flat:
        if each.shape == (faces, len(classes)) and each.dtype.kind == "f":
            return each
    shapes = ", ".join(str(list(each.shape)) for each in outputs)
    raise WrongAnswerError(
        f"{name} has no output of {len(classes)} scores a face; its outputs have the shapes {shapes}."
    )
