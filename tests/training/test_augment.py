import pytest
import torch

from evenface.training.augment import augment, to_pixels
from evenface.training.settings import AugmentSettings

NOTHING = dict.fromkeys(AugmentSettings.model_fields, 0.0)


def faces(n: int = 64, size: int = 24) -> torch.Tensor:
    ramp = torch.linspace(0.2, 0.8, size)
    grid = torch.stack([ramp.expand(size, size), ramp.expand(size, size).T, torch.full((size, size), 0.3)])
    return grid.expand(n, 3, size, size).contiguous(memory_format=torch.channels_last)


def changed(**settings: float) -> torch.Tensor:
    torch.manual_seed(0)
    return augment(faces(), AugmentSettings(**(NOTHING | settings)))


def test_nothing_asked_changes_nothing() -> None:
    assert torch.equal(changed(), faces())


def test_pixels_come_from_bytes_in_order() -> None:
    chips = torch.arange(2 * 4 * 4 * 3, dtype=torch.uint8).view(2, 4, 4, 3)
    pixels = to_pixels(chips)
    assert pixels.shape == (2, 3, 4, 4)
    assert pixels.is_contiguous(memory_format=torch.channels_last)
    assert pixels[1, 2, 3, 0].item() == pytest.approx(chips[1, 3, 0, 2].item() / 255)


def test_flip_mirrors_the_share_that_was_asked() -> None:
    torch.testing.assert_close(changed(flip=1.0), faces().flip(3), atol=1e-5, rtol=0)
    mirrored = (changed(flip=0.5)[:, 0, 0, 0] > 0.5).float().mean()
    assert 0.3 < mirrored < 0.7


def test_shift_and_rotation_stay_within_bounds() -> None:
    moved = changed(shift=0.1)[:, 0, 12, 12] - faces()[0, 0, 12, 12]
    assert moved.abs().max() <= 0.6 * 0.1 * 24 / 23 + 1e-4
    assert moved.abs().max() > 0.04
    turned = changed(rotate=90.0)
    assert turned[:, :2].std(0).max() > 0.05
    torch.testing.assert_close(turned[:, 2], faces()[:, 2], atol=1e-5, rtol=0)


def test_grey_has_one_value_for_all_colours() -> None:
    grey = changed(grey=1.0)
    torch.testing.assert_close(grey[:, 0], grey[:, 2])
    torch.testing.assert_close(grey[0, 0], (faces()[0] * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(0))


def test_erase_hides_part_of_each_face_and_noise_has_its_size() -> None:
    hidden = (changed(erase=1.0) == 0.5).all(1).float().mean((1, 2))
    assert ((hidden > 0) & (hidden < 0.25)).all()
    assert 0.01 < (changed(noise=0.1) - faces()).std((1, 2, 3)).max() < 0.11


def test_blur_keeps_a_ramp_and_smooths_noise() -> None:
    torch.testing.assert_close(changed(blur=1.0)[:, :, 1:-1, 1:-1], faces()[:, :, 1:-1, 1:-1], atol=1e-5, rtol=0)
    torch.manual_seed(0)
    rough = torch.rand(8, 3, 16, 16)
    torch.manual_seed(0)
    assert augment(rough, AugmentSettings(**(NOTHING | {"blur": 1.0}))).std() < 0.7 * rough.std()


def test_all_together_stay_in_range_and_repeat() -> None:
    strong = {"flip": 0.5, "rotate": 40, "scale": 0.5, "shift": 0.3, "gamma": 2, "contrast": 0.9, "grey": 0.5,
              "blur": 0.5, "noise": 1, "erase": 0.5}  # fmt: skip
    one = changed(**strong)
    assert (one >= 0).all()
    assert (one <= 1).all()
    assert torch.equal(one, changed(**strong))
    assert one.is_contiguous(memory_format=torch.channels_last)
