"""Two processes that train one net."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl

# What each process holds at the end is written by each, since a run's folder is written by the first alone.
SCRIPT = """
import sys

import numpy as np

from evenface.training import run
from evenface.training.settings import TrainSettings


class Told(run.Loop):
    def run(self):
        chosen = super().run()
        numbers = [p.detach().numpy().ravel() for p in self._parts.net.parameters()]
        np.savez(f"{sys.argv[1]}/{self._fabric.global_rank}.npz", weights=np.concatenate(numbers))
        return chosen


if __name__ == "__main__":
    run.Loop = Told
    run.train(TrainSettings.load(f"{sys.argv[1]}/asked.toml"))
"""


def test_two_processes_train_to_the_same_weights(asked, tmp_path: Path) -> None:
    settings = asked("device.devices=2", "epochs=1")
    (tmp_path / "asked.toml").write_text(settings.to_toml())
    script = tmp_path / "two.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    one, two = (np.load(tmp_path / f"{rank}.npz")["weights"] for rank in (0, 1))
    np.testing.assert_array_equal(one, two)
    folder = tmp_path / "runs" / "run-seed0"
    assert json.loads((folder / "environment.json").read_text())["devices"] == 2
    assert json.loads((folder / "result.json").read_text())["steps"] == 5
    assert len(pl.read_parquet(folder / "predictions" / "train.parquet")) == 40
