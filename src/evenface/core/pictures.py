"""Pictures by their path, wherever they lie: in a folder, an archive, a shard or a table.

A path is that of a file, or that of a container, `!/` and what is inside. Nothing is unpacked.

| path                       | is                                                                               |
|----------------------------|----------------------------------------------------------------------------------|
| `faces/a.png`              | a file                                                                           |
| `faces.zip!/train/a.png`   | a member of a zip archive                                                        |
| `shard.tar!/a.jpg`         | a member of an uncompressed tar archive, such as a WebDataset shard              |
| `part.parquet!/image/17`   | row 17, from 0, of a column of bytes, or of structs with a field `bytes`         |
| `fer2013.csv!/17`          | row 17 of a csv whose `pixels` are grey values of a square picture; given as PGM |

What a container holds is listed once in a process. No file stays open, so paths may be read by threads and by forked
or spawned processes alike.
"""

from __future__ import annotations

import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from evenface.core.errors import InputError

INSIDE = "!/"
"""What stands between a container and what is inside."""
MOST_BYTES = 256 * 2**20
"""A member that would unpack to more is no picture of a face, and is not read."""
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".ppm", ".pgm", ".avif"),
    *(".heic", ".heif"),  # these cannot be read, which is told of each: it is a picture all the same
)
"""Endings of picture files, in lower case."""
VIDEOS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".flv")
"""Endings of video files, in lower case."""
_LOCAL_HEADER, _STORED, _DEFLATED, _ENCRYPTED = 30, 0, 8, 1
_BLOCK = 64  # rows of a Parquet file that are read, and kept, together
_NAMED = 3
_PACKED = (".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".7z", ".rar")


def open_bytes(path: str | os.PathLike[str]) -> bytes:
    """Read a picture's bytes as they were coded.

    Args:
        path: As in this module's table.

    Raises:
        InputError: It is not there, cannot be read, is damaged, or its container holds names that lead outside it.
    """
    container, inside, member = os.fspath(path).partition(INSIDE)
    try:
        if not inside:
            return Path(container).read_bytes()
        kind = Path(container).suffix.casefold()
        if kind not in _READERS:
            raise InputError(
                f"{path}: {kind or 'a file without ending'} is no container; known: {', '.join(_READERS)}."
            )
        return bytes(_READERS[kind](container, member))
    except (OSError, zipfile.BadZipFile, tarfile.TarError, zlib.error, struct.error) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error


class UnreadableArchiveError(InputError):
    """A file that is called an archive, and cannot be read as one."""


def members(container: str | os.PathLike[str]) -> tuple[str, ...]:
    """List the files in a zip or tar archive, in its order.

    Raises:
        UnreadableArchiveError: It cannot be read.
        InputError: It holds links or names that lead outside it.
    """
    path = os.fspath(container)
    try:
        return tuple(_index(path))
    except (OSError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise UnreadableArchiveError(f"{path} cannot be read as an archive: {error}.") from error


def refuse_packed(path: str | os.PathLike[str]) -> None:
    """Refuse an archive in which no picture has a place of its own.

    Raises:
        InputError: Its name says that it is one, such as `.tar.gz`.
    """
    if Path(path).name.casefold().endswith(_PACKED):
        raise InputError(f"{path} is packed as a whole, and not read. Unpack it, or pack it as .zip or plain .tar.")


def _index(container: str) -> Mapping[str, Any]:
    about = Path(container).stat()
    listed = _zip_index if Path(container).suffix.casefold() == ".zip" else _tar_index
    return listed(container, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=64)
def _zip_index(container: str, changed: int, size: int) -> Mapping[str, tuple[int, int, int, int, int, int]]:
    """Name -> place of the local header, size packed, size unpacked, method, checksum, flags."""
    with zipfile.ZipFile(container) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
    links = [info.filename for info in infos if stat.S_ISLNK(info.external_attr >> 16)]
    # `filename` was tidied when it was read; `orig_filename` is what the archive says.
    refuse_names(container, [info.orig_filename for info in infos], links)
    return {
        i.filename: (i.header_offset, i.compress_size, i.file_size, i.compress_type, i.CRC, i.flag_bits) for i in infos
    }


@lru_cache(maxsize=64)
def _tar_index(container: str, changed: int, size: int) -> Mapping[str, tuple[int, int]]:
    """Name -> place of the content, its size."""
    with tarfile.open(container, "r:") as archive:
        infos = [info for info in archive if not info.isdir()]
    refuse_names(container, [i.name for i in infos], [i.name for i in infos if not i.isreg()])
    return {info.name: (info.offset_data, info.size) for info in infos}


def refuse_names(container: str, names: list[str], links: list[str]) -> None:
    """Refuse an archive whose names could lead outside it, though nothing is ever unpacked.

    Raises:
        InputError: Names with `..`, absolute ones, or links; the first few of them.
    """
    bad = [
        name for name in names if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or ":" in name[:2]
    ]
    if bad or links:
        one = "a name that leads" if len(bad) == 1 else f"{len(bad):,} names that lead"
        what = [f"{one} outside it ({_some(bad)})"] if bad else []
        one = "a link" if len(links) == 1 else f"{len(links):,} links"
        what += [f"{one} ({_some(links)})"] if links else []
        raise InputError(f"{container} holds {' and '.join(what)}; such an archive is not read. Pack it anew without.")


def _some(names: list[str]) -> str:
    return ", ".join(map(repr, names[:_NAMED])) + (", …" if len(names) > _NAMED else "")


def _found(container: str, member: str) -> Any:
    index = _index(container)
    if member not in index:
        raise InputError(f"{container} holds no {member!r}.")
    return index[member]


def _check_size(what: str, size: int) -> None:
    if size > MOST_BYTES:
        raise InputError(f"{what} would unpack to {size:,} bytes; at most {MOST_BYTES:,} are read.")


def _from_zip(container: str, member: str) -> bytes:
    start, packed, size, method, checksum, flags = _found(container, member)
    _check_size(f"{container}!/{member}", size)
    if flags & _ENCRYPTED or method not in (_STORED, _DEFLATED):
        raise InputError(f"{container}!/{member} is encrypted or packed by a rare method; unpack the archive yourself.")
    with Path(container).open("rb") as file:
        file.seek(start)
        name, extra = struct.unpack("<26xHH", file.read(_LOCAL_HEADER))
        file.seek(name + extra, os.SEEK_CUR)
        content = file.read(packed)
    if method == _DEFLATED:
        content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, size + 1)
    if len(content) != size or zlib.crc32(content) != checksum:
        raise InputError(f"{container}!/{member} is damaged: its size or checksum is wrong.")
    return content


def _from_tar(container: str, member: str) -> bytes:
    start, size = _found(container, member)
    _check_size(f"{container}!/{member}", size)
    with Path(container).open("rb") as file:
        file.seek(start)
        content = file.read(size)
    if len(content) != size:
        raise InputError(f"{container}!/{member} is cut off: {len(content):,} of {size:,} bytes are there.")
    return content


def _from_parquet(container: str, member: str) -> bytes:
    column, row = _row(container, *member.rpartition("/")[::2])
    block = _parquet_block(container, Path(container).stat().st_mtime_ns, column, row // _BLOCK)
    if row % _BLOCK >= len(block):
        raise InputError(f"{container} has no row {row:,}.")
    content = block[row % _BLOCK]
    if content is None:
        raise InputError(f"{container}: row {row:,} of {column!r} holds no bytes.")
    return content


@lru_cache(maxsize=8)
def _parquet_block(container: str, changed: int, column: str, block: int) -> list[bytes | None]:
    import polars as pl

    try:
        frame = pl.scan_parquet(container, glob=False).select(column).slice(block * _BLOCK, _BLOCK).collect()
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{container}: column {column!r} cannot be read: {error}.") from error
    content = frame[column]
    if isinstance(content.dtype, pl.Struct):
        content = content.struct.field("bytes")
    if content.dtype != pl.Binary:
        raise InputError(f"{container}: column {column!r} holds {content.dtype}, not the bytes of pictures.")
    return content.to_list()


def _from_csv(container: str, member: str) -> bytes:
    _, row = _row(container, "", member)
    starts = _line_starts(container, Path(container).stat().st_mtime_ns)
    if row + 2 >= len(starts):
        raise InputError(f"{container} has no row {row:,}; it has {len(starts) - 2:,}.")
    with Path(container).open("rb") as file:
        file.seek(starts[row + 1])
        line = file.read(starts[row + 2] - starts[row + 1])
    values = max(re.findall(rb"[\d ]+", line), key=len, default=b"").split()
    side = round(len(values) ** 0.5)
    if side * side != len(values) or side < 2 or max(map(int, values)) > 255:
        raise InputError(f"{container}: row {row:,} holds no square of grey values from 0 to 255.")
    return b"P5 %d %d 255\n" % (side, side) + bytes(map(int, values))


@lru_cache(maxsize=4)
def _line_starts(container: str, changed: int) -> list[int]:
    """Where each line begins, and where the last one ends."""
    starts, at = [0], 0
    with Path(container).open("rb") as file:
        for line in file:
            at += len(line)
            starts.append(at)
    return starts


def _row(container: str, column: str, number: str) -> tuple[str, int]:
    if not number.isdecimal() or not number.isascii():
        raise InputError(f"{container}!/…: {number!r} is no number of a row.")
    return column, int(number)


_READERS = {".zip": _from_zip, ".tar": _from_tar, ".parquet": _from_parquet, ".csv": _from_csv}


def is_picture(name: str) -> bool:
    """Tell by its ending whether a file is a picture.

    Example:
        >>> is_picture("a/B.JPG"), is_picture("label.csv")
        (True, False)
    """
    return PurePosixPath(name).suffix.casefold() in SUFFIXES


def is_video(name: str) -> bool:
    """Tell by its ending whether a file is a video."""
    return PurePosixPath(name).suffix.casefold() in VIDEOS
