"""Base rates: Bayes' rule by hand, and shares found again without labels."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from evenface.core.errors import InputError, SettingsError, UnknownNameError
from evenface.serve.base_rates import LEAST, estimate, rebased
from evenface.serve.predictor import Predictor

TRAINED = np.array([0.6, 0.3, 0.1])
SEEN = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])  # chance of each picture, given the expression


def faces(rates: np.ndarray, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """What a model that knows `SEEN` and learnt `TRAINED` says of faces drawn with other shares; and which they are."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, count, p=rates)
    picture = np.array([rng.choice(3, p=SEEN[each]) for each in truth])
    joint = SEEN * TRAINED[:, None]
    return (joint / joint.sum(0))[:, picture].T, truth


def test_other_base_rates_are_bayes_rule() -> None:
    joint = SEEN * TRAINED[:, None]
    p = (joint / joint.sum(0)).T  # a row for each picture
    rates = np.array([0.2, 0.3, 0.5])
    wanted = SEEN * rates[:, None]
    assert np.allclose(rebased(p, TRAINED, rates), (wanted / wanted.sum(0)).T)
    assert np.allclose(rebased(p, TRAINED, np.full(3, 1 / 3)), (SEEN / SEEN.sum(0)).T)
    assert np.allclose(rebased(p, TRAINED, TRAINED), p)
    assert np.isnan(rebased(np.array([[np.nan] * 3]), TRAINED, rates)).all()


def test_what_was_never_learnt_does_not_become_the_answer() -> None:
    p = np.array([[0.6, 0.399999, 1e-6]])
    assert rebased(p, np.array([0.6, 0.399999, 1e-9]), np.full(3, 1 / 3)).argmax() < 2


@pytest.mark.parametrize("rates", [[1 / 3] * 3, [0.05, 0.15, 0.8], [0.6, 0.3, 0.1], [1.0, 0.0, 0.0]])
def test_shares_are_found_again_without_labels(rates: list[float]) -> None:
    p, _ = faces(np.array(rates), 20_000)
    found, count = estimate(p, TRAINED)
    assert count == 20_000 and found.sum() == pytest.approx(1)
    assert np.abs(found - rates).max() < 0.02


def test_the_estimate_is_the_root_of_the_likelihood_where_it_has_a_closed_form() -> None:
    """Two classes, two kinds of picture: the share solves one linear equation; the prior moves it by less than 1/n."""
    seen, trained = np.array([[0.8, 0.2], [0.3, 0.7]]), np.array([0.9, 0.1])
    joint = seen * trained[:, None]
    p = (joint / joint.sum(0)).T
    count = np.array([45_000, 55_000])
    found, _ = estimate(np.repeat(p, count, axis=0), trained)
    assert found[0] == pytest.approx((0.45 - 0.3) / (0.8 - 0.3), abs=1e-4)


def test_no_expression_is_ruled_out_and_faces_not_read_are_left_out() -> None:
    p = np.repeat([[0.98, 0.01, 0.01], [np.nan] * 3], LEAST, axis=0)
    found, count = estimate(p, TRAINED)
    assert count == LEAST
    assert found.min() >= 1 / (LEAST + 3)


def test_too_few_faces_are_told() -> None:
    with pytest.raises(InputError, match=f"from {LEAST} faces or more, and here are {LEAST - 1}. Give more"):
        estimate(np.full((LEAST - 1, 3), 1 / 3), TRAINED)


@pytest.fixture
def greys(tmp_path: Path) -> Path:
    """Faces of all shades, dark ones more often, and a picture without a face."""
    for number, shade in enumerate(np.linspace(1, 200, LEAST + 20).astype(int)):
        Image.new("RGB", (32, 32), (int(shade),) * 3).save(tmp_path / f"{number:03d}.png")
    Image.new("RGB", (32, 32)).save(tmp_path / "none.png")
    return tmp_path


def test_the_table_is_under_the_base_rates_that_were_asked_for(model: Any, halves: Any, greys: Path) -> None:
    model.shares = TRAINED
    names = [f"score_{name}" for name in model.classes]
    tables = {}
    for kind in ("trained", "uniform", "estimated"):
        with Predictor(model, detector=halves, base_rates=kind, threshold=0.5) as predictor:
            tables[kind] = predictor.predict([greys])
    assert tables["trained"].columns == [name for name in tables["uniform"].columns if name != "base_rates"]
    p = tables["trained"].select(names).to_numpy()
    assert np.allclose(
        tables["uniform"].select(names).to_numpy(), rebased(p, TRAINED, np.full(3, 1 / 3)), equal_nan=True
    )
    found, count = estimate(p, TRAINED)
    assert count == LEAST + 20
    assert np.allclose(tables["estimated"].select(names).to_numpy(), rebased(p, TRAINED, found), equal_nan=True)
    assert tables["uniform"]["base_rates"].unique().to_list() == ["uniform"]
    said = f"estimated from {count} faces: happy {found[0]:.3f}, sad {found[1]:.3f}, neutral {found[2]:.3f}"
    assert tables["estimated"]["base_rates"].unique().to_list() == [said]
    for rows in tables.values():
        best = rows.select(pl.max_horizontal(names)).to_series()
        assert (rows["predicted"].is_null() == (best.is_null() | (best < 0.5))).all()
        assert (rows["reason"].is_null() == rows["predicted"].is_not_null()).all()
        sure = rows.filter(pl.col("predicted").is_not_null())
        likeliest = sure.select(names).to_numpy().argmax(1)
        assert sure["predicted"].to_list() == [model.classes[i] for i in likeliest]


def test_one_picture_is_too_little_to_estimate_from(model: Any, halves: Any) -> None:
    model.shares = TRAINED
    with Predictor(model, detector=halves, base_rates="estimated") as predictor, pytest.raises(InputError, match="100"):
        predictor.picture(np.full((50, 50, 3), 250, np.uint8))


def test_a_model_that_does_not_say_what_it_learnt_keeps_its_base_rates(model: Any) -> None:
    with pytest.raises(SettingsError, match="cannot be 'uniform': this model does not say"):
        Predictor(model, base_rates="uniform")
    with pytest.raises(UnknownNameError, match="Did you mean 'uniform'"):
        Predictor(model, base_rates="unifrom")  # type: ignore[arg-type]


def test_weights_that_ship_say_what_they_learnt() -> None:
    pytest.importorskip("onnxruntime")
    from evenface.models import macro

    model = macro.load()
    assert model.shares is not None and len(model.shares) == len(model.classes)
    assert model.shares.sum() == pytest.approx(1, abs=1e-4)
    assert model.classes[model.shares.argmax()] == "neutral" and model.classes[model.shares.argmin()] == "disgust"
