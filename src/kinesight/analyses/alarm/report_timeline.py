"""The timeline of a clip as SVG text: when what moved, when the detector looked, and what it said."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from kinesight.analyses.alarm.analysis import Verdict
from kinesight.analyses.alarm.judging import Thing
from kinesight.analyses.alarm.observations import Observations
from kinesight.pages.charts import nice_ticks

MOST_LANES = 8
WIDE, LEFT, LANE, TOP = 760.0, 130.0, 26.0, 8.0
COLOURS = {"person": "var(--bad-fill)", "vehicule": "var(--okay-fill)", "animal": "var(--good-fill)", None: "var(--soft)"}
NAMES = {"person": "person", "vehicule": "vehicle", "animal": "animal", None: "no name"}

_TICK = Markup(
    '<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>'
    '<text class="tick" x="{0:.1f}" y="{3}" text-anchor="middle">{4:g} s</text>'
)
_NAME = Markup('<text class="lane" x="0" y="{:.1f}">{}</text>')
_BAR = Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="14" rx="4" style="fill:{};opacity:{:.2f}"/>')
_MARK = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" style="fill:var(--ink)"><title>{} {:.2f} at {:.1f} s</title></circle>')


def timeline(observations: Observations, verdict: Verdict) -> Markup:
    """Return one lane for each of the most important movers, a mark for each detection, and the looks of the detector below."""
    scores = {id(reason.thing): reason.score for reason in verdict.reasons}
    things = [thing for thing in verdict.things if thing.number is not None]
    things.sort(key=lambda thing: -max(scores.get(id(thing), 0.0), thing.chance * 0.9, thing.coherent * 0.5))
    things = things[:MOST_LANES]
    last = max([0.1, observations.duration_s, *(look.time_s for look in observations.looks)])

    def x(time_s: float) -> float:
        return LEFT + max(0.0, time_s) / last * (WIDE - LEFT - 12.0)

    bottom = TOP + LANE * (len(things) + 1)
    parts = [*_grid(x, last, bottom)]
    for lane, thing in enumerate(things):
        parts += _lane(observations, thing, x, top=TOP + LANE * lane, weight=scores.get(id(thing), 0.0))
    parts += _looks(observations, x, top=TOP + LANE * len(things))
    return Markup('<svg class="lanes" viewBox="0 0 {} {:.0f}" role="img" aria-label="What moved when">{}</svg>').format(
        WIDE, bottom + 22, Markup("").join(parts)
    )


def _grid(x: Callable[[float], float], last: float, bottom: float) -> Sequence[Markup]:
    return [_TICK.format(x(tick), TOP, bottom, bottom + 16, tick) for tick in nice_ticks(0.0, last)]


def _lane(
    observations: Observations, thing: Thing, x: Callable[[float], float], *, top: float, weight: float
) -> Sequence[Markup]:
    mover = observations.movers[thing.number or 0]
    kind = thing.kind if thing.chance >= 0.5 else None
    first, last = x(mover.time_s[0]), x(mover.time_s[-1])
    return [
        _NAME.format(top + 16, f"track {thing.number}: {NAMES[kind]}"),
        _BAR.format(first, top + 5, max(3.0, last - first), COLOURS[kind], 0.35 + 0.6 * weight),
        *(
            _MARK.format(x(found.time_s), top + 12, 2.0 + 3.0 * found.score, found.label, found.score, found.time_s)
            for found in observations.detections
            if found.mover == thing.number
        ),
    ]


def _looks(observations: Observations, x: Callable[[float], float], *, top: float) -> Sequence[Markup]:
    bars = (_BAR.format(x(look.time_s) - 1.5, top + 5, 3.0, "var(--accent)", 1.0) for look in observations.looks)
    return [_NAME.format(top + 16, "detector looks"), *bars]
