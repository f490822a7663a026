"""The same face, another group."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from evenface.core.config import Fault
from evenface.core.errors import did_you_mean
from evenface.synthesis.attributes import LEVELS, TYPICAL
from evenface.synthesis.designs import DESIGNS
from evenface.synthesis.designs._design import Design, Variant
from evenface.synthesis.given import Value, number, unfit
from evenface.synthesis.parameters import ETHNICITIES, PARAMETERS
from evenface.synthesis.roll import Roll

if TYPE_CHECKING:
    from evenface.synthesis.spec import Spec

_CHANGEABLE = ("ethnicity", *(name for name in PARAMETERS if name not in (*ETHNICITIES, "person")))


class Counterfactual(Design):
    """Families of faces alike in everything but one attribute, or one crossed pair.

    Each base face, laid out by `base`, is drawn once for every value of every change. What is changed is an attribute,
    by its levels, or any parameter, by its values; a pair `["ethnicity", "gender"]` in `crossed` is changed together,
    over all pairs of the values that `change` gives. Everything else is the same to the last digit, so a difference in
    what a model answers is due to what was changed. After counterfactual fairness tests (Kusner et al., NeurIPS 2017;
    Denton et al., 2019); the layout is our own. The parameters that stand for a level are in `attributes.TYPICAL`.
    """

    looks: ClassVar[str] = "independent"

    kind: Literal["counterfactual"] = "counterfactual"
    change: dict[str, Annotated[tuple[Value, ...], Field(min_length=2)]] = Field(min_length=1)
    crossed: tuple[tuple[str, str], ...] = ()
    base: Literal["factorial", "natural"] = "factorial"

    def faults(self, spec: Spec) -> Iterator[Fault]:
        """What is changed exists, its values are possible, and there is room for one base face."""
        for name, values in self.change.items():
            if name not in _CHANGEABLE:
                near = did_you_mean(name, _CHANGEABLE)
                yield Fault(("change", name), f"is no attribute and no parameter of a face.{near}")
            elif len(set(values)) < len(values):
                yield Fault(("change", name), "holds a value twice.")
            else:
                found = [fault for value in values if (fault := _unfit(name, value))]
                yield from (Fault(("change", name), fault) for fault in found)
        if spec.biases:
            yield Fault(
                (), "keeps families alike, and biases would undo that. Leave them out, or choose another design."
            )
        for pair in self.crossed:
            if strange := [name for name in pair if name not in self.change]:
                yield Fault(("crossed",), f"names {', '.join(strange)}, which change does not give values for.")
            elif pair[0] == pair[1]:
                yield Fault(("crossed",), f"crosses {pair[0]} with itself.")
        yield from DESIGNS.get(self.base)().faults(spec)  # type: ignore[call-arg]
        known = all(name in _CHANGEABLE for name in self.change) and all(
            set(p) <= self.change.keys() for p in self.crossed
        )
        if known and spec.count < (block := self._block()):
            yield Fault(
                (), f"one base face makes {block} faces, but count is {spec.count}. Raise count to {block} or more."
            )

    def rows(self, spec: Spec) -> int:
        """Give as many whole families as the count has room for."""
        return spec.count // self._block() * self._block()

    def roll(self, spec: Spec) -> Roll:
        """Repeat each base face once a variant."""
        block, rows = self._block(), self.rows(spec)
        base = DESIGNS.get(self.base)().roll(spec.model_copy(update={"count": rows // block}))  # type: ignore[call-arg]
        roll = {name: np.repeat(column, block) for name, column in base.items()}
        roll["variant"] = np.tile(np.arange(block, dtype=np.uint16), rows // block)
        return roll

    def variants(self) -> tuple[Variant, ...]:
        """Give one variant for each value of each change, then for each pair of values of each crossing."""
        found = [
            Variant(name, f"{name}={_text(value)}", _parameters(name, value))
            for name, values in self.change.items()
            for value in values
        ]
        for one, other in self.crossed:
            for a, b in product(self.change[one], self.change[other]):
                both = {**_parameters(one, a), **_parameters(other, b)}
                found.append(Variant(f"{one} × {other}", f"{one}={_text(a)}, {other}={_text(b)}", both))
        return tuple(found)

    def _block(self) -> int:
        sizes = [len(values) for values in self.change.values()]
        return sum(sizes) + sum(len(self.change[a]) * len(self.change[b]) for a, b in self.crossed)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _unfit(name: str, value: Value) -> str:
    if name in LEVELS and (isinstance(value, str) or name == "ethnicity"):
        if value in LEVELS[name]:
            return ""
        return f"{value!r} is no level.{did_you_mean(str(value), LEVELS[name])} Allowed: {', '.join(LEVELS[name])}."
    return unfit(PARAMETERS[name], value)


def _parameters(name: str, value: Value) -> dict[str, float]:
    if name in LEVELS and isinstance(value, str):
        return dict(TYPICAL[name][LEVELS[name].index(value)])
    return {name: number(PARAMETERS[name], value)}
