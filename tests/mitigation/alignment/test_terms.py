"""Each alignment against a formula written out with loops."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch
from torch import Tensor

from evenface.core.errors import SettingsError
from evenface.mitigation.alignment import ALIGNMENTS
from evenface.mitigation.alignment._alignment import Alignment, Known, View
from evenface.mitigation.alignment._cells import cells
from evenface.mitigation.alignment._kernels import gaussians, squared_distances, typical
from evenface.mitigation.alignment.coral import covariance_distances, mean_distances
from evenface.mitigation.alignment.sliced_wasserstein import areas

NAMES = list(ALIGNMENTS)
KERNELS = ("mmd", "coral", "sliced_wasserstein", "hsic", "distance_covariance")


def made(name: str, known: Known, **options: object) -> Alignment:
    torch.manual_seed(0)
    kind = ALIGNMENTS.get(name)
    return kind(known, kind.Options(**options))


def pairs(view: View, given: str, levels: int, attribute: int) -> list[tuple[list[int], list[int], float]]:
    """Faces of both groups and the weight of each comparison, by masks."""
    out = []
    for stratum in range(3) if given == "expression" else [None]:
        inside = (view.labels == stratum) if stratum is not None else torch.ones(len(view.labels), dtype=torch.bool)
        members = [torch.nonzero(inside & (view.codes[:, attribute] == q))[:, 0].tolist() for q in range(levels)]
        for a, b in itertools.combinations(members, 2):
            if len(a) > 1 and len(b) > 1:
                out.append((a, b, len(a) * len(b) / (len(a) + len(b))))
    total = sum(weight for *_, weight in out)
    return [(a, b, weight / total) for a, b, weight in out]


@pytest.mark.parametrize("given", ["none", "expression"])
def test_mmd_is_the_double_loop(view: View, known: Known, given: str) -> None:
    term = made("mmd", known, given=given)
    kernel = gaussians(squared_distances(view.latents), term.options.scales).numpy()
    of_attributes = []
    for i, levels in enumerate(known.levels):
        total = 0.0
        for a, b, weight in pairs(view, given, levels, i):
            within = [sum(kernel[x, y] for x in g for y in g if x != y) / len(g) / (len(g) - 1) for g in (a, b)]
            between = sum(kernel[x, y] for x in a for y in b) / len(a) / len(b)
            total += weight * (sum(within) - 2 * between)
        of_attributes.append(total)
    assert term.penalty(view).item() == pytest.approx(np.mean(of_attributes), rel=1e-4, abs=1e-6)


def test_kernels_are_gaussians_of_the_median_distance(view: View) -> None:
    x = view.latents
    squared = torch.cdist(x, x).square()
    torch.testing.assert_close(squared_distances(x), squared, atol=1e-4, rtol=1e-4)
    apart = squared[~torch.eye(len(x), dtype=torch.bool)]
    assert typical(squared).item() == pytest.approx(apart.median().item())
    torch.testing.assert_close(gaussians(squared, (1.0,))[0, 1], torch.exp(-squared[0, 1] / apart.median()))


@pytest.mark.parametrize("given", ["none", "expression"])
def test_coral_compares_means_and_covariances(view: View, known: Known, given: str) -> None:
    at = cells(view, known, 1, given)
    expected = pairs(view, given, 3, 1)
    x = view.latents
    there = [i for i, share in enumerate(at.share.tolist()) if share]
    assert at.share[there].tolist() == pytest.approx([weight for *_, weight in expected])
    means = [(x[a].mean(0) - x[b].mean(0)).square().mean().item() for a, b, _ in expected]
    assert mean_distances(x, at)[there].tolist() == pytest.approx(means, rel=1e-4)
    apart = [(torch.cov(x[a].T) - torch.cov(x[b].T)).square().sum().item() / 4 / 36 for a, b, _ in expected]
    assert covariance_distances(x, at)[there].tolist() == pytest.approx(apart, rel=1e-3)


def test_sliced_wasserstein_is_the_distance_of_scipy(view: View, known: Known) -> None:
    distance = pytest.importorskip("scipy.stats").wasserstein_distance
    places, order = view.latents[:, :2].T.sort(1)
    for given in ("none", "expression", "independence"):
        at = cells(view, known, 1, given)
        found = areas(places, order, at)
        for pair in torch.nonzero(at.share)[:, 0]:
            rows = at.rows[at.first[pair]].numpy(), at.rows[at.second[pair]].numpy()
            for k in range(2):
                x = view.latents[:, k].numpy()
                assert found[k, pair].item() == pytest.approx(distance(x, x, *rows), rel=1e-4)


def centred(x: np.ndarray) -> np.ndarray:
    n = len(x)
    x = x * (1 - np.eye(n))
    out = x - x.sum(0) / (n - 2) - x.sum(1)[:, None] / (n - 2) + x.sum() / (n - 1) / (n - 2)
    return out * (1 - np.eye(n))


def dependences(term: Alignment, view: View, known: Known, given: str) -> list[float]:
    """Of each attribute and number, by the textbook."""
    columns = [
        torch.nn.functional.one_hot(view.codes[:, i].clamp_min(0), n).float() for i, n in enumerate(known.levels)
    ]
    columns.append(view.values.nan_to_num())
    there = [view.codes[:, 0] >= 0, view.codes[:, 1] >= 0, ~view.values[:, 0].isnan()]
    latent, out = term.of_latents(view.latents).numpy(), []
    for column, face in zip(columns, there, strict=True):
        own, total, faces = term.of_attribute(column).numpy(), 0.0, 0
        for stratum in range(3) if given == "expression" else [None]:
            at = torch.nonzero(face if stratum is None else face & (view.labels == stratum))[:, 0].numpy()
            product = (centred(latent[np.ix_(at, at)]) * centred(own[np.ix_(at, at)])).sum()
            total += len(at) * product / len(at) / (len(at) - 3)
            faces += len(at)
        out.append(total / faces)
    return out


@pytest.mark.parametrize("given", ["none", "expression"])
@pytest.mark.parametrize("name", ["hsic", "distance_covariance"])
def test_dependence_is_the_textbook_formula(view: View, known: Known, name: str, given: str) -> None:
    term = made(name, known, given=given)
    assert term.penalty(view).item() == pytest.approx(
        np.mean(dependences(term, view, known, given)), rel=1e-3, abs=1e-6
    )


def test_distances_of_attributes(known: Known) -> None:
    distance, kernel = made("distance_covariance", known), made("hsic", known)
    levels, numbers = torch.eye(3)[torch.tensor([0, 0, 2])], torch.tensor([[0.0], [1.0], [3.0]])
    assert distance.of_attribute(levels).tolist() == [[0, 0, 1], [0, 0, 1], [1, 1, 0]]
    assert distance.of_attribute(numbers).tolist() == [[0, 1, 3], [1, 0, 2], [3, 2, 0]]
    assert kernel.of_attribute(levels).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert kernel.of_attribute(numbers)[0, 2].item() == pytest.approx(np.exp(-4.5))


@pytest.mark.parametrize("name", KERNELS)
def test_alike_groups_cost_little_and_unlike_ones_more(name: str) -> None:
    generator = torch.Generator().manual_seed(1)
    n = 300
    codes = torch.randint(0, 2, (n, 1), generator=generator)
    labels, none = torch.arange(n) % 3, torch.zeros(n, 0)
    alike = torch.randn(n, 8, generator=generator)
    known = Known(3, (2,), 0, 8, (torch.full((4, 2), 0.5),))
    found = []
    for latents in (alike, alike + codes, 100 * (alike + codes)):
        torch.manual_seed(0)
        view = View(latents, labels, codes, none, torch.ones(n, 1), 0.0)
        found.append(made(name, known).penalty(view).item())
    assert found[1] > 2.5 * abs(found[0])
    assert found[2] == pytest.approx(found[1], rel=1e-3), "the scale of the latent does not matter"


@pytest.mark.parametrize("name", NAMES)
def test_faces_that_are_not_known_do_not_matter(name: str, view: View, known: Known) -> None:
    there = view.codes[:, 0] >= 0
    kept = (view.latents, view.labels, view.codes[:, :1], view.values[:, :0], view.weights[:, :1])
    fewer, more = View(*(x[there] for x in kept), 0.5), View(*kept, 0.5)
    alone = Known(3, (2,), 0, 6, known.base_rates[:1])
    found = []
    for each in (fewer, more):
        latents = each.latents.clone().requires_grad_()
        torch.manual_seed(0)
        penalty = made(name, alone, given="none").penalty(dataclasses.replace(each, latents=latents))
        penalty.backward()
        found.append((penalty.item(), latents.grad))
    assert not found[1][1][~there].any(), "no penalty moves them"
    assert found[1][1][there].any()
    if name not in KERNELS:  # those have the scale of all faces of the batch
        assert found[0][0] == pytest.approx(found[1][0], rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_penalty_reaches_latents_and_not_its_opponent(name: str, view: View, known: Known) -> None:
    term = made(name, known)
    latents = view.latents.clone().requires_grad_()
    with torch.no_grad():
        for p in term.parameters():  # an opponent that has learnt nothing may have nothing to say
            p.add_(torch.randn_like(p) * 0.5)
    term.penalty(dataclasses.replace(view, latents=latents)).backward()
    assert latents.grad is not None
    assert latents.grad.isfinite().all()
    if name != "adversarial":  # its penalty is cut at 0
        assert latents.grad.any()
    assert all(p.grad is None for p in term.opponent())


@pytest.mark.parametrize("name", NAMES)
def test_nothing_to_align_is_told(name: str) -> None:
    with pytest.raises(SettingsError, match=r"has nothing to align: name .*data\.groups"):
        made(name, Known(3, (), 0, 6, ()))


def gains(term: Alignment, view: View) -> tuple[list[float], Tensor]:
    scores = term.trunk(view.latents, view.labels).split(term.known.levels, 1)
    losses = []
    for i, each in enumerate(scores):
        at = view.codes[:, i] >= 0
        losses.append(torch.nn.functional.cross_entropy(each[at], view.codes[at, i]))
    return [loss.item() for loss in losses], torch.cat(scores, 1)


def test_discriminators_know_their_loss_and_what_guessing_loses(view: View, known: Known) -> None:
    term = made("adversarial", known)
    losses, _ = gains(term, view)
    assert term.opposing(view).item() == pytest.approx(np.mean(losses), rel=1e-5)
    expected = np.mean([max(np.log(n) - loss, 0) for n, loss in zip(known.levels, losses, strict=True)])
    assert term.penalty(view).item() == pytest.approx(expected, abs=1e-6)
    confusion = made("uniform_confusion", known)
    for p in confusion.trunk.parameters():
        torch.nn.init.zeros_(p)
    assert confusion.penalty(view).item() == pytest.approx(0, abs=1e-6)


def test_gradients_are_reversed_on_their_way_to_the_encoder(view: View, known: Known) -> None:
    term = made("gradient_reversal", known, slope=10.0)
    latents = view.latents.clone().requires_grad_()
    for progress, size in ((0.0, 0.0), (0.5, 2 / (1 + np.exp(-5.0)) - 1)):
        (found,) = torch.autograd.grad(
            term.penalty(dataclasses.replace(view, latents=latents, progress=progress)), latents
        )
        plain = dataclasses.replace(view, latents=latents)
        (own,) = torch.autograd.grad(torch.stack([loss for loss, _ in term.losses(plain, term.trunk)]).mean(), latents)
        torch.testing.assert_close(found, -size * own)
    assert term.penalty(view).requires_grad
    assert not list(term.opponent())


def test_a_critic_sees_a_shift_and_holds_its_slope_at_one() -> None:
    torch.manual_seed(0)
    known = Known(2, (2,), 0, 2, (torch.full((3, 2), 0.5),))
    term = ALIGNMENTS.get("critic")(known, ALIGNMENTS.get("critic").Options(given="none", hidden=32))
    codes = (torch.arange(64) % 2)[:, None]
    latents = torch.randn(64, 2) * 0.1 + codes * torch.tensor([3.0, 0.0])
    view = View(latents, torch.zeros(64, dtype=torch.long), codes, torch.zeros(64, 0), torch.ones(64, 1), 0.0)
    optimiser = torch.optim.Adam(term.opponent(), 5e-3, (0.5, 0.99))
    for _ in range(150):
        optimiser.zero_grad()
        term.opposing(view).backward()
        optimiser.step()
    # Each of two groups is 1.5 from the middle of all faces.
    assert term.penalty(view).item() == pytest.approx(1.5, rel=0.25)
