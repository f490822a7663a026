"""A small counterfactual set on disk, and a server that answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.core.tables import Attribute

CLASSES = ("angry", "happy", "sad")


def make_set(folder: Path, families: int = 6, size: int = 16) -> Path:
    """Families whose class is the brightness of their pictures; `asian` is brighter by one class."""
    (folder / "images").mkdir(parents=True)
    rows = []
    for f in range(families):
        for ethnicity in ("african", "asian"):
            level = f % 3 * 60 + (60 if ethnicity == "asian" else 0) + 30
            name = f"images/{f}-ethnicity={ethnicity}.png"
            Image.fromarray(np.full((size, size, 3), level, np.uint8)).save(folder / name)
            rows.append(
                {
                    "face": f"{f}-{ethnicity}",
                    "image": name,
                    "subject": f"p{f}",
                    "dataset": "toy",
                    "region": None,
                    "split": None,
                    "label": 0,  # an annotator's; what was intended is `true_label`
                    "true_label": f % 3,
                    "family": str(f),
                    "variant": f"ethnicity={ethnicity}",
                    "changed": "ethnicity",
                    "attr:ethnicity": ethnicity,
                }
            )
    types = {"label": pl.Int16, "true_label": pl.Int16, "region": pl.String, "split": pl.String}
    frame = pl.DataFrame(rows, schema_overrides=types)
    known = (Attribute("ethnicity", ("african", "asian")),)
    Manifest(frame, LabelSpace.of(CLASSES), known).save(folder / "manifest.parquet")
    return folder


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    return make_set(tmp_path / "set")


Answer = Callable[[bytes], tuple[int, bytes]]


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    """Start a server on this machine; what it is given answers each post with a status and a body."""
    started: list[HTTPServer] = []

    def start(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                status, body = answer(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://example.com/")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        started.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/predict"

    yield start
    for server in started:
        server.shutdown()
        server.server_close()
