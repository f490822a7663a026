from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from evenface.core.decode import UnreadablePictureError, decode

RGB = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)


def coded(picture: Image.Image, kind: str = "png", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["png", "bmp", "tiff", "ppm"])
def test_lossless_pictures_come_back_as_they_were(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.picture"
    path.write_bytes(coded(Image.fromarray(RGB), kind))
    assert np.array_equal(decode(path), RGB)
    assert np.array_equal(decode(path.read_bytes()), RGB)


def test_grey_palette_and_bits_become_rgb() -> None:
    grey = decode(coded(Image.fromarray(RGB[..., 0])))
    assert np.array_equal(grey, np.repeat(RGB[..., :1], 3, axis=2))
    palette = Image.fromarray(RGB // 128 * 255).quantize(8)
    assert np.array_equal(decode(coded(palette)), RGB // 128 * 255)
    assert set(np.unique(decode(coded(Image.fromarray(RGB[..., 0] > 99))))) == {0, 255}


def test_avif_is_read_where_pillow_can() -> None:
    if not features.check("avif"):
        pytest.skip("this Pillow cannot read AVIF")
    image = decode(coded(Image.new("RGB", (16, 16), (200, 40, 90)), "avif"))
    assert np.abs(image.astype(int) - [200, 40, 90]).max() < 9


def test_cmyk_becomes_rgb() -> None:
    plain = Image.new("RGB", (16, 16), (200, 40, 90))
    assert np.abs(decode(coded(plain.convert("CMYK"), "jpeg", quality=95)).astype(int) - [200, 40, 90]).max() < 6


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_sixteen_bits_keep_their_range(kind: str) -> None:
    wide = np.array([[0, 257 * 100], [257 * 200, 65535]], np.uint16)
    assert decode(coded(Image.fromarray(wide), kind))[..., 0].tolist() == [[0, 100], [200, 255]]


def test_a_dark_picture_of_sixteen_bits_stays_dark() -> None:
    assert decode(coded(Image.fromarray(np.full((2, 2), 200, np.uint16)))).max() == 1


def test_real_numbers_from_0_to_1_are_white_at_1() -> None:
    values = np.array([[0, 0.5], [1, np.nan]], np.float32)
    assert decode(coded(Image.fromarray(values), "tiff"))[..., 1].tolist() == [[0, 128], [255, 0]]


def test_what_is_transparent_is_laid_on_white() -> None:
    seen = np.zeros((2, 2, 4), np.uint8)
    seen[0, :, 3] = 255
    assert decode(coded(Image.fromarray(seen)))[..., 0].tolist() == [[0, 0], [255, 255]]
    palette = Image.fromarray(np.zeros((2, 2), np.uint8), "L").convert("P")
    assert decode(coded(palette, transparency=0)).min() == 255


@pytest.mark.parametrize("kind", ["gif", "webp", "tiff"])
def test_the_first_frame_stands_for_an_animation(kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    options = {"lossless": True} if kind == "webp" else {}
    image = decode(coded(frames[0], kind, save_all=True, append_images=frames[1:], **options))
    assert image[4, 4].tolist() == [255, 0, 0]


@pytest.mark.parametrize("mark", range(1, 9))
def test_the_cameras_orientation_is_obeyed(mark: int) -> None:
    turned = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
        8: lambda a: np.rot90(a, -1),
    }
    exif = Image.Exif()
    exif[274] = mark
    stored = Image.fromarray(np.ascontiguousarray(turned[mark](RGB)))
    assert np.array_equal(decode(coded(stored, exif=exif)), RGB)


def claiming(width: int, height: int) -> bytes:
    """A PNG of a hundred bytes that claims a size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


@pytest.mark.parametrize("side", [9_500, 10_000, 50_000, 2**31 - 1])
def test_a_bomb_is_not_opened(side: int) -> None:
    claim = f"9,500 x 9,500|{side * side:,}"
    with pytest.raises(UnreadablePictureError, match=rf"too large: it claims ({claim}) pixels, and 89,478,485 are"):
        decode(claiming(side, side))


def test_faults_are_told_in_words(tmp_path: Path) -> None:
    jpeg = coded(Image.fromarray(RGB.repeat(8, 0).repeat(8, 1)), "jpeg")
    for content, reason in {
        b"": "empty file, 0 bytes",
        b"hello": "not a picture of a known format",
        b"%PDF-1.7 no picture": "not a picture",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic": "a picture in HEIC, which this installation cannot read",
        jpeg[: len(jpeg) // 2]: "truncated",
        jpeg[:100]: "picture",
    }.items():
        with pytest.raises(UnreadablePictureError) as caught:
            decode(content)
        assert reason in caught.value.reason
    with pytest.raises(UnreadablePictureError, match=r"none\.jpg: no such file"):
        decode(tmp_path / "none.jpg")
    with pytest.raises(UnreadablePictureError, match="cannot be opened"):
        decode(tmp_path)


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp", "tiff", "bmp"])
def test_broken_bytes_never_get_through_as_another_error(kind: str) -> None:
    whole = bytearray(coded(Image.fromarray(RGB), kind))
    rng = np.random.default_rng(7)
    for _ in range(60):
        broken = whole.copy()
        for place in rng.integers(0, len(broken), 6):
            broken[place] = rng.integers(0, 256)
        try:
            image = decode(bytes(broken[: rng.integers(1, len(broken) + 1)]), most_pixels=10**6)
        except UnreadablePictureError as error:
            assert error.reason
        else:
            assert image.dtype == np.uint8
            assert image.shape[2] == 3
