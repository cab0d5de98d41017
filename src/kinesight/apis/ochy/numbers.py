"""`calculated_data` and `raw_data`: the numbers behind a result, from the result document and the stored tables."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from kinesight.analyses.running.profile import load_profile
from kinesight.analyses.running.result import BothSides, Landing, RunningResult
from kinesight.apis.ochy.scores import SIDES, rounded
from kinesight.domain.document import Estimate
from kinesight.domain.errors import BadParameter

JOINTS = ("ankle", "knee", "hip", "shoulder", "elbow")
BACK_ANGLES = ("pelvic_drop_deg", "knee_adduction_deg", "hip_adduction_deg", "pronation_deg")

Row = Mapping[str, str]
"""One row of a stored table by column; an empty cell is unknown."""


def calculated_data(result: RunningResult, *, strides: Sequence[Row], series: Sequence[Row]) -> dict[str, Any]:
    """Return the metrics of an analysis in Ochy's units: milliseconds, metres, minutes per kilometre, degrees.

    Parameters
    ----------
    strides, series
        Rows of strides.csv and series.csv; none where they are gone.
    """
    body = {"metrics": _metrics(result), "total_score": rounded(result.total_score), "steps": [_step(row) for row in strides]}
    if result.view == "back":
        return {**body, "legs": {side: _back_leg(result, side) for side in SIDES}}
    best = max(result.styles, key=lambda style: style.percentage, default=None)
    running = [row for row in series if result.running_from_s <= (cell(row, "time_s") or 0.0) <= result.running_to_s]
    return {
        **body,
        "overstride": _overstride(result),
        "legs": {side: _side_leg(result, side) for side in SIDES},
        "joint_angles": {joint: {side: _joint(running, f"{side}_{joint}_deg") for side in SIDES} for joint in JOINTS},
        "running_style": None if best is None else {"title": best.title, "animal": best.animal, "confidence": best.percentage},
    }


def raw_data(poses: Mapping[str, Any], series: Sequence[Row]) -> dict[str, Any]:
    """Return keypoints and angles of every frame.

    Parameters
    ----------
    poses
        A kinesight.poses/1 document.
    series
        Rows of series.csv, one per frame; none where it is gone.
    """
    names = poses["keypoints"]
    angles = [name for name in (series[0] if series else {}) if name != "time_s"]
    scores = poses.get("score") or [[1.0] * len(names)] * len(poses["time_s"])
    frames = []
    for index, (time_s, points) in enumerate(zip(poses["time_s"], poses["xy_px"], strict=True)):
        row = series[index] if index < len(series) else {}
        frames.append(
            {
                "time_s": round(time_s, 4),
                "keypoints": {
                    name: None if point is None else {"x": point[0], "y": point[1], "score": score}
                    for name, point, score in zip(names, points, scores[index], strict=True)
                },
                "angles": {name: cell(row, name) for name in angles},
            }
        )
    return {"width_px": poses["width_px"], "height_px": poses["height_px"], "frames": frames}


def table(text: str) -> list[dict[str, str]]:
    """Return the rows of a stored table."""
    return list(csv.DictReader(io.StringIO(text)))


def cell(row: Row, name: str) -> float | None:
    """Return the number in a cell; None for an empty or missing one."""
    text = row.get(name)
    number = float(text) if text else math.nan
    return number if math.isfinite(number) else None


def _metrics(result: RunningResult) -> dict[str, Any]:
    metrics = result.metrics
    speed = metrics.speed_m_per_s.value
    return {
        "speed_meter_per_second": rounded(speed),
        "step_length_meter": rounded(metrics.step_length_m.value),
        "pace_min_per_km": rounded(1000.0 / speed / 60.0) if speed else None,
        "step_frequency_steps_per_min": rounded(metrics.cadence_spm.value, 1),
        "ground_contact_time_ms": _ms(_mean(_both(metrics.contact_time_s))),
        "time_of_flight_ms": _ms(metrics.flight_time_s.value),
        "duty_factor": rounded(metrics.duty_factor.value),
        "vertical_oscillation_meter": rounded(metrics.vertical_oscillation_m.value),
    }


def _overstride(result: RunningResult) -> dict[str, Any]:
    mean_deg = _mean(_landing(result.measures.overstride_deg, side, result) for side in SIDES)
    return {"mean_angle": rounded(mean_deg, 1), "score": None if mean_deg is None else _overstride_score(mean_deg, result)}


def _overstride_score(mean_deg: float, result: RunningResult) -> str | None:
    try:
        borders = load_profile(result.profile).overstride
    except BadParameter:  # made by another version, with a profile that this one does not have
        return None
    if borders is None:
        return None
    if mean_deg <= borders.good_to_deg:
        return "score_good"
    return "score_okay" if mean_deg <= borders.okay_to_deg else "score_bad"


def _step(row: Row) -> dict[str, Any]:
    return {
        "foot": row.get("foot"),
        "time_s": cell(row, "strike_s"),
        "foot_landing": row.get("pattern") or None,
        "ground_contact_time_ms": _ms(cell(row, "contact_s")),
        "time_of_flight_ms": _ms(cell(row, "flight_s")),
    }


def _side_leg(result: RunningResult, side: str) -> dict[str, Any]:
    measures = result.measures
    return {
        "ground_contact_time_ms": _contact_ms(result, side),
        "foot_landing": getattr(result.foot_strike_pattern, side),
        "front_knee_deg": rounded(_landing(measures.front_knee_deg, side, result), 1),
        "back_knee_deg": rounded(_landing(measures.back_knee_deg, side, result), 1),
        "overstride_deg": rounded(_landing(measures.overstride_deg, side, result), 1),
        "elbow_deg": rounded(getattr(measures.elbow_deg, side).value, 1),
    }


def _back_leg(result: RunningResult, side: str) -> dict[str, Any]:
    # a measure that this version does not have is as unknown as one that could not be read
    found = {name: getattr(result.measures, name, BothSides()) for name in BACK_ANGLES}
    angles = {name: rounded(getattr(both, side).value, 1) for name, both in found.items()}
    return {"ground_contact_time_ms": _contact_ms(result, side), **angles}


def _joint(rows: Iterable[Row], name: str) -> dict[str, float] | None:
    known = [value for row in rows if (value := cell(row, name)) is not None]
    if not known:
        return None
    return {"mean": round(fmean(known), 1), "minimum": round(min(known), 1), "maximum": round(max(known), 1)}


def _contact_ms(result: RunningResult, side: str) -> int | None:
    return _ms(getattr(result.metrics.contact_time_s, side).value)


def _landing(landing: Landing, side: str, result: RunningResult) -> float | None:
    found: Estimate = getattr(getattr(landing, side), result.instant)
    return found.value


def _both(sides: BothSides) -> tuple[float | None, float | None]:
    return sides.left.value, sides.right.value


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(1000.0 * seconds)
