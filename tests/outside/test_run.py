"""Sets of faces, and the table of predictions that a model's answers make."""

import polars as pl
import pytest
from PIL import Image

from evenface.core.errors import InputError, SettingsError
from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.outside.answers import Given, WrongAnswerError
from evenface.outside.faces import batches, open_faces
from evenface.outside.run import Calling, kind_of, predict, predictions, save

CODE = """
import numpy as np
def scores(images):
    assert images.dtype == np.uint8 and images.ndim == 4 and images.shape[3] == 3
    return np.eye(3)[np.minimum(images[:, 0, 0, 0] // 60, 2)] * .8 + .1
def broken(images):
    raise KeyError("gone")
number = 3
"""


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(CODE)
    return str(path)


def nothing(share: float) -> None:
    """Progress is not looked at."""


def test_a_function_reads_pictures_and_makes_predictions(faces, model, tmp_path) -> None:
    shown = open_faces(faces)
    calling = Calling(classes=("anger", "happiness", "sadness"), batch=5)
    given, notes = predict(f"{model}:scores", "callable", shown, calling, nothing)
    table = predictions(shown, given, tmp_path / "out")
    assert not notes
    assert table["label"].to_list() == ["angry", "angry", "happy", "happy", "sad", "sad"] * 2
    assert table["predicted"].to_list() == ["angry", "happy", "happy", "sad", "sad", "sad"] * 2
    assert {"score_angry", "score_happy", "score_sad", "attr:ethnicity", "family", "variant"} <= set(table.columns)
    assert (tmp_path / "out" / table["image"][0]).resolve() == shown.paths[0].resolve()
    save(table, tmp_path / "out" / "p.parquet")
    assert pl.read_parquet(tmp_path / "out" / "p.parquet").equals(table)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("broken", WrongAnswerError, "failed on 12 images of 16 x 16 pixels: KeyError"),
        ("score", SettingsError, "Did you mean 'scores'"),
        ("number", SettingsError, "no function 'number'"),
    ],
)
def test_functions_that_fail(faces, model, name, error, message) -> None:
    with pytest.raises(error, match=message):
        predict(f"{model}:{name}", "callable", open_faces(faces), Calling(), nothing)


@pytest.mark.parametrize("target", ["no_such_module:f", "/no/such/file.py:f"])
def test_modules_that_cannot_be_imported(faces, target) -> None:
    with pytest.raises(SettingsError, match="Importing"):
        predict(target, "callable", open_faces(faces), Calling(), nothing)


def test_a_module_in_the_working_folder_is_found_and_the_path_left_as_it_was(faces, tmp_path, monkeypatch) -> None:
    import sys

    (tmp_path / "my_fer_model.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    given, _ = predict("my_fer_model:scores", "callable", open_faces(faces), Calling(classes=("a", "b", "c")), nothing)
    assert sys.path == before
    assert given.labels[:2] == ("a", "b")


@pytest.mark.parametrize(
    ("calling", "kind", "faults"),
    [
        (Calling(batch=0, size=3, timeout=-1), "onnx", 4),
        (Calling(mean=(0.5,), layout="NCHW", range="0-1"), "callable", 3),
        (Calling(size=64), "url", 1),
        (Calling(timeout=3), "callable", 1),
    ],
)
def test_options_that_make_no_sense_are_told_together(calling, kind, faults) -> None:
    with pytest.raises(SettingsError) as caught:
        calling.check(kind)
    assert str(caught.value).count("\n") == faults - 1


@pytest.mark.parametrize("model", ["model", "model.pt", ":f", "a:b c"])
def test_what_is_no_model(model) -> None:
    with pytest.raises(SettingsError, match="names no model"):
        kind_of(model, command=False)


def test_kinds() -> None:
    assert kind_of("anything at all", command=True) == "command"
    assert kind_of("http://localhost/x", command=False) == "url"
    assert kind_of("dir/m.py:f", command=False) == "callable"


def test_sets_that_cannot_be_used(faces, tmp_path) -> None:
    with pytest.raises(InputError, match=r"no manifest\.parquet"):
        open_faces(tmp_path)
    manifest = Manifest.load(faces / "manifest.parquet")
    (tmp_path / "plain").mkdir()
    Manifest(manifest.frame.drop("family"), manifest.labels, manifest.attributes).save(
        tmp_path / "plain" / "manifest.parquet"
    )
    with pytest.raises(InputError, match="no column family"):
        open_faces(tmp_path / "plain")
    (faces / manifest.frame["image"][0]).unlink()
    with pytest.raises(InputError, match="1 of 12 pictures are missing"):
        open_faces(faces)


def test_pictures_that_cannot_be_read(faces) -> None:
    shown = open_faces(faces)
    Image.new("RGB", (9, 9)).save(shown.paths[3])
    with pytest.raises(InputError, match="Give --size"):
        list(batches(shown.paths, None, 2))
    assert [len(b) for b in batches(shown.paths, 8, 5)] == [5, 5, 2]
    shown.paths[5].write_bytes(b"no picture")
    with pytest.raises(InputError, match="cannot be read as a picture"):
        list(batches(shown.paths, 8, 2))


def test_faces_of_classes_that_the_model_lacks_are_left_out(faces, tmp_path) -> None:
    import numpy as np

    shown = open_faces(faces)
    scores = np.tile([0.6, 0.4], (12, 1))
    table = predictions(shown, Given(("happy",) * 12, scores, ("happy", "sad")), tmp_path)
    assert set(table["label"]) == {"happy", "sad"}
    with pytest.raises(InputError, match="none in common"):
        predictions(shown, Given(("yes",) * 12, scores, ("yes", "no")), tmp_path)
    assert LabelSpace.of(("yes", "no")).find("happy") is None
