import pytest
import torch

from evenface.models.nets.vae import VAE, VAEOptions

SMALL = {"widths": (8, 8), "drawing": (8, 8), "latent": 2, "head": 8, "blocks": 1}


@pytest.mark.parametrize(("size", "grid"), [(32, 8), (48, 6), (100, 6), (112, 7)])
def test_faces_of_any_size_are_drawn_at_the_size_of_the_grid(size: int, grid: int) -> None:
    net = VAE(3, VAEOptions(**SMALL, grid=grid, attributes=(2, 5))).eval()
    with torch.inference_mode():
        mean, log_variance = net.distribution(torch.rand(2, 3, size, size))
        drawn = net.decode(mean, torch.tensor([[0, 4], [-1, -1]]))
    assert mean.shape == log_variance.shape == (2, net.width) == (2, 2 * grid * grid)
    assert drawn.shape == (2, 3, 4 * grid, 4 * grid)
    assert 0 <= drawn.min() <= drawn.max() <= 1
    assert log_variance.min() > -8
    assert log_variance.max() < 2


def test_the_latent_is_the_mean_and_keeps_where_things_are() -> None:
    net = VAE(3, VAEOptions(**SMALL, grid=8)).eval()
    pixels = torch.zeros(1, 3, 32, 32)
    with torch.inference_mode():
        assert torch.equal(net.encode(pixels), net.distribution(pixels)[0])
        marked = pixels.clone()
        marked[..., :8, :8] = 1
        moved = (net.encode(marked) - net.encode(pixels)).view(2, 8, 8).abs().sum(0)
    assert moved[:3, :3].sum() > 10 * moved[-3:, -3:].sum()


def test_what_is_not_known_is_drawn_as_the_mean_of_the_levels() -> None:
    net = VAE(3, VAEOptions(**SMALL, grid=4, attributes=(2,))).eval()
    latents = torch.randn(1, net.width)
    with torch.inference_mode():
        unknown = net.decode(latents)
        assert torch.equal(unknown, net.decode(latents, torch.tensor([[-1]])))
        assert not torch.equal(net.decode(latents, torch.tensor([[0]])), net.decode(latents, torch.tensor([[1]])))
        level = net.drawer.levels[0].weight
        level[0] = level[1] = level.mean(0)
        torch.testing.assert_close(net.decode(latents, torch.tensor([[1]])), unknown)
