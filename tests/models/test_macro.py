"""Weights that ship: what they answer to, and that their graph is the net they were trained as."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from evenface.core.errors import InputError
from evenface.models.graph import folded, macro_graph, quantised
from evenface.models.macro import WEIGHTS, load
from evenface.models.packed import read_safetensors


def faces(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 48, 48, 3), dtype=np.uint8)


def test_answers_are_probabilities_and_do_not_depend_on_the_others() -> None:
    model = load()
    chips = faces(70)
    together = model.probabilities(chips)
    assert together.shape == (70, len(model.classes)) and np.allclose(together.sum(1), 1, atol=1e-5)
    for start, stop in ((0, 1), (31, 33), (40, 70)):
        assert np.abs(model.probabilities(chips[start:stop]) - together[start:stop]).max() < 1e-5


def test_left_and_right_count_alike_and_exposure_does_not() -> None:
    model = load()
    chips = faces(5)
    plain = model.probabilities(chips)
    assert np.abs(model.probabilities(chips[:, :, ::-1]) - plain).max() < 1e-4
    assert np.abs(model.probabilities(chips // 2 + 40) - plain).max() < 0.05


def made() -> tuple[Any, dict[str, np.ndarray]]:
    """A net of random weights, and those."""
    torch = pytest.importorskip("torch")
    from evenface.models.macro_net import MacroNet

    torch.manual_seed(0)
    net = MacroNet(widths=(40, 48, 64)).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    return net, {k: v.numpy() for k, v in net.state_dict().items() if "num_batches" not in k}


def answers(model: bytes, grey: np.ndarray, names: list[str] | None = None) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(names, {"grey": grey})


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_graph_is_the_net(mirrored: bool) -> None:
    net, state = made()
    import torch

    from evenface.models.macro_net import normalised

    grey = faces(3)[..., :1].transpose(0, 3, 1, 2).astype(np.float32)
    with torch.inference_mode():
        x = normalised(torch.from_numpy(grey))
        logits = (net(x) + net(x.flip(3))) / 2 if mirrored else net(x)
        wanted = torch.softmax(logits / 1.7, 1).numpy()
    found = answers(macro_graph(folded(state), 1.7, mirrored=mirrored), grey)[0]
    assert np.abs(found - wanted).max() < 1e-4


def test_eight_bits_say_nearly_the_same() -> None:
    _, state = made()
    grey = faces(8)[..., :1].transpose(0, 3, 1, 2).astype(np.float32)
    layers = folded(state)
    shown = onnxruntime.InferenceSession(macro_graph(layers, 1.0, mirrored=False, show=True))
    names = [output.name for output in shown.get_outputs()][1:]
    ranges = {n: (float(v.min()), float(v.max())) for n, v in zip(names, shown.run(names, {"grey": grey}), strict=True)}
    small = quantised(layers)
    assert small["body.0.weight"].dtype == np.int8
    exact = answers(macro_graph(layers, 1.0, mirrored=True), grey)[0]
    rough = answers(macro_graph(small, 1.0, mirrored=True, ranges=ranges), grey)[0]
    assert 0 < np.abs(np.log(exact) - np.log(rough)).max() < 0.25


def test_other_files_are_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00not json")
    with pytest.raises(InputError, match="not a safetensors file"):
        load(broken)
    with pytest.raises(InputError, match="There are no weights"):
        load(tmp_path / "none")


def test_half_a_file_is_told(tmp_path: Path) -> None:
    from importlib.resources import files

    packed = files("evenface.models").joinpath("weights/macro.safetensors").read_bytes()
    (tmp_path / "half.safetensors").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InputError):
        load(tmp_path / "half.safetensors")
    assert set(WEIGHTS) == {"macro"}


def changed(path: Path, **about: str) -> Path:
    """The shipped weights with other metadata."""
    from importlib.resources import files

    from safetensors.numpy import load, save

    packed = files("evenface.models").joinpath("weights/macro.safetensors").read_bytes()
    _, told = read_safetensors(packed, "macro")
    path.write_bytes(save(load(packed), told | about))
    return path


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"classes": '["a"]'}, "for 7 probabilities"),
        ({"classes": "5"}, "missing or wrong"),
        ({"ranges": "{}"}, "the range of in"),
        ({"ranges": "[]"}, "missing or wrong"),
        ({"temperature": "warm"}, "missing or wrong"),
    ],
)
def test_weights_that_say_what_cannot_be_are_told(tmp_path: Path, about: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        load(changed(tmp_path / "other.safetensors", **about))


def test_layers_that_do_not_fit_each_other_are_told(tmp_path: Path) -> None:
    from importlib.resources import files

    from safetensors.numpy import load as tensors
    from safetensors.numpy import save

    packed = files("evenface.models").joinpath("weights/macro.safetensors").read_bytes()
    _, about = read_safetensors(packed, "macro")
    found = tensors(packed)
    found["body.5.second.weight"] = found["body.5.second.weight"][:, 1:].copy()
    (tmp_path / "odd.safetensors").write_bytes(save(found, about))
    with pytest.raises(InputError, match="layers do not fit"):
        load(tmp_path / "odd.safetensors")
    (tmp_path / "five.safetensors").write_bytes((1).to_bytes(8, "little") + b"5")
    with pytest.raises(InputError, match="not a safetensors file"):
        load(tmp_path / "five.safetensors")
