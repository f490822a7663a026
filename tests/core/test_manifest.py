from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenface.core.errors import InputError
from evenface.core.labels import LabelSpace
from evenface.core.manifest import SCHEMA, Manifest
from evenface.core.tables import Attribute

LABELS = LabelSpace.of(["happy", "sad"], "two")
GENDER = Attribute("gender", ("Female", "Male"), "annotated")


def manifest(**columns: list[object]) -> Manifest:
    rows = {
        "face": ["a", "b", "c"],
        "image": ["a.png", None, "c.png"],
        "subject": ["p1", "p1", None],
        "dataset": ["made"] * 3,
        "region": [None, None, "Japan"],
        "split": ["train", "test", None],
        "label": pl.Series([0, 1, None], dtype=pl.Int16),
        "attr:gender": ["Female", None, "Male"],
        "votes": [3, 4, 5],
    }
    text = {name: pl.String for name in rows if name not in ("label", "votes")}
    return Manifest(pl.DataFrame(rows | columns, schema_overrides=text, strict=False), LABELS, (GENDER,))


def test_a_sound_manifest_is_given_back() -> None:
    good = manifest()
    assert good.validate() is good


def test_saving_and_loading_keep_everything(tmp_path: Path) -> None:
    path = manifest().save(tmp_path / "m.parquet")
    found = Manifest.load(path)
    assert found.frame.equals(manifest().frame)
    assert (found.labels.name, found.labels.names, found.attributes) == ("two", ("happy", "sad"), (GENDER,))
    assert [p.name for p in tmp_path.iterdir()] == ["m.parquet"]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"face": ["a", "a", "c"]}, "'face' holds 1 ids more than once, such as 'a'"),
        ({"face": ["a", None, "c"]}, "'face' is null in 1 rows"),
        ({"dataset": [None] * 3}, "'dataset' is null in 3 rows"),
        ({"split": ["train", "dev", None]}, "'split' holds 'dev'; expected train, validation, test or null"),
        ({"attr:gender": ["Female", "x", "y"]}, "'attr:gender' holds 'x', 'y'; expected Female, Male or null"),
        ({"attr:race": ["White"] * 3}, "'attr:race' belongs to no attribute"),
        ({"label": pl.Series([0, 2, -1], dtype=pl.Int16)}, "'label' holds -1, 2; expected 0 to 1 (happy, sad)"),
        ({"label": pl.Series([0, 1, 1])}, "'label' has type Int64; expected Int16"),
    ],
)
def test_faults_are_named(columns: dict[str, list[object]], words: str) -> None:
    with pytest.raises(InputError) as caught:
        manifest(**columns).validate()
    assert words in str(caught.value)


def test_all_faults_are_told_together() -> None:
    broken = replace(manifest(), frame=manifest(split=["x", None, None]).frame.drop("subject"))
    with pytest.raises(InputError, match=r"'subject' is missing(.|\n)*'split' holds 'x'"):
        broken.validate()


def test_an_unknown_provenance_is_a_fault() -> None:
    guessed = replace(manifest(), attributes=(replace(GENDER, provenance="guessed"),))
    with pytest.raises(InputError, match="provenance 'guessed'; expected one of self-reported"):
        guessed.validate()


def test_a_broken_manifest_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        manifest(face=["a", "a", "a"]).save(tmp_path / "m.parquet")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Cannot write the manifest"):
        manifest().save(tmp_path / "no" / "m.parquet")


def test_what_is_no_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no manifest"):
        Manifest.load(tmp_path / "m.parquet")
    (tmp_path / "text.parquet").write_text("no table")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        Manifest.load(tmp_path / "text.parquet")
    manifest().frame.write_parquet(tmp_path / "bare.parquet")
    with pytest.raises(InputError, match=f"no manifest of schema {SCHEMA}"):
        Manifest.load(tmp_path / "bare.parquet")


@settings(max_examples=20)
@given(st.lists(st.sampled_from(["Female", "Male", None]), min_size=1, max_size=20))
def test_any_levels_survive_the_file(tmp_path_factory: pytest.TempPathFactory, levels: list[str | None]) -> None:
    n = len(levels)
    rows = {"face": [str(i) for i in range(n)], "dataset": ["made"] * n, "attr:gender": levels}
    empty = {name: pl.Series([None] * n, dtype=pl.String) for name in ("image", "subject", "region", "split")}
    frame = pl.DataFrame(
        rows | empty | {"label": pl.Series([None] * n, dtype=pl.Int16)}, schema_overrides={"attr:gender": pl.String}
    )
    path = Manifest(frame, LABELS, (GENDER,)).save(tmp_path_factory.mktemp("m") / "m.parquet")
    assert Manifest.load(path).frame["attr:gender"].to_list() == levels


def test_manifests_join_in_order(tmp_path: Path) -> None:
    parts = [manifest(face=[f"{name}{i}" for i in range(3)]).save(tmp_path / f"{name}.parquet") for name in ("b", "a")]
    joined = Manifest.load(Manifest.join(parts, tmp_path / "joined.parquet"))
    assert joined.frame["face"].to_list() == ["b0", "b1", "b2", "a0", "a1", "a2"]
    assert joined.attributes == manifest().attributes and joined.labels == manifest().labels


def test_manifests_that_do_not_fit_are_not_joined(tmp_path: Path) -> None:
    one = manifest().save(tmp_path / "one.parquet")
    other = replace(manifest(), attributes=(replace(GENDER, provenance="generated"),)).save(tmp_path / "other.parquet")
    for parts, words in (([], "no manifests"), ([one, one], "more than one"), ([one, other], "different classes")):
        with pytest.raises(InputError, match=words):
            Manifest.join(parts, tmp_path / "joined.parquet")
    assert not (tmp_path / "joined.parquet").exists()
