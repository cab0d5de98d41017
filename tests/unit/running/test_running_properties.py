"""What must not matter, on runners of every kind: the mirror, the size of the picture, the rate at which a clip is played."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import RunningResult
from kinesight.domain.people import PoseTrack
from kinesight.testing.exam import Condition, track_of
from kinesight.testing.runner import HEIGHT_M, Gait, runner
from kinesight.testing.side_view import changed, mirrored

FEW = settings(
    max_examples=4, phases=(Phase.generate,), deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
OTHER = {"left": "right", "right": "left"}


@st.composite
def clips(draw: st.DrawFn) -> PoseTrack:
    gait = Gait(
        speed_m_per_s=draw(st.floats(2.5, 4.5)),
        cadence_spm=draw(st.floats(158, 190)),
        foot_at_strike_deg=draw(st.floats(-5, 18)),
        trunk_lean_deg=draw(st.floats(0, 14)),
    )
    condition = Condition(
        facing=draw(st.sampled_from(["left", "right"])),
        fps=draw(st.sampled_from([30.0, 60.0])),
        travelling_m_per_s=draw(st.sampled_from([0.0, gait.speed_m_per_s])),
        gaps=draw(st.booleans()),
    )
    return track_of(runner(gait, seconds=3.5), condition, seed=draw(st.integers(0, 99)))


def result_of(track: PoseTrack, **parameters: Any) -> RunningResult:
    return analyse(Observations(track=track), RunningParameters(height_m=HEIGHT_M, **parameters)).result


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Return every leaf of a document by its path."""
    if isinstance(value, dict):
        return {key: leaf for name, part in value.items() for key, leaf in flat(part, f"{path}/{name}").items()}
    if isinstance(value, (list, tuple)):
        return {key: leaf for number, part in enumerate(value) for key, leaf in flat(part, f"{path}/{number}").items()}
    return {path: value}


def sides_exchanged(value: Any) -> Any:
    """Return a document with left and right exchanged, in names and in values."""
    if isinstance(value, dict):
        return {OTHER.get(name, name): sides_exchanged(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [sides_exchanged(part) for part in value]
    return OTHER.get(value, value) if isinstance(value, str) else value


def assert_same(one: Any, two: Any, *, within: float) -> None:
    first, second = flat(one), flat(two)
    assert first.keys() == second.keys()
    for path, value in first.items():
        if isinstance(value, float):
            assert second[path] == pytest.approx(value, abs=within), path
        else:
            assert second[path] == value, path


@FEW
@given(clips())
def test_a_mirror_exchanges_left_and_right_and_nothing_else(track: PoseTrack) -> None:
    one, two = result_of(track), result_of(mirrored(track, relabel=True))
    before, after = sides_exchanged(one.model_dump()), two.model_dump()
    if before["camera_roll_deg"] is not None:
        before["camera_roll_deg"] = -before["camera_roll_deg"] + 0.0
    # left minus right changes its sign
    for values in before["metrics"]["asymmetry"].values():
        values["value"] = -values["value"]
    assert_same(before, after, within=2e-3)


@FEW
@given(clips(), st.sampled_from([0.5, 2.0]))
def test_the_resolution_changes_nothing(track: PoseTrack, factor: float) -> None:
    larger = PoseTrack(
        keypoints=track.keypoints,
        time_s=track.time_s,
        xy_px=track.xy_px * factor,
        score=track.score,
        width_px=round(track.width_px * factor),
        height_px=round(track.height_px * factor),
    )
    assert_same(result_of(track).model_dump(), result_of(larger).model_dump(), within=2e-3)


@FEW
@given(clips(), st.floats(1.5, 8.0))
def test_another_constant_rate_scales_the_times(track: PoseTrack, factor: float) -> None:
    slowed = changed(track, xy_px=track.xy_px, time_s=track.time_s * factor)
    one, two = result_of(track), result_of(slowed, slow_motion=factor)
    assert [event.time_s * factor for event in one.events] == pytest.approx([event.time_s for event in two.events], abs=1e-3)
    assert_same(one.measures.model_dump(), two.measures.model_dump(), within=2e-3)
    assert_same(one.metrics.model_dump(), two.metrics.model_dump(), within=2e-3)
    assert np.isclose(two.running_to_s, one.running_to_s * factor, atol=2e-3)
