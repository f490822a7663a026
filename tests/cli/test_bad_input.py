"""Every kind of bad input, by command and in Python: exit 2 or a marked result, never a traceback."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import evenface
from evenface.core.errors import EvenfaceError, InputError

HEAD = "label,pred,gender\n"
ROWS = "happy,sad,F\nsad,sad,M\n" * 20

REFUSED = {
    "nothing in it": (b"", "is empty (0 bytes)"),
    "blank lines": (b"\n\n  \n", "holds only blank lines"),
    "header only": (HEAD.encode(), "but no rows"),
    "ragged rows": ((HEAD + ROWS + "happy,sad\nsad,sad,M,x,y\n").encode(), "row 41 has 2, row 42 has 5"),
    "quote left open": ((HEAD + 'happy,sad,"F\n' + ROWS).encode(), "a quote mark is opened and not closed"),
    "a column named twice": (
        ("label,pred,gender,gender\n" + "a,b,c,d\n" * 5).encode(),
        "more than one column is named",
    ),
    "no known columns": ((HEAD.replace("pred", "x").replace("label", "y") + ROWS).encode(), "Name it with pred"),
    "codes and names": ((HEAD + "0,sad,F\n1,sad,M\n" * 9).encode(), "mix codes"),
    "20-digit codes": ((HEAD + "12345678901234567890,happy,F\n" * 9).encode(), "'12345678901234567890'"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(200)), "is a PNG picture, not a table"),
    "zero bytes": (HEAD.encode() + b"happy,sad,\0\n", "holds zero bytes"),
    "one JSON list": (b'[{"label": "happy", "pred": "sad", "gender": "F"}]', "is one JSON list"),
    "broken JSON lines": (b'{"label": "happy", "pred": "sad", "gender": "F"}\n{"label":\n', "line 2 is not JSON"),
    "cut Parquet": (b"PAR1" + bytes(100), "cannot be read"),
    "cut gzip": (gzip.compress((HEAD + ROWS).encode())[:40], "cannot be unpacked"),
    "a line without end": (HEAD.encode() + b"x" * 17_000_000, "a line is longer than 16 MB"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_read_is_refused_in_words(kind: str, run: Callable[..., Any], tmp_path: Path) -> None:
    content, message = REFUSED[kind]
    path = tmp_path / "p.csv"
    path.write_bytes(content)
    done = run("audit", path)
    assert done.exit_code == 2 and not done.stdout
    assert message in done.plain and "p.csv" in done.plain and "Traceback" not in done.output
    with pytest.raises(InputError) as refused:
        evenface.audit(path)
    assert message in str(refused.value)


def test_what_is_no_file(run: Callable[..., Any], good: Path, tmp_path: Path) -> None:
    assert "is a folder. Give one file in it, such as good.csv" in run("audit", tmp_path).plain
    assert "Did you mean good.csv?" in run("audit", tmp_path / "god.csv").plain
    assert "does not exist" in run("audit", tmp_path / "no" / "good.csv").plain
    assert run("audit", tmp_path / "no").exit_code == 2


OPTIONS = [
    ("--by gendr", "Did you mean 'gender'?"),
    ("--by ,", "--by ',' names nothing"),
    ("--by gender,gender", "named twice"),
    ("--by label --label label", "given both as"),
    ("--label pred --pred pred", "given both as label and as pred"),
    ("--label labell", "Did you mean 'label'?"),
    ("--subject person", "has no column 'person' (for subject)"),
    ("--scores p_x,p_y", "has no column 'p_x' (for scores)"),
    ("--labels FER2014", "Did you mean 'FER2013'?"),
    ("--labels a,b,c", "'neutral'"),
    ("--into SMIK-3", "Did you mean 'SMIC-3'?"),
    ("--metrics acuracy", "Did you mean 'accuracy'?"),
    ("--metrics ece", "need a probability per class"),
    ("--cross 0", "1 or more, got 0"),
    ("--resamples 5", "resamples must be 100 or more"),
    ("--resamples many", "valid integer"),
    ("--seed -1", "0 or more, got -1"),
    ("--min-group 0", "1 or more, got 0"),
    ("--bins age", "--bins takes NAME=VALUE"),
    ("--bins age=1,x", "got age=1,x"),
    ("--bins age=1 --bins age=2", "--bins is given twice for 'age'"),
    ("--by age --bins age=40,20", "must be increasing finite numbers"),
    ("--by age --bins ag=1,2", "is not an attribute here. Did you mean 'age'?"),
    ("--by gender --bins gender=1,2", "is not a number"),
    ("--estimated gendr", "Did you mean 'gender'?"),
    ("--estimated gender --annotated gender", "given with more than one origin"),
    ("--estimator gender", "--estimator takes NAME=VALUE"),
    ("--estimator gender=0.3", "between chance (1/2 for 2 levels) and 1"),
    ("--estimator gender=no.csv", "A share of right estimates is a number such as 0.72"),
    ("--format html", "Give a folder with --out"),
    ("--bye gender", "No such option: --bye"),
]


@pytest.mark.parametrize(("options", "message"), OPTIONS)
def test_options_that_cannot_be_met(options: str, message: str, run: Callable[..., Any], good: Path) -> None:
    done = run("audit", good, *options.split())
    assert done.exit_code == 2 and message in done.plain and "Traceback" not in done.output


def test_where_no_report_can_go_is_said_before_the_run(run: Callable[..., Any], good: Path, tmp_path: Path) -> None:
    assert "is not a folder" in run("audit", good, "--out", good).plain
    assert "is not a folder" in run("audit", good, "--out", good / "below").plain
    done = run("audit", good, "--out", tmp_path / "o", "--format", "htm")
    assert done.exit_code == 2 and "Did you mean 'html'?" in done.plain and not (tmp_path / "o").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(run: Callable[..., Any], good: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    done = run("audit", good, "--out", tmp_path / "o")
    tmp_path.chmod(0o700)
    assert done.exit_code == 2 and "cannot be written to" in done.plain


def report(run: Callable[..., Any], table: pl.DataFrame, folder: Path, *options: object) -> dict:
    path = folder / "t.csv"
    table.write_csv(path)
    done = run("audit", path, "--out", folder / "o", *options)
    assert done.exit_code == 0, done.output
    return json.loads((folder / "o" / "audit.json").read_text())


def codes(found: dict) -> set[str]:
    return {warning["code"] for warning in found["warnings"]}


def gap(found: dict, by: str, metric: str = "accuracy") -> dict:
    return next(g for g in found["gaps"] if (g["by"], g["metric"], g["kind"]) == (by, metric, "difference"))


def test_one_class(run: Callable[..., Any], faces: pl.DataFrame, tmp_path: Path) -> None:
    found = report(run, faces.with_columns(label=pl.lit("happy")), tmp_path, "--by", "gender")
    assert "one_class" in codes(found)
    assert (
        found["overall"]["metrics"]["tpr[sad]"]["value"] is None
        and found["overall"]["metrics"]["tpr[sad]"]["undefined"]
    )


def test_one_group(run: Callable[..., Any], faces: pl.DataFrame, tmp_path: Path) -> None:
    one = faces.with_columns(gender=pl.lit("F"))
    found = report(run, one, tmp_path, "--by", "gender,age", "--bins", "age=0,40")
    assert any("one group only, 'F'" in w["message"] for w in found["warnings"])
    assert gap(found, "gender")["value"] is None and gap(found, "gender")["undefined"]
    assert gap(found, "age")["value"] is not None


@pytest.mark.parametrize("level", ["nan", ""])
def test_an_attribute_without_values(
    level: str, run: Callable[..., Any], faces: pl.DataFrame, good: Path, tmp_path: Path
) -> None:
    none = faces.with_columns(gender=pl.lit(level))
    found = report(run, none, tmp_path, "--bins", "age=0,40")
    assert any("'gender' has no known value" in w["message"] for w in found["warnings"])
    assert gap(found, "age")["value"] is not None
    none.write_csv(good)
    done = run("audit", good, "--by", "gender")
    assert done.exit_code == 2 and "'gender' has no known value" in done.plain


def test_a_group_of_three_is_shown_marked_and_left_out(
    run: Callable[..., Any], faces: pl.DataFrame, tmp_path: Path
) -> None:
    three = pl.when(pl.int_range(pl.len()) < 3).then(pl.lit("X")).otherwise(pl.col("gender"))
    found = report(run, faces.with_columns(gender=three), tmp_path, "--by", "gender")
    group = next(g for g in found["groups"] if g["group"] == "gender=X")
    assert group["n"] == 3 and group["small"] and group["metrics"]["accuracy"]["value"] is not None
    assert gap(found, "gender")["left_out"] == ["gender=X"]


def test_no_answers_at_all(run: Callable[..., Any], faces: pl.DataFrame, tmp_path: Path) -> None:
    found = report(run, faces.with_columns(pred=pl.lit(None, pl.String)), tmp_path, "--by", "gender")
    assert "no_answers" in codes(found)
    values = found["overall"]["metrics"]
    assert values["accuracy"]["value"] is None and values["accuracy"]["undefined"]
    assert values["coverage"]["value"] == 0 and values["accuracy_all"]["value"] == 0


def test_a_group_without_answers_stays_in_coverage(
    run: Callable[..., Any], faces: pl.DataFrame, tmp_path: Path
) -> None:
    silent = pl.when(pl.col("gender") == "F").then(None).otherwise(pl.col("pred"))
    found = report(run, faces.with_columns(pred=silent), tmp_path, "--by", "gender")
    women = next(g for g in found["groups"] if g["group"] == "gender=F")["metrics"]
    assert women["accuracy"]["value"] is None and women["coverage"]["value"] == 0
    assert gap(found, "gender", "coverage")["value"] == 1
    assert gap(found, "gender")["value"] is None and gap(found, "gender")["undefined"]


def test_marked_but_read(run: Callable[..., Any], faces: pl.DataFrame, tmp_path: Path) -> None:
    by = ("--by", "gender", "--metrics", "accuracy")
    assert "repeated_faces" in codes(report(run, pl.concat([faces, faces.head(3)]), tmp_path, *by))
    assert "no_common_class" in codes(report(run, faces.with_columns(pred="gender"), tmp_path, "--by", "age", *by[2:]))
    scores = [pl.lit(0.1 + 0.2 * i).alias(f"p_{c}") for i, c in enumerate(("happy", "sad", "neutral"))]
    assert "scores_not_normalised" in codes(report(run, faces.with_columns(scores), tmp_path, *by))
    logits = [pl.lit(3.0 - 4 * i).alias(f"p_{c}") for i, c in enumerate(("happy", "sad", "neutral"))]
    found = report(run, faces.with_columns(logits), tmp_path, *by)
    assert any("logits" in note for note in found["notes"]) and found["input"]["scores"]


def test_scores_are_not_missed_where_there_is_no_answer(
    run: Callable[..., Any], faces: pl.DataFrame, tmp_path: Path
) -> None:
    none = pl.int_range(pl.len()) < 7
    hidden = [pl.when(none).then(None).otherwise(pl.col("pred")).alias("pred")]
    sure = {name: (pl.col("pred") == name).cast(pl.Float64) for name in ("happy", "sad", "neutral")}
    hidden += [pl.when(~none).then(value).alias(f"p_{name}") for name, value in sure.items()]
    table = faces.with_columns(hidden)
    found = report(run, table, tmp_path, "--by", "gender", "--metrics", "accuracy,coverage")
    assert "scores_not_finite" not in codes(found) and found["input"]["answered"] == 193
    lost = table.with_columns(p_sad=pl.when(pl.int_range(pl.len()) == 9).then(None).otherwise(pl.col("p_sad")))
    found = report(run, lost, tmp_path, "--by", "gender", "--metrics", "accuracy,coverage")
    assert [w["message"] for w in found["warnings"] if w["code"] == "scores_not_finite"] == [
        "Scores of 1 of 193 rows are missing, NaN or infinite and are left out."
    ]


def test_python_raises_the_same_errors(faces: pl.DataFrame) -> None:
    for options in ({"by": ["gendr"]}, {"by": ["gender"], "resamples": 5}, {"by": ["gender"], "metrics": ["acuracy"]}):
        with pytest.raises(EvenfaceError):
            evenface.audit(faces, **options)
