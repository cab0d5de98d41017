"""The tracks of a clip as CSV: one row per sight."""

from __future__ import annotations

import csv
import io

from kinesight.analyses.alarm.observations import Observations
from kinesight.analyses.alarm.result import AlarmResult
from kinesight.domain.analysis import Findings


def tables(observations: Observations, findings: Findings[AlarmResult]) -> dict[str, str]:
    """Return tracks.csv: time, box and share of the box that changed for every sight of every track."""
    labels = {track.track: track.label for track in findings.result.tracks}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["track", "label", "time_s", "left_px", "top_px", "width_px", "height_px", "filled", "strength"])
    for number, mover in enumerate(observations.movers):
        for time_s, box, filled, strength in zip(mover.time_s, mover.box_px, mover.filled, mover.strength, strict=True):
            left, top, right, bottom = box
            sides = (left, top, round(right - left, 1), round(bottom - top, 1))
            writer.writerow([number, labels.get(number) or "", time_s, *sides, filled, strength])
    return {"tracks.csv": text.getvalue()}
