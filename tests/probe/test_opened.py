from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl

from evenface.core.tables import Attribute
from evenface.probe.opened import Opened


def opened(levels: dict[str, tuple[str, ...]], continuous: tuple[str, ...]) -> Opened:
    frame = pl.DataFrame({"attr:gender": ["f", "m"], "age": [30.0, 40.0], "unit:AU12L": [0.2, 0.8]})
    manifest = SimpleNamespace(frame=frame, attributes=(Attribute("gender", ("f", "m"), "generated"),))
    data = SimpleNamespace(manifest=manifest, levels=levels)
    settings = SimpleNamespace(data=SimpleNamespace(continuous=continuous))
    return Opened(Path("run"), "run", None, None, settings, data, np.arange(2), np.array(["a", "b"]), "", "")


def test_action_units_are_probed_only_if_asked_for() -> None:
    run = opened({"gender": ("f", "m")}, ("age", "unit:AU12L"))
    assert [column.name for column in run.columns(())] == ["gender", "number:age"]
    (unit,) = run.columns(["number:unit:AU12L"])
    assert unit.values.tolist() == [0.2, 0.8]


def test_a_run_that_was_told_units_alone_is_probed_for_all_attributes() -> None:
    assert [column.name for column in opened({}, ("unit:AU12L",)).columns(())] == ["gender"]
