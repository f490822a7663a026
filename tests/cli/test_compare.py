"""`evenface compare` from the command line."""

import json

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from evenface.cli.compare import compare


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer(rich_markup_mode="rich")
    made.command("compare")(compare)
    made.callback()(lambda: None)
    return made


@pytest.fixture
def files(tmp_path) -> list[str]:
    faces = {
        "id": list(range(120)),
        "y_true": ["happy", "sad"] * 60,
        "gender": ["f"] * 60 + ["m"] * 60,
        "age": list(range(120)),
    }
    answers = {"a": ["happy", "sad"] * 30 + ["happy"] * 60, "b": ["happy", "sad"] * 60}
    paths = []
    for name, answer in answers.items():
        path = tmp_path / f"{name}.csv"
        pl.DataFrame(faces | {"y_pred": answer}).write_csv(path)
        paths.append(str(path))
    return paths


def test_prints_tables_and_sentences_and_writes(app, files, tmp_path) -> None:
    out = tmp_path / "out"
    options = ["--by", "gender,age", "--bins", "age=0,60", "--resamples", "100", "--out", str(out)]
    done = CliRunner().invoke(app, ["compare", *files, *options], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert "Gaps between groups" in done.output
    assert "fairer on this sample by more than luck" in done.output
    assert {p.name for p in out.iterdir()} == {"compare.json", "compare.md", "compare.html", "compare.svg"}
    assert json.loads((out / "compare.json").read_text())["schema"] == "evenface.compare/1"


def test_formats_choose_the_files(app, files, tmp_path) -> None:
    options = ["--by", "gender", "--metrics", "accuracy", "--resamples", "100"]
    done = CliRunner().invoke(app, ["compare", *files, *options, "--out", str(tmp_path / "o"), "--format", "json"])
    assert done.exit_code == 0, done.output
    assert [p.name for p in (tmp_path / "o").iterdir()] == ["compare.json"]


def test_errors_are_told_without_a_traceback(app, files) -> None:
    done = CliRunner().invoke(app, ["compare", *files, "--by", "gender", "--resamples", "3"])
    assert done.exit_code == 2
    assert "resamples must be 100 or more" in done.stderr
    done = CliRunner().invoke(app, ["compare", *files, "--bins", "age:1"])
    assert done.exit_code == 2
    assert "--bins takes" in done.stderr


def test_help_has_an_example(app) -> None:
    done = CliRunner().invoke(app, ["compare", "--help"], env={"COLUMNS": "200"})
    assert "evenface compare before.csv after.csv" in done.output
