"""Laws as a spec gives them: how one parameter is spread over people or pictures.

A number, a name, or a table: `80`, `"glasses"`, `{low = -30, high = 30}`, `{mean = 0, sd = 8}` (cut at the ends of the
parameter's range), `{choices = ["none", "clear"], shares = [3, 1]}`. `laws.py` has them as they are drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from evenface.core.config import Fault, InvalidSettings, Settings
from evenface.core.errors import did_you_mean
from evenface.synthesis.laws import Law
from evenface.synthesis.parameters import PARAMETERS, Parameter

Value = float | str
_FORMS = ({"value"}, {"low", "high"}, {"mean", "sd"}, {"choices"}, {"choices", "shares"})


class Given(Settings):
    """How one parameter is spread; exactly one of the forms of this module's text."""

    value: Value | None = None
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    sd: float | None = Field(default=None, ge=0)
    choices: tuple[Value, ...] | None = Field(default=None, min_length=1)
    shares: tuple[Annotated[float, Field(ge=0)], ...] | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Given:
        given = self.model_dump(exclude_none=True)
        faults = []
        if set(given) not in _FORMS:
            got = ", ".join(given) or "nothing"
            faults.append(f"give a value, low and high, mean and sd, or choices (and shares); got {got}.")
        if self.low is not None and self.high is not None and self.low > self.high:
            faults.append(f"low {self.low:g} is above high {self.high:g}; exchange them.")
        if self.choices and self.shares is not None:
            if len(self.shares) != len(self.choices):
                faults.append(f"{len(self.choices)} choices have {len(self.shares)} shares; give one each.")
            elif sum(self.shares) <= 0:
                faults.append("all shares are 0.")
        if faults:
            raise InvalidSettings([Fault((), fault) for fault in faults], "a law")
        return self

    def law(self, name: str) -> Law:
        """Give the law of the parameter of this name, as `laws.draw` takes it."""
        parameter = PARAMETERS[name]
        if self.value is not None:
            return ("fixed", number(parameter, self.value))
        if self.choices is not None:
            shares = self.shares or (1.0,) * len(self.choices)
            values = (number(parameter, choice) for choice in self.choices)
            return ("one_of", *(each for pair in zip(values, shares, strict=True) for each in pair))
        if self.low is not None and self.high is not None:
            return ("uniform", self.low, self.high)
        return ("normal", float(self.mean or 0), float(self.sd or 0))

    def faults(self, name: str) -> Iterator[Fault]:
        """Say what does not fit the parameter of this name."""
        if name not in PARAMETERS:
            yield Fault((name,), f"is no parameter.{did_you_mean(name, list(PARAMETERS))}")
            return
        for key, value in self.model_dump(exclude_none=True, exclude={"sd", "shares"}).items():
            for each in value if key == "choices" else [value]:
                if fault := unfit(PARAMETERS[name], each):
                    yield Fault((name, key), fault)


def number(parameter: Parameter, value: Value) -> float:
    """Give the number that a value of a parameter stands for: the place of a choice's name."""
    return float(parameter.choices.index(value)) if isinstance(value, str) else float(value)


def unfit(parameter: Parameter, value: Value) -> str:
    """Say why a parameter cannot have a value, or give an empty string."""
    if isinstance(value, str):
        if value in parameter.choices:
            return ""
        allowed = ", ".join(parameter.choices) or f"a number from {parameter.low:g} to {parameter.high:g}"
        return f"{value!r} is not possible.{did_you_mean(value, parameter.choices)} Allowed: {allowed}."
    if parameter.choices and not (0 <= value < len(parameter.choices) and value == int(value)):
        return f"{value:g} is not possible. Allowed: {', '.join(parameter.choices)}."
    if not parameter.low <= value <= parameter.high:
        return f"{value:g} is out of range. Allowed: {parameter.low:g} to {parameter.high:g}."
    return ""


def _read(given: Any) -> Any:
    return {"value": given} if isinstance(given, int | float | str) else given


LawField = Annotated[Given, BeforeValidator(_read)]
"""A law as a field of settings: a bare number or name is a law of one value."""
