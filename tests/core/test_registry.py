"""The table of plug-ins: lazy, ordered, and clear about what is wrong."""

import sys
from pathlib import Path

import pytest

from evenface.core.errors import SettingsError, UnknownNameError
from evenface.core.registry import Registry


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `plugins_here` on the path, with one sound plug-in and one that needs what is not installed."""
    folder = tmp_path / "plugins_here"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "sound.py").write_text("SIZE = 3\n\n\ndef area(side):\n    return side**2\n\n\nclass Shape:\n    pass\n")
    (folder / "needy.py").write_text("import a_library_that_is_not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "plugins_here"]:
        del sys.modules[name]


def test_nothing_is_imported_until_asked_for(plugins: Path) -> None:
    table = Registry("shape", {"area": "plugins_here.sound:area"})
    assert "plugins_here" not in sys.modules
    assert list(table) == ["area"] and "area" in table and len(table) == 1
    assert "plugins_here" not in sys.modules
    assert table.get("area")(3) == 9


def test_names_keep_the_order_of_the_table() -> None:
    assert Registry("root", {"b": "math:sqrt", "a": "math:cbrt"}).names() == ("b", "a")


def test_unknown_name_gives_nearest_all_and_next_step() -> None:
    table = Registry("cue", {"gaze": "math:pi", "action_units": "math:e"}, hint="Add one: CONTRIBUTING.md#cue")
    with pytest.raises(UnknownNameError) as caught:
        table.get("gase")
    assert str(caught.value) == (
        "Unknown cue 'gase'. Did you mean 'gaze'? Available: action_units, gaze. Add one: CONTRIBUTING.md#cue"
    )


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("plugins_here.gone:area", "there is no module 'plugins_here.gone'"),
        ("nowhere_at_all.gone:area", "there is no module 'nowhere_at_all'"),
        ("plugins_here.sound:aera", "plugins_here.sound has no 'aera'. Did you mean 'area'?"),
    ],
)
def test_line_that_points_nowhere_says_so(plugins: Path, target: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Registry("shape", {"area": target}).get("area")
    assert f"'area' -> {target!r}" in str(caught.value)
    assert words in str(caught.value)


def test_missing_dependency_of_a_plugin_is_not_called_a_wrong_table(plugins: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match="a_library_that_is_not_there"):
        Registry("shape", {"needy": "plugins_here.needy:thing"}).get("needy")


@pytest.mark.parametrize("target", ["", "math", "math:", ":sqrt", "math.sqrt", "math: sqrt", "math:a.b", "1math:pi"])
def test_malformed_line_is_refused_at_once(target: str) -> None:
    with pytest.raises(SettingsError, match="'module:object'"):
        Registry("root", {"square": target})


@pytest.mark.parametrize("name", ["square", "Square"])
def test_a_name_is_given_once(name: str) -> None:
    table = Registry("root", {"square": "math:sqrt"})
    with pytest.raises(SettingsError, match="already in the table, as 'square' -> 'math:sqrt'"):
        table.add(name, "math:cbrt")
    assert table.target("square") == "math:sqrt"


def test_one_more_line_can_be_added(plugins: Path) -> None:
    table = Registry("shape", {"area": "plugins_here.sound:area"})
    table.add("shape", "plugins_here.sound:Shape")
    assert table.get("shape").__name__ == "Shape"


@pytest.mark.parametrize(("attribute", "line"), [("SIZE", 1), ("area", 4), ("Shape", 8)])
def test_origin_gives_file_and_line(plugins: Path, attribute: str, line: int) -> None:
    table = Registry("shape", {"it": f"plugins_here.sound:{attribute}"})
    assert table.origin("it") == f"{plugins / 'sound.py'}:{line}"
