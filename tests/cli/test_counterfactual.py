"""`evenface counterfactual` and `evenface audit --counterfactual`."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest


@pytest.fixture
def faces(tmp_path):
    folder = tmp_path / "set"
    (folder / "images").mkdir(parents=True)
    rows = []
    for f in range(30):
        for changed, level, step in (
            ("gender", "female", 0),
            ("gender", "male", 80),
            ("image_seed", "0", 0),
            ("image_seed", "1", 1),
        ):
            name = f"images/{f}-{changed}-{level}.png"
            Image.fromarray(np.full((12, 12, 3), 40 + step + f % 2, np.uint8)).save(folder / name)
            row = {"face": name, "image": name, "subject": f"p{f}", "dataset": "toy", "region": None, "split": None}
            row |= {"label": 0, "family": str(f), "variant": f"{changed}={level}", "changed": changed}
            rows.append(row)
    types = {"label": pl.Int16, "region": pl.String, "split": pl.String}
    Manifest(pl.DataFrame(rows, schema_overrides=types), LabelSpace.of(("happy", "sad")), ()).save(
        folder / "manifest.parquet"
    )
    return folder


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(
        "import numpy as np\n"
        "def read(images):\n"
        "    dark = images.mean((1, 2, 3)) < 100\n"
        "    return np.where(dark[:, None], [[.9, .1]], [[.2, .8]])\n"
    )
    return f"{path}:read"


def test_a_model_is_shown_faces_and_audited(run, faces, model, tmp_path) -> None:
    out = tmp_path / "out"
    done = run("counterfactual", model, "--classes", "happy,sad", "--faces", faces, "--out", out, "--resamples", 100)
    assert done.exit_code == 0, done.output
    assert "more than rendering noise" in done.plain
    assert "happy → sad as gender=female becomes gender=male: 30 families, 0 back" in done.plain
    names = {"predictions.parquet", "counterfactual.html", "counterfactual.json", "counterfactual.md"}
    assert {path.name for path in out.iterdir()} == names
    data = json.loads((out / "counterfactual.json").read_text("utf-8"))
    assert data["attributes"][0]["flip"]["value"] == 1
    assert data["baseline"]["flip"]["value"] == 0
    assert (out / "counterfactual.html").read_text("utf-8").count("<img ") > 2
    again = run("audit", out / "predictions.parquet", "--counterfactual", "--label", "label", "--pred", "predicted",
                "--out", tmp_path / "again")  # fmt: skip
    assert again.exit_code == 0, again.output
    same = [(folder / "counterfactual.json").read_bytes() for folder in (out, tmp_path / "again")]
    assert same[0] == same[1]


def test_the_switch_prints_and_refuses_what_would_do_nothing(run, planted_table) -> None:
    done = run("audit", planted_table, "--counterfactual")
    assert done.exit_code == 0, done.output
    assert "images in" in done.plain
    done = run("audit", planted_table, "--counterfactual", "--by", "gender", "--fail-if", "gap(accuracy, gender) > 0")
    assert done.exit_code == 2
    assert "--by, --fail-if would do nothing" in done.plain
    done = run("audit", planted_table, "--counterfactual", "--format", "html")
    assert done.exit_code == 2
    assert "but not where" in done.plain


@pytest.fixture
def planted_table(tmp_path):
    path = tmp_path / "p.csv"
    rows = [(f, f"gender={g}", "happy", "happy" if g == "f" or f % 2 else "sad") for f in range(30) for g in "fm"]
    pl.DataFrame(rows, schema=["family", "variant", "label", "predicted"], orient="row").write_csv(path)
    return path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "names no model"),
        (["http://example.com/"], "not asked"),
        (["m.onnx", "--mean", "a"], "--mean takes numbers"),
        (["m.onnx", "--input-range", "0-2"], "Unknown input range '0-2'"),
        (["m.onnx", "--layout", "CHW"], "Did you mean 'NCHW'"),
        (["m.onnx"], "There is no file m.onnx"),
        (["m:f", "--timeout", "3"], "--timeout is for commands"),
        (["m:f", "--format", "pdf"], "Unknown format 'pdf'"),
        (["sleep 30", "--command", "--timeout", "0.2"], "ended with code|stopped after"),
        (["false", "--command"], "ended with code 1"),
        (["m:f", "--min-group", "0"], "Importing"),
    ],
)
def test_faults_are_told_without_a_traceback(run, faces, tmp_path, arguments, message) -> None:
    import re

    done = run("counterfactual", *arguments, "--faces", faces, "--out", tmp_path / "out")
    assert done.exit_code == 2, done.output
    assert re.search(message, done.plain)


def test_no_faces(run, model, tmp_path) -> None:
    done = run("counterfactual", model, "--faces", tmp_path, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "no manifest.parquet" in done.plain


def test_a_model_that_is_not_there_is_told_before_faces_are_drawn(run, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("")
    for model, message in ((f"{tmp_path}/mine.py:nope", "no function 'nope'"), (f"{tmp_path}/a.onnx", "a.onnx")):
        done = run("counterfactual", model, "--out", tmp_path / "flips")
        assert done.exit_code == 2 and message in done.plain.replace("\n", " ")
        assert not (tmp_path / "flips" / "faces").exists()
