from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from evenface.report import spreadsheet
from evenface.report.words import Findings


@pytest.mark.parametrize("name", ["=cmd()", "+1", "-1", "@SUM(1)", "\t=1", " =1"])
def test_a_spreadsheet_runs_no_name(renamed: Callable[[str], dict[str, Any]], name: str) -> None:
    tables = spreadsheet.tables(Findings(renamed(name)))
    rows = list(csv.DictReader(io.StringIO(tables["groups.csv"])))
    assert rows[0]["group"].startswith("'")
    assert rows[0]["group"].lstrip("'").strip() == name.strip()
    assert not any(
        cell.lstrip().startswith(("=", "+", "@")) for row in csv.reader(io.StringIO(tables["gaps.csv"])) for cell in row
    )


def test_a_spreadsheet_has_every_value_and_leaves_the_undefined_empty(big: dict[str, Any]) -> None:
    tables = spreadsheet.tables(Findings(big))
    rows = list(csv.DictReader(io.StringIO(tables["groups.csv"])))
    assert len(rows) == sum(len(group["metrics"]) for group in big["groups"])
    empty = [row for row in rows if row["undefined"]]
    assert empty
    assert all(row["value"] == "" for row in empty)
    assert len(tables["gaps.csv"].splitlines()) == len(big["gaps"]) + 1
