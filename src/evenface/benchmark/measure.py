"""Measuring one trained net: accuracy and gaps against the truth, what its latent tells of the groups, and flips."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch.nn import functional

from evenface.audit.result import Audit
from evenface.audit.run import audit
from evenface.benchmark.prepare import Prepared, chips_of
from evenface.benchmark.suites import Suite
from evenface.core.manifest import Manifest
from evenface.models.nets._files import load_net
from evenface.models.nets._net import Net
from evenface.models.nets._wrapper import innermost
from evenface.models.nets.vae import VAE
from evenface.probe import probe
from evenface.training.augment import to_pixels

_BATCH = 256
_DEALT = 200  # times that groups are dealt at random for the chance levels of gaps
_PROBED = 60  # the same for the chance band of probes, which cost more
_METRICS = ("accuracy", "balanced_accuracy", "tpr", "equalized_odds", "xu_f", "worst_group")
Ints = NDArray[np.int64]
Numbers = dict[str, float | None]


def measure(weights: Path, answers: Path, prepared: Prepared, out: Path, seed: int) -> Numbers:
    """Measure one net on the test faces of a suite and its counterfactual families.

    Args:
        weights: Of the net.
        answers: Table of its predictions on the test faces.
        prepared: The suite.
        out: Folder of the benchmark.
        seed: Of the draws.

    Returns:
        Name -> value, None where it is undefined; docs/MITIGATION_BENCHMARK.md says what each is.
    """
    net, card = load_net(weights)
    suite = prepared.suite
    found = audited(pl.read_parquet(answers), suite)
    frame, chips = chips_of(prepared.manifest, card.size, out)
    places = np.flatnonzero((frame["split"] == "test").to_numpy())
    places = places[~np.isin(places, list(chips.reasons))]
    every = {a.name: a.levels for a in Manifest.load(prepared.manifest).attributes}
    levels = {name: every[name] for name in suite.groups}
    codes = _codes(frame[places], levels)
    latents, _, found["reconstruction"] = read(net, chips.pixels[places], codes)
    truth = frame["true_label" if "true_label" in frame.columns else "label"][places].to_numpy()
    found |= leakage(latents, codes, truth, seed, _persons(frame[places]))
    if prepared.families is not None:
        manifest = Manifest.load(prepared.families)
        _, pixels = chips_of(prepared.families, card.size, out)
        _, logits, _ = read(net, pixels.pixels[:])
        logits = net.adjust(logits, _groups(_codes(manifest.frame, levels), _codes(frame, levels)))
        said = pl.Series(logits.argmax(1))
        found |= flips(manifest.frame.select("family", "variant", "changed").with_columns(said=said), suite.groups)
    return {name: None if value is None or not math.isfinite(value) else value for name, value in found.items()}


def audited(answers: pl.DataFrame, suite: Suite) -> Numbers:
    """Measure accuracy and gaps of a table of answers, against true labels where they are known."""
    truth = "true_label" if "true_label" in answers.columns else "label"
    table = answers.drop("label").rename({truth: "label"}) if truth != "label" else answers
    several = "subject" in table.columns and bool(table["subject"].drop_nulls().is_duplicated().any())
    table = table.select("label", "predicted", *suite.groups, *suite.others, *(["subject"] if several else []))
    names = [*suite.groups, *suite.others]
    cross = max(1, len(suite.groups))
    told = audit(
        table, by=names, label="label", pred="predicted", metrics=_METRICS, cross=cross, resamples=100,
        permutations=_DEALT,
    )  # fmt: skip
    by = " × ".join(suite.groups)
    found: Numbers = {name: told.overall(name).value for name in ("accuracy", "balanced_accuracy")}
    found["worst_group"] = _worst(told, "accuracy", by)
    headline = f"tpr[{suite.emotion}]" if suite.emotion else "accuracy"
    if suite.emotion:  # a gap is small as well where no group's expression is read
        found |= {"recall": told.overall(headline).value, "worst_recall": _worst(told, headline, by)}
    for name, metric, kind in (
        ("gap", headline, "difference"),
        ("accuracy_gap", "accuracy", "difference"),
        ("equalized_odds", "equalized_odds", "between"),
        ("f", "xu_f", "between"),
    ):
        found |= _gap(told.gap(metric, by, kind), name)
    for attribute in names if len(names) > 1 else ():
        found[f"f[{attribute}]"] = told.gap("xu_f", attribute, "between")["value"]
    return found


def validated(answers: Path, suite: Suite) -> tuple[float, float]:
    """Give the mean over groups of balanced accuracy, and the mean over expressions of the gap of recall between them.

    Both on faces as they are labelled, and balanced, since on biased faces plain accuracy rewards what is to be
    lessened. A gap of each expression, since a group that loses one expression to another gains that one.
    """
    table = pl.read_parquet(answers).select("label", "predicted", *suite.groups).drop_nulls()
    right = (pl.col("label") == pl.col("predicted")).mean()
    recalls = table.group_by(*suite.groups, "label").agg(right.alias("recall"))
    of_group = recalls.group_by(*suite.groups).agg(pl.col("recall").mean())["recall"]
    of_label = recalls.group_by("label").agg(gap=pl.col("recall").max() - pl.col("recall").min())["gap"]
    return float(of_group.to_numpy().mean()), float(of_label.to_numpy().mean())


def _worst(told: Audit, metric: str, by: str) -> float | None:
    values = [group["metrics"][metric]["value"] for group in told.data["groups"] if group["by"] == by]
    return min((value for value in values if value is not None), default=None)


def _gap(gap: Mapping[str, Any], name: str) -> Numbers:
    return {name: gap["value"], f"{name}_chance": gap["chance_50"], f"{name}_chance_95": gap["chance_95"]}


def read(
    net: Net, chips: NDArray[np.uint8], codes: Ints | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float64], float]:
    """Give latents, scores, and the mean squared error of what a net draws from its latents; NaN if it draws nothing.

    Pixels are in [0, 1], so an error of 0.01 is a tenth of the range. A net that is told attributes when it draws is
    told `codes`, (face, attribute).
    """
    latents, logits, errors = [], [], []
    inside = innermost(net)
    with torch.inference_mode():
        for start in range(0, len(chips), _BATCH):
            pixels = to_pixels(torch.from_numpy(np.array(chips[start : start + _BATCH])))
            latent = net.encode(pixels)
            latents.append(latent.float().numpy())
            logits.append(net.classify(latent).double().numpy())
            if isinstance(inside, VAE) and codes is not None:
                drawn = inside.decode(latent, torch.from_numpy(np.array(codes[start : start + _BATCH])))
                seen = functional.interpolate(pixels, drawn.shape[2:], mode="bilinear", antialias=True)
                errors.append((drawn - seen).square().mean((1, 2, 3)).numpy())
    error = float(np.concatenate(errors).mean()) if errors else math.nan
    return np.concatenate(latents), np.concatenate(logits), error


def leakage(latents: NDArray[np.float32], codes: Ints, truth: Ints, seed: int, persons: Ints) -> Numbers:
    """Measure how well each attribute is read from latents: by a linear probe, given the expression too, and an MLP.

    Numbers are balanced accuracies; of several attributes, that which is read farthest above its band.

    Args:
        latents: (face, latent).
        codes: (face, attribute) index of the level, -1 where it is not known.
        truth: (face,) index of the expression.
        seed: Of the draws.
        persons: (face,) the person shown.
    """
    rows = []
    for column in codes.T:
        given = _probed(latents, column, truth, seed, persons, ("linear",))
        rows.append(
            _probed(latents, column, None, seed, persons, ("linear", "mlp"))
            | {k.replace("linear", "linear_given"): v for k, v in given.items()}
        )
    told, band = np.array([(row["leak_linear"], row["leak_linear_chance_95"]) for row in rows], float).T
    return rows[int(np.argmax(np.nan_to_num(told - band, nan=-math.inf)))]


def _probed(
    latents: NDArray[np.float32], codes: Ints, given: Ints | None, seed: int, persons: Ints, kinds: tuple[str, ...]
) -> Numbers:
    told = probe(latents, codes, given=given, subjects=persons, seed=seed, permutations=_PROBED, kinds=kinds)
    found: Numbers = {}
    for kind in kinds:
        leak = told.leak(kind, "accuracy")
        found |= {f"leak_{kind}": leak.value, f"leak_{kind}_chance_95": leak.chance_high}
    return found


def flips(answers: pl.DataFrame, attributes: Sequence[str]) -> Numbers:
    """Measure how often an answer changes with the attribute, and with noise alone.

    A flip rate is the mean over families of the share of pairs of variants with different answers.

    Args:
        answers: Columns `family`, `changed`, `said`.
        attributes: Which changes count; of several, the mean.
    """
    pairs = answers.join(answers, on=("family", "changed")).filter(pl.col("variant") < pl.col("variant_right"))
    rate = pairs.group_by("changed", "family").agg((pl.col("said") != pl.col("said_right")).mean())
    of = dict(rate.group_by("changed").agg(pl.col("said").mean()).iter_rows())
    known = [of[name] for name in attributes if name in of]
    return {"flip": sum(known) / len(known) if known else None, "flip_noise": of.get("image_seed")}


def _codes(frame: pl.DataFrame, levels: Mapping[str, Sequence[str]]) -> Ints:
    """Give the place of each face's level among the levels of each attribute, -1 where it is not known."""
    columns = [pl.col(f"attr:{name}").cast(pl.Enum(list(of))).to_physical() for name, of in levels.items()]
    return frame.select(column.cast(pl.Int64).fill_null(-1) for column in columns).to_numpy()


def _persons(frame: pl.DataFrame) -> Ints:
    """Number the persons as they come, so that faces of as many persons are dealt as if none were known."""
    person = frame["subject"].fill_null(frame["face"]).to_numpy().astype(str)
    _, first, place = np.unique(person, return_index=True, return_inverse=True)
    return np.asarray(first.argsort().argsort()[place])


def _groups(codes: Ints, learnt: Ints) -> Ints:
    """Give the group of each face as training counts them: crossings that there were, in the order of their levels."""
    there = np.unique(learnt[(learnt >= 0).all(1)], axis=0)
    same = (codes[:, None] == there).all(2)
    return np.where(same.any(1), same.argmax(1), -1)
