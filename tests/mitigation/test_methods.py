"""Each method against what its paper's formula gives on numbers that can be worked by hand."""

import numpy as np
import pytest
import torch

from evenface.mitigation._mitigation import Mitigation, Reading, Task, TrainStep, frozen
from evenface.mitigation.erm import ERM, ERMOptions
from evenface.mitigation.group_dro import GroupDRO, GroupDROOptions
from evenface.mitigation.reweight import Reweight, ReweightOptions, alike
from evenface.models.nets.residual import Residual, ResidualOptions
from evenface.training.learner import Learner

LABELS = np.array([0, 0, 0, 0, 0, 0, 1, 1, 0, 1])
GROUPS = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, -1])  # (group, class): 6 and 1, 1 and 1; one not known
TASK = Task(("happy", "sad"), ("g=a", "g=b"), LABELS, GROUPS, 16, 4)


def step(losses: torch.Tensor) -> TrainStep:
    nothing = torch.zeros(len(losses), 2)
    faces = torch.arange(len(losses))
    labels, groups = torch.from_numpy(LABELS), torch.from_numpy(GROUPS)
    reading = Reading(nothing, nothing)
    return TrainStep(
        nothing, nothing, labels, groups, groups[:, None], nothing[:, :0], faces, 0, 1, losses=losses, reading=reading
    )


def test_counts_of_a_task() -> None:
    assert TASK.counts().tolist() == [[6, 1], [1, 1]]


def test_erm_is_the_mean() -> None:
    losses = torch.rand(10)
    assert ERM(TASK, ERMOptions()).objective(step(losses)) == losses.mean()


@pytest.mark.parametrize(
    ("over", "table"),
    [
        ("group", [[9 / 14, 9 / 14], [9 / 4, 9 / 4]]),
        ("group_and_class", [[9 / 24, 9 / 4], [9 / 4, 9 / 4]]),
        ("independence", [[49 / 54, 14 / 9], [14 / 9, 4 / 9]]),
    ],
)
def test_weights_of_reweight(over: str, table: list[list[float]]) -> None:
    wanted = np.array([table[g][c] if g >= 0 else 1.0 for g, c in zip(GROUPS, LABELS, strict=True)])
    assert wanted[GROUPS >= 0].mean() == pytest.approx(1)
    by_loss = Reweight(TASK, ReweightOptions(over=over, by="loss"))
    losses = torch.rand(10)
    assert by_loss.sampling_weights(0) is None
    torch.testing.assert_close(by_loss.objective(step(losses)), (losses * torch.from_numpy(wanted)).mean().float())
    by_sampling = Reweight(TASK, ReweightOptions(over=over, by="sampling"))
    np.testing.assert_allclose(by_sampling.sampling_weights(0), wanted)
    assert by_sampling.objective(step(losses)) == losses.mean()


def test_groups_count_alike_and_unknown_ones_as_the_mean() -> None:
    np.testing.assert_allclose(alike(np.array([0, 0, 0, 2, -1])), [2 / 3, 2 / 3, 2 / 3, 2, 1])
    assert alike(np.array([-1, -1])).tolist() == [1, 1]


def test_group_dro_raises_the_weight_of_the_group_with_more_loss() -> None:
    losses = torch.tensor([1.0] * 7 + [3.0] * 2 + [100.0])
    method = GroupDRO(TASK, GroupDROOptions(step_size=0.5))
    raised = torch.tensor([0.5 * np.exp(0.5), 0.5 * np.exp(1.5)])
    share = raised / raised.sum()
    value = method.objective(step(losses))
    assert value.item() == pytest.approx((share[0] + 3 * share[1]).item(), rel=1e-5)
    torch.testing.assert_close(method.share, share.float())


def test_group_dro_draws_each_group_as_often_as_any_other() -> None:
    weights = GroupDRO(TASK, GroupDROOptions()).sampling_weights(0)
    sums = [weights[TASK.face_groups == group].sum() for group in range(len(TASK.groups))]
    np.testing.assert_allclose(sums, sums[0])


class Opposed(Mitigation):
    """A critic of one number reads the group from the latent; the net hides it."""

    Options = ERMOptions

    def __init__(self) -> None:
        super().__init__()
        self.critic = torch.nn.Linear(8, 1)

    def optimiser(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.critic.parameters(), lr=0.1)

    def loss(self, scores: torch.Tensor, step: TrainStep) -> torch.Tensor:
        wanted = (step.groups == 1).float()
        return torch.nn.functional.binary_cross_entropy_with_logits(scores[:, 0], wanted)

    def objective(self, step: TrainStep) -> torch.Tensor:
        return step.losses.mean() - self.loss(frozen(self.critic)(step.latents), step)

    def opposing_objective(self, step: TrainStep) -> torch.Tensor:
        return self.loss(self.critic(step.latents.detach()), step)


def test_one_backward_pass_serves_a_net_and_its_opponent() -> None:
    torch.manual_seed(0)
    net = Residual(2, ResidualOptions(widths=(8,), blocks=(1,), dropout=0.0))
    learner = Learner(net, Opposed(), torch.ones(2), 0.0, 10)
    assert len(learner.own_parameters()) == len(list(net.parameters()))
    pixels, labels = torch.rand(10, 3, 16, 16), torch.from_numpy(LABELS)
    targets = torch.nn.functional.one_hot(labels, 2).float()
    groups = torch.from_numpy(GROUPS)
    given = {
        "pixels": pixels,
        "targets": targets,
        "labels": labels,
        "groups": groups,
        "attributes": groups[:, None],
        "values": pixels[:, 0, 0, :0],
        "faces": torch.arange(10),
    }
    learner(0, **given)[0].backward()
    opposed, both = learner.mitigation, {n: p.grad.clone() for n, p in learner.named_parameters()}
    latents = net.encode(pixels)
    reading = Reading(net.classify(latents), latents)
    losses = torch.nn.functional.cross_entropy(reading.logits, labels, reduction="none")
    offered = TrainStep(**given, step=0, steps=10, losses=losses, reading=reading)
    learner.zero_grad()
    opposed.objective(offered).backward()
    assert opposed.critic.weight.grad is None
    for name, p in net.named_parameters():
        torch.testing.assert_close(both[f"net.{name}"], p.grad)
    learner.zero_grad()
    opposed.opposing_objective(offered).backward()
    torch.testing.assert_close(both["mitigation.critic.weight"], opposed.critic.weight.grad)
