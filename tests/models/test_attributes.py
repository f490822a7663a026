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


@pytest.mark.parametrize("asked", [("dlib",), ("lite",), ("dlib", "lite")])
def test_the_graph_is_the_nets_and_stays_near_them_in_8_bits(asked: tuple[str, ...]) -> None:
    torch = pytest.importorskip("torch")
    import onnxruntime

    from evenface.models.attributes_graph import attributes_graph
    from evenface.models.attributes_net import AttributesNet
    from evenface.models.efficientnet_lite import EfficientNetLite
    from evenface.models.graph import quantised

    def run(model: bytes) -> dict[str, np.ndarray]:
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        return dict(zip([o.name for o in session.get_outputs()], session.run(None, {"faces": pixels}), strict=True))

    def mirrored(net: torch.nn.Module) -> torch.Tensor:
        return (net(x) + net(x.flip(3))) / 2

    torch.manual_seed(0)
    pixels = faces(2)
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
    dlib, body, head = AttributesNet().eval(), EfficientNetLite(), torch.nn.Linear(1280, 18)
    with torch.inference_mode():
        for module in [*dlib.modules(), *body.modules()]:
            if isinstance(module, torch.nn.Conv2d):  # else little is left of a face after 14 blocks
                torch.nn.init.kaiming_normal_(module.weight)
            elif isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = None  # statistics of one batch
        body(torch.rand(3, 3, 96, 96))
        lite = mirrored(lambda seen: head(body.eval()(seen).mean((2, 3))))
        x = torch.nn.functional.interpolate(x, size=150, mode="bilinear", align_corners=False)
        dlib.head.weight /= 10 * dlib.body(x).std()
        scores = {"dlib": mirrored(dlib), "lite": lite}
    told = {"dlib": dlib.state_dict(), "lite.head": head.state_dict()}
    weights = {f"{net}.{name}": value.numpy() for net, tensors in told.items() for name, value in tensors.items()}
    for name, module in body.named_modules():
        if hasattr(module, "norm"):
            fused = torch.nn.utils.fuse_conv_bn_eval(module.conv, module.norm).state_dict()
            weights |= {f"lite.body.{name}.conv.{part}": value.numpy() for part, value in fused.items()}
    temperatures = {net: {"dlib": (1.0, 0.5, 2.0), "lite": (0.5, 1.0, 1.5)}[net] for net in asked}
    found = run(attributes_graph(weights, LEVELS, temperatures, show=True))
    ranges = {name: (float(x.min()), float(x.max())) for name, x in found.items() if name not in LEVELS}
    rough = run(attributes_graph(quantised(weights), LEVELS, temperatures, ranges=ranges))
    parts = {net: scores[net].split([len(levels) for levels in LEVELS.values()], 1) for net in asked}
    for k, name in enumerate(LEVELS):
        mean = torch.stack([parts[net][k] / temperatures[net][k] for net in asked]).mean(0)
        wanted = torch.softmax(mean, 1).numpy()
        assert np.abs(found[name] - wanted).max() < 1e-4 < wanted.std()
        assert np.abs(rough[name] - wanted).max() < 0.05


def test_other_files_are_told(tmp_path: Path) -> None:
    from importlib.resources import files

    with pytest.raises(InputError, match="There are no weights"):
        load(tmp_path / "none")
    macro = files("evenface.models").joinpath("weights/macro.safetensors").read_bytes()
    (tmp_path / "macro.safetensors").write_bytes(macro)
    with pytest.raises(InputError, match="no weights of this kind"):
        load(tmp_path / "macro.safetensors")
    assert set(WEIGHTS) == {"attributes"}
