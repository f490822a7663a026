"""Decode what a manifest names as a face's picture: a picture, or a video, for which its middle frame stands."""

from __future__ import annotations

from pathlib import Path

from evenface.core.decode import UnreadablePictureError
from evenface.core.decode import decode as decode_picture
from evenface.core.pictures import is_video
from evenface.faces.face import Image
from evenface.faces.video import middle_frame

__all__ = ["UnreadablePictureError", "decode"]


def decode(source: Path | bytes) -> Image:
    """Decode a picture, or the middle frame of a file that is a video by its ending.

    Args:
        source: A file, also one inside an archive or table as `core.pictures` writes it; or the bytes of a picture.

    Returns:
        (row, column, 3) uint8, RGB, upright.

    Raises:
        UnreadablePictureError: There is no such file, or it is empty, no picture or video, cut short or too large.
        SettingsError: Pillow, or for a video OpenCV, is not installed.
    """
    if isinstance(source, Path) and is_video(source.name):
        return middle_frame(source)
    return decode_picture(source)
