"""What the reader of a back view must know to trust it rightly."""

from __future__ import annotations

from collections.abc import Iterator

from kinesight.analyses.running.back.run import OBLIQUE_BACK_DEG, BackRun
from kinesight.analyses.running.motion import SIDES
from kinesight.analyses.running.notices import COARSE_FPS, FEW_PER_SIDE, FEW_STRIKES
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import Measures
from kinesight.analyses.running.texts import has_language
from kinesight.domain.document import Notice

ROLLED_DEG = 2.0


def back_notices(run: BackRun, measures: Measures, parameters: RunningParameters) -> tuple[Notice, ...]:
    """Return every notice that applies, the weightier first; times are in the stream's seconds."""
    found = [*_about_camera(run), *_about_strides(run, measures), *_about_clip(run), *_about_parameters(run, parameters)]
    return tuple(Notice(code=code, message=message) for code, message in found)


def _about_camera(run: BackRun) -> Iterator[tuple[str, str]]:
    if abs(run.yaw_deg) > OBLIQUE_BACK_DEG:
        side = "right" if run.yaw_deg > 0 else "left"
        yield (
            "oblique_view",
            f"The camera stands about {abs(run.yaw_deg):.0f} degrees to the {side} of straight behind; the knee is "
            f"less exact than "
            "from straight behind, and the heel cannot be read; the hips hardly change.",
        )
    if abs(run.roll_deg) > ROLLED_DEG:
        way = "right" if run.roll_deg > 0 else "left"
        yield (
            "camera_rolled",
            f"The picture is turned by about {abs(run.roll_deg):.0f} degrees, its level lines sinking to the {way}; "
            f"the angles are held "
            "against the runner's own middle, so that this cancels.",
        )


def _about_strides(run: BackRun, measures: Measures) -> Iterator[tuple[str, str]]:
    per_side = [sum(stride.foot == side for stride in run.strides) for side in SIDES]
    if len(run.strides) < FEW_STRIKES or min(per_side) < FEW_PER_SIDE:
        yield (
            "few_strides",
            f"Only {per_side[0]} left and {per_side[1]} right foot strikes are visible; numbers get reliable from 3 a side.",
        )
    pronation = measures.pronation_deg
    if pronation.left.value is not None or pronation.right.value is not None:
        yield (
            "pronation_estimate",
            "Pronation is an estimate: the model's points at heel and ankle lie too close together for more.",
        )
    else:
        yield (
            "pronation_unknown",
            (
                "Pronation could not be measured: the heels are not seen under the ankles in mid-stance, or not from "
                "straight behind."
            ),
        )


def _about_clip(run: BackRun) -> Iterator[tuple[str, str]]:
    motion = run.frontal.motion
    doing = {
        "walks": "the person walks",
        "stands": "the person stands or takes no clear step",
        "runs": "another stretch of running",
    }
    for part in run.bout.left_out:
        span = f"{part.from_s * run.slow_motion:.1f} s to {part.to_s * run.slow_motion:.1f} s"
        yield "part_left_out", f"From {span} {doing[part.activity]}; that part is left out."
    if motion.fps < COARSE_FPS:
        yield "low_frame_rate", f"At {motion.fps:.0f} frames a second a foot strike is timed less exactly; 60 or more are better."
    if motion.swaps:
        times = "once" if motion.swaps == 1 else f"{motion.swaps} times"
        yield "sides_repaired", f"The pose model exchanged left and right {times}; that was put right."


def _about_parameters(run: BackRun, parameters: RunningParameters) -> Iterator[tuple[str, str]]:
    if parameters.treadmill is not None and parameters.treadmill != run.keeps_size:
        seen = "stays as far from the camera" if run.keeps_size else "gets smaller or larger"
        told = "a treadmill" if parameters.treadmill else "a run over ground"
        yield "ground_disagrees", f"The clip was said to show {told}, but the runner {seen}."
    if not has_language(parameters.language):
        yield "language_missing", f"There are no texts in {parameters.language!r} yet; they are given in English."
