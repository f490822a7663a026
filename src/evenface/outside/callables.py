"""A Python function as a model: images (face, row, column, 3) uint8 in, answers out."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evenface.core.errors import SettingsError, did_you_mean
from evenface.outside.answers import WrongAnswerError
from evenface.outside.faces import Images


@contextmanager
def loaded(target: str) -> Iterator[Callable[[Images], Any]]:
    """Give the function that `target` names; modules in the working folder are found meanwhile.

    Args:
        target: `module:function`, or `file.py:function`.

    Raises:
        SettingsError: There is no such module or function, or importing it fails.
    """
    here = str(Path.cwd())
    added = here not in sys.path
    if added:
        sys.path.insert(0, here)
    try:
        yield _called(_load(target), target)
    finally:
        if added and here in sys.path:
            sys.path.remove(here)


def _load(target: str) -> Callable[[Images], Any]:
    name, _, attribute = target.rpartition(":")
    try:
        module = _from_file(Path(name)) if name.endswith(".py") else importlib.import_module(name)
    except Exception as error:
        raise SettingsError(
            f"Importing {name!r} for the model {target!r} failed: {type(error).__name__}: {error}. A model is "
            "module:function or file.py:function."
        ) from error
    found = getattr(module, attribute, None)
    if not callable(found):
        near = did_you_mean(attribute, [each for each in dir(module) if callable(getattr(module, each))])
        raise SettingsError(f"{name} has no function {attribute!r}.{near}")
    result: Callable[[Images], Any] = found
    return result


def _from_file(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _called(function: Callable[[Images], Any], target: str) -> Callable[[Images], Any]:
    def answer(images: Images) -> Any:
        try:
            return function(images)
        except Exception as error:
            raise WrongAnswerError(
                f"{target} failed on {len(images)} images of {images.shape[2]} x {images.shape[1]} pixels: "
                f"{type(error).__name__}: {error}"
            ) from error

    return answer
