"""Protocol: what is the same for all methods, the methods, and what may be searched for each.

A method is a line of `MITIGATIONS` with its default settings, unless `VARIANTS` gives it several; a name such as
`latent_alignment:mmd` is a variant.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from evenface.core.errors import UnknownNameError
from evenface.mitigation import MITIGATIONS
from evenface.mitigation._mitigation import is_unit
from evenface.synthesis.units import PARTS

SIZE = 48
RULES = ("mean_validation", "worst_group_validation")

COMMON: Mapping[str, Any] = {
    "epochs": 14,  # plain training then reads .84 of the test faces of stereotypical-90, and leans on the group
    "batch": 64,
    "flip_at_test": False,
    "checkpoint_seconds": 3600,
    "net": {"kind": "residual", "widths": (16, 32, 64, 96), "blocks": (1, 1, 1, 1), "patch": 2, "dropout": 0.1},
    "augment": {"rotate": 5, "scale": 0.05, "shift": 0.03, "grey": 0, "blur": 0, "noise": 0, "erase": 0},
    "optimiser": {"rate": 4e-3, "ema": 0.98},
    "device": {"threads": 1},
}
"""Settings of every run, over the defaults of `evenface train`."""

VARIATIONAL: Mapping[str, Any] = {
    **{"kind": "vae", "widths": (16, 32, 64, 96), "grid": 3, "latent": 8},
    **{"drawing": (64, 48, 32, 16), "dropout": 0.1},
}
"""The net that draws faces: its latent has the 3 x 3 places that its encoder makes of 48 pixels."""

_NET = COMMON["net"]
_BY_DISTANCE = ("mmd", "coral", "sliced_wasserstein", "hsic", "distance_covariance")
_BY_OPPONENT = ("critic", "adversarial", "gradient_reversal", "uniform_confusion")
_LIGHT = 0.02  # weight at which opponents leave a net of so few steps something to learn; of 0.5 it learns nothing

VARIANTS: Mapping[str, Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]] = {
    "latent_alignment": {
        **{kind: ({"terms": ({"kind": kind},)}, _NET) for kind in _BY_DISTANCE},
        **{kind: ({"terms": ({"kind": kind, "weight": _LIGHT},)}, _NET) for kind in _BY_OPPONENT},
        "hsic_movement": ({"terms": ({"kind": "hsic"},), "movement": {"strength": 1.0}}, _NET),
        "hsic_swap": ({"terms": ({"kind": "hsic"},), "swap": 1.0}, _NET),
        "hsic_swap_no_refit": ({"terms": ({"kind": "hsic"},), "swap": 1.0, "refit": "off"}, _NET),
        "hsic_movement_swap": ({"terms": ({"kind": "hsic"},), "movement": {"strength": 1.0}, "swap": 1.0}, _NET),
        "refit": ({"terms": ()}, _NET),
        "mmd_parity": ({"terms": ({"kind": "mmd", "given": "none"},)}, _NET),
        "vae": ({"terms": (), "erase": False}, VARIATIONAL),
        "vae_hsic": ({"terms": ({"kind": "hsic"},)}, VARIATIONAL),
        "vae_adversarial": ({"terms": ({"kind": "adversarial", "weight": _LIGHT},)}, VARIATIONAL),
    },
    "disentangled": {"": ({"confusion": _LIGHT}, _NET)},
}
"""Mitigation -> variant, or "" -> its settings, and its net. `vae` tells what the variational net does by itself;
variants whose names begin so are the whole of the paper's route, others align the net that all methods have."""


_FACE = ("upper", "mid", "lower")  # where heads and eyes are turned to is no expression

TOLD_UNITS = ("au_triplets", "latent_alignment:hsic_movement", "latent_alignment:hsic_movement_swap")
"""Methods that are told action units besides: as they were drawn, or as the suite's manifest has them read."""


@dataclass(frozen=True, slots=True)
class Span:
    """What a setting may be: between two numbers, on a scale of logarithms if `log`, or one of `choices`."""

    low: float = 0.0
    high: float = 0.0
    log: bool = True
    choices: tuple[Any, ...] = ()


RATE = Span(1e-3, 1e-2)

SPACES: Mapping[str, Mapping[str, Span]] = {
    "au_triplets": {"strength": Span(0.1, 10), "margin": Span(0.05, 1)},
    "dfr": {"strength": Span(1e-3, 10)},
    "disentangled": {"attributes": Span(0.03, 3), "confusion": Span(0.003, 3)},
    "domain_discriminative": {"prior_shift": Span(choices=(True, False))},
    "focal": {"gamma": Span(0.5, 5, log=False)},
    "group_dro": {"step_size": Span(1e-3, 0.3)},
    "group_mixup": {"alpha": Span(0.1, 4)},
    "jtt": {"first": Span(0.1, 0.5, log=False), "times": Span(2, 20)},
    "laftr": {"towards": Span(choices=("parity", "equalized_odds")), "strength": Span(0.1, 10)},
    "latent_alignment": {
        "terms.0.weight": Span(0.01, 10),
        "movement.strength": Span(0.1, 10),
        "swap": Span(0.1, 10),
        "base_rates": Span(choices=("as_they_are", "explained")),
    },
    "ldam": {"margin": Span(0.2, 5), "defer": Span(0.5, 1, log=False)},
    "leace": {"within_expression": Span(choices=(True, False)), "refit": Span(choices=(True, False))},
    "mixup": {"alpha": Span(0.1, 4)},
    "prior_shift": {"strength": Span(0.25, 2)},
    "reweight": {
        "by": Span(choices=("loss", "sampling")),
        "over": Span(choices=("group", "group_and_class", "independence")),
    },
    "swad": {"tolerance": Span(1.05, 2)},
}
"""Mitigation -> setting -> what is searched. The learning rate is searched for every method."""


@dataclass(frozen=True, slots=True)
class Method:
    """What is compared.

    Attributes:
        name: Of the mitigation, with the variant after a colon.
        kind: Of the mitigation.
        options: Its settings.
        net: Settings of the net.
    """

    name: str
    kind: str
    options: Mapping[str, Any]
    net: Mapping[str, Any]

    def space(self) -> dict[str, Span]:
        """Give what is searched: key path of a training configuration -> span; what a variant fixes is not."""
        own = dict(SPACES.get(self.kind, {}))
        for part, key in (("terms", "terms.0.weight"), ("movement", "movement.strength"), ("swap", "swap")):
            if not self.options.get(part):  # nothing whose weight could be searched
                own.pop(key, None)
        return {"optimiser.rate": RATE, **{f"mitigation.{key}": span for key, span in own.items()}}


def methods(names: Sequence[str] = ()) -> list[Method]:
    """Give methods by their names, or all; a mitigation's name alone stands for all its variants.

    Raises:
        UnknownNameError: There is no such method.
    """
    known: dict[str, Method] = {}
    for kind in MITIGATIONS.names():
        for variant, (options, net) in VARIANTS.get(kind, {"": ({}, _NET)}).items():
            name = f"{kind}:{variant}" if variant else kind
            known[name] = Method(name, kind, options, net)
    found: dict[str, Method] = {}
    for name in names or known:
        mine = {key: each for key, each in known.items() if name in (key, each.kind)}
        if not mine:
            raise UnknownNameError("method", name, known)
        found |= mine
    return list(found.values())


def units_of(manifest: Path) -> list[str]:
    """Give the columns of action units of a manifest, but for where heads and eyes are turned to."""
    columns = (name for name in pl.read_parquet_schema(manifest) if is_unit(name))
    return [name for name in columns if PARTS.get(name.removeprefix("unit:"), _FACE[0]) in _FACE]


def configuration(
    method: Method,
    *,
    manifest: Path,
    groups: Sequence[str],
    seed: int,
    out: Path,
    cache: Path,
    rules: Sequence[str] = RULES,
    chosen: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Give the training configuration of one run, as `TrainSettings` takes it.

    Args:
        method: What is tried.
        manifest: Of the faces.
        groups: Attributes.
        seed: Of the run.
        out: Folder that gets the run.
        cache: Folder of the decoded faces.
        rules: Selection rules.
        chosen: Key path -> value that the search chose.
        changes: Key path -> value, for quick looks: they hold for all methods.
    """
    data = {"manifest": str(manifest), "size": SIZE, "groups": tuple(groups), "cache": str(cache)}
    data["continuous"] = units_of(manifest) if method.name in TOLD_UNITS else ()
    asked: dict[str, Any] = {
        **COMMON,
        "name": "run",
        "seeds": (seed,),
        "out": str(out),
        "data": data,
        "net": method.net,
        "mitigation": {"kind": method.kind, **method.options},
        "selection": {"rule": rules[0], "also": tuple(rules[1:])},
    }
    asked = json.loads(json.dumps(asked))  # a copy of its own, all the way down
    for path, value in {**(changes or {}), **(chosen or {})}.items():
        section: Any = asked
        *parents, key = path.split(".")
        for parent in parents:
            section = section[int(parent)] if isinstance(section, list) else section.setdefault(parent, {})
        section[key] = value
    return asked
