import subprocess
import sys
from pathlib import Path

import pytest

import evenface

SRC = Path(__file__).parents[1] / "src"
FACES = "{'y_true': ['happy', 'sad'] * 40, 'y_pred': ['happy'] * 80, 'gender': ['f', 'm', 'm', 'f'] * 20}"
ASK = f"print(evenface.audit({FACES}, by=['gender'], resamples=100, permutations=100).overall('accuracy').value)"


@pytest.mark.parametrize(
    "spelling",
    [
        "import evenface",
        "import evenface.audit",
        "import evenface.audit.gaps",
        "import evenface; from evenface import audit; assert evenface.audit is audit",
        "from evenface import *; import evenface; assert evenface.audit is audit and report and core",
    ],
)
def test_the_audit_can_be_called_whatever_was_imported(spelling: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{spelling}; {ASK}"],
        capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": str(SRC), "PATH": ""}, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("0.5\n", "")


def test_rooms_are_named_and_others_are_not_there() -> None:
    assert {"audit", "core", "report", "__version__"} <= set(dir(evenface))
    with pytest.raises(AttributeError, match="no attribute 'adit'"):
        _ = evenface.adit
