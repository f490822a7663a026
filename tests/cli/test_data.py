import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from evenface.cli.data import data_app


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    male = rng.random(600) < 0.4
    path = tmp_path / "faces.csv"
    pl.DataFrame(
        {
            "gender": np.where(male, "[red]M", "F"),
            "age": rng.integers(1, 90, 600),
            "label": np.where(rng.random(600) < np.where(male, 0.5, 0.1), "angry", "happy"),
        }
    ).write_csv(path)
    return path


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(data_app, ["bias", *map(str, arguments)], env={"COLUMNS": "160", "NO_COLOR": "1"})
    return done.exit_code, done.output


FEW = ("--resamples", 200, "--permutations", 200)


def test_prints_tables_and_writes_files(table: Path, tmp_path: Path) -> None:
    code, text = run(
        table, "--by", "gender,age", "--bins", "age=0,18,40", "--estimated", "gender", "--out", tmp_path / "out", *FEW
    )
    assert code == 0
    assert "who is shown" in text and "gender (estimated)" in text and "[red]M" in text and "Wrote" in text
    result = json.loads((tmp_path / "out" / "dataset_bias.json").read_text(encoding="utf-8"))
    assert [a["provenance"] for a in result["datasets"][0]["input"]["attributes"]] == ["estimated", "unknown"]
    assert "40+" in result["datasets"][0]["input"]["attributes"][1]["levels"]


def test_against_another_table(table: Path) -> None:
    code, text = run(table, "--by", "gender", "--against", table, *FEW)
    assert code == 0 and "similarity of data sets" in text and "faces – faces (2)" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--by", "gendr"), "Did you mean 'gender'"),
        (("--by", ""), "No attribute"),
        (("--by", "gender", "--bins", "age"), "--bins takes NAME=VALUE"),
        (("--by", "gender", "--estimated", "gender", "--annotated", "gender"), "more than one origin"),
    ],
)
def test_mistakes_end_with_code_2_and_no_traceback(table: Path, arguments: tuple[str, ...], message: str) -> None:
    code, text = run(table, *arguments)
    assert code == 2 and message in text and "Traceback" not in text


def test_help_has_an_example() -> None:
    code, text = run("--help")
    assert code == 0 and "evenface data bias raf-db.csv" in text
