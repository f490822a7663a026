"""Each rival of latent alignment against what its paper's formula gives on numbers that can be worked by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from evenface.core.errors import SettingsError
from evenface.mitigation._mitigation import Answers, Batch, Mitigation, Reading, Task, TrainStep
from evenface.mitigation._readers import Readers
from evenface.mitigation.attribute_aware import AttributeAware, AttributeAwareOptions
from evenface.mitigation.au_triplets import AUTriplets, AUTripletsOptions
from evenface.mitigation.dfr import DFR, DFROptions
from evenface.mitigation.disentangled import Disentangled
from evenface.mitigation.domain_discriminative import DomainDiscriminative, DomainDiscriminativeOptions
from evenface.mitigation.domain_independent import DomainIndependent, DomainIndependentOptions
from evenface.mitigation.focal import Focal, FocalOptions
from evenface.mitigation.group_mixup import GroupMixup, GroupMixupOptions
from evenface.mitigation.group_thresholds import GroupThresholds, GroupThresholdsOptions, found_shares
from evenface.mitigation.jtt import JTT, JTTOptions
from evenface.mitigation.laftr import LAFTR, LAFTROptions
from evenface.mitigation.ldam import LDAM, LDAMOptions
from evenface.mitigation.leace import LEACE, LEACEOptions, eraser
from evenface.mitigation.mixup import Mixup, MixupOptions
from evenface.mitigation.prior_shift import PriorShift, PriorShiftOptions
from evenface.mitigation.swad import SWAD, SWADOptions
from evenface.models.nets.group_heads import GroupHeads, GroupHeadsOptions
from evenface.models.nets.residual import Residual, ResidualOptions

LABELS = np.array([0, 0, 0, 0, 0, 0, 1, 1, 0, 1])
GROUPS = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, -1])
VALUES = np.array([[0.0], [0], [0], [1], [1], [1], [2], [2], [3], [np.nan]], np.float32)
TASK = Task(
    ("happy", "sad"),
    ("g=a", "g=b"),
    LABELS,
    GROUPS,
    8,
    4,
    {"g": ("a", "b")},
    GROUPS[:, None],
    ("unit:AU12L",),
    VALUES,
    4,
)
OPTIONS = ResidualOptions(widths=(4,), blocks=(1,), dropout=0.0)


def net() -> Residual:
    torch.manual_seed(0)
    return Residual(2, OPTIONS)


def batch() -> Batch:
    labels, groups = torch.from_numpy(LABELS), torch.from_numpy(GROUPS)
    torch.manual_seed(1)
    return Batch(
        torch.rand(10, 3, 8, 8),
        functional.one_hot(labels, 2).float(),
        labels,
        groups,
        groups[:, None],
        torch.from_numpy(VALUES),
        torch.arange(10),
        8,
        10,
    )


def offered(reading: Reading, at: int = 8) -> TrainStep:
    given = batch()
    losses = functional.cross_entropy(reading.logits, given.labels, reduction="none")
    named = {name: getattr(given, name) for name in Batch.__dataclass_fields__}
    return TrainStep(**{**named, "step": at}, losses=losses, reading=reading)


def answers(logits: np.ndarray, latents: np.ndarray | None = None) -> Answers:
    latents = np.zeros((10, 4), np.float32) if latents is None else latents
    return Answers(latents, logits, LABELS, GROUPS, GROUPS[:, None], VALUES)


LOGITS = torch.tensor([[0.0, np.log(3)]] * 10).float()  # p = 1/4 for happy, 3/4 for sad
NOTHING = torch.zeros(10, 4)


def test_focal_weighs_by_how_far_the_label_is_from_certain() -> None:
    value = Focal(TASK, FocalOptions(gamma=2)).objective(offered(Reading(LOGITS, NOTHING)))
    assert value.item() == pytest.approx((7 * (3 / 4) ** 2 * np.log(4) + 3 * (1 / 4) ** 2 * np.log(4 / 3)) / 10)


def test_ldam_takes_a_margin_off_and_weighs_late() -> None:
    method = LDAM(TASK, LDAMOptions(margin=2, defer=0.5, beta=0.5))
    plain = net()
    read = method.read(plain, batch())
    scores = plain.classify(plain.encode(batch().pixels))
    common = 2 * (3 / 7) ** 0.25
    taken = torch.tensor([[common, 0] if label == 0 else [0, 2.0] for label in LABELS])
    torch.testing.assert_close(read.logits, scores - taken)
    early, late = offered(read, 4), offered(read, 5)
    assert method.objective(early) == early.losses.mean()
    raw = np.array([0.5 / (1 - 0.5**7), 0.5 / (1 - 0.5**3)])
    weights = torch.from_numpy(raw / raw.sum() * 2).float()
    torch.testing.assert_close(method.objective(late), (late.losses * weights[late.labels]).mean())


def test_jtt_begins_anew_and_draws_misread_faces_more_often() -> None:
    method = JTT(TASK, JTTOptions(first=0.5, times=7))
    assert [method.begins_anew(epoch) for epoch in range(4)] == [False, False, True, False]
    said = np.where(np.arange(10)[:, None] < 2, [[0.0, 1.0]], np.eye(2)[LABELS])
    for epoch in range(2):
        assert method.sampling_weights(epoch) is None
        given = {"train": answers(said if epoch else -said)}
        method.after_epoch(epoch, given.__getitem__)
    assert method.sampling_weights(2).tolist() == [7, 7] + [1] * 8
    with pytest.raises(SettingsError, match="two nets, but epochs = 1"):
        JTT(replace(TASK, epochs=1), JTTOptions())


def test_domain_independent_reads_with_the_groups_own_head_and_answers_with_all() -> None:
    method = DomainIndependent(TASK, DomainIndependentOptions())
    heads = method.prepare(net())
    scores = heads.scores(heads.encode(batch().pixels))
    assert scores.shape == (10, 2, 2)
    wanted = [scores[i, g] if g >= 0 else scores[i].mean(0) for i, g in enumerate(GROUPS)]
    torch.testing.assert_close(method.read(heads, batch()).logits, torch.stack(wanted))
    torch.testing.assert_close(heads(batch().pixels), scores.mean(1))


def test_domain_discriminative_learns_pairs_and_sums_groups_out() -> None:
    method = DomainDiscriminative(TASK, DomainDiscriminativeOptions())
    heads = method.prepare(net())
    read = method.read(heads, batch())
    joint = read.scores.flatten(1).log_softmax(1).unflatten(1, (2, 2))
    losses = [
        -joint[i, g, y] if g >= 0 else -joint[i, :, y].logsumexp(0)
        for i, (g, y) in enumerate(zip(GROUPS, LABELS, strict=True))
    ]
    torch.testing.assert_close(method.objective(offered(read)), torch.stack(losses).mean())
    prior = torch.tensor([[7.0, 2], [2, 2]]) / 13  # counts 6 1, 1 1, with one more in each
    torch.testing.assert_close(
        heads(batch().pixels).softmax(1), functional.normalize((joint.exp() / prior).sum(1), p=1, dim=1)
    )


def test_group_heads_without_a_prior_answer_as_taught() -> None:
    heads = GroupHeads(2, GroupHeadsOptions(of=OPTIONS, groups=3, answer="sum_out"))
    scores = torch.rand(5, 3, 2)
    torch.testing.assert_close(heads.combined(scores).softmax(1), scores.flatten(1).softmax(1).view(5, 3, 2).sum(1))


def test_attribute_aware_adds_what_is_learnt_for_the_group() -> None:
    method = AttributeAware(TASK, AttributeAwareOptions())
    aware = method.prepare(net())
    aware.shift.data = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    added = torch.tensor([[1.0, 2.0]] * 7 + [[3.0, 4.0]] * 2 + [[0.0, 0.0]])
    plain = net()(batch().pixels)
    torch.testing.assert_close(method.read(aware, batch()).logits, plain + added)
    np.testing.assert_allclose(aware.adjust(np.zeros((10, 2)), GROUPS), added)


def test_mixup_blends_pixels_and_targets_alike() -> None:
    method, given = Mixup(TASK, MixupOptions()), batch()
    method.partners = lambda batch: torch.arange(9, -1, -1)
    seen = []
    plain = net()
    plain.encode = lambda pixels: seen.append(pixels) or torch.zeros(10, 4)
    targets = method.read(plain, given).targets
    share = ((seen[0] - given.pixels.flip(0)) / (given.pixels - given.pixels.flip(0))).flatten(1).median(1).values
    wanted = share[:, None] * given.targets + (1 - share)[:, None] * given.targets.flip(0)
    torch.testing.assert_close(targets, wanted, atol=1e-4, rtol=0)


def test_group_mixup_blends_another_group_with_the_same_expression() -> None:
    method = GroupMixup(TASK, GroupMixupOptions())
    for _ in range(5):
        other = method.partners(batch()).tolist()
        assert other[:8] == [8] * 6 + [7, 6]  # happy of a: the one happy face of b
        assert other[8] in range(6)
        assert other[9] == 9


def test_laftr_counts_the_adversarys_errors_in_each_group_alike() -> None:
    scores = LOGITS  # p = 1/4 for group a, 3/4 for group b: errors 3/4 and 1/4
    step = offered(Reading(LOGITS, NOTHING))
    parity = LAFTR(TASK, LAFTROptions(towards="parity", strength=0.5))
    assert parity.error(lambda latents: scores, NOTHING, step).item() == pytest.approx((3 / 4 + 1 / 4) / 2)
    odds = LAFTR(TASK, LAFTROptions())
    sure = torch.where(torch.arange(10)[:, None] == 6, torch.tensor([[0.0, -100.0]]), LOGITS)
    value = odds.error(lambda latents: sure[:, : latents.shape[1] - 4], NOTHING, step)
    assert value.item() == pytest.approx((3 / 4 + 0 + 1 / 4 + 1 / 4) / 4)
    parity.adversary.forward = lambda latents: scores
    torch.testing.assert_close(parity.opposing_objective(step), torch.tensor(0.5))


def test_readers_lose_nothing_on_what_is_not_known_and_are_confused_at_even_odds() -> None:
    readers = Readers(4, [2, 3], 8)
    scores = torch.cat([LOGITS, torch.zeros(10, 3)], 1)
    codes = torch.stack([torch.from_numpy(GROUPS), torch.full((10,), -1)], 1)
    first = (7 * np.log(4) + 2 * np.log(4 / 3)) / 9
    assert readers.losses(scores, codes).tolist() == pytest.approx([first, 0])
    assert readers.confusion(scores).tolist() == pytest.approx([np.log(2 / np.sqrt(3)), 0], abs=1e-6)
    assert readers(torch.rand(10, 4)).shape == (10, 5)


def test_triplets_of_action_units() -> None:
    method = AUTriplets(TASK, AUTripletsOptions(margin=0.5, alike=0.5, unlike=1.5))
    angles = torch.tensor([0.0, 0.2, 0.4, 0, 0, 0, 0.3, 0.3, 0.1, 0])
    latents = 5 * torch.stack([angles.cos(), angles.sin()], 1)
    units = VALUES[:, 0] / np.nanstd(VALUES[:, 0].astype(np.float64))
    far = ((latents[:, None] / 5 - latents / 5) ** 2).sum(2)
    misses = []
    for i in range(9):
        like = [far[i, j].item() for j in range(9) if j != i and abs(units[i] - units[j]) < 0.5]
        unlike = [far[i, j].item() for j in range(9) if abs(units[i] - units[j]) > 1.5]
        if like and unlike:
            misses.append(max(0, 0.5 + max(like) - min(unlike)))
    assert len(misses) == 8
    latents = latents.detach().requires_grad_()
    value = method.triplets(latents, torch.from_numpy(VALUES))
    assert value.item() == pytest.approx(np.mean(misses), rel=1e-4)
    value.backward()
    assert latents.grad.isfinite().all()
    with pytest.raises(SettingsError, match=r"needs action units.*'unit:AU12L'. Named are: age"):
        AUTriplets(replace(TASK, continuous=("age",)), AUTripletsOptions())


def test_prior_shift_answers_as_if_groups_were_alike() -> None:
    method = PriorShift(TASK, PriorShiftOptions())
    done = method.finish(net(), None)
    joint, both = np.array([[7.0, 2], [2, 2]]) / 13, np.array([9.0, 4]) / 13
    wanted = np.log(both / (joint / joint.sum(1, keepdims=True)))
    np.testing.assert_allclose(done.adjust(np.zeros((2, 2)), np.array([0, 1])), wanted, rtol=1e-5)


def test_group_thresholds_bring_groups_to_the_shares_over_all() -> None:
    rng = np.random.default_rng(0)
    labels, groups = rng.integers(0, 3, 600), rng.integers(-1, 2, 600)
    logits = np.eye(3)[labels] * 2 + rng.normal(size=(600, 3)) + np.where(groups[:, None] == 1, [[1.0, 0, -1]], 0)
    task = replace(TASK, classes=("happy", "sad", "neutral"))
    method = GroupThresholds(task, GroupThresholdsOptions(hold=1e-4))
    given = Answers(np.zeros((600, 4), np.float32), logits, labels, groups, groups[:, None], np.zeros((600, 0)))
    done = method.finish(Residual(3, OPTIONS), lambda split: {"validation": given}[split])
    wanted, _ = found_shares(logits, labels)
    adjusted = done.adjust(logits, groups)
    for group in (0, 1):
        mine = groups == group
        before, after = (np.abs(found_shares(z[mine], labels[mine])[0] - wanted).max() for z in (logits, adjusted))
        assert after < before / 2  # two free numbers for three shares: near, not equal
    few = GroupThresholds(task, GroupThresholdsOptions(faces=1000)).finish(Residual(3, OPTIONS), lambda split: given)
    assert not few.shift.any()


def test_dfr_fits_a_head_to_which_groups_count_alike() -> None:
    from sklearn.linear_model import LogisticRegression

    latents = np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32)
    done = DFR(TASK, DFROptions(strength=0.5)).finish(net(), lambda split: answers(LOGITS.numpy(), latents))
    known = GROUPS >= 0
    weights = np.where((GROUPS == 0) & (LABELS == 0), 9 / 24, 9 / 4)[known]
    scaled = (latents - latents[known].mean(0)) / latents[known].std(0)
    peer = LogisticRegression(C=0.5).fit(scaled[known], LABELS[known], weights)
    p = done.classify(torch.from_numpy(latents)).softmax(1).detach().numpy()
    np.testing.assert_allclose(p, peer.predict_proba(scaled), atol=1e-3)


def test_dfr_never_answers_what_nobody_shows_and_needs_two_expressions() -> None:
    latents = np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32)
    done = DFR(TASK, DFROptions()).finish(Residual(3, OPTIONS), lambda split: answers(LOGITS.numpy(), latents))
    assert done.classify(torch.from_numpy(latents)).argmax(1).max() < 2
    one = replace(answers(LOGITS.numpy(), latents), labels=np.zeros(10, int))
    with pytest.raises(SettingsError, match="9 validation faces of a known group"):
        DFR(TASK, DFROptions()).finish(net(), lambda split: one)


@pytest.mark.parametrize("within", [False, True])
def test_leace_takes_every_linear_trace_and_no_more_than_it_must(within: bool) -> None:
    rng = np.random.default_rng(0)
    labels, groups = rng.integers(0, 2, (2, 500))
    groups = np.where(rng.random(500) < 0.3, labels, groups)  # base rates differ
    latents = rng.normal(size=(500, 4)) @ rng.normal(size=(4, 4)) + np.outer(groups, [1, 2, 0, 0]) + labels[:, None]
    concept = np.where(np.arange(500)[:, None] < 450, groups[:, None], np.nan)
    codes = labels if within else np.zeros_like(labels)
    taken, centre = eraser(latents, concept, codes)
    after = latents - (latents - centre) @ taken.T
    known = np.arange(500) < 450
    rest = groups[known] - np.array([groups[known & (codes == c)].mean() for c in codes[known]])
    np.testing.assert_allclose(after[known].T @ rest, 0, atol=1e-8)
    assert np.linalg.matrix_rank(taken) == 1
    np.testing.assert_allclose(taken @ taken, taken, atol=1e-10)
    # Orthogonal in the metric of the covariance: nothing that takes as much changes the latents less.
    inverse = np.linalg.inv(np.cov(latents.T, bias=True))
    np.testing.assert_allclose(inverse @ taken, (inverse @ taken).T, atol=1e-8)


def test_leace_erases_groups_attributes_and_numbers_and_may_refit() -> None:
    task = replace(TASK, continuous=tuple(f"number{i}" for i in range(VALUES.shape[1])))
    latents = np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32)
    given = answers(LOGITS.numpy(), latents)
    for refit in (False, True):
        done = LEACE(task, LEACEOptions(refit=refit)).finish(net(), lambda split: {"train": given}[split])
        eraser_net = done.inner if refit else done
        after = latents - (latents - eraser_net.centre.numpy()) @ eraser_net.taken.numpy().T
        known = GROUPS >= 0
        for concept in (GROUPS, VALUES[:, 0]):
            np.testing.assert_allclose(np.cov(after[known].T, concept[known])[-1, :-1], 0, atol=1e-5)
        torch.testing.assert_close(done.encode(batch().pixels), eraser_net.encode(batch().pixels))


def test_swad_averages_between_the_dip_and_the_rise() -> None:
    class One(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = torch.nn.Parameter(torch.zeros(1))

    def run(losses: list[float], **options: float) -> tuple[float, str]:
        method, held = SWAD(replace(TASK, epochs=len(losses)), SWADOptions(**options)), One()
        method.prepare(held)
        for epoch, loss in enumerate(losses):
            for step in range(2):
                held.w.data.fill_(10 * epoch + step)
                method.running += held.w.detach()
                method.marks[0] += 1
            p = np.exp(-loss)
            logits = np.log(np.where(np.eye(2)[LABELS] > 0, p, 1 - p))
            method.after_epoch(epoch, lambda split, logits=logits: {"validation": answers(logits)}[split])
        return method.finish(held, None).w.item(), method.notices()[0].message.rpartition("of ")[2]

    # Dip at epoch 2 (of 0.5, not undercut by the next); 0.9 and 0.8 are above 1.3 * 0.55; epochs 2, 3 and 4 are kept.
    losses = [1.0, 0.7, 0.5, 0.6, 0.7, 0.9, 0.8, 0.1]
    assert run(losses, optimum=2, overfit=2) == (pytest.approx((20.5 + 30.5 + 40.5) / 3), "epochs 3 to 5.")
    assert run(losses[:6], optimum=2, overfit=2) == (pytest.approx((20.5 + 30.5 + 40.5 + 50.5) / 4), "epochs 3 to 6.")
    last = "the last epoch: the loss had no dip before."
    assert run([3.0, 2.0, 1.0], optimum=2, overfit=2) == (pytest.approx(20.5), last)


@pytest.mark.parametrize("kind", [LAFTR, Disentangled, LEACE])
def test_an_attribute_that_is_the_expression_cannot_be_forgotten(kind: type[Mitigation]) -> None:
    same = replace(TASK, face_groups=LABELS, face_attributes=LABELS[:, None])
    with pytest.raises(SettingsError, match=r"cannot be forgotten:\n- g and .* information is 0\.88 of at most 0\.88"):
        kind(same, kind.Options())
