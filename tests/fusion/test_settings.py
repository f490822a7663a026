"""What a configuration can say, and what is said where it cannot be."""

from pathlib import Path

import pytest

from evenface.core.config import InvalidSettings
from evenface.core.errors import SettingsError
from evenface.fusion.settings import TransferSettings, subset_name, subsets_of

CUES = ("f", "u", "i", "i+", "a")
NEEDED = {"data": {"manifest": "m", "cues": "c"}, "detectors": {"source": "west"}}
CONFIGS = Path(__file__).parents[2] / "configs"


def test_all_subsets_are_there_once() -> None:
    found = subsets_of(["all"], CUES)
    assert len(found) == 31
    assert len({frozenset(cues) for cues in found.values()}) == 31
    assert next(iter(found)) == "A"


def test_a_name_says_what_is_left_out_or_what_is_there() -> None:
    assert subsets_of(["A-f", "A-i,-u", "u+a"], ("f", "u", "i", "a")) == {
        "A": ("f", "u", "i", "a"), "A-f": ("u", "i", "a"), "f+a": ("f", "a"), "u+a": ("u", "a"),
    }  # fmt: skip
    assert subset_name(("u", "i", "a"), ("f", "u", "i", "a")) == "A-f"


@pytest.mark.parametrize("name", ["A-fe", "fe", "A-f-u-i-a"])
def test_a_subset_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="subsets"):
        subsets_of([name], ("f", "u", "i", "a"))


def test_all_faults_are_told_together() -> None:
    with pytest.raises(InvalidSettings) as caught:
        TransferSettings(**NEEDED, fusions=("gatted",), seed=3, regimes=("lamb",), forgetting={"fusion": "mean"})
    text = str(caught.value)
    assert "Did you mean 'gated'" in text
    assert "Did you mean 'seeds'" in text
    assert "regimes" in text
    assert "must learn" in text


def test_a_published_number_names_a_fusion_that_is_there_and_is_in_per_cent() -> None:
    model = {"name": "theirs", "fusion": "gatted", "accuracy": {"west": 101}}
    with pytest.raises(InvalidSettings) as caught:
        TransferSettings(**NEEDED, published={"source": "A and B (2023)", "caution": "Few.", "models": [model]})
    text = str(caught.value)
    assert "Did you mean 'gated'" in text
    assert "100" in text


def test_what_is_published_is_the_same_beside_other_image_features() -> None:
    found = []
    for name, features in (("four_regions", "vgg11"), ("four_regions_lite", "image_features")):
        asked = TransferSettings.load(CONFIGS / "mcam" / f"{name}.toml")
        assert asked.published is not None
        models = [m.model_copy(update={"subset": m.subset_of(asked.data.only)}) for m in asked.published.models]
        assert {m.subset for m in models if m.subset} <= subsets_of(asked.subsets, asked.data.only).keys()
        found.append(repr(models).replace(features, "f"))
    assert found[0] == found[1]


def test_fine_tuning_is_always_there_to_compare_with() -> None:
    asked = TransferSettings(**NEEDED, forgetting={"remedies": ["ewc"]})
    assert asked.forgetting.remedies == ("fine_tuning", "ewc")


@pytest.mark.parametrize("path", [CONFIGS / "transfer.toml", *(CONFIGS / "mcam").glob("*.toml")], ids=lambda p: p.name)
def test_configurations_that_are_handed_out_can_be_read_and_written(path: Path, tmp_path: Path) -> None:
    asked = TransferSettings.load(path)
    (tmp_path / "again.toml").write_text(asked.to_toml())
    assert TransferSettings.load(tmp_path / "again.toml") == asked
