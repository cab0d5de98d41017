"""What must be known before two clips are read together: whatever else than the runner differs between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kinesight.analyses.running.combined_result import CombinedClip, CombinedNotice
from kinesight.analyses.running.page_texts import PageTexts
from kinesight.analyses.running.result import RunningResult

SAME_HEIGHT_M = 0.01
SAME_SPEED = 0.05
"""Speeds closer than that, as a part, are one speed."""


def combined_notices(
    clips: Sequence[CombinedClip], results: Sequence[RunningResult], say: PageTexts, *, is_one_view: bool
) -> tuple[CombinedNotice, ...]:
    """Return what differs besides the runner, then what each result warns of itself, in the language of that result."""
    found = [*_about_anything(clips, results, say), *(_about_a_change(results, say) if is_one_view else ())]
    together = [CombinedNotice(clip=None, code=code, message=message) for code, message in found]
    own = [
        CombinedNotice(clip=clip.label, code=notice.code, message=notice.message)
        for clip in clips
        for notice in clip.document.warnings
    ]
    return (*together, *own)


def _about_anything(clips: Sequence[CombinedClip], results: Sequence[RunningResult], say: PageTexts) -> Iterator[tuple[str, str]]:
    documents = [clip.document for clip in clips]
    if results[0].language != results[1].language:
        yield "other_language", say("notice.other_language")
    heights = [_number(document.made_by.parameters.get("height_m")) for document in documents]
    if heights[0] and heights[1] and abs(heights[0] - heights[1]) > SAME_HEIGHT_M:
        yield "heights_differ", say("notice.heights_differ", first=say.number(heights[0], 2), second=say.number(heights[1], 2))
    videos = [document.video.sha256 for document in documents if document.video]
    if len(videos) == 2 and videos[0] == videos[1]:
        yield "same_video", say("notice.same_video")
    if _models(clips[0]) != _models(clips[1]):
        yield "other_models", say("notice.other_models")
    speeds = [result.metrics.speed_m_per_s.value for result in results]
    if speeds[0] and speeds[1] and abs(speeds[1] / speeds[0] - 1) > SAME_SPEED:
        yield "other_speed", say("notice.other_speed", first=say.number(speeds[0], 1), second=say.number(speeds[1], 1))
    if results[0].treadmill != results[1].treadmill:
        yield "other_ground", say("notice.other_ground")


def _about_a_change(results: Sequence[RunningResult], say: PageTexts) -> Iterator[tuple[str, str]]:
    first, second = results
    if first.instant != second.instant:
        yield "other_instant", say("notice.other_instant")
    if first.profile != second.profile:
        yield "other_profile", say("notice.other_profile", first=first.profile, second=second.profile)
    if first.near_side != second.near_side:
        yield "other_side_filmed", say("notice.other_side_filmed")


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _models(clip: CombinedClip) -> tuple[tuple[str, str], ...]:
    return tuple((model.task, model.sha256) for model in clip.document.made_by.models)
