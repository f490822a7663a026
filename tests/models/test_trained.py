"""A run's weights answer as the run itself did."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from evenface.core.errors import InputError  # noqa: E402
from evenface.models.nets._files import NetCard, save_net  # noqa: E402
from evenface.models.nets.residual import Residual, ResidualOptions  # noqa: E402
from evenface.models.trained import TrainedModel  # noqa: E402
from evenface.serve.loading import load  # noqa: E402


@pytest.fixture
def run(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    net = Residual(3, ResidualOptions(widths=(8, 16), blocks=(1, 1)))
    save_net(tmp_path / "weights.safetensors", net, NetCard(("happy", "sad", "neutral"), 32, 1.5, flip=True))
    return tmp_path


def test_answers_are_calibrated_means_over_both_ways_round(run: Path) -> None:
    model = TrainedModel(run / "weights.safetensors")
    chips = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
    found = model.probabilities(chips)
    assert model.classes == ("happy", "sad", "neutral") and model.size == 32
    assert np.allclose(found.sum(1), 1, atol=1e-5)
    assert np.abs(model.probabilities(chips[:, :, ::-1]) - found).max() < 1e-5
    assert np.abs(model.probabilities(chips[31:33]) - found[31:33]).max() < 1e-5
    net = model._net
    pixels = torch.from_numpy(chips[:5]).permute(0, 3, 1, 2) / 255
    with torch.inference_mode():
        wanted = torch.softmax((net(pixels) + net(pixels.flip(3))) / 2 / 1.5, 1).numpy()
    assert np.abs(found[:5] - wanted).max() < 1e-5


def test_shares_travel_with_the_weights_where_they_are_known(run: Path) -> None:
    path = run / "weights.safetensors"
    assert TrainedModel(path).shares is None
    net = TrainedModel(path)._net
    save_net(path, net, NetCard(("happy", "sad", "neutral"), 32, shares=(0.5, 0.3, 0.2)))
    assert TrainedModel(path).shares.tolist() == [0.5, 0.3, 0.2]


def test_a_predictor_finds_them_by_file_and_by_folder(run: Path) -> None:
    for place in (run, run / "weights.safetensors", str(run)):
        assert isinstance(load(place), TrainedModel)
    (run / "empty").mkdir()
    with pytest.raises(InputError, match="There are no weights"):
        load(run / "empty")
    with pytest.raises(InputError, match="Weights that ship: macro"):
        load("makro")
