from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import typer

from evenface.audit.example import planted_table
from evenface.cli import audit as command
from evenface.cli.options import plain_errors


def test_one_command_prints_the_choices_the_verdicts_and_the_files(
    run: Callable[..., Any], good: Path, tmp_path: Path
) -> None:
    done = run("audit", good, "--by", "gender", "--out", tmp_path / "report")
    assert done.exit_code == 0 and not done.stderr
    text = done.plain
    assert "True class: column 'label'." in text and "Columns not used: age." in text
    assert "▲ larger than chance" in text and "Worst off in Accuracy: gender=M" in text
    assert "Accuracy over all groups together is" in text
    assert sorted(p.name for p in (tmp_path / "report").iterdir()) == ["audit.json", "report.html", "report.md"]
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_formats_and_options_reach_the_audit(run: Callable[..., Any], good: Path, tmp_path: Path) -> None:
    done = run(
        *(
            "audit",
            good,
            "--by",
            "age,gender",
            "--bins",
            "age=0,40",
            "--cross",
            1,
            "--seed",
            3,
            "--min-group",
            5,
            "--min-rate",
            4,
        ),
        *(
            "--metrics",
            "accuracy,tpr",
            "--annotated",
            "gender",
            "--generated",
            "age",
            "--out",
            tmp_path,
            "--format",
            "json,csv",
        ),
    )
    assert done.exit_code == 0
    found = json.loads((tmp_path / "audit.json").read_text())
    assert found["settings"] | {"by": 0, "level": 0, "unit": 0} == {
        "asked": {
            "metrics": ["accuracy", "tpr"],
            "bins": {"age": [0.0, 40.0]},
            "provenance": {"gender": "annotated", "age": "generated"},
        },
        **{"by": 0, "cross": 1, "resamples": 100, "permutations": 100, "seed": 3, "min_group": 5},
        **{"min_rate": 4, "level": 0, "unit": 0},
    }
    assert [(a["name"], len(a["levels"]), a["provenance"]) for a in found["input"]["attributes"]] == [
        ("age", 2, "generated"),
        ("gender", 2, "annotated"),
    ]
    assert [m["name"] for m in found["metrics"]] == ["accuracy", "tpr"]
    assert (tmp_path / "gaps.csv").exists() and not (tmp_path / "report.html").exists()


def test_gates_set_the_exit_code(run: Callable[..., Any], good: Path) -> None:
    few = ("audit", good, "--by", "gender", "--metrics", "accuracy,tpr")
    passed = run(*few, "--fail-if", "gap(accuracy, gender) > 0.9")
    assert passed.exit_code == 0 and "Passed: gap(accuracy, gender) > 0.9 does not hold, it is 0." in passed.stdout
    failed = run(*few, "--fail-if", "gap(accuracy, gender) > 0.9", "--fail-if", "overall(accuracy) < 1")
    assert failed.exit_code == 3
    assert "Passed" in failed.stdout and "Failed: overall(accuracy) < 1 holds, it is 0." in failed.stderr
    open_ = run(*few, "--min-group", 150, "--fail-if", "gap(accuracy, gender) > 0.05")
    assert open_.exit_code == 0 and "Undecided" in open_.stderr


def test_a_gate_that_cannot_be_asked_writes_no_report(run: Callable[..., Any], good: Path, tmp_path: Path) -> None:
    done = run("audit", good, "--by", "gender", "--out", tmp_path / "o", "--fail-if", "gap(accurcy, gender) > 0.1")
    assert done.exit_code == 2 and "Did you mean 'accuracy'?" in done.plain
    assert not (tmp_path / "o").exists()


def test_error_rates_correct_the_gap_and_say_so(run: Callable[..., Any], good: Path, tmp_path: Path) -> None:
    rates = tmp_path / "rates.csv"
    rates.write_text("true,F,M\nF,180,20\nM,30,170\n")
    done = run("audit", good, "--by", "gender", "--estimator", f"gender={rates}", "--out", tmp_path / "o")
    assert done.exit_code == 0
    found = json.loads((tmp_path / "o" / "audit.json").read_text())
    assert found["input"]["attributes"][0]["provenance"] == "estimated"
    gap = next(e for e in found["estimated"] if e["metric"] == "accuracy" and e["group"] == "gap")
    seen = next(g for g in found["gaps"] if g["metric"] == "accuracy" and g["kind"] == "difference")
    assert gap["observed"] == seen["value"] < gap["corrected"]
    sentence = f"the gap in Accuracy by gender is {gap['corrected']:.3f}"
    assert sentence in done.plain
    for name in ("report.html", "report.md"):
        text = (tmp_path / "o" / name).read_text()
        assert sentence in text and "If attributes were estimated with errors" in text


def test_no_progress_bar_without_a_terminal(run: Callable[..., Any], good: Path) -> None:
    assert not run("audit", good, "--by", "gender", "--metrics", "accuracy").stderr


def test_help_shows_commands_that_work_as_pasted(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = run("audit", "--help")
    assert shown.exit_code == 0 and max(map(len, shown.stdout.splitlines())) <= 80
    text = " ".join(shown.stdout.split())
    for option in ("--by", "--cross", "--label", "--scores", "--subject", "--bins", "--estimator", "--fail-if"):
        assert option in text
    lines = [line for line in (command.audit.__doc__ or "").splitlines() if line.startswith("evenface ")]
    assert lines[0] == "evenface demo" and all(line.split(" --")[0] in text for line in lines)
    # The demo takes minutes; tests/cli/test_demo.py holds it to the columns that are read here.
    table = planted_table(1500).rename({"race": "skin_tone"})
    (tmp_path / "demo").mkdir()
    table.write_csv("demo/predictions.csv")
    for line in lines[1:]:
        words = [a or b for a, b in re.findall(r'"([^"]*)"|(\S+)', line)][1:]
        assert run(*words, "--metrics", "accuracy").exit_code in ((0, 3) if "--fail-if" in words else (0,))


def test_ctrl_c_ends_with_130_and_leaves_no_half_report(
    run: Callable[..., Any], good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "o"
    assert run("audit", good, "--by", "gender", "--out", out).exit_code == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def interrupted(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(command, "run_audit", interrupted)
    done = run("audit", good, "--by", "gender", "--out", out, "--seed", 5)
    assert done.exit_code == 130 and "Traceback" not in done.output
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_ctrl_c_tells_what_becomes_of_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), plain_errors("the same command goes on."):
        raise KeyboardInterrupt
    assert capsys.readouterr().err == "Stopped before the end; the same command goes on.\n"


def test_a_fault_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), plain_errors():
        raise ZeroDivisionError
    with pytest.raises(typer.Exit), plain_errors():
        raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["[red]x[/nonsense]", "=cmd()", "<script>alert(1)</script>", "[/]", "@SUM(A1)", "a|b"])
def test_names_of_groups_are_shown_and_never_run(
    run: Callable[..., Any], faces: pl.DataFrame, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "faces.csv"
    renamed = pl.when(pl.col("gender") == "M").then(pl.lit(name)).otherwise(pl.lit("F"))
    faces.with_columns(gender=renamed).write_csv(path)
    done = run(
        *("audit", path, "--by", "gender", "--metrics", "accuracy"), *("--out", tmp_path, "--format", "html,md,csv")
    )
    assert done.exit_code == 0 and f"gender={name}" in done.plain.replace("gender= ", "gender=")
    assert "<script>alert" not in (tmp_path / "report.html").read_text()
    assert "<script>" not in (tmp_path / "report.md").read_text()
    cells = [cell for row in (tmp_path / "groups.csv").read_text().splitlines() for cell in row.split(",")]
    assert not [cell for cell in cells if cell.strip('"').startswith(("=", "@", "+"))]
