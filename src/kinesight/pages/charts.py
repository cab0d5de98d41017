"""Charts as SVG text: pure functions from numbers to markup; colours come from the style sheet by class."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
from markupsafe import Markup

from kinesight.domain.video import Floats
from kinesight.pages.words import ENGLISH, Words

MOST_POINTS = 1500
"""A line with more points than that is thinned: no screen shows them, and the page stays small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a chart: `y` (n,) over the chart's x, NaN where unknown; `kind` is a CSS class; `spread` (n,) a ribbon."""

    name: str
    y: Floats
    kind: str
    spread: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """A moment marked in a chart."""

    x: float
    kind: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One chart over time or another shared x.

    `good` and `okay` are ranges of y drawn as bands; `shaded` spans of x drawn behind the lines, with a CSS class;
    `seeks` says that x is the video's time, so that a click goes there.
    """

    title: str
    unit: str
    x: Floats
    x_label: str
    lines: Sequence[Line]
    good: tuple[float, float] | None = None
    okay: tuple[float, float] | None = None
    events: Sequence[EventLine] = ()
    shaded: Sequence[tuple[float, float, str]] = ()
    seeks: bool = False
    size: tuple[int, int] = field(default=(760, 230))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A straight map from values to pixels."""

    low: float
    high: float
    start_px: float
    end_px: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a value; values outside run on outside."""
        return self.start_px + (value - self.low) / (self.high - self.low) * (self.end_px - self.start_px)


def nice_ticks(low: float, high: float, *, most: int = 6) -> tuple[float, ...]:
    """Return round numbers (1, 2 or 5 times a power of ten apart) within low..high, at most `most`; `low` alone if equal."""
    if not high > low:
        return (low,)
    rough = (high - low) / max(1, most - 1)
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return tuple(round((first + i) * step, 10) for i in range(math.floor(high / step + 1e-9) - first + 1))


def path_of(xs: Sequence[float], ys: Sequence[float]) -> str:
    """Return SVG path data through the points; it is interrupted where one is not finite."""
    parts: list[str] = []
    pen_down = False
    for x, y in zip(xs, ys, strict=True):
        if math.isfinite(x) and math.isfinite(y):
            parts.append(f"{'L' if pen_down else 'M'}{x:.1f} {y:.1f}")
            pen_down = True
        else:
            pen_down = False
    return "".join(parts)


def line_chart(chart: Chart, words: Words = ENGLISH) -> Markup:
    """Return a line chart with bands, events and a hover read-out; a sentence instead where no line has a known point."""
    thin = max(1, math.ceil(len(chart.x) / MOST_POINTS))
    x = np.asarray(chart.x, dtype=float)[::thin]
    ys = [np.asarray(line.y, dtype=float)[::thin] for line in chart.lines]
    spreads = [None if line.spread is None else np.asarray(line.spread, dtype=float)[::thin] for line in chart.lines]
    known = [y + s * sign for y, s in zip(ys, spreads, strict=True) for sign in (-1, 1) if s is not None] + ys
    values = np.concatenate([*known, np.empty(0)])
    values = values[np.isfinite(values)]
    if not len(values) or len(x) < 2:
        return Markup('<p class="unknown">{}: {}.</p>').format(chart.title, words.not_measured)
    to_x, to_y = _scales(chart, x, values)
    width, height = chart.size
    pieces = [_bands(chart, to_x, to_y), _axes(chart, to_x, to_y, words)]
    for line, y, spread in zip(chart.lines, ys, spreads, strict=True):
        xs = [to_x(float(value)) for value in x]
        if spread is not None:
            pieces.append(
                _ribbon(xs, [to_y(v) for v in (y - spread).tolist()], [to_y(v) for v in (y + spread).tolist()], line.kind)
            )
        pieces.append(Markup('<path class="line {}" d="{}"/>').format(line.kind, path_of(xs, [to_y(v) for v in y.tolist()])))
    pieces += [Markup('<line class="cursor" y1="{:.0f}" y2="{:.0f}"/>').format(to_y.end_px, to_y.start_px)]
    data = {
        "x": [round(float(value), 3) for value in x],
        "left": to_x.start_px, "right": to_x.end_px, "low": to_x.low, "high": to_x.high, "unit": chart.unit,
        "lines": [[line.name, [round(v, 1) if math.isfinite(v) else None for v in y.tolist()]]
                  for line, y in zip(chart.lines, ys, strict=True)],
        "seeks": chart.seeks,
    }  # fmt: skip
    legend = Markup("").join(
        Markup('<span class="key"><i class="{}"></i>{}</span>').format(line.kind, line.name) for line in chart.lines
    )
    return Markup(
        '<figure class="chart"><figcaption><b>{}</b><span class="keys">{}</span><output aria-live="off"></output></figcaption>'
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}" data-chart="{}">{}</svg></figure>'
    ).format(
        chart.title,
        legend,
        width,
        height,
        _described(chart, ys, words),
        json.dumps(data, separators=(",", ":")),
        Markup("").join(pieces),
    )


def _described(chart: Chart, ys: Sequence[Floats], words: Words) -> str:
    spans = [
        words.described.format(
            name=line.name, low=words.number(round(float(np.nanmin(y)))), high=words.number(round(float(np.nanmax(y))))
        )
        for line, y in zip(chart.lines, ys, strict=True)
        if np.isfinite(y).any()
    ]
    return f"{words.in_unit.format(title=chart.title, unit=chart.unit)}: {'; '.join(spans)}"


def _scales(chart: Chart, x: Floats, values: Floats) -> tuple[Scale, Scale]:
    width, height = chart.size
    low, high = float(values.min()), float(values.max())
    if chart.good and chart.okay:
        # the border of a band next to the line is worth showing, a far away one is not
        reach = 0.6 * max(high - low, 10.0)
        near = [edge for edge in (*chart.good, *chart.okay) if low - reach <= edge <= high + reach]
        low, high = min([low, *near]), max([high, *near])
    margin = max(0.06 * (high - low), 1.0)
    to_x = Scale(low=float(x[0]), high=float(x[-1]), start_px=44.0, end_px=width - 10.0)
    return to_x, Scale(low=low - margin, high=high + margin, start_px=height - 30.0, end_px=10.0)


def _bands(chart: Chart, to_x: Scale, to_y: Scale) -> Markup:
    pieces = []
    for left, right, kind in chart.shaded:
        x0, x1 = max(to_x(left), to_x.start_px), min(to_x(right), to_x.end_px)
        if x1 > x0:
            pieces.append(_rect(kind, x0, to_y.end_px, x1 - x0, to_y.start_px - to_y.end_px))
    for kind, span in (("band-okay", chart.okay), ("band-good", chart.good)):
        if span is not None:
            top, bottom = max(to_y(span[1]), to_y.end_px), min(to_y(span[0]), to_y.start_px)
            if bottom > top:
                pieces.append(_rect(kind, to_x.start_px, top, to_x.end_px - to_x.start_px, bottom - top))
    return Markup("").join(pieces)


def _rect(kind: str, x: float, y: float, width: float, height: float) -> Markup:
    return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(kind, x, y, width, height)


def _axes(chart: Chart, to_x: Scale, to_y: Scale, words: Words) -> Markup:
    pieces = [
        Markup('<line class="grid" x1="{:.0f}" x2="{:.0f}" y1="{:.1f}" y2="{:.1f}"/><text class="tick" x="{:.0f}" y="{:.1f}" '
               'text-anchor="end">{}</text>').format(to_x.start_px, to_x.end_px, to_y(tick), to_y(tick), to_x.start_px - 6,
                                                      to_y(tick) + 4, words.number(tick))
        for tick in nice_ticks(to_y.low, to_y.high, most=5)
    ]  # fmt: skip
    pieces += [
        Markup('<text class="tick" x="{:.1f}" y="{:.0f}" text-anchor="middle">{}</text>').format(
            to_x(tick), to_y.start_px + 16, words.number(tick)
        )
        for tick in nice_ticks(to_x.low, to_x.high, most=9)
    ]
    pieces.append(
        Markup('<text class="tick" x="{:.0f}" y="{:.0f}" text-anchor="end">{}</text>').format(
            to_x.end_px, to_y.start_px + 28, chart.x_label
        )
    )
    pieces += [
        Markup('<line class="event {}" x1="{:.1f}" x2="{:.1f}" y1="{:.0f}" y2="{:.0f}"><title>{}</title></line>').format(
            event.kind, to_x(event.x), to_x(event.x), to_y.end_px, to_y.start_px, event.label
        )
        for event in chart.events
        if to_x.low <= event.x <= to_x.high
    ]
    return Markup("").join(pieces)


def _ribbon(xs: Sequence[float], lower: Sequence[float], upper: Sequence[float], kind: str) -> Markup:
    """Return one polygon for each stretch that is known, so that nothing is drawn across a hole."""
    pieces = []
    points = zip(xs, lower, upper, strict=True)
    for is_known, stretch in groupby(points, key=lambda point: math.isfinite(point[1]) and math.isfinite(point[2])):
        if is_known:
            known = list(stretch)
            there = " ".join(f"{x:.1f},{hi:.1f}" for x, _, hi in known)
            back = " ".join(f"{x:.1f},{lo:.1f}" for x, lo, _ in reversed(known))
            pieces.append(Markup('<polygon class="ribbon {}" points="{} {}"/>').format(kind, there, back))
    return Markup("").join(pieces)
