"""What must be known before two clips are read together: whatever else than the runner differs between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kinesight.analyses.running.combined_result import CombinedClip, CombinedNotice
from kinesight.analyses.running.result import RunningResult

SAME_HEIGHT_M = 0.01
SAME_SPEED = 0.05
"""Speeds closer than that, as a part, are one speed."""


def combined_notices(
    clips: Sequence[CombinedClip], results: Sequence[RunningResult], *, is_one_view: bool
) -> tuple[CombinedNotice, ...]:
    """Return what differs besides the runner, then what each result warns of itself."""
    found = [*_about_anything(clips, results), *(_about_a_change(results) if is_one_view else ())]
    together = [CombinedNotice(clip=None, code=code, message=message) for code, message in found]
    own = [
        CombinedNotice(clip=clip.label, code=notice.code, message=notice.message)
        for clip in clips
        for notice in clip.document.warnings
    ]
    return (*together, *own)


def _about_anything(clips: Sequence[CombinedClip], results: Sequence[RunningResult]) -> list[tuple[str, str]]:
    found = []
    first, second = (clip.document for clip in clips)
    heights = [_number(document.made_by.parameters.get("height_m")) for document in (first, second)]
    if heights[0] and heights[1] and abs(heights[0] - heights[1]) > SAME_HEIGHT_M:
        text = f"The runner was said to be {heights[0]:.2f} m tall in one clip and {heights[1]:.2f} m in the other"
        found.append(("heights_differ", f"{text}: is it one runner? Metres are not comparable."))
    if first.video and second.video and first.video.sha256 == second.video.sha256:
        found.append(("same_video", "Both results are of the same video file; what differs comes from the settings."))
    if {_model(clip) for clip in clips} != {_model(clips[0])}:
        found.append(
            ("other_models", "The two clips were observed with different models, which see the body a little differently.")
        )
    speeds = [result.metrics.speed_m_per_s.value for result in results]
    if speeds[0] and speeds[1] and abs(speeds[1] / speeds[0] - 1) > SAME_SPEED:
        text = f"The runner ran at {speeds[0]:.1f} and {speeds[1]:.1f} m/s; timing and angles change with speed by themselves."
        found.append(("other_speed", text))
    if results[0].treadmill != results[1].treadmill:
        found.append(("other_ground", "One clip is on a treadmill and one over ground, where people run a little differently."))
    return found


def _about_a_change(results: Sequence[RunningResult]) -> list[tuple[str, str]]:
    first, second = results
    found = []
    if first.instant != second.instant:
        text = "The angles of the scores were read at different instants; the total scores are not comparable."
        found.append(("other_instant", text))
    if first.profile != second.profile:
        text = f"The scores come from different profiles, {first.profile} and {second.profile}, and are not comparable."
        found.append(("other_profile", text))
    if first.near_side != second.near_side:
        text = "The clips were filmed from different sides: what was near the camera in one was half hidden in the other."
        found.append(("other_side_filmed", text))
    return found


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _model(clip: CombinedClip) -> tuple[tuple[str, str], ...]:
    return tuple((model.task, model.sha256) for model in clip.document.made_by.models)
