"""What others published, and ours beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evenface.core.errors import SettingsError, did_you_mean
from evenface.fusion.data import TransferData
from evenface.fusion.intervals import interval
from evenface.fusion.measure import Ground, Key
from evenface.fusion.settings import PublishedModel, TransferSettings


def unknown(settings: TransferSettings, data: TransferData) -> list[str]:
    """Say of each region and subset that is published and not in the data that it is not there."""
    models = settings.published.models if settings.published else ()
    named = dict.fromkeys(region for model in models for region in (*model.accuracy, model.learnt) if region)
    said = [
        f"published names the region {name!r}, which is not there.{did_you_mean(name, data.regions)} "
        f"There are: {', '.join(data.regions)}. Take it out of published, or all of it: --set published.models=[]."
        for name in named
        if name not in data.regions
    ]
    for model in models:
        try:
            model.subset_of(tuple(data.cues))
        except SettingsError as error:
            said.append(str(error))
    return said


def beside(
    settings: TransferSettings, data: TransferData, by_person: Sequence[Ground], by_lot: Sequence[Ground]
) -> list[dict[str, Any]]:
    """Give one row per published number: `model`, `region`, `published`, and ours under both splits.

    `person` and `random` are the accuracy with its interval, or None where the study has no such model, was not read
    there, or none is meant. All are shares.
    """
    splits = {name: {each.region: each for each in grounds} for name, grounds in
              (("random", by_lot), ("person", by_person))}  # fmt: skip
    return [
        {
            "model": model.name,
            "region": region,
            "published": accuracy / 100,
            **{name: _ours(each.get(region), model, tuple(data.cues)) for name, each in splits.items()},
        }
        for model in (settings.published.models if settings.published else ())
        for region, accuracy in model.accuracy.items()
    ]


def _ours(ground: Ground | None, model: PublishedModel, cues: tuple[str, ...]) -> dict[str, Any] | None:
    subset = model.subset_of(cues)
    if ground is None or subset is None:
        return None
    place = ground.at.get(Key(model.learnt or ground.region, model.regime, model.fusion, subset))
    if place is None:
        return None
    low, high = interval(ground.draws[:, place])
    return {"accuracy": float(ground.accuracy[place]), "low": low, "high": high}
