"""Latent alignment: a latent that keeps the expression and forgets the attribute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from pydantic import BeforeValidator, Field, SerializeAsAny
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from evenface.core.config import options_of
from evenface.core.errors import SettingsError
from evenface.core.tables import Notice
from evenface.mitigation._aligned_head import Aim, at_one_scale, fit_head
from evenface.mitigation._mean_faces import MeanFaces
from evenface.mitigation._mitigation import (
    Answers,
    Batch,
    Mitigation,
    MitigationOptions,
    Need,
    Reading,
    Task,
    TrainStep,
)
from evenface.mitigation._variational import (
    Drawn,
    Twice,
    base_rate_shift,
    divergence,
    other_levels,
    unexplained,
    unlike,
    without_levels,
)
from evenface.mitigation.alignment import ALIGNMENTS
from evenface.mitigation.alignment._alignment import Alignment, AlignmentOptions, View
from evenface.mitigation.alignment._checks import check
from evenface.mitigation.alignment._known import Base, known_of
from evenface.mitigation.alignment.gradient_reversal import GradientReversal
from evenface.mitigation.alignment.hsic import HSIC, HSICOptions
from evenface.mitigation.au_triplets import AUTriplets, AUTripletsOptions
from evenface.mitigation.leace import concepts, eraser, erasing, readable
from evenface.models.drawn import edited
from evenface.models.nets._net import Net
from evenface.models.nets.vae import VAE

_RECONSTRUCTION, _BETA = 0.1, 0.001
_ACTIVE = 0.01  # variance over faces of the means from which on a channel tells them apart (Burda, arXiv:1509.00519)
_COLLAPSED = 0.1  # share of active channels under which the latent has collapsed
_EXPLODED = 10.0  # nats, per term

AnyAlignment = Annotated[SerializeAsAny[AlignmentOptions], BeforeValidator(options_of(ALIGNMENTS))]


class LatentAlignmentOptions(MitigationOptions):
    """Settings of `LatentAlignment`.

    Attributes:
        kind: `latent_alignment`.
        terms: Alignments that are added up, each with its weight; none: a variational net alone, to compare with.
        reconstruction: Weight of drawing the face again; None: 0.1 for a net that draws, else off.
        beta: Weight of the divergence of the latent from a normal one; None: 0.001 for a net that draws, else off.
        free_bits: Nats per number of the latent that the divergence counts of a channel at least (Kingma et al.,
            arXiv:1606.04934), so that it need not vanish.
        annealing: Share of the steps over which `beta` grows from 0.
        warm_up: Share of the steps over which the weights of the terms grow from 0.
        tell: Whether the decoder is told the attributes, so that the latent need not carry them.
        base_rates: `as_they_are`; or `explained`: in training, scores are shifted by how frequent each expression is
            in the face's group, so that the net need not learn it.
        movement: Triplets of action units as in `au_triplets`, which draw faces together that move alike, whoever they
            are; they need columns `unit:…` in `data.continuous`, with which no term aligns. None: off.
        swap: Weight of being read alike when shown with other attributes: as the decoder draws them or, for a net that
            draws none, by the quotient of the groups' mean faces, which asks for faces that are cut alike; 0: off.
        opponent_rate: Learning rate of the parameters that work against the encoder.
        erase: Whether, after training, what a linear reader finds of the attributes among faces of one expression is
            taken out of the latent, as `leace` does, by training and validation faces; where the head is linear, what
            it does not read of the latent goes too, which changes no answer.
        refit: After erasure, a linear head is fitted anew to the same faces, groups counting alike, with this weight of
            HSIC, given the expression, between its scores and the attributes; "off": it stays as it was trained.
    """

    kind: Literal["latent_alignment"] = "latent_alignment"
    terms: tuple[AnyAlignment, ...] = (HSICOptions(),)
    reconstruction: float | None = Field(default=None, ge=0)
    beta: float | None = Field(default=None, ge=0)
    free_bits: float = Field(default=0.02, ge=0)
    annealing: float = Field(default=0.2, ge=0, le=1)
    warm_up: float = Field(default=0.3, ge=0, le=1)
    tell: bool = True
    base_rates: Literal["as_they_are", "explained"] = "explained"
    movement: AUTripletsOptions | None = None
    swap: float = Field(default=0.0, ge=0)
    opponent_rate: float = Field(default=1e-3, gt=0)
    erase: bool = True
    refit: Annotated[float, Field(ge=0)] | Literal["off"] = 200.0


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
    reads_numbers: ClassVar[bool] = True
    shift: Tensor
    sums: Tensor
    batches: Tensor
    last: Tensor

    def __init__(self, task: Task, options: LatentAlignmentOptions) -> None:
        super().__init__()
        self._known_notices = check(task, options.terms)
        self._options, self._sizes = options, tuple(len(levels) for levels in task.attributes.values())
        self._seen = [np.unique(codes[codes >= 0]) for codes in task.face_attributes.T]
        self._numbers = task.numbers
        self.movement = AUTriplets(task, options.movement) if options.movement else None
        self.faces = MeanFaces(task) if options.swap else None  # for a net that draws none
        self._levels = [*self._sizes, len(task.groups)]
        self.bases = nn.ModuleDict({over: Base(task, over) for over in ("each", "crossed")})
        self.terms = nn.ModuleList(
            ALIGNMENTS.get(term.kind)(known_of(task, self.bases[term.over]), term) for term in options.terms
        )
        shift = base_rate_shift(task)
        self.register_buffer("shift", shift if options.base_rates == "explained" else shift * 0, persistent=False)
        self._aim: Aim | None = None
        if options.refit != "off" and (task.groups or task.numbers):
            base: Base = self.bases["each"]  # type: ignore[assignment]
            self._aim = Aim(HSIC(known_of(task, base), HSICOptions()), base, options.refit, self.shift)
        self._names = _numbered([term.kind for term in options.terms])
        told = (
            "cross_entropy",
            *self._names,
            "movement",
            "reconstruction",
            "divergence",
            "swap",
            "active_channels",
            "opponents",
        )
        self._told = told
        for name in ("sums", "batches", "last"):  # kept in checkpoints, so that a history goes on as it was
            self.register_buffer(name, torch.zeros(() if name == "batches" else len(told)))
        self._channels = 1

    def uses(self) -> frozenset[Need]:
        """Groups of validation faces too, where something is fitted to them after training."""
        return self.needs | {"group_in_validation"} if self._options.erase else self.needs

    def prepare(self, net: Net) -> Net:
        """Give a net whose decoder is told the attributes, if it has one."""
        options = self._options
        if options.swap and not (self._sizes and (options.tell or not isinstance(net, VAE))):
            raise SettingsError(
                "mitigation.swap shows faces with other attributes: name some in data.groups, and for a net that draws "
                "leave mitigation.tell on."
            )
        if not isinstance(net, VAE):
            asked = {"reconstruction": options.reconstruction, "beta": options.beta}
            if wrong := [name for name, value in asked.items() if value]:
                raise SettingsError(
                    f"mitigation.{', mitigation.'.join(wrong)} needs a net that draws faces, and {net.options.kind!r} "
                    "draws none. Use net.kind = 'vae', or leave these out."
                )
            return net
        self.faces = None
        if options.tell and net.options.attributes != self._sizes:
            net = VAE(net.classes, net.options.model_copy(update={"attributes": self._sizes}))
        self._channels = net.options.latent
        return net

    def read(self, net: Net, batch: Batch) -> Reading:
        """Read a batch from samples of its latents, and draw it again."""
        shift = self.shift[batch.groups]
        if not isinstance(net, VAE):
            latents = net.encode(batch.pixels)
            return Twice(net.classify(latents).float() + shift, latents, other=self._swapped(net, batch))
        mean, log_variance = net.distribution(batch.pixels)
        sample = torch.addcmul(mean, torch.randn_like(mean), torch.exp(log_variance / 2))
        told = batch.attributes if net.options.attributes else batch.attributes[:, :0]
        pictures = net.decode(without_levels(sample, told), told)
        logits = net.classify(sample).float() + shift
        other = self._swapped(net, batch, sample.detach())
        return Drawn(logits, mean, other=other, log_variance=log_variance, pictures=pictures)

    def _swapped(self, net: Net, batch: Batch, sample: Tensor | None = None) -> Reading | None:
        """Read the faces with other attributes, in training and if asked to; a net that draws is told its `sample`."""
        if not (self._options.swap and self.training):
            return None
        other = other_levels(batch.attributes, [torch.from_numpy(each).to(batch.labels.device) for each in self._seen])
        with torch.no_grad():
            if isinstance(net, VAE) and sample is not None:
                shown = edited(net, batch.pixels, sample, batch.attributes, other)
            elif self.faces is not None:
                self.faces.follow(batch)
                shown = self.faces.changed(batch, other)
            else:
                raise TypeError("There is nothing that could show faces with other attributes.")
        latents = net.encode(shown)
        # The shift is that of the group the face is from: it says how its labels were come by.
        return Reading(net.classify(latents).float() + self.shift[batch.groups], latents)

    def objective(self, step: TrainStep) -> Tensor:
        """Add up cross entropy, alignment, and for a net that draws reconstruction and divergence."""
        options = self._options
        parts = {"cross_entropy": (1.0, step.losses.mean())}
        with torch.autocast(step.pixels.device.type, enabled=False):
            warm = self._ramp(step, options.warm_up)
            for name, term in zip(self._names, self._terms(), strict=True):
                parts[name] = (warm * term.options.weight, term.penalty(self._view(step, term)))
            if self.movement:
                strength = self.movement.options.strength
                parts["movement"] = (strength, self.movement.triplets(step.latents, step.values))
            if isinstance(step.reading, Drawn):
                parts |= self._drawn(step, step.reading)
            if isinstance(step.reading, Twice) and step.reading.other is not None:
                parts["swap"] = (options.swap * warm, unlike(step.reading, step.reading.other, step))
        self._tell({name: value for name, (_, value) in parts.items()})
        self.batches += 1
        return torch.stack([weight * value for weight, value in parts.values()]).sum()

    def figures(self) -> dict[str, float]:
        """Means of the parts of the objective before weights and of opponents' losses; the share of active channels."""
        if self.batches:
            self.last.copy_(self.sums / self.batches)
            self.sums.zero_()
            self.batches.zero_()
        return dict(zip(self._told, self.last.tolist(), strict=True))

    def notices(self) -> tuple[Notice, ...]:
        """What of the attributes could not be aligned, a collapsed latent, a discriminator that lost all measure."""
        last = self.figures()
        found = list(self._known_notices)
        if last["divergence"] and last["active_channels"] < _COLLAPSED:
            found.append(
                Notice(
                    "collapsed_latent",
                    f"The latent has collapsed: {last['active_channels']:.0%} of its channels tell faces apart. "
                    "Lower mitigation.beta, or raise mitigation.free_bits or mitigation.reconstruction.",
                )
            )
        one_optimiser = [n for n, t in zip(self._names, self._terms(), strict=True) if isinstance(t, GradientReversal)]
        of_their_own = sum(any(True for _ in term.opponent()) for term in self._terms())
        worst = max([last["opponents"] / max(of_their_own, 1), *(last[name] for name in one_optimiser)])
        if worst > _EXPLODED:
            found.append(
                Notice(
                    "exploding_discriminator",
                    f"Discriminators ended with a loss of {worst:.3g}, far above guessing: they steered the encoder by "
                    "noise. Lower mitigation.opponent_rate (of gradient_reversal: optimiser.rate) or the weights of "
                    "the terms.",
                )
            )
        return tuple(found)

    def optimiser(self) -> Optimizer | None:
        """Adam for discriminators and critics."""
        against = [p for term in self._terms() for p in term.opponent()]
        return Adam(against, lr=self._options.opponent_rate, betas=(0.5, 0.99)) if against else None

    def opposing_objective(self, step: TrainStep) -> Tensor:
        """Sum of what discriminators and critics make small."""
        if not any(True for term in self._terms() for _ in term.opponent()):
            return super().opposing_objective(step)
        with torch.autocast(step.pixels.device.type, enabled=False):
            found = [term.opposing(self._view(step, term, detached=True)) for term in self._terms()]
            total = torch.stack(found).sum()
        self._tell({"opponents": total})
        return total

    def finish(self, net: Net, answers: Callable[[str], Answers]) -> Net:
        """Take out of the latent what a linear reader finds, fit the head anew, and take out what no answer needs."""
        if not self._options.erase:
            return net
        found = _together(answers("train"), answers("validation"))
        erased = concepts(found, self._levels, self._numbers)
        taken, centre = eraser(found.latents.astype(np.float64), erased, found.labels)
        head = getattr(net, "head", None)
        if isinstance(head, nn.Linear):
            if self._aim:
                fit_head(head, found, found.latents - (found.latents - centre) @ taken.T, self._aim)
            # Not before: among the few numbers that are read, one for each level could be all that there are.
            whole = np.eye(len(taken))
            taken = whole - readable(head) @ (whole - taken)
        return erasing(net, taken, centre)

    def _terms(self) -> Sequence[Alignment]:
        return list(self.terms)  # type: ignore[arg-type]

    def _view(self, step: TrainStep, term: Alignment, *, detached: bool = False) -> View:
        base: Base = self.bases[term.options.over]  # type: ignore[assignment]
        latents = step.latents.detach() if detached else step.latents
        return base.view(step, at_one_scale(latents.float()))

    def _drawn(self, step: TrainStep, reading: Drawn) -> dict[str, tuple[float, Tensor]]:
        """Weights and values of reconstruction and divergence."""
        options = self._options
        if reading.pictures is None or reading.log_variance is None:
            raise TypeError("A net that draws gave no pictures.")
        of_channels = divergence(reading.latents, reading.log_variance, self._channels)
        beta = _BETA if options.beta is None else options.beta
        out = {
            "reconstruction": (
                _RECONSTRUCTION if options.reconstruction is None else options.reconstruction,
                unexplained(reading.pictures.float(), step.pixels),
            ),
            "divergence": (beta * self._ramp(step, options.annealing), of_channels.clamp_min(options.free_bits).mean()),
        }
        spread = reading.latents.float().var(0, correction=0).view(self._channels, -1).mean(1)
        self._tell({"active_channels": (spread > _ACTIVE).float().mean()})
        return out

    @torch.no_grad()
    def _tell(self, values: dict[str, Tensor]) -> None:
        """Add to what `figures` tells."""
        places = torch.tensor([self._told.index(name) for name in values], device=self.sums.device)
        self.sums.index_add_(0, places, torch.stack([value.detach().float() for value in values.values()]))

    def _ramp(self, step: Batch, share: float) -> float:
        """From 0 to 1 over a share of the steps."""
        return min(1.0, (step.step + 1) / max(share * step.steps, 1))


def _together(first: Answers, second: Answers) -> Answers:
    """Give the answers to two splits as one."""
    pairs = zip(astuple(first), astuple(second), strict=True)
    return Answers(*(np.concatenate(pair) for pair in pairs))


def _numbered(kinds: Sequence[str]) -> tuple[str, ...]:
    """Names for terms: the kind, and where it comes again its number too."""
    return tuple(f"{kind}{i}" if kind in kinds[:i] else kind for i, kind in enumerate(kinds))
