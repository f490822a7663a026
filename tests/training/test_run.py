from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from evenface.core.config import InvalidSettings
from evenface.core.errors import SettingsError
from evenface.core.manifest import Manifest
from evenface.models.nets._files import load_net
from evenface.training.augment import to_pixels
from evenface.training.chips import load_chips
from evenface.training.data import load_data
from evenface.training.devices import make_fabric
from evenface.training.run import train
from evenface.training.settings import DataSettings, DeviceSettings, TrainSettings

CLASSES = ["happy", "sad", "neutral"]


def test_a_run_learns_and_leaves_everything(asked, faces) -> None:
    settings = asked(
        "epochs=8",
        "seeds=[0, 3]",
        "optimiser.rate=0.01",
        "optimiser.ema=0.7",
        "augment.erase=0",
        "data.targets=votes",
        "balance=sampling",
        "label_smoothing=0.1",
    )
    runs = train(settings)
    assert [run.folder.name for run in runs] == ["run-seed0", "run-seed3"]
    assert runs[0].result["weights_sha256"] != runs[1].result["weights_sha256"]
    folder, result = runs[0].folder, runs[0].result
    assert result["splits"]["test"]["accuracy"] > 0.8
    assert json.loads((folder / "result.json").read_text()) == result
    assert TrainSettings.load(folder / "settings.toml").seeds == (0,)
    seen = json.loads((folder / "environment.json").read_text())
    assert seen["torch"] == torch.__version__
    assert (seen["threads"], seen["precision"]) == (1, "fp32")
    data = json.loads((folder / "data.json").read_text())
    assert data["splits"]["train"] == {
        "faces": 40,
        "classes": {"happy": 14, "sad": 13, "neutral": 13},
        "groups": {"gender=female": 20, "gender=male": 20},
    }
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == list(range(1, 9))
    assert result["epoch"] == 1 + int(np.argmax([line["validation"]["accuracy"] for line in lines]))


def test_predictions_are_what_the_weights_answer_and_the_audit_reads_them(asked, faces) -> None:
    from evenface.core.reading import read_predictions

    (run,) = train(asked("epochs=1"))
    path = run.folder / "predictions" / "test.parquet"
    table = pl.read_parquet(path)
    assert table.columns[:6] == ["face", "subject", "label", "gender", "age", "predicted"]
    assert table["face"].to_list() == [f"f{i}" for i in range(52, 64)]
    p = table.select(f"score_{name}" for name in CLASSES).to_numpy()
    np.testing.assert_allclose(p.sum(1), 1)
    net, card = load_net(run.folder / "weights.safetensors", run.result["weights_sha256"])
    assert card.classes == tuple(CLASSES)
    read = pl.read_parquet(run.folder / "predictions" / "validation.parquet")
    wanted = read.select(f"score_{name}" for name in CLASSES).to_numpy().mean(0)
    np.testing.assert_allclose(card.shares, wanted, atol=1e-6)
    names = [f"{i}.png" for i in range(52, 64)]
    chips = load_chips(pl.DataFrame({"face": names, "image": names}), faces, card.size, None, faces / "cache")
    pixels = to_pixels(torch.from_numpy(np.array(chips.pixels)))
    with torch.inference_mode():
        logits = (net(pixels) + net(pixels.flip(3))) / 2
    np.testing.assert_allclose(torch.softmax(logits / card.temperature, 1).numpy(), p, atol=1e-5)
    read = read_predictions(path, by=["gender", "age"])
    assert read.rows == 12
    assert read.labels.names == tuple(CLASSES)


def test_a_picture_that_cannot_be_read_is_a_row_without_an_answer(asked, tmp_path, faces) -> None:
    shutil.copytree(faces, tmp_path / "faces")
    (tmp_path / "faces" / "60.png").write_bytes(b"no picture")
    (tmp_path / "faces" / "1.png").unlink()
    (run,) = train(asked("epochs=1", manifest=tmp_path / "faces"))
    data = json.loads((run.folder / "data.json").read_text())
    assert set(data["unreadable"]) == {"60.png", "1.png"}
    assert data["splits"]["train"]["faces"] == 39
    assert "2 pictures give no face" in data["notices"][0]
    table = pl.read_parquet(run.folder / "predictions" / "test.parquet")
    assert len(table) == 12
    assert table.filter(pl.col("predicted").is_null())["face"].to_list() == ["f60"]


def test_no_face_is_missing_from_the_tables_where_validation_is_made_by_lot(asked, tmp_path, faces) -> None:
    folder, manifest = tmp_path / "faces", Manifest.load(faces / "manifest.parquet")
    shutil.copytree(faces, folder)
    unsplit = manifest.frame.head(26).with_columns(split=pl.lit(None, pl.String))
    replace(manifest, frame=unsplit).save(folder / "manifest.parquet")
    (folder / "3.png").write_bytes(b"no picture")
    aside = load_data(DataSettings(manifest=str(folder), size=16), tmp_path / "cache").splits["validation"]
    (folder / f"{aside[0]}.png").unlink()
    (run,) = train(asked("epochs=1", f"data.cache={tmp_path / 'cache'}", manifest=folder))
    tables = {path.stem: pl.read_parquet(path) for path in (run.folder / "predictions").iterdir()}
    assert sorted(face for table in tables.values() for face in table["face"]) == sorted(unsplit["face"])
    unread = {name: table.filter(pl.col("predicted").is_null())["face"].to_list() for name, table in tables.items()}
    assert unread == {"train": ["f3"], "validation": [f"f{aside[0]}"]}
    people = [set(table["subject"]) for table in tables.values()]
    assert not people[0] & people[1]


def test_training_stops_early(asked) -> None:
    (run,) = train(asked("epochs=30", "optimiser.rate=1e-9", "selection.patience=2", "optimiser.ema=0"))
    assert run.result["epochs"] < 30
    assert run.result["epochs"] == run.result["epoch"] + 2


@pytest.mark.parametrize("rule", ["worst_group_validation", "oracle", "loss_validation", "balanced_validation"])
def test_the_rule_decides_which_epoch_is_kept(rule, asked) -> None:
    (run,) = train(asked(f"selection.rule={rule}", f"name={rule}", "epochs=3"))
    lines = [json.loads(line) for line in (run.folder / "history.jsonl").read_text().splitlines()]
    assert run.result["epoch"] == 1 + int(np.argmax([line["score"] for line in lines]))
    assert run.result["groups_known"] == {
        "in_training": False,
        "in_validation": False,
        "in_selection": "loss" not in rule and "bal" not in rule,
        "in_prediction": False,
    }


def test_faults_of_a_run_are_told_together(asked, faces) -> None:
    with pytest.raises(SettingsError) as caught:
        train(asked("data.groups=[]", "mitigation=group_dro", "selection.rule=worst_group_validation", "batch=64"))
    for part in ("'group_dro' and selection rule 'worst_group_validation' need groups", "only 40 faces"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["mitigation=group_drop"], "Did you mean 'group_dro'?"),
        (["mitigation.kind=group_dro", "mitigation.step=2"], "mitigation.step: unknown key. Did you mean 'step_size'?"),
        (["net.kind=residual", "net.widths=[8]", "net.blocks=[1, 1]"], "must be as many"),
        (["selection.rule=oracel"], "Did you mean 'oracle'?"),
        (["seeds=[1, 1]"], "must be different numbers"),
        (["optimiser.rte=1"], "Did you mean 'rate'?"),
    ],
)
def test_settings_that_cannot_be_are_told(overrides, said, asked) -> None:
    with pytest.raises(InvalidSettings) as caught:
        asked(*overrides)
    assert said in str(caught.value)


def test_every_configuration_that_ships_can_be_read() -> None:
    every = sorted((Path(__file__).parents[2] / "configs").glob("*.toml"))
    paths = [path for path in every if path.stem != "transfer"]  # which is of another command
    assert len(paths) == len(every) - 1
    assert len({TrainSettings.load(path).name for path in paths}) == len(paths)


def test_one_training_gives_what_several_rules_choose(asked, tmp_path) -> None:
    one = asked("epochs=4", "selection.rule=loss_validation", f"out={tmp_path / 'one'}")
    both = asked("epochs=4", 'selection.also=["loss_validation"]', f"out={tmp_path / 'both'}")
    (alone,), (beside,) = train(one), train(both)
    kept = json.loads((beside.folder / "loss_validation" / "result.json").read_text())
    assert beside.result["selection"] == "mean_validation"
    assert {k: kept[k] for k in ("selection", "epoch", "weights_sha256")} == {
        k: alone.result[k] for k in ("selection", "epoch", "weights_sha256")
    }
    with pytest.raises(InvalidSettings, match="Did you mean 'oracle'"):
        asked('selection.also=["oracl"]')


def test_what_a_batch_holds_keeps_its_precision_where_products_do_not() -> None:
    fabric = make_fabric(DeviceSettings(accelerator="cpu", precision="bf16"))
    module = fabric.setup(Given())
    ages = torch.tensor([45.3])
    module(ages)
    assert module.seen.dtype == torch.float32 and module.seen == ages
    assert module.product.dtype == torch.bfloat16


class Given(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def forward(self, ages: torch.Tensor) -> torch.Tensor:
        self.seen, self.product = ages, self.layer(ages[:, None])
        return self.product
