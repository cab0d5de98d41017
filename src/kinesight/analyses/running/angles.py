"""Joint and segment angles over time, as defined in docs/analyses/running.md."""

from __future__ import annotations

from collections.abc import Mapping

from kinesight.analyses.running.motion import SIDES, Motion, Side
from kinesight.domain.video import Floats
from kinesight.signals.geometry import front_angle_deg, inner_angle_deg, lean_deg, slope_deg, turn_deg


def angle_series(motion: Motion) -> Mapping[str, Floats]:
    """Return every angle by name, (samples,) degrees each, NaN where a point is unknown."""
    series = {"trunk_lean_deg": lean_deg(motion.hips, motion.shoulders)}
    for side in SIDES:
        point = {name.removeprefix(f"{side}_"): path for name, path in motion.points.items() if name.startswith(side)}
        series[f"{side}_knee_deg"] = inner_angle_deg(point["hip"], point["knee"], point["ankle"])
        series[f"{side}_hip_deg"] = front_angle_deg(point["shoulder"], point["hip"], point["knee"])
        series[f"{side}_shoulder_deg"] = turn_deg(point["hip"] - point["shoulder"], point["elbow"] - point["shoulder"])
        series[f"{side}_elbow_deg"] = inner_angle_deg(point["shoulder"], point["elbow"], point["wrist"])
        series[f"{side}_foot_deg"] = slope_deg(point["heel"], point["big_toe"])
        series[f"{side}_shank_deg"] = lean_deg(point["ankle"], point["knee"])
        series[f"{side}_head_deg"] = slope_deg(point["ear"], motion.points["nose"])
        series[f"{side}_ankle_deg"] = _ankle_deg(point)
    return series


def overstride_deg(series: Mapping[str, Floats], side: Side) -> Floats:
    """Return how far the shank leans back from the vertical, ankle ahead of the knee +, (samples,)."""
    return -series[f"{side}_shank_deg"]


def _ankle_deg(point: Mapping[str, Floats]) -> Floats:
    """Between shank and foot line; 90 = foot at right angles to the shank."""
    foot_end = point["ankle"] + (point["big_toe"] - point["heel"])
    return inner_angle_deg(point["knee"], point["ankle"], foot_end)
