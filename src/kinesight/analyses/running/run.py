"""All that is known about one run before it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kinesight.analyses.running.bouts import Bout
from kinesight.analyses.running.camera import CameraMotion
from kinesight.analyses.running.details import Stride
from kinesight.analyses.running.ground import Ground
from kinesight.analyses.running.motion import Motion
from kinesight.analyses.running.time_base import TimeBase, Wave
from kinesight.analyses.running.view import OBLIQUE_YAW_DEG
from kinesight.domain.video import Floats
from kinesight.signals.robust import centre
from kinesight.signals.runs import Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The movement, the ground, the stretch of running with its strides, and the angles over time.

    `series` (samples,) degrees by name at the samples of the motion; `yaw_deg` of the camera; `time_base` says how many stream
    seconds a second of the runner takes: strides hold the one, motion and bout the other. `wave` is that of the hips, None where
    too few steps show it. `stance_slip` is how fast flat feet still slide, as part of the running speed. `roll_deg` is how far
    the ground rose ahead in the picture before the movement was levelled, NaN where that is unknown and nothing was turned.
    """

    motion: Motion
    ground: Ground
    bout: Bout
    strides: tuple[Stride, ...]
    series: Mapping[str, Floats]
    yaw_deg: float
    time_base: TimeBase
    camera: CameraMotion
    stance_slip: float
    wave: Wave | None
    roll_deg: float = float("nan")

    @property
    def slow_motion(self) -> float:
        """Return stream seconds per second of the runner."""
        return self.time_base.slow_motion

    @property
    def running(self) -> Mask:
        """Return which samples lie in the stretch of running."""
        time_s = self.motion.time_s
        return np.asarray((time_s >= self.bout.from_s) & (time_s <= self.bout.to_s))

    @property
    def speed_px_per_s(self) -> float:
        """Return the usual speed over the ground while running."""
        return float(np.median(self.ground.runner_px_per_s[self.running]))

    @property
    def duty_factor(self) -> float:
        """Return the usual part of a stride that a foot is on the ground; NaN where unknown."""
        return centre(np.array([stride.contact_s / (2 * stride.step_s) for stride in self.strides]))

    @property
    def view_trust(self) -> float:
        """Return what an oblique camera leaves of the confidence in all angles, 0..1."""
        return 1.0 if not self.yaw_deg > OBLIQUE_YAW_DEG else float(np.cos(np.radians(2 * (self.yaw_deg - OBLIQUE_YAW_DEG))))
