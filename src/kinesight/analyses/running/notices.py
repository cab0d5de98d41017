"""What the reader of a result must know to trust it rightly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kinesight.analyses.running.metrics import Scale
from kinesight.analyses.running.motion import SIDES
from kinesight.analyses.running.page_texts import PageTexts, load_page_texts
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.run import Run
from kinesight.analyses.running.time_base import fall_over_needed
from kinesight.analyses.running.view import OBLIQUE_YAW_DEG
from kinesight.domain.document import Notice

FEW_STRIKES, FEW_PER_SIDE = 6, 3
COARSE_FPS = 50.0
CLEAR_ROLL_DEG = 1.5
UNSTEADY = 0.25
MOST_MISMATCH = 0.12
MOST_SLIP = 0.4
# Measured on made-up runners and mocap: 0.74 to 1.41; without a height that of the runner adds a fifth on either side. A clip
# twice slower than believed shows 0.25.
FALL_WITH_HEIGHT, FALL_WITHOUT_HEIGHT = (0.55, 1.8), (0.45, 2.2)


def notices(run: Run, scale: Scale, parameters: RunningParameters) -> tuple[Notice, ...]:
    """Return every notice that applies, the weightier first, in the wanted language; times are in the stream's seconds."""
    say = load_page_texts(parameters.language)
    found = [
        *_about_strides(run, say),
        *_about_time(run, say, height_is_told=parameters.height_m is not None),
        *_about_clip(run, say),
        *_about_speed(run, say),
        *_about_parameters(run, scale, parameters, say),
    ]
    return tuple(Notice(code=code, message=message) for code, message in found)


def _about_strides(run: Run, say: PageTexts) -> Iterator[tuple[str, str]]:
    strides = run.strides
    per_side = [sum(stride.foot == side for stride in strides) for side in SIDES]
    if len(strides) < FEW_STRIKES or min(per_side) < FEW_PER_SIDE:
        yield "few_strides", say("notice.few_strides", left=per_side[0], right=per_side[1])
    irregular = sum(not stride.is_regular for stride in strides)
    if irregular:
        yield "irregular_strides", say("notice.irregular_strides", count=irregular)
    if not any(np.isfinite(stride.initial_contact.foot_strike_deg) for stride in strides):
        yield "foot_unknown", say("notice.foot_unknown")


def _about_clip(run: Run, say: PageTexts) -> Iterator[tuple[str, str]]:
    motion = run.motion
    for part in run.bout.left_out:
        start, end = (say.number(time_s * run.slow_motion, 1) for time_s in (part.from_s, part.to_s))
        yield "part_left_out", say(f"notice.part_{part.activity}", start=start, end=end)
    yield from _about_camera(run, say)
    if run.yaw_deg > OBLIQUE_YAW_DEG:
        yield "oblique_view", say("notice.oblique_view", degrees=say.number(run.yaw_deg))
    if abs(run.roll_deg) > CLEAR_ROLL_DEG:
        yield "camera_tilted", say("notice.camera_tilted", degrees=say.number(abs(run.roll_deg)))
    if motion.fps < COARSE_FPS:
        yield "low_frame_rate", say("notice.low_frame_rate", fps=say.number(motion.fps))
    if motion.swaps:
        yield "sides_repaired", say("notice.sides_repaired", count=motion.swaps)


def _about_camera(run: Run, say: PageTexts) -> Iterator[tuple[str, str]]:
    camera = run.camera
    if camera.is_refuted:
        yield "camera_unsure", say("notice.camera_unsure")
    elif camera.moves:
        yield "camera_moves", say("notice.camera_moves", pixels=say.number(camera.range_px))
    if run.stance_slip > MOST_SLIP:
        yield "stance_slips", say("notice.stance_slips", percent=say.number(100 * run.stance_slip))


def _about_time(run: Run, say: PageTexts, *, height_is_told: bool) -> Iterator[tuple[str, str]]:
    if run.slow_motion > 1 and not run.time_base.is_told:
        yield "slow_motion_found", say("notice.slow_motion_found", factor=f"{run.slow_motion:g}")
    fall = fall_over_needed(run.wave, run.duty_factor)
    least, most = FALL_WITH_HEIGHT if height_is_told else FALL_WITHOUT_HEIGHT
    if fall is not None and not least <= fall <= most:
        cause = "height" if height_is_told else "slow_motion"
        percent, factor = say.number(100 * fall), say.number(float(np.sqrt(fall)), 1)
        yield "time_base_doubtful", say(f"notice.time_base_doubtful_{cause}", percent=percent, factor=factor)


def _about_speed(run: Run, say: PageTexts) -> Iterator[tuple[str, str]]:
    quarter = np.array_split(run.ground.runner_px_per_s[run.running], 4)
    first, last = float(np.median(quarter[0])), float(np.median(quarter[-1]))
    if abs(last - first) > UNSTEADY * max(abs(first), abs(last)):
        yield "speed_changes", say("notice.speed_changes")


def _about_parameters(run: Run, scale: Scale, parameters: RunningParameters, say: PageTexts) -> Iterator[tuple[str, str]]:
    if not np.isfinite(scale.m_per_px):
        yield "no_scale", say("notice.no_scale")
    if scale.mismatch > MOST_MISMATCH:
        yield "scale_mismatch", say("notice.scale_mismatch", percent=say.number(100 * scale.mismatch))
    if parameters.treadmill is not None and parameters.treadmill != run.ground.moves:
        yield "ground_disagrees", say("notice.told_treadmill" if parameters.treadmill else "notice.told_overground")
