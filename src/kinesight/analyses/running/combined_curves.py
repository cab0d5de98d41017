"""Angles over the stride from the kept series of two clips: one over the other, or both legs of one clip."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from markupsafe import Markup

from kinesight.analyses.running.back.angles import INWARD
from kinesight.analyses.running.page_texts import PageTexts
from kinesight.analyses.running.report_curves import over_the_cycle
from kinesight.analyses.running.report_numbers import words_of
from kinesight.analyses.running.result import RunningResult
from kinesight.analyses.running.scene import SERIES_SCORES
from kinesight.domain.video import Floats
from kinesight.pages.charts import Chart, Line, line_chart

Series = Mapping[str, Floats]

_PERCENT = np.linspace(0.0, 100.0, 101)


def kept_series(series_csv: bytes | None) -> Series:
    """Return the columns of a series.csv by name, NaN where a cell is empty; nothing where there is no such table."""
    if not series_csv:
        return {}
    rows = list(csv.reader(io.StringIO(series_csv.decode("utf-8", errors="replace"))))
    if len(rows) < 3 or "time_s" not in rows[0] or any(len(row) != len(rows[0]) for row in rows):
        return {}
    try:
        values = np.array([[float(cell) if cell else np.nan for cell in row] for row in rows[1:]])
    except ValueError:
        return {}
    return _by_leg(dict(zip(rows[0], values.T, strict=True)))


def _by_leg(series: dict[str, Floats]) -> Series:
    """Return series with the pelvis as each leg sees it, from its own strike, as the report of one clip draws it."""
    tilt = series.pop("pelvis_tilt_deg", None)
    return series if tilt is None else {**{f"{side}_pelvis_deg": sign * tilt for side, sign in INWARD.items()}, **series}


def charts_of_change(series: Sequence[Series], results: Sequence[RunningResult], say: PageTexts) -> tuple[Markup, ...]:
    """Return one chart for every series that both clips have: the mean stride before and after with one standard deviation."""
    words = (say("combined.before"), say("combined.after"))
    charts = []
    for name in _names(series[0], say):
        if name not in series[1]:
            continue
        lines = [
            _line(each, name, result, words=word, kind=kind)
            for each, result, word, kind in zip(series, results, words, ("then", "now"), strict=True)
        ]
        known = [line for line in lines if line is not None]
        if len(known) == 2:
            side, joint = _side(name), say(f"joint.{_joint(name)}")
            title = f"{joint} · {say(f'side.{side}')}" if side else joint
            charts.append(_chart(title, name, known, results, say))
    return tuple(charts)


def charts_of_view(series: Series, result: RunningResult, say: PageTexts) -> tuple[Markup, ...]:
    """Return one chart for every joint of one clip, both legs in it where there are two."""
    joints: dict[str, list[str]] = {}
    for name in _names(series, say):
        joints.setdefault(_joint(name), []).append(name)
    charts = []
    for joint, names in joints.items():
        sides = [_side(name) for name in names]
        lines = [
            _line(series, name, result, words=say(f"side.{side}") if side else "", kind=side or "centre")
            for name, side in zip(names, sides, strict=True)
        ]
        known = [line for line in lines if line is not None]
        if known:
            charts.append(_chart(say(f"joint.{joint}"), names[0], known, [result], say))
    return tuple(charts)


def _names(series: Series, say: PageTexts) -> list[str]:
    """Return the angles that have a title; what another version wrote besides is left out."""
    return [name for name in series if name.endswith("_deg") and f"joint.{_joint(name)}" in say]


def _line(series: Series, name: str, result: RunningResult, *, words: str, kind: str) -> Line | None:
    foot = _side(name) or _most_seen(result)
    strikes = [event.time_s for event in result.events if event.kind == "foot_strike" and event.foot == foot]
    mean, deviation, count = over_the_cycle(series["time_s"], series[name], _strides(strikes))
    if not count:
        return None
    return Line(
        name=f"{words} (n={count})" if words else f"n={count}", y=mean, kind=kind, spread=deviation if count > 1 else None
    )


def _chart(title: str, name: str, lines: Sequence[Line], results: Sequence[RunningResult], say: PageTexts) -> Markup:
    score = results[-1].scores.get(SERIES_SCORES.get(_joint(name), ""))
    duties = [result.metrics.duty_factor.value for result in results]
    stance = [(0.0, 100 * duty, "stance") for duty in duties[-1:] if duty is not None]
    return line_chart(
        Chart(title=title, unit="°", x=_PERCENT, x_label=say("chart.cycle_axis"), lines=lines, shaded=stance,
              good=score.range_good if score else None, okay=score.range_okay if score else None, size=(380, 220)),
        words_of(say),
    )  # fmt: skip


def _strides(strikes_s: Sequence[float]) -> list[tuple[float, float]]:
    """Return the spans between strikes of one foot; spans over 1.5 times the median hide a strike and are left out."""
    spans = list(pairwise(sorted(strikes_s)))
    usual = float(np.median([end - start for start, end in spans])) if spans else 0.0
    return [(start, end) for start, end in spans if end - start <= 1.5 * usual]


def _most_seen(result: RunningResult) -> str:
    feet = [event.foot for event in result.events if event.kind == "foot_strike"]
    return "left" if feet.count("left") >= feet.count("right") else "right"


def _joint(name: str) -> str:
    return name.removeprefix("left_").removeprefix("right_").removesuffix("_deg").removesuffix("_lean")


def _side(name: str) -> str:
    return next((side for side in ("left", "right") if name.startswith(f"{side}_")), "")
