"""The curves of a report: angles over the gait cycle and over time, and when the feet were on the ground."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from markupsafe import Markup

from kinesight.analyses.running.page_texts import PageTexts
from kinesight.analyses.running.report_numbers import words_of
from kinesight.analyses.running.scene import SERIES_SCORES, Scene
from kinesight.domain.video import Floats
from kinesight.pages.charts import Chart, EventLine, Line, line_chart
from kinesight.pages.gauges import Bar, lanes

_JOINTS = (
    "knee", "hip", "ankle", "shoulder", "elbow", "foot", "trunk", "head",
    "pelvis", "knee_adduction", "hip_adduction", "pronation", "trunk_side",
)  # fmt: skip
_ONLY_IN_THE_MEAN = ("pronation",)
"""Single strides of these are noise."""
_CYCLE = np.linspace(0.0, 100.0, 101)


def strides(scene: Scene, foot: str) -> list[tuple[float, float]]:
    """Return the spans from strike to strike of one foot; spans over 1.5 times the median hide a strike and are left out."""
    strikes = [step.strike_s for step in scene.steps if step.foot == foot and math.isfinite(step.strike_s)]
    spans = list(pairwise(strikes))
    usual = float(np.median([end - start for start, end in spans])) if spans else math.nan
    return [(start, end) for start, end in spans if end - start <= 1.5 * usual]


def over_the_cycle(time_s: Floats, values: Floats, spans: list[tuple[float, float]]) -> tuple[Floats, Floats, int]:
    """Return mean and standard deviation of a series over strides stretched to 0..100 %.

    Parameters
    ----------
    time_s, values
        (frames,) stamps and series; NaN where unknown.
    spans
        Start and end of each stride in seconds.

    Returns
    -------
    mean, deviation : (101,) arrays, NaN where no stride has a value; deviation is NaN for a single stride
    count : int
        Number of strides that are known in full or in part.
    """
    known = np.isfinite(values)
    if not spans or known.sum() < 2:
        return np.full(101, np.nan), np.full(101, np.nan), 0
    step_s = float(np.median(np.diff(time_s)))
    rows = []
    for start, end in spans:
        at = start + (end - start) * _CYCLE / 100
        row = np.interp(at, time_s[known], values[known], left=np.nan, right=np.nan)
        # interpolation must not bridge a gap in which nothing was seen
        distance = np.abs(time_s[known][_nearest(time_s[known], at)] - at)
        rows.append(np.where(distance <= 1.5 * step_s, row, np.nan))
    stack = np.array(rows)
    counts = np.isfinite(stack).sum(axis=0)
    total = np.nansum(stack, axis=0)
    mean = np.divide(total, counts, out=np.full(101, np.nan), where=counts > 0)
    squares = np.nansum((stack - mean) ** 2, axis=0)
    deviation = np.sqrt(np.divide(squares, counts - 1, out=np.full(101, np.nan), where=counts > 1))
    return mean, deviation, int(np.isfinite(stack).any(axis=1).sum())


def _nearest(times: Floats, at: Floats) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    after = np.clip(np.searchsorted(times, at), 1, len(times) - 1)
    return np.where(at - times[after - 1] <= times[after] - at, after - 1, after)


def cycle_charts(scene: Scene) -> tuple[Markup, ...]:
    """Return one chart per joint over the gait cycle: both legs, each from its own strike, mean and one standard deviation.

    Without a whole stride there is none.
    """
    if not strides(scene, "left") and not strides(scene, "right"):
        return ()
    say = scene.say
    charts = []
    for joint in _joints(scene):
        lines = []
        for side in ("left", "right"):
            series = scene.series_deg.get(f"{side}_{joint}")
            if series is None:
                continue
            mean, deviation, count = over_the_cycle(scene.track.time_s, series, strides(scene, side))
            if count:
                name = f"{say(f'side.{side}')} (n={count})"
                lines.append(Line(name=name, y=mean, kind=side, spread=deviation if count > 1 else None))
        if joint in scene.series_deg and not lines:
            mean, deviation, count = over_the_cycle(scene.track.time_s, scene.series_deg[joint], strides(scene, _most(scene)))
            lines.append(Line(name=f"n={count}", y=mean, kind="centre", spread=deviation if count > 1 else None))
        good, okay = _ranges(scene, joint)
        charts.append(
            line_chart(Chart(title=say(f"joint.{joint}"), unit="°", x=_CYCLE, x_label=say("chart.cycle_axis"),
                             lines=lines, good=good, okay=okay, shaded=_stance(scene), size=(380, 220)), words_of(say))
        )  # fmt: skip
    return tuple(charts)


def time_charts(scene: Scene) -> tuple[Markup, ...]:
    """Return one chart per joint over the video's time, with strikes and toe-offs of both feet."""
    result, say = scene.result, scene.say
    times = scene.track.time_s
    shown = np.ones(len(times), dtype=bool)
    if result is not None:
        shown = (times >= result.running_from_s) & (times <= result.running_to_s)
    events = [
        EventLine(
            x=moment,
            kind=f"{step.foot}{kind}",
            label=say(f"chart.{name}", side=say(f"side.{step.foot}"), time=say.number(moment, 2)),
        )
        for step in scene.steps
        for moment, kind, name in ((step.strike_s, "", "strike"), (step.toe_off_s, " toe-off", "toe_off"))
        if math.isfinite(moment)
    ]
    charts = []
    for joint in _joints(scene):
        if joint in _ONLY_IN_THE_MEAN:
            continue
        names = [name for name in (f"left_{joint}", f"right_{joint}", joint) if name in scene.series_deg]
        lines = [
            Line(
                name=_side_name(name, say),
                y=scene.series_deg[name][shown],
                kind=name.partition("_")[0] if "_" in name else "centre",
            )
            for name in names
        ]
        good, okay = _ranges(scene, joint)
        charts.append(
            line_chart(Chart(title=say(f"joint.{joint}"), unit="°", x=times[shown], x_label=say("chart.time_axis"),
                             lines=lines, good=good, okay=okay, events=events, seeks=True, size=(1040, 220)), words_of(say))
        )  # fmt: skip
    return tuple(charts)


def contact_lanes(scene: Scene) -> Markup:
    """Return when each foot was on the ground and when the runner flew."""
    result, say = scene.result, scene.say
    bars: list[Bar] = []
    landed = [step for step in scene.steps if math.isfinite(step.strike_s)]
    for step in landed:
        lane, side = 0 if step.foot == "left" else 2, say(f"side.{step.foot}")
        if math.isfinite(step.toe_off_s):
            label = _lasting(say, "contact", step.contact_s, side=side, time=say.number(step.strike_s, 2))
            bars.append(Bar(lane=lane, start_s=step.strike_s, end_s=step.toe_off_s, kind=step.foot, label=label))
        else:
            label = say("chart.no_toe_off", side=side, time=say.number(step.strike_s, 2))
            bars.append(Bar(lane=lane, start_s=step.strike_s, end_s=step.strike_s, kind=step.foot, label=label))
    for before, after in pairwise(landed):
        if before.foot != after.foot and after.strike_s > before.toe_off_s:
            label = _lasting(say, "flight", before.flight_s, time=say.number(before.toe_off_s, 2))
            bars.append(Bar(lane=1, start_s=before.toe_off_s, end_s=after.strike_s, kind="flight", label=label))
    span = (result.running_from_s, result.running_to_s) if result else (0.0, 0.0)
    names = (say("side.left"), say("chart.flight"), say("side.right"))
    return lanes(bars, names=names, span_s=span, words=words_of(say))


def _lasting(say: PageTexts, what: str, duration_s: float, **values: str) -> str:
    if not math.isfinite(duration_s):
        return say(f"chart.{what}_unknown", **values)
    return say(f"chart.{what}_bar", duration=f"{1000 * duration_s:.0f}", **values)


def _joints(scene: Scene) -> list[str]:
    """Return the joints that have a series, in the order of the report."""
    present = {name.removeprefix("left_").removeprefix("right_") for name in scene.series_deg}
    return [joint for joint in _JOINTS if joint in present]


def _ranges(scene: Scene, joint: str) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    score = scene.result.scores.get(SERIES_SCORES.get(joint, "")) if scene.result else None
    return (score.range_good, score.range_okay) if score else (None, None)


def _stance(scene: Scene) -> tuple[tuple[float, float, str], ...]:
    """Return the mean share of the stride in which the foot is on the ground."""
    duty = scene.result.metrics.duty_factor.value if scene.result else None
    return ((0.0, 100 * duty, "stance"),) if duty is not None and math.isfinite(duty) else ()


def _most(scene: Scene) -> str:
    return max(("left", "right"), key=lambda foot: len(strides(scene, foot)))


def _side_name(name: str, say: PageTexts) -> str:
    side = name.partition("_")[0]
    return say(f"side.{side}") if side in {"left", "right"} else say("side.both")
