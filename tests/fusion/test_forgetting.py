"""What is forgotten, worked by hand, and what each remedy keeps."""

import numpy as np
import pytest
import torch

from evenface.fusion.forgetting import transfers
from evenface.fusion.kinds import FUSIONS
from evenface.fusion.kinds._fusion import Shape
from evenface.fusion.many import Faces, Many
from evenface.fusion.remedies import REMEDIES, Course, Ewc, fisher

SHAPE = Shape(("a", "b"), 3, ("happy", "sad", "neutral"), (True, True))


def region(turn: int, count: int = 90, seed: int = 0) -> Faces:
    """Faces whose cues mean the classes in an order that differs from region to region."""
    dice = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    shown = torch.nn.functional.one_hot((labels + turn) % 3, 3).float() * 2
    entries = shown[:, None] + torch.randn(count, 2, 3, generator=dice) * 0.5
    return Faces(entries, torch.ones(count, 2), torch.ones(count, 2), labels)


def scrambled(faces: Faces) -> Faces:
    """The same, but what the second cue says belongs to another class."""
    entries = faces.entries.clone()
    entries[:, 1] = 2 * entries[:, 1].roll(1, -1)
    return Faces(entries, faces.confidence, faces.present, faces.labels)


def course(strength: float = 100.0) -> Course:
    kind = FUSIONS.get("gated")
    options = kind.Options(steps=120, rate=0.02, cue_dropout=0.0)
    return Course(lambda: Many(kind(SHAPE, options), torch.ones(1, 2), 0), 30, strength, 0)


def right(chances: torch.Tensor, faces: Faces) -> float:
    return float((chances.argmax(-1) == faces.labels).float().mean())


def test_transfers_of_a_table_worked_by_hand() -> None:
    # before anything: .2 .2; after the first: .8 .4; after the second: .5 .9
    found = transfers(np.array([[[0.2, 0.2], [0.8, 0.4], [0.5, 0.9]]]))
    assert {key: float(value[0]) for key, value in found.items()} == pytest.approx(
        {"new": 0.85, "last": 0.7, "forgetting": 0.3, "backward": -0.3, "forward": 0.2}
    )


@pytest.mark.parametrize("name", list(REMEDIES))
def test_every_remedy_learns_regions_in_turn_and_says_what_it_keeps(name: str) -> None:
    learner = REMEDIES[name](course())
    for number, turn in enumerate((0, 1)):
        learner.learn(f"r{number}", region(turn), region(turn, seed=1))
    first, second = (right(learner.answer(region(t, seed=2), f"r{n}"), region(t, seed=2)) for n, t in enumerate((0, 1)))
    if name in ("region_heads", "relearn_new", "fine_tuning", "forget_cue", "gate_cue"):
        assert second > 0.9
    if name == "region_heads":
        assert first > 0.9
    if name in ("fine_tuning", "relearn_new"):
        assert first < 0.5
    assert REMEDIES[name].keeps


def test_a_cue_that_is_gated_off_changes_no_answer_from_then_on() -> None:
    learner = REMEDIES["gate_cue"](course())
    learner.learn("r0", region(0), region(0, seed=1))
    first, new = region(0, seed=2), region(0, seed=3)
    assert not learner.answer(first, "r0").equal(learner.answer(scrambled(first), "r0"))
    learner.learn("r1", scrambled(new), scrambled(region(0, seed=1)))
    assert learner.answer(first, "r0").equal(learner.answer(scrambled(first), "r0"))
    assert right(learner.answer(first, "r0"), first) > 0.9
    assert learner.many.subsets.tolist() == [[1, 0]]


def test_no_cue_is_gated_off_where_all_help() -> None:
    learner = REMEDIES["gate_cue"](course())
    for number in range(3):
        learner.learn(f"r{number}", region(0), region(0, seed=1))
    assert learner.many.subsets.tolist() == [[1, 1]]


def test_weights_that_are_held_firmly_stay() -> None:
    learner = Ewc(course(strength=1e9))
    learner.learn("r0", region(0), region(0, seed=1))
    before = learner.answer(region(0, seed=2), "r0")
    learner.learn("r1", region(1), region(1, seed=1))
    assert right(learner.answer(region(0, seed=2), "r0"), region(0, seed=2)) >= right(before, region(0, seed=2)) - 0.05


def test_heads_of_earlier_regions_answer_as_before() -> None:
    learner = REMEDIES["region_heads"](course())
    learner.learn("r0", region(0), region(0, seed=1))
    before = learner.answer(region(0, seed=2), "r0")
    learner.learn("r1", region(1), region(1, seed=1))
    torch.testing.assert_close(learner.answer(region(0, seed=2), "r0"), before)


def test_fisher_information_is_the_mean_squared_gradient_of_single_faces() -> None:
    many, faces = course().make(), region(0, count=6)
    fast = fisher(many, faces)["bias"]
    slow = torch.zeros_like(fast)
    for i in range(6):
        state = {name: each.clone().requires_grad_() for name, each in many.state.items()}
        scores, _ = many.scores(state, faces.take(torch.tensor([i])))
        torch.nn.functional.cross_entropy(scores[0], faces.labels[i : i + 1]).backward()
        slow += state["bias"].grad.square() / 6
    torch.testing.assert_close(fast, slow)


def test_a_region_is_guessed_from_its_cues() -> None:
    learner = REMEDIES["region_guessed"](course())
    shift = torch.tensor([6.0, 0, 0])
    away = [
        Faces(f.entries + shift, f.confidence, f.present, f.labels)
        for f in (region(1), region(1, seed=1), region(1, seed=2))
    ]
    learner.learn("r0", region(0), region(0, seed=1))
    learner.learn("r1", away[0], away[1])
    assert right(learner.answer(away[2], "unknown"), away[2]) > 0.9
    assert right(learner.answer(region(0, seed=2), "unknown"), region(0, seed=2)) > 0.9
