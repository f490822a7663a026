"""Every example in a docstring gives what it says."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import evenface

LIGHT = ("evenface.core", "evenface.audit", "evenface.report", "evenface.cli")
MODULES = [info.name for info in pkgutil.walk_packages(evenface.__path__, "evenface.") if info.name.startswith(LIGHT)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name: str) -> None:
    outcome = doctest.testmod(import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert outcome.failed == 0, (
        f"{outcome.failed} of {outcome.attempted} examples in {name} failed; see the output above"
    )
