"""Latent alignment: its parts by hand, what it tells, and what it refuses."""

import copy
import dataclasses
import tomllib

import numpy as np
import pytest
import torch

from evenface.core.errors import SettingsError
from evenface.mitigation._mitigation import Answers, Batch, Task, TrainStep
from evenface.mitigation._variational import (
    Drawn,
    base_rate_shift,
    divergence,
    other_levels,
    unexplained,
    unlike,
    without_levels,
)
from evenface.mitigation.alignment._known import Base
from evenface.mitigation.latent_alignment import LatentAlignment, LatentAlignmentOptions
from evenface.mitigation.leace import concepts, eraser
from evenface.models.nets._net import Net
from evenface.models.nets.residual import Residual, ResidualOptions
from evenface.models.nets.vae import VAE, VAEOptions

SMALL = VAEOptions(widths=(8, 8), drawing=(8, 8), grid=4, latent=2, head=8, blocks=1)


def task(labels: list[int], codes: list[list[int]], levels: tuple[int, ...] = (2,)) -> Task:
    codes_ = np.array(codes)
    names = {f"a{i}": tuple("abcde"[:n]) for i, n in enumerate(levels)}
    return Task(
        ("happy", "sad"),
        ("a", "b"),
        np.array(labels),
        codes_[:, 0],
        16,
        32,
        names,
        codes_,
        (),
        np.zeros((len(labels), 0), np.float32),
    )


EVEN = task([0, 0, 0, 1, 1, 1, 0, 1], [[0], [0], [1], [0], [1], [1], [-1], [-1]])


def step(mitigation: LatentAlignment, net: Net, of: Task = EVEN, at: int = 50) -> TrainStep:
    torch.manual_seed(0)
    n = len(of.labels)
    labels, codes = torch.from_numpy(of.labels), torch.from_numpy(of.face_attributes)
    targets = torch.nn.functional.one_hot(labels, 2).float()
    batch = Batch(
        torch.rand(n, 3, 16, 16), targets, labels, codes[:, 0], codes, torch.zeros(n, 0), torch.arange(n), at, 100
    )
    reading = mitigation.read(net, batch)
    losses = torch.nn.functional.cross_entropy(reading.logits, labels, reduction="none")
    fields = {each.name: getattr(batch, each.name) for each in dataclasses.fields(batch)}
    return TrainStep(**fields, losses=losses, reading=reading)


def made(**options: object) -> tuple[LatentAlignment, Net]:
    torch.manual_seed(0)
    mitigation = LatentAlignment(EVEN, LatentAlignmentOptions(**options))
    return mitigation, mitigation.prepare(VAE(2, SMALL))


def test_the_objective_is_the_sum_of_its_parts() -> None:
    terms = ({"kind": "mmd"},)
    mitigation, net = made(
        terms=terms, beta=0.5, reconstruction=2.0, free_bits=0.0, swap=0.3, warm_up=1.0, annealing=1.0
    )
    given = step(mitigation, net)
    total = mitigation.objective(given)
    told = mitigation.figures()
    ramp = 51 / 100
    expected = told["cross_entropy"] + ramp * told["mmd"] + 2 * told["reconstruction"]
    expected += ramp * (0.5 * told["divergence"] + 0.3 * told["swap"])
    assert total.item() == pytest.approx(expected, rel=1e-5)
    assert told["cross_entropy"] == pytest.approx(given.losses.mean().item())
    total.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_the_decoder_is_told_the_attributes() -> None:
    mitigation, net = made()
    assert net.options.attributes == (2,)
    assert isinstance(step(mitigation, net).reading, Drawn)
    _, untold = made(tell=False)
    assert untold.options.attributes == ()


def test_divergence_and_lost_variance_are_those_of_the_formulas() -> None:
    mean, log_variance = torch.randn(5, 6), torch.randn(5, 6)
    normal = torch.distributions.Normal
    kl = torch.distributions.kl_divergence(normal(mean, (log_variance / 2).exp()), normal(0.0, 1.0))
    torch.testing.assert_close(divergence(mean, log_variance, 2), kl.mean(0).view(2, 3).mean(1))
    pixels = torch.rand(6, 3, 16, 16)
    assert unexplained(pixels.mean(0).expand_as(pixels), pixels).item() == pytest.approx(1)
    assert unexplained(pixels, pixels).item() == 0
    assert unexplained(torch.full((6, 3, 8, 8), 0.5), pixels).isfinite()


def test_base_rates_shift_scores_by_how_frequent_a_class_is_in_the_group() -> None:
    shift = base_rate_shift(task([0] * 90 + [1] * 10 + [0] * 10 + [1] * 90, [[0]] * 100 + [[1]] * 100))
    expected = np.log([[90.5 / 101 / 0.5, 10.5 / 101 / 0.5], [10.5 / 101 / 0.5, 90.5 / 101 / 0.5], [1, 1]])
    np.testing.assert_allclose(shift.numpy(), expected, rtol=1e-5)
    mitigation, net = made(base_rates="as_they_are")
    assert step(mitigation, net).logits.shape == (8, 2)


def test_weights_for_independence_make_expressions_as_frequent_in_each_group() -> None:
    uneven = task([0] * 9 + [1] * 3 + [0] * 1 + [1] * 7, [[0]] * 12 + [[1]] * 8)
    base = Base(uneven, "each")
    weights = base.get_buffer("weights0").numpy()
    faces = np.array([[9, 1], [3, 7]])
    weighed = weights * faces / faces.sum(0)
    np.testing.assert_allclose(weighed, [[0.5, 0.5], [0.5, 0.5]], rtol=1e-5)
    lacking = Base(task([0] * 4 + [1] * 4, [[0]] * 3 + [[1]] * 5), "each").get_buffer("weights0").numpy()
    assert lacking[1].tolist() == [0, 0], "an expression that a group lacks does not count"


def test_action_units_draw_faces_together_and_are_no_attribute_to_be_forgotten() -> None:
    values = np.array([[0, 20], [5, 30], [0, 40], [5, 50], [0, 60], [5, 70], [0, 80], [5, 90]], np.float32)
    told = dataclasses.replace(EVEN, continuous=("unit:AU12L", "age"), face_values=values)
    options = LatentAlignmentOptions(terms=({"kind": "hsic"},), movement={"strength": 2.0})
    torch.manual_seed(0)
    mitigation = LatentAlignment(told, options)
    net = mitigation.prepare(Residual(2, ResidualOptions(widths=(8,), blocks=(1,))))
    given = dataclasses.replace(step(mitigation, net), values=torch.from_numpy(values))
    view = mitigation._view(given, mitigation.terms[0])
    assert view.values.shape == (8, 1), "the age alone"
    whole = mitigation.objective(given)
    triplets = mitigation.movement.triplets(given.latents, given.values)
    mitigation.movement = None
    torch.testing.assert_close(whole - mitigation.objective(given), 2 * triplets)
    assert triplets > 0


def test_a_swap_gives_no_level_that_nobody_has() -> None:
    told = torch.tensor([[0, 1]] * 40 + [[-1, 2]] * 40)
    found = other_levels(told, [torch.tensor([0, 2]), torch.tensor([0, 1, 2])])
    assert found[:, 0].tolist() == [2] * 40 + [-1] * 40
    assert set(found[:40, 1].tolist()) == {0, 2}
    assert set(found[40:, 1].tolist()) == {0, 1}


def test_a_swap_of_a_net_that_draws_none_shows_faces_by_mean_faces() -> None:
    net = Residual(2, ResidualOptions(widths=(8,), blocks=(1,)))
    mitigation = LatentAlignment(EVEN, LatentAlignmentOptions(terms=(), swap=0.5, warm_up=0.0))
    assert mitigation.prepare(net) is net
    given = step(mitigation, net)
    reading = given.reading
    assert reading.other is not None
    torch.testing.assert_close(reading.other.latents, reading.latents, msg="too few faces yet: they stay as they are")
    with_swap = mitigation.objective(given)
    alone = mitigation.objective(dataclasses.replace(given, reading=dataclasses.replace(reading, other=None)))
    torch.testing.assert_close(with_swap - alone, 0.5 * unlike(reading, reading.other, given))
    assert mitigation.eval().read(net, given).other is None
    assert {"faces.sums", "faces.counts"} <= set(mitigation.state_dict()), "kept in checkpoints"


def test_terms_see_latents_at_one_scale() -> None:
    mitigation, net = made()
    given, term = step(mitigation, net), mitigation.terms[0]
    scale = torch.logspace(-1, 1, net.width)
    reading = dataclasses.replace(given.reading, latents=given.latents * scale + 3)
    views = [mitigation._view(each, term).latents for each in (given, dataclasses.replace(given, reading=reading))]
    torch.testing.assert_close(views[0], views[1], rtol=0.01, atol=0.01)


def known(width: int, faces: int = 200, *, leak: float = 1.0) -> Answers:
    """Latents that tell the expression along one direction, and the attribute along another."""
    rng = np.random.default_rng(0)
    labels, codes = np.arange(faces) % 2, rng.integers(0, 2, (faces, 1))
    latents = rng.normal(size=(faces, width)) + labels[:, None] * rng.normal(size=width) + leak * codes
    scores, none = np.zeros((faces, 2)), np.zeros((faces, 0), np.float32)
    return Answers(latents.astype(np.float32), scores, labels, codes[:, 0], codes, none)


def both(found: Answers) -> dict[str, Answers]:
    """Halves, as training and validation faces."""
    cut = len(found.labels) // 2
    halves = ([part[side] for part in dataclasses.astuple(found)] for side in (slice(cut), slice(cut, None)))
    return {name: Answers(*half) for name, half in zip(("train", "validation"), halves, strict=True)}


def test_what_a_linear_reader_finds_among_faces_of_one_expression_is_taken_out() -> None:
    mitigation, net = made()
    found = known(net.width)
    done = mitigation.finish(net, both(found).__getitem__)
    left = found.latents - (found.latents - done.centre.numpy()) @ done.taken.numpy().T
    codes = found.groups
    share = np.array([codes[found.labels == label].mean() for label in (0, 1)])[found.labels]
    assert np.abs((codes - share) @ left / 200).max() < 1e-4
    assert done.inner is net
    kept, net = made(erase=False)
    assert kept.finish(net, {}.__getitem__) is net


def test_what_a_linear_head_does_not_read_is_taken_out_too_and_answers_stay() -> None:
    mitigation, _ = made(refit="off")
    net = mitigation.prepare(Residual(2, ResidualOptions(widths=(8,), blocks=(1,))).eval())
    found = known(8)
    done = mitigation.finish(net, both(found).__getitem__)
    latents = torch.from_numpy(found.latents)
    plain, _ = eraser(found.latents.astype(np.float64), concepts(found, [2, 2], []), found.labels)
    taken = [done.taken, torch.from_numpy(plain).float()]
    left, whole = (latents @ (torch.eye(8) - each.T) for each in taken)
    assert torch.linalg.matrix_rank(left - left.mean(0), atol=1e-4) == 1 < torch.linalg.matrix_rank(whole, atol=1e-4)
    scores = [(latents - latents.mean(0)) @ net.head.weight.T for latents in (left, whole)]
    torch.testing.assert_close(*(each[:, 0] - each[:, 1] for each in scores))


def test_the_head_is_fitted_anew_to_what_is_left() -> None:
    mitigation, _ = made()
    net = mitigation.prepare(Residual(2, ResidualOptions(widths=(8,), blocks=(1,))).eval())
    found = known(8)
    before = copy.deepcopy(net.head)
    done = mitigation.finish(net, both(found).__getitem__)
    latents = torch.from_numpy(found.latents)
    left = latents - (latents - done.centre) @ done.taken.T
    right = [(scores.argmax(1).numpy() == found.labels).mean() for scores in (done.classify(left), before(left))]
    assert right[0] > max(right[1], 0.7), right


def test_a_net_that_draws_nothing_is_aligned_alone() -> None:
    mitigation = LatentAlignment(EVEN, LatentAlignmentOptions(terms=({"kind": "mmd"},)))
    net = mitigation.prepare(Residual(2, ResidualOptions(widths=(8,), blocks=(1,))))
    mitigation.objective(step(mitigation, net)).backward()
    assert mitigation.figures()["reconstruction"] == 0
    asking = LatentAlignment(EVEN, LatentAlignmentOptions(reconstruction=1.0, beta=1.0))
    with pytest.raises(SettingsError, match=r"mitigation\.reconstruction, mitigation\.beta needs a net that draws"):
        asking.prepare(net)


def test_swaps_need_attributes_that_the_decoder_is_told() -> None:
    mitigation = LatentAlignment(EVEN, LatentAlignmentOptions(swap=1.0, tell=False))
    with pytest.raises(SettingsError, match=r"mitigation\.swap shows faces with other attributes"):
        mitigation.prepare(VAE(2, SMALL))


def test_what_cannot_be_aligned_is_refused_with_its_reason() -> None:
    labels = [0, 0, 0, 1, 1, 1]
    codes = [[0, 0], [0, 0], [0, 0], [0, 1], [0, 1], [0, 1]]
    with pytest.raises(SettingsError) as error:
        LatentAlignment(task(labels, codes, (2, 2)), LatentAlignmentOptions())
    assert "a0 has only 'a' in the training faces" in str(error.value)
    assert "mutual information is 1.00 of at most 1.00 bits" in str(error.value)


def test_what_can_be_aligned_in_part_is_told() -> None:
    partly = task([0, 0, 0, 1, 1, 1], [[0], [0], [0], [0], [1], [1]], (3,))
    said = " ".join(notice.message for notice in LatentAlignment(partly, LatentAlignmentOptions()).notices())
    assert "No training face has a0 c" in said
    assert "happy: shown in one group of a0 alone" in said


def test_collapse_and_explosion_are_told() -> None:
    mitigation, net = made(terms=[{"kind": "adversarial"}])
    mitigation.objective(step(mitigation, net))
    mitigation.opposing_objective(step(mitigation, net))
    assert not mitigation.notices()
    with torch.no_grad():
        net.moments.weight.zero_()
        net.moments.bias.fill_(0.5)  # alike for all faces, and far from a standard normal latent
    mitigation.objective(step(mitigation, net))
    mitigation.terms[0].trunk.body[-1].bias.data[0] = 1e4
    mitigation.opposing_objective(step(mitigation, net))
    assert [notice.code for notice in mitigation.notices()] == ["collapsed_latent", "exploding_discriminator"]
    assert mitigation.figures()["divergence"] > 0.02, "each number of it has more than free bits"


def test_one_discriminator_that_explodes_is_told_among_terms_that_have_none() -> None:
    mitigation, net = made(terms=[{"kind": "adversarial"}, {"kind": "hsic"}, {"kind": "mmd"}])
    mitigation.terms[0].trunk.body[-1].bias.data[0] = 25.0
    mitigation.objective(step(mitigation, net))
    mitigation.opposing_objective(step(mitigation, net))
    assert 10 < mitigation.figures()["opponents"] < 30
    assert [notice.code for notice in mitigation.notices()] == ["exploding_discriminator"]


def test_a_head_that_stays_can_be_asked_for_in_a_file() -> None:
    options = LatentAlignmentOptions(refit="off")
    assert LatentAlignmentOptions(**tomllib.loads(options.to_toml())) == options


def test_a_discriminator_behind_a_reversal_may_explode_too() -> None:
    mitigation, net = made(terms=[{"kind": "gradient_reversal"}])
    mitigation.objective(step(mitigation, net))
    assert not mitigation.notices()
    mitigation.terms[0].trunk.body[-1].bias.data[0] = 1e4
    mitigation.objective(step(mitigation, net))
    assert [notice.code for notice in mitigation.notices()] == ["exploding_discriminator"]


def test_numbers_are_checked_too() -> None:
    def ages(*years: float) -> Task:
        values = np.array(years, np.float32)[:, None]
        return dataclasses.replace(EVEN, continuous=("age",), face_values=values)

    with pytest.raises(SettingsError, match="age has only 30 in the training faces"):
        LatentAlignment(ages(*[30] * 7, np.nan), LatentAlignmentOptions())
    told = [30 + 20 * label for label in EVEN.labels]
    with pytest.raises(SettingsError, match="age is told by the expression: 100% of its variance"):
        LatentAlignment(ages(*told), LatentAlignmentOptions())
    terms = [{"kind": "hsic"}, {"kind": "mmd"}, {"kind": "hsic", "over": "crossed"}]
    (said,) = LatentAlignment(ages(*range(8)), LatentAlignmentOptions(terms=terms)).notices()
    assert said.code == "numbers_not_aligned"
    assert "age: a number, which mmd over each, hsic over crossed does not align" in said.message


def test_crossed_groups_that_tell_the_expression_are_refused_where_they_are_aligned() -> None:
    codes = [[0, 0], [1, 1], [0, 1], [1, 0]] * 3  # happy where both are alike
    crossed = dataclasses.replace(
        task([0, 0, 1, 1] * 3, codes, (2, 2)), groups=tuple("abcd"), face_groups=np.array([0, 1, 2, 3] * 3)
    )
    assert not LatentAlignment(crossed, LatentAlignmentOptions()).notices()
    with pytest.raises(SettingsError, match="a0 × a1 and the expression tell one another"):
        LatentAlignment(crossed, LatentAlignmentOptions(terms=[{"kind": "hsic", "over": "crossed"}]))


def test_without_terms_it_is_a_variational_net() -> None:
    mitigation, net = made(terms=())
    assert mitigation.optimiser() is None
    assert mitigation.objective(step(mitigation, net)).isfinite()


def test_figures_start_anew_once_told() -> None:
    mitigation, net = made(terms=["mmd", "mmd", "coral"])
    mitigation.objective(step(mitigation, net))
    first = mitigation.figures()
    assert list(first)[:4] == ["cross_entropy", "mmd", "mmd1", "coral"]
    assert mitigation.figures() == first
    assert mitigation.sums.sum() == 0


def test_a_decoder_is_not_given_what_goes_with_the_level_it_is_told() -> None:
    torch.manual_seed(0)
    told = torch.tensor([[0], [0], [1], [1], [-1]])
    latents = torch.randn(5, 3) + told
    given = without_levels(latents, told)
    known = given[:4].view(2, 2, 3).mean(1)
    torch.testing.assert_close(known[0], known[1])
    torch.testing.assert_close(given[:4].mean(0), latents[:4].mean(0))
    torch.testing.assert_close(given[0] - given[1], latents[0] - latents[1])
    assert torch.equal(given[4], latents[4])
    assert torch.equal(without_levels(latents, told[:, :0]), latents)
