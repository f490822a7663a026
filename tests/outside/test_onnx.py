"""ONNX: how pictures are given, read off an input's shape; running is tried on a stand-in for the runtime."""

from types import SimpleNamespace

import numpy as np
import pytest

from evenface.core.errors import InputError, SettingsError
from evenface.outside.answers import WrongAnswerError
from evenface.outside.onnx import metadata_classes, open_onnx, prepare, runner

FLOAT = "tensor(float)"


@pytest.mark.parametrize(
    ("shape", "layout", "channels", "size", "batch"),
    [
        (["n", 3, 224, 224], "NCHW", 3, 224, None),
        ([1, 1, 64, 64], "NCHW", 1, 64, 1),
        ([None, 48, 48, 1], "NHWC", 1, 48, None),
        ([8, "h", "w", 3], "NHWC", 3, None, 8),
        (["n", 3, "h", "w"], "NCHW", 3, None, None),
    ],
)
def test_layout_is_read_off_the_shape(shape, layout, channels, size, batch) -> None:
    found = prepare(shape, FLOAT)
    assert (found.layout, found.channels, found.size, found.batch) == (layout, channels, size, batch)
    images = np.zeros((2, 5, 5, 3), np.uint8)
    assert found(images).shape == ((2, channels, 5, 5) if layout == "NCHW" else (2, 5, 5, channels))


@pytest.mark.parametrize(
    ("shape", "kind", "options", "message"),
    [
        (["n", 7], FLOAT, {}, "a picture has 4 axes"),
        (["n", 3, 8, 8], "tensor(string)", {}, "a picture has 4 axes"),
        (["n", "c", "h", "w"], FLOAT, {}, "--layout"),
        (["n", 4, 8, 8], FLOAT, {"layout": "NCHW"}, "means 4 channels"),
        (["n", 3, 8, 16], FLOAT, {}, "only square ones"),
        (["n", 3, 8, 8], FLOAT, {"mean": (0.1, 0.2)}, "--mean takes 1 or 3 numbers"),
        (["n", 3, 8, 8], FLOAT, {"std": (0.0,)}, "above 0"),
    ],
)
def test_what_is_no_picture_is_said(shape, kind, options, message) -> None:
    with pytest.raises(SettingsError, match=message):
        prepare(shape, kind, **options)


def test_ranges_means_and_grey() -> None:
    images = np.array([[[[255, 0, 0]]]], np.uint8)
    assert prepare(["n", 3, 1, 1], FLOAT)(images).ravel().tolist() == [1, 0, 0]
    assert prepare(["n", 3, 1, 1], FLOAT, given="-1-1")(images).ravel().tolist() == [1, -1, -1]
    assert prepare(["n", 3, 1, 1], "tensor(uint8)")(images).ravel().tolist() == [255, 0, 0]
    assert prepare(["n", 1, 1, 1], FLOAT)(images).ravel() == pytest.approx([0.299])
    scaled = prepare(["n", 3, 1, 1], FLOAT, mean=(0.5,), std=(0.5, 0.25, 1))(images)
    assert scaled.ravel() == pytest.approx([1, -2, -0.5])
    assert scaled.dtype == np.float32
    assert "--input-range" in prepare(["n", 3, 1, 1], FLOAT, mean=(0.5,)).words()


class Session:
    """Gives each picture's mean three times, as the runtime would."""

    def __init__(self, batch=None, outputs=None, metadata=None, inputs=1) -> None:
        self.batch, self.outputs, self.metadata, self.inputs = batch, outputs, metadata or {}, inputs

    def get_inputs(self):
        return [SimpleNamespace(name=f"x{i}", shape=[self.batch, 3, 4, 4], type=FLOAT) for i in range(self.inputs)]

    def get_modelmeta(self):
        return SimpleNamespace(custom_metadata_map=self.metadata)

    def run(self, names, feeds):
        x = feeds["x0"]
        if self.batch is not None and len(x) != self.batch:
            raise RuntimeError("wrong batch")
        return self.outputs or [x.mean((2, 3)), np.zeros(len(x))]


def run(session, images, classes=("a", "b", "c")):
    first = session.get_inputs()[0]
    return runner(session, prepare(first.shape, first.type), classes, "m")(images)


def test_fixed_batches_are_filled_up() -> None:
    images = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((5, 4, 4, 3), np.uint8)
    wanted = images.mean((1, 2)) / 255
    assert run(Session(batch=2), images) == pytest.approx(wanted)
    assert run(Session(), images) == pytest.approx(wanted)


def test_models_that_do_not_fit_are_told() -> None:
    images = np.zeros((2, 4, 4, 3), np.uint8)
    with pytest.raises(WrongAnswerError, match="no output of 2 scores"):
        run(Session(), images, ("a", "b"))
    with pytest.raises(SettingsError, match="several inputs"):
        run(Session(inputs=2), images)
    broken = Session()
    broken.run = lambda *_: 1 / 0
    with pytest.raises(WrongAnswerError, match="failed on 2 pictures"):
        run(broken, images)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('["a", "b"]', ["a", "b"]),
        ("a, b", ["a", "b"]),
        ('{"1": "b", "0": "a"}', ["a", "b"]),
        ("", None),
        ("3", None),
    ],
)
def test_class_names_in_the_file(text, names) -> None:
    assert metadata_classes(Session(metadata={"classes": text})) == names


def test_files_that_are_none(tmp_path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        open_onnx(tmp_path / "no.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"nothing")
    with pytest.raises((InputError, SettingsError), match=r"cannot be opened|not installed"):
        open_onnx(tmp_path / "bad.onnx")
