"""docs/GENERATE.md names what there is."""

import re
from pathlib import Path

from evenface.synthesis.biases import BIASES
from evenface.synthesis.designs import DESIGNS
from evenface.synthesis.spec import Spec
from evenface.synthesis.suites import SUITES

PAGE = (Path(__file__).parents[2] / "docs" / "GENERATE.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, str]:
    """First cell, without marks, and last cell of each row of the first table under a heading."""
    part = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = [line.strip("|").split(" | ") for line in part.splitlines() if line.startswith("| `")]
    return {name: row[-1] for row in cells for name in re.findall(r"`\[*(\w+)\]*`", row[0])}


def test_every_key_of_a_spec_is_on_the_page() -> None:
    assert set(rows("What a spec can say")) == set(Spec.model_fields)


def test_every_design_and_bias_is_on_the_page_with_its_keys() -> None:
    for heading, table in (("Designs", DESIGNS), ("Biases", BIASES)):
        said = rows(heading)
        assert set(said) == set(table)
        for name in table:
            keys = set(table.get(name).model_fields) - {"kind", "splits"}
            assert keys <= set(re.findall(r"`(\w+)`", said[name])), name


def test_every_suite_is_on_the_page() -> None:
    assert all(f"`{name}`" in PAGE for name in SUITES)
