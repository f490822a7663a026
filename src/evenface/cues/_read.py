"""Reading the cues of a manifest: pictures in, one table per cue out, nothing read twice.

Faces are cut out once, at `SIDE` pixels, and each cue gets them at its own size. What a cue read is kept in stretches,
each under the hash of the pixels it was read from and of the cue's version: a run that was stopped goes on, and a
picture that changed is read anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError, SettingsError
from evenface.core.manifest import Manifest
from evenface.core.writing import replacing
from evenface.cues import CUES, DEFAULT
from evenface.cues._clips import Sequences, sequences
from evenface.cues._cue import SIDE, Cue, CueReading, joined, sized, with_gaps
from evenface.cues._table import as_frame, as_reading, save_cue
from evenface.faces.align import align
from evenface.faces.chips import ChipStore
from evenface.faces.decode import UnreadablePictureError, decode
from evenface.faces.detectors import DETECTORS
from evenface.faces.face import Detector, Image, area

if TYPE_CHECKING:
    import polars as pl

_STRETCH = 128  # faces, or clips, that are read and kept together
Progress = Callable[[str, int, int], None]
"""Told what is being done, how many faces are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class CueRead:
    """One cue of one manifest.

    Attributes:
        name: Of the cue.
        path: Its table.
        reading: One row per face of the manifest.
        cached: Faces or clips that were known from an earlier run.
        notes: What a reader must know of how it was read.
    """

    name: str
    path: Path
    reading: CueReading
    cached: int
    notes: tuple[str, ...]


def read_cues(
    manifest: Manifest,
    root: Path,
    out: Path,
    names: Sequence[str] | None = None,
    *,
    detector: str | None = "mediapipe",
    cache: Path | None = None,
    progress: Progress | None = None,
) -> list[CueRead]:
    """Read cues from every face of a manifest, and write a table of each.

    Args:
        manifest: Faces, and clips where it has a column `clip`.
        root: What paths of pictures are relative to.
        out: Folder that gets `<cue>.parquet` for each.
        names: Which cues; None: `DEFAULT`.
        detector: A name in `DETECTORS`; None: pictures are aligned faces already.
        cache: Folder for chips and what was read; `out/.cache` if None.
        progress: Told how far it is.

    Raises:
        UnknownNameError: There is no such cue or detector.
        SettingsError: A library that a cue needs is not installed.
        InputError: A model file is missing, or a folder cannot be written.
    """
    kinds = [CUES.get(name) for name in (DEFAULT if names is None else names)]
    if not kinds:
        raise SettingsError(f"No cue was named. Available: {', '.join(CUES)}.")
    frame, kept = manifest.frame, cache or out / ".cache"
    if not len(frame):
        raise InputError("This manifest has no faces; there is nothing to read.")
    tell = progress or (lambda what, done, total: None)
    chips: _Chips | None = None
    done, cues = {}, [kind() for kind in kinds]  # what is missing for one is told before any is read
    alike: dict[tuple[int, int], list[Cue]] = {}
    for cue in cues:
        alike.setdefault((cue.size, cue.frames), []).append(cue)
    try:
        for (size, frames), group in alike.items():
            if frames:
                source: _Source = _Clips(sequences(frame, frames), root, size, detector)
            else:
                source = chips = chips or _Chips(frame, root, detector, kept, tell)
            for cue, (parts, cached) in zip(group, _read(group, source, kept / "read", tell), strict=True):
                reading = _of_faces(parts, source.of_face)
                path = save_cue(out, cue.name, cue.channels, reading, manifest, {"detector": detector})
                done[cue.name] = CueRead(cue.name, path, reading, cached, source.notes)
    finally:
        for cue in cues:
            cue.close()
    return [done[cue.name] for cue in cues]


class _Source(Protocol):
    """Gives what a cue reads, a stretch at a time."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of how faces are read."""

    @property
    def of_face(self) -> NDArray[np.int64] | None:
        """Which of what is read each face belongs to; None: each is its own."""

    def __len__(self) -> int: ...

    def stretch(self, start: int, stop: int, size: int) -> tuple[NDArray[np.uint8], list[str | None]]:
        """Give the chips or clips that there are, and for each of the stretch why it is not among them."""


class _Chips:
    """One chip per face, from a store that all cues share."""

    def __init__(self, frame: pl.DataFrame, root: Path, detector: str | None, cache: Path, tell: Progress) -> None:
        self.notes: tuple[str, ...] = ()
        self.of_face = None
        self._store = ChipStore.build(
            frame,
            cache / "chips",
            root=root,
            size=SIDE,
            detector=detector,
            progress=lambda n, total: tell("faces", n, total),
        )

    def __len__(self) -> int:
        return len(self._store.faces)

    def stretch(self, start: int, stop: int, size: int) -> tuple[NDArray[np.uint8], list[str | None]]:
        there = np.flatnonzero(self._store.valid[start:stop]) + start
        out = np.empty((len(there), size, size, 3), np.uint8)
        for chip, place in zip(out, there, strict=True):
            chip[:] = sized(self._store.chips[place], size)
        return out, list(self._store.reasons[start:stop])


class _Clips:
    """One array of frames per clip, all cut at the place of the face in the first."""

    def __init__(self, clips: Sequences, root: Path, size: int, detector: str | None) -> None:
        self.notes, self.of_face = clips.notes, clips.of_face
        self._clips, self._root, self._size = clips, root, size
        self._detector: Detector | None = DETECTORS.get(detector)() if detector else None

    def __len__(self) -> int:
        return len(self._clips.images)

    def stretch(self, start: int, stop: int, size: int) -> tuple[NDArray[np.uint8], list[str | None]]:
        made, reasons = [], []
        for images, reason in zip(self._clips.images[start:stop], self._clips.reasons[start:stop], strict=True):
            got = reason if reason is not None else self._cut(images)
            reasons.append(got if isinstance(got, str) else None)
            if not isinstance(got, str):
                made.append(got)
        frames = len(next((each for each in self._clips.images if each), ()))
        return (np.stack(made) if made else np.empty((0, frames, size, size, 3), np.uint8)), reasons

    def _cut(self, images: Sequence[str]) -> NDArray[np.uint8] | str:
        try:
            photos = {name: decode(self._root / name) for name in dict.fromkeys(images)}
            cut = self._cutter(photos[images[0]])
            chips = {name: cut(photo) for name, photo in photos.items()}
        except UnreadablePictureError as error:
            return error.reason
        except ValueError as error:
            return str(error)
        return np.stack([chips[name] for name in images])

    def _cutter(self, first: Image) -> Callable[[Image], Image]:
        if self._detector is None:
            return self._resized
        faces = self._detector.detect(first)
        if not faces:
            raise ValueError("no face found")
        landmarks = max(faces, key=lambda face: area(face.box)).landmarks
        return lambda photo: align(photo, landmarks, self._size)

    def _resized(self, photo: Image) -> Image:
        from PIL import Image as Pillow

        size = (self._size, self._size)
        return np.asarray(Pillow.fromarray(photo).resize(size, Pillow.Resampling.BICUBIC, reducing_gap=3.0))


def _read(cues: Sequence[Cue], source: _Source, cache: Path, tell: Progress) -> list[tuple[CueReading, int]]:
    """Read all that a source has, stretch by stretch, by cues of one size; and how many each knew already.

    Each stretch is decoded once, and read by all cues before the next, so that they can share what they see in it.
    """
    readings: list[list[CueReading]] = [[] for _ in cues]
    cached, size, names = [0] * len(cues), cues[0].size, ", ".join(cue.name for cue in cues)
    with ThreadPoolExecutor(1, thread_name_prefix="cues") as ahead:  # decodes while the cues read
        coming = ahead.submit(source.stretch, 0, _STRETCH, size)
        for start in range(0, len(source), _STRETCH):
            pictures, reasons = coming.result()
            if start + _STRETCH < len(source):
                coming = ahead.submit(source.stretch, start + _STRETCH, start + 2 * _STRETCH, size)
            for place, cue in enumerate(cues):
                part, known = _kept(cue, pictures, cache)
                cached[place] += known * len(reasons)
                readings[place].append(_placed(part, reasons))
            tell(names, start + len(reasons), len(source))
    return [(joined(parts), known) for parts, known in zip(readings, cached, strict=True)]


def _kept(cue: Cue, pictures: NDArray[np.uint8], cache: Path) -> tuple[CueReading, bool]:
    """Read one stretch, or give what was read from these very pixels before."""
    import polars as pl

    digest = hashlib.sha256(f"{cue.name} {cue.version} {pictures.shape}".encode())
    digest.update(pictures.tobytes())
    part = cache / f"{digest.hexdigest()[:32]}.parquet"
    if part.is_file():
        return as_reading(cue.name, cue.channels, pl.read_parquet(part)), True
    reading = cue.read(pictures)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with replacing(part) as temporary:
            as_frame(cue.name, cue.channels, reading).write_parquet(temporary)
    except OSError as error:
        raise InputError(
            f"Cannot keep what was read in {cache}: {error}. Choose another folder with --cache."
        ) from error
    return reading, False


def _placed(part: CueReading, reasons: Sequence[str | None]) -> CueReading:
    """Put what was read from pictures that could be had among those that could not."""
    there = np.array([reason is None for reason in reasons], bool)
    own = iter(part.reasons)
    told = [reason if reason is not None else next(own) for reason in reasons]
    read = there.copy()
    read[there] = part.valid
    return with_gaps(part.values.shape[1], read, part.values[part.valid], part.confidence[part.valid], told)


def _of_faces(reading: CueReading, of_face: NDArray[np.int64] | None) -> CueReading:
    """Give each face what was read from its clip."""
    if of_face is None:
        return reading
    reasons = tuple(reading.reasons[i] for i in of_face)
    return CueReading(reading.values[of_face], reading.valid[of_face], reading.confidence[of_face], reasons)
