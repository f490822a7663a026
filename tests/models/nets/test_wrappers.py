"""Nets around nets: how they answer, and that a file of weights brings the whole of them back."""

from pathlib import Path

import numpy as np
import pytest
import torch

from evenface.core.config import InvalidSettings
from evenface.models.nets._files import NetCard, load_net, save_net
from evenface.models.nets.branch import Branch
from evenface.models.nets.erased import Erased, ErasedOptions
from evenface.models.nets.group_shift import GroupShift
from evenface.models.nets.linear_head import LinearHead
from evenface.models.nets.residual import Residual, ResidualOptions

PIXELS = torch.rand(5, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def net() -> Residual:
    torch.manual_seed(0)
    return Residual(3, ResidualOptions(widths=(8,), blocks=(1,))).eval()


def test_until_something_is_set_erased_and_shifted_nets_answer_as_the_one_inside() -> None:
    plain = net()
    for kind, options in ((Erased, {}), (GroupShift, {"groups": 2})):
        made = kind.around(plain, **options)
        assert not made.training
        assert torch.equal(made(PIXELS), plain(PIXELS))


def test_what_is_taken_is_seen_in_the_latent() -> None:
    made = Erased.around(net())
    made.taken.copy_(torch.eye(8))
    made.centre.fill_(2)
    torch.testing.assert_close(made.encode(PIXELS), torch.full((5, 8), 2.0))


def test_a_branch_changes_the_latent_that_the_head_reads() -> None:
    made = Branch.around(net())
    torch.testing.assert_close(made.encode(PIXELS), made.inner.encode(PIXELS).relu(), msg="it begins as the trunk")
    made.layer.weight.data.uniform_()
    torch.testing.assert_close(made.encode(PIXELS), made.layer(made.inner.encode(PIXELS)).relu())


def test_nets_around_nets_come_back(tmp_path: Path) -> None:
    made = GroupShift.around(LinearHead.around(Erased.around(net())), groups=2)
    made.shift.data.uniform_()
    made.inner.inner.taken.uniform_()
    save_net(tmp_path / "net", made, NetCard(("a", "b", "c"), 16))
    back, _ = load_net(tmp_path / "net")
    assert back.options == made.options
    with torch.inference_mode():
        assert torch.equal(back(PIXELS), made(PIXELS))
    groups = np.array([0, 1, -1, 1, 0])
    np.testing.assert_array_equal(back.adjust(np.zeros((5, 3)), groups), made.adjust(np.zeros((5, 3)), groups))


def test_an_unknown_net_inside_is_told() -> None:
    with pytest.raises(InvalidSettings, match="Did you mean 'residual'"):
        ErasedOptions(of={"kind": "residul"})
