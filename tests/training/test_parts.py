"""Batches, schedules, temperatures and averages: small functions, each against what it should give."""

import math

import numpy as np
import pytest
import torch

from evenface.models.nets.residual import Residual, ResidualOptions
from evenface.training import SELECTION_RULES
from evenface.training.batches import class_weights, order_of, step_seed, steps_per_epoch
from evenface.training.evaluate import calibration_error, chances, fit_temperature, log_loss
from evenface.training.learner import MovingAverage
from evenface.training.optimisers import load_state_tensors, make_optimiser, rate_at, state_tensors
from evenface.training.selection import Scores
from evenface.training.settings import OptimiserSettings


def test_an_epoch_has_every_face_once_in_an_order_of_its_own() -> None:
    first, second = (order_of(0, epoch, 50, None) for epoch in (0, 1))
    assert sorted(first) == sorted(second) == list(range(50))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, order_of(0, 0, 50, None))
    assert [steps_per_epoch(n, 10) for n in (5, 19, 20)] == [1, 1, 2]


def test_weighted_faces_are_drawn_in_proportion() -> None:
    weights = np.array([1.0, 0.0, 3.0, 6.0])
    drawn = np.bincount(order_of(3, 0, 4, weights), minlength=4)
    assert drawn[1] == 0
    many = np.bincount(order_of(3, 1, 4000, np.repeat(weights, 1000)) // 1000, minlength=4)
    np.testing.assert_allclose(many, [400, 0, 1200, 2400], atol=2)


def test_class_weights_bring_classes_to_the_same_sum() -> None:
    labels = np.array([0, 0, 0, 2])
    weights = class_weights(labels, 3)
    assert weights[labels].mean() == pytest.approx(1)
    assert 3 * weights[0] == pytest.approx(weights[2])
    assert weights[1] == 1


def test_seeds_of_steps_differ() -> None:
    assert len({step_seed(s, t, r) for s in range(3) for t in range(20) for r in range(2)}) == 120


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle", "constant"])
def test_schedules_rise_to_the_highest_rate_and_end_low(schedule: str) -> None:
    settings = OptimiserSettings(schedule=schedule, rate=0.5, warm_up=0.1)
    rates = [rate_at(step, 200, settings) for step in range(200)]
    assert max(rates) == pytest.approx(0.5)
    assert rates[0] < 0.06
    assert (rates[-1] < 1e-3) == (schedule != "constant")
    peak = int(np.argmax(rates))
    assert (np.diff(rates[: peak + 1]) > 0).all()
    assert (np.diff(rates[peak:]) <= 1e-12).all()


@pytest.mark.parametrize("kind", ["adamw", "sgd"])
def test_the_state_of_an_optimiser_comes_back(kind: str) -> None:
    def make() -> tuple[torch.nn.Conv2d, torch.optim.Optimizer]:
        torch.manual_seed(0)
        net = torch.nn.Conv2d(3, 8, 3).to(memory_format=torch.channels_last)
        return net, make_optimiser(list(net.parameters()), OptimiserSettings(kind=kind))

    def step(net: torch.nn.Conv2d, optimiser: torch.optim.Optimizer, seed: int) -> None:
        optimiser.zero_grad()
        net(torch.rand(2, 3, 5, 5, generator=torch.Generator().manual_seed(seed))).square().sum().backward()
        optimiser.step()

    net, optimiser = make()
    step(net, optimiser, 1)
    kept = {name: t.clone().contiguous() for name, t in state_tensors(optimiser).items()}
    other, fresh = make()
    other.load_state_dict(net.state_dict())
    load_state_tensors(fresh, kept)
    step(net, optimiser, 2)
    step(other, fresh, 2)
    assert torch.equal(net.weight, other.weight)


def test_temperature_is_that_of_least_loss() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=(4000, 5)) * 1.5
    labels = np.array([rng.choice(5, p=p) for p in chances(true)])
    for factor in (0.3, 1.0, 4.0):
        found = fit_temperature(true * factor, labels)
        assert found == pytest.approx(factor, rel=0.07)
        grid = np.geomspace(0.06, 19, 400)
        assert log_loss(true * factor, labels, found) <= min(log_loss(true * factor, labels, t) for t in grid) + 1e-9


def test_log_loss_and_calibration_error_on_a_hand_worked_table() -> None:
    p = np.array([[0.9, 0.1], [0.9, 0.1], [0.35, 0.65], [0.45, 0.55]])
    labels = np.array([0, 1, 1, 0])
    assert log_loss(np.log(p), labels) == pytest.approx(-np.log([0.9, 0.1, 0.65, 0.45]).mean())
    assert calibration_error(p, labels) == pytest.approx((abs(1 - 1.8) + abs(1 - 0.65) + abs(0 - 0.55)) / 4)
    nobody = np.zeros(0, np.int64)
    assert math.isnan(log_loss(np.zeros((0, 2)), nobody))
    assert math.isnan(calibration_error(np.zeros((0, 2)), nobody))


def test_the_average_follows_its_net() -> None:
    net = Residual(2, ResidualOptions(widths=(8,), blocks=(1,)))
    start = net.head.weight.detach().clone()
    average = MovingAverage(net, 0.5)
    plain = MovingAverage(net, 0.0)
    with torch.no_grad():
        net.head.weight += 1
    average.follow(1000)
    plain.follow(1000)
    torch.testing.assert_close(average.net.head.weight, start + 0.5)
    torch.testing.assert_close(plain.net.head.weight, start + 1)


def test_rules_look_at_what_they_say() -> None:
    scores = Scores(10, 0.7, 0.6, 1.2, {"g=a": 0.5, "g=b": math.nan, "g=c": 0.9}, {"g=a": 4, "g=b": 0, "g=c": 6})
    assert scores.worst() == ("g=a", 0.5)
    found = {name: SELECTION_RULES.get(name).score(scores) for name in SELECTION_RULES}
    assert found == {
        "mean_validation": 0.7, "balanced_validation": 0.6, "loss_validation": -1.2, "worst_group_validation": 0.5,
        "oracle": 0.5,
    }  # fmt: skip
    assert {name for name in SELECTION_RULES if SELECTION_RULES.get(name).split == "test"} == {"oracle"}
    assert math.isnan(Scores(0, math.nan, math.nan, math.nan, {}, {}).worst()[1])
