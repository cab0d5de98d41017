"""How what was found in the output is repaired: a face like any other head, what is doubtful once and where it stood."""

import numpy as np
import pytest

from kinesight.analyses.heads.covers import HOLD_S
from kinesight.analyses.heads.found import CERTAIN, LEAST, FoundHead, Risk
from kinesight.analyses.heads.parameters import HeadsParameters
from kinesight.analyses.heads.plan import DOUBTFUL_HOLD_S, make_plan
from kinesight.domain.heads import HeadMap
from kinesight.pipeline.heads import MOST_FOR_DOUBTFUL, MOST_PASSES, passes_worth

TIME_S = np.arange(100) / 25


def risk(score, kind="unknown"):
    return Risk(frame=0, time_s=0.0, xyxy_px=(0, 0, 20, 25), score=score, kind=kind, obj_id=None)


@pytest.fixture
def empty():
    shot = np.zeros(100, dtype=np.int64)
    heads = HeadMap(video_sha256="0" * 64, width_px=640, height_px=480, time_s=TIME_S, shot=shot, tracks=())
    return make_plan(heads, HeadsParameters(mode="anonymize"), {})


def moving_head(*, is_sure):
    """Return a head that was seen in five frames, going right at 250 px/s."""
    boxes = np.full((100, 4), np.nan)
    for frame in range(48, 53):
        boxes[frame] = [100 + 10 * frame, 50, 120 + 10 * frame, 80]
    return FoundHead(xyxy_px=boxes, is_sure=is_sure)


def covered(plan):
    (path,) = plan.more_covers
    return path, TIME_S[np.isfinite(path[:, 0])]


def test_a_face_is_covered_where_it_would_be_half_a_second_later(empty):
    path, times_s = covered(empty.with_more([moving_head(is_sure=True)]))
    assert times_s[[0, -1]] == pytest.approx([48 / 25 - HOLD_S, 52 / 25 + HOLD_S], abs=0.04)
    assert path[60, 2] > 120 + 10 * 60  # held and going on


def test_what_is_doubtful_is_covered_for_less_long_and_where_it_stood(empty):
    path, times_s = covered(empty.with_more([moving_head(is_sure=False)]))
    assert times_s[[0, -1]] == pytest.approx([48 / 25 - DOUBTFUL_HOLD_S, 52 / 25 + DOUBTFUL_HOLD_S], abs=0.04)
    np.testing.assert_allclose(path[59], path[58])
    assert path[50, 0] < 600
    assert path[50, 2] > 620


def test_a_clean_video_is_drawn_once_a_doubtful_one_twice_and_one_with_a_face_as_often_as_any():
    assert passes_worth([]) == 1
    assert passes_worth([risk(LEAST), risk(CERTAIN - 0.01)]) == MOST_FOR_DOUBTFUL
    assert passes_worth([risk(LEAST), risk(CERTAIN)]) == MOST_PASSES
    assert passes_worth([risk(LEAST), risk(LEAST, "uncovered")]) == MOST_PASSES, "where a hidden head is, a face is likely"
