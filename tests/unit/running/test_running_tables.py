"""series.csv and strides.csv as a spreadsheet reads them."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.details import SERIES
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.tables import tables
from kinesight.domain.analysis import Findings
from kinesight.testing.runner import Gait, runner
from kinesight.testing.side_view import Camera, changed, filmed


def test_tables_hold_every_frame_and_every_landing() -> None:
    track = filmed(runner(Gait(), seconds=3.0).at(np.arange(0, 3, 1 / 60)), Camera())
    xy_px = track.xy_px.copy()
    xy_px[60:90, track.keypoints.index("left_wrist")] = np.nan
    observations = Observations(track=changed(track, xy_px=xy_px))
    findings = analyse(observations, RunningParameters())
    written = tables(observations, findings)
    assert set(written) == {"series.csv", "strides.csv"}
    series = list(csv.DictReader(io.StringIO(written["series.csv"])))
    assert len(series) == len(track.time_s)
    assert set(series[0]) == {"time_s", *SERIES}
    assert series[75]["left_elbow_deg"] == ""
    assert float(series[75]["trunk_lean_deg"]) == pytest.approx(7, abs=0.5)
    strides = list(csv.DictReader(io.StringIO(written["strides.csv"])))
    strikes = [event for event in findings.result.events if event.kind == "foot_strike"]
    assert [row["foot"] for row in strides] == [event.foot for event in strikes]
    assert [float(row["strike_s"]) for row in strides] == pytest.approx([event.time_s for event in strikes], abs=1e-3)
    assert float(strides[2]["front_knee_deg_at_initial_contact"]) == pytest.approx(160, abs=8)


def test_tables_need_the_details_of_a_run() -> None:
    track = filmed(runner(Gait(), seconds=3.0).at(np.arange(0, 3, 1 / 60)), Camera())
    observations = Observations(track=track)
    findings = analyse(observations, RunningParameters())
    with pytest.raises(TypeError, match="details"):
        tables(observations, Findings(result=findings.result))
