"""Settings: precedence, every fault at once, and a text that reads back to the same settings."""

import json
import math
import tomllib
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from evenface.core.config import InvalidSettings, Settings
from evenface.core.errors import SettingsError


class Draws(Settings):
    resamples: int = 1000
    kind: Literal["subject", "face"] = "subject"


class Run(Settings):
    by: tuple[str, ...] = ("gender",)
    seed: int = 0
    limit: float | None = None
    title: str = ""
    draws: Draws = Draws()
    names: dict[str, str] = Field(default_factory=dict)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "run.toml"
    path.write_text('seed = 3\ntitle = "from the file"\n[draws]\nresamples = 50\n', encoding="utf-8")
    return path


def test_cli_beats_file_beats_default(file: Path) -> None:
    run = Run.load(file, ["draws.resamples=7", "by=['race', 'age']", "title=plain words", "limit=1e-3"])
    assert run == Run(seed=3, title="plain words", by=("race", "age"), limit=0.001, draws=Draws(resamples=7))
    assert run.draws.kind == "subject"


def test_no_file_and_no_overrides_are_the_defaults() -> None:
    assert Run.load() == Run()


def test_the_later_override_wins() -> None:
    assert Run.load(None, ["seed=1", "seed=2"]).seed == 2


def test_value_that_is_not_toml_is_text() -> None:
    assert Run.load(None, ["title=a=b\nseed = 5"]) == Run(title="a=b\nseed = 5")
    assert Run.load(None, ["title=1\nseed = 5"]) == Run(title="1\nseed = 5")


def test_all_faults_are_reported_together_with_file_and_key_path(file: Path) -> None:
    file.write_text('sede = 3\n[draws]\nresample = 5\nkind = "faces"\n', encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        Run.load(file, ["seed=many", "limit", "draws.kind.x=1"])
    lines = str(caught.value).splitlines()
    assert lines[0] == f"6 faults in {file}:"
    assert lines[1:] == [
        "  'limit' is not of the form section.key=value.",
        "  draws.kind: is a value, not a section, so 'draws.kind.x=1' cannot be set.",
        "  seed: Input should be a valid integer, unable to parse string as an integer, got 'many'. (command line)",
        "  draws.kind: Input should be 'subject' or 'face', got 'faces'.",
        "  draws.resample: unknown key. Did you mean 'resamples'? Allowed: resamples, kind.",
        "  sede: unknown key. Did you mean 'seed'? Allowed: by, seed, limit, title, draws, names.",
    ]


def test_faults_of_direct_construction_are_settings_errors() -> None:
    with pytest.raises(InvalidSettings) as caught:
        Run(seed="x", draws={"resamples": "y"})
    assert [fault.path for fault in caught.value.faults] == [("seed",), ("draws", "resamples")]


def test_a_required_key_that_is_missing_is_named() -> None:
    class Needs(Settings):
        path: str

    with pytest.raises(SettingsError, match="path: is required, but was not given"):
        Needs.load()


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Run().seed = 4  # type: ignore[misc]


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"Cannot read settings .*gone\.toml: No such file"):
        Run.load(tmp_path / "gone.toml")
    bad = tmp_path / "bad.toml"
    bad.write_text("seed = \n")
    with pytest.raises(SettingsError, match=r"bad\.toml is not TOML: .*line 1"):
        Run.load(bad)
    bad.write_bytes(b'title = "\xff"')
    with pytest.raises(SettingsError, match=r"bad\.toml is not TOML"):
        Run.load(bad)


def test_byte_order_mark_is_no_fault(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert Run.load(file).seed == 3


@given(
    title=st.text(st.characters(exclude_categories=["Cs"])),
    limit=st.none() | st.floats(allow_nan=False),
    by=st.lists(st.sampled_from(["gender", 'a "b"', "]", "é"])).map(tuple),
    names=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.text("ab\n\x7f\\")),
)
def test_written_settings_read_back_the_same(
    title: str, limit: float | None, by: tuple[str, ...], names: dict[str, str]
) -> None:
    run = Run(title=title, limit=limit, by=by, names=names)
    assert Run(**tomllib.loads(run.to_toml())) == run
    assert Run(**json.loads(run.to_json())) == run


def test_infinity_survives_both_texts() -> None:
    run = Run(limit=math.inf)
    assert Run(**tomllib.loads(run.to_toml())) == Run(**json.loads(run.to_json())) == run


def test_what_toml_cannot_hold_is_refused_not_lost() -> None:
    class Capped(Settings):
        cap: int | None = 5

    with pytest.raises(SettingsError, match="without loss"):
        Capped(cap=None).to_toml()
