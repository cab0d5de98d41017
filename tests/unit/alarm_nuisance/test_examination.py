"""The marks of an examination, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from kinesight.testing.alarm_clips.examination import area_interval, area_under_curve, calibration_error, marks
from kinesight.testing.alarm_clips.families import LABELS

NAN = float("nan")


@pytest.mark.parametrize(
    ("score", "truth", "area"),
    [
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75),
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([4, 3, 2, 1], [0, 0, 1, 1], 0.0),
        ([1, 1, 1, 1], [0, 1, 0, 1], 0.5),
        ([1, 2, 9, 3], [0, 0, NAN, 1], 1.0),
        ([1, 2], [1, 1], NAN),
    ],
)
def test_area_under_curve(score: list[float], truth: list[float], area: float) -> None:
    assert area_under_curve(np.array(score, float), np.array(truth, float)) == pytest.approx(area, nan_ok=True)


def test_the_interval_narrows_with_more_clips() -> None:
    few, many = area_interval(0.9, 10, 100), area_interval(0.9, 100, 1000)
    assert few[0] < many[0] < 0.9 < many[1] < few[1] <= 1.0


def test_calibration_error_is_the_gap_between_promise_and_frequency() -> None:
    # four clips at 0.75 of which half are true, four at 0.05 of which none are
    score = np.array([0.75] * 4 + [0.05] * 4)
    truth = np.array([1, 1, 0, 0, 0, 0, 0, 0], float)
    assert calibration_error(score, truth) == pytest.approx(0.5 * 0.25 + 0.5 * 0.05)


def test_marks_count_what_is_known() -> None:
    truth = np.zeros((5, len(LABELS)))
    truth[0, 1], truth[1, 1] = 1, NAN
    score = np.full((5, len(LABELS)), 0.2)
    score[0, 1], score[2, 1] = 0.9, 0.6
    mark = marks(score, truth)[1]
    assert (mark.label, mark.yes, mark.no) == (LABELS[1], 1, 3)
    assert mark.auc == 1.0
    assert mark.recall == 1.0
    assert mark.false_share == pytest.approx(1 / 3)
