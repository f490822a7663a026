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
    assert places[-2:] == ["latent", "logits"]
    assert len(places) > 4
    assert not {"head", "dropout", "drawer"} & set(places), "what comes after the latent is no layer of the encoder"
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
