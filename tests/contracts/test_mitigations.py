"""What every line of the table of mitigations owes: settings, an objective with gradients, and state that is kept."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from evenface.mitigation import MITIGATIONS
from evenface.mitigation._mitigation import Answers, Batch, Mitigation, Reading, Task, TrainStep
from evenface.mitigation.alignment import ALIGNMENTS
from evenface.models.nets._files import NetCard, load_net, save_net
from evenface.models.nets._net import Net
from evenface.models.nets.residual import Residual, ResidualOptions
from evenface.training.learner import Learner

NAMES = list(MITIGATIONS)
FACES, CLASSES, SIZE = 24, 3, 16


def task() -> Task:
    rng = np.random.default_rng(0)
    groups = rng.integers(-1, 2, FACES)
    values = rng.uniform(0, 1, (FACES, 3)).astype(np.float32)
    values[3] = np.nan
    return Task(
        ("happy", "sad", "neutral"),
        ("g=a", "g=b"),
        np.arange(FACES) % CLASSES,
        groups,
        SIZE,
        8,
        {"g": ("a", "b")},
        groups[:, None],
        ("age_years", "unit:AU06L", "unit:AU12L"),
        values,
        epochs=4,
    )


def made(name: str, **options: object) -> tuple[Net, Mitigation]:
    torch.manual_seed(0)
    net = Residual(CLASSES, ResidualOptions(widths=(8,), blocks=(1,), dropout=0.0))
    kind = MITIGATIONS.get(name)
    mitigation = kind(task(), kind.Options(kind=name, **options))
    return mitigation.prepare(net), mitigation


def answers(net: Net) -> Callable[[str], Answers]:
    given = batch()
    with torch.inference_mode():
        latents = net.eval().encode(given["pixels"])
        logits = net.classify(latents)
    rest = [given[key].numpy() for key in ("labels", "groups", "attributes", "values")]
    return lambda split: Answers(latents.numpy(), logits.double().numpy(), *rest)


def batch(groups: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    known = task()
    labels = torch.from_numpy(known.labels)
    return {
        "pixels": torch.rand(FACES, 3, SIZE, SIZE),
        "targets": torch.nn.functional.one_hot(labels, CLASSES).float(),
        "labels": labels,
        "groups": (codes := torch.from_numpy(known.face_groups) if groups is None else groups),
        "attributes": codes[:, None],
        "values": torch.from_numpy(known.face_values),
        "faces": torch.arange(FACES),
    }


def offered(net: Net, mitigation: Mitigation, **given: torch.Tensor) -> TrainStep:
    reading = mitigation.read(net, Batch(**given, step=0, steps=10))
    assert isinstance(reading, Reading)
    losses = torch.nn.functional.cross_entropy(reading.logits, given["labels"], reduction="none")
    return TrainStep(**given, step=0, steps=10, losses=losses, reading=reading)


@pytest.mark.parametrize("name", NAMES)
def test_settings_carry_the_name_and_say_what_is_needed(name: str) -> None:
    kind = MITIGATIONS.get(name)
    assert issubclass(kind, Mitigation)
    assert kind.Options().kind == name
    assert kind.needs <= {"group_in_training", "group_in_validation", "group_in_prediction"}
    assert kind.__doc__


@pytest.mark.parametrize("name", NAMES)
def test_the_objective_is_one_finite_number_that_reaches_every_weight(name: str) -> None:
    net, mitigation = made(name)
    objective = mitigation.objective(offered(net, mitigation, **batch()))
    assert objective.shape == ()
    assert objective.isfinite()
    objective.backward()
    silent = [key for key, p in net.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert not silent


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("group", [-1, 0, 1])
def test_a_batch_of_one_group_or_of_none_known_is_no_harm(name: str, group: int) -> None:
    net, mitigation = made(name)
    total, _, _ = learner(net, mitigation)(0, **batch(torch.full((FACES,), group)))
    total.backward()
    assert total.isfinite()
    assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())


@pytest.mark.parametrize("kind", list(ALIGNMENTS))
@pytest.mark.parametrize("over", ["each", "crossed"])
@pytest.mark.parametrize("group", [-1, 0, 1])
def test_no_alignment_minds_a_batch_of_one_group_or_of_none_known(kind: str, over: str, group: int) -> None:
    options = {"terms": [{"kind": kind, "over": over, "given": given} for given in ("none", "expression")]}
    net, mitigation = made("latent_alignment", **options)
    total, _, _ = learner(net, mitigation)(0, **batch(torch.full((FACES,), group)))
    total.backward()
    assert total.isfinite()
    assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_parameters_that_work_against_the_net_get_no_gradient_from_the_objective(name: str) -> None:
    net, mitigation = made(name)
    optimiser = mitigation.optimiser()
    if optimiser is None:
        with pytest.raises(TypeError, match="no opposing_objective"):
            mitigation.opposing_objective(offered(net, mitigation, **batch()))
        return
    against = [p for group in optimiser.param_groups for p in group["params"]]
    mitigation.objective(offered(net, mitigation, **batch())).backward()
    assert all(p.grad is None or not p.grad.any() for p in against)
    net.zero_grad()
    mitigation.opposing_objective(offered(net, mitigation, **batch())).backward()
    assert not any(p.grad is not None and p.grad.any() for p in net.parameters())
    assert any(p.grad is not None and p.grad.any() for p in against)


@pytest.mark.parametrize("name", NAMES)
def test_order_of_faces_does_not_matter(name: str) -> None:
    order = torch.randperm(FACES, generator=torch.Generator().manual_seed(0))
    values = []
    for places, seed in ((torch.arange(FACES), 0), (torch.arange(FACES), 1), (order, 0)):
        net, mitigation = made(name)
        given = {key: value[places] for key, value in batch().items()}
        torch.manual_seed(seed)
        values.append(mitigation.objective(offered(net.eval(), mitigation, **given)).item())
    if values[0] != values[1]:
        pytest.skip("it draws lots: faces in another order have other lots")
    assert values[0] == pytest.approx(values[2], rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_sampling_weights_fit_the_faces(name: str) -> None:
    net, mitigation = made(name)
    for epoch in range(4):
        weights = mitigation.sampling_weights(epoch)
        mitigation.after_epoch(epoch, answers(net))
        if weights is None:
            continue
        assert weights.shape == (FACES,)
        assert (weights >= 0).all()
        assert weights.sum() > 0


@pytest.mark.parametrize("name", NAMES)
def test_state_comes_back_from_its_tensors(name: str) -> None:
    net, mitigation = made(name)
    for _ in range(3):
        mitigation.objective(offered(net, mitigation, **batch()))
    other_net, other = made(name)
    other.load_state_dict({key: value.clone() for key, value in mitigation.state_dict().items()})
    other_net.load_state_dict(net.state_dict())
    step = offered(net, mitigation, **batch())
    assert other.objective(dataclasses.replace(step)).item() == mitigation.objective(step).item()


@pytest.mark.parametrize("name", NAMES)
def test_the_finished_net_answers_and_comes_back_from_its_file(name: str, tmp_path: Path) -> None:
    net, mitigation = made(name)
    for epoch in range(4):
        mitigation.read(net.train(), Batch(**batch(), step=epoch, steps=4))
        mitigation.after_epoch(epoch, answers(net))
    done = mitigation.finish(net.eval(), answers(net)).eval()
    save_net(tmp_path / "net.safetensors", done, NetCard(task().classes, SIZE))
    back, _ = load_net(tmp_path / "net.safetensors")
    pixels, groups = batch()["pixels"], task().face_groups
    with torch.inference_mode():
        first, second = done(pixels), back(pixels)
        torch.testing.assert_close(first, done.classify(done.encode(pixels)))
    assert torch.equal(first, second)
    assert first.shape == (FACES, CLASSES)
    assert first.isfinite().all()
    adjusted = done.adjust(first.double().numpy(), groups)
    np.testing.assert_array_equal(adjusted, back.adjust(second.double().numpy(), groups))
    np.testing.assert_array_equal(adjusted[groups < 0], first.double().numpy()[groups < 0])
    if "group_in_prediction" not in mitigation.needs:
        np.testing.assert_array_equal(adjusted, first.double().numpy())


def learner(net: Net, mitigation: Mitigation) -> Learner:
    return Learner(net, mitigation, torch.ones(CLASSES), 0.0, 10)
