"""Strikes that are out of the runner's rhythm are marked, those beside them are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kinesight.analyses.running.angles import angle_series
from kinesight.analyses.running.camera import prepare_steadied
from kinesight.analyses.running.contacts import Contact, find_contacts
from kinesight.analyses.running.details import Stride
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.profile import load_profile
from kinesight.analyses.running.steps import find_steps
from kinesight.analyses.running.strides import measure_strides
from kinesight.testing.runner import Gait, runner
from kinesight.testing.side_view import Camera, filmed

GAIT = Gait(cadence_spm=170.0)


@pytest.fixture(scope="module")
def landings() -> tuple[Contact, ...]:
    return measured(None)[1]


def measured(contacts: tuple[Contact, ...] | None) -> tuple[tuple[Stride, ...], tuple[Contact, ...]]:
    track = filmed(runner(GAIT, seconds=4.0).at(np.arange(0, 4, 1 / 60)), Camera())
    motion, ground, _ = prepare_steadied(Observations(track=track), slow_motion=1.0)
    found = find_contacts(motion, ground, find_steps(motion)) if contacts is None else contacts
    borders = load_profile("ochy-side/1").pattern
    return measure_strides(motion, angle_series(motion), found, borders=borders, slow_motion=1.0), found


def test_a_steady_run_is_regular(landings: tuple[Contact, ...]) -> None:
    strides, _ = measured(landings)
    assert len(strides) >= 9
    assert all(stride.is_regular for stride in strides)


@pytest.mark.parametrize("index", [0, 1, 4, -2, -1])
@pytest.mark.parametrize("part", [-0.3, 0.3])
def test_a_strike_that_is_off_by_a_third_of_a_stride_is_marked_alone(
    landings: tuple[Contact, ...], index: int, part: float
) -> None:
    at = index % len(landings)
    moved = replace(landings[at], strike_s=landings[at].strike_s + part * 120 / GAIT.cadence_spm)
    plain, _ = measured(landings)
    strides, _ = measured((*landings[:at], moved, *landings[at + 1 :]))
    assert [number for number, stride in enumerate(strides) if not stride.is_regular] == [at]
    assert strides[at].strike_confidence < plain[at].strike_confidence or plain[at].strike_confidence == 0
    assert np.isnan(strides[at].step_s)
    assert np.isnan(strides[at].flight_s)
    if at:
        assert np.isnan(strides[at - 1].step_s)
    untouched = [number for number in range(len(strides)) if number not in {at - 1, at}]
    assert [strides[number].step_s for number in untouched] == pytest.approx([plain[n].step_s for n in untouched], nan_ok=True)


def test_a_missed_landing_does_not_spoil_its_neighbours(landings: tuple[Contact, ...]) -> None:
    strides, _ = measured((*landings[:4], *landings[5:]))
    assert all(stride.is_regular for stride in strides)
    assert np.isnan(strides[3].step_s)  # two landings of one foot in a row are no step


def test_two_strides_are_too_few_to_know_a_rhythm(landings: tuple[Contact, ...]) -> None:
    late = replace(landings[2], strike_s=landings[2].strike_s + 0.2)
    strides, _ = measured((landings[0], landings[1], late, landings[3]))
    assert all(stride.is_regular for stride in strides)
