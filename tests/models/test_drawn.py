import numpy as np
import pytest
import torch

from evenface.core.errors import InputError
from evenface.models.drawn import drawer, edited, sheet
from evenface.models.nets.erased import Erased
from evenface.models.nets.residual import Residual, ResidualOptions
from evenface.models.nets.vae import VAE, VAEOptions

OPTIONS = VAEOptions(widths=(8, 8), drawing=(8, 8), grid=4, latent=2, head=8, blocks=1, attributes=(2, 3))
NAMES = {"gender": ("female", "male"), "age": ("child", "adult", "old")}


def test_a_sheet_has_a_row_for_each_face_and_each_direction() -> None:
    net = VAE(3, OPTIONS).eval()
    pixels = torch.rand(5, 3, 20, 20)
    found = sheet(net, pixels, torch.zeros(5, 2, dtype=torch.long), NAMES, directions=3, steps=4, scale=1)
    assert found.dtype == np.uint8
    assert found.shape == ((16 + 5 * 24) + (16 + 3 * 24), 7 * 24, 3)
    first = torch.from_numpy(found[18:38, 2:22].copy()).permute(2, 0, 1)
    assert torch.equal(first, (pixels[0] * 255).round().byte()), "the face itself comes first"
    assert sheet(net, pixels, None, NAMES, directions=0).shape == (16 + 5 * 44, 7 * 44, 3)
    some = NAMES | {"age": ("child", None, "old")}
    assert sheet(net, pixels, None, some, directions=0).shape == (16 + 5 * 44, 6 * 44, 3), "None is not drawn"


def test_a_face_changed_to_what_it_is_stays() -> None:
    net = VAE(3, OPTIONS).eval()
    pixels, told = torch.rand(2, 3, 20, 20), torch.tensor([[0, 1], [1, -1]])
    with torch.inference_mode():
        latents = net.encode(pixels)
        torch.testing.assert_close(edited(net, pixels, latents, told, told), pixels)
        assert not torch.equal(edited(net, pixels, latents, told, 1 - told.clamp_min(0)), pixels)


def test_what_cannot_be_drawn_is_told() -> None:
    with pytest.raises(InputError, match=r"'residual' draws no faces"):
        sheet(Residual(2, ResidualOptions(widths=(8,), blocks=(1,))), torch.rand(2, 3, 16, 16))
    with pytest.raises(InputError, match=r"with \(2, 3\) levels; named are \(2,\)"):
        sheet(VAE(3, OPTIONS), torch.rand(2, 3, 16, 16), None, {"gender": ("a", "b")})


def test_the_net_that_draws_may_be_inside_another() -> None:
    net = VAE(3, OPTIONS)
    assert drawer(Erased.around(net)) is net is drawer(net)
