"""Weights that ship: what they answer to, and that their graph is the net they were trained as."""

from pathlib import Path

import numpy as np
import pytest

from evenface.core.errors import InputError
from evenface.models.macro import WEIGHTS, load


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


@pytest.mark.parametrize("squeezed", [False, True])
def test_the_graph_is_the_net(squeezed: bool, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    import onnxruntime

    from evenface.models.graph import macro_graph
    from evenface.models.macro_net import MacroNet, normalised

    torch.manual_seed(0)
    net = MacroNet(widths=(40, 48, 64)).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    if not squeezed:
        for module in net.modules():
            if hasattr(module, "excite"):  # a gate of 1 everywhere is no gate
                module.excite.weight.data.zero_()
                module.excite.bias.data.fill_(40.0)
    weights = {k: v.numpy() for k, v in net.state_dict().items() if "num_batches" not in k}
    if not squeezed:
        weights = {k: v for k, v in weights.items() if "squeeze" not in k and "excite" not in k}
    bias = np.linspace(-1, 1, 8).astype(np.float32)
    session = onnxruntime.InferenceSession(macro_graph(weights, bias, 1.7), providers=["CPUExecutionProvider"])
    grey = faces(3)[..., :1].transpose(0, 3, 1, 2).astype(np.float32)
    with torch.inference_mode():
        x = normalised(torch.from_numpy(grey))
        logits = (net(x) + net(x.flip(3))) / 2 + torch.from_numpy(bias)
        wanted = torch.softmax(logits / 1.7, 1).numpy()
    assert np.abs(session.run(None, {"grey": grey})[0] - wanted).max() < 1e-4


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
