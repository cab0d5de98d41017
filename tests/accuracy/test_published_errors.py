"""The published errors hold on runners and ways of filming that they were not set on; needs no measuring material."""

from __future__ import annotations

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.domain.document import Estimate
from kinesight.testing.back_errors import BACK_PUBLISHED, back_error_readings, made_up_backs
from kinesight.testing.error_exam import coverage, error_readings, made_up_bodies
from kinesight.testing.exam import Condition, track_of
from kinesight.testing.runner import HEIGHT_M, Gait, runner


def test_most_truths_lie_within_the_published_errors() -> None:
    readings = [reading for body in made_up_bodies().values() for reading in error_readings(body, 500)]
    found = coverage(readings)
    assert all(one.of >= 20 for one in found)
    # nine of ten over all; a single quantity on so few cases may miss one or two more
    assert sum(one.held for one in found) / sum(one.of for one in found) >= 0.9
    assert {one.key: one.part for one in found if one.part < 0.78} == {}


def test_most_truths_seen_from_behind_lie_within_the_published_errors() -> None:
    readings = [reading for body in made_up_backs() for reading in back_error_readings(body, 500)]
    found = coverage(readings, keys=BACK_PUBLISHED)
    assert all(one.of >= 20 for one in found)
    assert sum(one.held for one in found) / sum(one.of for one in found) >= 0.9
    assert {one.key: one.part for one in found if one.part < 0.78} == {}


def test_more_strides_make_the_error_smaller() -> None:
    few, many = (knee(seconds=seconds, noise_m=0.01) for seconds in (2.5, 12.0))
    assert few.n < many.n
    assert few.error is not None
    assert many.error is not None
    assert few.error > many.error


def test_a_single_stride_has_no_error_bar() -> None:
    single = knee(seconds=1.1, noise_m=0.01)
    assert (single.n, single.spread, single.error) == (1, None, None)


def test_more_noise_makes_the_error_larger() -> None:
    quiet, loud = (knee(seconds=5.0, noise_m=noise_m).error for noise_m in (0.0, 0.03))
    assert quiet is not None
    assert loud is not None
    assert loud > quiet


def knee(*, seconds: float, noise_m: float) -> Estimate:
    track = track_of(runner(Gait(), seconds=seconds), Condition(facing="right", fps=60.0, noise_m=noise_m), seed=3)
    result = analyse(Observations(track=track), RunningParameters(height_m=HEIGHT_M)).result
    return result.measures.front_knee_deg.right.initial_contact
