"""What readings say beside each other: whether a probe that finds nothing would have found it elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

READ, NOT_READ, NO_POWER, UNDEFINED = "read", "not_read", "no_power", "undefined"
_MAIN = ("bits", "r2")  # the measure that the sentences rest on: of levels, of numbers
_NAMES = {"linear": "linear probe", "mlp": "MLP", "knn": "nearest neighbours"}


def judge(readings: Sequence[dict[str, Any]], faces: Mapping[str, str]) -> None:
    """Set `verdict` of each measure in place.

    A value above the chance band is `read`. One inside is `not_read` if the same probe and measure read the attribute
    of the same faces from the pixels, or at the same place of another run; else `no_power`: that nothing was found
    then proves nothing.

    Args:
        readings: Of all runs.
        faces: Run -> hash of its faces.
    """
    above = {
        (faces[r["run"]], r["place"], r["attribute"], r["given"], m["probe"], m["measure"])
        for r in readings
        for m in r["measures"]
        if _above(m)
    }
    for reading in readings:
        for measure in reading["measures"]:
            what = (reading["attribute"], reading["given"], measure["probe"], measure["measure"])
            found = {(faces[reading["run"]], place, *what) for place in ("pixels", reading["place"])} & above
            measure["verdict"] = (
                UNDEFINED if measure["value"] is None else READ if _above(measure) else NOT_READ if found else NO_POWER
            )


def _above(measure: Mapping[str, Any]) -> bool:
    return measure["value"] is not None and measure["value"] > measure["chance_high"]


def sentences(readings: Sequence[Mapping[str, Any]]) -> list[str]:
    """One sentence for each run, attribute and condition: what its latent shows."""
    return [_sentence(reading) for reading in readings if reading["place"] == "latent"]


def _sentence(reading: Mapping[str, Any]) -> str:
    name = reading["attribute"] + (f" (given the {reading['given']})" if reading["given"] else "")
    if reading["undefined"]:
        return f"{reading['run']}: {name} cannot be probed: {reading['undefined']}."
    main = {m["probe"]: m for m in reading["measures"] if m["measure"] in _MAIN}
    by = {verdict: [p for p in main if main[p]["verdict"] == verdict] for verdict in (READ, NOT_READ, NO_POWER)}
    said = []
    if by[READ]:
        best = max((main[p] for p in by[READ]), key=lambda m: float(m["value"]))
        said.append(f"is read from the latent by {_listed(by[READ])}{_amount(reading, best)}")
    if by[NOT_READ]:
        said.append(
            f"is not read by {_listed(by[NOT_READ])}, found though it is by the same in the pixels or another run"
        )
    if by[NO_POWER]:
        said.append(
            f"is not read by {_listed(by[NO_POWER])}, but nor is it in the pixels or another run: that proves nothing"
        )
    return f"{reading['run']}: {name} {'; '.join(said)}."


def _amount(reading: Mapping[str, Any], best: Mapping[str, Any]) -> str:
    if best["measure"] == "r2":
        return f" (R² up to {best['value']:.2f})"
    right = next(m for m in reading["measures"] if (m["probe"], m["measure"]) == (best["probe"], "accuracy"))
    return (
        f" (up to {best['value']:.2f} of {reading['entropy']:.2f} bits; {right['value']:.0%} right, chance up to "
        f"{right['chance_high']:.0%})"
    )


def _listed(probes: Sequence[str]) -> str:
    names = [f"the {_NAMES[p]}" for p in probes]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
