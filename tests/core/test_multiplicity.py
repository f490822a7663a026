import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.stats.multitest import multipletests

from evenface.core.multiplicity import holm


@settings(max_examples=30)
@given(arrays(float, st.integers(1, 12), elements=st.floats(0.001, 1)))
def test_holm_as_statsmodels(p: np.ndarray) -> None:
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])


def test_holm_by_family_and_without_undefined_ones() -> None:
    got = holm([0.01, np.nan, 0.02, 0.04, 0.03], ["a", "a", "b", "a", "b"])
    np.testing.assert_allclose(got, [0.02, np.nan, 0.04, 0.04, 0.04])
    assert np.isnan(holm([np.nan])).all()
    assert holm([]).tolist() == []
