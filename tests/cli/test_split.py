from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.core.tables import Attribute

FACES = 200


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """200 faces of 40 persons; the first ten are copies in pairs of different persons."""
    at = pl.int_range(FACES, eager=True)
    frame = pl.DataFrame(
        {
            "face": [f"f{i:03d}" for i in range(FACES)],
            "image": [f"{i}.png" for i in range(FACES)],
            "subject": [f"p{i // 5:02d}" for i in range(FACES)],
            "dataset": "made",
            "region": pl.Series([None] * FACES, dtype=pl.String),
            "split": pl.Series([None] * FACES, dtype=pl.String),
            "label": (at % 2).cast(pl.Int16),
            "attr:gender": [("female", "male")[i // 5 % 2] for i in range(FACES)],
            "copies": pl.Series([f"f{i % 5:03d}" if i < 10 else None for i in range(FACES)]),
        }
    )
    (tmp_path / "in").mkdir()
    kinds = (Attribute("gender", ("female", "male"), "generated"),)
    return Manifest(frame, LabelSpace.of(["happy", "sad"]), kinds).save(tmp_path / "in" / "m.parquet")


def parts(path: Path) -> dict[str, pl.DataFrame]:
    frame = Manifest.load(path).frame
    return {str(name): rows for (name,), rows in frame.group_by("split")}


def test_shares_by_person_are_written_and_told(run, made: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    done = run("data", "split", made, out, "--by", "gender", "--seed", 3)
    assert done.exit_code == 0 and f"Wrote {out}" in done.stdout.replace("\n", "")
    found = parts(out)
    assert {name: len(rows) for name, rows in found.items()} == {"train": 140, "validation": 20, "test": 40}
    people = [person for rows in found.values() for person in rows["subject"].unique()]
    assert len(people) == len(set(people)) == 40
    assert "train 140 28 happy 70, sad 70" in done.plain
    written = Manifest.load(out)
    assert written.frame["image"][0] == str((tmp_path / "in" / "0.png").resolve())
    said = "Split by person: train=0.7,validation=0.1,test=0.2, by gender, seed 3; sha256 "
    assert written.notes[-1].startswith(said)
    again = run("data", "split", out, tmp_path / "again.parquet", "--shares", "train=0.5,validation=0.5")
    assert "The manifest had a split: " in again.plain
    assert set(parts(tmp_path / "again.parquet")) == {"train", "validation"}


def test_each_face_is_for_test_in_one_fold(run, made: Path, tmp_path: Path) -> None:
    tested = []
    for fold in (1, 2, 3, 4):
        out = tmp_path / f"{fold}.parquet"
        assert run("data", "split", made, out, "--folds", 4, "--fold", fold, "--together", "copies").exit_code == 0
        found = parts(out)
        assert set(found) == {"train", "test"}
        tested += found["test"]["face"].to_list()
        sides = Manifest.load(out).frame.filter(pl.col("copies").is_not_null())["split"]
        assert sides.n_unique() == 1
    assert sorted(tested) == [f"f{i:03d}" for i in range(FACES)]


def test_one_person_is_left_out(run, made: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    assert run("data", "split", made, out, "--leave-out", "p07").exit_code == 0
    found = parts(out)
    assert found["test"]["subject"].unique().to_list() == ["p07"] and len(found["train"]) == FACES - 5


def test_faces_without_a_label_are_counted(run, made: Path, tmp_path: Path) -> None:
    manifest = Manifest.load(made)
    some = pl.when(pl.col("subject") == "p07").then(None).otherwise("label").cast(pl.Int16).alias("label")
    made = Manifest(manifest.frame.with_columns(some), manifest.labels, manifest.attributes).save(made)
    done = run("data", "split", made, tmp_path / "out.parquet", "--leave-out", "p07")
    assert "test 5 1 happy 0, sad 0, no label 5" in done.plain


def test_faces_without_a_subject_are_told(run, made: Path, tmp_path: Path) -> None:
    manifest = Manifest.load(made)
    frame = manifest.frame.with_columns(subject=pl.lit(None, pl.String))
    made = Manifest(frame, manifest.labels, manifest.attributes).save(tmp_path / "alone.parquet")
    done = run("data", "split", made, tmp_path / "out.parquet")
    assert done.exit_code == 0 and "200 faces have no subject" in done.plain
    done = run("data", "split", made, tmp_path / "out.parquet", "--leave-out", "p07")
    assert done.exit_code == 2 and "200 faces have no subject, so nobody can be left out" in done.plain


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--leave-out", "p70"), "No face is of a subject 'p70'. Did you mean 'p"),
        (("--leave-out", "p07", "--seed", "1"), "--leave-out deals nothing"),
        (("--folds", "5"), "--folds 5 --fold 1"),
        (("--folds", "5", "--fold", "0"), "--fold is from 1 to 5, got 0"),
        (("--folds", "41", "--fold", "1"), "40 groups that stay together"),
        (("--folds", "5", "--fold", "1", "--leave-out", "p07"), "--folds and --leave-out are ways to split"),
        (("--shares", "train=0.7,tets=0.3"), "a part 'tets'. Did you mean 'test'?"),
        (("--shares", "train=most,test=0.3"), "numbers that sum to 1"),
        (("--shares", "train=0.7,test=0.2"), "sum to 1; got"),
        (("--by", "age"), "No attribute age; there are gender"),
        (("--together", "twins"), "There is no column 'twins'"),
    ],
)
def test_mistakes_end_with_code_2_and_write_nothing(
    run, made: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = run("data", "split", made, tmp_path / "out.parquet", *arguments)
    assert done.exit_code == 2 and message in done.plain
    assert not (tmp_path / "out.parquet").exists()
