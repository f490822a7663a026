"""Event files say what the history says, and no epoch twice. A stand-in for TensorBoard's writer writes lines."""

import json
import math
import sys
from pathlib import Path
from types import ModuleType

import pytest

from evenface.core.errors import SettingsError
from evenface.training.run import train


class Killed(BaseException):
    """Stands for a process that ends in the middle of a step."""


class Writer:
    """What is used of TensorBoard's writer."""

    made = 0

    def __init__(self, folder: str) -> None:
        Writer.made += 1
        Path(folder).mkdir(parents=True)
        self.path, self.lines = Path(folder) / f"events.{Writer.made}", []

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.lines.append(json.dumps([name, step, value]) + "\n")

    def flush(self) -> None:
        self.path.write_text("".join(self.lines))

    close = flush


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)


def events(folder: Path) -> list[list]:
    return [json.loads(line) for path in (folder / "tensorboard").iterdir() for line in path.read_text().splitlines()]


@pytest.mark.usefixtures("board")
def test_events_are_the_numbers_of_the_history_and_a_resumed_run_has_none_twice(asked) -> None:
    settings = asked("epochs=3", "tensorboard=true", "checkpoint_seconds=0")

    def kill(seed: int, at: object) -> None:
        if at.step == 7:
            raise Killed

    with pytest.raises(Killed):
        train(settings, report=kill)
    assert {step for _, step, _ in events(Path(settings.out) / f"{settings.name}-seed0")} == {1}
    (run,) = train(settings, resume=True)
    found = events(run.folder)
    lines = [json.loads(line) for line in (run.folder / "history.jsonl").read_text().splitlines()]
    told = {(name, step): value for name, step, value in found}
    assert len(told) == len(found) and {step for _, step in told} == {1, 2, 3}
    for line in lines:
        assert told["loss", line["epoch"]] == line["loss"]
        assert told["validation/accuracy", line["epoch"]] == line["validation"]["accuracy"]
    assert all(math.isfinite(value) for value in told.values())


@pytest.mark.usefixtures("board")
def test_a_run_may_go_on_without_events(asked) -> None:
    train(asked("epochs=1", "tensorboard=true"))
    (again,) = train(asked("epochs=1", "tensorboard=false"), resume=True)
    assert again.was_done


def test_without_the_package_the_error_says_what_to_install(asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(SettingsError, match=r"pip install 'evenface\[tensorboard\]'"):
        train(asked("epochs=1", "tensorboard=true"))
