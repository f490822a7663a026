"""What the built package says of itself, read where pip reads it."""

import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import evenface

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HEAVY = ("torch", "pandas", "pyarrow", "scipy", "scikit-learn", "ray", "fastapi", "opencv", "lightning")


@pytest.fixture
def installed() -> metadata.Distribution:
    try:
        return metadata.distribution("evenface")
    except metadata.PackageNotFoundError:
        pytest.skip("evenface is on the path but not installed; `make test` installs it")


def test_version_is_told_once(installed: metadata.Distribution) -> None:
    assert installed.version == evenface.__version__ == PROJECT["project"]["version"]


def test_extras_keep_the_core_light(installed: metadata.Distribution) -> None:
    extras = {"synthesis", "outside", "predict", "models", "serve", "ray", "vgg", "tensorboard", "benchmark", "dev"}
    assert set(installed.metadata.get_all("Provides-Extra", [])) == extras
    core = [need for need in installed.requires or [] if "extra ==" not in need]
    assert len(core) >= 8
    assert not [need for need in core if need.startswith(HEAVY)]
    assert [need for need in installed.requires or [] if need.startswith("torch") and "models" in need]


def test_the_command_is_installed(installed: metadata.Distribution) -> None:
    (command,) = (point for point in installed.entry_points if point.name == "evenface")
    assert command.group == "console_scripts"
    assert callable(command.load())


def test_licence_is_stated_and_carried(installed: metadata.Distribution) -> None:
    assert installed.metadata["License-Expression"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in text and "END OF TERMS AND CONDITIONS" in text


def test_wheel_holds_the_package_alone() -> None:
    assert PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["src/evenface"]
    files = [
        path for path in (ROOT / "src" / "evenface").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    assert ROOT / "src" / "evenface" / "py.typed" in files
    strange = {path.suffix for path in files} - {
        ".py",
        ".typed",
        ".html",
        ".css",
        ".js",
        ".j2",
        ".jinja",
        ".md",
        ".json",
        ".toml",
        ".npz",
        ".safetensors",
    }
    assert not strange, f"{strange} files do not belong in the wheel"


def test_every_requirement_is_pinned() -> None:
    """What is tested is written down: each library that the light install or the tests need has one pinned release."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.partition("==")[0].lower().replace("_", "-") for line in lines if line and not line.startswith("#")]
    assert len(pins) == len(set(pins))
    project = PROJECT["project"]
    needs = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    missing = [name for need in needs if (name := need.partition(">")[0].lower()) not in pins]
    assert not missing
    assert not [pin for pin in pins if pin in {"evenface", "pip", "setuptools"}]
