"""Video: frames one at a time, and which face of one frame is which of the next.

Memory does not grow with the length of a video.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evenface.core.decode import UnreadablePictureError, bytes_of
from evenface.core.errors import InputError, SettingsError, needs
from evenface.core.pictures import INSIDE
from evenface.faces.face import Box, Image, overlap

_LEAST_SHARED = 0.3  # overlap of a face with where it was: heads move little between the frames that are looked at
_PATIENCE = 3  # frames that a face may be missed and still be the same


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame.

    Attributes:
        index: Its number in the video, from 0.
        time_s: Seconds from the start.
        image: (row, column, 3) uint8, RGB.
    """

    index: int
    time_s: float
    image: Image


@dataclass
class Video:
    """A video file or camera, read once from its start.

    Attributes:
        source: The file; or a camera's number.
        every: One frame in so many is decoded; the others are skipped.
        seconds: Where to stop; None: at the end. A camera has none, and needs it.
        fault: After the last frame: why the video ended before the length that it claims; None if it did not.
    """

    source: Path | int
    every: int = 5
    seconds: float | None = None
    fault: str | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.every < 1:
            raise SettingsError(f"every is {self.every}; it must be 1 or more: each frame, each second one, and so on.")
        if isinstance(self.source, int) and self.seconds is None:
            raise SettingsError("A camera has no end. Say when to stop, such as: --seconds 60")

    def frames(self) -> Iterator[Frame]:
        """Give every `every`-th frame, upright, in order.

        Raises:
            InputError: There is no such file or camera, or it is no video that can be read.
            SettingsError: OpenCV is not installed.
        """
        with needs("Reading video", "evenface[predict]"):
            import cv2
        if isinstance(self.source, Path) and not self.source.is_file():
            raise InputError(f"There is no video {self.source}.")
        video = cv2.VideoCapture(self.source if isinstance(self.source, int) else str(self.source))
        try:
            if not video.isOpened():
                raise InputError(_unread(self.source))
            rate, claimed = video.get(cv2.CAP_PROP_FPS), video.get(cv2.CAP_PROP_FRAME_COUNT)
            started, index = time.monotonic(), 0
            while video.grab():
                seconds = time.monotonic() - started if isinstance(self.source, int) else index / rate if rate else 0.0
                if self.seconds is not None and seconds >= self.seconds:
                    return
                if index % self.every == 0:
                    good, image = video.retrieve()
                    if not good:
                        break
                    yield Frame(index, seconds, np.ascontiguousarray(image[..., ::-1]))
                index += 1
            if index < claimed - 1:
                self.fault = f"the video breaks off: {index:,} of {int(claimed):,} frames could be read"
            elif not index:
                self.fault = "the video has no frame that can be read"
        finally:
            video.release()


def _unread(source: Path | int) -> str:
    if isinstance(source, int):
        return f"There is no camera {source}, or another program uses it, or this one may not. The first is camera:0."
    return f"{source} cannot be read as video. MP4, MOV, AVI, MKV, WebM and FLV are."


def middle_frame(path: Path) -> Image:
    """Give the frame in the middle of a video, also of one in an archive as `core.pictures` writes it.

    Where a video does not say how long it is, or breaks off before its middle, it is the middle of what can be read.

    Raises:
        UnreadablePictureError: There is no such video, or none that can be read.
        SettingsError: OpenCV is not installed.
    """
    with needs("Reading video", "evenface[predict]"):
        import cv2
    with _opened(path) as video:
        place = int(video.get(cv2.CAP_PROP_FRAME_COUNT)) // 2
        there = place > 0 and video.set(cv2.CAP_PROP_POS_FRAMES, place)
        good, image = video.read() if there else (False, None)
    if not good:
        good, image = _read_to_the_middle(path)
    if not good or image is None:
        raise UnreadablePictureError(str(path), "not a video that can be read")
    return np.ascontiguousarray(image[..., ::-1])


def _read_to_the_middle(path: Path) -> tuple[bool, Any]:
    with _opened(path) as video:
        held = sum(1 for _ in iter(video.grab, False))
    with _opened(path) as video:
        for _ in range(held // 2):
            video.grab()
        good, image = video.read()
        return good, image


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a video with OpenCV; one in an archive from memory."""
    import cv2

    if INSIDE in str(path):
        stream: Any = io.BytesIO(bytes_of(path))  # OpenCV does not hold on to it, so this must
        try:
            video = cv2.VideoCapture(stream, cv2.CAP_FFMPEG, [])
        except cv2.error as error:  # before 4.11 it read files alone
            raise UnreadablePictureError(str(path), "a video in an archive, which this OpenCV cannot read") from error
    elif path.is_file():
        video = cv2.VideoCapture(str(path))
    else:
        raise UnreadablePictureError(str(path), "no such file")
    try:
        yield video
    finally:
        video.release()


class Tracker:
    """Numbers faces so that one that stays has one number. Boxes are all that it looks at, never who it is."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[Box, int]] = {}
        self._seen = self._next = 0

    def follow(self, boxes: list[Box]) -> list[int]:
        """Give the track of each face of the next frame; pairs that overlap most are matched first."""
        self._seen += 1
        self._last = {
            track: (box, seen) for track, (box, seen) in self._last.items() if self._seen - seen <= _PATIENCE + 1
        }
        pairs = sorted(
            (
                (overlap(box, old), i, track)
                for i, box in enumerate(boxes)
                for track, (old, _) in self._last.items()
                if overlap(box, old) >= _LEAST_SHARED
            ),
            reverse=True,
        )
        given: dict[int, int] = {}
        for _, i, track in pairs:
            if i not in given and track not in given.values():
                given[i] = track
        tracks = []
        for i, box in enumerate(boxes):
            if i not in given:
                given[i], self._next = self._next, self._next + 1
            tracks.append(given[i])
            self._last[given[i]] = (box, self._seen)
        return tracks
