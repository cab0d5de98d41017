"""The slim panel: numbers of the run and a timeline of ground contacts with a playhead, which also is the legend of the sides."""

from __future__ import annotations

import math

import numpy as np

from kinesight.analyses.running.overlay_body import DARK, PANEL_ROWS_TALL, PANEL_ROWS_WIDE, SIDE_COLOURS, TEXT_SHARE, Brush
from kinesight.analyses.running.page_texts import PageTexts
from kinesight.analyses.running.result import RunningResult, Side
from kinesight.analyses.running.scene import Scene
from kinesight.domain.ports import Colour

WHOLE_RUN_S = 5.0
"""Up to this length the timeline shows the whole run; beyond, a window of it moves along."""
_QUIET: Colour = (198, 206, 218)
_BRIGHT: Colour = (245, 247, 250)


def panel_at_top(scene: Scene) -> bool:
    """Return whether the panel goes to the top: where it would hide the feet and the body leaves more room above."""
    ys = scene.track.xy_px[..., 1] / scene.track.height_px
    if not np.isfinite(ys).any():
        return False
    head, feet = float(np.nanpercentile(ys, 1)), float(np.nanpercentile(ys, 99))
    return feet > 0.86 and head > 1.0 - feet


def free_of_panel(scene: Scene) -> tuple[float, float]:
    """Return the top and bottom of the part of the source picture that the panel leaves free, in source pixels."""
    height = float(scene.track.height_px)
    panel = height * TEXT_SHARE * (PANEL_ROWS_WIDE if scene.track.width_px > height else PANEL_ROWS_TALL)
    return (panel, height) if panel_at_top(scene) else (0.0, height - panel)


def window_s(scene: Scene, time_s: float) -> tuple[float, float]:
    """Return the span of time that the timeline shows at a moment."""
    result = scene.result
    times = scene.track.time_s
    start, end = (result.running_from_s, result.running_to_s) if result else (float(times[0]), float(times[-1]))
    if not end - start > WHOLE_RUN_S:
        return start, max(end, start + 0.5)
    left = float(np.clip(time_s - WHOLE_RUN_S / 2, start, end - WHOLE_RUN_S))
    return left, left + WHOLE_RUN_S


def draw_panel(brush: Brush, scene: Scene, *, time_s: float, top: bool) -> None:
    """Draw the panel over the whole width, at the top or the bottom of the picture."""
    result = scene.result
    if result is None or not len(scene.track.time_s):
        return
    height, size = brush.panel_px, brush.text_px
    corner_y = 0.0 if top else brush.height_px - height
    brush.canvas.panel((-20.0, corner_y - (20.0 if top else 0.0)), width_px=brush.width_px + 40.0, height_px=height + 20.0,
                       colour=DARK, opacity=0.8)  # fmt: skip
    is_wide = brush.is_wide
    end_x = _draw_numbers(brush, result, scene.say, middle_y=corner_y + 1.75 * size if is_wide else corner_y + 1.6 * size)
    lanes_left = end_x + size if is_wide else 0.0
    lanes_y = corner_y + 1.75 * size if is_wide else corner_y + 4.7 * size
    if brush.width_px - lanes_left > 8 * size:
        _draw_lanes(brush, scene, left=lanes_left, middle_y=lanes_y, time_s=time_s)


def _draw_numbers(brush: Brush, result: RunningResult, say: PageTexts, *, middle_y: float) -> float:
    """Write cadence and contact times; return the x where they end."""
    size, x = brush.text_px, 0.8 * brush.text_px
    contact = result.metrics.contact_time_s
    entries: list[tuple[str, list[tuple[str, Colour]]]] = []
    if _is_known(result.metrics.cadence_spm.value):
        cadence = (f"{result.metrics.cadence_spm.value:.0f}", _BRIGHT)
        entries.append((say("panel.cadence"), [cadence, (f" {say('panel.per_minute')}", _QUIET)]))
    sides: list[tuple[str, Colour]] = [
        (f"{1000 * estimate.value:.0f} ", SIDE_COLOURS[side])
        for side, estimate in (("left", contact.left), ("right", contact.right))
        if estimate.value is not None and math.isfinite(estimate.value)
    ]
    if sides:
        entries.append((say("panel.contact"), [*sides, ("ms", _QUIET)]))
    for title, parts in entries:
        brush.canvas.text((x, middle_y - 0.72 * size), title, size_px=0.93 * size, colour=_QUIET)
        end = x
        for text, colour in parts:
            brush.canvas.text((end, middle_y + 0.62 * size), text, size_px=1.3 * size, colour=colour)
            end += brush.canvas.text_width_px(text.replace(" ", "\u2007"), size_px=1.3 * size)
        x = max(end, x + brush.canvas.text_width_px(title, size_px=0.93 * size)) + 1.3 * size
    return x


def _draw_lanes(brush: Brush, scene: Scene, *, left: float, middle_y: float, time_s: float) -> None:
    """Draw one lane of contact bars per foot, named and coloured, and the playhead over both."""
    size, canvas = brush.text_px, brush.canvas
    names: dict[Side, str] = {"left": scene.say("side.left"), "right": scene.say("side.right")}
    name_width = max(canvas.text_width_px(name, size_px=0.95 * size) for name in names.values())
    start_x, end_x = left + 0.8 * size + name_width + 0.6 * size, brush.width_px - 0.9 * size
    from_s, to_s = window_s(scene, time_s)
    per_s = (end_x - start_x) / (to_s - from_s)
    sides: tuple[tuple[Side, float], ...] = (("left", -0.72), ("right", 0.72))
    for side, offset in sides:
        y, colour = middle_y + offset * size, SIDE_COLOURS[side]
        canvas.text((left + 0.8 * size, y), names[side], size_px=0.95 * size, colour=colour)
        canvas.line((start_x, y), (end_x, y), colour=_QUIET, width_px=1.0, opacity=0.4)
        for step in scene.steps:
            if step.foot != side or not math.isfinite(step.strike_s):
                continue
            x0 = start_x + per_s * (max(step.strike_s, from_s) - from_s)
            x1 = start_x + per_s * (min(step.toe_off_s, to_s) - from_s) if math.isfinite(step.toe_off_s) else x0 + 2.0
            if x1 > x0 and x0 < end_x:
                is_down = step.strike_s <= time_s <= step.toe_off_s
                shade, opacity = (_BRIGHT, 1.0) if is_down else (colour, 0.85)
                canvas.panel((x0, y - 0.42 * size), width_px=x1 - x0, height_px=0.84 * size, colour=shade, opacity=opacity)
    if from_s <= time_s <= to_s:
        x = start_x + per_s * (time_s - from_s)
        canvas.line((x, middle_y - 1.45 * size), (x, middle_y + 1.45 * size), colour=_BRIGHT, width_px=max(1.5, 0.1 * size))


def _is_known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
