"""What changed in words: one line for each number, and one card for each scored measure with both readings on its ruler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from kinesight.analyses.running.combined_change import scored
from kinesight.analyses.running.combined_quantities import SHOWN, Quantity, quantities
from kinesight.analyses.running.combined_result import Change
from kinesight.analyses.running.report_numbers import Card, Reading, reading
from kinesight.analyses.running.result import Instant, RunningResult, Score
from kinesight.domain.document import Estimate
from kinesight.pages.gauges import Mark, ruler

_REASONS: Mapping[str, str] = {
    "few_strides": "too few strides to tell",
    "low_confidence": "seen too badly to tell",
    "unknown_before": "not measured before",
    "unknown_after": "not measured after",
}
_ORDER: Mapping[str, int] = {"bad": 0, "okay": 1, "good": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One number before and after in words; `tone` is the CSS class of the verdict."""

    name: str
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


def change_rows(changes: Sequence[Change], result: RunningResult) -> tuple[ChangeRow, ...]:
    """Return every change in words, in the order of the tables."""
    shown = {(quantity.name, quantity.side, quantity.instant): quantity for quantity in quantities(result)}
    return tuple(_row(change, shown[change.quantity, change.side, change.instant]) for change in changes)


def compared_scores(rows: Sequence[ChangeRow], cards: Sequence[Card], *, instant: Instant) -> tuple[Compared, ...]:
    """Return the scored measures of the later clip at the instant of its scores, those that changed first."""
    found = []
    for card in cards:
        measure, only = scored(card.key)
        own = [
            (row, _ruler(row.change, card.score))
            for row in rows
            if row.change.quantity == measure and row.change.instant in {None, instant} and only in {None, row.change.side}
        ]
        if own:
            found.append(Compared(card=card, rows=tuple(own)))
    return tuple(sorted(found, key=lambda each: all(row.change.verdict != "changed" for row, _ in each.rows)))


def _row(change: Change, quantity: Quantity) -> ChangeRow:
    title, unit, factor, digits = SHOWN[quantity.name]
    verdict, tone = _verdict(change)
    return ChangeRow(
        name=title,
        where=quantity.where,
        before=reading(change.before, factor=factor, digits=digits, unit=unit),
        after=reading(change.after, factor=factor, digits=digits, unit=unit),
        unit=unit,
        difference=_signed(change.difference, quantity.name),
        needed=_signed(change.needed, quantity.name).lstrip("+"),
        verdict=verdict,
        tone=tone,
        change=change,
    )


def _verdict(change: Change) -> tuple[str, str]:
    """Return what a change is in words, and its CSS class: better or worse only where it crosses the border of a range."""
    if change.reason is not None:
        return _REASONS[change.reason], "unknown"
    if change.verdict == "within_noise":
        return "within the noise", "unknown"
    rise = "higher" if (change.difference or 0.0) > 0 else "lower"
    if change.band_before is None or change.band_after is None or change.band_before == change.band_after:
        return rise, "moved"
    is_better = _ORDER[change.band_after] > _ORDER[change.band_before]
    return (f"{rise}, better", "good") if is_better else (f"{rise}, worse", "bad")


def _signed(value: float | None, name: str) -> str:
    if value is None:
        return ""
    _, unit, factor, digits = SHOWN[name]
    # one digit more than the value has: a difference of "0" that counts would be a riddle
    text = reading(Estimate(value=value, n=2), factor=factor, digits=digits if unit == "°" else digits + 1).text or ""
    return f"+{text}" if value > 0 else text


def _ruler(change: Change, score: Score) -> Markup:
    readings = ((change.before, "B", "then"), (change.after, "A", "now"))
    marks = [
        Mark(value=estimate.value, spread=estimate.spread if estimate.n > 1 else None, letter=letter, kind=kind)
        for estimate, letter, kind in readings
        if estimate.value is not None
    ]
    return ruler(marks, good=score.range_good, okay=score.range_okay, unit="°")
