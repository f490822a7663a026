from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from evenface.faces import assets
from evenface.faces.assets import Asset


@pytest.fixture(autouse=True)
def _made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "made.task").write_bytes(b"model")
    asset = Asset("made.task", hashlib.sha256(b"model").hexdigest(), "a made file", "madeup==1.0", "made.task")
    monkeypatch.setattr(assets, "ASSETS", {"made": asset})
    monkeypatch.setattr("evenface.cli.assets.ASSETS", {"made": asset})
    monkeypatch.setenv("EVENFACE_ASSETS", str(tmp_path / "assets"))


def test_list_and_fetch(run, tmp_path: Path) -> None:
    assert "missing" in run("assets", "list").plain
    done = run("assets", "fetch", "made", "--from", tmp_path / "made.task")
    assert done.exit_code == 0, done.output
    assert "Wrote" in done.plain
    assert "there" in run("assets", "list").plain
    assert "Already there" in run("assets", "fetch").plain
    assert "Wrote" in run("assets", "fetch", "--from", tmp_path).plain
    (tmp_path / "assets" / "made.task").write_bytes(b"changed")
    assert "wrong hash" in run("assets", "list").plain


def test_what_cannot_be_got_is_told(run, tmp_path: Path) -> None:
    for arguments, message in [(["mad"], "Did you mean 'made'"), (["made", "--from", tmp_path / "none"], "--from")]:
        done = run("assets", "fetch", *arguments)
        assert done.exit_code == 2
        assert message in done.plain
    done = run("assets", "fetch", "--from", tmp_path / "made.task")
    assert done.exit_code == 2
    assert "one file cannot be all of made. Say which it is: evenface assets fetch made" in done.plain
