"""What every line of the table of fusions owes, and what each of them does."""

import pytest
import torch

from evenface.fusion.kinds import FUSIONS
from evenface.fusion.kinds._fusion import Shape
from evenface.fusion.many import Faces, Many

NAMES = list(FUSIONS)
SHAPE = Shape(("f", "u", "a"), 5, ("happy", "sad", "neutral"), (False, True, True))
SUBSETS = torch.tensor([[1.0, 1, 1], [0, 1, 1], [0, 0, 1]])


def some_faces(count: int = 40) -> Faces:
    dice = torch.Generator().manual_seed(0)
    labels = torch.arange(count) % 3
    entries = torch.nn.functional.one_hot(labels, 5).float()[:, None] * 3 + torch.randn(count, 3, 5, generator=dice)
    present = (torch.rand(count, 3, generator=dice) < 0.8).float()
    present[0], present[1] = 0, torch.tensor([1.0, 0, 0])
    return Faces(entries, torch.rand(count, 3, generator=dice), present, labels)


def many(name: str, subsets: torch.Tensor = SUBSETS, **options: object) -> Many:
    kind = FUSIONS.get(name)
    return Many(kind(SHAPE, kind.Options(**options)), subsets, 0)


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_shares_of_the_cues_that_are_present(name: str) -> None:
    faces, models = some_faces(), many(name)
    chances, weights = models.read(faces)
    seen = faces.present * SUBSETS.unsqueeze(1)
    answered = seen.sum(-1) > 0
    assert torch.equal(~chances.isnan().any(-1), answered)
    assert torch.equal(~weights.isnan().any(-1), answered)
    torch.testing.assert_close(chances[answered].sum(-1), torch.ones(int(answered.sum())))
    torch.testing.assert_close(weights[answered].sum(-1), torch.ones(int(answered.sum())))
    assert (weights[answered] >= 0).all()
    assert (weights[answered][seen[answered] == 0] == 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_an_absent_cue_holds_does_not_matter(name: str) -> None:
    faces, models = some_faces(), many(name, steps=5)
    models.fit(faces, faces)
    noise = torch.where(faces.present.unsqueeze(-1) == 0, 9.0, faces.entries)
    unsure = torch.where(faces.present == 0, 0.9, faces.confidence)
    other = Faces(noise, unsure, faces.present, faces.labels)
    for one, two in zip(models.read(faces), models.read(other), strict=True):
        torch.testing.assert_close(one, two, equal_nan=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_face_is_read_alike_whatever_stands_beside_it(name: str) -> None:
    faces, models = some_faces(), many(name, steps=5)
    models.fit(faces, faces)
    turned = torch.arange(len(faces)).flip(0)
    torch.testing.assert_close(models.read(faces)[0][:, turned], models.read(faces.take(turned))[0], equal_nan=True)


@pytest.mark.parametrize("name", [name for name in NAMES if FUSIONS.get(name).learns])
def test_a_model_among_many_learns_as_if_it_were_alone(name: str) -> None:
    faces = some_faces()
    models, alone = many(name, steps=8, cue_dropout=0.0), many(name, SUBSETS[1:2], steps=8, cue_dropout=0.0)
    models.fit(faces, faces)
    alone.fit(faces, faces)
    torch.testing.assert_close(models.read(faces)[0][1], alone.read(faces)[0][0], equal_nan=True, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("name", [name for name in NAMES if FUSIONS.get(name).learns])
def test_what_can_be_learnt_is_learnt(name: str) -> None:
    faces, models = some_faces(), many(name, steps=150, rate=0.01)
    before = models.read(faces)[0][0]
    models.fit(faces, faces)
    after = models.read(faces)[0][0]
    right = [float((each.argmax(-1) == faces.labels)[1:].float().mean()) for each in (before, after)]
    assert right[1] > 0.9, right


@pytest.mark.parametrize("name", [name for name in NAMES if FUSIONS.get(name).learns])
def test_named_weights_are_there(name: str) -> None:
    models = many(name)
    for each in (*models.fusion.own, *models.fusion.by_cue):
        assert each in models.state
    for each in models.fusion.by_cue:
        assert models.state[each].shape[1] in (len(SHAPE.cues), len(SHAPE.cues) + 1)


def test_the_mean_of_one_cue_is_its_own_answer() -> None:
    faces = some_faces()
    chances, _ = many("mean", torch.tensor([[0.0, 0, 1]])).read(faces)
    there = faces.present[:, 2] > 0
    torch.testing.assert_close(chances[0][there], torch.softmax(faces.entries[there, 2, :3], -1))


def test_voting_follows_the_majority_against_one_that_is_surer() -> None:
    entries = torch.tensor([[[0.1, 0, 0, 0, 0], [0.1, 0, 0, 0, 0], [0, 9.0, 0, 0, 0]]])
    faces = Faces(entries, torch.ones(1, 3), torch.ones(1, 3), torch.zeros(1, dtype=torch.long))
    assert int(many("voting", SUBSETS[:1]).read(faces)[0].argmax()) == 0
    assert int(many("mean", SUBSETS[:1]).read(faces)[0].argmax()) == 1


def test_best_single_takes_the_cue_that_was_right_most_often() -> None:
    faces = some_faces(60)
    wrong = faces.entries.clone()
    wrong[:, :2] = wrong[:, :2].roll(1, -1)
    faces = Faces(wrong, faces.confidence, torch.ones_like(faces.present), faces.labels)
    models = many("best_single")
    models.fit(faces, faces)
    assert torch.equal(models.read(faces)[1][0], torch.tensor([0.0, 0, 1]).expand(60, 3))


def test_gates_start_at_the_cues_own_answers() -> None:
    faces = some_faces()
    chances, _ = many("gated", torch.tensor([[0.0, 0, 1]])).read(faces)
    there = faces.present[:, 2] > 0
    assert torch.equal(chances[0][there].argmax(-1), faces.entries[there, 2, :3].argmax(-1))
