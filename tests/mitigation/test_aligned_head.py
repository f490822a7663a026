"""A head fitted to all faces reads the expression; its scores say the less of an attribute, the more that weighs."""

import dataclasses

import numpy as np
import torch
from torch import nn

from evenface.mitigation._aligned_head import Aim, at_one_scale, fit_head
from evenface.mitigation._mitigation import Answers, Task
from evenface.mitigation._variational import base_rate_shift
from evenface.mitigation.alignment._known import Base, known_of
from evenface.mitigation.alignment.hsic import HSIC, HSICOptions


def faces(n: int = 400) -> tuple[Task, Answers]:
    """Two groups; the latents' first number tells the expression, the second too, but with a spread by group."""
    rng = np.random.default_rng(0)
    labels, groups = rng.integers(0, 2, n), rng.integers(0, 2, n)
    clean, spread = rng.normal(size=(2, n))
    latents = np.column_stack([2 * labels - 1 + clean, 2 * labels - 1 + spread * np.where(groups, 2.0, 0.2)])
    none = np.zeros((n, 0), np.float32)
    task = Task(("a", "b"), ("p", "q"), labels, groups, 16, 2, {"t": ("p", "q")}, groups[:, None], (), none)
    return task, Answers(latents.astype(np.float32), np.zeros((n, 2)), labels, groups, groups[:, None], none)


def fitted(weight: float, shift: torch.Tensor | None = None) -> tuple[nn.Linear, Answers]:
    task, found = faces()
    base = Base(task, "each")
    head = nn.Linear(2, 2)
    head.load_state_dict({"weight": torch.tensor([[-1.0, -1.0], [1.0, 1.0]]), "bias": torch.zeros(2)})
    term = HSIC(known_of(task, base), HSICOptions())
    fit_head(head, found, found.latents, Aim(term, base, weight, base_rate_shift(task) if shift is None else shift))
    return head, found


def spread_of(head: nn.Linear, found: Answers) -> float:
    """How much wider scores spread in the second group than in the first, among faces of one expression."""
    with torch.no_grad():
        scores = head(torch.from_numpy(found.latents))
    margin = (scores[:, 1] - scores[:, 0]).numpy()
    of = [margin[(found.groups == group) & (found.labels == 0)].std() for group in (0, 1)]
    return float(of[1] / of[0])


def test_without_weight_it_reads_the_expression_by_all_that_tells_it() -> None:
    head, found = fitted(0)
    with torch.no_grad():
        said = head(torch.from_numpy(found.latents)).argmax(1).numpy()
    assert (said == found.labels).mean() > 0.85
    assert spread_of(head, found) > 1.2


def test_with_weight_its_scores_tell_less_of_the_attribute_than_a_linear_eraser_could_see() -> None:
    plain, found = fitted(0)
    aligned, _ = fitted(200)
    assert spread_of(aligned, found) - 1 < 0.6 * (spread_of(plain, found) - 1)
    with torch.no_grad():
        said = aligned(torch.from_numpy(found.latents)).argmax(1).numpy()
    assert (said == found.labels).mean() > 0.8


def test_what_is_explained_by_base_rates_is_not_learnt() -> None:
    _, found = faces()
    told = torch.tensor([[2.0, 0.0], [2.0, 0.0], [0.0, 0.0]])
    head, _ = fitted(0, told)
    plain, _ = fitted(0)
    latents = torch.from_numpy(found.latents)
    with torch.no_grad():
        first, second = (each(latents)[:, 0] - each(latents)[:, 1] for each in (head, plain))
    assert (first - second).mean() < -1


def test_faces_whose_attribute_is_not_known_take_part() -> None:
    task, found = faces()
    unknown = np.where(np.arange(len(found.labels)) % 3 == 0, -1, found.groups)
    found = dataclasses.replace(found, groups=unknown, attributes=unknown[:, None])
    base, head = Base(task, "each"), nn.Linear(2, 2)
    term = HSIC(known_of(task, base), HSICOptions())
    fit_head(head, found, found.latents, Aim(term, base, 10.0, base_rate_shift(task)))
    assert torch.isfinite(head.weight).all()


def test_numbers_at_one_scale_have_mean_0_and_deviation_1() -> None:
    columns = at_one_scale(torch.randn(500, 3) * torch.tensor([1e2, 1.0, 1e-1]) + 7)
    torch.testing.assert_close(columns.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(columns.std(0, correction=0), torch.ones(3), atol=1e-3, rtol=0)
