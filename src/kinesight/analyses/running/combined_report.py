"""The page of two clips together: both totals, what to work on first, what changed, pictures, curves and all numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from kinesight.analyses.running.combined_curves import charts_of_change, charts_of_view, kept_series
from kinesight.analyses.running.combined_pictures import KeptFrame, kept_frames
from kinesight.analyses.running.combined_result import CombinedClip, CombinedDocument, CombinedNotice, Label
from kinesight.analyses.running.combined_rows import change_rows, compared_scores
from kinesight.analyses.running.page_texts import PageTexts, load_page_texts
from kinesight.analyses.running.report import total_band, video_facts
from kinesight.analyses.running.report_numbers import (
    Card,
    Row,
    cards,
    is_known,
    measure_rows,
    metric_rows,
    tiles,
    words_of,
)
from kinesight.analyses.running.result import Band, RunningResult
from kinesight.pages.frame import page
from kinesight.pages.gauges import ring

LABEL_KEYS: Mapping[Label, str] = {
    "side": "fact.side_view",
    "back": "fact.back_view",
    "before": "combined.before",
    "after": "combined.after",
}
PICTURES_EACH = 3
PAIRS_PER_FOOT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the two clips with everything that the page shows of it."""

    clip: CombinedClip
    result: RunningResult
    files: Mapping[str, bytes]


def combined_page(document: CombinedDocument, parts: tuple[Part, Part]) -> str:
    """Return the page of two clips as one self-contained HTML file, in the language of the document."""
    say = load_page_texts(document.language)
    spoken = tuple(replace(part, result=part.result.model_copy(update={"language": say.language})) for part in parts)
    return _page(document, (spoken[0], spoken[1]), say)


def _page(document: CombinedDocument, parts: tuple[Part, Part], say: PageTexts) -> str:
    is_change = document.kind == "before_after"
    scored = {part.clip.label: {card.key: card for card in cards(part.result)} for part in parts}
    label_words = {label: say(key) for label, key in LABEL_KEYS.items()}
    return page(
        package="kinesight.analyses.running",
        template="combined.html",
        say=say,
        language=say.language,
        is_change=is_change,
        parts=parts,
        label_words=label_words,
        totals=[_total(part, say, label=label_words[part.clip.label]) for part in parts],
        facts=[_facts(part.result, say) for part in parts],
        warnings=_whose(document.warnings, label_words, both=say("combined.both_clips")),
        tasks=[(todo, scored[todo.clip][todo.key]) for todo in document.todo],
        is_scored=any(part.result.scores for part in (parts[1:] if is_change else parts)),
        kept=[video_facts(part.clip.document.video, say) for part in parts],
        **(_of_change(document, parts, say) if is_change else _of_views(parts, scored, say)),
    )


def _of_change(document: CombinedDocument, parts: tuple[Part, Part], say: PageTexts) -> dict[str, Any]:
    results = [part.result for part in parts]
    frames = [kept_frames(part.files.get("report.html"), part.result.events) for part in parts]
    rows = change_rows(document.changes, say)
    return {
        "rows": rows,
        "is_judged": any(row.change.reason is None for row in rows),
        "changed": [row for row in rows if row.change.verdict == "changed"],
        "compared": compared_scores(rows, cards(results[1]), say, instant=results[1].instant),
        "pairs": _pairs(*frames),
        "charts": charts_of_change([kept_series(part.files.get("series.csv")) for part in parts], results, say),
    }


def _of_views(parts: tuple[Part, Part], scored: Mapping[Label, Mapping[str, Card]], say: PageTexts) -> dict[str, Any]:
    return {
        "views": [
            {
                "words": say(LABEL_KEYS[part.clip.label]),
                "tiles": [tile for tile in tiles(part.result) if any(reading.text for _, reading in tile.readings)],
                "cards": tuple(scored[part.clip.label].values()),
                "frames": kept_frames(part.files.get("report.html"), part.result.events)[:PICTURES_EACH],
                "charts": charts_of_view(kept_series(part.files.get("series.csv")), part.result, say),
                "metrics": metric_rows(part.result),
                "measures": _own_measures(part.result, say),
            }
            for part in parts
        ]
    }


def _whose(warnings: Sequence[CombinedNotice], label_words: Mapping[Label, str], *, both: str) -> list[tuple[str, str]]:
    """Return every message once, with the clips that it is about in words; none for both together."""
    clips: dict[str, list[str]] = {}
    for notice in warnings:
        clips.setdefault(notice.message, []).extend([label_words[notice.clip]] if notice.clip else [])
    return [(both if len(words) > 1 else "".join(words), message) for message, words in clips.items()]


def _own_measures(result: RunningResult, say: PageTexts) -> list[Row]:
    """Return the angles without those that only the other view can show."""
    elsewhere = {say("reason.from_behind"), say("reason.from_side")}
    return [row for row in measure_rows(result) if row.reading.text or row.reading.reason not in elsewhere]


def _total(part: Part, say: PageTexts, *, label: str) -> tuple[Markup, Band | None]:
    band = total_band(part.result.total_score)
    name = f"{say('report.total')} · {label}"
    return ring(part.result.total_score, kind=band or "unknown", label=name, words=words_of(say)), band


def _facts(result: RunningResult, say: PageTexts) -> list[str]:
    strikes = sum(event.kind == "foot_strike" for event in result.events)
    facts = [say("fact.treadmill" if result.treadmill else "fact.overground"), say("fact.strikes", count=strikes)]
    metrics = result.metrics
    for value, digits, unit in (
        (metrics.cadence_spm.value, 0, say("unit.steps_per_min")),
        (metrics.speed_m_per_s.value, 1, "m/s"),
    ):
        if value is not None and is_known(value):
            facts.append(say.with_unit(say.number(value, digits), unit))
    return facts


def _pairs(before: Sequence[KeptFrame], after: Sequence[KeptFrame]) -> list[tuple[KeptFrame, KeptFrame]]:
    """Return key frames of the same foot next to each other."""
    pairs = []
    for foot in ("left", "right", None):
        then, now = ([frame for frame in frames if frame.foot == foot] for frames in (before, after))
        pairs += list(zip(then, now, strict=False))[:PAIRS_PER_FOOT]
    return pairs
