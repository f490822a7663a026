"""A server on this machine as a model: each picture is posted to it, and it answers in JSON.

Only this machine is asked: pictures of faces are not sent anywhere by this package.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evenface.core.errors import SettingsError
from evenface.outside.answers import Given, WrongAnswerError, join, read_given

HOSTS = ("127.0.0.1", "localhost", "::1")
TIMEOUT = 30.0  # seconds a picture
MOST_BYTES = 1_000_000  # of one answer
KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".bmp": "image/bmp"}


def local_url(url: str) -> tuple[str, int, str]:
    """Split a URL on this machine into host, port and path.

    Raises:
        SettingsError: It is of another machine, or not http.

    Example:
        >>> local_url("http://localhost:8000/predict?top=1")
        ('localhost', 8000, '/predict?top=1')
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise SettingsError(f"{url!r} is no URL: {error}.") from error
    if parts.scheme != "http" or host not in HOSTS or parts.username is not None:
        raise SettingsError(
            f"{url!r} is not asked: pictures are posted to this machine alone, at http://127.0.0.1:PORT/… or "
            "http://localhost:PORT/…. Run the model here, or give its predictions to `evenface audit --counterfactual`."
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return host, port or 80, path


def ask(
    url: str,
    paths: tuple[Path, ...],
    classes: list[str] | None,
    timeout: float | None,
    progress: Callable[[float], None],
) -> Given:
    """Post each picture, and read what is answered.

    The answer is JSON: `{"label": "happy"}`, `{"probabilities": {"happy": 0.9, …}}`, a list of scores, or a name; null
    or status 204 for no answer. Redirections are not followed, since they could lead away from this machine.

    Raises:
        SettingsError: The URL is not on this machine.
        WrongAnswerError: Nothing answers, it takes too long, or what it answers cannot be read.
    """
    host, port, path = local_url(url)
    parts: list[Given | None] = []
    for i, picture in enumerate(paths):
        kind = KINDS.get(picture.suffix.lower(), "application/octet-stream")
        raw = _post(host, port, path, picture.read_bytes(), kind, timeout or TIMEOUT)
        parts.append(None if raw is None else _one(raw, classes, url))
        progress((i + 1) / len(paths))
    with_scores = next((part for part in parts if part is not None and part.scores is not None), None)
    return join([_silent(with_scores) if part is None else part for part in parts], url)


def _post(host: str, port: int, path: str, body: bytes, kind: str, timeout: float) -> Any:
    where = f"http://{host}:{port}{path}"
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("POST", path, body, {"Content-Type": kind, "Accept": "application/json"})
        response = connection.getresponse()
        text = response.read(MOST_BYTES + 1)
    except TimeoutError as error:
        raise WrongAnswerError(f"{where} did not answer in {timeout:g} seconds. --timeout gives it more.") from error
    except (OSError, http.client.HTTPException) as error:
        raise WrongAnswerError(f"{where} cannot be reached or broke off: {error}. Is the server running?") from error
    finally:
        connection.close()
    if response.status == 204:
        return None
    if response.status != 200 or len(text) > MOST_BYTES:
        said = text[:200].decode(errors="replace").strip()
        what = f"status {response.status} ({said})" if response.status != 200 else f"over {MOST_BYTES:,} bytes"
        raise WrongAnswerError(f"{where} answered a picture with {what}; expected is status 200 and JSON.")
    try:
        return json.loads(text)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        said = text[:120].decode(errors="replace")
        raise WrongAnswerError(f"{where} did not answer in JSON, but: {said!r}") from error


def _one(raw: Any, classes: list[str] | None, who: str) -> Given | None:
    """Read the answer to one picture; None for no answer."""
    if isinstance(raw, list) and len(raw) == 1 and not isinstance(raw[0], int | float):
        raw = raw[0]
    if raw is None or (isinstance(raw, dict) and all(value is None for value in raw.values())):
        return None
    return read_given([raw], 1, classes, who)


def _silent(like: Given | None) -> Given:
    """No answer, in the form of the other answers."""
    if like is None or like.scores is None:
        return Given((None,), None, ())
    return Given((None,), like.scores[:1] * float("nan"), like.classes)
