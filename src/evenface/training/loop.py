"""The loop: batches, steps, epochs, checkpoints, and when to stop."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray

from evenface.mitigation._mitigation import Mitigation
from evenface.models.nets._net import Net
from evenface.training import SELECTION_RULES
from evenface.training.augment import augment, to_pixels
from evenface.training.batches import class_weights, face_weights, order_of, step_seed, steps_per_epoch
from evenface.training.checkpoint import (
    NAME,
    Progress,
    TrainingStopped,
    named,
    read_checkpoint,
    under,
    write_checkpoint,
)
from evenface.training.data import TrainingData
from evenface.training.evaluate import answers_of, read_faces, score
from evenface.training.events import Events
from evenface.training.folder import write_history
from evenface.training.learner import Learner, MovingAverage
from evenface.training.optimisers import load_state_tensors, make_optimiser, rate_at, state_tensors
from evenface.training.settings import TrainSettings

_LOOK_EVERY = 20  # steps of an epoch between looks at the loss on a GPU, where each look waits for it


class Report(NamedTuple):
    """What is told while training: steps done and planned, epoch from 1, mean loss of it so far, faces per second."""

    step: int
    steps: int
    epoch: int
    loss: float
    speed: float


@dataclass(slots=True)
class Parts:
    """What a run is made of, before Fabric takes hold of it."""

    net: Net
    mitigation: Mitigation
    data: TrainingData
    settings: TrainSettings
    seed: int
    folder: Path
    facts: dict[str, Any]


class Loop:
    """One run of one seed."""

    def __init__(self, parts: Parts, fabric: Fabric, report: Callable[[Report], None] | None) -> None:
        self._parts, self._fabric, self._tell = parts, fabric, report
        settings, data = parts.settings, parts.data
        self._events = Events(parts.folder) if settings.tensorboard and fabric.global_rank == 0 else None
        self._places = data.splits["train"]
        self._per_epoch = steps_per_epoch(len(self._places), settings.batch)
        self._steps = self._per_epoch * settings.epochs
        self._rule = SELECTION_RULES.get(settings.selection.rule)
        self._others = {name: SELECTION_RULES.get(name) for name in settings.selection.rules[1:]}
        weights = np.ones(len(data.manifest.labels.names))
        if settings.balance == "loss":
            weights = class_weights(data.labels[self._places], len(weights))
        self._learner = Learner(
            parts.net,
            parts.mitigation,
            torch.from_numpy(weights.astype(np.float32)),
            settings.label_smoothing,
            self._steps,
        )
        self._learner.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._learner.to(fabric.device)
        main = make_optimiser(self._learner.own_parameters(), settings.optimiser)
        opposed = self._learner.opposed
        optimisers = [main] if opposed is None else [main, opposed]
        self._model, *self._optimisers = fabric.setup(self._learner, *optimisers)
        self._plain = optimisers
        afresh = [epoch for epoch in range(1, settings.epochs) if parts.mitigation.begins_anew(epoch)]
        self._starts = [epoch * self._per_epoch for epoch in (0, *afresh)]
        self._first = {name: value.clone() for name, value in parts.net.state_dict().items()} if afresh else {}
        self._average = MovingAverage(parts.net, settings.optimiser.ema)
        self._best: dict[str, torch.Tensor] = {}
        self._best_others: dict[str, dict[str, torch.Tensor]] = {}
        self.progress = Progress()
        self._saved = time.monotonic()
        self._sums = torch.zeros(2, dtype=torch.float64, device=fabric.device)
        self._looked = 0  # steps that the sums were last taken over after
        every: dict[str, NDArray[Any]] = {"targets": data.targets, "labels": data.labels, "groups": data.groups}
        every |= {"attributes": data.attributes, "values": data.values}
        self._known = {name: torch.from_numpy(v[self._places]).to(fabric.device) for name, v in every.items()}

    def resume(self) -> None:
        """Take up the last checkpoint, if there is one.

        Raises:
            TrainingStopped: The run was started with something else.
        """
        found = read_checkpoint(self._parts.folder)
        if found is None:
            return
        tensors, self.progress, facts = found
        if facts != self._parts.facts:
            keys = [key for key in facts | self._parts.facts if facts.get(key) != self._parts.facts.get(key)]
            said = "; ".join(f"{key} was {facts.get(key)!r}, is {self._parts.facts.get(key)!r}" for key in keys)
            raise TrainingStopped(
                f"{self._parts.folder} cannot go on to the same weights: {said}. Give the same settings and data, or "
                "start a run of another name."
            )
        self._learner.load_state_dict(under(tensors, "learner"))
        self._average.net.load_state_dict(under(tensors, "average"))
        self._best = under(tensors, "best")
        self._best_others = {name: under(tensors, f"best_{name}") for name in self.progress.others}
        for number, optimiser in enumerate(self._plain):
            load_state_tensors(optimiser, under(tensors, f"optimiser{number}"))
        self._sums = torch.tensor([self.progress.loss, self.progress.right], dtype=torch.float64).to(self._sums.device)
        self._looked = self.progress.step

    def run(self) -> dict[str, Net]:
        """Train to the end, and give each selection rule's name with the net of the epoch that it chose.

        Raises:
            TrainingStopped: The loss is no number, or a checkpoint cannot be written.
        """
        while self.progress.step < self._steps and not self.progress.stopped:
            self._epoch(self.progress.step // self._per_epoch)
            self._tell_history()
        self._tell_history()  # once more: a run may have been killed between its last checkpoint and this
        if self._events is not None:
            self._events.close()
        chosen = {}
        for name, weights in {self._parts.settings.selection.rule: self._best, **self._best_others}.items():
            chosen[name] = copy.deepcopy(self._average.net)
            chosen[name].load_state_dict(weights)
        return chosen

    def _tell_history(self) -> None:
        if self._fabric.global_rank == 0:
            write_history(self._parts.folder, self.progress.history)
        if self._events is not None:
            self._events.tell(self.progress.history)

    def _epoch(self, epoch: int) -> None:
        """Go through an epoch from where it was left, look at validation faces, and decide."""
        settings, data = self._parts.settings, self._parts.data
        labels = data.labels[self._places]
        weights = face_weights(self._parts.mitigation, epoch, labels, settings.balance == "sampling")
        order = order_of(self._parts.seed, epoch, len(labels), weights)
        if self.progress.step and self.progress.step in self._starts:
            self._begin_anew()
        self._model.train()
        start, begun = self.progress.step, time.monotonic()
        while self.progress.step < (epoch + 1) * self._per_epoch:
            place = self.progress.step - epoch * self._per_epoch
            self._step(order[place * settings.batch : (place + 1) * settings.batch])
            spent = time.monotonic() - begun
            if self._tell and self._fabric.global_rank == 0:
                done = self.progress.step - start
                self._tell(
                    Report(self.progress.step, self._steps, epoch + 1, self._mean(), done * settings.batch / spent)
                )
            if time.monotonic() - self._saved >= settings.checkpoint_seconds:
                self.progress.seconds += time.monotonic() - begun
                begun, start = time.monotonic(), self.progress.step
                self._checkpoint()
        self.progress.seconds += time.monotonic() - begun
        self._look()
        self._judge(epoch)
        net, data, device = self._average.net, self._parts.data, self._fabric.device
        self._parts.mitigation.after_epoch(epoch, lambda split: answers_of(net, data, split, device))
        self._checkpoint()

    def _begin_anew(self) -> None:
        """Put the net back to what it started as; what the mitigation knows stays."""
        self._parts.net.load_state_dict(self._first)
        self._average.net.load_state_dict(self._first)
        self._plain[0].state.clear()
        self.progress.best_score, self.progress.best_epoch = -math.inf, 0
        self.progress.others.clear()
        self._best_others.clear()

    def _step(self, faces: NDArray[np.int64]) -> None:
        """One batch: forward, back, and one step of every optimiser."""
        settings, fabric, step = self._parts.settings, self._fabric, self.progress.step
        main = self._plain[0]
        start = max(first for first in self._starts if first <= step)
        mine = faces[fabric.global_rank :: fabric.world_size]
        torch.manual_seed(step_seed(self._parts.seed, step, fabric.global_rank))
        chips = torch.from_numpy(np.ascontiguousarray(self._parts.data.chips.pixels[self._places[mine]]))
        at = torch.from_numpy(mine).to(fabric.device)
        pixels = augment(to_pixels(chips.to(fabric.device)), settings.augment)
        known = {name: value[at] for name, value in self._known.items()}
        for group in main.param_groups:
            group["lr"] = rate_at(step - start, self._steps - start, settings.optimiser)
        for optimiser in self._optimisers:
            optimiser.zero_grad()
        total, loss, right = self._model(step, pixels=pixels, faces=at, **known)
        fabric.backward(total)
        if settings.optimiser.clip:
            torch.nn.utils.clip_grad_norm_(self._learner.own_parameters(), settings.optimiser.clip)
        for optimiser in self._optimisers:
            optimiser.step()
        self._average.follow(step - start)
        # A total that is no number makes the sum none for good, so that it is seen at the next look.
        self._sums += torch.stack([loss.double() + 0 * total.detach().double(), right.double()])
        self.progress.step += 1
        self.progress.seen += len(mine)
        if fabric.device.type == "cpu" or (self.progress.step - 1) % self._per_epoch % _LOOK_EVERY == 0:
            self._look()

    def _look(self) -> None:
        """Take over the sums from the device.

        Raises:
            TrainingStopped: The loss is no number; the last checkpoint is from before.
        """
        loss, right = self._sums.tolist()
        if not math.isfinite(loss):
            has = (self._parts.folder / NAME).is_file()
            kept = f"The last good state is {self._parts.folder / NAME}. " if has else "No state was kept before it. "
            rate = self._parts.settings.optimiser.rate
            figures = self._parts.mitigation.figures()
            wrong = ", ".join(name for name, value in figures.items() if not math.isfinite(value))
            raise TrainingStopped(
                f"The loss is {loss} at step {self.progress.step:,} of seed {self._parts.seed}"
                f"{f' (no number: {wrong})' if wrong else ''}. {kept}Start a run of "
                f"another name with a lower optimiser.rate (now {rate:g}), a smaller optimiser.clip, or "
                "device.precision = 'fp32'."
            )
        self.progress.loss, self.progress.right, self._looked = loss, int(right), self.progress.step

    def _mean(self) -> float:
        """Give the mean loss of the epoch's steps up to the last look."""
        done = (self._looked - 1) % self._per_epoch + 1
        return self.progress.loss / done

    def _judge(self, epoch: int) -> None:
        """Measure the average's net, keep it if it is the best so far, and end the epoch."""
        settings, data, at = self._parts.settings, self._parts.data, self.progress
        looked = sorted({"validation", self._rule.split, *(rule.split for rule in self._others.values())})
        bf16 = self._parts.facts["precision"] == "bf16"
        net, pixels, device = self._average.net, data.chips.pixels, self._fabric.device
        scores = {}
        for split in looked:
            places = data.splits[split]
            logits = read_faces(net, pixels, places, device, settings.flip_at_test, bf16)
            scores[split] = score(net.adjust(logits, data.groups[places]), data, places)
        scores = self._fabric.broadcast(scores)  # the devices decide alike, whatever the last digit
        value = self._rule.score(scores[self._rule.split])
        if value > at.best_score:
            at.best_score, at.best_epoch = value, epoch + 1
            self._best = {name: tensor.detach().clone() for name, tensor in net.state_dict().items()}
        for name, rule in self._others.items():
            other = rule.score(scores[rule.split])
            if other > at.others.get(name, (-math.inf, 0))[0]:
                at.others[name] = (other, epoch + 1)
                self._best_others[name] = {key: tensor.detach().clone() for key, tensor in net.state_dict().items()}
        at.history.append(
            {
                "epoch": epoch + 1,
                "step": at.step,
                "loss": at.loss / self._per_epoch,
                "accuracy": at.right / at.seen,
                "seconds": round(at.seconds, 3),
                **{split: asdict(found) for split, found in scores.items()},
                "mitigation": self._parts.mitigation.figures(),
                "score": value,
                "best_epoch": at.best_epoch,
            }
        )
        patience = settings.selection.patience
        last = at.step > self._starts[-1]
        at.stopped = bool(patience) and last and epoch + 1 - max(at.best_epoch, 1) >= patience
        at.loss, at.right, at.seen = 0.0, 0, 0
        self._sums.zero_()
        chosen = {settings.selection.rule} if at.best_epoch else set()
        without = [name for name in settings.selection.rules if name not in chosen | at.others.keys()]
        if without and (at.stopped or epoch + 1 == settings.epochs):
            raise TrainingStopped(
                f"The selection rule {without[0]!r} had no value in any epoch, so no epoch can be chosen."
            )

    def _checkpoint(self) -> None:
        """Write everything that the run needs to go on, from the first device."""
        self._look()
        if self._fabric.global_rank == 0:
            tensors = named("learner", self._learner.state_dict()) | named("average", self._average.net.state_dict())
            tensors |= named("best", self._best)
            for name, weights in self._best_others.items():
                tensors |= named(f"best_{name}", weights)
            for number, optimiser in enumerate(self._plain):
                tensors |= named(f"optimiser{number}", state_tensors(optimiser))
            write_checkpoint(self._parts.folder, tensors, self.progress, self._parts.facts)
        self._saved = time.monotonic()
