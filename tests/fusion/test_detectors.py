"""Detectors: answers as they come, and linear models that never answer a face that they were fitted on."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from evenface.fusion.data import deal, prepare
from evenface.fusion.detectors import View, fit_answers, given_answers
from evenface.fusion.entries import Entrance


def test_channels_that_are_classes_are_taken_in_the_order_of_the_classes() -> None:
    values = np.array([[0.7, 0.2, 0.1]], np.float32)
    found = given_answers(("happiness", "sad", "contempt"), ("sad", "happy"), values)
    assert found is not None
    assert found[0, 1] - found[0, 0] == pytest.approx(np.log(0.7 / 0.2), abs=1e-5)
    assert found.sum() == pytest.approx(0, abs=1e-5)


def test_channels_that_lack_two_classes_are_no_answers() -> None:
    values = np.ones((1, 2), np.float32)
    assert given_answers(("happy", "sad"), ("happy", "sad", "fear"), values) is not None
    assert given_answers(("happy", "sad"), ("happy", "sad", "fear", "angry"), values) is None
    assert given_answers(("AU01", "AU02"), ("happy", "sad"), values) is None


def test_a_view_has_few_components_of_like_size() -> None:
    values = np.random.default_rng(0).normal(3, 2, (200, 50)).astype(np.float32)
    seen = View.of(values, 8)(values)
    assert seen.shape == (200, 8)
    assert seen.std(0) == pytest.approx(np.ones(8), abs=0.05)
    narrow = np.append(values[:, :3], np.ones((200, 1), np.float32), 1)
    assert View.of(narrow, 8)(narrow).std(0) == pytest.approx([1, 1, 1, 0], abs=1e-3)


def test_no_face_is_answered_by_a_model_that_was_fitted_on_it() -> None:
    rng = np.random.default_rng(0)
    views = rng.normal(0, 1, (120, 40)).astype(np.float32)
    labels = rng.integers(0, 3, 120)  # nothing can be known: 40 numbers fit 120 labels by heart
    learn = np.ones(120, bool)
    found = fit_answers(views, labels, np.arange(120) % 4, learn, 3)
    assert (found.argmax(1) == labels).mean() < 0.5


def test_detectors_are_as_good_as_a_peer() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 3
    views = (np.eye(3)[labels] @ rng.normal(0, 1, (3, 10)) + rng.normal(0, 1, (400, 10))).astype(np.float32)
    learn = np.arange(400) < 200
    found = fit_answers(views, labels, np.arange(400) // 3 % 4, learn, 3).argmax(1)
    peer = LogisticRegression().fit(views[learn], labels[learn]).predict(views)
    ours, theirs = ((said == labels)[~learn].mean() for said in (found, peer))
    assert ours > theirs - 0.04


def test_lam_keeps_the_detectors_of_the_source_and_gam_does_not(faces, ask) -> None:
    settings = ask()
    data = prepare(*faces, settings.data)
    part = deal(data, 0, settings.data)
    entrance = Entrance(data, part, settings.detectors, 0)
    units = list(data.cues).index("units")
    lam = [entrance.enter((region,), "lam") for region in ("east", "west")]
    gam = [entrance.enter((region,), "gam") for region in ("east", "west")]
    assert lam[0].answers.entries[:, units].equal(lam[1].answers.entries[:, units])
    assert not gam[0].answers.entries[:, units].equal(gam[1].answers.entries[:, units])
    assert lam[1].answers.entries[:, units].equal(gam[1].answers.entries[:, units])
    assert lam[0].shape.answers == (True, False, True)
    assert gam[0].shape.answers == (True, True, True)
    assert gam[0].shape.entry == 3


def test_a_cue_that_read_no_face_of_a_region_answers_none_under_gam(make, ask, read) -> None:
    settings = ask()
    manifest, table = make()
    east = (manifest.frame["region"] == "east").to_numpy()
    units = read(np.nan_to_num(table.readings["units"].values), ~east)
    readings = dict(table.readings) | {"units": units}
    data = prepare(manifest, type(table)(table.faces, table.channels, readings), settings.data)
    entry = Entrance(data, deal(data, 0, settings.data), settings.detectors, 0).enter(("east",), "gam")
    assert float(entry.faces.present[:, list(data.cues).index("units")].max()) == 0
