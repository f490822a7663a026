"""Pictures are posted to this machine and to no other; what comes back is not trusted."""

import json
import time

import pytest

from evenface.core.errors import SettingsError
from evenface.outside.answers import WrongAnswerError
from evenface.outside.faces import open_faces
from evenface.outside.urls import MOST_BYTES, ask, local_url


@pytest.fixture
def paths(faces):
    return open_faces(faces).paths[:4]


def nothing(share: float) -> None:
    """Progress is not looked at."""


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x",
        "https://127.0.0.1/x",
        "ftp://localhost/x",
        "http://127.0.0.1.example.com/",
        "http://localhost@example.com/",
        "http://user@localhost/",
        "http://[::1/",
        "http://localhost:notaport/",
        "http://10.0.0.1/",
        "http:///x",
    ],
)
def test_other_machines_are_refused(url) -> None:
    with pytest.raises(SettingsError, match=r"this machine alone|no URL"):
        local_url(url)


@pytest.mark.parametrize(
    ("body", "label"),
    [
        ({"label": "happy"}, "happy"),
        ("happy", "happy"),
        (["happy"], "happy"),
        ([{"label": "happy", "score": 0.3}], "happy"),
        ({"probabilities": {"angry": 0.1, "happy": 0.7, "sad": 0.2}}, "happy"),
        ({"angry": 0.1, "happy": 0.7, "sad": 0.2}, "happy"),
        ([0.1, 0.7, 0.2], "happy"),
        ({"probabilities": [0.1, 0.7, 0.2]}, "happy"),
        (1, "happy"),
    ],
)
def test_answers_that_are_read(serve, paths, body, label) -> None:
    seen: list[bytes] = []

    def answer(picture: bytes) -> tuple[int, bytes]:
        seen.append(picture)
        return 200, json.dumps(body).encode()

    found = ask(serve(answer), paths, ["angry", "happy", "sad"], None, nothing)
    assert found.labels == (label,) * 4
    assert seen == [path.read_bytes() for path in paths]


@pytest.mark.parametrize("silent", [(204, b""), (200, b"null"), (200, b'{"label": null}')])
def test_no_answer_to_one_picture(serve, paths, silent) -> None:
    answers = iter([(200, b'{"a": 0.6, "b": 0.4}'), silent, (200, b'{"a": 0.1, "b": 0.9}'), silent])
    found = ask(serve(lambda _: next(answers)), paths, None, None, nothing)
    assert found.labels == ("a", None, "b", None)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((500, b"broken"), r"status 500 \(broken\)"),
        ((302, b""), "status 302"),
        ((200, b"<html>"), "did not answer in JSON"),
        ((200, b"\xff\xfe"), "did not answer in JSON"),
        ((200, b"[" * 100_000), "did not answer in JSON"),
        ((200, b" " * (MOST_BYTES + 1)), "over 1,000,000 bytes"),
        ((200, b'{"a": NaN, "b": 1}'), "NaN or infinite"),
        ((200, b'{"a": {"b": 1}}'), "no numbers"),
        ((200, b"null"), "no answer to any of 4"),
        ((200, b"[0.1, 0.9]"), "--classes"),
    ],
)
def test_what_goes_wrong_is_said(serve, paths, answer, message) -> None:
    with pytest.raises(WrongAnswerError, match=message):
        ask(serve(lambda _: answer), paths, None, None, nothing)


def test_a_server_that_hangs_or_is_not_there(serve, paths) -> None:
    def slow(_: bytes) -> tuple[int, bytes]:
        time.sleep(0.4)
        return 204, b""

    with pytest.raises(WrongAnswerError, match=r"did not answer in 0\.1 seconds"):
        ask(serve(slow), paths, None, 0.1, nothing)
    with pytest.raises(WrongAnswerError, match="cannot be reached"):
        ask("http://127.0.0.1:9/", paths, None, None, nothing)
