"""Sources: what a user points at, as a stream of pictures. Nothing is unpacked onto the disk."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from evenface.core.errors import InputError
from evenface.core.manifest import Manifest
from evenface.core.pictures import INSIDE, SUFFIXES, VIDEOS, is_picture, is_video, members, refuse_packed
from evenface.faces.decode import UnreadablePictureError, decode
from evenface.faces.video import Video

if TYPE_CHECKING:
    from evenface.faces.face import Image

_ARCHIVES = (".zip", ".tar")
_CONTAINERS = (*_ARCHIVES, ".parquet")
_KNOWN = ", ".join(SUFFIXES + VIDEOS)
_MOST_NAMED = 6


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


class Skipped:
    """What lay beside pictures and was not looked at, counted by its ending; what systems leave behind is not counted.

    Attributes:
        beside: Files in folders: ending -> how many.
        packed: Files in archives.
    """

    def __init__(self) -> None:
        self.beside: Counter[str] = Counter()
        self.packed: Counter[str] = Counter()

    def __str__(self) -> str:
        """Tell it in one line; empty where nothing was skipped."""
        told = [_told(self.beside), f"{_told(self.packed)} in archives" if self.packed else ""]
        advice = [
            "Name archives and tables of faces to read them." if self.beside.keys() & {*_CONTAINERS} else "",
            "Unpack videos to read them." if self.packed.keys() & {*VIDEOS} else "",
        ]
        whole = "; ".join(filter(None, told))
        return " ".join([f"Skipped, by their names: {whole}.", *filter(None, advice)]) if whole else ""


def _told(endings: Counter[str]) -> str:
    named = [f"{count:,} {ending or 'without ending'}" for ending, count in endings.most_common(_MOST_NAMED)]
    more = endings.total() - sum(count for _, count in endings.most_common(_MOST_NAMED))
    return ", ".join([*named, *([f"{more:,} others"] if more else [])])


def _count(names: Iterable[str], into: Counter[str]) -> None:
    """Count files by their endings, but those whose names say that they are a system's own."""
    for path in map(PurePosixPath, names):
        if not path.name.startswith(".") and path.name not in ("Thumbs.db", "desktop.ini"):
            into[path.suffix.lower()] += 1


def _looked_at(name: str) -> bool:
    """Tell whether a file is a picture or video by its name; macOS keeps other things under such names too."""
    return (is_picture(name) or is_video(name)) and not name.startswith("._")


def pictures(
    sources: Sequence[str | Path], every: int = 5, seconds: float | None = None, skipped: Skipped | None = None
) -> Iterator[Shown]:
    """Give every picture of every source, in a fixed order.

    Args:
        sources: Each a photo, a video, a folder (searched deeply), a pattern such as `faces/*.jpg`, a zip or tar
            archive, a Manifest (Parquet; of a video that one names, the middle frame), or `camera:0`.
        every: One frame in so many of a video.
        seconds: Where to stop in each video or camera.
        skipped: Gets the counts of files in folders and archives that are not looked at.

    Raises:
        InputError: A source does not exist, or holds nothing that can be looked at; told before any picture is given.
    """
    counted = Skipped() if skipped is None else skipped
    readers = [_reader(str(source), every, seconds, counted) for source in sources]
    return (shown for reader in readers for shown in reader)


def _reader(source: str, every: int, seconds: float | None, skipped: Skipped) -> Iterator[Shown]:
    if source.startswith("camera:") and source[7:].isdigit():
        return _frames(Video(int(source[7:]), every, seconds), source)
    path = Path(source)
    if path.is_dir():
        files = [each for each in sorted(path.rglob("*")) if "__MACOSX" not in each.parts and not each.is_dir()]
        _count((each.name for each in files if not _looked_at(each.name)), skipped.beside)
        return _files([each for each in files if _looked_at(each.name)], source, every, seconds, skipped)
    if path.is_file():
        refuse_packed(path)
        return _file(path, every, seconds, skipped)
    if glob.has_magic(source):
        found = [Path(each) for each in sorted(glob.glob(source, recursive=True))]  # noqa: PTH207 - absolute ones too
        return _files([each for each in found if not each.is_dir()], source, every, seconds, skipped)
    raise InputError(f"There is no {source}. Give a photo, video, folder, pattern, zip archive, manifest or camera:0.")


def _files(found: list[Path], source: str, every: int, seconds: float | None, skipped: Skipped) -> Iterator[Shown]:
    if not found:
        raise InputError(f"{source} holds no pictures or videos, by their names: {_KNOWN}. {skipped}".strip())
    # What can fail as a whole is opened now, so that it fails before any picture is given.
    opened = {path: _file(path, every, seconds, skipped) for path in found if path.suffix.lower() in _CONTAINERS}
    return (shown for path in found for shown in (opened.get(path) or _file(path, every, seconds, skipped)))


def _file(path: Path, every: int, seconds: float | None, skipped: Skipped) -> Iterator[Shown]:
    kind = path.suffix.lower()
    if kind == ".parquet":
        return _manifest(path)
    if kind in _ARCHIVES:
        return _archive(path, skipped)
    if kind in VIDEOS:
        return _frames(Video(path, every, seconds), str(path))
    return iter([Shown(str(path), path)])


def _frames(video: Video, name: str) -> Iterator[Shown]:
    try:
        for frame in video.frames():
            about = {"frame": frame.index, "time_s": frame.time_s}
            yield Shown(name, frame.image, about, video=name)
    except InputError as error:
        yield Shown(name, UnreadablePictureError(name, str(error).removesuffix(".")), video=name)
    if video.fault:
        yield Shown(name, UnreadablePictureError(name, video.fault), video=name)


def _archive(path: Path, skipped: Skipped) -> Iterator[Shown]:
    files = [name for name in members(path) if not name.startswith("__MACOSX/")]
    names = sorted(name for name in files if is_picture(name) and _looked_at(PurePosixPath(name).name))
    _count(set(files) - set(names), skipped.packed)
    if not names:
        raise InputError(f"{path} holds no pictures, by their names: {', '.join(SUFFIXES)}. {skipped}".strip())
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
