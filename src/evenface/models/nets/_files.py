"""Weights on disk: one safetensors file that says itself which net it belongs to."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from evenface.core.errors import InputError
from evenface.core.writing import replacing
from evenface.models.nets import NETS
from evenface.models.nets._net import Net

SCHEMA = "evenface.net/1"


@dataclass(frozen=True, slots=True)
class NetCard:
    """What must be known to use a net.

    Attributes:
        classes: Names, in the order of the scores.
        size: Width and height of the faces it was trained on, in pixels.
        temperature: Scores are divided by it before they become probabilities; fitted on validation faces.
        flip: Scores are the mean over the face and its mirror image.
        shares: Of each class, as the net learnt them: its mean probability over validation faces; None: not known.
    """

    classes: tuple[str, ...]
    size: int
    temperature: float = 1.0
    flip: bool = False
    shares: tuple[float, ...] | None = None


def save_net(path: Path, net: Net, card: NetCard) -> None:
    """Write a net and its card as one safetensors file, whole or not at all.

    Raises:
        OSError: The file cannot be written.
    """
    about = {"schema": SCHEMA, "net": net.options.model_dump(mode="json"), **asdict(card)}
    tensors = {name: value.detach().cpu().contiguous() for name, value in net.state_dict().items()}
    with replacing(path) as part:
        part.write_bytes(save(tensors, {"evenface": json.dumps(about)}))


def load_net(path: str | os.PathLike[str], sha256: str | None = None) -> tuple[Net, NetCard]:
    """Read a net and its card; the net is ready to answer (`eval` mode, on the CPU).

    Args:
        path: A file that `save_net` wrote.
        sha256: What the file's hash must be.

    Raises:
        InputError: No such file, another hash, no safetensors file, no weights of ours, or weights of another shape.
        UnknownNameError: There is no net of the kind that the file names.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read weights {path}: {error.strerror or error}.") from error
    if sha256 is not None and (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise InputError(f"{path} is not the file that is wanted: its SHA-256 is {found}, expected {sha256}.")
    about, tensors = _parsed(path, content)
    kind = NETS.get(str(about["net"].get("kind")))
    shares = about.get("shares")  # files of earlier versions do not say
    known = None if shares is None else tuple(shares)
    card = NetCard(tuple(about["classes"]), about["size"], about["temperature"], about["flip"], known)
    net = kind(len(card.classes), kind.Options(**about["net"]))
    try:
        net.load_state_dict(tensors)
    except RuntimeError as error:
        raise InputError(f"The weights in {path} do not fit the net that the file names: {error}") from error
    return net.eval(), card


def _parsed(path: str | os.PathLike[str], content: bytes) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    try:
        tensors = load(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        about = json.loads(header.get("__metadata__", {})["evenface"])
    except (SafetensorError, ValueError, KeyError) as error:
        raise InputError(
            f"{path} holds no weights of evenface ({error}). `evenface train` writes such a file: weights.safetensors."
        ) from error
    if about.get("schema") != SCHEMA:
        raise InputError(f"{path} has schema {about.get('schema')!r}, this version reads {SCHEMA!r}. Update evenface.")
    return about, tensors
