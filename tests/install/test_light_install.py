"""The light install is enough: an interpreter that refuses every heavy library imports, explains itself and audits."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"
LIGHT_ROOMS = ("core", "audit", "report", "cli")
MODULES = [
    ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")
    for room in LIGHT_ROOMS
    for path in sorted((SRC / "evenface" / room).rglob("*.py"))
]

BLOCKER = """
import sys
BLOCKED = {
    "torch", "torchvision", "lightning_fabric", "safetensors", "fastapi", "uvicorn", "ray",
    "pandas", "pyarrow", "scipy", "sklearn", "statsmodels", "fairlearn", "matplotlib", "hypothesis", "pytest",
}
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r}: the light install does not bring it", name=name)
sys.meta_path.insert(0, Blocker())
"""


def run(code: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter that has the light install only, away from the repository."""
    command = [sys.executable, "-c", BLOCKER + code, *arguments]
    env = {"PYTHONPATH": str(SRC), "PATH": "", "HOME": str(folder), "COLUMNS": "120", "NO_COLOR": "1"}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=env, check=False)


def evenface(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line there, as `python -m evenface`."""
    code = "import runpy\nsys.argv[0] = 'evenface'\nrunpy.run_module('evenface', run_name='__main__', alter_sys=True)"
    return run(code, folder, *arguments)


def test_the_blocker_blocks(tmp_path: Path) -> None:
    assert "the light install does not bring it" in run("import pandas", tmp_path).stderr


def test_every_light_module_can_be_imported(tmp_path: Path) -> None:
    code = "from importlib import import_module\nfor name in sys.argv[1:]: import_module(name)"
    done = run(code, tmp_path, *MODULES)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["audit", "--help"]])
def test_command_line_explains_itself(arguments: list[str], tmp_path: Path) -> None:
    done = evenface(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    assert "audit" in done.stdout


def test_audit_of_a_csv_writes_its_results(tmp_path: Path) -> None:
    happy, sad = "happy,happy", "sad,sad"
    rows = [f"{answer},{gender}" for gender in ("F", "M") for answer in [happy] * 20 + [sad] * 15 + ["happy,sad"] * 5]
    (tmp_path / "predictions.csv").write_text("\n".join(["label,pred,gender", *rows]) + "\n")
    arguments = ["predictions.csv", "--by", "gender", "--resamples", "100", "--out", "out"]
    done = evenface(tmp_path, "audit", *arguments)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert result["schema"] == "evenface.audit/1"
    assert {group["group"]: group["n"] for group in result["groups"]} == {"gender=F": 40, "gender=M": 40}
    assert (tmp_path / "out" / "report.html").stat().st_size > 1000
