"""Latent alignment: a latent that keeps the expression and forgets the attribute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from pydantic import BeforeValidator, Field, SerializeAsAny
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam, Optimizer

from evenface.core.config import options_of
from evenface.core.errors import SettingsError
from evenface.mitigation._mitigation import (
    Batch,
    Mitigation,
    MitigationOptions,
    Need,
    Reading,
    Task,
    TrainStep,
)
from evenface.mitigation.alignment import ALIGNMENTS
from evenface.mitigation.alignment._alignment import Alignment, AlignmentOptions, View
from evenface.mitigation.alignment._known import Base, known_of
from evenface.mitigation.alignment.mmd import MMDOptions
from evenface.models.nets._net import Net
from evenface.models.nets.vae import VAE

AnyAlignment = Annotated[SerializeAsAny[AlignmentOptions], BeforeValidator(options_of(ALIGNMENTS))]


class LatentAlignmentOptions(MitigationOptions):
    """Settings of `LatentAlignment`.

    Attributes:
        kind: `latent_alignment`.
        terms: Alignments that are added up, each with its weight.
        reconstruction: Weight of drawing the face again; None: 1 for a net that draws, else off.
        beta: Weight of the divergence of the latent from a normal one; None: 0.01 for a net that draws, else off.
        free_bits: Nats per number of the latent, on average over a channel, that the divergence does not count.
        annealing: Share of the steps over which `beta` grows from 0.
        warm_up: Share of the steps over which the weights of the terms grow from 0.
        tell: Whether the decoder is told the attributes, so that the latent need not carry them.
        base_rates: `as_they_are`; or `explained`: in training, scores are shifted by how frequent each expression is
            in the face's group, so that the net need not learn it.
        swap: Weight of being read alike when drawn with other attributes; 0: off.
        opponent_rate: Learning rate of the parameters that work against the encoder.
    """

    kind: Literal["latent_alignment"] = "latent_alignment"
    terms: tuple[AnyAlignment, ...] = (MMDOptions(),)
    reconstruction: float | None = Field(default=None, ge=0)
    beta: float | None = Field(default=None, ge=0)
    free_bits: float = Field(default=0.02, ge=0)
    annealing: float = Field(default=0.2, ge=0, le=1)
    warm_up: float = Field(default=0.1, ge=0, le=1)
    tell: bool = True
    base_rates: Literal["as_they_are", "explained"] = "explained"
    swap: float = Field(default=0.0, ge=0)
    opponent_rate: float = Field(default=1e-3, gt=0)


@dataclass(frozen=True, slots=True)
class Drawn(Reading):
    """What a variational net makes of a batch.

    Attributes:
        log_variance: (face, latent); `latents` are the means.
        pictures: (face, 3, row, column) drawn from a sample of the latent.
        other: The same faces, with the attributes changed as the decoder changes them; None: not asked for.
    """

    log_variance: Tensor | None = None
    pictures: Tensor | None = None
    other: Reading | None = None


class LatentAlignment(Mitigation):
    """Draw groups together in the latent, while the expression is read from it and the face is drawn from it.

    After Rizvi et al., arXiv:2410.19444: cross entropy, reconstruction and divergence of a variational net (Kingma &
    Welling, arXiv:1312.6114), and alignment of the groups' latents. The paper's equations are not to be had; weights,
    schedules, the table of alignments, what the decoder is told, the shift by base rates and the swap are our
    reconstruction. A net without a decoder is aligned without reconstruction and divergence. Differs from ERM in all
    that is added to the cross entropy, and in the sampled latent that the classifier reads in training.
    """

    Options: ClassVar[type[MitigationOptions]] = LatentAlignmentOptions
    needs: ClassVar[frozenset[Need]] = frozenset({"group_in_training"})

    def __init__(self, task: Task, options: LatentAlignmentOptions) -> None:
        super().__init__()
        self._options, self._sizes = options, tuple(len(levels) for levels in task.attributes.values())
        if not options.terms:
            raise SettingsError("latent_alignment has no terms, so it would align nothing. Add [[mitigation.terms]].")
        self.bases = nn.ModuleDict({over: Base(task, over) for over in ("each", "crossed")})
        self.terms = nn.ModuleList(
            ALIGNMENTS.get(term.kind)(known_of(task, self.bases[term.over]), term) for term in options.terms
        )
        self.register_buffer("shift", _shift(task), persistent=False)
        self._channels = 1

    def prepare(self, net: Net) -> Net:
        """Give a net whose decoder is told the attributes, if it has one."""
        options = self._options
        if not isinstance(net, VAE):
            asked = {"reconstruction": options.reconstruction, "beta": options.beta, "swap": options.swap}
            if wrong := [name for name, value in asked.items() if value]:
                raise SettingsError(
                    f"mitigation.{', mitigation.'.join(wrong)} needs a net that draws faces, and {net.options.kind!r} "
                    "draws none. Use net.kind = 'vae', or leave these out."
                )
            return net
        if options.tell and net.options.attributes != self._sizes:
            net = VAE(net.classes, net.options.model_copy(update={"attributes": self._sizes}))
        self._channels = net.options.latent
        return net

    def read(self, net: Net, batch: Batch) -> Reading:
        """Read a batch from samples of its latents, and draw it again."""
        shift = self.shift[batch.groups] if self._options.base_rates == "explained" else 0.0
        if not isinstance(net, VAE):
            latents = net.encode(batch.pixels)
            return Reading(net.classify(latents).float() + shift, latents)
        mean, log_variance = net.distribution(batch.pixels)
        sample = torch.addcmul(mean, torch.randn_like(mean), torch.exp(log_variance / 2))
        told = batch.attributes if net.options.attributes else batch.attributes[:, :0]
        pictures = net.decode(sample, told)
        logits = net.classify(sample).float() + shift
        other = None
        if self._options.swap and self.training:
            changed = swapped(net, batch.pixels, sample.detach(), pictures.detach(), told)
            latents = net.encode(changed)
            # The shift is that of the group the face is from: it says how its labels were come by.
            other = Reading(net.classify(latents).float() + shift, latents)
        return Drawn(logits, mean, log_variance=log_variance, pictures=pictures, other=other)

    def objective(self, step: TrainStep) -> Tensor:
        """Add up cross entropy, alignment, and for a net that draws reconstruction and divergence."""
        with torch.autocast(step.pixels.device.type, enabled=False):
            total = step.losses.mean() + self._ramp(step, self._options.warm_up) * self._aligned(step)
            if isinstance(step.reading, Drawn):
                total = total + self._drawn(step, step.reading)
        return total

    def optimiser(self) -> Optimizer | None:
        """Adam for discriminators and critics."""
        against = [p for term in self._terms() for p in term.opponent()]
        return Adam(against, lr=self._options.opponent_rate, betas=(0.5, 0.99)) if against else None

    def opposing_objective(self, step: TrainStep) -> Tensor:
        """Sum of what discriminators and critics make small."""
        if self.optimiser() is None:
            return super().opposing_objective(step)
        with torch.autocast(step.pixels.device.type, enabled=False):
            return torch.stack([term.opposing(self._view(step, term, detached=True)) for term in self._terms()]).sum()

    def _terms(self) -> Sequence[Alignment]:
        return list(self.terms)  # type: ignore[arg-type]

    def _aligned(self, step: TrainStep) -> Tensor:
        found = [term.options.weight * term.penalty(self._view(step, term)) for term in self._terms()]
        return torch.stack(found).sum()

    def _view(self, step: TrainStep, term: Alignment, *, detached: bool = False) -> View:
        base: Base = self.bases[term.options.over]  # type: ignore[assignment]
        latents = step.latents.detach() if detached else step.latents
        return base.view(step, latents.float())

    def _drawn(self, step: TrainStep, reading: Drawn) -> Tensor:
        """Reconstruction, divergence, and being read alike under other attributes."""
        options = self._options
        if reading.pictures is None or reading.log_variance is None:
            raise TypeError("A net that draws gave no pictures.")
        lost = unexplained(reading.pictures.float(), step.pixels)
        per_number = divergence(reading.latents, reading.log_variance, options.free_bits, self._channels)
        beta = 0.01 if options.beta is None else options.beta
        rec = 1.0 if options.reconstruction is None else options.reconstruction
        total = rec * lost + beta * self._ramp(step, options.annealing) * per_number
        if reading.other is not None:
            total = total + options.swap * self._ramp(step, options.warm_up) * _unlike(reading, reading.other, step)
        return total

    def _ramp(self, step: Batch, share: float) -> float:
        """From 0 to 1 over a share of the steps."""
        return min(1.0, (step.step + 1) / max(share * step.steps, 1))


@torch.no_grad()
def swapped(net: VAE, pixels: Tensor, sample: Tensor, pictures: Tensor, told: Tensor) -> Tensor:
    """Change the attributes of faces: to each, what the decoder changes when it is told another level is added.

    So a face keeps what the decoder cannot draw. An attribute that is not known stays so.

    Args:
        net: That draws.
        pixels: (face, 3, row, column).
        sample: (face, latent) of the faces.
        pictures: What the decoder draws of them, told what they are.
        told: (face, attribute) what they are.
    """
    sizes = torch.tensor(net.options.attributes, device=told.device)
    steps = (torch.rand(told.shape, device=told.device) * (sizes - 1)).long() + 1  # to any level but its own
    drawn = net.decode(sample, torch.where(told >= 0, (told + steps) % sizes, told))
    change = (drawn - pictures).float()
    if change.shape[2:] != pixels.shape[2:]:
        change = functional.interpolate(change, list(pixels.shape[2:]), mode="bilinear", align_corners=False)
    return (pixels + change).clamp(0, 1)


def _unlike(reading: Reading, other: Reading, step: TrainStep) -> Tensor:
    """How differently faces are read with other attributes: cross entropy, and distance of latents by their spread."""
    loss = -(step.targets * functional.log_softmax(other.logits, 1)).sum(1).mean()
    before = reading.latents.detach()
    moved = (other.latents.float() - before).square().mean() / (before - before.mean(0)).square().mean().clamp_min(1e-6)
    return loss + moved


def unexplained(pictures: Tensor, pixels: Tensor) -> Tensor:
    """Squared error of drawn faces as a share of their variance: 1 for drawing the mean face of the batch."""
    if pixels.shape[2:] != pictures.shape[2:]:
        size = list(pictures.shape[2:])
        pixels = functional.interpolate(pixels, size, mode="bilinear", antialias=True, align_corners=False)
    return (pictures - pixels).square().mean() / (pixels - pixels.mean(0)).square().mean().clamp_min(1e-6)


def divergence(mean: Tensor, log_variance: Tensor, free: float, channels: int) -> Tensor:
    """Divergence from a standard normal latent in nats per number, of each channel no less than `free`.

    The free bits of Kingma et al., arXiv:1606.04934, by channel of the spatial latent.
    """
    each = (mean.square() + log_variance.exp() - log_variance - 1) / 2
    return each.mean(0).view(channels, -1).mean(1).clamp_min(free).mean()


def _shift(task: Task) -> Tensor:
    """(group, class) log share of the class in the group over its share in all; the last row, of no group, is 0."""
    overall = np.bincount(task.labels, minlength=len(task.classes)) / max(len(task.labels), 1)
    counts = task.counts()
    # One face of mean expressions is added, so that an expression a group lacks is rare and not impossible.
    rates = (counts + overall) / (counts.sum(1, keepdims=True) + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.where(overall > 0, np.log(rates / overall), 0.0)
    return torch.from_numpy(np.vstack([shift, np.zeros_like(overall)[None]]).astype(np.float32))
