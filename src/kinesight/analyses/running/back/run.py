"""All that is known about one run seen from behind before it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kinesight.analyses.running.back.details import BackStride
from kinesight.analyses.running.back.frontal import TRUNK_PER_HEIGHT, Frontal
from kinesight.analyses.running.back.stances import PelvisCourse
from kinesight.analyses.running.back.walks import BackBout
from kinesight.domain.video import Floats

OBLIQUE_BACK_DEG = 12.0
"""Turned further from straight behind, the reader is told."""
NO_KNEE_DEG = 25.0
"""Turned this far, nothing is left of the confidence in the knee."""
GROWS = 0.15
"""Who keeps the size within this part runs on a treadmill, or before a camera that follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackRun:
    """The movement, the stretch of running with its stances, the course of the pelvis and the angles over time.

    `series` (samples,) degrees by name at the samples of the motion; `yaw_deg` the camera's place round the runner, to the right
    +, `roll_deg` its turn about its axis; `slow_motion` stream seconds per second of the runner: strides hold the one, the rest
    the other.
    """

    frontal: Frontal
    bout: BackBout
    strides: tuple[BackStride, ...]
    course: PelvisCourse | None
    series: Mapping[str, Floats]
    yaw_deg: float
    roll_deg: float
    slow_motion: float

    @property
    def keeps_size(self) -> bool:
        """Return whether the runner stays as far from the camera."""
        inside = (self.frontal.time_s >= self.bout.from_s) & (self.frontal.time_s <= self.bout.to_s)
        sizes = self.frontal.trunk_px[inside]
        sizes = sizes[np.isfinite(sizes)]
        return len(sizes) == 0 or bool(abs(np.log(sizes[-1] / sizes[0])) < GROWS)

    @property
    def knee_trust(self) -> float:
        """Return what the yaw leaves of the confidence in the knee, 0..1: ten degrees cost five to six of the projection."""
        return float(np.clip(1.0 - abs(self.yaw_deg) / NO_KNEE_DEG, 0.0, 1.0)) if np.isfinite(self.yaw_deg) else 0.0

    @property
    def heel_trust(self) -> float:
        """Return what the yaw leaves of the confidence in the heel, 0..1: it lies as far behind the ankle as under it."""
        return self.knee_trust if abs(self.yaw_deg) <= OBLIQUE_BACK_DEG else 0.0

    def body_px(self, time_s: float) -> float:
        """Return the body height in pixels at a moment, from the length of the trunk."""
        return float(np.interp(time_s, self.frontal.time_s, self.frontal.trunk_px)) / TRUNK_PER_HEIGHT
