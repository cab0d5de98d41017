"""The report of a running analysis: one HTML page from a scene, its warnings and where it comes from."""

from __future__ import annotations

import json
from typing import Any

from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.overlay import RunningOverlay
from kinesight.analyses.running.page_texts import PageTexts, load_page_texts
from kinesight.analyses.running.report_curves import contact_lanes, cycle_charts, time_charts
from kinesight.analyses.running.report_frames import key_frames
from kinesight.analyses.running.report_norms import norm_rows
from kinesight.analyses.running.report_numbers import cards, is_known, measure_rows, metric_rows, tiles, words_of
from kinesight.analyses.running.report_styles import style_map
from kinesight.analyses.running.result import Band, RunningResult
from kinesight.analyses.running.scene import Scene, scene_of
from kinesight.analyses.running.texts import load_language
from kinesight.domain.analysis import Findings, ReportInput
from kinesight.domain.document import Notice
from kinesight.domain.video import VideoInfo
from kinesight.pages.frame import data_url, page
from kinesight.pages.gauges import ring


def report(observations: Observations, findings: Findings[RunningResult], given: ReportInput) -> str:
    """Return the report of an analysis as one self-contained HTML file."""
    return report_page(scene_of(observations, findings), findings.warnings, given)


def report_page(scene: Scene, warnings: tuple[Notice, ...], given: ReportInput) -> str:
    """Return the report as one self-contained HTML file, in the language of the result.

    Parameters
    ----------
    scene
        What is shown; it must have a result.
    warnings
        What the reader must know first.
    given
        Title, provenance, stills by moment name and the annotated video; without stills the key frames are drawn from keypoints.

    Raises
    ------
    ValueError
        If the scene has no result: a refused analysis has nothing to report.
    """
    result = scene.result
    if result is None:
        raise ValueError("a report needs a result")
    say = load_page_texts(result.language)
    scored = cards(result)
    band = total_band(result.total_score)
    return page(
        package="kinesight.analyses.running",
        template="report.html",
        say=say,
        language=result.language,
        title=given.title,
        facts=_facts(result, say),
        result=result,
        total=ring(result.total_score, kind=band or "unknown", label=say("report.total"), words=words_of(say)),
        total_band=band,
        cards=scored,
        todo=[card for card in scored if card.band == "bad"],
        tiles=tiles(result),
        style_map=style_map(result),
        norms=norm_rows(result),
        warnings=warnings,
        video=data_url(given.video_mp4, media_type="video/mp4") if given.video_mp4 else None,
        lanes=contact_lanes(scene),
        frames=key_frames(scene, RunningOverlay(scene).moments, given.stills_jpeg),
        cycles=cycle_charts(scene),
        curves=time_charts(scene),
        metrics=metric_rows(result),
        measures=measure_rows(result),
        instant=say("instant.mid_stance" if result.view == "back" else f"instant.{result.instant}"),
        patterns=load_language(result.language).foot.patterns,
        models=given.models,
        parameters=[(name, _plain(value)) for name, value in sorted(given.parameters.items())],
        video_facts=video_facts(given.video, say),
    )


def total_band(score: float | None) -> Band | None:
    """Return the band of a score 0..1 by thirds; None where it is unknown."""
    if score is None or not is_known(score):
        return None
    return "good" if score >= 2 / 3 else "okay" if score >= 1 / 3 else "bad"


def _facts(result: RunningResult, say: PageTexts) -> list[str]:
    strikes = sum(event.kind == "foot_strike" for event in result.events)
    facts = [say(f"fact.{result.view}_view"), say("fact.treadmill" if result.treadmill else "fact.overground")]
    if result.direction:
        facts.append(say(f"fact.runs_{result.direction}"))
    facts.append(say("fact.strikes", count=strikes))
    if is_known(result.running_from_s) and is_known(result.running_to_s):
        start, end = (say.number(time_s, 1) for time_s in (result.running_from_s, result.running_to_s))
        facts.append(say("fact.span", start=start, end=end))
    if result.view == "back" and result.camera_yaw_deg is not None:
        way = "right" if result.camera_yaw_deg > 0 else "left"
        facts.append(say(f"fact.camera_{way}", degrees=say.number(abs(result.camera_yaw_deg))))
    if result.camera_roll_deg is not None and (result.view == "back" or abs(result.camera_roll_deg) >= 1):
        facts.append(say("fact.roll", degrees=say.number(abs(result.camera_roll_deg))))
    return facts


def video_facts(video: VideoInfo | None, say: PageTexts) -> list[tuple[str, str]]:
    """Return what a video is as names and values, in words."""
    name = say("fact.video")
    if video is None:
        return [(name, say("fact.no_video"))]
    is_timed = video.fps is not None and is_known(video.fps)
    rate = say("fact.rate", fps=say.number(video.fps or 0.0, 2)) if is_timed else say("fact.no_rate")
    has_length = video.duration_s is not None and is_known(video.duration_s)
    length = f"{say.number(video.duration_s or 0.0, 2)} s" if has_length else say("fact.no_length")
    return [(name, f"{video.width_px} × {video.height_px}, {rate}, {length}"), ("SHA-256", video.sha256)]


def _plain(value: Any) -> str:
    return "–" if value is None else value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
