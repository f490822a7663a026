from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from PIL import Image

from evenface.core.errors import InputError, SettingsError
from evenface.core.labels import LabelSpace
from evenface.core.manifest import Manifest
from evenface.datasets.near import connected, near_pairs, thumbnails
from evenface.datasets.quality import ALIKE, DOUBTED, ENOUGH, Quality, check
from evenface.datasets.splits import split


def face(seed: int, side: int = 64) -> NDArray[np.uint8]:
    """A smooth picture of its own: blobs of light."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8))
    return np.asarray(small.resize((side, side), Image.Resampling.BICUBIC))


def save(path: Path, pixels: NDArray[np.uint8], **options: object) -> None:
    Image.fromarray(pixels).save(path, **options)


def manifest(folder: Path, rows: list[dict[str, object]], votes: bool = False) -> Manifest:
    base = {"image": None, "subject": None, "region": None, "split": "train", "label": None, "dataset": "made"}
    texts = dict.fromkeys(("face", "image", "subject", "dataset", "region", "split"), pl.String) | {"label": pl.Int16}
    if votes:
        texts |= {"votes:happy": pl.UInt8}
    frame = pl.DataFrame([base | {"face": str(row.get("image", i))} | row for i, row in enumerate(rows)], schema=texts)
    return Manifest(frame, LabelSpace.of(["happy", "sad"]), ()).validate()


def by_code(found: Quality) -> dict[str, object]:
    return {f.code: f for f in found.findings}


def test_finds_every_planted_fault(tmp_path: Path) -> None:
    for seed in range(6):
        save(tmp_path / f"{seed}.png", face(seed))
    save(tmp_path / "0again.bmp", face(0))  # the same pixels, coded otherwise
    save(tmp_path / "0test.png", face(0))
    save(tmp_path / "1near.jpg", np.clip(face(1) * 0.8 + 20, 0, 255).astype(np.uint8), quality=70)
    save(tmp_path / "tiny.png", face(9, 12))
    save(tmp_path / "blank.png", np.full((64, 64), 7, np.uint8))
    (tmp_path / "broken.png").write_bytes((tmp_path / "0.png").read_bytes()[:200])
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "empty.png").write_bytes(b"")
    rows = [{"image": f"{seed}.png", "label": 0, "subject": f"p{seed}"} for seed in range(6)]
    rows += [
        {"image": "0again.bmp", "label": 1, "subject": "p0"},
        {"image": "0test.png", "split": "test", "subject": "p0"},
    ]
    rows += [{"image": "1near.jpg", "split": "test"}]
    rows += [{"image": f"{name}.png"} for name in ("tiny", "blank", "broken", "text", "empty", "gone")] + [{}]
    found = check(manifest(tmp_path, rows), tmp_path)
    got = {f.code: (f.count, f.faces) for f in found.findings}
    assert got == {
        "exact_across": (1, ("0.png", "0again.bmp", "0test.png")),
        "near_across": (1, ("1.png", "1near.jpg")),
        "exact_within": (1, ("0again.bmp",)),
        "conflicting_labels": (1, ("0.png", "0again.bmp")),
        "subject_across": (1, ("0.png", "0again.bmp", "0test.png")),
        "no_picture": (1, ("15",)),
        "unreadable": (4, ("broken.png", "text.png", "empty.png", "gone.png")),
        "blank": (1, ("blank.png",)),
        "tiny": (1, ("tiny.png",)),
    }
    assert found.looked == 11
    assert dict(found.faces.filter(pl.col("copies").is_not_null()).select("face", "copies").rows()) == {
        "0.png": "0.png", "0again.bmp": "0.png", "0test.png": "0.png", "1.png": "1.png", "1near.jpg": "1.png",
    }  # fmt: skip


def test_copies_can_be_kept_together(tmp_path: Path) -> None:
    for seed in range(30):
        save(tmp_path / f"{seed}.png", face(seed % 20))
    table = manifest(tmp_path, [{"image": f"{seed}.png"} for seed in range(30)])
    marked = check(table, tmp_path).mark(table)
    parts = split(marked, {"train": 0.5, "test": 0.5}, together="copies").parts
    assert all((f"{seed}.png" in parts["train"]) == (f"{seed + 20}.png" in parts["train"]) for seed in range(10))


def test_votes_that_differ(tmp_path: Path) -> None:
    for name in "ab":
        save(tmp_path / f"{name}.png", face(1))
    rows: list[dict[str, object]] = [{"image": "a.png", "votes:happy": 3}, {"image": "b.png", "votes:happy": 4}]
    found = check(manifest(tmp_path, rows, votes=True), tmp_path)
    assert "votes: 1 of 1" in next(f.message for f in found.findings if f.code == "conflicting_votes")


def test_a_clean_set_has_no_findings(tmp_path: Path) -> None:
    for seed in range(20):
        save(tmp_path / f"{seed}.png", face(seed))
    found = check(manifest(tmp_path, [{"image": f"{seed}.png"} for seed in range(20)]), tmp_path)
    assert not found.findings and found.faces["copies"].count() == 0


def test_exact_only(tmp_path: Path) -> None:
    save(tmp_path / "a.png", face(1))
    save(tmp_path / "b.jpg", face(1))
    table = manifest(tmp_path, [{"image": "a.png"}, {"image": "b.jpg"}])
    assert not check(table, tmp_path, near=None).findings
    assert by_code(check(table, tmp_path)).keys() == {"near_within"}


def test_a_picture_that_claims_too_much_is_not_opened(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(buffer, "png")
    (tmp_path / "bomb.png").write_bytes(buffer.getvalue())
    found = check(manifest(tmp_path, [{"image": "bomb.png"}]), tmp_path)
    assert [f.code for f in found.findings] == ["unreadable"]


def test_videos_are_said_to_be_none_and_read_by_what_can(tmp_path: Path) -> None:
    (tmp_path / "a.flv").write_bytes(b"video")
    save(tmp_path / "b.png", face(1))
    table = manifest(tmp_path, [{"image": "a.flv"}, {"image": "b.png"}])
    assert "a video, not a picture" in check(table, tmp_path).findings[0].message
    found = check(table, tmp_path, read=lambda path: np.repeat(face(1)[..., None], 3, 2))
    assert [f.code for f in found.findings] == ["exact_within"]


def test_pictures_are_seen_as_models_see_them(tmp_path: Path) -> None:
    """A picture of 16 bits, one that the camera turned, and one on a transparent ground are copies of their twins."""
    tall = face(3)[:, :40]
    save(tmp_path / "eight.png", tall)
    save(tmp_path / "sixteen.png", tall.astype(np.uint16) * 257)
    turned = Image.Exif()
    turned[274] = 6
    save(tmp_path / "turned.png", np.ascontiguousarray(np.rot90(tall, 1)), exif=turned)
    whole = np.full((64, 64), 255, np.uint8)
    whole[16:48, 16:48] = face(4, 32)
    shown = np.repeat(whole[..., None], 4, 2)
    shown[..., 3] = 0
    shown[16:48, 16:48, 3] = 255
    shown[shown[..., 3] == 0] = (90, 0, 0, 0)
    save(tmp_path / "white.png", whole)
    save(tmp_path / "clear.png", shown)
    names = ("eight", "sixteen", "turned", "white", "clear")
    found = check(manifest(tmp_path, [{"image": f"{name}.png"} for name in names]), tmp_path)
    assert [f.code for f in found.findings] == ["exact_within"]
    assert found.faces["copies"].to_list() == ["eight.png"] * 3 + ["white.png"] * 2
    assert found.faces.select("width", "height").row(2) == (40, 64)


def test_wrong_settings(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="correlation above 0"):
        check(manifest(tmp_path, [{}]), near=1.5)
    with pytest.raises(InputError, match="no faces"):
        check(Manifest(manifest(tmp_path, [{}]).frame.clear(), LabelSpace.of(["happy"]), ()))


def test_near_pairs_are_those_of_brute_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evenface.datasets.near._BLOCK", 7)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(40, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[13] = np.nan
    pairs, value = near_pairs(vectors, 0.6)
    brute = [(i, j) for i in range(40) for j in range(i + 1, 40) if vectors[i] @ vectors[j] >= 0.6]
    assert list(map(tuple, pairs.tolist())) == brute and len(brute) > 20
    assert value == pytest.approx([vectors[i] @ vectors[j] for i, j in brute], abs=1e-5)


class Corners:
    """A stand-in for an embedding: the brightness of a picture's halves, which a mirror swaps."""

    size = 8

    def __call__(self, grey: NDArray[np.uint8]) -> NDArray[np.float32]:
        halves = np.stack([grey[:, :, :4].mean((1, 2)), grey[:, :, 4:].mean((1, 2))], 1) - 128
        views = np.stack([halves, halves[:, ::-1]]).astype(np.float32)
        return views / np.linalg.norm(views, axis=2, keepdims=True)


def halves(left: int, right: int) -> NDArray[np.uint8]:
    """Two tones, with a pattern of its own that thumbnails see and a mean over a half does not."""
    dots = np.random.default_rng(left * 256 + right).integers(-25, 26, (8, 8)).repeat(8, 0).repeat(8, 1)
    tones = np.repeat([left, right], 32)[None]
    return np.clip(tones + dots, 0, 255).astype(np.uint8)


def test_an_embedding_finds_what_thumbnails_overlook(tmp_path: Path) -> None:
    pixels = {"a": halves(200, 90), "b": halves(190, 95), "mirror": halves(92, 195), "c": halves(200, 210)}
    pixels |= {"blank": np.full((64, 64), 7, np.uint8), "blank2": np.full((64, 64), 9, np.uint8)}
    for name, each in pixels.items():
        save(tmp_path / f"{name}.png", each)
    (tmp_path / "broken.png").write_text("no picture")
    rows = [{"image": f"{name}.png"} for name in (*pixels, "broken")]
    rows[1] |= {"split": "test"}
    table = manifest(tmp_path, rows)
    found = check(table, tmp_path, embed=Corners())
    assert found.pairs.select("face", "other", "by").rows() == [
        ("a.png", "b.png", "embedding"), ("a.png", "mirror.png", "mirrored"), ("b.png", "mirror.png", "mirrored"),
    ]  # fmt: skip
    assert found.pairs["likeness"].min() >= ALIKE
    assert found.faces["copies"].drop_nulls().to_list() == ["a.png"] * 3
    told = {f.code: f.message for f in found.findings}
    assert told["near_across"] == (
        "Pairs of near copies across test and train: 2, of which by the embedding alone: 1 cropped, turned or "
        "otherwise changed, 1 mirrored."
    )
    assert told["near_within"].endswith("1, of which by the embedding alone: 1 mirrored.")
    assert not check(table, tmp_path, near=None, embed=Corners()).pairs.height
    assert not check(table, tmp_path).pairs.height


def test_what_many_pictures_have_in_common_is_taken_out(tmp_path: Path) -> None:
    class Drawings:
        size = 4

        def __call__(self, grey: NDArray[np.uint8]) -> NDArray[np.float32]:
            own = np.random.default_rng(int(grey[0, 0, 0])).normal(size=(2, len(grey), 30))
            views = np.concatenate([np.full((2, len(grey), 1), 20.0), own], axis=2)
            return (views / np.linalg.norm(views, axis=2, keepdims=True)).astype(np.float32)

    for seed in range(ENOUGH):
        save(tmp_path / f"{seed}.png", face(seed, 32))
    table = manifest(tmp_path, [{"image": f"{seed}.png"} for seed in range(ENOUGH)])
    few = replace(table, frame=table.frame.head(ENOUGH - 1))
    assert set(check(few, tmp_path, embed=Drawings()).pairs["by"]) == {"embedding"}
    assert check(table, tmp_path, embed=Drawings()).pairs.height < ENOUGH


def test_a_pair_that_several_measures_find_is_told_once(tmp_path: Path) -> None:
    save(tmp_path / "a.png", halves(200, 90))
    save(tmp_path / "b.jpg", halves(200, 90), quality=60)
    found = check(manifest(tmp_path, [{"image": "a.png"}, {"image": "b.jpg"}]), tmp_path, embed=Corners())
    assert found.pairs["by"].to_list() == ["thumbnail"]
    assert found.findings[0].message == "Pairs of near copies in train: 1."


def test_two_pictures_whose_vectors_differ_are_no_copies_though_thumbnails_are_alike(tmp_path: Path) -> None:
    class Apart(Corners):
        def __call__(self, grey: NDArray[np.uint8]) -> NDArray[np.float32]:
            angle = np.arange(len(grey)) * (np.pi / 2 - 0.4)
            return np.stack([np.stack([np.cos(angle), np.sin(angle)], 1)] * 2).astype(np.float32)

    save(tmp_path / "a.png", halves(200, 90))
    save(tmp_path / "b.jpg", halves(200, 90), quality=60)
    table = manifest(tmp_path, [{"image": "a.png"}, {"image": "b.jpg"}])
    assert np.sin(0.4) < DOUBTED
    assert check(table, tmp_path).pairs["by"].to_list() == ["thumbnail"]
    assert not check(table, tmp_path, embed=Apart()).pairs.height


def test_thumbnails_do_not_see_brightness_and_contrast() -> None:
    grey = np.stack([face(1, 16), (face(1, 16) // 2 + 60).astype(np.uint8), face(2, 16)])
    one, two, other = thumbnails(grey)
    assert one @ two > 0.99 and one @ other < 0.8 and np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
    assert np.isnan(thumbnails(np.zeros((1, 16, 16), np.uint8))).all()


def test_chains_of_pairs_are_one_group() -> None:
    assert connected(np.array([[5, 6], [1, 5], [3, 6], [7, 8]]), 9).tolist() == [0, 1, 2, 1, 4, 1, 1, 7, 7]
