"""Who may import whom, read from the source: every import counts, also those inside functions."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src" / "evenface"
MODULES = sorted(SRC.rglob("*.py"))

# The plan of ARCHITECTURE.md: a room sees itself and those to the right. Rooms on one floor do not see each other.
MAY_IMPORT = {
    "core": set(),
    "datasets": {"core"},
    "faces": {"core"},
    "synthesis": {"core"},
    "cues": {"core", "datasets", "faces", "synthesis", "models"},
    "models": {"core", "datasets", "faces", "synthesis"},
    "mitigation": {"core", "datasets", "faces", "synthesis", "cues", "models"},
    "fusion": {"core", "datasets", "faces", "synthesis", "cues", "models"},
    "training": {"core", "datasets", "faces", "synthesis", "cues", "models", "mitigation"},
    "probe": {"core", "datasets", "faces", "synthesis", "cues", "models", "mitigation", "training"},
    "benchmark": {
        *("core", "datasets", "faces", "synthesis", "cues", "models", "mitigation", "training"),
        *("probe", "audit", "report"),
    },
    "audit": {"core"},
    "outside": {"core"},
    "report": {"core", "audit"},
    "serve": {"core", "faces", "cues", "models"},
    "__init__": set(),
    "__main__": {"cli"},
}
MAY_IMPORT["demo"] = {*MAY_IMPORT["benchmark"], "benchmark"}
MAY_IMPORT["cli"] = MAY_IMPORT.keys() - {"__init__", "__main__"}

LIGHT_ROOMS = {"core", "datasets", "audit", "report", "cli", "__init__", "__main__"}
# What the light install brings, by the name it is imported under (markupsafe comes with jinja2), and libraries whose
# tables are read, or pictures shown, if the user has them.
LIGHT_LIBRARIES = {
    "numpy",
    "polars",
    "pydantic",
    "typer",
    "rich",
    "vl_convert",
    "jinja2",
    "markupsafe",
    "threadpoolctl",
}
LIGHT_LIBRARIES |= {"pandas", "pyarrow", "PIL"}
NEVER = {"pickle", "cPickle", "_pickle", "dill", "joblib", "marshal", "shelve"}


def room_of(path: Path) -> str:
    """The folder under `evenface` that a file is in; for a file at the root, its own name."""
    return path.relative_to(SRC).with_suffix("").parts[0]


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of everything that a file imports, `from a import b` as both a and a.b."""
    package = ("evenface", *path.relative_to(SRC).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def named(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of every module that a file names as a table does, by 'module:object'."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("evenface."):
            yield node.lineno, node.value.partition(":")[0]


def rooms_imported(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and room for each import of another room; `from evenface import __version__` is of no room."""
    rooms = {room_of(module) for module in MODULES}
    for line, name in imported(path):
        parts = name.split(".")
        if parts[0] == "evenface" and len(parts) > 1 and parts[1] in rooms:
            yield line, parts[1]


def where(path: Path) -> str:
    return str(path.relative_to(SRC.parent))


def test_there_is_something_to_read() -> None:
    assert len(MODULES) > 5
    assert ("core", "evenface.core.errors") in {
        (room_of(path), name.rpartition(".")[0]) for path in MODULES for _, name in imported(path)
    }


@pytest.mark.parametrize("path", MODULES, ids=where)
def test_rooms_import_only_what_the_plan_allows(path: Path) -> None:
    room = room_of(path)
    assert room in MAY_IMPORT, f"{room} is no room of the plan: add it to MAY_IMPORT here and to ARCHITECTURE.md"
    allowed = MAY_IMPORT[room] | {room}
    wrong = [f"{where(path)}:{line} imports {other}" for line, other in rooms_imported(path) if other not in allowed]
    assert not wrong, f"{wrong}; {room} may import {sorted(allowed)}"


@pytest.mark.parametrize("path", [path for path in MODULES if room_of(path) in LIGHT_ROOMS], ids=where)
def test_light_rooms_import_only_what_the_light_install_brings(path: Path) -> None:
    known = sys.stdlib_module_names | LIGHT_LIBRARIES | {"evenface"}
    wrong = [f"{where(path)}:{line} {name}" for line, name in imported(path) if name.split(".")[0] not in known]
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=where)
def test_nothing_that_runs_code_from_a_file_is_imported(path: Path) -> None:
    wrong = [f"{where(path)}:{line} {name}" for line, name in imported(path) if name.split(".")[0] in NEVER]
    assert not wrong


def test_estimated_attributes_are_never_part_of_a_prediction() -> None:
    """What `serve` and `evenface predict` reach, through any other module, estimates no attribute of a person."""
    names = (".".join(path.relative_to(SRC.parent).with_suffix("").parts) for path in MODULES)
    modules = dict(zip((name.removesuffix(".__init__") for name in names), MODULES, strict=True))
    start = [name for name in modules if name.startswith("evenface.serve.") or name == "evenface.cli.predict"]
    reached, waiting = set(start), list(start)
    while waiting:
        path = modules[waiting.pop()]
        names = [name for _, name in [*imported(path), *named(path)]]
        found = {each for name in names for each in (name, name.rpartition(".")[0])} & modules.keys()
        waiting += found - reached
        reached |= found
    assert {"evenface.models.macro", "evenface.cues.action_units"} <= reached
    assert not {name for name in reached if "attributes" in name.split(".")[-1] or name.endswith("annotate")}


def test_the_plan_has_no_circle() -> None:
    for room, others in MAY_IMPORT.items():
        back = {other for other in others if room in MAY_IMPORT[other]}
        assert not back, f"{room} and {back} may import each other"


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import a.b", ["a.b"]),
        ("def f():\n    from evenface.cli import main", ["evenface.cli.main"]),
        ("from .errors import X", ["evenface.core.errors.X"]),
        ("from . import errors", ["evenface.core.errors"]),
        ("from ..cli.main import go", ["evenface.cli.main.go"]),
        ("from evenface import audit", ["evenface.audit"]),
    ],
)
def test_the_reader_sees_every_way_to_import(code: str, names: list[str], tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "SRC", tmp_path)
    path = tmp_path / "core" / "some.py"
    path.parent.mkdir()
    path.write_text(code)
    assert [name for _, name in imported(path)] == names
