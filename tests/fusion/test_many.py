"""Many models at once: the same seed gives the same weights, the best moment is kept, temperatures calibrate."""

import pytest
import torch

from evenface.fusion.kinds import FUSIONS
from evenface.fusion.kinds._fusion import Shape
from evenface.fusion.many import Faces, Many, _order

SHAPE = Shape(("a", "b"), 2, ("happy", "sad"), (True, True))
ALL = torch.ones(1, 2)


def faces(count: int = 60, clear: float = 1.0, seed: int = 0) -> Faces:
    dice = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 2
    entries = torch.nn.functional.one_hot(labels, 2).float()[:, None] * clear + torch.randn(count, 2, 2, generator=dice)
    return Faces(entries, torch.ones(count, 2), torch.ones(count, 2), labels)


def gated(seed: int = 0, **options: object) -> Many:
    kind = FUSIONS.get("gated")
    return Many(kind(SHAPE, kind.Options(**options)), ALL, seed)


def test_the_same_seed_gives_the_same_weights() -> None:
    states = []
    for seed in (0, 0, 1):
        model = gated(seed, steps=6)
        model.fit(faces(), faces(seed=1))
        states.append(model.state["change"])
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def test_a_training_that_harms_leaves_the_weights_as_they_were() -> None:
    clear = faces(clear=3.0)
    turned = Faces(clear.entries, clear.confidence, clear.present, 1 - clear.labels)
    model = gated(steps=20, rate=0.5)
    before = model.state["change"].clone()
    model.fit(turned, faces(clear=3.0, seed=1))
    assert torch.equal(model.state["change"], before)


def test_a_temperature_lowers_sure_errors() -> None:
    sure = faces(clear=0.5)
    sure = Faces(sure.entries * 8, sure.confidence, sure.present, sure.labels)
    kind = FUSIONS.get("mean")
    model = Many(kind(SHAPE, kind.Options()), ALL, 0)
    model.fit(sure, sure)
    assert float(model.temperature) > 1.5


def test_only_named_weights_move() -> None:
    model = gated(steps=5)
    before = {name: each.clone() for name, each in model.state.items()}
    model.fit(faces(), faces(), moving=["bias"])
    moved = {name for name, each in model.state.items() if not torch.equal(each, before[name])}
    assert moved == {"bias"}


def test_a_penalty_holds_weights() -> None:
    free, held = gated(steps=40), gated(steps=40)
    start = {name: each.clone() for name, each in held.state.items()}
    free.fit(faces(), faces())
    held.fit(faces(), faces(), penalty=lambda s: 1e4 * sum((s[n] - start[n]).square().flatten(1).sum(1) for n in s))
    moves = [float((model.state["change"] - start["change"]).abs().max()) for model in (free, held)]
    assert moves[1] < 0.2 * moves[0]


def test_hidden_cues_never_leave_a_face_without_any() -> None:
    model = gated(cue_dropout=0.9)
    hidden = model._hide(torch.ones(500, 2), torch.Generator().manual_seed(0))
    assert hidden.shape == (1, 500, 2)
    assert (hidden.sum(-1) >= 1).all()
    assert (hidden.sum(-1) == 1).any()


@pytest.mark.parametrize(("count", "batch", "steps"), [(10, 4, 7), (5, 5, 3), (100, 8, 2)])
def test_all_faces_are_gone_through_before_one_comes_again(count: int, batch: int, steps: int) -> None:
    order = _order(count, batch, steps, torch.Generator().manual_seed(0))
    assert [len(each) for each in order] == [batch] * steps
    places = torch.cat(list(order))
    for start in range(0, len(places) - count + 1, count):
        assert len(set(places[start : start + count].tolist())) == count


def test_reading_in_stretches_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model = gated(steps=3)
    model.fit(faces(), faces())
    whole = model.read(faces())
    monkeypatch.setattr("evenface.fusion.many._AT_ONCE", 30)
    for one, two in zip(whole, model.read(faces()), strict=True):
        torch.testing.assert_close(one, two)
