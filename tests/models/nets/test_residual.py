import json

import pytest
import torch

from evenface.core.errors import InputError, UnknownNameError
from evenface.models.nets import NETS
from evenface.models.nets._files import NetCard, load_net, save_net
from evenface.models.nets.residual import Residual, ResidualOptions, squares

SMALL = {"widths": (8, 16), "blocks": (1, 2)}


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("size", [16, 49])
def test_every_net_reads_faces_by_its_latents(name: str, size: int) -> None:
    kind = NETS.get(name)
    wrapper = {"of": "residual", "groups": 2}
    options = kind.Options(kind=name, **{key: wrapper[key] for key in wrapper if key in kind.Options.model_fields})
    net = kind(3, options).eval()
    pixels = torch.rand(2, 3, size, size)
    with torch.inference_mode():
        latents = net.encode(pixels)
        assert latents.shape == (2, net.width)
        assert torch.equal(net(pixels), net.classify(latents))
        torch.testing.assert_close(net(pixels)[:1], net(pixels[:1]), atol=1e-5, rtol=0)
    assert net(pixels).shape == (2, net.classes)


def test_blocks_start_as_short_cuts() -> None:
    net = Residual(3, ResidualOptions(**SMALL, dropout=0.0)).eval()
    x = torch.rand(1, 8, 16, 16)
    torch.testing.assert_close(net.stages[0](x), x)


def test_weights_come_back_with_what_must_be_known(tmp_path) -> None:
    net = Residual(2, ResidualOptions(**SMALL)).eval()
    card = NetCard(("happy", "sad"), 32, 1.7, True)
    save_net(tmp_path / "w.safetensors", net, card)
    again, found = load_net(tmp_path / "w.safetensors")
    assert found == card
    assert again.options == net.options
    x = torch.rand(2, 3, 32, 32)
    assert torch.equal(again(x), net(x))


def test_weights_that_cannot_be_used_are_told(tmp_path) -> None:
    path = tmp_path / "w.safetensors"
    with pytest.raises(InputError, match="Cannot read weights"):
        load_net(path)
    save_net(path, Residual(2, ResidualOptions(**SMALL)), NetCard(("a", "b"), 32))
    with pytest.raises(InputError, match="its SHA-256 is"):
        load_net(path, "0" * 64)
    content = path.read_bytes()
    path.write_bytes(content[:-10])
    with pytest.raises(InputError, match="holds no weights of evenface"):
        load_net(path)
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    for old, new, error, said in (
        ("[8, 16]", "[8, 24]", InputError, "do not fit"),
        ("residual", "residuel", UnknownNameError, "Did you mean 'residual'"),
        ("net/1", "net/9", InputError, "Update evenface"),
    ):
        about = header["__metadata__"]["evenface"].replace(old, new)
        text = json.dumps(header | {"__metadata__": {"evenface": about}}).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])
        with pytest.raises(error, match=said):
            load_net(path)


def test_squares_of_pixels_become_channels_and_none_is_lost() -> None:
    pixels = torch.rand(1, 3, 5, 4)
    found = squares(pixels, 2)
    assert found.shape == (1, 12, 3, 2) and torch.equal(squares(pixels, 1), pixels)
    assert torch.equal(found[0, :4, 0, 0], pixels[0, 0, :2, :2].flatten())
    assert torch.equal(found[0, :4, 2, 1], pixels[0, 0, 4, 2:].repeat(2))  # the last row, repeated
    net = Residual(3, ResidualOptions(**SMALL, patch=2)).eval()
    assert net.encode(torch.rand(2, 3, 17, 16)).shape == (2, 16)
