"""What a file looks like does not matter, only what it says; and the same input gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

OPTIONS = ("--by", "gender,age", "--bins", "age=0,40", "--estimator", "gender=0.9")


@pytest.fixture(scope="module")
def first(run: Callable[..., Any], faces: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first")
    faces.write_csv(folder / "faces.csv")
    assert run("audit", folder / "faces.csv", *OPTIONS, "--out", folder / "o").exit_code == 0
    return folder / "o"


def audited(run: Callable[..., Any], path: Path) -> dict[str, Any]:
    out = path.parent / f"{path.name}.out"
    done = run("audit", path, *OPTIONS, "--out", out, "--format", "json")
    assert done.exit_code == 0, done.output
    return forget(json.loads((out / "audit.json").read_bytes()))


def forget(found: dict[str, Any], *more: str) -> dict[str, Any]:
    for key in ("source", "sha256"):
        del found["input"][key]
    for key in more:
        del found[key]
    return found


def test_the_same_input_gives_the_same_bytes(
    run: Callable[..., Any], first: Path, faces: pl.DataFrame, tmp_path: Path
) -> None:
    faces.write_csv(tmp_path / "faces.csv")
    assert run("audit", tmp_path / "faces.csv", *OPTIONS, "--out", tmp_path / "o").exit_code == 0
    for name in ("audit.json", "report.html", "report.md"):
        assert (tmp_path / "o" / name).read_bytes() == (first / name).read_bytes()


@pytest.mark.parametrize(
    "ending", ["parquet", "arrow", "jsonl", "tsv", "semicolon.csv", "utf16.csv", "bom.csv", "csv.gz"]
)
def test_every_format_gives_the_same_audit(
    ending: str, run: Callable[..., Any], first: Path, faces: pl.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / f"faces.{ending}"
    text = faces.write_csv()
    if ending == "parquet":
        faces.write_parquet(path)
    elif ending == "arrow":
        faces.write_ipc(path)
    elif ending == "jsonl":
        faces.write_ndjson(path)
    elif ending == "csv.gz":
        import gzip

        path.write_bytes(gzip.compress(text.encode()))
    elif ending in ("tsv", "semicolon.csv"):
        path.write_text(text.replace(",", "\t" if ending == "tsv" else ";"))
    else:
        path.write_text(text, encoding="utf-16" if ending == "utf16.csv" else "utf-8-sig")
    found, expected = audited(run, path), forget(json.loads((first / "audit.json").read_bytes()))
    del found["notes"], expected["notes"]  # how the file was read, and nothing else
    assert found == expected


def test_the_order_of_rows_does_not_matter(
    run: Callable[..., Any], first: Path, faces: pl.DataFrame, tmp_path: Path
) -> None:
    faces.sample(fraction=1, shuffle=True, seed=4).write_csv(tmp_path / "faces.csv")
    assert audited(run, tmp_path / "faces.csv") == forget(json.loads((first / "audit.json").read_bytes()))
