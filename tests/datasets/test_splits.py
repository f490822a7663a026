from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evenface.core.errors import InputError, SettingsError
from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.core.tables import Attribute
from evenface.datasets.splits import Split, folds, leave_one_subject_out, split

SHARES = {"train": 0.7, "validation": 0.1, "test": 0.2}


def manifest(faces: int = 2000, people: int | None = 100, seed: int = 0) -> Manifest:
    rng = np.random.default_rng(seed)
    person = rng.integers(0, people, faces) if people else np.arange(faces)
    frame = pl.DataFrame(
        {
            "face": [f"f{i:05d}" for i in range(faces)],
            "image": pl.Series([None] * faces, dtype=pl.String),
            "subject": [f"p{i}" for i in person] if people else pl.Series([None] * faces, dtype=pl.String),
            "dataset": "made",
            "region": pl.Series([None] * faces, dtype=pl.String),
            "split": pl.Series([None] * faces, dtype=pl.String),
            "label": pl.Series(rng.choice(3, faces, p=[0.7, 0.25, 0.05]), dtype=pl.Int16),
            "attr:gender": np.where(person % 3 == 0, "male", "female"),
            "twin": pl.Series([f"t{i // 2}" if i < 40 else None for i in range(faces)], dtype=pl.String),
        }
    )
    return Manifest(frame, LabelSpace.of(["happy", "sad", "fear"]), (Attribute("gender", ("female", "male")),))


def where(found: Split) -> dict[str, str]:
    return {face: name for name, faces in found.parts.items() for face in faces}


def test_no_person_is_on_two_sides_and_every_face_is_on_one() -> None:
    table = manifest()
    place = where(split(table, SHARES))
    assert len(place) == 2000
    sides = table.frame.with_columns(pl.col("face").replace_strict(place).alias("side"))
    assert sides.group_by("subject").agg(pl.col("side").n_unique())["side"].max() == 1


@pytest.mark.parametrize("people", [None, 100])
def test_shares_of_labels_are_kept(people: int | None) -> None:
    table = manifest(people=people)
    place = where(split(table, SHARES, by=["gender"]))
    sides = table.frame.with_columns(pl.col("face").replace_strict(place).alias("side"))
    counts = sides.group_by("side", "label").len()
    for side, share in SHARES.items():
        for label in range(3):
            got = counts.filter(pl.col("side") == side, pl.col("label") == label)["len"].sum()
            whole = counts.filter(pl.col("label") == label)["len"].sum()
            assert got / whole == pytest.approx(share, abs=0.01 if people is None else 0.08)


def test_the_order_of_rows_changes_nothing_and_the_seed_does() -> None:
    table = manifest()
    mixed = Manifest(table.frame.sample(fraction=1, shuffle=True, seed=1), table.labels, table.attributes)
    assert split(mixed, SHARES) == split(table, SHARES)
    assert split(table, SHARES, seed=1).sha256 != split(table, SHARES).sha256


def test_what_is_said_to_belong_together_stays_so_across_subjects() -> None:
    table = manifest()
    place = where(folds(table, 5, together="twin"))
    rows = table.frame.filter(pl.col("twin").is_not_null())
    sides = rows.with_columns(pl.col("face").replace_strict(place).alias("side"))
    assert sides.group_by("twin").agg(pl.col("side").n_unique())["side"].max() == 1
    assert sides.group_by("subject").agg(pl.col("side").n_unique())["side"].max() == 1


def test_folds_are_equal() -> None:
    assert [len(faces) for faces in folds(manifest(people=None), 4).parts.values()] == pytest.approx([500] * 4, abs=3)


def test_leave_one_subject_out() -> None:
    found = leave_one_subject_out(manifest(people=7))
    assert list(found.parts) == [f"subject p{i}" for i in range(7)] and sum(map(len, found.parts.values())) == 2000
    with pytest.raises(InputError, match="2,000 faces have no subject"):
        leave_one_subject_out(manifest(people=None))


def test_frozen_and_read_again(tmp_path: Path) -> None:
    table = manifest()
    found = split(table, SHARES)
    path = found.save(tmp_path / "split.json")
    again = Split.load(path)
    assert again == found and again.sha256 == found.sha256
    applied = again.apply(table).frame
    assert dict(zip(applied["face"], applied["split"], strict=True)) == where(found)
    path.write_text(path.read_text(encoding="utf-8").replace("f00000", "f99999"), encoding="utf-8")
    with pytest.raises(InputError, match="was changed"):
        Split.load(path)


def test_a_split_of_other_faces_is_refused() -> None:
    with pytest.raises(InputError, match="1 of the manifest's are not in it"):
        split(manifest(100, None), SHARES).apply(manifest(101, None))


@pytest.mark.parametrize(
    ("shares", "by", "message"),
    [({"train": 0.5, "test": 0.4}, [], "sum to 1"), (SHARES, ["age"], "No attribute age"), ({}, [], "sum to 1")],
)
def test_wrong_settings(shares: dict[str, float], by: list[str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        split(manifest(50), shares, by=by)


def test_fewer_people_than_parts() -> None:
    with pytest.raises(SettingsError, match="2 groups"):
        split(manifest(50, 2), SHARES)


def test_one_part_is_held_out() -> None:
    found = folds(manifest(people=7), 3)
    held = found.held_out("fold 2")
    assert held.parts["test"] == found.parts["fold 2"] and len(held.parts["train"]) + len(held.parts["test"]) == 2000
    assert held.apply(manifest(people=7), "how").notes == ("how",)
    with pytest.raises(SettingsError, match="There is no part 'fold 4'"):
        found.held_out("fold 4")
    with pytest.raises(SettingsError, match="`held_out` makes one part the test"):
        found.apply(manifest(people=7))


def test_no_part_is_without_faces() -> None:
    with pytest.raises(SettingsError, match="20 faces are too few for these parts: none is left for test"):
        split(manifest(20, None), {"train": 0.999, "test": 0.001})
    with pytest.raises(InputError, match="no faces"):
        split(manifest(0, None), SHARES)
