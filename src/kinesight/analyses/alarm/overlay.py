"""The overlay of an alarm clip: boxes with names and paths, the camera's zones, and the verdict."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from kinesight.analyses.alarm.analysis import Verdict
from kinesight.analyses.alarm.judging import Thing
from kinesight.analyses.alarm.observations import Mover, Observations
from kinesight.analyses.alarm.parameters import AlarmParameters
from kinesight.analyses.alarm.result import AlarmResult
from kinesight.domain.analysis import Findings, Moment
from kinesight.domain.ports import Canvas, Colour, Point

RISKS: dict[str, Colour] = {"safe": (47, 191, 109), "danger": (242, 176, 34), "intrusion": (229, 83, 75)}
KINDS: dict[str | None, Colour] = {
    "person": (255, 107, 107),
    "vehicule": (251, 146, 60),
    "animal": (74, 222, 128),
    None: (250, 204, 21),
}
NAMES = {"person": "person", "vehicule": "vehicle", "animal": "animal"}
QUIET: Colour = (148, 163, 184)
ZONE, MASK, LINE = (56, 189, 248), (15, 23, 42), (240, 110, 245)

HOLD_S = 0.5
"""How long a box stays after its last sight: long enough to be seen in a clip of three frames a second."""

LEAST_SHOWN = 0.1
MOST_MOMENTS = 4


class AlarmOverlay:
    """Draws what an alarm clip was judged by; fulfils the `Overlay` protocol."""

    def __init__(self, observations: Observations, verdict: Verdict | None, parameters: AlarmParameters) -> None:
        self._observations = observations
        self._verdict = verdict
        self._rules = parameters.camera
        self._scores = {id(reason.thing): reason.score for reason in verdict.reasons} if verdict else {}
        self._shown = [thing for thing in verdict.things if self._is_shown(thing)] if verdict else []
        self.moments: tuple[Moment, ...] = self._moments()
        self.thumbnail_s: float = self._thumbnail_s()

    def draw(self, canvas: Canvas, *, time_s: float) -> None:
        """Draw zones, boxes, paths and the verdict as of this moment."""
        width, height = canvas.size_px
        scale = width / max(1, self._observations.video.width_px)
        line_px = max(1.0, min(width, height) / 240)
        self._draw_rules(canvas, line_px)
        for thing in self._shown:
            self._draw_thing(canvas, thing, time_s=time_s, scale=scale, line_px=line_px)
        if self._verdict is not None and height >= 120:
            self._draw_banner(canvas)

    def _is_shown(self, thing: Thing) -> bool:
        return self._scores.get(id(thing), 0.0) >= LEAST_SHOWN or thing.chance >= 0.5 or thing.coherent >= 0.3

    def _draw_rules(self, canvas: Canvas, line_px: float) -> None:
        width, height = canvas.size_px
        for areas, colour in ((self._rules.zones, ZONE), (self._rules.masks, MASK)):
            for area in areas:
                corners = [(x * width, y * height) for x, y in area.corners]
                for start, end in zip(corners, (*corners[1:], corners[0]), strict=True):
                    canvas.line(start, end, colour=colour, width_px=line_px, opacity=0.8)
                canvas.text((corners[0][0] + 4, corners[0][1] + 10), area.name, size_px=max(10.0, height / 32), colour=colour)
        for line in self._rules.lines:
            start, end = ((x * width, y * height) for x, y in (line.start, line.end))
            canvas.line(start, end, colour=LINE, width_px=1.5 * line_px, opacity=0.9)

    def _draw_thing(self, canvas: Canvas, thing: Thing, *, time_s: float, scale: float, line_px: float) -> None:
        box = self._box_at(thing, time_s)
        if box is None:
            return
        left, top, right, bottom = (side * scale for side in box)
        score = self._scores.get(id(thing), 0.0)
        named = thing.kind if thing.chance >= 0.5 else None
        colour = KINDS[named] if score >= LEAST_SHOWN or named == "animal" else QUIET
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        for start, end in zip(corners, (*corners[1:], corners[0]), strict=True):
            canvas.line(start, end, colour=colour, width_px=line_px)
        if thing.number is not None:
            self._draw_path(canvas, self._observations.movers[thing.number], colour, time_s=time_s, scale=scale, line_px=line_px)
        size_px = max(11.0, canvas.size_px[1] / 30)
        label = f"{NAMES.get(named or '', 'moves')} {max(score, thing.chance if named else 0.0):.2f}"
        where = top - 0.7 * size_px if top > 3.2 * size_px else bottom + 0.7 * size_px
        wide = canvas.text_width_px(label, size_px=size_px) + 8
        at = min(max(left, 0.0), max(0.0, canvas.size_px[0] - wide))
        canvas.panel((at, where - 0.7 * size_px), width_px=wide, height_px=1.4 * size_px, colour=(0, 0, 0), opacity=0.6)
        canvas.text((at + 4, where), label, size_px=size_px, colour=colour)

    def _draw_path(self, canvas: Canvas, mover: Mover, colour: Colour, *, time_s: float, scale: float, line_px: float) -> None:
        feet: list[Point] = [
            ((box[0] + box[2]) / 2 * scale, box[3] * scale)
            for now, box in zip(mover.time_s, mover.box_px, strict=True)
            if now <= time_s
        ]
        for start, end in pairwise(feet):
            canvas.line(start, end, colour=colour, width_px=line_px, opacity=0.7)

    def _box_at(self, thing: Thing, time_s: float) -> tuple[float, ...] | None:
        """Return where a thing is at a moment, in pixels of the video; None where it is not seen."""
        if thing.number is None:
            return tuple(thing.box_px.tolist()) if abs(time_s - thing.time_s) <= HOLD_S else None
        mover = self._observations.movers[thing.number]
        if not mover.time_s[0] - 0.02 <= time_s <= mover.time_s[-1] + 0.02:
            return None
        boxes = np.array(mover.box_px)
        return tuple(float(np.interp(time_s, mover.time_s, boxes[:, side])) for side in range(4))

    def _draw_banner(self, canvas: Canvas) -> None:
        verdict = self._verdict
        if verdict is None:
            return
        width, height = canvas.size_px
        size_px = max(12.0, height / 22)
        label = f"{verdict.risk.upper()}  {verdict.scores['intrusion']:.2f}"
        wide = canvas.text_width_px(label, size_px=size_px) + 1.2 * size_px
        canvas.panel((width - wide, 0.0), width_px=wide, height_px=1.7 * size_px, colour=(0, 0, 0), opacity=0.65)
        canvas.text((width - 0.6 * size_px, 0.85 * size_px), label, size_px=size_px, colour=RISKS[verdict.risk], anchor="right")

    def _moments(self) -> tuple[Moment, ...]:
        order = sorted(self._shown, key=lambda thing: -max(self._scores.get(id(thing), 0.0), 0.5 * thing.chance))
        chosen: list[Thing] = []
        for thing in order:
            if all(abs(thing.time_s - other.time_s) > 0.25 for other in chosen):
                chosen.append(thing)
        first = sorted(chosen[:MOST_MOMENTS], key=lambda thing: thing.time_s)
        return tuple(Moment(name=f"moment-{n}", time_s=thing.time_s, caption=_caption(thing)) for n, thing in enumerate(first))

    def _thumbnail_s(self) -> float:
        if self._verdict is not None and self._verdict.reasons:
            return self._verdict.reasons[0].thing.time_s
        return self.moments[0].time_s if self.moments else self._observations.duration_s / 2


def overlay(observations: Observations, findings: Findings[AlarmResult] | None, parameters: AlarmParameters) -> AlarmOverlay:
    """Return the overlay of an analysis."""
    verdict = findings.details if findings is not None else None
    return AlarmOverlay(observations, verdict if isinstance(verdict, Verdict) else None, parameters)


def _caption(thing: Thing) -> str:
    name = NAMES.get(thing.kind or "", "something without a name") if thing.chance >= 0.5 else "something without a name"
    return f"{name} at {thing.time_s:.1f} s"
