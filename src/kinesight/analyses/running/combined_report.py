"""The page of two clips together: both totals, what to work on first, what changed, pictures, curves and all numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from kinesight.analyses.running.combined_curves import charts_of_change, charts_of_view, kept_series
from kinesight.analyses.running.combined_pictures import KeptFrame, kept_frames
from kinesight.analyses.running.combined_result import CombinedClip, CombinedDocument, CombinedNotice, Label
from kinesight.analyses.running.combined_rows import change_rows, compared_scores
from kinesight.analyses.running.report import total_band
from kinesight.analyses.running.report_numbers import Card, Row, cards, measure_rows, metric_rows, tiles
from kinesight.analyses.running.result import Band, RunningResult
from kinesight.domain.video import VideoInfo
from kinesight.pages.frame import page
from kinesight.pages.gauges import ring

LABEL_WORDS: Mapping[Label, str] = {"side": "Side view", "back": "Back view", "before": "Before", "after": "After"}
BAND_WORDS: Mapping[Band, str] = {"good": "Good", "okay": "Slightly off", "bad": "Needs work"}
PICTURES_EACH = 3
PAIRS_PER_FOOT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the two clips with everything that the page shows of it."""

    clip: CombinedClip
    result: RunningResult
    files: Mapping[str, bytes]

    @property
    def words(self) -> str:
        """Return what the clip is here."""
        return LABEL_WORDS[self.clip.label]


def combined_page(document: CombinedDocument, parts: tuple[Part, Part]) -> str:
    """Return the page of two clips as one self-contained HTML file."""
    is_change = document.kind == "before_after"
    scored = {part.clip.label: {card.key: card for card in cards(part.result)} for part in parts}
    return page(
        package="kinesight.analyses.running",
        template="combined.html",
        is_change=is_change,
        parts=parts,
        band_words=BAND_WORDS,
        label_words=LABEL_WORDS,
        totals=[_total(part) for part in parts],
        facts=[_facts(part.result) for part in parts],
        warnings=_whose(document.warnings),
        tasks=[(todo, scored[todo.clip][todo.key]) for todo in document.todo],
        is_scored=any(part.result.scores for part in (parts[1:] if is_change else parts)),
        kept=[_video_facts(part.clip.document.video) for part in parts],
        **(_of_change(document, parts) if is_change else _of_views(parts, scored)),
    )


def _of_change(document: CombinedDocument, parts: tuple[Part, Part]) -> dict[str, Any]:
    results = [part.result for part in parts]
    frames = [kept_frames(part.files.get("report.html"), part.result.events) for part in parts]
    rows = change_rows(document.changes, results[1])
    return {
        "rows": rows,
        "is_judged": any(row.change.reason is None for row in rows),
        "changed": [row for row in rows if row.change.verdict == "changed"],
        "compared": compared_scores(rows, cards(results[1]), instant=results[1].instant),
        "pairs": _pairs(*frames),
        "charts": charts_of_change([kept_series(part.files.get("series.csv")) for part in parts], results),
    }


def _of_views(parts: tuple[Part, Part], scored: Mapping[Label, Mapping[str, Card]]) -> dict[str, Any]:
    return {
        "views": [
            {
                "words": part.words,
                "instant": part.result.instant.replace("_", " "),
                "tiles": [tile for tile in tiles(part.result) if any(reading.text for _, reading in tile.readings)],
                "cards": tuple(scored[part.clip.label].values()),
                "frames": kept_frames(part.files.get("report.html"), part.result.events)[:PICTURES_EACH],
                "charts": charts_of_view(kept_series(part.files.get("series.csv")), part.result),
                "metrics": metric_rows(part.result),
                "measures": _own_measures(part.result),
            }
            for part in parts
        ]
    }


def _whose(warnings: Sequence[CombinedNotice]) -> list[tuple[str, str]]:
    """Return every message once, with the clips that it is about in words; none for both together."""
    clips: dict[str, list[str]] = {}
    for notice in warnings:
        clips.setdefault(notice.message, []).extend([LABEL_WORDS[notice.clip]] if notice.clip else [])
    return [("Both clips" if len(words) > 1 else "".join(words), message) for message, words in clips.items()]


def _own_measures(result: RunningResult) -> list[Row]:
    """Return the angles without those that only the other view can show."""
    return [row for row in measure_rows(result) if row.reading.text or not row.reading.reason.startswith("needs a view")]


def _total(part: Part) -> tuple[Markup, Band | None]:
    band = total_band(part.result.total_score)
    return ring(part.result.total_score, kind=band or "unknown", label=f"Total score, {part.words.lower()}"), band


def _facts(result: RunningResult) -> list[str]:
    strikes = sum(event.kind == "foot_strike" for event in result.events)
    cadence, speed = result.metrics.cadence_spm.value, result.metrics.speed_m_per_s.value
    facts = ["Treadmill" if result.treadmill else "Overground", f"{strikes} foot strike{'' if strikes == 1 else 's'}"]
    facts += [f"{cadence:.0f} steps/min"] if cadence is not None else []
    return facts + ([f"{speed:.1f} m/s"] if speed is not None else [])


def _pairs(before: Sequence[KeptFrame], after: Sequence[KeptFrame]) -> list[tuple[KeptFrame, KeptFrame]]:
    """Return key frames of the same foot next to each other."""
    pairs = []
    for foot in ("left", "right", None):
        then, now = ([frame for frame in frames if frame.foot == foot] for frames in (before, after))
        pairs += list(zip(then, now, strict=False))[:PAIRS_PER_FOOT]
    return pairs


def _video_facts(video: VideoInfo | None) -> str:
    if video is None:
        return "stored poses, no video"
    rate = "" if video.fps is None else f", {video.fps:.2f} frames/s"
    length = "" if video.duration_s is None else f", {video.duration_s:.2f} s"
    return f"{video.width_px} × {video.height_px}{rate}{length}"
