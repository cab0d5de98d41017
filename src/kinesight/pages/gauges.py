"""Small pictures of single numbers as SVG text: a score ring, a ruler with ranges, a lane diagram of contacts."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from kinesight.pages.charts import Scale, nice_ticks
from kinesight.pages.words import ENGLISH, Words


def ring(share: float | None, *, kind: str, label: str, words: Words = ENGLISH) -> Markup:
    """Return a ring filled clockwise by a share 0..1 with the number out of 100 inside; a dash where it is unknown."""
    known = share is not None and math.isfinite(share)
    filled = min(max(share or 0.0, 0.0), 1.0) if known else 0.0
    round_px = 2 * math.pi * 52
    number = f"{100 * filled:.0f}" if known else "–"
    return Markup(
        '<svg class="ring {}" viewBox="0 0 120 120" role="img" aria-label="{}: {}"><circle class="track" cx="60" cy="60" r="52"/>'
        '<circle class="fill" cx="60" cy="60" r="52" stroke-dasharray="{:.1f} {:.1f}" transform="rotate(-90 60 60)"/>'
        '<text x="60" y="{}" class="number" text-anchor="middle">{}</text>{}</svg>'
    ).format(
        kind,
        label,
        words.score_of_100.format(number=number) if known else words.unknown,
        filled * round_px,
        round_px,
        70 if known else 74,
        number,
        Markup('<text x="60" y="90" class="of" text-anchor="middle">{}</text>').format(words.of_100) if known else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One reading on a ruler: its value, its spread (drawn as a whisker, None for none), a letter and a CSS class."""

    value: float
    spread: float | None
    letter: str
    kind: str


def ruler(
    marks: Sequence[Mark], *, good: tuple[float, float], okay: tuple[float, float], unit: str, words: Words = ENGLISH
) -> Markup:
    """Return a ruler with the good and okay ranges and a marker with whiskers per reading; all readings must be finite."""
    low, high = min(good[0], okay[0]), max(good[1], okay[1])
    values = [mark.value for mark in marks]
    # a wide one-sided range (0..98) would squeeze what matters: only the part near the borders and the readings is shown
    border_room = 3.0 * min(abs(good[1] - good[0]), max(okay[1] - okay[0], 1.0), 12.0)
    inner = [edge for edge in {*good, *okay} if not (edge == low and low == 0.0) and edge not in (-180.0, 180.0)]
    view_low = max(low - border_room / 3, min([*inner, *values]) - border_room)
    view_high = min(high + border_room / 3, max([*inner, *values]) + border_room)
    spreads = [mark.spread or 0.0 for mark in marks]
    view_low = min([view_low, *(v - s - 3 for v, s in zip(values, spreads, strict=True))])
    view_high = max([view_high, *(v + s + 3 for v, s in zip(values, spreads, strict=True))])
    to_x = Scale(low=view_low, high=view_high, start_px=4.0, end_px=356.0)
    pieces = [Markup('<rect class="zone bad" x="4" y="26" width="352" height="10" rx="5"/>')]
    for kind, span in (("okay", okay), ("good", good)):
        x0, x1 = max(to_x(span[0]), 4.0), min(to_x(span[1]), 356.0)
        if x1 > x0:
            pieces.append(
                Markup('<rect class="zone {}" x="{:.1f}" y="26" width="{:.1f}" height="10"/>').format(kind, x0, x1 - x0)
            )
    pieces += [
        Markup('<text class="tick" x="{:.1f}" y="52" text-anchor="middle">{}{}</text>').format(
            to_x(edge), words.number(edge), unit
        )
        for edge in _apart(sorted({*good, *okay}), to_x)
    ]
    letters = _letters_apart([to_x(mark.value) for mark in marks], [mark.letter for mark in marks])
    pieces += [_marker(mark, letter_x, to_x) for mark, letter_x in zip(marks, letters, strict=True)]
    readings = ", ".join(f"{mark.letter} {words.number(round(mark.value, 1))}{unit}".strip() for mark in marks)
    ranges = [
        sentence.format(low=words.number(low), high=words.number(high) + unit)
        for sentence, (low, high) in ((words.good_range, good), (words.okay_range, okay))
    ]
    label = f"{readings}; {', '.join(ranges)}"
    return Markup('<svg class="ruler" viewBox="0 0 360 58" role="img" aria-label="{}">{}</svg>').format(
        label, Markup("").join(pieces)
    )


def _apart(edges: Sequence[float], to_x: Scale) -> list[float]:
    """Return the edges inside the ruler whose numbers do not run into each other."""
    kept: list[float] = []
    for edge in edges:
        x = to_x(edge)
        if 12.0 <= x <= 348.0 and (not kept or x - to_x(kept[-1]) >= 34.0):
            kept.append(edge)
    return kept


def _letters_apart(xs: Sequence[float], letters: Sequence[str]) -> list[float]:
    """Return where the letters of the markers stand: over their marker, moved apart where two would overlap."""
    # letters of the Far East take twice the room of Latin ones
    most = max((sum(2 if ord(sign) > 0x2E80 else 1 for sign in letter) for letter in letters), default=1)
    room = 7.0 + 4.0 * max(most, 1)
    if len(xs) != 2 or abs(xs[1] - xs[0]) >= room:
        return list(xs)
    middle, side = (xs[0] + xs[1]) / 2, room / 2 if xs[1] >= xs[0] else -room / 2
    return [middle - side, middle + side]


def _marker(mark: Mark, letter_x: float, to_x: Scale) -> Markup:
    x = to_x(mark.value)
    whisker = Markup("")
    if mark.spread is not None and math.isfinite(mark.spread) and mark.spread > 0:
        x0, x1 = to_x(mark.value - mark.spread), to_x(mark.value + mark.spread)
        whisker = Markup('<path class="whisker" d="M{:.1f} 31H{:.1f}M{:.1f} 27V35M{:.1f} 27V35"/>').format(x0, x1, x0, x1)
    return Markup(
        '<g class="marker {}">{}<path d="M{:.1f} 39l-5.5-9a6.4 6.4 0 1 1 11 0z" transform="translate(0 -9)"/>'
        '<text x="{:.1f}" y="10" text-anchor="middle">{}</text></g>'
    ).format(mark.kind, whisker, x, letter_x, mark.letter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A span of time on a lane; `end_s` may equal `start_s` for a moment."""

    lane: int
    start_s: float
    end_s: float
    kind: str
    label: str


def lanes(bars: Sequence[Bar], *, names: Sequence[str], span_s: tuple[float, float], words: Words = ENGLISH) -> Markup:
    """Return bars on named lanes over time, as a piano roll; a click goes to that time in the video."""
    if not span_s[1] > span_s[0]:
        return Markup('<p class="unknown">{}: {}.</p>').format(words.timeline, words.not_measured)
    left = max(52.0, 14.0 + 7.2 * max(len(name) for name in names))
    to_x = Scale(low=span_s[0], high=span_s[1], start_px=left, end_px=750.0)
    bottom = 12.0 + 30.0 * len(names)
    pieces = []
    for lane, name in enumerate(names):
        y = 27.0 + 30.0 * lane
        pieces.append(Markup('<text class="lane" x="0" y="{:.0f}">{}</text>').format(y + 4, name))
        pieces.append(Markup('<line class="grid" x1="{:.0f}" x2="750" y1="{:.0f}" y2="{:.0f}"/>').format(left, y, y))
    for bar in bars:
        x0, x1 = max(to_x(bar.start_s), left), min(to_x(bar.end_s), 750.0)
        if x1 >= x0:
            box = Markup('x="{:.1f}" y="{:.0f}" width="{:.1f}" height="18" rx="4"').format(
                x0, 18 + 30 * bar.lane, max(x1 - x0, 2.0)
            )
            pieces.append(Markup('<rect class="bar {}" {}><title>{}</title></rect>').format(bar.kind, box, bar.label))
    pieces += [
        Markup('<text class="tick" x="{:.1f}" y="{:.0f}" text-anchor="middle">{}</text>').format(
            to_x(tick), bottom + 16, words.number(tick)
        )
        for tick in nice_ticks(*span_s, most=9)
    ]
    pieces.append(Markup('<line class="cursor" y1="8" y2="{:.0f}"/>').format(bottom))
    data = {"x": [], "left": left, "right": 750, "low": span_s[0], "high": span_s[1], "unit": "", "lines": [], "seeks": True}
    return Markup('<svg class="lanes" viewBox="0 0 760 {:.0f}" role="img" aria-label="{}" data-chart="{}">{}</svg>').format(
        bottom + 24, words.contacts, json.dumps(data), Markup("").join(pieces)
    )
