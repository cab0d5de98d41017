"""Picture times: kept where they increase, repaired where they do not."""

from array import array
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesight.media.stamps import StampRepair, timing_of


def _repaired(*stamps: float | None, interval_s: float = 0.1) -> list[float]:
    repair = StampRepair(interval_s)
    return [repair.next_s(stamp) for stamp in stamps]


def test_increasing_times_are_kept_to_the_bit() -> None:
    stamps = [0.0, 1 / 30, 0.1, 0.10000001, 5.0]
    assert _repaired(*stamps) == stamps


def test_a_first_time_other_than_zero_is_kept() -> None:
    assert _repaired(-0.5, 0.25) == [-0.5, 0.25]


def test_a_doubled_time_lands_midway_and_the_next_stays_true() -> None:
    assert _repaired(0.0, 0.1, 0.1, 0.2) == pytest.approx([0.0, 0.1, 0.15, 0.2])


def test_missing_times_follow_the_nominal_interval() -> None:
    assert _repaired(None, None, None) == pytest.approx([0.0, 0.1, 0.2])


def test_a_clock_that_starts_again_goes_on() -> None:
    assert _repaired(9.8, 9.9, 0.0, 0.1, 0.2) == pytest.approx([9.8, 9.9, 10.0, 10.1, 10.2])


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=2, max_size=200))
def test_times_always_increase(stamps: list[float | None]) -> None:
    times = _repaired(*stamps)
    assert all(later > earlier for earlier, later in pairwise(times))


@given(st.integers(2, 500))
def test_even_endless_repetition_increases(count: int) -> None:
    times = _repaired(*[3.0] * count)
    assert all(later > earlier for earlier, later in pairwise(times))


def test_timing_of_a_steady_rate() -> None:
    timing = timing_of(array("d", [index / 50 for index in range(101)]))
    assert timing.frame_count == 101
    assert timing.fps == pytest.approx(50)
    assert timing.duration_s == pytest.approx(101 / 50)
    assert timing.variable_frame_rate is False


def test_timing_of_a_varying_rate() -> None:
    timing = timing_of(array("d", [0.0, 0.1, 0.2, 0.25, 0.3]))
    assert timing.fps == pytest.approx(4 / 0.3)
    assert timing.variable_frame_rate is True


def test_too_few_pictures_have_no_rate() -> None:
    assert timing_of(array("d", [1.0])) == (1, None, None, None)
    assert timing_of(array("d")) == (0, None, None, None)
