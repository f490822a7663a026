import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenface.core.errors import EvenfaceError, InputError, SettingsError
from evenface.core.reading import files, findings, read_predictions, text

NAMES = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")


def heritage(faces=210, seed=0, right=0.7):
    """Make a look-alike of a file of predictions with codes, names of the codes, and logits as bracketed text."""
    rng = np.random.default_rng(seed)
    true = np.arange(faces) % 7
    pred = np.where(rng.random(faces) < right, true, rng.integers(0, 7, faces))
    logits = rng.normal(0, 1, (faces, 7))
    logits[np.arange(faces), pred] += 9
    return pl.DataFrame(
        {
            "id": [f"{NAMES[t]}_{i:05x}" for i, t in enumerate(true)],
            "age": rng.choice(["00-02", "03-09", "70+", "20-29"], faces),
            "gender": rng.choice(["Male", "Female"], faces),
            "race": rng.choice(["White", "Black", "Latino_Hispanic"], faces),
            "label": [NAMES[t] for t in true],
            "y_true": true,
            "y_pred": pred,
            "logits": [str(row.tolist()) for row in logits],
            "conf": ["tensor(0.99)"] * faces,
        }
    )


def codes(predictions):
    return [notice.code for notice in predictions.warnings]


def same(a, b):
    """Compare everything but the source."""
    fa, fb = a.frame.collect(), b.frame.collect()
    assert fa.columns == fb.columns
    for name in fa.columns:
        if name.startswith("score:"):
            np.testing.assert_allclose(fa[name].to_numpy(), fb[name].to_numpy(), rtol=1e-12, atol=1e-15)
        elif name not in {"face", "subject"}:
            assert fa[name].equals(fb[name]), name
    assert (a.labels.names, a.attributes, a.rows) == (b.labels.names, b.attributes, b.rows)


def test_a_file_works_as_it_is(tmp_path):
    table = heritage()
    table.write_csv(tmp_path / "run.csv")
    found = read_predictions(tmp_path / "run.csv")
    frame = found.frame.collect()
    assert frame.schema["true"] == frame.schema["predicted"] == pl.Int16
    assert frame["true"].to_list() == table["y_true"].to_list()
    assert frame["predicted"].to_list() == table["y_pred"].to_list()
    assert frame["face"].to_list() == table["id"].to_list()
    assert found.labels.names == NAMES
    assert [each.name for each in found.attributes] == ["age", "gender", "race"]
    assert found.attributes[0].levels == ("00-02", "03-09", "20-29", "70+")
    scores = frame.select(f"score:{name}" for name in NAMES).to_numpy()
    logits = np.array([[float(x) for x in row.strip("[]").split(",")] for row in table["logits"]])
    expected = np.exp(logits - logits.max(1, keepdims=True))
    np.testing.assert_allclose(scores, expected / expected.sum(1, keepdims=True))
    assert found.warnings == ()
    said = " ".join(found.notes)
    for part in ("'y_true'", "'y_pred'", "'label'", "logits", "softmax", "not used: conf"):
        assert part in said


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet", "feather"])
@pytest.mark.parametrize("limit", [2**29, 10], ids=["memory", "streamed"])
def test_formats_and_streaming_give_the_same(tmp_path, suffix, limit, monkeypatch):
    monkeypatch.setattr(files, "IN_MEMORY", limit)
    monkeypatch.setattr(text, "IN_MEMORY", limit)
    monkeypatch.setattr(findings, "MOST_CHECKED", limit)
    table = heritage()
    path = tmp_path / f"run.{suffix}"
    {"csv": table.write_csv, "tsv": lambda p: table.write_csv(p, separator="\t"), "jsonl": table.write_ndjson}.get(
        suffix, table.write_parquet if suffix == "parquet" else table.write_ipc
    )(path)
    found = read_predictions(path)
    assert codes(found) == ([] if limit > 10 else ["repeats_unchecked"])
    same(found, read_predictions(table))


@given(st.integers(0, 1000), st.permutations(range(9)), st.permutations(range(70)))
@settings(max_examples=15)
def test_order_of_columns_and_rows_does_not_matter(seed, columns, rows):
    table = heritage(70, seed)
    turned = table.select([table.columns[i] for i in columns])
    by = ["age", "gender", "race"]
    first, second = read_predictions(table, by=by), read_predictions(turned, by=by)
    same(first, second)
    assert first.sha256 == second.sha256
    moved = read_predictions(table[list(rows)], by=by)
    assert moved.frame.collect().sort("face").equals(first.frame.collect().sort("face"))
    assert moved.attributes == first.attributes


@given(st.permutations(range(7)), st.sampled_from(["list", "columns"]))
@settings(max_examples=15)
def test_renaming_codes_renames_the_classes(order, shape):
    table = heritage(140)
    expected = read_predictions(table).frame.collect()
    new = {old: order[old] for old in range(7)}
    logits = np.array([[float(x) for x in row.strip("[]").split(",")] for row in table["logits"]])
    moved = np.empty_like(logits)
    moved[:, [new[i] for i in range(7)]] = logits
    renamed = table.with_columns(pl.col("y_true", "y_pred").replace_strict(new)).drop("logits", "label")
    names = [NAMES[list(order).index(code)] for code in range(7)]
    if shape == "list":
        renamed = renamed.with_columns(logits=pl.Series(moved.tolist()))
    else:
        renamed = renamed.with_columns(pl.Series(f"logit_{name}", moved[:, code]) for code, name in enumerate(names))
    found = read_predictions(renamed, labels=names)
    frame = found.frame.collect()
    for column in ("true", "predicted"):
        assert [found.labels.names[i] for i in frame[column]] == [NAMES[i] for i in expected[column]]
    for name in NAMES:
        np.testing.assert_allclose(frame[f"score:{name}"].to_numpy(), expected[f"score:{name}"].to_numpy())


def small(**columns):
    return {
        "y_true": ["happy", "sad", "happy", "sad"],
        "y_pred": ["happy", "sad", "sad", "sad"],
        "gender": ["F", "M", "M", "F"],
        **columns,
    }


def test_no_answer_stays_and_no_truth_goes():
    found = read_predictions(small(y_true=["happy", None, "sad", "sad"], y_pred=["no_face", "sad", "", "sad"]))
    assert found.frame.collect()["predicted"].to_list() == [None, None, 1]
    assert codes(found) == ["no_truth"]
    assert "No answer (empty, or a text that says so) in 2 rows" in " ".join(found.notes)


def test_prediction_from_the_highest_score():
    table = {
        "y_true": ["sad", "happy", "sad"],
        "p_happy": [0.9, 0.2, None],
        "p_sad": [0.1, 0.8, 0.5],
        "gender": list("FMF"),
    }
    found = read_predictions(table)
    assert found.labels.names == ("happy", "sad")
    assert found.frame.collect()["predicted"].to_list() == [0, 1, None]
    assert "highest score" in " ".join(found.notes)
    assert codes(found) == ["scores_not_finite"]


def test_columns_named_like_the_classes_are_scores():
    found = read_predictions(small(Happy=[0.9, 0.1, 0.4, 0.2], SAD=[0.1, 0.9, 0.6, 0.8]))
    assert found.frame.collect()["score:happy"].to_list() == [0.9, 0.1, 0.4, 0.2]


def test_wrong_number_of_scores():
    with pytest.raises(InputError, match="3 scores per face, but there are 2 classes"):
        read_predictions(small(probs=[[0.1, 0.2, 0.7]] * 4), labels="happy,sad")
    with pytest.raises(InputError, match="one column per class"):
        read_predictions(small(a=[0.1] * 4, b=[0.1] * 4, c=[0.8] * 4), scores="a,b,c")
    found = read_predictions(small(p_happy=[0.1] * 4, p_x=[0.1] * 4))
    assert "They were not used" in " ".join(found.notes)


def test_order_of_listed_scores_is_learnt_from_the_predictions_or_asked_for():
    table = heritage()
    named = table.with_columns(pl.col("y_true", "y_pred").replace_strict(dict(enumerate(NAMES)))).drop("label")
    order = [6, 5, 4, 3, 2, 1, 0]
    turned = named.with_columns(logits=pl.col("logits").str.json_decode(pl.List(pl.Float64)).list.gather(order))
    same(read_predictions(turned), read_predictions(table))
    assert any("agreement" in note for note in read_predictions(turned).notes)
    with pytest.raises(InputError, match="order of its classes is not known"):
        read_predictions(turned.drop("y_pred"))


def test_permuted_scores_are_named():
    table = heritage()
    order = [1, 0, 2, 3, 4, 5, 6]
    turned = table.with_columns(logits=pl.col("logits").str.json_decode(pl.List(pl.Float64)).list.gather(order))
    (notice,) = read_predictions(turned).warnings
    assert notice.code == "scores_permuted"
    assert "the scores of angry are those of disgust" in notice.message
    noise = table.with_columns(logits=pl.Series(np.random.default_rng(0).normal(size=(210, 7)).tolist()))
    assert codes(read_predictions(noise)) == ["scores_disagree"]


def test_a_planted_swap_is_reported_by_name():
    table = heritage(right=0.8).with_columns(pl.col("y_pred").replace({3: 5, 5: 3})).drop("logits")
    (notice,) = read_predictions(table).warnings
    assert notice.code == "permuted_classes"
    assert "happy and sad look as if they are swapped" in notice.message


def test_into_another_space_is_printed_and_counted():
    table = heritage()
    found = read_predictions(table, into="SMIC-3")
    frame = found.frame.collect()
    assert found.rows == 180
    assert found.labels.names == ("positive", "negative", "surprise", "other")
    assert codes(found) == ["dropped_classes", "other_answers"]
    assert any("happy -> positive" in note for note in found.notes)
    assert not (frame["true"] == 3).any()
    assert (frame["predicted"] == 3).sum() == table.filter(pl.col("y_true") != 4, pl.col("y_pred") == 4).height > 0
    np.testing.assert_allclose(frame.select(pl.sum_horizontal(pl.col("^score:.*$"))).to_series().to_numpy(), 1)
    raw = read_predictions(table).frame.filter(pl.col("true") != 4).collect()
    np.testing.assert_allclose(frame["score:other"].to_numpy(), raw["score:neutral"].to_numpy())


def test_into_a_mapping_says_where_each_class_goes():
    found = read_predictions(
        heritage().drop("logits"), into={name: "good" if name == "happy" else "bad" for name in NAMES}
    )
    assert found.labels.names == ("bad", "good")
    assert found.rows == 210
    assert found.warnings == ()


def test_merging_after_the_highest_score_keeps_the_answer():
    table = {
        "y_true": ["sad", "happy"],
        "p_happy": [0.4, 0.8],
        "p_sad": [0.3, 0.1],
        "p_fear": [0.3, 0.1],
        "gender": ["F", "M"],
    }
    found = read_predictions(table, into={"happy": "positive", "sad": "negative", "fear": "negative"})
    assert [found.labels.names[i] for i in found.frame.collect()["predicted"]] == ["positive", "positive"]


def test_repeated_faces():
    (notice,) = read_predictions(small(id=["a", "a", "b", "c"])).warnings
    assert notice.code == "repeated_faces"
    assert "1 face comes more than once (1 row too many), such as 'a'; 1 of them with different" in notice.message
    assert read_predictions(small(id=[10**19, 10**19 + 1, 10**19 + 2, 10**19 + 3])).warnings == ()


def test_marked_results():
    assert codes(read_predictions(small(y_true=["sad"] * 4))) == ["one_class"]
    assert codes(read_predictions(small(gender=["F"] * 4))) == ["one_group"]
    assert codes(read_predictions(small(race=[None] * 4))) == ["attribute_left_out"]
    assert codes(read_predictions(small(y_pred=[None] * 4))) == ["no_answers"]
    assert codes(read_predictions(small(y_true=[0, 1, 0, 1], y_pred=[0.0, 1.0, None, 1.0]))) == ["unnamed_codes"]


def test_options():
    found = read_predictions(
        small(who=["a", "a", "b", "b"], years=[3, 30, 50, 31]),
        by=["years"],
        bins={"years": [0, 18]},
        subject="who",
        provenance={"years": "annotated"},
    )
    assert found.frame.collect().columns == ["subject", "true", "predicted", "attr:years"]
    assert found.attributes[0].provenance == "annotated"
    with pytest.raises(SettingsError, match="bins names 'age'"):
        read_predictions(small(), bins={"age": [1]})


@given(st.binary(max_size=300))
@settings(max_examples=150)
def test_any_bytes_are_read_or_refused_with_a_reason(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(data)
    with pytest.raises(EvenfaceError):
        read_predictions(path)


@given(st.text(max_size=60), st.sampled_from([",", ";", "\t"]))
@settings(max_examples=100)
def test_any_group_name_survives_a_csv(tmp_path_factory, name, delimiter):
    name = name.replace("\x00", "").replace("\r", "").strip()
    path = tmp_path_factory.getbasetemp() / "names.csv"
    table = pl.DataFrame(small(gender=[name or "x", "other", "other", "x"]))
    table.write_csv(path, separator=delimiter)
    same(read_predictions(path), read_predictions(table))


def test_labels_that_contradict_the_names_in_the_table_are_reported():
    (notice,) = read_predictions(heritage(), labels="FER2013").warnings
    assert notice.code == "labels_contradict"
    assert "4 is sad there and 'neutral' here" in notice.message
    assert read_predictions(heritage(), labels=",".join(NAMES)).warnings == ()


def test_every_sentence_is_whole():
    table = heritage().with_columns(pl.col("y_pred").replace({3: 5, 5: 3}))
    odd = small(id=["a"] * 4, race=[None] * 4, p_happy=[0.9, 0.9, None, 0.9], p_sad=[0.9, 0.1, 0.1, 0.5])
    for found in (
        read_predictions(table, into="SMIC-3"),
        read_predictions(odd),
        read_predictions(small(y_true=[0, 1, 0, None], y_pred=[1] * 4)),
    ):
        for sentence in (*found.notes, *(notice.message for notice in found.warnings)):
            assert sentence.endswith(".")
            assert "  " not in sentence


@pytest.mark.parametrize(
    "options", [{}, {"labels": NAMES}, {"into": "SMIC-3"}, {"bins": {"years": [0, 30]}, "by": ["years", "gender"]}]
)
def test_faces_are_counted_alike_streamed_or_not(options):
    table = pl.concat([heritage(40).drop("id", "logits")] * 70)
    truth = pl.when(pl.int_range(pl.len()) % 50 == 0).then(None).otherwise(pl.col("y_true")).alias("y_true")
    gender = pl.col("gender")
    spaced = pl.when(pl.int_range(pl.len()) % 7 == 0).then(gender + " ").otherwise(gender).alias("gender")
    table = table.with_columns(truth, spaced, years=pl.int_range(pl.len()) % 5 * 10)
    held, streamed = read_predictions(table, **options), read_predictions(table.lazy(), **options)
    assert held.counted is None
    assert streamed.counted is not None
    assert held.rows == streamed.rows == streamed.counted["count"].sum()
    assert streamed.warnings == held.warnings
    keys = ["true", "predicted", *(f"attr:{a.name}" for a in held.attributes)]
    for columns in (keys, keys[:2]):
        assert streamed.count(columns).sort(columns).equals(held.count(columns).sort(columns))
