"""Bins of confidence and the calibration error, by hand."""

import math

import numpy as np
import pytest

from evenface.core.calibration import bin_of, calibration_error


def test_bins_are_closed_above() -> None:
    assert bin_of(np.array([0.0, 1e-9, 1 / 15, 1 / 15 + 1e-9, 0.5, 1.0])).tolist() == [0, 0, 0, 1, 7, 14]


def test_calibration_error_on_a_hand_worked_table() -> None:
    confidence = np.array([0.9, 0.9, 0.65, 0.55])
    right = np.array([True, False, True, True])
    assert calibration_error(confidence, right) == pytest.approx((abs(1.8 - 1) + abs(0.65 - 1) + abs(0.55 - 1)) / 4)


def test_without_faces_there_is_no_error_to_tell() -> None:
    assert math.isnan(calibration_error(np.zeros(0), np.zeros(0, bool)))
