"""A study from end to end: its folder, going on with it, and tables that the audit reads."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evenface.audit.run import audit
from evenface.core.errors import InputError, SettingsError
from evenface.fusion.data import TEST, deal, prepare
from evenface.fusion.matrix import Cell
from evenface.fusion.run import study
from evenface.report.transfer.files import to_html, write


def folder_of(settings) -> Path:
    return Path(settings.out) / settings.name


def test_every_accuracy_is_in_the_table(done) -> None:
    settings, _data, _told = done
    table = pl.read_parquet(folder_of(settings) / "transfer.parquet")
    by_person = table.filter(split="person").filter(pl.col("subset") != "none")
    assert len(by_person) == 3 * 3 * 2 * 3 * 7  # sources x regions x regimes x fusions x subsets
    assert by_person["accuracy"].is_between(0, 1).all()
    assert (by_person["low"] <= by_person["accuracy"] + 1e-9).all()
    assert (by_person["high"] >= by_person["accuracy"] - 1e-9).all()
    assert set(table.filter(split="random")["subset"]) == {"A", "answers", "local", "units", "none"}


def test_an_accuracy_can_be_worked_out_from_the_predictions(done) -> None:
    settings, data, _ = done
    settings = settings.model_copy(update={"seeds": (0,)})
    said = pl.read_parquet(folder_of(settings) / "predictions" / "lam-gated-from-east.parquet")
    weights = said.select(pl.sum_horizontal(pl.col("^weight_.*$")))
    assert weights.to_series().is_between(0.99, 1.01).all()
    assert set(said["face"]) == set(data.frame["face"].to_numpy()[deal(data, 0, settings.data) == TEST])
    assert (said.filter(region="east")["predicted"] == said.filter(region="east")["label"]).mean() > 0.6


def test_predictions_go_into_the_audit(done) -> None:
    settings, _, _ = done
    table = folder_of(settings) / "predictions" / "lam-gated-own.parquet"
    found = audit(table, by=["region"], resamples=100, permutations=100)
    assert {group["group"] for group in found.data["groups"]} == {"region=east", "region=north", "region=west"}


def test_shapley_values_add_up_to_what_all_cues_reach(done) -> None:
    _settings, _, told = done
    rows = pl.DataFrame(told["accuracy"]).filter(split="person", test="east", source="east")
    whole = rows.filter(regime="lam", fusion="gated", subset="A")["accuracy"].item()
    none = rows.filter(subset="none")["accuracy"].item()
    parts = [r["value"] for r in told["shapley"] if (r["region"], r["regime"], r["fusion"]) == ("east", "lam", "gated")]
    assert sum(parts) == pytest.approx(whole - none)


def test_a_cue_that_means_something_in_one_region_alone_is_worth_more_there(done) -> None:
    _, _, told = done
    worth = {r["region"]: r["value"] for r in told["shapley"]
             if (r["cue"], r["regime"], r["fusion"]) == ("local", "gam", "gated")}  # fmt: skip
    assert worth["east"] > max(worth["north"], worth["west"])


def test_the_document_holds_no_number_that_json_has_not(done) -> None:
    settings, _, told = done
    kept = json.loads((folder_of(settings) / "transfer.json").read_text())
    assert kept["summary"] == told["summary"]
    assert kept["schema"] == "evenface.transfer/1"


def test_going_on_does_nothing_twice_and_gives_the_same(done, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, data, told = done

    def never(*given, **more):
        raise AssertionError("trained again")

    monkeypatch.setattr("evenface.fusion.many.Many.fit", never)
    assert study(settings, data, resume=True) == told


def test_a_folder_that_is_there_is_left_alone(done) -> None:
    settings, data, _ = done
    with pytest.raises(InputError, match="--resume"):
        study(settings, data)


def test_another_study_does_not_go_on_in_the_same_folder(done) -> None:
    settings, data, _ = done
    with pytest.raises(InputError, match="holds another study: regimes was"):
        study(settings.model_copy(update={"regimes": ("lam",)}), data, resume=True)


def test_a_damaged_file_is_named(done, tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"half")
    with pytest.raises(InputError, match=r"x\.npz cannot be read"):
        Cell.load(tmp_path / "x.npz")


def test_what_cannot_be_is_said_before_anything_is_trained_and_all_at_once(faces, ask) -> None:
    settings = ask(
        detectors={"source": "wset", "as_channels": ("locla",), "svm": ("unist",)},
        mixtures=(("east", "moon"),),
        options={"gated": {"stepz": 3}, "tokens": {}},
        forgetting={"order": ("east",)},
        subsets=("A-unitz",),
        published={"source": "A (2023)", "caution": "Few.", "models": [
            {"name": "theirs", "subset": "A-locale", "learnt": "esat", "accuracy": {"weest": 90, "west": 80}},
        ]},
    )  # fmt: skip
    with pytest.raises(SettingsError) as caught:
        study(settings, prepare(*faces, settings.data))
    text = str(caught.value)
    for said in (
        "Did you mean 'west'",
        "Did you mean 'local'",
        "moon",
        "Did you mean 'steps'",
        "tokens",
        "order",
        "unitz",
        "names the region 'esat', which is not there",
        "names the region 'weest'",
        "names the cue 'locale', which is not there. Did you mean 'local'",
        "detectors.svm",
    ):
        assert said in text, said
    assert not folder_of(settings).exists()


def test_a_published_number_has_ours_beside_it_under_both_splits(faces, ask) -> None:
    three = {"east": 90.5, "north": 80, "west": 70}
    models = [
        {"name": "without units", "fusion": "mean", "subset": "A-units", "accuracy": three},
        {"name": "from west", "fusion": "mean", "subset": "local", "learnt": "west", "accuracy": three},
        {"name": "was not asked for", "fusion": "voting", "subset": "A", "accuracy": three},
        {"name": "no model", "accuracy": three},
    ]
    settings = ask(
        fusions=("mean",), regimes=("lam",), options={}, forgetting={"run": False}, subsets=("leave_one_out", "local"),
        published={"source": "A and B (2023)", "caution": "Few.", "models": models},
    )  # fmt: skip
    told = study(settings, prepare(*faces, settings.data))
    table = pl.read_parquet(folder_of(settings) / "transfer.parquet")
    for row in told["published"]:
        if row["model"] in ("was not asked for", "no model"):
            assert row["person"] is row["random"] is None
            continue
        source, subset = ("west", "local") if row["model"] == "from west" else (row["region"], "A-units")
        for split in ("person", "random"):
            ours = table.filter(split=split, source=source, test=row["region"], subset=subset)
            assert row[split]["accuracy"] == ours["accuracy"].item()
    assert told["published"][0]["published"] == pytest.approx(0.905)
    assert set(table.filter(split="random")["subset"]) == {"A", "A-units", "local", "none"}
    assert "A and B (2023): of 6 accuracies with one of ours beside them" in told["summary"][-1]


def test_a_mixture_learns_from_all_its_regions(faces, ask) -> None:
    settings = ask(
        seeds=(0,), mixtures=(("east", "west"),), fusions=("mean",), regimes=("gam",), subsets=("A",),
        options={}, forgetting={"run": False},
    )  # fmt: skip
    settings = settings.model_copy(update={"data": settings.data.model_copy(update={"random_reference": False})})
    told = study(settings, prepare(*faces, settings.data))
    assert told["sources"]["east+west"] == ["east", "west"]
    assert {row["source"] for row in told["accuracy"]} == {"east", "north", "west", "east+west"}
    assert told["summary"] == ["No fusion learns, or there is only one cue: there is nothing to compare."]
    assert "From each region to each" in to_html(told)


def test_the_report_is_whole_and_asks_nothing_of_a_network(done, tmp_path: Path) -> None:
    _, _, told = done
    page, text = (path.read_text() for path in write(told, tmp_path))
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    for title in ("Learnt in one region", "Shapley value of each cue", "Fall when a cue is hidden", "Points forgotten"):
        assert title in page
    for title in ("## In the region learnt from", "## All cues against fewer", "## Regions learnt one after the other"):
        assert title in text
    assert "nan" not in page.casefold().replace("finance", "")


def test_weights_are_shares(done) -> None:
    _, _, told = done
    weights = pl.DataFrame(told["weights"]).group_by("region", "regime", "fusion").agg(pl.col("weight").sum())
    assert np.allclose(weights["weight"], 1, atol=0.01)
