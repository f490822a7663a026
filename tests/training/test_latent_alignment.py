"""Latent alignment from a configuration to a finished run, and the protocol of its paper on the layout of RAF-DB."""

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image

from evenface.audit.run import audit
from evenface.core.config import InvalidSettings
from evenface.core.manifest import Manifest
from evenface.models.nets._files import load_net
from evenface.synthesis import Spec, generate
from evenface.training.augment import to_pixels
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


def within_expression(latents: np.ndarray, number: np.ndarray, labels: np.ndarray) -> float:
    """Largest correlation of a number of the latent with `number` among faces of one expression."""
    both = np.column_stack([number, latents[:, latents.std(0) > 1e-6]])
    codes = np.eye(labels.max() + 1)[labels]
    both -= codes @ np.linalg.lstsq(codes, both, rcond=None)[0]
    return float(np.abs(np.corrcoef(both.T)[0, 1:]).max())


def test_a_number_is_forgotten_without_being_cut_into_groups(asked, faces: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(faces, tmp_path / "faces", ignore=shutil.ignore_patterns("cache"))
    manifest = Manifest.load(folder / "manifest.parquet")
    pixels = np.stack([np.asarray(Image.open(folder / name)) for name in manifest.frame["image"]])
    frame = manifest.frame.with_columns(brightness=pl.Series(pixels.mean((1, 2, 3))))
    Manifest(frame, manifest.labels, manifest.attributes).save(folder / "manifest.parquet")
    found = {}
    for mitigation in ("erm", "latent_alignment"):
        wanted = (f"mitigation={mitigation}", 'data.continuous=["brightness"]', "data.groups=[]", f"name={mitigation}")
        (run,) = train(asked(*wanted, manifest=folder / "manifest.parquet"))
        net, _ = load_net(run.folder / "weights.safetensors")
        with torch.inference_mode():
            latents = net.encode(to_pixels(torch.from_numpy(pixels[:52]))).double().numpy()
        number, labels = (frame[name].to_numpy()[:52] for name in ("brightness", "label"))
        found[mitigation] = within_expression(latents, number, labels)
    assert found["erm"] > 0.1
    assert found["latent_alignment"] < 1e-3


# In the order of the codes of RAF-DB.
EMOTIONS = ("surprise", "fear", "disgust", "happy", "sad", "angry", "neutral")
GENDERS, RACES, AGES = ("male", "female"), ("caucasian", "african", "asian"), ("0-3", "4-19", "20-39", "40-69", "70+")


def made_rafdb(root: Path) -> Path:
    """The layout of RAF-DB, filled with generated faces."""
    attributes = {"gender": ["male", "female"], "ethnicity": list(RACES), "age": ["20-39", "40-69"]}
    generate(Spec(count=168, size=100, attributes=attributes, design={"kind": "factorial"}), root.parent / "faces")
    faces = Manifest.load(root.parent / "faces" / "manifest.parquet")
    for folder in ("EmoLabel", "Image/aligned", "Annotation/manual"):
        (root / folder).mkdir(parents=True)
    lines = []
    for i, row in enumerate(faces.frame.sample(fraction=1.0, shuffle=True, seed=0).iter_rows(named=True)):
        face = f"{'train' if i < 56 else 'test'}_{i:05d}"
        lines.append(f"{face}.jpg {EMOTIONS.index(faces.labels.names[row['label']]) + 1}")
        picture = Image.open(root.parent / "faces" / row["image"])
        picture.convert("RGB").save(root / "Image" / "aligned" / f"{face}_aligned.jpg")
        said = ((GENDERS, "gender"), (RACES, "ethnicity"), (AGES, "age"))
        codes = "\n".join(str(levels.index(row[f"attr:{name}"])) for levels, name in said)
        notes = root / "Annotation" / "manual" / f"{face}_manu_attri.txt"
        notes.write_text("\n".join(["1.0\t2.0"] * 5) + f"\n{codes}\n")
    (root / "EmoLabel" / "list_patition_label.txt").write_text("\n".join(lines))
    return root


def test_the_protocol_of_the_paper_runs_on_the_layout_of_rafdb(tmp_path: Path) -> None:
    small = ["epochs=1", "batch=8", "device.threads=1", "net.widths=[8,8,8]", "net.drawing=[8,8,8]", "net.grid=4"]
    place = [f"data.root={made_rafdb(tmp_path / 'rafdb')}", f"out={tmp_path / 'runs'}"]
    (run,) = train(TrainSettings.load(CONFIGS / "latent_alignment_rafdb.toml", [*place, *small]))
    assert (run.folder / "predictions" / "test.parquet").is_file()
    assert run.result["splits"]["test"]["n"] == 112
    groups = json.loads((run.folder / "data.json").read_text())["attributes"]
    assert set(groups) == {"gender", "race", "age"}

    by = ["gender", "race", "age"]
    found = audit(run.folder / "predictions" / "test.parquet", by=by, metrics=["accuracy", "xu_f"], min_group=3)
    accuracies = {group["group"]: group["metrics"]["accuracy"] for group in found.data["groups"]}
    for level in ("gender=male", "gender=female", "race=Asian", "age=40-69"):
        assert 0 <= accuracies[level]["low"] <= accuracies[level]["value"] <= accuracies[level]["high"] <= 1
    for attribute in by:
        f = found.gap("xu_f", attribute, "between")
        assert 0 <= f["low"] <= f["value"] <= f["high"] <= 1


def test_faces_come_from_a_manifest_or_from_a_data_set() -> None:
    for given in ([], ["data.manifest=a", "data.root=b", "data.dataset=rafdb"], ["data.root=b"]):
        with pytest.raises(InvalidSettings, match="either manifest, or dataset and root"):
            TrainSettings.load(None, [*given, "data.size=48"])
    with pytest.raises(InvalidSettings, match="Did you mean 'rafdb'"):
        TrainSettings.load(None, ["data.root=b", "data.dataset=rafbd"])
