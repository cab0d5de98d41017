"""The report of an alarm clip: one HTML page with the verdict, what speaks for it, and what would change it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from kinesight.analyses.alarm.analysis import Verdict
from kinesight.analyses.alarm.observations import Observations
from kinesight.analyses.alarm.overlay import KINDS, AlarmOverlay
from kinesight.analyses.alarm.parameters import AlarmParameters
from kinesight.analyses.alarm.report_timeline import timeline
from kinesight.analyses.alarm.result import AlarmResult
from kinesight.domain.analysis import Findings, ReportInput
from kinesight.pages.frame import data_url, page
from kinesight.pages.gauges import ring

BANDS = {"safe": "good", "danger": "okay", "intrusion": "bad"}
NAMED = {"vehicule": "vehicle", "NOTHING": "nothing"}

RULES = {
    "moving_person": "A person moves.",
    "moving_vehicule": "A vehicle moves.",
    "standing_person": "A person is seen where nothing moves.",
    "body_without_a_name": "Something goes its way like a body, and the detector has no name for it.",
    "blank_picture": "The picture shows nothing.",
    "view_changed": "The camera shows another view than before.",
    "not_completely_judged": "What could not be judged completely is not called safe.",
    "not_armed": "The camera was not armed.",
    "nothing_goes_its_way": "Nothing goes its way like a body.",
}


def report(observations: Observations, findings: Findings[AlarmResult], given: ReportInput) -> str:
    """Return the report as one self-contained HTML file."""
    result = findings.result
    verdict = findings.details
    if not isinstance(verdict, Verdict):
        raise TypeError(f"details of an alarm analysis expected, not {type(verdict).__name__}")
    overlay = AlarmOverlay(observations, verdict, AlarmParameters.model_validate(dict(given.parameters)))
    frames = [
        (data_url(given.stills_jpeg[moment.name], media_type="image/jpeg"), moment)
        for moment in overlay.moments
        if moment.name in given.stills_jpeg
    ]
    return page(
        package="kinesight.analyses.alarm",
        template="report.html",
        title=given.title,
        facts=_facts(observations, result),
        result=result,
        band=BANDS[result.risk],
        ring=ring(result.scores["intrusion"], kind=BANDS[result.risk], label="Score of intrusion"),
        rule=RULES.get(result.rule, f"Harmless: {result.rule.removeprefix('harmless_')}."),
        scores=_bars(result),
        frames=frames,
        video=data_url(given.video_mp4, media_type="video/mp4") if given.video_mp4 else None,
        timeline=timeline(observations, verdict),
        tracks=[track for track in result.tracks if track.label is not None or track.score >= 0.2 or track.displacement_px > 0][
            :12
        ],
        warnings=findings.warnings,
        features=[(name, "–" if value is None else f"{value:.4g}") for name, value in sorted(result.features.items())],
        models=given.models,
        parameters=[(name, _plain(value)) for name, value in sorted(given.parameters.items()) if name != "memory"],
        memories=len(given.parameters.get("memory") or ()),
        sha256=observations.video.sha256,
        kinds=sorted(str(kind) for kind in KINDS if kind),
    )


def _bars(result: AlarmResult) -> list[dict[str, Any]]:
    """Return the scores, the highest first, with the class of their bar."""
    found = []
    for name, score in sorted(result.scores.items(), key=lambda item: -item[1]):
        kind = "bad" if name in ("intrusion", "person", "vehicule") else "good"
        found.append({"name": NAMED.get(name, name), "score": score, "kind": kind, "is_listed": name in result.labels})
    return found


def _facts(observations: Observations, result: AlarmResult) -> list[str]:
    video = observations.video
    looks = len(observations.looks)
    return [
        f"{video.width_px} × {video.height_px}",
        f"{observations.duration_s:.1f} s, {observations.decoded} pictures",
        "day picture" if result.scene is None or result.scene.light == "day" else "infrared or colourless picture",
        f"{looks} look{'s' if looks != 1 else ''} of the detector",
        f"{len(observations.movers)} thing{'s' if len(observations.movers) != 1 else ''} changed the picture",
    ]


def _plain(value: Any) -> str:
    if isinstance(value, float | int | str | np.number):
        return str(value)
    return "–" if value is None else json.dumps(value, default=str, ensure_ascii=False)
