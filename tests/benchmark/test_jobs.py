"""Jobs in processes of their own: none outlives what gave it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

GIVES_JOBS = """
import os, sys, time
from pathlib import Path
import polars
from evenface.benchmark import jobs

jobs._PRELOADED = []


def long(item, device):
    Path(sys.argv[1], str(os.getpid())).touch()
    time.sleep(600)


if __name__ == "__main__":
    try:
        list(jobs.Pool(2, int(sys.argv[2])).run(jobs.of_each([1, 2, 3], long)))
    except KeyboardInterrupt:
        print("stopped")
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(what: object, seconds: float = 120) -> bool:
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(what())


@pytest.mark.parametrize(
    ("how", "devices"),
    [(signal.SIGKILL, 0), (signal.SIGTERM, 2), (signal.SIGINT, 0)],
    ids=["killed", "ended, with GPUs", "Ctrl-C"],
)
def test_jobs_end_with_what_gave_them(how: signal.Signals, devices: int, tmp_path: Path) -> None:
    (tmp_path / "gives.py").write_text(GIVES_JOBS)
    (folder := tmp_path / "jobs").mkdir()
    command = [sys.executable, str(tmp_path / "gives.py"), str(folder), str(devices)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as giving:
        assert until(lambda: len(list(folder.iterdir())) == 2)
        pids = [int(path.name) for path in folder.iterdir()]
        giving.send_signal(how)
        told, _ = giving.communicate(timeout=120)
    assert until(lambda: not any(alive(pid) for pid in pids))
    assert giving.returncode == (0 if how == signal.SIGINT else -how), told
    assert how != signal.SIGINT or told == "stopped\n"
