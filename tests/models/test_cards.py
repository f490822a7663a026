"""Each file of weights that ships has a card that says which file it means, and under which terms."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import evenface.models

WEIGHTS = Path(evenface.models.__file__).parent / "weights"
FILES = sorted(WEIGHTS.glob("*.safetensors"))
CARDS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(WEIGHTS.glob("*.md"))}


def test_there_is_something_to_look_at() -> None:
    assert len(FILES) >= 6
    assert CARDS.keys() <= {path.stem for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_card_names_the_hash_of_its_file(path: Path) -> None:
    card = CARDS.get(path.stem, CARDS["micro"])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest in card.partition("**SHA-256**")[2], (
        f"{path.stem}: write {digest} into its card, and look at the rest"
    )


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("told", ["**Data**", "seed", "**Measured**", "**Not for**", "**Licence**", "Apache-2.0"])
def test_a_card_says_what_one_must_know(name: str, told: str) -> None:
    assert told.lower() in CARDS[name].lower()
