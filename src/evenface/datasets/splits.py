"""Splits: which faces are for training, validation and test, without one person on two sides.

Faces of one subject stay together; a face whose subject is not known stands for itself, unless a column of groups (such
as near duplicates found by `quality`) says what else must stay together. Shares of each label, and of each attribute
named, are kept alike as far as whole groups allow.

A split is frozen as a JSON file: the faces of each part, and a hash of them, so that anybody can see whether it is the
same split. Same manifest and seed, same split, whatever the order of the rows.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError, SettingsError, did_you_mean
from evenface.core.manifest import SPLITS, Manifest
from evenface.core.writing import explained, replacing

if TYPE_CHECKING:
    import polars as pl

SCHEMA = "evenface.split/1"
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Split:
    """Faces by part, with their hash.

    Attributes:
        parts: `train`, `validation`, `test` (or `fold 1` …) -> ids of faces, sorted.
    """

    parts: Mapping[str, tuple[str, ...]]

    @property
    def sha256(self) -> str:
        """Hash of the parts' names and faces."""
        text = json.dumps({name: sorted(faces) for name, faces in self.parts.items()}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the faces of each part and the hash as JSON.

        Raises:
            InputError: The file cannot be written.
        """
        target = Path(path)
        about = {"schema": SCHEMA, "sha256": self.sha256, "parts": {n: sorted(f) for n, f in self.parts.items()}}
        with explained(f"the split {target}", "Choose another file."), replacing(target) as part:
            part.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        return target

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Split:
        """Read what `save` wrote, and check its hash.

        Raises:
            InputError: There is no such file, it is no split, or it was changed.
        """
        try:
            about: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
            split = cls({str(name): tuple(map(str, faces)) for name, faces in about["parts"].items()})
            told = about["sha256"]
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise InputError(
                f"{path} cannot be read as a split ({error!r}). A split is made by `Split.save`."
            ) from error
        if split.sha256 != told:
            raise InputError(f"{path} was changed: its faces have hash {split.sha256[:12]}…, it says {told[:12]}….")
        return split

    def held_out(self, part: str) -> Split:
        """Give one part, such as a fold or a subject, as `test`, and all others as `train`.

        Raises:
            SettingsError: There is no such part.
        """
        if part not in self.parts:
            raise SettingsError(f"There is no part {part!r}.{did_you_mean(part, tuple(self.parts))}")
        others = sorted(face for name, faces in self.parts.items() if name != part for face in faces)
        return Split({"train": tuple(others), "test": self.parts[part]})

    def apply(self, manifest: Manifest, note: str | None = None) -> Manifest:
        """Write the parts into the manifest's column `split`.

        Args:
            manifest: Of the same faces.
            note: How the parts were made, to be kept with the manifest.

        Raises:
            InputError: Faces are in the split and not in the manifest, or the other way round.
            SettingsError: The parts are folds and not `train`, `validation`, `test`.
        """
        import polars as pl

        if strange := [name for name in self.parts if name not in SPLITS]:
            raise SettingsError(
                f"A manifest's split is {', '.join(SPLITS)}; this one has {', '.join(strange[:_NAMED])}. `held_out` "
                "makes one part the test."
            )
        where = {face: name for name, faces in self.parts.items() for face in faces}
        known = set(manifest.frame["face"])
        lost, new = sorted(where.keys() - known), sorted(known - where.keys())
        if lost or new:
            raise InputError(
                f"This split is of other faces: {len(lost):,} of its faces are not in the manifest{_some(lost)}, "
                f"{len(new):,} of the manifest's are not in it{_some(new)}."
            )
        column = pl.col("face").replace_strict(where, return_dtype=pl.String).alias("split")
        notes = manifest.notes if note is None else (*manifest.notes, note)
        return replace(manifest, frame=manifest.frame.with_columns(column), notes=notes)


def split(
    manifest: Manifest,
    shares: Mapping[str, float],
    *,
    by: Sequence[str] = (),
    together: str | None = None,
    seed: int = 0,
) -> Split:
    """Deal faces to parts, whole subjects at a time, label shares alike.

    Args:
        manifest: The faces.
        shares: Part -> share of the faces; they sum to one.
        by: Attributes whose shares are kept alike too, beside the label: `["gender"]`.
        together: Column whose equal values stay together, as subjects do.
        seed: Of the order in which equal groups are dealt.

    Raises:
        SettingsError: Shares do not sum to one, there are fewer groups than parts, a part would have no faces, or an
            attribute or column is not known.
        InputError: The manifest has no faces.
    """
    if not shares or min(shares.values()) <= 0 or abs(sum(shares.values()) - 1) > 1e-9:
        raise SettingsError(f"Shares must be above 0 and sum to 1; got {dict(shares)}.")
    return _dealt(manifest, dict(shares), by, together, seed)


def folds(
    manifest: Manifest, count: int, *, by: Sequence[str] = (), together: str | None = None, seed: int = 0
) -> Split:
    """Deal faces to `count` equal folds, `fold 1` and so on; arguments and errors as of `split`."""
    if count < 2:
        raise SettingsError(f"There must be 2 folds or more, got {count}.")
    return _dealt(manifest, {f"fold {i + 1}": 1 / count for i in range(count)}, by, together, seed)


def leave_one_subject_out(manifest: Manifest) -> Split:
    """Give each subject a part of their own, `subject <id>`.

    Raises:
        InputError: A face has no subject, or all have the same.
    """
    frame = manifest.frame.select("face", "subject")
    if missing := frame["subject"].null_count():
        raise InputError(f"{missing:,} faces have no subject, so nobody can be left out. Use folds instead.")
    parts = frame.group_by("subject").agg("face").sort("subject")
    if parts.height < 2:
        raise InputError(f"There is {parts.height} subject; leaving one out takes two.")
    return Split({f"subject {name}": tuple(sorted(faces)) for name, faces in parts.rows()})


def _dealt(manifest: Manifest, shares: dict[str, float], by: Sequence[str], together: str | None, seed: int) -> Split:
    import polars as pl

    if manifest.frame.is_empty():
        raise InputError("This manifest has no faces.")
    group, stratum = _groups(manifest.frame, together), _strata(manifest, by)
    if int(group.max()) + 1 < len(shares):
        raise SettingsError(
            f"{int(group.max()) + 1} groups that stay together, such as the faces of a person, cannot be dealt to "
            f"{len(shares)} parts. Ask for fewer parts."
        )
    size = np.zeros((int(group.max()) + 1, int(stratum.max()) + 1))
    np.add.at(size, (group, stratum), 1)
    part = _deal(size, np.array(list(shares.values())), _noise(manifest.frame["face"], group, seed))[group]
    if empty := [name for i, name in enumerate(shares) if not (part == i).any()]:
        raise SettingsError(
            f"{len(part):,} faces are too few for these parts: none is left for {', '.join(empty)}. Ask for larger "
            "shares, or for fewer parts."
        )
    faces = pl.DataFrame({"face": manifest.frame["face"], "part": part})
    return Split({name: tuple(faces.filter(pl.col("part") == i)["face"].sort()) for i, name in enumerate(shares)})


def _groups(frame: pl.DataFrame, together: str | None) -> NDArray[np.int64]:
    """Number what stays together: (face,); groups are joined where a subject and a value of `together` meet."""
    import polars as pl

    if together is not None and together not in frame.columns:
        then = " `evenface data check --out` writes copies." if together == "copies" else ""
        raise SettingsError(f"There is no column {together!r}; columns are {', '.join(frame.columns)}.{then}")
    numbered = frame.select(pl.int_range(pl.len()).alias(" row"), *{"subject", *([together] if together else [])})
    links = [
        numbered.select(pl.when(pl.col(column).is_null()).then(" row").otherwise(pl.col(" row").min().over(column)))
        .to_series()
        .to_numpy()
        for column in numbered.columns[1:]
    ]
    root = np.arange(frame.height)
    while True:  # the smallest number of each group spreads along both kinds of link until nothing changes
        before = root.copy()
        for link in links:
            least = np.full(frame.height, frame.height)
            np.minimum.at(least, link, root)
            root = least[link]
        if np.array_equal(root, before):
            return np.unique(root, return_inverse=True)[1].astype(np.int64)


def _strata(manifest: Manifest, by: Sequence[str]) -> NDArray[np.int64]:
    import polars as pl

    known = [attribute.name for attribute in manifest.attributes]
    if strange := [name for name in by if name not in known]:
        raise SettingsError(f"No attribute {', '.join(strange)}; there are {', '.join(known) or 'none'}.")
    columns = ["label", *(f"attr:{name}" for name in by)]
    rank = manifest.frame.select(pl.struct(pl.col(columns).cast(pl.String).fill_null("")).rank("dense")).to_series()
    return rank.to_numpy().astype(np.int64) - 1


def _noise(faces: pl.Series, group: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Order the groups by a hash of their first face and the seed, so that the rows' order changes nothing."""
    import polars as pl

    table = pl.DataFrame({"face": faces, "group": group}).group_by("group").agg(pl.col("face").min()).sort("group")
    digests = [hashlib.sha256(f"{seed}/{face}".encode()).digest()[:8] for face in table["face"]]
    return np.argsort(np.frombuffer(b"".join(digests), ">u8"), kind="stable")


def _deal(size: NDArray[np.float64], shares: NDArray[np.float64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give each group a part: the largest first, each to where its strata are missed most.

    Args:
        size: (group, stratum) faces.
        shares: (part,).
        order: (group,) in which groups of one size are dealt.

    Returns:
        (group,) index of the part.
    """
    want = shares[:, None] * size.sum(0)[None]
    place = np.empty(len(size), np.int64)
    single = (size > 0).sum(1) == 1
    ranked = order[np.argsort(-size[order].sum(1), kind="stable")]
    largest = size.sum(1)
    alone = single & (largest == 1)
    for group in ranked[~alone[ranked]]:
        here = size[group] > 0
        need = (want[:, here] / np.maximum(size.sum(0)[here], 1) / shares[:, None]).mean(1)  # share that is still free
        place[group] = int(np.argmax(need))
        want[place[group]] -= size[group]
    for stratum in range(size.shape[1]):  # faces that stand for themselves fill what is left, all at once
        members = ranked[alone[ranked] & (size[ranked, stratum] == 1)]
        free = np.maximum(want[:, stratum], 0)
        ends = np.rint(np.cumsum(free) / max(free.sum(), 1e-12) * len(members)).astype(np.int64)
        place[members] = np.searchsorted(ends, np.arange(len(members)), "right").clip(max=len(shares) - 1)
    return place


def _some(names: Sequence[str]) -> str:
    return f" (such as {', '.join(names[:_NAMED])})" if names else ""
