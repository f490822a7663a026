"""The tables of docs/EXPRESSIONS.md are those of the code. Run this file to write them anew."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from evenface.synthesis.laws import KINDS
from evenface.synthesis.prototypes import COMPOUNDS, PROTOTYPES, VISEMES
from evenface.synthesis.regions import REGIONS
from evenface.synthesis.units import LEVELS, RESTRAINTS, UNITS

PAGE = Path(__file__).parents[2] / "docs" / "EXPRESSIONS.md"


def table(head: str, rows: Iterable[Iterable[object]]) -> str:
    lines = [head, "|---" * (head.count("|") - 1) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def weights(given: dict[str, float]) -> str:
    return ", ".join(name if value == 1 else f"{name} {value:g}" for name, value in given.items())


def shares(given: dict[str, float]) -> str:
    total = sum(given.values())
    return ", ".join(f"{name} {100 * value / total:.0f} %" for name, value in given.items())


def tables() -> dict[str, str]:
    regions = [REGIONS.get(name) for name in REGIONS]
    return {
        "levels": table("| letter | meaning | strength |", (
            (letter, meaning, f"{LEVELS[letter]:g}")
            for letter, meaning in zip("ABCDE", ("trace", "slight", "marked", "severe", "maximum"), strict=True)
        )),
        "units": table("| unit | FACS name | part | sides | shown by |", (
            (
                f"AU{u.number:02d}", u.name, u.part, "L, R" if u.sided else "",
                weights(dict(u.weights)) or ", ".join(f"{p} {v:+g}" for p, v in u.pose.items()),
            )
            for u in UNITS.values()
        )),
        "restraints": table("| unit | gives way to | share lost when that is at E | why |", (
            (weak, strong, f"{share:g}", why) for weak, strong, share, why in RESTRAINTS
        )),
        "emotions": table("| emotion | share | units | what it looks like |", (
            (f"{name} ({' + '.join(COMPOUNDS[name])})" if name in COMPOUNDS else name, f"{v.share:g}", v.units, v.about)
            for name, variants in PROTOTYPES.items() for v in variants
        )),
        "visemes": table("| sound | units |", VISEMES.items()),
        "regions": "\n\n".join(
            f"**`{r.name}`**: {r.about} After {r.source}; {r.subjects} people, {r.images} pictures of "
            f"{r.picture[0]} x {r.picture[1]} pixels.\n\n"
            + table("| what | as | why |", (
                ("intensity", f"`{' '.join(map(str, r.style.intensity))}`", r.reasons["style"]),
                ("people", "; ".join(shares(dict(levels)) for levels in r.people.values()), r.reasons["people"]),
                ("emotions", shares(dict(r.emotions)), r.reasons["emotions"]),
                ("pictures", f"laws of {len(r.parameters)} parameters", r.reasons["parameters"]),
            ))
            for r in regions
        ),
        "accents": table("| region | emotion | multipliers |", (
            (r.name, emotion, weights({k if k != "*" else "all": v for k, v in row.items()}))
            for r in regions for emotion, row in r.style.strength.items()
        )),
        "laws": table("| kind | numbers |", ((f"`{kind}`", numbers) for kind, numbers in KINDS.items())),
    }  # fmt: skip


def written(page: str) -> str:
    """The page with each table set anew: what stands between its mark and the next paragraph that is none of it."""
    for name, text in tables().items():
        pattern = rf"<!-- {name} -->\n.*?(?=<!-- end of {name} -->)|<!-- {name} -->\n(?!.*<!-- end of {name} -->)"
        ending = "" if f"<!-- end of {name} -->" in page else f"<!-- end of {name} -->\n"
        page = re.sub(pattern, lambda _, n=name, t=text, e=ending: f"<!-- {n} -->\n\n{t}\n\n{e}", page, flags=re.DOTALL)
    return page


@pytest.mark.parametrize("name", tables())
def test_the_page_has_the_tables_of_the_code(name: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert f"<!-- {name} -->\n\n{tables()[name]}\n\n<!-- end of {name} -->" in page, (
        f"the table {name!r} of {PAGE.name} is not that of the code; run python tests/synthesis/{Path(__file__).name}"
    )


def test_writing_the_page_again_changes_nothing() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page) == page


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
