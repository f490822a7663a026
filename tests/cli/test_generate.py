from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from evenface.core.manifest import Manifest

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grey squares for faces, so that no mesh is needed."""

    def draw(faces: pl.DataFrame, size: int) -> np.ndarray:
        level = (faces["exposure"].to_numpy() * 50 + 128).clip(0, 255).astype(np.uint8)
        return np.broadcast_to(level[:, None, None, None], (faces.height, size, size, 3)).copy()

    monkeypatch.setattr("evenface.synthesis.run.renderer", lambda device: draw)


def test_a_suite_is_made_and_told(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "faces"
    options = ("--count", 30, "--size", 16, "--seed", 9, "--workers", 1, "--set", "name=mine", "--sheet")
    done = run("generate", "smoke", out, *options)
    assert done.exit_code == 0, done.output
    assert "30 faces of 16 pixels in" in done.plain and (out / "sheet.png").exists()
    assert Manifest.load(out / "manifest.parquet").frame["dataset"].unique().to_list() == ["mine"]
    assert len(list(out.glob("images/*/*.png"))) == 30
    again = run("generate", "smoke", out, *options)
    assert again.exit_code == 0 and "30 of 30 faces were there already" in again.plain


def test_a_file_is_read_and_options_come_first(run: Run, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text('count = 40\nsize = 64\ndesign = "natural"\n')
    options = ("--count", 6, "--size", 16, "--format", "webdataset,jpeg", "--workers", 1)
    done = run("generate", tmp_path / "my.toml", tmp_path / "out", *options)
    assert done.exit_code == 0, done.output
    assert [path.name for path in (tmp_path / "out" / "shards").iterdir()] == ["00000.tar"]


def test_whole_families_are_told(run: Run, tmp_path: Path) -> None:
    done = run("generate", "counterfactual-v1", tmp_path, "--count", 60, "--size", 16, "--workers", 1)
    assert "60 faces have room for 52 in whole families or clips." in done.plain


def test_a_dry_run_draws_nothing(run: Run, tmp_path: Path) -> None:
    done = run("generate", "train-biased", "--dry-run")
    assert done.exit_code == 0
    assert "6,048 faces of 64 pixels" in done.plain and "Nothing was drawn" in done.plain
    assert "attr:gender female 3,024 50.0%" in done.plain


def test_all_that_can_be_named_is_listed(run: Run) -> None:
    done = run("generate", "--list")
    assert done.exit_code == 0
    for name in ("smoke", "counterfactual-v1", "factorial", "stereotypical", "jaffe_like", "Simulation"):
        assert name in done.plain


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Give a SPEC and a folder OUT"),
        (("smoke",), "Give a SPEC and a folder OUT"),
        (("smok", "out"), "Did you mean 'smoke'?"),
        (("smoke", "out", "--count", 0), "count: Input should be greater than or equal to 1, got 0. (command line)"),
        (("smoke", "out", "--size", 4096), "size: "),
        (("smoke", "out", "--set", "cuont=3"), "cuont: unknown key. Did you mean 'count'?"),
        (("smoke", "out", "--set", "parameters.yaw.low=5", "--set", "parameters.yaw.high=1"), "low 5 is above high 1"),
        (("smoke", "out", "--format", "jpg"), "--format 'jpg' is not known. Did you mean 'jpeg'?"),
        (("smoke", "out", "--format", "png,jpeg"), "png and jpeg exclude each other"),
        (("smoke", "out", "--workers", 0), "Invalid value for '--workers'"),
    ],
)
def test_bad_input_is_told_in_plain_words(
    arguments: tuple[object, ...], said: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("generate", *arguments)
    assert done.exit_code == 2
    assert said in done.plain
    assert not list(tmp_path.iterdir())


def test_a_folder_of_another_spec_is_told(run: Run, tmp_path: Path) -> None:
    small = ("--count", 5, "--workers", 1)
    assert run("generate", "smoke", tmp_path, *small, "--size", 16).exit_code == 0
    done = run("generate", "smoke", tmp_path, *small, "--size", 32)
    assert done.exit_code == 2 and "size: 16 there, 32 now" in done.plain
