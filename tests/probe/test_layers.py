import numpy as np
import pytest
import torch

from evenface.models.nets import NETS
from evenface.models.nets._net import Net
from evenface.probe.layers import MOST_FEATURES, read_places

SMALL = {
    "vae": {"widths": (8, 8), "drawing": (8, 8), "grid": 4, "latent": 2, "head": 8, "blocks": 1},
    "residual": {"widths": (8,), "blocks": (1,)},
    "macro": {"widths": (8, 8)},
}


HEADS = {"vae": ["head.0", "head.3"], "residual": [], "macro": []}  # what is computed between latent and scores


def made(kind: str) -> Net:
    net = NETS.get(kind)
    return net(3, net.Options(kind=kind, **SMALL[kind])).eval()


@pytest.mark.parametrize("kind", SMALL)
def test_each_place_is_read_in_the_order_of_the_net(kind: str) -> None:
    net = made(kind)
    chips = np.random.default_rng(0).integers(0, 255, (5, 16, 16, 3), np.uint8)
    found = read_places(net, chips, layers=True)
    places = list(found)
    assert places[0] == "pixels"
    assert places[places.index("latent") :] == ["latent", *HEADS[kind], "logits"], "the scores are no layer again"
    assert places.index("latent") > 2
    assert all(len(each) == 5 and each.shape[1] <= MOST_FEATURES for each in found.values())
    assert found["latent"].shape == (5, net.width)
    assert list(read_places(net, chips)) == ["pixels", "latent", "logits"]
    assert not any(module._forward_hooks for module in net.modules()), "hooks are taken off again"


def test_the_net_inside_a_wrapper_is_seen() -> None:
    torch.manual_seed(0)
    inner, wrapper = made("residual"), NETS.get("linear_head")
    chips = np.random.default_rng(0).integers(0, 255, (3, 16, 16, 3), np.uint8)
    names = list(read_places(inner, chips, layers=True))
    assert list(read_places(wrapper.around(inner).eval(), chips, layers=True)) == names


def test_answers_that_ask_who_is_shown_are_a_place_of_their_own() -> None:
    net = NETS.get("group_shift").around(made("residual"), groups=2).eval()
    chips = np.random.default_rng(0).integers(0, 255, (4, 16, 16, 3), np.uint8)
    groups = np.array([0, 1, -1, 1])
    assert list(read_places(net, chips, groups)) == ["pixels", "latent", "logits"], "nothing is shifted yet"
    with torch.no_grad():
        net.shift[1, 2] = 3.0
    found = read_places(net, chips, groups)
    assert list(found)[-1] == "answers"
    moved = found["answers"] - found["logits"]
    np.testing.assert_allclose(moved, np.outer(groups == 1, [0, 0, 3]), atol=1e-5)
    assert "answers" not in read_places(net, chips)
