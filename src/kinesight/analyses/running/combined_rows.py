"""What changed in words: one line for each number, and one card for each scored measure with both readings on its ruler."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from kinesight.analyses.running.combined_change import scored
from kinesight.analyses.running.combined_quantities import SHOWN
from kinesight.analyses.running.combined_result import Change
from kinesight.analyses.running.page_texts import PageTexts
from kinesight.analyses.running.report_numbers import Card, Reading, metric_unit, reading, words_of
from kinesight.analyses.running.result import Instant, Score
from kinesight.pages.gauges import Mark, ruler

_ORDER: Mapping[str, int] = {"bad": 0, "okay": 1, "good": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One number before and after in words; `tone` is the CSS class of the verdict.

    `difference` and `needed` are bare numbers in `unit`, empty where unknown; `where` is side and instant, `side` the side alone.
    """

    name: str
    side: str
    where: str
    before: Reading
    after: Reading
    unit: str
    difference: str
    needed: str
    verdict: str
    tone: str
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One scored measure: its numbers, each with a ruler that shows it before and after."""

    card: Card
    rows: tuple[tuple[ChangeRow, Markup], ...]


def change_rows(changes: Sequence[Change], say: PageTexts) -> tuple[ChangeRow, ...]:
    """Return every change in words."""
    return tuple(_row(change, say) for change in changes)


def compared_scores(
    rows: Sequence[ChangeRow], cards: Sequence[Card], say: PageTexts, *, instant: Instant
) -> tuple[Compared, ...]:
    """Return the scored measures of the later clip at the instant of its scores, those that changed first."""
    found = []
    for card in cards:
        measure, only = scored(card.key)
        own = [
            (row, _ruler(row.change, card.score, say))
            for row in rows
            if row.change.quantity == measure and row.change.instant in {None, instant} and only in {None, row.change.side}
        ]
        if own:
            found.append(Compared(card=card, rows=tuple(own)))
    return tuple(sorted(found, key=lambda each: all(row.change.verdict != "changed" for row, _ in each.rows)))


def _row(change: Change, say: PageTexts) -> ChangeRow:
    name = change.quantity
    unit, factor, digits = SHOWN[name]
    unit = metric_unit(name, unit, say)
    verdict, tone = _verdict(change, say)
    side = say(f"side.{change.side}") if change.side else ""
    instant = say(f"instant.{change.instant}") if change.instant else ""
    return ChangeRow(
        name=say(f"metric.{name}" if f"metric.{name}" in say else f"measure.{name}"),
        side=side,
        where=", ".join(words for words in (side, instant) if words),
        before=reading(change.before, factor=factor, digits=digits, unit=unit, say=say),
        after=reading(change.after, factor=factor, digits=digits, unit=unit, say=say),
        unit=unit,
        difference=_signed(change.difference, name, say),
        needed=_signed(change.needed, name, say).lstrip("+"),
        verdict=verdict,
        tone=tone,
        change=change,
    )


def _verdict(change: Change, say: PageTexts) -> tuple[str, str]:
    """Return what a change is in words, and its CSS class: better or worse only where it crosses the border of a range."""
    if change.reason is not None:
        return say(f"combined.{change.reason}"), "unknown"
    if change.verdict == "within_noise":
        return say("combined.within_noise"), "unknown"
    rise = "higher" if (change.difference or 0.0) > 0 else "lower"
    if change.band_before is None or change.band_after is None or change.band_before == change.band_after:
        return say(f"combined.{rise}"), "moved"
    is_better = _ORDER[change.band_after] > _ORDER[change.band_before]
    return (say(f"combined.{rise}_better"), "good") if is_better else (say(f"combined.{rise}_worse"), "bad")


def _signed(value: float | None, name: str, say: PageTexts) -> str:
    if value is None or not math.isfinite(value):
        return ""
    unit, factor, digits = SHOWN[name]
    # one digit more than the value has: a difference of "0" that counts would be a riddle
    digits = digits if unit == "°" else digits + 1
    text = say.number(factor * value, digits)
    return f"+{text}" if round(factor * value, digits) > 0 else text


def _ruler(change: Change, score: Score, say: PageTexts) -> Markup:
    readings = ((change.before, "before", "then"), (change.after, "after", "now"))
    marks = [
        Mark(
            value=estimate.value,
            spread=estimate.spread if estimate.n > 1 else None,
            letter=say(f"combined.{which}_letter"),
            kind=kind,
        )
        for estimate, which, kind in readings
        if estimate.value is not None
    ]
    return ruler(marks, good=score.range_good, okay=score.range_okay, unit="°", words=words_of(say))
