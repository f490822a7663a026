from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

Tree = Callable[..., Path]


def png(pixels: NDArray[np.uint8] | None = None, seed: int = 0) -> bytes:
    """A grey PNG, made by hand; by itself 16 x 16 pixels of noise."""
    if pixels is None:
        pixels = np.random.default_rng(seed).integers(0, 256, (16, 16), np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Make a folder of pictures (by their names) and other files (by their contents)."""

    def make(pictures: Iterable[str] = (), files: Mapping[str, bytes | str] | None = None, under: str = "set") -> Path:
        root = tmp_path / under
        contents: dict[str, bytes | str] = dict.fromkeys(pictures, b"") | dict(files or {})
        for seed, (name, content) in enumerate(contents.items()):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            data = content.encode() if isinstance(content, str) else content
            path.write_bytes(data or png(seed=seed))
        return root

    return make
