"""Latent alignment from a configuration to a finished run, and the protocol of its paper on the layout of RAF-DB."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evenface.core.config import InvalidSettings
from evenface.models.nets._files import load_net
from evenface.training.run import train
from evenface.training.settings import TrainSettings

CONFIGS = Path(__file__).parents[2] / "configs"
TINY = 'net={kind="vae",widths=[8,8],drawing=[8,8],grid=4,latent=2,head=8,blocks=1}'


def test_a_run_leaves_figures_notices_and_a_net_that_is_told(asked) -> None:
    terms = '[{kind="mmd"},{kind="adversarial",over="crossed",given="independence"}]'
    settings = asked(
        TINY, f'mitigation={{kind="latent_alignment",swap=1.0,terms={terms}}}', 'data.groups=["gender","age"]'
    )
    (run,) = train(settings)
    lines = [json.loads(line) for line in (run.folder / "history.jsonl").read_text().splitlines()]
    assert {"mmd", "adversarial", "reconstruction", "divergence", "swap"} <= lines[0]["mitigation"].keys()
    assert isinstance(run.result["notices"], list)
    assert run.result["groups_known"]["in_validation"], "what is fitted after training sees validation faces too"
    net, _ = load_net(run.folder / "weights.safetensors")
    assert net.inner.options.attributes == (2, 2), "inside what takes the attributes out of its latent"


def made_rafdb(root: Path) -> Path:
    """The layout of RAF-DB, with noise for faces."""
    rng = np.random.default_rng(0)
    (root / "EmoLabel").mkdir(parents=True)
    (root / "Image" / "aligned").mkdir(parents=True)
    (root / "Annotation" / "manual").mkdir(parents=True)
    lines = []
    for i in range(56):
        face = f"{'train' if i < 42 else 'test'}_{i:05d}"
        lines.append(f"{face}.jpg {i % 7 + 1}")
        picture = Image.fromarray(rng.integers(0, 255, (100, 100, 3), np.uint8))
        picture.save(root / "Image" / "aligned" / f"{face}_aligned.jpg")
        codes = "\n".join(str(c) for c in (i // 7 % 3, i // 2 % 3, i // 3 % 5))
        attributes = root / "Annotation" / "manual" / f"{face}_manu_attri.txt"
        attributes.write_text("\n".join(["1.0\t2.0"] * 5) + f"\n{codes}\n")
    (root / "EmoLabel" / "list_patition_label.txt").write_text("\n".join(lines))
    return root


def test_the_protocol_of_the_paper_runs_on_the_layout_of_rafdb(tmp_path: Path) -> None:
    small = ["epochs=1", "batch=8", "device.threads=1", "net.widths=[8,8,8]", "net.drawing=[8,8,8]", "net.grid=4"]
    place = [f"data.root={made_rafdb(tmp_path / 'rafdb')}", f"out={tmp_path / 'runs'}"]
    (run,) = train(TrainSettings.load(CONFIGS / "latent_alignment_rafdb.toml", [*place, *small]))
    assert (run.folder / "predictions" / "test.parquet").is_file()
    assert run.result["splits"]["test"]["n"] == 14
    groups = json.loads((run.folder / "data.json").read_text())["attributes"]
    assert set(groups) == {"gender", "race", "age"}


def test_faces_come_from_a_manifest_or_from_a_data_set() -> None:
    for given in ([], ["data.manifest=a", "data.root=b", "data.dataset=rafdb"], ["data.root=b"]):
        with pytest.raises(InvalidSettings, match="either manifest, or dataset and root"):
            TrainSettings.load(None, [*given, "data.size=48"])
    with pytest.raises(InvalidSettings, match="Did you mean 'rafdb'"):
        TrainSettings.load(None, ["data.root=b", "data.dataset=rafbd"])
