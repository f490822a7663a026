"""The attribute estimator: its graph is its net, answers stand for themselves, and its errors come with it."""

from pathlib import Path

import numpy as np
import pytest

from evenface.core.errors import InputError, UnknownNameError
from evenface.models.attributes import BY, LEVELS, MERGED, WEIGHTS, levels_of, load


def faces(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 112, 112, 3), dtype=np.uint8)


def test_answers_are_probabilities_and_do_not_depend_on_the_others() -> None:
    model, pixels = load(), faces(34)
    together = model.probabilities(pixels, BY)
    assert tuple(together) == BY
    for name, chances in together.items():
        assert chances.shape == (34, len(levels_of(name))) and np.allclose(chances.sum(1), 1, atol=1e-5)
    alone = model.probabilities(pixels[31:34], BY)
    assert all(np.abs(alone[name] - together[name][31:34]).max() < 1e-5 for name in BY)
    mirrored = model.probabilities(pixels[:2, :, ::-1])
    assert all(np.abs(mirrored[name] - together[name][:2]).max() < 1e-4 for name in LEVELS)


def test_coarser_attributes_hold_each_level_once() -> None:
    for name, (source, parts) in MERGED.items():
        assert sorted(level for part in parts.values() for level in part) == sorted(LEVELS[source])
        assert levels_of(name) == tuple(parts)
    model = load()
    chances = model.probabilities(faces(2), ("age", "age4"))
    assert np.allclose(chances["age4"][:, 0], chances["age"][:, :3].sum(1), atol=1e-6)
    with pytest.raises(UnknownNameError, match="race4"):
        model.probabilities(faces(1), ("race5",))


@pytest.mark.parametrize("pictures", ["colour", "grey"])
def test_errors_come_with_the_weights_and_those_of_groups_add_up(pictures: str) -> None:
    model = load()
    for name in BY:
        whole = model.confusion(name, pictures)
        assert whole.shape == (len(levels_of(name)),) * 2 and whole.sum() == 2500
        for other in LEVELS:
            if name in LEVELS and other != name:
                parts = [model.confusion(name, pictures, f"{other}={level}") for level in LEVELS[other]]
                assert np.array_equal(np.sum(parts, axis=0), whole)


def test_the_graph_is_the_net() -> None:
    torch = pytest.importorskip("torch")
    import onnxruntime

    from evenface.models.attributes_graph import attributes_graph
    from evenface.models.attributes_net import AttributesNet

    torch.manual_seed(0)
    net = AttributesNet()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # statistics of one batch
    with torch.inference_mode():
        net(torch.rand(3, 3, 96, 96))
    net.eval()
    weights = {}
    for name, module in net.named_modules():
        if hasattr(module, "norm"):
            fused = torch.nn.utils.fuse_conv_bn_eval(module.conv, module.norm)
            weights |= {f"{name}.conv.{part}": getattr(fused, part).detach().numpy() for part in ("weight", "bias")}
    weights |= {f"head.{part}": getattr(net.head, part).detach().numpy() for part in ("weight", "bias")}
    packed = attributes_graph(weights, LEVELS, [1.0, 0.5, 2.0])
    session = onnxruntime.InferenceSession(packed, providers=["CPUExecutionProvider"])
    pixels = faces(2)
    with torch.inference_mode():
        x = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
        scores = ((net(x) + net(x.flip(3))) / 2).split([len(levels) for levels in LEVELS.values()], 1)
        wanted = [torch.softmax(s / t, 1).numpy() for s, t in zip(scores, (1.0, 0.5, 2.0), strict=True)]
    assert wanted[0].std() > 1e-4
    for found, hoped in zip(session.run(list(LEVELS), {"faces": pixels}), wanted, strict=True):
        assert np.abs(found - hoped).max() < 1e-4


def test_other_files_are_told(tmp_path: Path) -> None:
    from importlib.resources import files

    with pytest.raises(InputError, match="There are no weights"):
        load(tmp_path / "none")
    macro = files("evenface.models").joinpath("weights/macro.safetensors").read_bytes()
    (tmp_path / "macro.safetensors").write_bytes(macro)
    with pytest.raises(InputError, match="no weights of this kind"):
        load(tmp_path / "macro.safetensors")
    assert set(WEIGHTS) == {"attributes"}
