"""The report of a running analysis: one HTML page from a scene, its warnings and where it comes from."""

from __future__ import annotations

import json
from typing import Any

from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.overlay import RunningOverlay
from kinesight.analyses.running.report_curves import contact_lanes, cycle_charts, time_charts
from kinesight.analyses.running.report_frames import key_frames
from kinesight.analyses.running.report_numbers import BAND_WORDS, cards, is_known, measure_rows, metric_rows, tiles
from kinesight.analyses.running.result import Band, RunningResult
from kinesight.analyses.running.scene import Scene, scene_of
from kinesight.domain.analysis import Findings, ReportInput
from kinesight.domain.document import Notice
from kinesight.domain.video import VideoInfo
from kinesight.pages.frame import data_url, page
from kinesight.pages.gauges import ring


def report(observations: Observations, findings: Findings[RunningResult], given: ReportInput) -> str:
    """Return the report of an analysis as one self-contained HTML file."""
    return report_page(scene_of(observations, findings), findings.warnings, given)


def report_page(scene: Scene, warnings: tuple[Notice, ...], given: ReportInput) -> str:
    """Return the report as one self-contained HTML file.

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
    scored = cards(result)
    band = total_band(result.total_score)
    return page(
        package="kinesight.analyses.running",
        template="report.html",
        title=given.title,
        facts=_facts(result),
        result=result,
        total=ring(result.total_score, kind=band or "unknown", label="Total score"),
        total_band=band,
        band_words=BAND_WORDS,
        cards=scored,
        todo=[card for card in scored if card.band == "bad"],
        tiles=tiles(result),
        warnings=warnings,
        video=data_url(given.video_mp4, media_type="video/mp4") if given.video_mp4 else None,
        lanes=contact_lanes(scene),
        frames=key_frames(scene, RunningOverlay(scene).moments, given.stills_jpeg),
        cycles=cycle_charts(scene),
        curves=time_charts(scene),
        metrics=metric_rows(result),
        measures=measure_rows(result),
        instant="mid-stance" if result.view == "back" else result.instant.replace("_", " "),
        models=given.models,
        parameters=[(name, _plain(value)) for name, value in sorted(given.parameters.items())],
        video_facts=_video_facts(given.video),
    )


def total_band(score: float | None) -> Band | None:
    """Return the band of a score 0..1 by thirds; None where it is unknown."""
    if score is None or not is_known(score):
        return None
    return "good" if score >= 2 / 3 else "okay" if score >= 1 / 3 else "bad"


def _facts(result: RunningResult) -> list[str]:
    strikes = sum(event.kind == "foot_strike" for event in result.events)
    facts = [f"{result.view.capitalize()} view", "Treadmill" if result.treadmill else "Overground"]
    if result.direction:
        facts.append(f"Runs to the {result.direction}")
    facts.append(f"{strikes} foot strike{'' if strikes == 1 else 's'}")
    if is_known(result.running_from_s) and is_known(result.running_to_s):
        facts.append(f"{result.running_from_s:.1f}–{result.running_to_s:.1f} s of the clip")
    if result.view == "back" and result.camera_yaw_deg is not None:
        way = "right" if result.camera_yaw_deg > 0 else "left"
        facts.append(f"Camera {abs(result.camera_yaw_deg):.0f}° to the {way} of straight behind")
    if result.camera_roll_deg is not None:
        facts.append(f"Picture turned by {abs(result.camera_roll_deg):.0f}°")
    return facts


def _video_facts(video: VideoInfo | None) -> list[tuple[str, str]]:
    if video is None:
        return [("Video", "none: analysed from stored poses")]
    rate = f"{video.fps:.2f} frames/s" if video.fps is not None and is_known(video.fps) else "frame rate unknown"
    length = f"{video.duration_s:.2f} s" if video.duration_s is not None and is_known(video.duration_s) else "length unknown"
    return [("Video", f"{video.width_px} × {video.height_px}, {rate}, {length}"), ("SHA-256", video.sha256)]


def _plain(value: Any) -> str:
    return "–" if value is None else value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
