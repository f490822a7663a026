"""`evenface compare` from the command line."""

import json

import polars as pl
import pytest


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


def test_prints_tables_and_sentences_and_writes(run, files, tmp_path) -> None:
    out = tmp_path / "out"
    options = ["--by", "gender,age", "--bins", "age=0,60", "--resamples", "100", "--out", out]
    done = run("compare", *files, *options)
    assert done.exit_code == 0, done.output
    assert "Gaps between groups" in done.plain
    assert "fairer on this sample by more than luck" in done.plain
    assert {p.name for p in out.iterdir()} == {"compare.json", "compare.md", "compare.html", "compare.svg"}
    assert json.loads((out / "compare.json").read_text())["schema"] == "evenface.compare/1"


def test_formats_choose_the_files(run, files, tmp_path) -> None:
    options = ["--by", "gender", "--metrics", "accuracy", "--resamples", "100"]
    done = run("compare", *files, *options, "--out", tmp_path / "o", "--format", "json")
    assert done.exit_code == 0, done.output
    assert [p.name for p in (tmp_path / "o").iterdir()] == ["compare.json"]


def test_errors_are_told_without_a_traceback(run, files) -> None:
    done = run("compare", *files, "--by", "gender", "--resamples", 3)
    assert done.exit_code == 2
    assert "resamples must be 100 or more" in done.plain
    done = run("compare", *files, "--bins", "age:1")
    assert done.exit_code == 2
    assert "--bins takes" in done.plain


def test_help_has_an_example(run) -> None:
    done = run("compare", "--help")
    assert "evenface compare before.csv after.csv" in done.plain
