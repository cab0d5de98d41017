"""What the reader of a result must know to trust it rightly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kinesight.analyses.running.metrics import Scale
from kinesight.analyses.running.motion import SIDES
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.run import Run
from kinesight.analyses.running.texts import has_language
from kinesight.analyses.running.view import OBLIQUE_YAW_DEG
from kinesight.domain.document import Notice

FEW_STRIKES, FEW_PER_SIDE = 6, 3
COARSE_FPS = 50.0
CLEAR_ROLL_DEG = 1.5
UNSTEADY = 0.25
MOST_MISMATCH = 0.12


def notices(run: Run, scale: Scale, parameters: RunningParameters) -> tuple[Notice, ...]:
    """Return every notice that applies, the weightier first; times are in the stream's seconds."""
    found = [*_about_strides(run), *_about_clip(run), *_about_speed(run), *_about_parameters(run, scale, parameters)]
    return tuple(Notice(code=code, message=message) for code, message in found)


def _about_strides(run: Run) -> Iterator[tuple[str, str]]:
    strides = run.strides
    per_side = [sum(stride.foot == side for stride in strides) for side in SIDES]
    if len(strides) < FEW_STRIKES or min(per_side) < FEW_PER_SIDE:
        yield (
            "few_strides",
            f"Only {per_side[0]} left and {per_side[1]} right foot strikes are visible; numbers get reliable from 3 a side.",
        )
    if not any(np.isfinite(stride.initial_contact.foot_strike_deg) for stride in strides):
        yield "foot_unknown", "The foot angle against the ground could not be measured at any strike."


def _about_clip(run: Run) -> Iterator[tuple[str, str]]:
    motion = run.motion
    doing = {
        "walks": "the person walks",
        "stands": "the person stands or takes no clear step",
        "runs": "another stretch of running",
    }
    for part in run.bout.left_out:
        span = f"{part.from_s * run.slow_motion:.1f} s to {part.to_s * run.slow_motion:.1f} s"
        yield "part_left_out", f"From {span} {doing[part.activity]}; that part is left out."
    if run.yaw_deg > OBLIQUE_YAW_DEG:
        yield (
            "oblique_view",
            f"The camera looks about {run.yaw_deg:.0f} degrees away from the side; angles are less exact than from the side.",
        )
    if abs(run.roll_deg) > CLEAR_ROLL_DEG:
        yield (
            "camera_tilted",
            f"The ground slopes by {abs(run.roll_deg):.0f} degrees in the picture; angles are given as if it were level.",
        )
    if motion.fps < COARSE_FPS:
        yield "low_frame_rate", f"At {motion.fps:.0f} frames a second a foot strike is timed less exactly; 60 or more are better."
    if motion.swaps:
        times = "once" if motion.swaps == 1 else f"{motion.swaps} times"
        yield "sides_repaired", f"The pose model exchanged left and right {times}; that was put right."


def _about_speed(run: Run) -> Iterator[tuple[str, str]]:
    quarter = np.array_split(run.ground.runner_px_per_s[run.running], 4)
    first, last = float(np.median(quarter[0])), float(np.median(quarter[-1]))
    if abs(last - first) > UNSTEADY * max(abs(first), abs(last)):
        yield "speed_changes", "The runner speeds up or slows down in the clip; ranges and style are made for a steady run."


def _about_parameters(run: Run, scale: Scale, parameters: RunningParameters) -> Iterator[tuple[str, str]]:
    if not np.isfinite(scale.m_per_px):
        yield "no_scale", "Speed, step length and vertical oscillation need the runner's height; the style assumes 1.70 m."
    if scale.mismatch > MOST_MISMATCH:
        yield (
            "scale_mismatch",
            f"Height and pace disagree by {100 * scale.mismatch:.0f} % about distances; check both, and the slow motion factor.",
        )
    if parameters.treadmill is not None and parameters.treadmill != run.ground.moves:
        seen = "moves backwards under the runner" if run.ground.moves else "stands still in the picture"
        told = "a treadmill" if parameters.treadmill else "a run over ground"
        yield "ground_disagrees", f"The clip was said to show {told}, but the ground {seen}."
    if not has_language(parameters.language):
        yield "language_missing", f"There are no texts in {parameters.language!r} yet; they are given in English."
