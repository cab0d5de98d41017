"""A tilted camera over ground: the angles are those of a level one, the drawn points stay where they were seen."""

from __future__ import annotations

import numpy as np
import pytest

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
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


def test_a_tilted_camera_beside_a_treadmill_is_not_guessed() -> None:
    track = track_of(runner(Gait(trunk_lean_deg=9.0), seconds=3.0), Condition(facing="right", fps=60.0, roll_deg=3.0), seed=1)
    findings = analyse(Observations(track=track), PARAMETERS)
    assert abs(findings.result.measures.trunk_lean_deg.value - 9.0) == pytest.approx(3.0, abs=0.7)
    assert "camera_tilted" not in {notice.code for notice in findings.warnings}
