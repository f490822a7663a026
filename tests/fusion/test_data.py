"""Faces by region: persons stay on one side, and what cannot be learnt from is said."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from evenface.core.errors import InputError, SettingsError
from evenface.cues._table import CueTable
from evenface.fusion.data import TEST, TRAIN, VALIDATION, deal, prepare


def test_no_person_is_in_two_parts(faces, ask) -> None:
    settings = ask().data
    data = prepare(*faces, settings)
    part = deal(data, 0, settings)
    for person in np.unique(data.persons):
        assert len(set(part[data.persons == person])) == 1
    for region in range(3):
        assert {TRAIN, VALIDATION, TEST} == set(part[data.region == region].tolist())
    assert not np.array_equal(part, deal(data, 1, settings))
    assert np.array_equal(part, deal(data, 0, settings))


def test_the_random_reference_puts_persons_on_both_sides(faces, ask) -> None:
    settings = ask().data
    data = prepare(*faces, settings)
    part = deal(data, 0, settings, random=True)
    assert any(len(set(part[data.persons == person])) > 1 for person in np.unique(data.persons))


def test_a_region_of_one_person_is_for_testing_alone(make, ask) -> None:
    manifest, table = make()
    one = pl.when(pl.col("region") == "north").then(pl.lit("north-0")).otherwise(pl.col("subject")).alias("subject")
    settings = ask().data
    data = prepare(replace(manifest, frame=manifest.frame.with_columns(one)), table, settings)
    assert data.learnable == ("east", "west")
    assert any(notice.code == "few_persons" and "north" in notice.message for notice in data.notices)
    assert (deal(data, 0, settings)[data.region == data.regions.index("north")] == TEST).all()


def test_unknown_persons_are_said(make, ask) -> None:
    manifest, table = make()
    nobody = manifest.frame.with_columns(pl.lit(None, pl.String).alias("subject"))
    data = prepare(replace(manifest, frame=nobody), table, ask().data)
    assert any(notice.code == "no_subject" for notice in data.notices)


def test_one_region_gives_nothing_to_transfer_to(make, ask) -> None:
    with pytest.raises(InputError, match="nothing to transfer to"):
        prepare(*make(("east",)), ask().data)


def test_an_unknown_region_is_refused_with_the_nearest(faces, ask) -> None:
    with pytest.raises(SettingsError, match="Did you mean 'west'"):
        prepare(*faces, ask().data.model_copy(update={"regions": ("wset", "east")}))


def test_data_sets_can_be_the_regions(faces, ask) -> None:
    data = prepare(*faces, ask().data.model_copy(update={"by_dataset": True}))
    assert data.regions == ("set-east", "set-north", "set-west")


def test_classes_are_merged_openly(faces, ask) -> None:
    data = prepare(*faces, ask().data.model_copy(update={"classes": ("positive", "negative")}))
    assert data.classes == ("positive", "negative")
    assert any("happy -> positive" in notice.message for notice in data.notices)
    assert any("were" in n.message or "not used" in n.message for n in data.notices if n.code == "left_out")


def test_label_spaces_that_do_not_meet_are_refused(faces, ask) -> None:
    with pytest.raises(SettingsError, match="share no class"):
        prepare(*faces, ask().data.model_copy(update={"classes": ("contempt", "fear")}))


def test_a_cue_that_fails_on_a_whole_group_is_a_finding(make, ask, read) -> None:
    manifest, table = make()
    men = (manifest.frame["attr:gender"] == "male").to_numpy()
    readings = dict(table.readings) | {"units": read(np.nan_to_num(table.readings["units"].values), ~men)}
    data = prepare(manifest, CueTable(table.faces, table.channels, readings), ask().data)
    assert any(n.code == "cue_fails_group" and "gender=male" in n.message for n in data.notices)


def test_a_cue_that_fails_on_a_data_set_is_a_finding_of_its_region(make, ask, read) -> None:
    manifest, table = make()
    east = (manifest.frame["dataset"] == "set-east").to_numpy()
    manifest = replace(manifest, frame=manifest.frame.with_columns(region=pl.lit("one")))
    readings = dict(table.readings) | {"units": read(np.nan_to_num(table.readings["units"].values), ~east)}
    settings = ask().data.model_copy(update={"by_dataset": True})
    notices = prepare(manifest, CueTable(table.faces, table.channels, readings), settings).notices
    (found,) = [n.message for n in notices if n.code == "cue_fails_group"]
    assert "no face of region=set-east (72 faces)" in found


def test_groups_are_those_of_the_faces_that_are_used(make, ask, read) -> None:
    manifest, table = make()
    frame = manifest.frame
    lost = ((frame["region"] == "east") & (frame["label"] > 0)).to_numpy()
    readings = dict(table.readings) | {"units": read(np.nan_to_num(table.readings["units"].values), ~lost)}
    of_all = prepare(manifest, CueTable(table.faces, table.channels, readings), ask().data)
    assert not [n for n in of_all.notices if n.code == "cue_fails_group"]
    settings = ask().data.model_copy(update={"classes": ("sad", "neutral")})
    of_two = prepare(manifest, CueTable(table.faces, table.channels, readings), settings)
    assert any("region=east (48 faces)" in n.message for n in of_two.notices if n.code == "cue_fails_group")


def test_a_cue_that_read_nothing_is_refused(make, ask, read) -> None:
    manifest, table = make()
    none = read(np.zeros((len(manifest.frame), 5)), np.zeros(len(manifest.frame), bool))
    with pytest.raises(InputError, match="units could be read from no face"):
        prepare(manifest, CueTable(table.faces, table.channels, dict(table.readings) | {"units": none}), ask().data)
