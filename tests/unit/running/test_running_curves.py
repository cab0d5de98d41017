"""Joint angles over the gait cycle, numbers per side, pace and overstride bands, against runners whose angles are known."""

from __future__ import annotations

import numpy as np
import pytest

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.curves import CURVE_POINTS, POINTS
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import Curve, RunningResult
from kinesight.domain.people import KEYPOINTS, PoseTrack
from kinesight.domain.video import Floats
from kinesight.signals.geometry import front_angle_deg, inner_angle_deg, turn_deg
from kinesight.testing.body import Body
from kinesight.testing.runner import HEIGHT_M, Gait, runner
from kinesight.testing.side_view import Camera, changed, filmed, mirrored, noisy

GAIT = Gait(speed_m_per_s=3.2, cadence_spm=172)
FAR_AWAY = Camera(distance_m=40.0, focal_px=16000.0)


def seen(body: Body, *, fps: float = 120.0) -> PoseTrack:
    return filmed(body.at(np.arange(body.time_s[0], body.time_s[-1], 1 / fps)), FAR_AWAY)


def result_of(track: PoseTrack, **parameters: object) -> RunningResult:
    return analyse(Observations(track=track), RunningParameters(height_m=HEIGHT_M, **parameters)).result  # type: ignore[arg-type]


def curve(result: RunningResult, name: str, side: str) -> Curve:
    assert result.curves is not None
    found: Curve | None = getattr(getattr(result.curves, name), side)
    assert found is not None
    return found


def true_course(body: Body, name: str, side: str) -> Floats:
    """Return the true angle over one cycle in the middle of the clip, from strike to strike."""
    point = {
        part: body.path_m(f"{side}_{part}") for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "heel", "big_toe")
    }
    angle = {
        "ankle_deg": inner_angle_deg(point["knee"], point["ankle"], point["ankle"] + point["big_toe"] - point["heel"]),
        "knee_deg": inner_angle_deg(point["hip"], point["knee"], point["ankle"]),
        "hip_deg": front_angle_deg(point["shoulder"], point["hip"], point["knee"]),
        "shoulder_deg": turn_deg(point["hip"] - point["shoulder"], point["elbow"] - point["shoulder"]),
        "elbow_deg": inner_angle_deg(point["shoulder"], point["elbow"], point["wrist"]),
    }[name]
    start, end = body.strikes_s[side][2:4]
    return np.interp(np.linspace(start, end, POINTS), body.time_s, angle)


@pytest.fixture(scope="module")
def body() -> Body:
    return runner(GAIT, seconds=4.0)


@pytest.fixture(scope="module")
def clean(body: Body) -> RunningResult:
    return result_of(seen(body))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", CURVE_POINTS)
def test_curves_follow_the_true_angles(body: Body, clean: RunningResult, name: str, side: str) -> None:
    found, true = curve(clean, name, side), true_course(body, name, side)
    error = np.array(found.mean, dtype=float) - true
    assert found.spread is not None
    assert len(found.mean) == len(found.spread) == POINTS
    assert found.n >= 4
    # strikes are found to some milliseconds, and the foot turns by a degree in two of them
    assert np.sqrt(np.mean(error**2)) < (4.0 if name == "ankle_deg" else 2.5)
    assert np.median(np.array(found.spread, dtype=float)) < 0.5


def test_the_cycle_goes_from_strike_to_strike(clean: RunningResult) -> None:
    curves = clean.curves
    assert curves is not None
    assert curves.cycle_percent == tuple(np.arange(0.0, 101.0, 2.0))
    for side in ("left", "right"):
        assert getattr(curves.toe_off_percent, side).value == pytest.approx(100 * GAIT.duty_factor, abs=2.5)
        knee = np.array(curve(clean, "knee_deg", side).mean, dtype=float)
        assert knee[0] == pytest.approx(knee[-1], abs=1.5)
        landing = getattr(clean.measures.front_knee_deg, side).initial_contact.value
        assert knee[0] == pytest.approx(landing, abs=0.5)


def test_a_hip_that_extends_goes_on_beyond_straight(clean: RunningResult) -> None:
    hip = np.array(curve(clean, "hip_deg", "right").mean, dtype=float)
    assert hip.max() > 182
    assert np.abs(np.diff(hip)).max() < 20


def test_an_elbow_behind_the_trunk_counts_negative(clean: RunningResult) -> None:
    shoulder = np.array(curve(clean, "shoulder_deg", "left").mean, dtype=float)
    # trunk leans forward by 7 degrees; the upper arm swings 35 about 20 behind the vertical
    assert shoulder.min() == pytest.approx(-55 + GAIT.trunk_lean_deg, abs=3)
    assert shoulder.max() == pytest.approx(15 + GAIT.trunk_lean_deg, abs=3)


def test_noise_widens_the_spread_and_bends_the_curve_little(body: Body, clean: RunningResult) -> None:
    rough = result_of(noisy(seen(body, fps=60.0), sigma_px=4.0, far_side="left", seed=3))
    one, two = curve(clean, "knee_deg", "right"), curve(rough, "knee_deg", "right")
    assert np.sqrt(np.mean((np.array(one.mean) - np.array(two.mean)) ** 2)) < 3
    assert one.spread is not None
    assert two.spread is not None
    assert np.median(two.spread) > 2 * np.median(one.spread)
    far = curve(rough, "knee_deg", "left")
    assert far.confidence < two.confidence


def test_a_mirror_changes_no_curve(body: Body) -> None:
    track = seen(body, fps=60.0)
    one, two = result_of(track), result_of(mirrored(track, relabel=False))
    for name in CURVE_POINTS:
        assert curve(two, name, "right").mean == pytest.approx(curve(one, name, "right").mean, abs=0.02)


def test_what_is_hidden_for_long_is_unknown(body: Body) -> None:
    track = seen(body, fps=60.0)
    xy_px = track.xy_px.copy()
    xy_px[:, KEYPOINTS.index("left_wrist")] = np.nan
    hidden = result_of(changed(track, xy_px=xy_px))
    assert hidden.curves is not None
    assert hidden.curves.elbow_deg.left is None
    assert hidden.curves.elbow_deg.right is not None


def test_without_a_whole_cycle_there_are_no_curves() -> None:
    assert result_of(seen(runner(GAIT, seconds=0.75))).curves is None


def test_numbers_per_side(clean: RunningResult) -> None:
    metrics, per_side = clean.metrics, clean.per_side
    for side in ("left", "right"):
        assert getattr(per_side.step_time_s, side).value == pytest.approx(60 / 172, abs=0.005)
        assert getattr(per_side.step_length_m, side).value == pytest.approx(3.2 * 60 / 172, rel=0.03)
        assert getattr(per_side.duty_factor, side).value == pytest.approx(0.36, abs=0.02)
        flight = GAIT.stride_s / 2 - GAIT.contact_s
        assert getattr(per_side.flight_time_s, side).value == pytest.approx(flight, abs=0.015)
    both = sum(getattr(per_side.step_time_s, side).n for side in ("left", "right"))
    assert both == metrics.cadence_spm.n


def test_pace_is_the_time_for_a_kilometre(body: Body, clean: RunningResult) -> None:
    assert clean.metrics.pace_s_per_km.value == pytest.approx(1000 / 3.2, rel=0.02)
    told = analyse(Observations(track=seen(body)), RunningParameters(treadmill=True, pace_s_per_km=312.5)).result.metrics
    assert told.pace_s_per_km.value == pytest.approx(312.5)
    assert told.pace_s_per_km.spread is None
    unknown = analyse(Observations(track=seen(body)), RunningParameters()).result
    assert unknown.metrics.pace_s_per_km.value is None
    assert unknown.per_side.step_length_m.left.value is None


@pytest.mark.parametrize(("ahead", "band"), [(0.2, "good"), (0.62, "bad")])
def test_overstride_has_a_band(ahead: float, band: str) -> None:
    result = result_of(seen(runner(Gait(strike_ahead=ahead), seconds=3.0)), instant="initial_contact")
    value = result.measures.overstride_deg.right.initial_contact.value
    assert value is not None
    assert (value <= 6.0) == (band == "good")
    assert result.overstride.right == band
