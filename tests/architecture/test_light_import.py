"""Importing a light room loads little and changes nothing, seen from a fresh interpreter."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"
HEAVY = {
    "torch", "pandas", "pyarrow", "scipy", "sklearn", "statsmodels", "fairlearn", "altair", "vl_convert", "matplotlib",
    "jinja2", "hypothesis", "pytest",
}  # fmt: skip
LIGHT_ROOMS = [
    room for room in ("core", "audit", "report", "cli") if (SRC / "evenface" / room / "__init__.py").exists()
]

# Imports the libraries first, so that what they change themselves is not laid at our door.
PROBE = """
import json, logging, os, sys, warnings
import numpy, polars, pydantic
def state():
    return {
        "environment": dict(os.environ), "path": list(sys.path), "files": sorted(os.listdir()),
        "filters": len(warnings.filters), "handlers": len(logging.getLogger().handlers),
        "polars": polars.Config.state(), "random": str(numpy.random.get_state()),
    }
before = state()
import importlib
for name in sys.argv[1:]:
    importlib.import_module(name)
after = state()
loaded = sorted({name.split(".")[0] for name in sys.modules})
print(json.dumps({"loaded": loaded, "changed": [key for key in before if before[key] != after[key]]}))
"""


def probe(modules: list[str], folder: Path) -> dict[str, list[str]]:
    command = [sys.executable, "-c", PROBE, *modules]
    env = {"PYTHONPATH": str(SRC), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=env, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return json.loads(done.stdout)


def modules_of(room: str) -> list[str]:
    files = sorted((SRC / "evenface" / room).rglob("*.py"))
    names = [".".join(path.relative_to(SRC).with_suffix("").parts) for path in files]
    return [name.removesuffix(".__init__") for name in names]


@pytest.mark.parametrize("room", LIGHT_ROOMS)
def test_importing_a_light_room_loads_nothing_heavy_and_changes_nothing(room: str, tmp_path: Path) -> None:
    seen = probe(modules_of(room), tmp_path)
    assert "polars" in seen["loaded"]
    assert not HEAVY & set(seen["loaded"])
    assert not seen["changed"]
    assert not list(tmp_path.iterdir())


def test_importing_the_package_loads_no_library_at_all(tmp_path: Path) -> None:
    code = "import sys, evenface; print(sorted({'numpy', 'polars', 'pydantic'} & set(sys.modules)))"
    env = {"PYTHONPATH": str(SRC), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=env, check=True
    )
    assert done.stdout.strip() == "[]"
