import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from evenface.probe._batch import two_parts
from evenface.probe.linear import PENALTIES, along_path


def test_each_penalty_gives_the_logistic_regression_of_a_peer() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, 300)
    features = torch.from_numpy(rng.standard_normal((300, 40)).astype(np.float32))
    features[:, 0] += torch.from_numpy(codes)
    people, half = torch.arange(300), torch.arange(300) % 2 == 0
    fit, new = two_parts(features, torch.from_numpy(codes)[:, None], people, people * 0, half, 3)
    for penalty, evidence in zip(PENALTIES, along_path(fit, new), strict=True):
        peer = LogisticRegression(C=1 / (penalty * 150), solver="newton-cg", max_iter=500)
        peer.fit(fit.features.numpy(), fit.codes[:, 0].numpy())
        ours = torch.softmax(evidence + new.offset, 1)[..., 0].numpy()
        # Steps are few: at the weakest penalty on separable faces they stop short of the optimum.
        assert ours == pytest.approx(peer.predict_proba(new.features.numpy()), abs=0.01 if penalty > 0.01 else 0.05)
