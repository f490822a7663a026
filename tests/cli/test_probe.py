"""`evenface probe`."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.core.tables import Attribute
from evenface.report.probe import validate_probe

N = 120
CONFIG = """
name = "small"
epochs = 1
batch = 16
[data]
manifest = "{folder}"
size = 16
[net]
kind = "vae"
widths = [8, 8]
drawing = [8, 8]
grid = 4
latent = 2
head = 8
blocks = 1
[device]
accelerator = "cpu"
threads = 1
precision = "fp32"
"""


@pytest.fixture(scope="module")
def trained(run, tmp_path_factory) -> Path:
    """A run on faces of which the brightness shows the gender; age has one value, and race a group of three."""
    folder = tmp_path_factory.mktemp("faces")
    rng = np.random.default_rng(0)
    male = np.arange(N) % 2
    for i in range(N):
        pixels = rng.integers(0, 60, (16, 16, 3), np.uint8) + np.uint8(60 * male[i])
        Image.fromarray(pixels).save(folder / f"{i}.png")
    frame = pl.DataFrame(
        {
            "face": [str(i) for i in range(N)],
            "image": [f"{i}.png" for i in range(N)],
            "subject": [f"p{i}" for i in range(N)],
            "dataset": ["made"] * N,
            "region": pl.Series([None] * N, dtype=pl.String),
            "split": ["train"] * 40 + ["test"] * 80,
            "label": pl.Series(np.arange(N) // 2 % 2, dtype=pl.Int16),
            "attr:gender": [("female", "male")[m] for m in male],
            "attr:age": ["old"] * N,
            "attr:race": ["rare"] * 3 + ["one", "other"] * 38 + ["rare"] * 3 + ["one", "other"] * 19,
            "weight": male + rng.normal(0, 0.3, N),
        }
    )
    attributes = (
        Attribute("gender", ("female", "male"), "generated"),
        Attribute("age", ("old",), "generated"),
        Attribute("race", ("one", "other", "rare"), "generated"),
    )
    Manifest(frame, LabelSpace.of(("happy", "sad")), attributes).save(folder / "manifest.parquet")
    config = folder / "small.toml"
    config.write_text(CONFIG.format(folder=folder))
    done = run("train", config, "--set", f"out={folder / 'runs'}", "--set", "seeds=[0, 1]")
    assert done.exit_code == 0, done.output
    return folder / "runs"


def test_runs_are_probed_side_by_side(run, trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    runs = (trained / "small-seed0", trained / "small-seed1")
    asked = ("--by", "gender,race,number:weight", "--layers", "--given-expression", "--permutations", 39)
    done = run("probe", *runs, *asked, "--out", out)
    assert done.exit_code == 0, done.output
    assert "race rare has 3 persons in these faces, fewer than 5" in done.plain
    assert "gender is read from the latent" in done.plain
    data = json.loads((out / "probe.json").read_text("utf-8"))
    assert validate_probe(data) == []
    pixels = next(r for r in data["readings"] if r["place"] == "pixels" and r["attribute"] == "gender")
    assert pixels["measures"][0]["value"] > 0.95
    assert pixels["measures"][0]["verdict"] == "read"
    assert {r["given"] for r in data["readings"]} == {None, "expression"}
    assert {"stages.0", "head.3"} <= set(data["runs"][0]["places"])
    layer = next(r for r in data["readings"] if r["place"] == "stages.0" and r["attribute"] == "gender")
    assert {m["probe"] for m in layer["measures"]} == {"linear"}
    page = (out / "probe.html").read_text("utf-8")
    assert page.count("<svg") == 6 + 2 * 3
    assert "its decoder was not taught to draw" in page or "<img" in page


def test_layers_are_read_by_every_probe_if_asked(run, trained: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("evenface.probe.mlp._STEPS", 4)
    asked = ("--by", "gender", "--all-probes", "--permutations", 39)
    done = run("probe", trained / "small-seed0", *asked, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert "gender: bits of 1.00" in done.plain
    data = json.loads((tmp_path / "probe.json").read_text("utf-8"))
    assert len(data["readings"]) > 5
    for reading in data["readings"]:
        assert {m["probe"] for m in reading["measures"]} == {"linear", "mlp", "knn"}, reading["place"]


def test_what_cannot_be_probed_is_said(run, trained: Path, tmp_path: Path) -> None:
    one = trained / "small-seed0"
    for given, said in (
        ((trained,), "is no run that has ended"),
        ((trained,), "Runs in it: small-seed0, small-seed1"),
        ((one, one), "named twice"),
        ((one, "--by", "gendr"), "Did you mean 'gender'?"),
        ((one, "--by", "number:wieght"), "Did you mean 'number:weight'?"),
        ((one, "--by", "age"), "age: the attribute has one value in these faces"),
        ((one, "--split", "tset"), "no face is in the split 'tset'"),
        ((one, "--permutations", 3), "a band of 95 % needs 39 at least"),
    ):
        done = run("probe", *given)
        assert done.exit_code == 2, done.output
        assert said in done.plain
