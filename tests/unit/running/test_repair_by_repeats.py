"""Holes and detours are repaired by the other strides; what lies within the strides' own differences stays."""

from __future__ import annotations

import numpy as np
import pytest

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import RunningResult
from kinesight.domain.analysis import Findings
from kinesight.domain.people import KEYPOINTS, PoseTrack
from kinesight.testing.body import Body
from kinesight.testing.exam import Condition, track_of
from kinesight.testing.runner import HEIGHT_M, Gait, in_sequence, runner
from kinesight.testing.side_view import changed

BODY = runner(Gait(), seconds=4.0)


def film(body: Body = BODY, *, noise_m: float = 0.01, travelling_m_per_s: float = 0.0) -> PoseTrack:
    condition = Condition(facing="right", fps=60.0, noise_m=noise_m, travelling_m_per_s=travelling_m_per_s)
    return track_of(body, condition, seed=4)


def found(track: PoseTrack) -> Findings[RunningResult]:
    return analyse(Observations(track=track), RunningParameters(height_m=HEIGHT_M))


def without(track: PoseTrack, names: list[str], start: int, stop: int) -> PoseTrack:
    xy_px = track.xy_px.copy()
    xy_px[start:stop, [KEYPOINTS.index(name) for name in names]] = np.nan
    return changed(track, xy_px=xy_px)


def around(time_s: float, track: PoseTrack) -> int:
    return int(np.searchsorted(track.time_s, time_s))


@pytest.mark.parametrize("noise_m", [0.0, 0.01, 0.02])
def test_clean_clips_are_not_touched(noise_m: float) -> None:
    result = found(film(noise_m=noise_m)).result
    assert (result.gaps_filled, result.detours_corrected) == (0, 0)


@pytest.mark.parametrize("travelling_m_per_s", [0.0, 3.0])
def test_a_strike_in_a_hole_is_found_where_the_other_strides_have_it(travelling_m_per_s: float) -> None:
    track = film(travelling_m_per_s=travelling_m_per_s)
    strike_s = BODY.strikes_s["right"][2]
    middle = around(strike_s, track)
    hole = without(track, [f"right_{name}" for name in ("ankle", "heel", "big_toe")], middle - 5, middle + 5)
    findings = found(hole)
    strides = [stride for stride in findings.details.strides if stride.foot == "right"]
    nearest = min(strides, key=lambda stride: abs(stride.strike_s - strike_s))
    assert nearest.strike_s == pytest.approx(strike_s, abs=0.02)
    assert np.isnan(nearest.initial_contact.foot_strike_deg), "the foot was not seen there"
    assert findings.result.gaps_filled >= 3


def test_a_point_that_leaves_its_path_is_put_back() -> None:
    track = film()
    xy_px = track.xy_px.copy()
    frames = slice(100, 106)
    xy_px[frames, KEYPOINTS.index("right_knee")] += [90.0, 40.0]
    clean, spoilt = found(track), found(changed(track, xy_px=xy_px))
    assert spoilt.result.detours_corrected == 1
    off = np.abs(spoilt.details.series["right_knee_deg"] - clean.details.series["right_knee_deg"])
    assert off[frames].max() < 6
    assert np.nanmax(np.delete(off, np.arange(96, 110))) < 0.5


def test_everybody_out_of_sight_for_a_moment_is_bridged() -> None:
    track = film()
    result = found(without(track, list(KEYPOINTS), 90, 98)).result
    whole = found(track).result
    assert [(event.foot, event.kind) for event in result.events] == [(event.foot, event.kind) for event in whole.events]


def test_a_change_of_gait_is_no_detour() -> None:
    body = in_sequence([runner(Gait(lift_m=0.30), seconds=2.5), runner(Gait(lift_m=0.38), seconds=2.5)])
    assert found(film(body)).result.detours_corrected == 0


def test_two_strides_repair_nothing() -> None:
    track = film(runner(Gait(), seconds=1.9))
    assert found(without(track, ["right_knee"], 50, 59)).result.gaps_filled == 0
