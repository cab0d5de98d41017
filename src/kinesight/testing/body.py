"""Joint centres of one moving person in metres, whatever they come from, with the true foot strikes and toe-offs."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline

from kinesight.domain.people import KEYPOINTS
from kinesight.domain.video import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A person in space: x forward, y up, z to the person's right, metres.

    `time_s` (samples,); `points_m` (samples, len(KEYPOINTS), 3); `strikes_s` and `toe_offs_s` by "left" and "right".
    """

    time_s: Floats
    points_m: Floats
    strikes_s: Mapping[str, Floats]
    toe_offs_s: Mapping[str, Floats]
    height_m: float

    def at(self, time_s: Floats) -> Body:
        """Return the same movement sampled at other times."""
        return replace(self, time_s=time_s, points_m=CubicSpline(self.time_s, self.points_m)(time_s))

    def travelling(self, speed_m_per_s: float) -> Body:
        """Return the same movement carried forward, as a treadmill trial becomes a run over ground."""
        shift = np.zeros_like(self.points_m)
        shift[:, :, 0] = (speed_m_per_s * (self.time_s - self.time_s[0]))[:, None]
        return replace(self, points_m=self.points_m + shift)

    def path_m(self, name: str) -> Floats:
        """Return one point's path in the plane of travel, (samples, 2): forward and up."""
        return np.asarray(self.points_m[:, KEYPOINTS.index(name), :2])


def read_trial(folder: Path, name: str) -> Body:
    """Return a measured treadmill trial.

    `keypoints_<name>.csv` holds `time` and columns such as RHip_x in metres, `events_<name>.json` the force-plate times.
    """
    with (folder / f"keypoints_{name}.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    events = json.loads((folder / f"events_{name}.json").read_text())
    columns = {
        point: "".join(part[0].upper() + part[1:] for part in point.replace("left_", "L_").replace("right_", "R_").split("_"))
        for point in KEYPOINTS
    }
    points = np.array([[[float(row[f"{columns[point]}_{axis}"]) for axis in "xyz"] for point in KEYPOINTS] for row in rows])
    sides = {"left": "L", "right": "R"}
    return Body(
        time_s=np.array([float(row["time"]) for row in rows]),
        points_m=points,
        strikes_s={side: np.array(events["foot_strike_s"][letter]) for side, letter in sides.items()},
        toe_offs_s={side: np.array(events["toe_off_s"][letter]) for side, letter in sides.items()},
        height_m=float(events["height_m"]),
    )
