from __future__ import annotations

import shutil
import zipfile

import numpy as np
import polars as pl
import pytest
from PIL import Image

from evenface.core.errors import InputError, SettingsError
from evenface.core.manifest import Manifest
from evenface.training.chips import load_chips
from evenface.training.data import load_data
from evenface.training.settings import DataSettings


def changed(faces, folder, **columns):
    """A copy of the manifest with other columns; pictures stay where they are."""
    manifest = Manifest.load(faces / "manifest.parquet")
    absolute = pl.format("{}/{}", pl.lit(str(faces)), pl.col("image"))
    frame = manifest.frame.with_columns(absolute.alias("image")).with_columns(**columns)
    return Manifest(frame, manifest.labels, manifest.attributes).save(folder / "manifest.parquet")


def load(path, cache, **settings):
    return load_data(DataSettings(manifest=str(path), size=16, **settings), cache / "cache")


def test_votes_become_shares_and_a_face_without_votes_has_its_label(faces, tmp_path) -> None:
    none = pl.when(pl.col("face") == "f4").then(None).otherwise(pl.col("votes:happy"))
    zero = [pl.when(pl.col("face") == "f4").then(0).otherwise(pl.col(f"votes:{n}")) for n in ("sad", "neutral")]
    path = changed(faces, tmp_path, **{"votes:happy": none, "votes:sad": zero[0], "votes:neutral": zero[1]})
    data = load(path, tmp_path, targets="votes")
    np.testing.assert_allclose(data.targets[0], [9 / 11, 1 / 11, 1 / 11], rtol=1e-6)
    assert data.targets[4].tolist() == [0, 1, 0]


def test_groups_are_crossings_and_unknown_is_minus_one(faces, tmp_path) -> None:
    data = load(faces, tmp_path, groups=("gender", "age"))
    assert data.group_names == (
        "gender=female, age=young", "gender=female, age=old", "gender=male, age=young", "gender=male, age=old"
    )  # fmt: skip
    row = data.manifest.frame.select("attr:gender", "attr:age").rows()
    for (gender, age), code in zip(row, data.groups, strict=True):
        assert (code == -1) if age is None else data.group_names[code] == f"gender={gender}, age={age}"


def test_without_validation_faces_persons_are_set_aside_whole(faces, tmp_path) -> None:
    path = changed(faces, tmp_path, split=pl.lit(None, pl.String))
    data = load(path, tmp_path, validation_share=0.25)
    assert set(data.splits) == {"train", "validation"}
    person = data.manifest.frame["subject"].to_numpy()
    assert not set(person[data.splits["train"]]) & set(person[data.splits["validation"]])
    assert len(data.splits["validation"]) == 16
    assert "8 of 32 training persons" in data.notices[0].message


def test_faces_of_no_split_are_told_where_others_have_one(faces, tmp_path) -> None:
    without = pl.when(pl.col("face") == "f2").then(None).otherwise("split")
    data = load(changed(faces, tmp_path, split=without), tmp_path)
    assert [notice.code for notice in data.notices] == ["no_split"]
    assert len(data.splits["train"]) == 39
    assert "1 faces" in data.notices[0].message


def test_a_group_that_is_only_measured_is_told(faces, tmp_path) -> None:
    men = pl.when((pl.col("split") == "train") & (pl.col("attr:gender") == "male")).then(None).otherwise("split")
    data = load(changed(faces, tmp_path, split=men), tmp_path, groups=("gender",))
    (said,) = [notice.message for notice in data.notices if notice.code == "group_missing"]
    assert said.startswith("No face to learn from is of gender=male:")


def test_the_same_picture_or_person_in_two_splits_is_told_and_kept(faces, tmp_path) -> None:
    assert not load(faces, tmp_path).notices
    again = pl.when(pl.col("face").is_in(["f60", "f61"])).then(pl.lit(str(faces / "3.png"))).otherwise("image")
    subject = pl.when(pl.col("face") == "f45").then(pl.lit("p0")).otherwise("subject")
    data = load(changed(faces, tmp_path, subject=subject, image=again), tmp_path)
    told = {notice.code: notice.message for notice in data.notices}
    assert set(told) == {"exact_across", "subject_across"}
    assert (
        "both test and train, pixel for pixel: 1 (2 files in test, 1 in train), such as f60 and f3."
        in told["exact_across"]
    )
    assert "16 x 16" in told["exact_across"]
    assert "more than one split: 1 of 32, such as p0." in told["subject_across"]
    assert all("evenface data split" in message for message in told.values())
    assert sum(map(len, data.splits.values())) == 64


def test_what_to_do_about_copies_is_said_once(faces, tmp_path) -> None:
    again = pl.when(pl.col("face").is_in(["f45", "f60"])).then(pl.lit(str(faces / "3.png"))).otherwise("image")
    (notice,) = load(changed(faces, tmp_path, image=again), tmp_path).notices
    assert notice.message.count("Pictures in both") == 3
    assert notice.message.count("evenface data split") == 1


def test_pictures_that_could_not_be_read_are_no_copies(faces, tmp_path) -> None:
    gone = pl.when(pl.col("face").is_in(["f2", "f60"])).then(pl.lit("gone.png")).otherwise("image")
    assert [notice.code for notice in load(changed(faces, tmp_path, image=gone), tmp_path).notices] == ["unreadable"]


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"groups": ("gendr",)}, SettingsError, "Did you mean 'gender'?"),
        ({"groups": ("age",)}, SettingsError, "age has one value or none"),
        ({"targets": "votes"}, SettingsError, "no column votes:sad"),
    ],
)
def test_what_is_not_there_is_told(settings, error, said, faces, tmp_path) -> None:
    manifest = Manifest.load(changed(faces, tmp_path, **{"attr:age": pl.lit(None, pl.String)}))
    frame = manifest.frame.drop("votes:sad")
    path = Manifest(frame, manifest.labels, manifest.attributes).save(tmp_path / "manifest.parquet")
    with pytest.raises(error, match=said.replace("?", r"\?")):
        load(path, tmp_path, **settings)


def test_nothing_to_learn_from_is_told(faces, tmp_path) -> None:
    with pytest.raises(InputError, match="nothing to learn from"):
        load(changed(faces, tmp_path, image=pl.lit(None, pl.String)), tmp_path)
    with pytest.raises(InputError, match="split train"):
        load(changed(faces, tmp_path, split=pl.lit("validation")), tmp_path)


def chips_of(names, folder, cache, told=None):
    frame = pl.DataFrame({"face": names, "image": names})
    return load_chips(frame, folder, 16, None, cache, lambda done, total: told.append((done, total)))


def test_chips_are_decoded_once_and_anew_when_a_file_changes(faces, tmp_path) -> None:
    shutil.copy(faces / "0.png", tmp_path / "a.png")
    grey = Image.fromarray(np.full((20, 20), 77, np.uint8))
    grey.save(tmp_path / "b.png")
    names, told = ["a.png", "b.png", "none.png"], []
    first = chips_of(names, tmp_path, tmp_path / "c", told)
    assert told == [(3, 3)]
    np.testing.assert_array_equal(first.pixels[0], np.asarray(Image.open(tmp_path / "a.png")))
    assert (first.pixels[1] == 77).all()
    assert set(first.reasons) == {2}
    assert chips_of(names, tmp_path, tmp_path / "c", told).sha256 == first.sha256
    assert told == [(3, 3)]
    grey.resize((30, 30)).save(tmp_path / "b.png")
    chips_of(names, tmp_path, tmp_path / "c", told)
    assert len(told) == 2


def test_pictures_in_an_archive_are_read_in_place(faces, tmp_path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(faces / "0.png", "in/0.png")
    found = chips_of(["all.zip!/in/0.png"], tmp_path, tmp_path / "c", [])
    np.testing.assert_array_equal(found.pixels[0], np.asarray(Image.open(faces / "0.png")))


def test_a_cache_that_cannot_be_written_is_told(faces, tmp_path) -> None:
    (tmp_path / "c").write_text("")
    with pytest.raises(InputError, match=r"Cannot keep the faces in .*data.cache"):
        chips_of(["0.png"], faces, tmp_path / "c", [])
