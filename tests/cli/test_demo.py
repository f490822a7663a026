from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from evenface import __version__
from evenface.core.errors import SettingsError

pytest.importorskip("torch")
pytest.importorskip("warp")

from evenface.benchmark import prepare, suites
from evenface.demo import run as story
from evenface.synthesis.spec import Spec

SMALL = {
    "epochs": 1,
    "batch": 16,
    "data.size": 24,
    "net.widths": (8, 8, 8),
    "net.drawing": (8, 8, 8),
    "device.precision": "fp32",
    "device.accelerator": "cpu",
}
SUITE = """
about = "Nine in ten of the angry faces are of dark skin."
groups = ["skin_tone"]
emotion = "angry"
[faces]
name = "few"
count = 168
size = 24
splits = { train = 0.3, validation = 0.2, test = 0.5 }
[[faces.biases]]
kind = "stereotypical"
emotion = "angry"
group = { skin_tone = "dark" }
strength = 0.8
splits = ["train", "validation"]
"""


def small_families() -> Spec:
    given = suites.families().model_dump() | {"count": 24, "size": 24}
    given["design"]["change"] = {"skin_tone": [2, 8.5], "image_seed": [1, 2]}
    return Spec(**given)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Suite of few small faces."""
    path = tmp_path_factory.mktemp("suites") / "few.toml"
    path.write_text(SUITE)
    return path


@pytest.fixture(scope="module")
def told(run: Callable[..., Any], few: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """The demo on few small faces: what is tried is the route, not what it finds."""
    out = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare, "families", small_families)
        patch.setattr(story, "tell_story", partial(story.tell_story, suite=str(few), changes=SMALL))
        done = run("demo", "--out", out)
        assert done.exit_code == 0, done.output
        again = run("demo", "--out", out)
        assert again.stdout == done.stdout
    return done, out


def test_it_ends_with_findings_and_the_path_of_the_page(told: tuple[Any, Path]) -> None:
    done, out = told
    for word in ("Found: ERM recalls angry in", "Aligned: the gap is", "Cost: accuracy", "Open"):
        assert word in done.plain
    assert (out / "report.html").is_file()
    data = json.loads((out / "demo.json").read_text())
    assert [model["name"] for model in data["models"]] == ["ERM", "latent alignment"]
    for model in data["models"]:
        assert set(model["leak"]) == {"linear", "mlp", "knn"} and set(model["recall"]) == {"light", "dark"}
        assert 0 <= model["accuracy"]["low"] <= model["accuracy"]["value"] <= model["accuracy"]["high"] <= 1
    learnt = data["faces"]["learnt"]["biased"]
    assert learnt["dark"] > 3 * learnt["light"] and sum(data["faces"]["splits"].values()) == 168
    # Few faces are learnt from, so what is drawn may be wrong; but real skin differs as it was set.
    assert 0.1 < data["drawn"]["real"] < 0.6 and 0 <= data["drawn"]["kept"] <= 1


def test_the_page_stands_alone_and_leads_to_pages_that_are_there(told: tuple[Any, Path]) -> None:
    _, out = told
    page = (out / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"(?:src|href)=\"https?:", page) and page.count("<img") == 7 == page.count("data:image/png")
    assert all(alt for alt in re.findall(r'alt="([^"]*)"', page))
    links = re.findall(r'href="([^"]+)"', page)
    assert len(links) == 6 and all((out / link).is_file() for link in links)


def test_the_answers_are_a_table_that_the_audit_reads(told: tuple[Any, Path]) -> None:
    table = pl.read_csv(told[1] / "predictions.csv")
    assert {"face", "label", "predicted", "score_angry", "gender", "skin_tone", "age"} <= set(table.columns)
    assert len(table) == 84


def test_what_cannot_be_told(
    run: Callable[..., Any], few: Path, tmp_path: Path, told: tuple[Any, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    done = run("demo", "--out", tmp_path / "file")
    assert done.exit_code == 2 and "is not a folder" in done.plain and "Traceback" not in done.output
    with pytest.raises(SettingsError, match="plants no bias in one expression"):
        story.tell_story(tmp_path, suite="crossed")
    settings = told[1] / "nets" / "erm-seed0" / "settings.toml"
    kept = settings.read_text()
    settings.write_text(kept.replace("epochs = 1", "epochs = 2"))
    monkeypatch.setattr(prepare, "families", small_families)
    with pytest.raises(SettingsError, match="taught by other settings"):
        story.tell_story(told[1], suite=str(few), changes=SMALL)
    settings.write_text(kept)


def test_the_program_itself(run: Callable[..., Any]) -> None:
    assert run("--version").stdout == f"evenface {__version__}\n"
    shown = run("--help")
    assert shown.exit_code == 0 and all(name in shown.stdout for name in ("audit", "data", "demo", "generate"))
    assert run("audti").exit_code == 2
