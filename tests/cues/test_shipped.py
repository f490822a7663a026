"""The cues that ship, on generated faces; each is skipped where what it needs is not there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from evenface.core.errors import InputError, SettingsError
from evenface.cues import CUES, DEFAULT
from evenface.cues._cue import Cue
from evenface.faces.assets import MissingAssetError

OPEN = list(DEFAULT)


@pytest.fixture(scope="module")
def portraits() -> NDArray[np.uint8]:
    """Three generated people as chips of 192 pixels: at rest, and with a broad smile, and with brows raised."""
    pytest.importorskip("warp", reason="faces are drawn with Warp, which the extra evenface[synthesis] brings")
    from evenface.synthesis.facs import actions_of, units_of
    from evenface.synthesis.parameters import ACTIONS
    from evenface.synthesis.render.draw import render

    actions = np.concatenate([actions_of(units_of(shown)) for shown in ("12A", "6D+12E+25C", "1E+2E+5D+26D+25D")])
    people = pl.DataFrame({"person": [1, 1, 1]}).with_columns(
        pl.Series(f"action:{name}", actions[:, i]) for i, name in enumerate(ACTIONS)
    )
    return render(people, 192)


@pytest.fixture(scope="module", params=OPEN)
def cue(request: pytest.FixtureRequest) -> Iterator[Cue]:
    try:
        made = CUES.get(request.param)()
    except (MissingAssetError, SettingsError) as missing:
        pytest.skip(str(missing))
    yield made
    made.close()


def seen_by(cue: Cue, portraits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from PIL import Image

    chips = np.stack([np.asarray(Image.fromarray(each).resize((cue.size, cue.size))) for each in portraits])
    return np.repeat(chips[:, None], cue.frames, 1) if cue.frames else chips


def test_it_reads_each_face_by_itself(cue: Cue, portraits: NDArray[np.uint8]) -> None:
    chips = seen_by(cue, portraits)
    together = cue.read(chips)
    assert together.values.shape == (3, len(cue.channels))
    assert together.valid.all()
    turned = cue.read(chips[::-1])
    np.testing.assert_array_equal(turned.values[::-1], together.values)
    assert ((together.confidence >= 0) & (together.confidence <= 1) | np.isnan(together.confidence)).all()


def test_it_reads_no_face_at_all(cue: Cue, portraits: NDArray[np.uint8]) -> None:
    assert cue.read(seen_by(cue, portraits)[:0]).values.shape == (0, len(cue.channels))


def test_it_refuses_chips_of_another_shape(cue: Cue) -> None:
    with pytest.raises(InputError, match=f"Cue '{cue.name}' reads"):
        cue.read(np.zeros((2, 5, 5, 3), np.uint8))


def test_the_shown_units_are_read_as_shown(portraits: NDArray[np.uint8]) -> None:
    try:
        cue = CUES.get("action_units")()
    except (MissingAssetError, SettingsError) as missing:
        pytest.skip(str(missing))
    rest, smile, brows = (dict(zip(cue.channels, row, strict=True)) for row in cue.read(portraits).values)
    cue.close()
    assert smile["AU12"] > 2 > rest["AU12"]
    assert smile["AU06"] > 2
    assert brows["AU01"] > 2 > smile["AU01"]
    assert brows["AU26"] > 2 > rest["AU26"]


def test_a_face_without_landmarks_has_a_reason() -> None:
    try:
        cue = CUES.get("head_pose")()
    except (MissingAssetError, SettingsError) as missing:
        pytest.skip(str(missing))
    reading = cue.read(np.zeros((1, 192, 192, 3), np.uint8))
    cue.close()
    assert reading.reasons == ("no landmarks could be placed",)
    assert np.isnan(reading.values).all()


def test_vgg11_gives_the_channels_of_its_convolutions() -> None:
    torch = pytest.importorskip("torch", reason="the extra evenface[models] brings torch")
    from evenface.cues._torchvision import laid_out
    from evenface.cues.vgg11 import WIDTHS, channel_means

    layers: list[torch.nn.Module] = []
    inside = 3
    torch.manual_seed(0)
    for number, width in enumerate(WIDTHS):
        layers += [torch.nn.Conv2d(inside, width, 3, padding=1), torch.nn.ReLU(inplace=True)]
        layers += [torch.nn.MaxPool2d(2)] * (number in (0, 1, 3, 5, 7))
        inside = width
    net = torch.nn.Sequential(*layers).eval()
    with torch.inference_mode():
        faces = torch.rand(2, 3, 32, 32)
        means = channel_means(net, faces)
        assert means.shape == (2, 2752)
        assert len(CUES.get("vgg11").channels) == 2752
        with pytest.raises(InputError, match="VGG11 has"):
            channel_means(net[:6], torch.rand(1, 3, 32, 32))
        rounded = channel_means(laid_out(net), faces)
    assert rounded.dtype == torch.float32
    torch.testing.assert_close(rounded, means, atol=0.01 * float(means.max()), rtol=0.05)


def test_squeezenet_gives_the_mean_of_each_channel_of_its_last_layer() -> None:
    torch = pytest.importorskip("torch", reason="the extra evenface[models] brings torch")
    from evenface.cues.squeezenet import SqueezeNet

    cue = SqueezeNet.__new__(SqueezeNet)  # without torchvision's weights, which must be downloaded
    cue._layers = torch.nn.Sequential(torch.nn.Conv2d(3, 512, 1)).eval()
    chips = np.random.default_rng(0).integers(0, 256, (3, 128, 128, 3), np.uint8)
    found = cue.read(chips).values
    mean = (chips.mean((1, 2)) / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    weight, bias = (each.detach().numpy() for each in cue._layers[0].parameters())
    np.testing.assert_allclose(found, mean @ weight[:, :, 0, 0].T + bias, atol=1e-4)


def test_a_movement_is_seen_and_a_moving_head_is_not() -> None:
    torch = pytest.importorskip("torch", reason="the extra evenface[models] brings torch")
    from evenface.models.micro_net import flow, normalised

    rows, columns = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")

    def scene(right: float, local: float) -> torch.Tensor:
        x = columns - right - local * torch.exp(-((rows - 40) ** 2 + (columns - 40) ** 2) / 60)
        return 60 * torch.sin(x / 3) + 60 * torch.cos(rows / 4 + x / 9)

    times = torch.linspace(0, 1, 18)
    head = normalised(torch.stack([scene(float(t), 0) for t in times])[None])
    mouth = normalised(torch.stack([scene(0, float(t)) for t in times])[None])
    still = normalised(scene(0, 0).expand(1, 18, 64, 64))
    assert flow(still).abs().max() < 1e-4
    assert flow(head).abs().mean() < 0.06  # of a shift by 1 pixel
    last = flow(mouth)[0, 0, -1]
    assert last[10, 10] > 0.4
    assert last[3, 3].abs() < 0.1
