"""What `evenface transfer` is asked to do: its TOML files. docs/FUSION.md lists every key."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from evenface.core.config import Settings
from evenface.core.errors import SettingsError, UnknownNameError, did_you_mean
from evenface.fusion.kinds import FUSIONS
from evenface.fusion.kinds._fusion import Fusion, Shape

Remedy = Literal[
    "fine_tuning", "relearn_all", "relearn_new", "forget_cue", "gate_cue", "ewc", "replay", "region_heads",
    "region_guessed",
]  # fmt: skip


class TransferDataSettings(Settings):
    """Which faces, and how they are split.

    Attributes:
        manifest: A manifest, or a folder that holds `manifest.parquet`; or a list of them.
        cues: Folder of the cue tables that `evenface cues read` made of it; as many as there are manifests.
        only: Cues to use; none given: all whose tables are there.
        regions: Names in the manifest's column `region`; none given: all that there are.
        by_dataset: Whether the column `dataset` names the regions, as where each collection is one.
        classes: Expressions in the order of the answers; none given: those of the manifest, of which there must be one
            then. Others are merged into these where a wider class is there, or left out.
        merge: Expression -> one of `classes`, above the rules.
        test_share: Share of each region's persons that is for testing.
        validation_share: Share that chooses among moments of a training, and the temperature.
        random_reference: Whether all is done once more with faces dealt to the parts at random, for all cues, each
            alone and the subsets of `published`, to see how much such a split flatters.
    """

    manifest: str | tuple[str, ...]
    cues: str | tuple[str, ...]
    only: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    by_dataset: bool = False
    classes: tuple[str, ...] = ()
    merge: dict[str, str] = Field(default={})
    test_share: float = Field(default=0.25, gt=0, lt=1)
    validation_share: float = Field(default=0.15, gt=0, lt=1)
    random_reference: bool = True

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Each manifest with its folder of cue tables."""
        both = [(each,) if isinstance(each, str) else each for each in (self.manifest, self.cues)]
        return list(zip(*both, strict=True))

    @model_validator(mode="after")
    def _fit(self) -> Self:
        sizes = [1 if isinstance(each, str) else len(each) for each in (self.manifest, self.cues)]
        if sizes[0] != sizes[1] or not sizes[0]:
            raise ValueError(f"{sizes[0]} manifests and {sizes[1]} folders of cues: there must be one for each")
        if sizes[0] > 1 and not self.classes:
            raise ValueError("several manifests are brought to the same classes: name them in data.classes")
        if self.test_share + self.validation_share >= 1:
            raise ValueError("test_share and validation_share leave nothing to learn from")
        return self


class DetectorSettings(Settings):
    """How each cue becomes answers. A cue whose channels are the classes has a detector; others get one fitted.

    Attributes:
        source: The region on which detectors are fitted that LAM keeps; all regions but the one adapted to may not be
            better: it is one place from which all start.
        given: Cues whose channels are probabilities of classes, taken as they are by LAM; none given: those whose
            channels name all classes but at most one.
        as_channels: Cues that enter LAM's fusion as principal components of their channels, not as answers: the
            fusion itself learns to read them.
        svm: Cues whose fitted detector is a support vector machine with a radial kernel; of others it is a multinomial
            logistic model.
        components: How many components, at most.
        folds: Parts, by person, of the training faces: the answers on each part come from a detector fitted on the
            others, so that a fusion does not learn to trust what a detector knows by heart.
    """

    source: str
    given: tuple[str, ...] = ()
    as_channels: tuple[str, ...] = ()
    svm: tuple[str, ...] = ()
    components: int = Field(default=24, ge=1)
    folds: int = Field(default=4, ge=2)


class ForgettingSettings(Settings):
    """Regions learnt one after the other, with the detectors of the source (LAM).

    Attributes:
        run: Whether.
        fusion: Name in the table of fusions; one that learns.
        order: Regions in the order they are learnt; none given: as in the data, each seed starting one further on.
        remedies: Side by side; `fine_tuning` is what they are held against.
        memory: Faces of each earlier region that `replay` keeps.
        ewc_strength: How strongly `ewc` holds weights that earlier regions need.
        few: Numbers of faces of a new region, for the curve of how many are enough; none: no curve.
    """

    run: bool = True
    fusion: str = "gated"
    order: tuple[str, ...] = ()
    remedies: tuple[Remedy, ...] = (
        "fine_tuning", "relearn_new", "relearn_all", "forget_cue", "gate_cue", "ewc", "replay", "region_heads",
        "region_guessed",
    )  # fmt: skip
    memory: int = Field(default=40, ge=1)
    ewc_strength: float = Field(default=300.0, ge=0)
    few: tuple[int, ...] = (8, 32, 128)

    @field_validator("fusion")
    @classmethod
    def _learns(cls, name: str) -> str:
        try:
            able = FUSIONS.get(name).learns
        except UnknownNameError as error:
            raise ValueError(str(error)) from error
        if not able:
            raise ValueError(f"must learn; these do: {', '.join(each for each in FUSIONS if FUSIONS.get(each).learns)}")
        return name

    @field_validator("remedies")
    @classmethod
    def _compared(cls, remedies: tuple[Remedy, ...]) -> tuple[Remedy, ...]:
        return remedies if "fine_tuning" in remedies else ("fine_tuning", *remedies)


class PublishedModel(Settings):
    """One row of a published table.

    Attributes:
        name: As the report shows it.
        regime, fusion, subset: The model of ours that stands beside it; without a subset there is none.
        learnt: The region that all is learnt from; None: each region is read by the model that learnt there.
        accuracy: Region tested -> in per cent, as published.
    """

    name: str
    regime: Literal["lam", "gam"] = "lam"
    fusion: str = "mcam_paper"
    subset: str | None = None
    learnt: str | None = None
    accuracy: dict[str, Annotated[float, Field(ge=0, le=100)]] = Field(min_length=1)

    @field_validator("fusion")
    @classmethod
    def _known(cls, name: str) -> str:
        return _fusion_name(name)

    def subset_of(self, cues: Sequence[str]) -> str | None:
        """Name the subset as `subsets_of` does.

        Raises:
            SettingsError: It names an unknown cue, or would be empty.
        """
        return None if self.subset is None else subset_name(_named(self.subset, cues, "published"), cues)


class PublishedSettings(Settings):
    """Numbers that others published, to stand beside ours.

    Attributes:
        source: Where they are from.
        caution: What is to be known when they are read.
        models: Rows of the table.
    """

    source: str
    caution: str
    models: tuple[PublishedModel, ...]


class TransferSettings(Settings):
    """What a study is asked to do.

    Attributes:
        name: Of the study; its folder is `<out>/<name>`.
        out: Folder of all studies.
        seeds: Each deals persons to the parts anew, and draws other first weights.
        fusions: Names in the table of fusions.
        options: Name of a fusion -> its settings, where they are not to be as they are by themselves.
        regimes: `lam`: detectors are those of the source, only the fusion learns in the region; `gam`: detectors too
            are fitted in the region.
        subsets: Of cues: `A` (all), `A-f-u` (all but f and u), `f+u` (those), `leave_one_out`, `singles`, `all` (every
            subset, which Shapley values need). A stands in for the names of cues.
        mixtures: Lists of regions to learn from together.
        draws: Of the bootstrap and of the permutation tests.
        threads: Of the processor.
        data, detectors, forgetting, published: See there.
    """

    name: str = Field(default="transfer", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    out: str = "transfers"
    seeds: tuple[int, ...] = Field(default=(0, 1, 2, 3, 4), min_length=1)
    fusions: tuple[str, ...] = ("gated", "mcam_paper", "stacking", "mean", "voting", "best_single")
    options: dict[str, dict[str, Any]] = Field(default={})
    regimes: tuple[Literal["lam", "gam"], ...] = Field(default=("lam", "gam"), min_length=1)
    subsets: tuple[str, ...] = ("A", "leave_one_out", "singles")
    mixtures: tuple[tuple[str, ...], ...] = ()
    draws: int = Field(default=1000, ge=100)
    threads: int = Field(default=1, ge=1)
    data: TransferDataSettings
    detectors: DetectorSettings
    forgetting: ForgettingSettings = ForgettingSettings()
    published: PublishedSettings | None = None

    @field_validator("fusions")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not names:
            raise ValueError(f"names no fusion; there are {', '.join(FUSIONS)}")
        return tuple(dict.fromkeys(map(_fusion_name, names)))

    def fusion(self, name: str, shape: Shape) -> Fusion:
        """Make a fusion with its settings.

        Raises:
            InvalidSettings: `options` says what the fusion does not know.
        """
        kind = FUSIONS.get(name)
        return kind(shape, kind.Options(**self.options.get(name, {})))


def subsets_of(asked: Sequence[str], cues: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Name each subset of cues that is asked for, all cues first.

    Args:
        asked: As in `TransferSettings.subsets`.
        cues: All of them, in their order.

    Returns:
        `A`, `A-f`, `f+u` … -> cues in their order.

    Raises:
        SettingsError: A subset names an unknown cue, or would be empty.

    Example:
        >>> list(subsets_of(["singles"], ["f", "u", "a"]))
        ['A', 'f', 'u', 'a']
    """
    found = {"A": tuple(cues)}
    for name in asked:
        if name == "all":
            every = [s for n in range(len(cues), 0, -1) for s in combinations(cues, n)]
        elif name == "leave_one_out":
            every = [tuple(c for c in cues if c != out) for out in cues]
        elif name == "singles":
            every = [(cue,) for cue in cues]
        else:
            every = [_named(name, cues, "subsets")]
        found |= {subset_name(subset, cues): subset for subset in every if subset}
    return found


def subset_name(subset: Sequence[str], cues: Sequence[str]) -> str:
    """Give the shorter of two names: what is left out, or what is there."""
    if len(subset) == len(cues):
        return "A"
    if len(subset) <= len(cues) / 2 or len(subset) == 1:
        return "+".join(subset)
    return "A" + "".join(f"-{cue}" for cue in cues if cue not in subset)


def _fusion_name(name: str) -> str:
    try:
        FUSIONS.target(name)
    except UnknownNameError as error:
        raise ValueError(str(error)) from error
    return name


def _named(name: str, cues: Sequence[str], where: str) -> tuple[str, ...]:
    parts = re.split(r"[-,]", name)[1:] if re.match(r"A([-,]|$)", name) else name.split("+")
    parts = [part.strip() for part in parts if part.strip()]
    if unknown := [part for part in parts if part not in cues]:
        raise SettingsError(
            f"{where}: {name!r} names the cue {unknown[0]!r}, which is not there.{did_you_mean(unknown[0], cues)} "
            f"Cues: {', '.join(cues)}. One subset is A, A-cue-cue or cue+cue; the list `subsets` also knows "
            "leave_one_out, singles and all."
        )
    subset = tuple(c for c in cues if (c not in parts) == name.startswith("A"))
    if not subset:
        raise SettingsError(f"{where}: {name!r} leaves no cue.")
    return subset
