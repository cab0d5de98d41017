"""A tilted camera over ground: the angles are those of a level one, the drawn points stay where they were seen."""

from __future__ import annotations

import numpy as np
import pytest

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import RunningResult
from kinesight.domain.analysis import Findings
from kinesight.domain.people import KEYPOINTS
from kinesight.testing.exam import Condition, track_of
from kinesight.testing.runner import HEIGHT_M, Gait, runner

PARAMETERS = RunningParameters(height_m=HEIGHT_M)


@pytest.mark.parametrize("roll_deg", [-4.0, 3.0])
@pytest.mark.parametrize("facing", ["left", "right"])
def test_a_tilted_camera_over_ground_is_levelled(facing: str, roll_deg: float) -> None:
    gait = Gait(trunk_lean_deg=9.0)
    condition = Condition(facing=facing, fps=60.0, roll_deg=roll_deg, travelling_m_per_s=gait.speed_m_per_s)
    track = track_of(runner(gait, seconds=3.0), condition, seed=1)
    findings = analyse(Observations(track=track), PARAMETERS)
    assert findings.result.measures.trunk_lean_deg.value == pytest.approx(9.0, abs=0.7)
    assert "camera_tilted" in {notice.code for notice in findings.warnings}
    knee, ours = KEYPOINTS.index("left_knee"), findings.details.keypoints.index("left_knee")
    assert np.abs(findings.details.xy_px[20:-20, ours] - track.xy_px[20:-20, knee]).max() < 8


@pytest.mark.parametrize("roll_deg", [-4.0, 3.0])
@pytest.mark.parametrize("facing", ["left", "right"])
def test_a_tilted_camera_beside_a_treadmill_is_levelled(facing: str, roll_deg: float) -> None:
    findings = beside_a_treadmill(PARAMETERS, facing=facing, roll_deg=roll_deg)
    assert findings.result.measures.trunk_lean_deg.value == pytest.approx(9.0, abs=1.0)
    assert "camera_tilted" in {notice.code for notice in findings.warnings}
    # the made-up camera turns the other way round: its level lines rise to the right
    assert findings.result.camera_roll_deg == pytest.approx(-roll_deg, abs=1.0)


def test_a_belt_that_is_told_to_rise_is_no_tilted_camera() -> None:
    percent = 100 * np.tan(np.radians(3.0))
    told = beside_a_treadmill(RunningParameters(height_m=HEIGHT_M, incline_percent=percent), roll_deg=3.0)
    down = beside_a_treadmill(RunningParameters(height_m=HEIGHT_M, incline_percent=-percent), roll_deg=3.0)
    leans = [findings.result.measures.trunk_lean_deg.value for findings in (told, down)]
    # one of the two says that the slope in the picture is the belt's own, the other doubles what the camera is tilted
    assert sorted(abs(lean - 9.0) for lean in leans) == pytest.approx([3.0, 3.0], abs=1.0)
    assert min(abs(findings.result.camera_roll_deg) for findings in (told, down)) < 0.5
    assert max(abs(findings.result.camera_roll_deg) for findings in (told, down)) == pytest.approx(6.0, abs=1.0)


def test_a_camera_that_is_turned_is_not_levelled_by_a_belt() -> None:
    findings = beside_a_treadmill(PARAMETERS, roll_deg=3.0, yaw_deg=12.0)
    assert findings.result.camera_roll_deg is None
    assert findings.result.measures.trunk_lean_deg.error > 3.0


def test_a_level_camera_beside_a_treadmill_changes_nothing() -> None:
    findings = beside_a_treadmill(PARAMETERS, roll_deg=0.0, noise_m=0.0)
    assert findings.result.camera_roll_deg == pytest.approx(0.0, abs=0.15)


def beside_a_treadmill(
    parameters: RunningParameters, *, facing: str = "right", roll_deg: float, yaw_deg: float = 0.0, noise_m: float = 0.01
) -> Findings[RunningResult]:
    condition = Condition(facing=facing, fps=60.0, roll_deg=roll_deg, yaw_deg=yaw_deg, noise_m=noise_m)
    track = track_of(runner(Gait(trunk_lean_deg=9.0), seconds=4.0), condition, seed=1)
    return analyse(Observations(track=track), parameters)
