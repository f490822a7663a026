"""Spec: what a set of generated faces is to be, as a TOML file says it.

Read by `Spec.load` (docs/GENERATE.md lists every key). Everything that is asked for is checked before a face is drawn,
and all faults are told together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SerializeAsAny, field_validator, model_validator

from evenface.core.config import Fault, InvalidSettings, Settings, options_of
from evenface.core.errors import did_you_mean
from evenface.core.labels import SPACES, LabelSpace
from evenface.core.manifest import SPLITS
from evenface.synthesis.attributes import LEVELS
from evenface.synthesis.biases import BIASES
from evenface.synthesis.biases._bias import Bias
from evenface.synthesis.designs import DESIGNS
from evenface.synthesis.designs._design import Design
from evenface.synthesis.designs.factorial import Factorial
from evenface.synthesis.given import LawField
from evenface.synthesis.prototypes import EXPRESSIONS
from evenface.synthesis.regions import REGIONS

VERSION = 1
SET_ELSEWHERE = ("african", "asian", "caucasian", "gender", "age", "skin_tone", "person", "image_seed")


def _shares(given: Any) -> Any:
    """A list of names stands for equal shares."""
    if isinstance(given, list | tuple):
        if twice := {name for name in given if given.count(name) > 1}:
            raise ValueError(f"{', '.join(map(str, sorted(twice)))} is listed twice")
        return dict.fromkeys(given, 1.0)
    return given


Shares = Annotated[dict[str, Annotated[float, Field(ge=0)]], BeforeValidator(_shares)]
AnyDesign = Annotated[SerializeAsAny[Design], BeforeValidator(options_of(DESIGNS))]
AnyBias = Annotated[SerializeAsAny[Bias], BeforeValidator(options_of(BIASES))]


class Spec(Settings):
    """What a set of generated faces is to be.

    Attributes:
        version: Of this format.
        name: Of the set; it becomes `dataset` in the manifest.
        seed: Of all draws.
        count: Faces to make.
        size: Width and height of an image in pixels.
        people: How many persons there are, each in `count / people` faces; None: every face is of another person.
        emotions: Expression -> share, in the order of their labels; None: as the design has them.
        regions: Region -> share: how expressions are shown, and where.
        splits: Split -> share of the persons; empty: not split.
        looks: `linked`: skin tone and the colours of hair and eyes go with ethnicity as they do among people, with
            overlap; `independent`: they do not; None: as the design has it.
        attributes: Attribute -> level -> share; what is left out is as the design has it.
        parameters: Parameter -> law, instead of that of the region.
        design: How faces are laid out.
        biases: What is made uneven on purpose, in this order.
        image: How an image is coded.
        quality: Of a JPEG, 1 to 100.
        store: Single files, or shards of a thousand faces: Parquet with the images' bytes, or WebDataset's tar files.
    """

    version: int = VERSION
    name: str = Field(default="faces", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    seed: int = Field(default=0, ge=0, lt=2**53)
    count: int = Field(default=100, ge=1, lt=2**31)
    size: int = Field(default=128, ge=16, le=1024)
    people: int | None = Field(default=None, ge=1)
    emotions: Shares | None = None
    regions: Shares = Field(default={"wild": 1.0}, min_length=1)
    splits: Shares = Field(default_factory=dict)
    looks: Literal["linked", "independent"] | None = None
    attributes: dict[str, Shares] = Field(default_factory=dict)
    parameters: dict[str, LawField] = Field(default_factory=dict)
    design: AnyDesign = Field(default_factory=Factorial)
    biases: tuple[AnyBias, ...] = Field(default=(), max_length=32)
    image: Literal["png", "jpeg"] = "png"
    quality: int = Field(default=92, ge=1, le=100)
    store: Literal["files", "parquet", "webdataset"] = "files"

    @field_validator("version")
    @classmethod
    def _readable(cls, version: int) -> int:
        if version != VERSION:
            newer = "of a newer evenface; update it, or " if version > VERSION else "no version there ever was; "
            raise ValueError(f"is {newer}write the spec for version {VERSION}")
        return version

    @field_validator("emotions", "regions", "splits")
    @classmethod
    def _known(cls, shares: dict[str, float] | None, info: Any) -> dict[str, float] | None:
        if shares is not None:
            none = () if shares or info.field_name == "splits" else (Fault((), "names nothing."),)
            _raise((*none, *_share_faults((), shares, _names(info.field_name))))
        return shares

    @field_validator("attributes")
    @classmethod
    def _attributes(cls, given: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        faults = [
            Fault((name,), f"is no attribute.{did_you_mean(name, list(LEVELS))} Allowed: {', '.join(LEVELS)}.")
            for name in given
            if name not in LEVELS
        ]
        for name in given.keys() & LEVELS.keys():
            faults += [Fault((name,), "names nothing.")] if not given[name] else []
            faults += _share_faults((name,), given[name], LEVELS[name])
        _raise(faults)
        return given

    @field_validator("parameters")
    @classmethod
    def _parameters(cls, given: dict[str, LawField]) -> dict[str, LawField]:
        faults = []
        for name, law in given.items():
            if name in SET_ELSEWHERE or name.startswith("action:"):
                faults.append(Fault((name,), "is drawn from [attributes], emotions and seed; set those instead."))
            else:
                faults += law.faults(name)
        _raise(faults)
        return given

    @model_validator(mode="after")
    def _together(self) -> Spec:
        faults = [Fault(("design", *fault.path), fault.message) for fault in self.design.faults(self)]
        for number, bias in enumerate(self.biases):
            faults += [Fault(("biases", number, *fault.path), fault.message) for fault in bias.faults(self)]
        _raise(faults)
        return self

    @property
    def emotion_shares(self) -> Mapping[str, float]:
        """Expression -> share, in the order of the labels."""
        return self.emotions if self.emotions is not None else self.design.emotions

    @property
    def looks_used(self) -> str:
        """The laws of looks in use: `linked` or `independent`."""
        return self.looks or self.design.looks

    @property
    def labels(self) -> LabelSpace:
        """The classes that labels index; a known label space where they are the same in the same order."""
        names = tuple(self.emotion_shares)
        known = next((space.name for space in SPACES.values() if space.names == names), "evenface")
        return LabelSpace.of(names, known)

    def levels(self, name: str) -> tuple[str, ...]:
        """Give the names that a column of the roll indexes: the levels of an attribute, regions or emotions."""
        return LEVELS[name] if name in LEVELS else tuple(self.regions if name == "region" else self.emotion_shares)

    def shares(self, name: str) -> list[float]:
        """Give the share of each of `levels(name)` of an attribute or of `region`; not of skin tone left to its law."""
        given = self.regions if name == "region" else self.attributes.get(name) or self.design.attributes[name]
        return [given.get(level, 0.0) for level in self.levels(name)]


def _names(field: str) -> tuple[str, ...]:
    return {"emotions": EXPRESSIONS, "regions": REGIONS.names(), "splits": SPLITS}[field]


def _share_faults(path: tuple[str, ...], shares: Mapping[str, float], allowed: tuple[str, ...]) -> Iterator[Fault]:
    for name in shares:
        if name not in allowed:
            near = did_you_mean(name, allowed)
            yield Fault((*path, name), f"is not known.{near} Allowed: {', '.join(allowed)}.")
    if not sum(shares.values()) > 0 and shares:
        yield Fault(path, "all shares are 0.")


def _raise(faults: Any) -> None:
    if found := list(faults):
        raise InvalidSettings(found, "Spec")
