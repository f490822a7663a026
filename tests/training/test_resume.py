"""A run that is killed at any moment goes on to the same weights, bit for bit."""

from pathlib import Path

import numpy as np
import pytest
import torch

from evenface.core.errors import InputError, SettingsError
from evenface.training import checkpoint, loop
from evenface.training.checkpoint import TrainingStopped, read_checkpoint
from evenface.training.loop import Report
from evenface.training.run import train


class Killed(BaseException):
    """Stands for a process that ends in the middle of a step."""


def kill_after(step: int):
    def report(seed: int, at: Report) -> None:
        if at.step == step:
            raise Killed

    return report


def history(folder: Path) -> list[dict]:
    _, progress, _ = read_checkpoint(folder)
    return [{k: v for k, v in each.items() if k != "seconds"} for each in progress.history]


METHODS = [
    [],
    ["mitigation=group_dro", "optimiser.kind=sgd", "optimiser.schedule=one_cycle"],
    ["mitigation.kind=reweight", "mitigation.by=sampling", "balance=loss", "device.precision=bf16"],
    ["mitigation=jtt", "epochs=3", "optimiser.ema=0.5"],
    ["mitigation.kind=swad", "mitigation.optimum=1", "mitigation.overfit=1"],
    ["mitigation=laftr"],
    ["mitigation=disentangled"],
    ["mitigation=group_mixup"],
    ["mitigation=domain_discriminative"],
    ["mitigation=attribute_aware"],
    ["mitigation.kind=leace", "mitigation.refit=true"],
    ['mitigation={kind="latent_alignment",swap=1.0,terms=[{kind="hsic"},{kind="adversarial"}]}'],
]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: "-".join(method[:1]) or "erm")
def test_a_killed_run_goes_on_to_the_same_weights(method, asked) -> None:
    (whole,) = train(asked("name=whole", *method))
    stopped = asked("name=stopped", *method, "checkpoint_seconds=0")
    rng = np.random.default_rng(len(method))
    first, second = sorted(rng.choice(np.arange(1, 10), 2, replace=False))
    for step in (first, second):
        with pytest.raises(Killed):
            train(stopped, resume=step == second, report=kill_after(step))
    half = Path(stopped.out) / "stopped-seed0" / f".{checkpoint.NAME}.abc"
    half.write_bytes(b"half")
    (run,) = train(stopped, resume=True)
    assert not half.exists()
    assert (run.folder / "weights.safetensors").read_bytes() == (whole.folder / "weights.safetensors").read_bytes()
    assert history(run.folder) == history(whole.folder)
    for split in ("train", "validation", "test"):
        path = Path("predictions") / f"{split}.parquet"
        assert (run.folder / path).read_bytes() == (whole.folder / path).read_bytes()


def test_a_net_that_begins_anew_starts_as_the_first_did_with_a_schedule_of_its_own(asked, monkeypatch) -> None:
    starts, rates = [], []
    real = loop.Loop._step

    def watched(self, faces) -> None:
        starts.append(self._parts.net.head.weight.detach().clone())
        real(self, faces)
        rates.append(self._plain[0].param_groups[0]["lr"])

    monkeypatch.setattr(loop.Loop, "_step", watched)
    (run,) = train(asked("mitigation=jtt", "epochs=4", "selection.patience=1", "optimiser.rate=1e-3"))
    assert torch.equal(starts[5], starts[0])
    assert not torch.equal(starts[6], starts[1])  # other faces are drawn
    assert rates[5:] == [loop.rate_at(i, 15, asked("optimiser.rate=1e-3").optimiser) for i in range(len(rates) - 5)]
    assert run.result["epoch"] > 1


def test_seconds_between_checkpoints_change_nothing(asked) -> None:
    runs = [train(asked(f"name=c{s}", f"checkpoint_seconds={s}"))[0] for s in (0, 1000)]
    assert runs[0].result["weights_sha256"] == runs[1].result["weights_sha256"]


def test_the_callers_random_numbers_and_threads_stay(asked) -> None:
    torch.manual_seed(5)
    expected, threads = torch.rand(3), torch.get_num_threads()
    torch.manual_seed(5)
    train(asked("epochs=1"))
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads


def test_a_run_that_ended_is_left_alone(asked) -> None:
    first = train(asked("epochs=1"))[0]
    before = (first.folder / "weights.safetensors").stat().st_mtime_ns
    again = train(asked("epochs=1"), resume=True)[0]
    assert again.was_done
    assert (first.folder / "weights.safetensors").stat().st_mtime_ns == before


def test_an_ended_run_is_not_given_for_another(asked) -> None:
    train(asked("epochs=1"))
    with pytest.raises(
        SettingsError, match=r"run-seed0 has ended.*epochs was 1, is 2.*optimiser.rate was .*--set name="
    ):
        train(asked("epochs=2", "optimiser.rate=0.1"), resume=True)
    assert train(asked("epochs=1", "seeds=[0]", "checkpoint_seconds=7"), resume=True)[0].was_done


def test_a_folder_that_is_there_is_not_written_over(asked) -> None:
    train(asked("epochs=1"))
    with pytest.raises(InputError, match=r"run-seed0 is there already.*--resume.*--set name="):
        train(asked("epochs=1"))


def test_other_settings_do_not_go_on(asked) -> None:
    with pytest.raises(Killed):
        train(asked("checkpoint_seconds=0"), report=kill_after(3))
    with pytest.raises(TrainingStopped, match=r"optimiser.rate was 0.002, is 0.1"):
        train(asked("optimiser.rate=0.1"), resume=True)


def test_a_loss_that_is_no_number_keeps_the_last_good_state(asked, monkeypatch) -> None:
    settings = asked("checkpoint_seconds=0")
    real = loop.augment
    calls = iter(range(100))
    monkeypatch.setattr(loop, "augment", lambda p, s: real(p, s) * (float("nan") if next(calls) == 4 else 1))
    with pytest.raises(TrainingStopped, match=r"loss is nan at step 5 of seed 0.*last good state.*optimiser.rate"):
        train(settings)
    tensors, progress, _ = read_checkpoint(Path(settings.out) / "run-seed0")
    assert progress.step == 4
    assert all(t.isfinite().all() for t in tensors.values() if t.is_floating_point())


def test_a_loss_that_is_no_number_names_its_parts(asked, monkeypatch) -> None:
    real = loop.augment
    monkeypatch.setattr(loop, "augment", lambda p, s: real(p, s) * float("nan"))
    with pytest.raises(TrainingStopped, match=r"no number: cross_entropy, hsic"):
        train(asked("mitigation=latent_alignment"))


def test_a_full_disk_keeps_the_last_good_state(asked, monkeypatch) -> None:
    settings = asked("checkpoint_seconds=0")
    folder = Path(settings.out) / "run-seed0"
    real = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name.startswith(f".{checkpoint.NAME}") and read_checkpoint(folder) is not None:
            real(path, content[:100])
            raise OSError(28, "No space left on device")
        return real(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(TrainingStopped, match=r"step 2 in .*No space left.*last good state.*--resume"):
            train(settings)
    assert read_checkpoint(folder)[1].step == 1
    assert not list(folder.glob(".*"))
    whole = train(asked("name=whole"))[0]
    assert train(settings, resume=True)[0].result["weights_sha256"] == whole.result["weights_sha256"]


def test_a_damaged_checkpoint_is_told(asked) -> None:
    with pytest.raises(Killed):
        train(asked("checkpoint_seconds=0"), report=kill_after(2))
    path = Path(asked().out) / "run-seed0" / checkpoint.NAME
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"cannot be read .* start the run anew"):
        train(asked(), resume=True)
