"""What the reader of a back view must know to trust it rightly."""

from __future__ import annotations

from collections.abc import Iterator

from kinesight.analyses.running.back.run import OBLIQUE_BACK_DEG, BackRun
from kinesight.analyses.running.motion import SIDES
from kinesight.analyses.running.notices import COARSE_FPS, FEW_PER_SIDE, FEW_STRIKES
from kinesight.analyses.running.page_texts import PageTexts, load_page_texts
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import Measures
from kinesight.domain.document import Notice

ROLLED_DEG = 2.0


def back_notices(run: BackRun, measures: Measures, parameters: RunningParameters) -> tuple[Notice, ...]:
    """Return every notice that applies, the weightier first; times are in the stream's seconds."""
    say = load_page_texts(parameters.language)
    found = [
        *_about_camera(run, say),
        *_about_strides(run, measures, say),
        *_about_clip(run, say),
        *_about_parameters(run, parameters, say),
    ]
    return tuple(Notice(code=code, message=message) for code, message in found)


def _about_camera(run: BackRun, say: PageTexts) -> Iterator[tuple[str, str]]:
    if abs(run.yaw_deg) > OBLIQUE_BACK_DEG:
        side = "right" if run.yaw_deg > 0 else "left"
        yield "oblique_view", say(f"notice.oblique_back_{side}", degrees=say.number(abs(run.yaw_deg)))
    if abs(run.roll_deg) > ROLLED_DEG:
        side = "right" if run.roll_deg > 0 else "left"
        yield "camera_rolled", say(f"notice.camera_rolled_{side}", degrees=say.number(abs(run.roll_deg)))


def _about_strides(run: BackRun, measures: Measures, say: PageTexts) -> Iterator[tuple[str, str]]:
    per_side = [sum(stride.foot == side for stride in run.strides) for side in SIDES]
    if len(run.strides) < FEW_STRIKES or min(per_side) < FEW_PER_SIDE:
        yield "few_strides", say("notice.few_strides", left=per_side[0], right=per_side[1])
    pronation = measures.pronation_deg
    if pronation.left.value is not None or pronation.right.value is not None:
        yield "pronation_estimate", say("notice.pronation_estimate")
    else:
        yield "pronation_unknown", say("notice.pronation_unknown")


def _about_clip(run: BackRun, say: PageTexts) -> Iterator[tuple[str, str]]:
    motion = run.frontal.motion
    for part in run.bout.left_out:
        start, end = (say.number(time_s * run.slow_motion, 1) for time_s in (part.from_s, part.to_s))
        yield "part_left_out", say(f"notice.part_{part.activity}", start=start, end=end)
    if motion.fps < COARSE_FPS:
        yield "low_frame_rate", say("notice.low_frame_rate", fps=say.number(motion.fps))
    if motion.swaps:
        yield "sides_repaired", say("notice.sides_repaired", count=motion.swaps)


def _about_parameters(run: BackRun, parameters: RunningParameters, say: PageTexts) -> Iterator[tuple[str, str]]:
    if parameters.treadmill is not None and parameters.treadmill != run.keeps_size:
        yield "ground_disagrees", say("notice.told_treadmill_back" if parameters.treadmill else "notice.told_overground_back")
