"""Data sets of faces. This page is THE TABLE of them.

Each gives `load(root) -> Manifest`: which face, which person, which label, which attributes and how they are known.
Pictures stay where they are; nothing is downloaded. A new data set is one file and one line (CONTRIBUTING.md#dataset).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.registry import Registry

if TYPE_CHECKING:
    from evenface.datasets._dataset import DataSet

_HERE = "evenface.datasets"

DATASETS: Registry[DataSet] = Registry(
    "data set",
    {
        # expressions in the wild
        "rafdb": f"{_HERE}.rafdb:RAFDB",
        "fer2013": f"{_HERE}.fer2013:FER2013",
        "ferplus": f"{_HERE}.ferplus:FERPLUS",
        "affectnet": f"{_HERE}.affectnet:AFFECTNET",
        "expw": f"{_HERE}.expw:EXPW",
        # expressions in the laboratory
        "ckplus": f"{_HERE}.ckplus:CKPLUS",
        "ckplus48": f"{_HERE}.ckplus48:CKPLUS48",
        "jaffe": f"{_HERE}.jaffe:JAFFE",
        "kdef": f"{_HERE}.kdef:KDEF",
        "tfeid": f"{_HERE}.tfeid:TFEID",
        "tfed": f"{_HERE}.tfed:TFED",
        "oulucasia": f"{_HERE}.oulucasia:OULUCASIA",
        "cremad": f"{_HERE}.cremad:CREMAD",
        # micro-expressions
        "smic": f"{_HERE}.smic:SMIC",
        "casme2": f"{_HERE}.casme2:CASME2",
        "samm": f"{_HERE}.samm:SAMM",
        # attributes, no expressions
        "fairface": f"{_HERE}.fairface:FAIRFACE",
        "utkface": f"{_HERE}.utkface:UTKFACE",
        # drawn characters
        "ferg": f"{_HERE}.ferg:FERG",
        # anybody's
        "huggingface": f"{_HERE}.huggingface:HUGGINGFACE",
        "webdataset": f"{_HERE}.webdataset:WEBDATASET",
        "folder": f"{_HERE}.folder:FOLDER",
        "csv": f"{_HERE}.csv:CSV",
    },
    hint="Add one: CONTRIBUTING.md#dataset.",
)
"""Name -> data set, loaded when it is first asked for."""
