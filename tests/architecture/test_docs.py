"""The documents tell the truth about the tree: links lead somewhere, named files exist, every file is named."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "evenface"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|(?:src|href)=\"([^\"]+)\"")
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.MULTILINE | re.DOTALL)


def where(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(page: Path) -> str:
    """The page without its code blocks and code spans."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text(encoding="utf-8")))


def anchors(page: Path) -> set[str]:
    """What `#…` can point at: named anchors, and headings as GitHub slugs them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    found = set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text))
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", text, re.MULTILINE):
        plain = re.sub(r"<[^>]+>|[`*]|\]\([^)]*\)|!?\[", "", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")
        found.add(next(s for s in (slug, *(f"{slug}-{i}" for i in range(1, 99))) if s not in found))
    return found


def broken_links(page: Path) -> list[str]:
    broken = []
    for link in (first or second for first, second in LINK.findall(prose(page))):
        if re.match(r"[a-z][a-z+.-]*:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists():
            broken.append(f"{link}: no such file")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            broken.append(f"{link}: no such heading in {where(target)}")
    return broken


def test_there_are_pages_to_read() -> None:
    assert {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/GLOSSARY.md"} <= set(map(where, PAGES))


@pytest.mark.parametrize("page", PAGES, ids=where)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    assert not broken_links(page)


def test_broken_links_are_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two` (three)!\n[a](gone.md) [b](#nowhere) [c](#one-two-three) [d](https://x.y) `[e](f.md)`\n"
    )
    assert [link.split(":")[0] for link in broken_links_of(page, tmp_path)] == ["gone.md", "#nowhere"]


def broken_links_of(page: Path, root: Path) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "ROOT", root)
        return broken_links(page)


def test_hints_in_messages_point_at_real_headings() -> None:
    """An error may end in `CONTRIBUTING.md#metric`: that heading has to be there."""
    sources = [path.read_text(encoding="utf-8") for path in SRC.rglob("*.py")]
    hints = {hint for text in sources for hint in re.findall(r"\b((?:docs/)?[A-Z_]+\.md)#([\w-]+)", text)}
    wrong = [
        f"{page}#{anchor}" for page, anchor in hints if not (ROOT / page).exists() or anchor not in anchors(ROOT / page)
    ]
    assert not wrong


def tree_of_architecture() -> set[str]:
    """Paths of the Python files drawn in ARCHITECTURE.md's tree, read by its indentation."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    drawn = next(block for block in re.findall(r"```text\n(.*?)```", text, re.DOTALL) if "src/evenface/" in block)
    folders: list[tuple[int, str]] = []
    paths = set()
    for line in drawn.splitlines():
        indent, name = len(line) - len(line.lstrip()), line.split()[0] if line.split() else ""
        while folders and folders[-1][0] >= indent:
            folders.pop()
        parent = folders[-1][1] if folders else ""
        if name.endswith("/"):
            folders.append((indent, parent + name))
        elif name.endswith(".py"):
            paths.add(parent + name)
    return paths


def test_architecture_draws_every_module_and_no_other() -> None:
    drawn = tree_of_architecture()
    real = {where(path) for path in SRC.rglob("*.py") if path.stat().st_size}
    # A folder's own line stands for its `__init__.py`.
    real = {path for path in real if not path.endswith("__init__.py")} | {p for p in drawn if (ROOT / p).exists()}
    assert drawn == real, f"drawn but not there: {sorted(drawn - real)}; there but not drawn: {sorted(real - drawn)}"
