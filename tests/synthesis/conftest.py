"""A renderer that needs no mesh: pictures that any change of any parameter changes."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

_DRAW = """
import numpy as np
from evenface.synthesis.parameters import columns


def draw(faces, size):
    values = np.stack(list(columns(faces).values()), 1)
    coded = (values * 37.7 % 1 * 255).astype(np.uint8)
    plane = np.stack([np.resize(row, (size, size)) for row in coded])
    return np.repeat(plane[..., None], 3, 3)
"""


@pytest.fixture
def draw(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Callable:
    """The renderer, in a module that worker processes can import too."""
    folder = tmp_path_factory.mktemp("fake")
    (folder / "fake_renderer.py").write_text(_DRAW)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "fake_renderer", raising=False)
    import fake_renderer

    return fake_renderer.draw


@pytest.fixture
def spec_file(tmp_path: Path) -> Callable[[str], Path]:
    """Write a spec."""

    def write(text: str) -> Path:
        path = tmp_path / "spec.toml"
        path.write_text(text)
        return path

    return write
