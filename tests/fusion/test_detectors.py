"""Detectors: answers as they come, and linear models that never answer a face that they were fitted on."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from evenface.fusion.data import TEST, deal, prepare
from evenface.fusion.detectors import View, fit_answers, fit_machines, given_answers
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


def test_machines_learn_what_no_line_parts_and_answer_no_face_that_they_were_fitted_on() -> None:
    rng = np.random.default_rng(0)
    views = rng.normal(0, 1, (240, 2)).astype(np.float32)
    labels = (np.hypot(*views.T) > 1.2).astype(np.int64)  # a ring
    people, learn = np.arange(240) // 4, np.arange(240) < 160
    found = fit_machines(views, labels, people % 4, learn, ("happy", "sad", "fear"), people)
    assert found.sum(1) == pytest.approx(np.zeros(240), abs=1e-4)
    assert (found.argmax(1) == labels)[~learn].mean() > 0.85
    linear = fit_answers(views, labels, people % 4, learn, 3)
    assert (linear.argmax(1) == labels)[~learn].mean() < 0.75
    assert (found[:, 2] < found[:, :2].max(1)).all()  # nobody showed it
    wide, nothing = rng.normal(0, 1, (240, 40)).astype(np.float32), rng.integers(0, 2, 240)
    by_heart = fit_machines(wide, nothing, people % 4, learn, ("happy", "sad"), people)
    assert (by_heart.argmax(1) == nothing)[learn].mean() < 0.65


def test_chances_of_machines_are_calibrated() -> None:
    rng = np.random.default_rng(0)
    views = rng.normal(0, 1, (4000, 1)).astype(np.float32)
    labels = (rng.random(4000) < 1 / (1 + np.exp(-2 * views[:, 0]))).astype(np.int64)
    found = fit_machines(views, labels, np.arange(4000) % 4, np.arange(4000) < 600, ("sad", "happy"), np.arange(4000))
    said = 1 / (1 + np.exp(found[:, 0] - found[:, 1]))
    for low, high in ((0, 0.35), (0.35, 0.65), (0.65, 1)):
        mine = (said >= low) & (said < high) & (np.arange(4000) >= 600)
        assert said[mine].mean() == pytest.approx(labels[mine].mean(), abs=0.1)


def test_a_class_that_one_person_shows_is_not_learnt_and_one_class_alone_is_no_answer() -> None:
    rng = np.random.default_rng(0)
    people = np.arange(60) // 5
    labels = np.where(people == 0, 2, np.arange(60) % 2)
    views = (np.eye(3)[labels] * 3 + rng.normal(0, 1, (60, 3))).astype(np.float32)
    found = fit_machines(views, labels, people % 3, np.arange(60) < 50, ("happy", "sad", "fear"), people)
    assert (found.argmax(1) < 2).all()
    none = fit_machines(views, np.zeros(60, np.int64), people % 3, np.arange(60) < 50, ("happy", "sad"), people)
    assert np.isnan(none).all()


def test_cues_named_have_a_machine_for_detector_and_the_others_do_not(faces, ask) -> None:
    plain = ask()
    machine = plain.detectors.model_copy(update={"svm": ("units",)})
    data = prepare(*faces, plain.data)
    part = deal(data, 0, plain.data)
    linear, kernel = (Entrance(data, part, each, 0).fitted(("west",)) for each in (plain.detectors, machine))
    np.testing.assert_array_equal(linear["local"], kernel["local"])
    there = data.readings["units"].valid
    assert np.isfinite(kernel["units"][there]).all()
    assert np.isnan(kernel["units"][~there]).all()
    assert not np.allclose(linear["units"][there], kernel["units"][there])
    tested = there & (part == TEST)
    assert (kernel["units"].argmax(1) == data.labels)[tested].mean() > 0.6


def test_people_that_show_one_expression_alone_do_not_stop_a_study() -> None:
    # Fear is shown by two people who show nothing else, so that one part to be fitted to lacks it or happy or sad.
    rng = np.random.default_rng(0)
    labels = np.array([0] * 20 + [1] * 20 + [2] * 4)
    people = np.array([*np.repeat(np.arange(2), 10), *np.repeat(np.arange(2), 10), 2, 2, 3, 3])
    views = (np.eye(3)[labels] * 3 + rng.normal(0, 0.1, (44, 3))).astype(np.float32)
    learn = np.ones(44, bool)
    learn[[0, 20]] = False
    found = fit_machines(views, labels, np.zeros(44, np.int64), learn, ("happy", "sad", "fear"), people)
    assert np.isfinite(found[[0, 20]]).all()
    assert found[[0, 20]].argmax(1).tolist() == [0, 1]
