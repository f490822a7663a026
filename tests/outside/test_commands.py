"""A command is run once, and must answer each picture once."""

import sys
from pathlib import Path

import pytest

from evenface.core.errors import SettingsError
from evenface.outside.answers import WrongAnswerError
from evenface.outside.commands import run_command
from evenface.outside.faces import open_faces

START = "import csv, sys; rows = [r['image'] for r in csv.DictReader(open(sys.argv[1]))]\n"


def command(folder: Path, code: str, tail: str = "") -> str:
    path = folder / "model.py"
    path.write_text(START + code)
    return f"'{sys.executable}' '{path}' {tail}"


@pytest.fixture
def paths(faces):
    return open_faces(faces).paths


def test_names_of_pictures_tell_nothing(faces, paths, tmp_path) -> None:
    code = f"open({str(tmp_path / 'seen')!r}, 'w').write('\\n'.join(rows)); print('image,predicted')\n"
    run = command(tmp_path, code + "for r in rows: print(r + ',happy')")
    assert set(run_command(run, paths, None, None).labels) == {"happy"}
    assert "asian" not in (tmp_path / "seen").read_text()


@pytest.mark.parametrize(
    "code",
    [
        "print('image,predicted')\nfor i, r in enumerate(rows): print(f'{r},{i % 2}')",
        "print('file,y_pred')\nfor i, r in enumerate(rows): print(r.split('/')[-1] + ',' + ['angry', 'happy'][i % 2])",
        "print('image,p_angry,p_happy,p_sad')\nfor i, r in enumerate(rows): print(f'{r},{1 - i % 2},{i % 2},0.1')",
        "print('image,predicted')\n"
        "for i, r in reversed(list(enumerate(rows))): print(r + ',' + ['anger', 'happy'][i % 2])",
    ],
)
def test_tables_that_are_read(paths, tmp_path, code) -> None:
    found = run_command(command(tmp_path, code), paths, ["angry", "happy", "sad"], None)
    spelled = [{"anger": "angry"}.get(label, label) for label in found.labels]
    assert spelled == ["angry", "happy"] * 6


def test_a_file_may_be_written_and_answers_left_empty(paths, tmp_path) -> None:
    code = "out = open(sys.argv[2], 'w'); print('image,predicted', file=out)\n"
    code += "for i, r in enumerate(rows): print(f\"{r},{'happy' if i else ''}\", file=out)"
    found = run_command(command(tmp_path, code, "{images} {out}"), paths, None, None)
    assert found.labels == (None, *["happy"] * 11)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1 / 0", "ended with code 1. It said: .*ZeroDivisionError"),
        ("", "wrote no table"),
        ("print('a,b'); print('1,2')", "wrote no column `image`"),
        ("print('image,predicted'); [print(r + ',x') for r in rows[1:]]", "1 of 12 pictures have no row"),
        ("print('image,predicted'); [print(r + ',x') for r in rows + rows[:2]]", "2 pictures have several rows"),
        ("print('image,predicted'); [print(r + ',x') for r in [*rows, 'z.png']]", "1 rows name no picture"),
        ("print('image,x'); [print(r + ',y') for r in rows]", "neither a column `predicted` nor"),
        ("print('image,p_a,p_b'); [print(r + ',1,') for r in rows]", "neither|NaN"),
        ("import time; time.sleep(30)", "stopped after 0.7 seconds"),
    ],
)
def test_what_goes_wrong_is_said(paths, tmp_path, code, message) -> None:
    with pytest.raises(WrongAnswerError, match=r"(?s)" + message):
        run_command(command(tmp_path, code), paths, None, 0.7 if "sleep" in code else None)


@pytest.mark.parametrize(
    ("text", "message"), [("", "empty"), ("'", "cannot be read"), ("no-such-command-here", "no command")]
)
def test_commands_that_cannot_be_run(paths, text, message) -> None:
    with pytest.raises(SettingsError, match=message):
        run_command(text, paths, None, None)
