"""The comparison of two models: from rows to verdicts."""

import json

import numpy as np
import polars as pl
import pytest

from evenface.audit.compare import Comparison, compare
from evenface.audit.compare.words import gap_words, verdict
from evenface.audit.compare.write import to_json, write
from evenface.audit.run import audit
from evenface.core.errors import InputError, SettingsError, UnknownNameError
from evenface.core.reading import read_predictions

CLASSES = ("angry", "happy", "sad")
FEW = {"resamples": 200, "permutations": 200}


def table(n: int = 400, seed: int = 0, right: float = 0.8, **weak: float) -> dict[str, list[object]]:
    """Faces with the same ids, labels and attributes for every seed; answers depend on it. `f=.6`: right for f."""
    fixed, rng = np.random.default_rng(99), np.random.default_rng(seed)
    true = fixed.integers(0, 3, n)
    gender, age = fixed.choice(["f", "m"], n), fixed.choice(["0-19", "20-59", "60+"], n, p=[0.3, 0.5, 0.2])
    chance = np.array([weak.get(g, right) for g in gender])
    answer = np.where(rng.random(n) < chance, true, (true + rng.integers(1, 3, n)) % 3)
    names = np.array(CLASSES)
    return {
        "id": [f"face{i}" for i in range(n)],
        "y_true": names[true].tolist(),
        "y_pred": names[answer].tolist(),
        "gender": gender.tolist(),
        "age": age.tolist(),
    }


def run(a: object, b: object, **options: object) -> Comparison:
    return compare(a, b, **{"by": ["gender", "age"], **FEW, **options})


@pytest.fixture(scope="module")
def models() -> tuple[dict[str, list[object]], dict[str, list[object]]]:
    return table(seed=1, f=0.6, m=0.85), table(seed=2, f=0.84, m=0.85)


@pytest.fixture(scope="module")
def found(models: tuple[dict[str, list[object]], dict[str, list[object]]]) -> Comparison:
    return run(*models)


def shuffled(rows: dict[str, list[object]], seed: int = 3) -> pl.DataFrame:
    return pl.DataFrame(rows).sample(fraction=1.0, shuffle=True, seed=seed)


def test_values_are_those_of_the_rows(found: Comparison, models) -> None:
    a, b = map(pl.DataFrame, models)
    for group, mask in {"gender=f": a["gender"] == "f", "age=60+": a["age"] == "60+"}.items():
        right = [(t["y_true"] == t["y_pred"]).filter(mask) for t in (a, b)]
        entry = found.group(group, "accuracy")
        assert entry["a"] == pytest.approx(right[0].mean())
        assert entry["change"] == pytest.approx(right[1].mean() - right[0].mean())
        whole = next(g for g in found["groups"] if g["group"] == group)
        assert whole["only_a_right"] == (right[0] & ~right[1]).sum()
        assert whole["neither_right"] == (~right[0] & ~right[1]).sum()
        assert whole["n"] == sum(whole[k] for k in ("both_right", "only_a_right", "only_b_right", "neither_right"))


def test_a_gap_that_closes_is_found_and_named(found: Comparison) -> None:
    gap = found.gap("accuracy", "gender")
    assert gap["verdict"] == "smaller"
    assert gap["how"] == "raised"
    assert gap["change"] == pytest.approx(gap["b"] - gap["a"])
    assert gap["low"] < gap["change"] < gap["high"] < 0
    assert gap["worst"]["a"] == "gender=f"
    assert "fairer on this sample by more than luck" in gap["words"]
    assert gap["words"] in found.summary


def test_levelling_down_is_named() -> None:
    found = run(table(n=3000, seed=1, f=0.6, m=0.9), table(n=3000, seed=1, f=0.6, m=0.62), metrics=["accuracy"])
    gap = found.gap("accuracy", "gender")
    assert (gap["verdict"], gap["how"]) == ("smaller", "levelled down")
    assert "levelling down" in gap["words"]
    assert gap["best"]["a"] == "gender=m"


def test_what_chance_gives_is_not_called_more() -> None:
    gap = run(table(seed=1), table(seed=2)).gap("accuracy", "gender")
    assert gap["verdict"] == "within luck"
    assert gap["smallest_detectable"] > abs(gap["change"])
    assert "would probably not have been seen" in gap["words"]


def test_swapping_the_models_turns_every_sign(found: Comparison, models) -> None:
    back = run(*models[::-1])
    for one, two in zip(found["gaps"], back["gaps"], strict=True):
        assert one["metric"] == two["metric"]
        for key in ("p", "p_adjusted", "smallest_detectable"):
            assert one[key] == (None if two[key] is None else pytest.approx(two[key], rel=1e-9))
        if one["change"] is not None:
            assert one["change"] == -two["change"]
            assert (one["low"] is None) == (two["high"] is None)
            assert one["low"] is None or one["low"] == pytest.approx(-two["high"], abs=1e-9)
    for one, two in zip(found["groups"], back["groups"], strict=True):
        assert one["only_a_right"] == two["only_b_right"]
        for name, entry in one["metrics"].items():
            other = two["metrics"][name]
            assert entry["p"] == other["p"]
            if entry["change"] is not None:
                assert entry["change"] == -other["change"]
                assert entry["low"] == pytest.approx(-other["high"], abs=1e-9)


def test_a_model_against_itself_shows_nothing(models) -> None:
    found = run(models[0], models[0])
    for entry in [*found["gaps"], *(v for g in found["groups"] for v in g["metrics"].values())]:
        if entry["change"] is not None:
            assert entry["change"] == 0
            assert entry["low"] is None or entry["low"] <= 0 <= entry["high"]
            assert entry["p"] == 1
            assert entry["p_adjusted"] == 1
    assert {g["verdict"] for g in found["gaps"]} <= {"within luck", "undefined"}


def test_models_that_never_differ_leave_a_change_open(models) -> None:
    found = run(models[0], models[0])
    gap = found.gap("accuracy", "gender")
    reach = [found.group(f"gender={g}", "accuracy")["high_simultaneous"] for g in "fm"]
    assert gap["high"] == -gap["low"] == pytest.approx(sum(reach))
    assert min(reach) > 0
    assert gap["smallest_detectable"] is None
    between = next(g for g in found["gaps"] if g["kind"] == "between" and g["change"] == 0)
    assert between["low"] is between["high"] is None
    assert "draws cannot tell" in between["words"]
    few = run(*[{k: v[:60] for k, v in models[0].items()}] * 2, by=["gender"])
    assert few.gap("accuracy", "gender")["high"] > gap["high"]


def test_the_order_of_rows_does_not_matter(found: Comparison, models) -> None:
    again = run(shuffled(models[0]), shuffled(models[1], 5))
    for key in ("overall", "groups", "gaps", "summary"):
        assert json.loads(to_json(again))[key] == json.loads(to_json(found))[key]


def test_classes_travel_by_name(found: Comparison, models) -> None:
    codes = {"sad": 0, "angry": 1, "happy": 2}
    other = pl.DataFrame(models[1]).with_columns(pl.col("y_true", "y_pred").replace_strict(codes))
    b = compare(other, other, by=["gender"], labels="0=sad,1=angry,2=happy", **FEW)
    assert b["input"]["classes"] == ["sad", "angry", "happy"]
    from evenface.core.reading import read_predictions

    one = read_predictions(models[0], by=["gender", "age"])
    two = read_predictions(other, by=["gender", "age"], labels="0=sad,1=angry,2=happy")
    again = compare(one, two, **FEW)
    assert again["groups"] == found["groups"]
    assert again["gaps"] == found["gaps"]


def test_one_file_may_hold_both_models(found: Comparison, models) -> None:
    both = models[0] | {"other": models[1]["y_pred"]}
    again = run(both, both, pred="y_pred", pred_b="other")
    assert again["gaps"] == found["gaps"]


def test_no_answer_is_an_outcome(models) -> None:
    silent = dict(models[1]) | {"y_pred": [None, None, *models[1]["y_pred"][2:]]}
    found = run(models[0], silent)
    assert found.overall("coverage")["change"] == pytest.approx(-2 / 400)
    assert found.overall("accuracy")["test"] == "swap"
    assert found.overall("accuracy_all")["test"] == "McNemar mid-p"


def test_persons_are_drawn_and_swapped_as_wholes() -> None:
    a, b = table(n=100, seed=1), table(n=100, seed=2)
    many = [
        pl.concat([pl.DataFrame(t).with_columns(pl.col("id") + f"-{i}", person=pl.col("id")) for i in range(6)])
        for t in (a, b)
    ]
    plain = compare(a, b, by=["gender"], metrics=["accuracy"], **FEW)
    persons = compare(*many, by=["gender"], subject="person", metrics=["accuracy"], **FEW)
    apart = compare(*(t.drop("person") for t in many), by=["gender"], metrics=["accuracy"], **FEW)
    assert persons["settings"]["unit"] == "subject"
    assert persons["input"]["subjects"] == 100

    def width(found: Comparison) -> float:
        entry = found.overall("accuracy")
        return entry["high"] - entry["low"]

    assert width(persons) == pytest.approx(width(plain), rel=0.08)
    assert width(apart) < 0.6 * width(persons)
    gap = [x.gap("accuracy", "gender") for x in (plain, persons)]
    assert gap[0]["high"] - gap[0]["low"] == pytest.approx(gap[1]["high"] - gap[1]["low"], rel=0.3)


def test_same_input_same_bytes(models, tmp_path) -> None:
    names = {"compare.json", "compare.md", "compare.html", "compare.svg"}
    one, two = (write(run(*models, metrics=["accuracy"]), tmp_path / name) for name in "ab")
    assert {p.name for p in one} == names
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]


def test_names_from_the_data_stay_text(models, tmp_path) -> None:
    evil = [t | {"gender": ["<script>x|y</script>" if g == "f" else "=cmd()" for g in t["gender"]]} for t in models]
    for path in write(compare(*evil, by=["gender"], metrics=["accuracy"], **FEW), tmp_path, ["md", "html"]):
        assert "<script>" not in path.read_text()


def test_what_is_asked_for_by_a_wrong_name_is_told(found: Comparison, models, tmp_path) -> None:
    with pytest.raises(UnknownNameError, match="accuracy"):
        found.gap("acuracy", "gender")
    with pytest.raises(UnknownNameError, match="gender=f"):
        found.group("gender=g", "accuracy")
    with pytest.raises(SettingsError, match="counts only"):
        run(*models, metrics=["ece"])
    with pytest.raises(SettingsError, match="Did you mean 'json'"):
        write(found, tmp_path, ["jsn"])


def without(rows: dict[str, list[object]], key: str) -> dict[str, list[object]]:
    return {k: v for k, v in rows.items() if k != key}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: without(t, "id"), "no column that identifies the face"),
        (lambda t: t | {"id": ["face0", *t["id"][:-1]]}, r"more than once, such as 'face0'"),
        (lambda t: t | {"id": [f"x{i}" for i in t["id"]]}, "No face id is in both tables"),
        (lambda t: t | {"y_pred": ["fear", *t["y_pred"][1:]]}, "only in B: fear"),
        (lambda t: t | {"y_true": t["y_true"][1:] + t["y_true"][:1]}, "hardly the same faces"),
    ],
)
def test_bad_pairs_are_told_clearly(models, change, message: str) -> None:
    with pytest.raises(InputError, match=message):
        run(models[0], change(models[1]))


def test_faults_of_both_tables_are_told_together(models) -> None:
    with pytest.raises(InputError, match=r"(?s)A \(.*B \("):
        run(*(without(t, "id") for t in models))


def test_what_differs_between_the_tables_is_counted(models) -> None:
    a, b = models
    b = {k: list(v) for k, v in b.items()}
    b["y_true"][0] = "sad" if b["y_true"][0] != "sad" else "happy"
    b["gender"][1] = "m" if b["gender"][1] == "f" else "f"
    b["id"][2] = "elsewhere"
    found = run(a, b)
    assert found["input"]["left_out"] == {"only_a": 1, "only_b": 1, "true_differs": 1}
    assert found["input"]["faces"] == 398
    assert found["input"]["attributes"][0]["missing"] == 1
    assert {"only_a", "only_b", "true_differs", "attribute_differs"} <= {w["code"] for w in found["warnings"]}


def test_small_groups_are_shown_but_take_no_part(models) -> None:
    few = [t | {"gender": ["x"] * 4 + t["gender"][4:]} for t in models]
    found = run(*few)
    assert next(g for g in found["groups"] if g["group"] == "gender=x")["small"]
    gap = found.gap("accuracy", "gender")
    assert gap["left_out"] == ["gender=x"]
    assert "gender=x" not in (*gap["best"].values(), *gap["worst"].values())


def test_result_reads_like_a_dict_and_as_tables(found: Comparison) -> None:
    assert found["schema"] == "evenface.compare/1"
    assert set(found) == set(found.data)
    assert found.groups_table().height == sum(len(g["metrics"]) for g in found["groups"])
    assert found.gaps_table().height == len(found["gaps"])
    json.loads(to_json(found))


def test_all_faces_are_no_group_and_a_family_of_one(found: Comparison) -> None:
    assert all(g["by"] and g["levels"] for g in found["groups"])
    assert {g["by"] for g in found["groups"]} == {"gender", "age", "gender × age"}
    for entry in found["overall"]["metrics"].values():
        assert entry["p_adjusted"] == entry["p"]
        assert entry["low_simultaneous"] == entry["low"]


def test_a_fault_says_whose_table_it_is() -> None:
    faces = {"id": [1, 2], "y_true": ["happy", "sad"], "y_pred": ["happy", "sad"], "gender": ["f", "m"]}
    lacking = {name: column for name, column in faces.items() if name != "y_pred"}
    with pytest.raises(InputError, match=r"^B: .*no column was recognised as the predicted class"):
        compare(faces, lacking, by=["gender"])


def test_the_level_that_was_asked_for_is_the_one_that_is_written(models, tmp_path) -> None:
    found = run(*models, metrics=["accuracy"], level=0.99)
    assert all("99 %" in sentence for sentence in found.summary)
    text = "".join(path.read_text() for path in write(found, tmp_path))
    assert "B - A (99 %)" in text
    assert "95 %" not in text


GAP = {"kind": "difference", "by": "g", "change": -0.02, "even_change": -0.02, "low": -0.04, "high": 0.01}
GAP |= {"even_low": -0.04, "even_high": 0.01, "smallest_detectable": None}


@pytest.mark.parametrize(
    ("p", "adjusted", "level", "end"),
    [
        (0.5, 0.9, 0.95, "within what luck alone gives."),
        (0.03, 0.3, 0.95, "within what luck alone gives, after correction."),
        (0.001, 0.03, 0.95, "the models differ in how they treat groups, but the gap's size may be the same."),
        (0.001, 0.03, 0.99, "within what luck alone gives, after correction."),
    ],
)
def test_only_a_corrected_p_says_that_models_differ(p: float, adjusted: float, level: float, end: str) -> None:
    gap = GAP | {"p": p, "p_adjusted": adjusted}
    gap |= {"verdict": verdict(gap, level)}
    assert gap["verdict"] == "within luck"
    words = gap_words(gap, "Accuracy", points=True, family=1, level=level)
    assert words.endswith(end)
    assert "after correction for 1 gap)" in words


def test_a_change_that_most_resamples_leave_undefined_is_not_called_unmoved() -> None:
    """Of b's 40 faces one is fear and one disgust: two of five resamples hold both."""
    true = np.concatenate([np.repeat([0, 1, 2], [100, 50, 50]), np.repeat([0, 1, 2], [38, 1, 1])])
    fixed = {"id": [f"{i}" for i in range(240)], "gender": ["m"] * 200 + ["f"] * 40, "y_true": true.tolist()}
    answers = [np.where(np.arange(240) % k == 0, (true + 1) % 3, true).tolist() for k in (5, 7)]
    one, two = ({**fixed, "y_pred": answer} for answer in answers)
    gap = run(one, two, by=["gender"], metrics=["balanced_accuracy"]).gap("balanced_accuracy", "gender")
    assert gap["change"] != 0
    assert (gap["low"], gap["high"], gap["smallest_detectable"]) == (None, None, None)
    assert gap["verdict"] == "undefined"
    assert "never differ" not in gap["words"]
    assert "cannot be told: no interval: " in gap["words"]


def test_what_has_been_read_cannot_be_told_how_to_be_read(models) -> None:
    one, two = (read_predictions(rows, by=["gender", "age"]) for rows in models)
    for how, names in (({"by": ["gender"]}, "by"), ({"label": "y_true", "pred": "y_pred"}, "label, pred")):
        with pytest.raises(SettingsError, match=f"so {names} would change nothing"):
            audit(one, **how, **FEW)
    with pytest.raises(SettingsError, match=r"B: .* pred would change nothing"):
        compare(one, two, pred_b="other", **FEW)
    rates = {"gender": {"f": {"f": 0.9, "m": 0.1}, "m": {"f": 0.1, "m": 0.9}}}
    assert audit(one, error_rates=rates, metrics=["accuracy"], **FEW).data["estimated"]
