"""Sources: what a user points at, as a stream of pictures. Nothing is unpacked onto the disk."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenface.core.errors import InputError
from evenface.core.manifest import Manifest
from evenface.core.pictures import INSIDE, SUFFIXES, is_picture, members
from evenface.faces.decode import UnreadablePictureError, decode
from evenface.faces.video import Video

if TYPE_CHECKING:
    from evenface.faces.face import Image

VIDEOS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg")


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture to look at.

    Attributes:
        name: What it is called in the answers.
        content: A path as `core.pictures` reads it, pixels, or why there is no picture.
        about: More columns for the answers: label, attributes, frame and time.
        one: Whether one face is asked for, the most prominent, as for a row of a manifest; and its name.
        video: The video that it is a frame of.
    """

    name: str
    content: Path | Image | UnreadablePictureError
    about: Mapping[str, Any] = field(default_factory=dict)
    one: str | None = None
    video: str | None = None

    def pixels(self) -> Image:
        """Decode it; raises UnreadablePictureError if that cannot be done."""
        if isinstance(self.content, UnreadablePictureError):
            raise self.content
        return decode(self.content) if isinstance(self.content, Path) else self.content


def pictures(sources: Sequence[str | Path], every: int = 5, seconds: float | None = None) -> Iterator[Shown]:
    """Give every picture of every source, in a fixed order.

    Args:
        sources: Each a photo, a video, a folder (searched deeply), a pattern such as `faces/*.jpg`, a zip or tar
            archive, a Manifest (Parquet), or `camera:0`.
        every: One frame in so many of a video.
        seconds: Where to stop in each video or camera.

    Raises:
        InputError: A source does not exist, or holds nothing that can be looked at; told before any picture is given.
    """
    readers = [_reader(str(source), every, seconds) for source in sources]
    return (shown for reader in readers for shown in reader)


def _reader(source: str, every: int, seconds: float | None) -> Iterator[Shown]:
    if source.startswith("camera:") and source[7:].isdigit():
        return _frames(Video(int(source[7:]), every, seconds), source)
    path = Path(source)
    if path.is_dir():
        found = [each for each in sorted(path.rglob("*")) if is_picture(each.name) or each.suffix.lower() in VIDEOS]
        return _files(found, source, every, seconds)
    if path.is_file():
        return _file(path, every, seconds)
    if glob.has_magic(source):
        found = [Path(each) for each in sorted(glob.glob(source, recursive=True))]  # noqa: PTH207 - absolute ones too
        return _files(found, source, every, seconds)
    raise InputError(f"There is no {source}. Give a photo, video, folder, pattern, zip archive, manifest or camera:0.")


def _files(found: list[Path], source: str, every: int, seconds: float | None) -> Iterator[Shown]:
    if not found:
        known = ", ".join(SUFFIXES + VIDEOS)
        raise InputError(f"{source} holds no pictures or videos, by their names: {known}.")
    return (shown for path in found if not path.is_dir() for shown in _file(path, every, seconds))


def _file(path: Path, every: int, seconds: float | None) -> Iterator[Shown]:
    kind = path.suffix.lower()
    if kind == ".parquet":
        return _manifest(path)
    if kind in (".zip", ".tar"):
        return _archive(path)
    if kind in VIDEOS:
        return _frames(Video(path, every, seconds), str(path))
    return iter([Shown(str(path), path)])


def _frames(video: Video, name: str) -> Iterator[Shown]:
    try:
        for frame in video.frames():
            about = {"frame": frame.index, "time_s": frame.time_s}
            yield Shown(name, frame.image, about, video=name)
    except InputError as error:
        yield Shown(name, UnreadablePictureError(name, f"not a video that can be read ({error})"), video=name)
    if video.fault:
        yield Shown(name, UnreadablePictureError(name, video.fault), video=name)


def _archive(path: Path) -> Iterator[Shown]:
    names = sorted(name for name in members(path) if is_picture(name))
    if not names:
        raise InputError(f"{path} holds no pictures, by their names: {', '.join(SUFFIXES)}.")
    return (Shown(each, Path(each)) for each in (f"{path}{INSIDE}{name}" for name in names))


def _manifest(path: Path) -> Iterator[Shown]:
    manifest = Manifest.load(path)
    names = dict(enumerate(manifest.labels.names))
    frame = manifest.frame
    told = [name for name in ("subject", "split") if frame[name].null_count() < len(frame)]
    told += [name for name in ("dataset", "region") if frame[name].n_unique() > 1]
    return _rows(manifest, path.parent, names, told)


def _rows(manifest: Manifest, root: Path, names: Mapping[int, str], told: Sequence[str]) -> Iterator[Shown]:
    attributes = [attribute.name for attribute in manifest.attributes]
    for row in manifest.frame.iter_rows(named=True):
        about = {"label": names.get(row["label"]), **{name: row[name] for name in told}}
        about |= {name: row[f"attr:{name}"] for name in attributes}
        image = row["image"]
        missing = UnreadablePictureError(row["face"], "the manifest names no picture")
        yield Shown(image or row["face"], missing if image is None else root / image, about, one=row["face"])
