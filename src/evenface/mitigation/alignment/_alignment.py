"""Alignment: one number that says how much latents differ between groups, for the encoder to make small.

Axes: face, latent, attribute, level, class. An attribute that is not known of a face is -1 (a level) or NaN (a number);
such a face takes no part in that attribute's share of the number.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from evenface.core.config import Settings
from evenface.core.errors import SettingsError


class AlignmentOptions(Settings):
    """What each `[[mitigation.terms]]` can say; each alignment adds fields of its own.

    Attributes:
        kind: Name in the table of alignments.
        weight: Of this term, beside a cross entropy in nats.
        over: `each` attribute by itself, or the groups of all attributes `crossed`.
        given: `expression`: latents of groups are to be alike among faces of the same expression; `none`: among all
            faces; `independence`: among all faces, weighed so that expressions are as frequent in each group, of those
            expressions that all groups show. docs/ALIGNMENT.md says when to use which.
    """

    kind: str
    weight: float = Field(default=1.0, ge=0)
    over: Literal["each", "crossed"] = "each"
    given: Literal["none", "expression", "independence"] = "expression"


@dataclass(frozen=True, slots=True)
class Known:
    """What an alignment knows before training.

    Attributes:
        classes: Number of expressions.
        levels: Number of levels of each attribute.
        numbers: Number of attributes that are numbers.
        width: Length of the latent.
        base_rates: For each attribute, (class, level): share of the level among the faces of the class whose level is
            known; the last row is that of all faces.
    """

    classes: int
    levels: tuple[int, ...]
    numbers: int
    width: int
    base_rates: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class View:
    """One batch, as an alignment sees it.

    Attributes:
        latents: (face, latent), float32.
        labels: (face,) index of the expression.
        codes: (face, attribute) index of the level, -1 where not known.
        values: (face, value) numbers with mean 0 and deviation 1 over the training faces, NaN where not known.
        weights: (face, attribute) for `given = "independence"`.
        progress: Share of the training that is done.
    """

    latents: Tensor
    labels: Tensor
    codes: Tensor
    values: Tensor
    weights: Tensor
    progress: float


class Alignment(nn.Module, ABC):
    """A penalty on the differences between groups of latents, made by `Subclass(known, options)`.

    Parameters that `opponent` gives work against the encoder: they minimise `opposing`, and `penalty` must not send
    gradients into them.

    Attributes:
        Options: Class of the settings.
        reads_numbers: Whether attributes that are numbers are used, without bins.
    """

    Options: ClassVar[type[AlignmentOptions]]
    reads_numbers: ClassVar[bool] = False

    def __init__(self, known: Known, options: AlignmentOptions) -> None:
        super().__init__()
        self.known, self.options = known, options
        if not known.levels and not (self.reads_numbers and known.numbers):
            takes = "attributes in data.groups or numbers in data.continuous" if self.reads_numbers else "data.groups"
            raise SettingsError(f"The alignment {options.kind!r} has nothing to align: name {takes}.")

    @abstractmethod
    def penalty(self, view: View) -> Tensor:
        """Give the number that the encoder makes small; 0 where a batch has nothing to compare."""

    def opponent(self) -> Iterator[nn.Parameter]:
        """Give the parameters that work against the encoder."""
        return iter(())

    def opposing(self, view: View) -> Tensor:
        """Give the number that `opponent` makes small; latents are detached."""
        return view.latents.new_zeros(())
