"""Decode: any picture file as upright RGB with eight bits a channel.

The first frame of an animation stands for it. What is transparent is laid on white. Grey, palette, CMYK and 16-bit
pictures become RGB; colour profiles are not applied. The camera's orientation mark is obeyed.
"""

from __future__ import annotations

import io
import re
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError, needs
from evenface.core.pictures import INSIDE, is_video, open_bytes

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Image = NDArray[np.uint8]
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF")
MOST_PIXELS = 89_478_485  # 256 MB of RGB; beyond it Pillow itself speaks of a bomb
_ORIENTATION = 274  # EXIF tag
_BRANDS = {  # what follows the first four bytes, by ISO/IEC 14496-12 and 23008-12
    "HEIC": tuple(b"ftyp" + brand for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")),
    "AVIF": (b"ftypavif", b"ftypavis"),
}


class UnreadablePictureError(InputError):
    """Bytes that are no picture, or not a whole one.

    Attributes:
        reason: Why, in a few words, without the file's name.
    """

    def __init__(self, where: str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"{where}: {reason}.")


def decode(source: Path | bytes, *, most_pixels: int = MOST_PIXELS) -> Image:
    """Decode a picture.

    Args:
        source: A file, also one inside an archive or table as `core.pictures` writes it; or the bytes.
        most_pixels: A picture that claims more is not opened: a few kilobytes can claim billions.

    Returns:
        (row, column, 3) uint8, RGB, upright.

    Raises:
        UnreadablePictureError: There is no such file, or it is empty, no picture, cut short or too large.
        SettingsError: Pillow is not installed.
    """
    where = "bytes" if isinstance(source, bytes) else str(source)
    if isinstance(source, Path) and is_video(source.name):
        raise UnreadablePictureError(where, "a video, not a picture")
    content = source if isinstance(source, bytes) else bytes_of(source)
    if not content:
        raise UnreadablePictureError(where, "empty file, 0 bytes")
    with needs("Reading pictures", "pillow"):
        from PIL import Image as Pillow
        from PIL import UnidentifiedImageError
    _know_formats()
    try:
        with Pillow.open(io.BytesIO(content), formats=FORMATS) as picture:
            if picture.width * picture.height > most_pixels:
                raise UnreadablePictureError(where, _too_large(f"{picture.width:,} x {picture.height:,}", most_pixels))
            return np.ascontiguousarray(_rgb(_upright(picture)))
    except UnreadablePictureError:
        raise
    except UnidentifiedImageError as error:
        raise UnreadablePictureError(where, _unknown(content)) from error
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise UnreadablePictureError(where, _too_large(_claimed(error), most_pixels)) from error
    except Exception as error:  # broken files make Pillow raise nearly anything
        raise UnreadablePictureError(where, f"broken picture ({_plain(error)})") from error


@cache
def _know_formats() -> None:
    """Load what reads FORMATS: Pillow itself loads some of it only once it has failed without."""
    for name in ("Bmp", "Gif", "Jpeg", "Png", "Ppm", "Tiff", "WebP"):
        import_module(f"PIL.{name}ImagePlugin")
    if find_spec("PIL.AvifImagePlugin") is not None:  # since Pillow 11.3
        import_module("PIL.AvifImagePlugin")


def bytes_of(path: Path) -> bytes:
    """Read a file, also one inside an archive or table as `core.pictures` writes it.

    Raises:
        UnreadablePictureError: There is none, or it cannot be read.
    """
    try:
        return path.read_bytes() if INSIDE not in str(path) else open_bytes(path)
    except FileNotFoundError as error:
        raise UnreadablePictureError(str(path), "no such file") from error
    except OSError as error:
        raise UnreadablePictureError(str(path), f"cannot be opened ({error.strerror or error})") from error
    except InputError as error:
        container = str(path).partition(INSIDE)[0]
        reason = str(error).removeprefix(str(path)).removeprefix(container).strip(": ").removesuffix(".")
        raise UnreadablePictureError(str(path), f"cannot be read in its archive: {reason}") from error


def _upright(picture: Picture) -> Picture:
    from PIL import Image as Pillow

    turns = {
        2: Pillow.Transpose.FLIP_LEFT_RIGHT,
        3: Pillow.Transpose.ROTATE_180,
        4: Pillow.Transpose.FLIP_TOP_BOTTOM,
        5: Pillow.Transpose.TRANSPOSE,
        6: Pillow.Transpose.ROTATE_270,
        7: Pillow.Transpose.TRANSVERSE,
        8: Pillow.Transpose.ROTATE_90,
    }
    turn = turns.get(picture.getexif().get(_ORIENTATION, 1))
    return picture if turn is None else picture.transpose(turn)


def _rgb(picture: Picture) -> Image:
    if picture.mode.startswith("I") or picture.mode == "F":
        return np.repeat(_eight_bits(np.asarray(picture))[..., None], 3, axis=2)
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        from PIL import Image as Pillow

        seen = picture.convert("RGBA")
        return np.asarray(Pillow.alpha_composite(Pillow.new("RGBA", seen.size, "white"), seen).convert("RGB"))
    return np.asarray(picture.convert("RGB"))


def _eight_bits(values: np.ndarray) -> Image:
    """Bring 16-bit, 32-bit and real values to 0-255 by the range that their type and largest value suggest."""
    real = np.nan_to_num(values.astype(np.float64))
    top = next((limit for limit in (1.0, 255.0, 65535.0) if real.max() <= limit), real.max())
    if values.dtype.kind in "ui":
        top = 65535.0 if values.dtype.itemsize == 2 else max(top, 255.0)
    return np.clip(real * (255.0 / top) + 0.5, 0, 255).astype(np.uint8)


def _unknown(content: bytes) -> str:
    kind = next((name for name, brands in _BRANDS.items() if content[4:12] in brands), None)
    if kind is None:
        return "not a picture of a known format"
    return f"a picture in {kind}, which this installation cannot read; save it as JPEG or PNG"


def _claimed(error: Exception) -> str:
    """How many pixels Pillow says that a picture claims; it does not say how wide that is."""
    said = re.search(r"\((\d+) pixels\)", str(error))
    return f"{int(said[1]):,}" if said else "far too many"


def _too_large(claim: str, most: int) -> str:
    return f"too large: it claims {claim} pixels, and {most:,} are allowed"


def _plain(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 80 else f"{text[:77]}..."
