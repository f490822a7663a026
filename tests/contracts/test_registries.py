"""Walk every table of plug-ins in the package: what holds for one line holds for each.

A contract of one kind of plug-in (what a metric owes, say) has a file of its own beside this one and is
parametrised over that kind's table in the same way.
"""

import ast
import inspect
import pkgutil
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import evenface
from evenface.core.errors import UnknownNameError
from evenface.core.registry import Registry

SRC = Path(evenface.__file__).parent


def tables() -> dict[str, Registry[Any]]:
    """Every Registry that a package's `__init__.py` holds, by `package:NAME`; one re-exported higher up counts once."""
    packages = [info.name for info in pkgutil.walk_packages([str(SRC)], "evenface.") if info.ispkg]
    found: dict[int, tuple[str, Registry[Any]]] = {}
    for package in packages:
        for name, value in vars(import_module(package)).items():
            if isinstance(value, Registry):
                found[id(value)] = (f"{package}:{name}", value)
    return dict(found.values())


TABLES = tables()
LINES = [(label, name) for label, table in TABLES.items() for name in table]


def folders(table: Registry[Any]) -> set[Path]:
    """The plug-in folders of a table: those that its lines point into."""
    modules = [table.target(name).partition(":")[0] for name in table]
    return {(SRC.parent / Path(*module.split("."))).parent for module in modules}


def text_of(entry: Any) -> str:
    """A plug-in's own explanation: that of the function it wraps, if it says so, else its docstring."""
    wrapped = getattr(entry, "doc", None) or getattr(entry, "meaning", None)
    return wrapped if isinstance(wrapped, str) else inspect.getdoc(entry) or ""


def source_of(entry: Any) -> str:
    """What a plug-in gives as its source: a field of that name, or a year, an arXiv number or an own claim."""
    stated = getattr(entry, "source", None)
    if isinstance(stated, str):
        return stated
    found = re.search(r"\b(1[89]|20)\d{2}\b|arXiv|[Oo]ur (own|reconstruction|definition)", text_of(entry))
    return found.group() if found else ""


@pytest.mark.parametrize(("label", "name"), LINES)
def test_line_resolves_to_something_explained(label: str, name: str) -> None:
    entry = TABLES[label].get(name)
    assert text_of(entry), f"{label} {name!r} has no docstring"
    assert source_of(entry), f"{label} {name!r} names no source (paper and year, or 'our own definition')"
    assert Path(TABLES[label].origin(name).rpartition(":")[0]).is_file()


@pytest.mark.parametrize("label", TABLES)
def test_what_is_in_a_plugin_folder_has_a_line(label: str) -> None:
    """Plug-ins of a type of ours are looked for one by one; of functions and classes, each file needs a line.

    A file whose name starts with an underscore is shared by those beside it.
    """
    table = TABLES[label]
    targets = {table.target(name) for name in table}
    types = {type(table.get(name)) for name in table}
    ours = tuple(kind for kind in types if kind.__module__.startswith("evenface."))
    named = {target.partition(":")[0] for target in targets}
    for folder in folders(table):
        package = ".".join(folder.relative_to(SRC.parent).parts)
        modules = {f"{package}.{path.stem}" for path in folder.glob("*.py") if not path.stem.startswith("_")}
        if len(ours) < len(types):
            assert modules <= named, f"{sorted(modules - named)} without a line in {label}"
            continue
        there = {f"{m}:{n}" for m in modules for n, value in vars(import_module(m)).items() if isinstance(value, ours)}
        assert there <= targets, f"{sorted(there - targets)} without a line in {label}"


@pytest.mark.parametrize("label", TABLES)
def test_unknown_name_tells_how_to_add_one(label: str) -> None:
    with pytest.raises(UnknownNameError, match=r"Available: .* Add one: ."):
        TABLES[label].get("no such name")


@pytest.mark.parametrize("label", TABLES)
def test_names_are_plain(label: str) -> None:
    assert not [name for name in TABLES[label] if not re.fullmatch(r"[a-z][a-z0-9_+-]*", name)]


def table_literals(path: Path) -> list[ast.Dict]:
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    tables = [call for call in calls if ast.unparse(call.func).startswith("Registry")]
    return [argument for call in tables for argument in call.args if isinstance(argument, ast.Dict)]


@pytest.mark.parametrize("path", sorted(SRC.rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_no_name_is_written_twice(path: Path) -> None:
    """Python keeps the last of two equal keys in silence, so this is read from the source."""
    for literal in table_literals(path):
        names = [ast.literal_eval(key) for key in literal.keys if key is not None]
        assert len(names) == len(set(names)), [name for name in names if names.count(name) > 1]
