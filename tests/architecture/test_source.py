"""House rules that a reader would otherwise have to check by eye, read from the source."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "evenface"
MODULES = sorted(SRC.rglob("*.py"))
FILES = sorted(path for path in SRC.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
LONGEST_FILE = 400

# Names promise only what is true: nothing here makes a model fair or free of bias.
PROMISES = re.compile(r"(?<!un)fair_|debias|unbiased|bias_?remov|bias_?free|remove_?bias", re.IGNORECASE)
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\bNotImplementedError\b")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def where(path: Path) -> str:
    return str(path.relative_to(SRC.parent))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def public_definitions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """Yield dotted name and node of each public class, function and method; what is inside a function is private."""
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield f"{prefix}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node.body, f"{prefix}{node.name}.")


def undocumented(module: ast.Module) -> list[str]:
    missing = [] if ast.get_docstring(module) else ["the module"]
    for name, node in public_definitions(module.body):
        decorators = {ast.unparse(d).rpartition(".")[2] for d in node.decorator_list}
        if not ast.get_docstring(node) and not decorators & {"overload", "override"}:
            missing.append(f"{name} (line {node.lineno})")
    return missing


def asserts(module: ast.Module) -> list[str]:
    return [f"line {node.lineno}: assert" for node in ast.walk(module) if isinstance(node, ast.Assert)]


def swallowed(module: ast.Module) -> list[str]:
    """Handlers that catch everything, or that say nothing about what they caught."""
    found = []
    for node in ast.walk(module):
        if isinstance(node, ast.ExceptHandler):
            broad = node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
            raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
            silent = all(isinstance(s, ast.Pass) or ast.unparse(s) == "..." for s in node.body)
            if (broad and not raises) or silent:
                found.append(f"line {node.lineno}: {ast.unparse(node).splitlines()[0]}")
    return found


def prints(module: ast.Module) -> list[str]:
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    return [f"line {call.lineno}: print" for call in calls if ast.unparse(call.func) in {"print", "builtins.print"}]


def promises(module: ast.Module) -> list[str]:
    """Public names, argument names included, that say more than a measurement can."""
    names = [(name.rpartition(".")[2], node) for name, node in public_definitions(module.body)]
    names += [(arg.arg, arg) for arg in ast.walk(module) if isinstance(arg, ast.arg)]
    names += [(n.id, n) for n in ast.walk(module) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return [f"line {node.lineno}: {name}" for name, node in names if PROMISES.search(name)]


def unguarded_work(module: ast.Module) -> list[str]:
    """Statements at module level that do something to the outside when the module is imported."""
    calls = [s for s in module.body if isinstance(s, ast.Expr) and isinstance(s.value, ast.Call)]
    loops = [s for s in module.body if isinstance(s, ast.For | ast.While | ast.With)]
    return [f"line {s.lineno}: {ast.unparse(s).splitlines()[0]}" for s in (*calls, *loops)]


RULES: list[Callable[[ast.Module], list[str]]] = [undocumented, asserts, swallowed, promises, unguarded_work]


@pytest.mark.parametrize("path", MODULES, ids=where)
def test_source_keeps_the_house_rules(path: Path) -> None:
    module = tree(path)
    found = {rule.__name__: broken for rule in RULES if (broken := rule(module))}
    if path.relative_to(SRC).parts[0] != "cli" and (printed := prints(module)):
        found["prints"] = printed
    text = path.read_text(encoding="utf-8")
    if unfinished := UNFINISHED.findall(text):
        found["unfinished"] = unfinished
    if (lines := text.count("\n")) > LONGEST_FILE:
        found["longest_file"] = [f"{lines} lines, at most {LONGEST_FILE}"]
    assert not found, f"{where(path)} breaks {found}"


@pytest.mark.parametrize("path", FILES, ids=where)
def test_file_and_folder_names_promise_nothing(path: Path) -> None:
    assert not PROMISES.search(str(path.relative_to(SRC)))


def test_the_package_holds_code_and_small_texts_only() -> None:
    """But for the head's mesh, which `tools/bake_head.py` makes, and weights."""
    big = [where(p) for p in FILES if p.stat().st_size > 200_000]
    weights = [f"evenface/models/weights/{name}.safetensors" for name in ("attributes", "copies", "macro")]
    assert sorted(big) == [*weights, "evenface/synthesis/data/head.npz"]


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (undocumented, "def f(): pass"),
        (undocumented, '"""M."""\nclass A:\n    """A."""\n    def b(self): pass'),
        (asserts, "def f(x):\n    assert x"),
        (swallowed, "try:\n    f()\nexcept:\n    g()"),
        (swallowed, "try:\n    f()\nexcept Exception as e:\n    g()"),
        (swallowed, "try:\n    f()\nexcept ValueError:\n    pass"),
        (prints, "print(1)"),
        (promises, "def fair_loss(): pass"),
        (promises, "class BiasRemover: pass"),
        (promises, "def f(unbiased): pass"),
        (promises, "debiased_rate = 1"),
        (unguarded_work, "import logging\nlogging.basicConfig()"),
    ],
)
def test_each_rule_catches_what_it_is_for(rule: Callable[[ast.Module], list[str]], code: str) -> None:
    assert rule(ast.parse(code))


def test_rules_let_honest_code_pass() -> None:
    handler = "    try:\n        f()\n    except Exception as e:\n        raise E from e\n"
    code = f'"""M."""\ndef unfair_share(x):\n    """D."""\n{handler}'
    assert not [broken for rule in [*RULES, prints] for broken in rule(ast.parse(code))]
