"""The angles of a landing: arcs at the joints and numbers beside the runner, never on the runner."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kinesight.analyses.running.back.marks import back_corners
from kinesight.analyses.running.overlay_body import BAND_COLOURS, DARK, Brush, middle
from kinesight.analyses.running.page_texts import PageTexts
from kinesight.analyses.running.scene import Scene, Step
from kinesight.domain.ports import Colour, Point

_WIDE = ("trunk", "foot", "pelvic_drop_left", "pelvic_drop_right")
"""Angles between short lines, whose arc goes near their ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AngleMark:
    """One angle to draw, in pixels of the source: vertex, the ends of its two arms, its value, and the side its label belongs on.

    `name` is what the label says; `ahead` is True where it goes in front of the runner; seen from behind, to the right.
    """

    angle: str
    name: str
    vertex: Point
    arms: tuple[Point, Point]
    value_deg: float
    ahead: bool

    @property
    def is_wide(self) -> bool:
        """Return whether the arc belongs near the ends of the arms."""
        return self.angle in _WIDE


def angle_marks(scene: Scene, step: Step, *, body_px: float) -> tuple[AngleMark, ...]:
    """Return the angles of a landing that are known, with the joints they lie at, all at the step's instant.

    `body_px` is the runner's height in source pixels; helper lines are drawn in proportion to it.
    """
    pose = scene.pose_at(step.instant_s)
    if scene.result and scene.result.view == "back":
        corners = back_corners(pose, step.angles_deg, foot=step.foot, body_px=body_px)
        ahead = step.foot == "right"
        return tuple(
            AngleMark(
                angle=angle,
                name=angle_words(scene.say, angle),
                vertex=vertex,
                arms=(first, second),
                value_deg=step.angles_deg[angle],
                ahead=ahead,
            )
            for angle, (vertex, first, second) in corners.items()
        )
    forward = -1.0 if scene.result and scene.result.direction == "left" else 1.0
    length = 0.16 * body_px
    other = "right" if step.foot == "left" else "left"
    hips, shoulders = middle(pose, "hip"), middle(pose, "shoulder")
    heel = pose.get(f"{step.foot}_heel")
    places: dict[str, tuple[Point | None, Point | None, Point | None, bool]] = {
        "trunk": (hips, (hips[0], hips[1] - 2.1 * length) if hips else None, shoulders, False),
        "front_knee": (*_leg(pose, step.foot), True),
        "back_knee": (*_leg(pose, other), False),
        "foot": (heel, (heel[0] + forward * 1.3 * length, heel[1]) if heel else None, pose.get(f"{step.foot}_big_toe"), True),
    }
    return tuple(
        AngleMark(
            angle=angle, name=angle_words(scene.say, angle), vertex=vertex, arms=(first, second), value_deg=value, ahead=ahead
        )
        for angle, (vertex, first, second, ahead) in places.items()
        if vertex and first and second and math.isfinite(value := step.angles_deg.get(angle, math.nan))
    )


def angle_words(say: PageTexts, angle: str) -> str:
    """Return what an angle of a landing, or of a stance seen from behind, is called in pictures."""
    return say(f"frame.{angle.removesuffix('_left').removesuffix('_right')}")


def draw_angles(brush: Brush, scene: Scene, *, step: Step, panel_top: bool) -> None:
    """Draw the angles of one landing where they were read, with a number beside the body for each."""
    marks = angle_marks(scene, step, body_px=brush.body_px / brush.scale_y)
    colours = {mark.angle: BAND_COLOURS[scene.band(mark.angle, mark.value_deg)] for mark in marks}
    for mark in marks:
        _draw_arc(brush, mark, colours[mark.angle])
    boxes = place_labels(brush, scene, step=step, marks=marks, panel_top=panel_top)
    for mark in marks:
        _draw_label(brush, mark, box=boxes[mark.angle], colour=colours[mark.angle])


def _leg(pose: Mapping[str, Point], side: str) -> tuple[Point | None, Point | None, Point | None]:
    return pose.get(f"{side}_knee"), pose.get(f"{side}_hip"), pose.get(f"{side}_ankle")


def _draw_arc(brush: Brush, mark: AngleMark, colour: Colour) -> None:
    vertex, first, second = brush.at(mark.vertex), brush.at(mark.arms[0]), brush.at(mark.arms[1])
    start = math.degrees(math.atan2(first[1] - vertex[1], first[0] - vertex[0]))
    turn = (math.degrees(math.atan2(second[1] - vertex[1], second[0] - vertex[0])) - start + 180.0) % 360.0 - 180.0
    shortest = min(math.dist(vertex, first), math.dist(vertex, second))
    radius = min(0.085 * brush.body_px, 0.75 * shortest)
    if mark.is_wide:
        radius = 0.8 * shortest
    for arm in (first, second):
        brush.canvas.line(vertex, arm, colour=colour, width_px=max(1.0, 0.4 * brush.bone_px), opacity=0.8)
    for width, shade in ((1.5 * brush.bone_px, DARK), (0.9 * brush.bone_px, colour)):
        brush.canvas.arc(vertex, radius_px=radius, start_deg=start, end_deg=start + turn, colour=shade, width_px=width)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelBox:
    """Where one label stands on the canvas."""

    left: float
    top: float
    width: float
    height: float


def place_labels(
    brush: Brush, scene: Scene, *, step: Step, marks: tuple[AngleMark, ...], panel_top: bool
) -> Mapping[str, LabelBox]:
    """Return a place for every label: beside the body, inside the picture, clear of the panel and of each other."""
    pose = [brush.at(point) for point in scene.pose_at(step.instant_s).values()]
    xs = [x for x, _ in pose]
    gap = 0.09 * brush.body_px + 0.4 * brush.text_px
    height = 2.75 * brush.text_px
    widths = {mark.angle: _label_width(brush, mark) for mark in marks}
    widest = max(widths.values(), default=0.0)
    right_free, left_free = brush.width_px - max(xs, default=0.0) - gap, min(xs, default=0.0) - gap
    rightward = not (scene.result and scene.result.direction == "left")
    margin = 0.4 * brush.text_px
    boxes: dict[str, LabelBox] = {}
    sides: dict[bool, list[AngleMark]] = {True: [], False: []}
    for mark in marks:
        wanted = mark.ahead == rightward
        has_room = (right_free if wanted else left_free) >= widest + margin
        sides[wanted if has_room or (left_free if wanted else right_free) < widest + margin else not wanted].append(mark)
    top_limit = margin + (brush.panel_px if panel_top else 0.0)
    bottom_limit = brush.height_px - margin - (0.0 if panel_top else brush.panel_px)
    for is_right, group in sides.items():
        tops = _stack(
            [brush.at(mark.vertex)[1] - height / 2 for mark in group], height + 0.35 * brush.text_px, top_limit, bottom_limit
        )
        for mark, top in zip(group, tops, strict=True):
            width = widths[mark.angle]
            left = max(xs) + gap if is_right else min(xs) - gap - width
            left = float(np.clip(left, margin, max(margin, brush.width_px - margin - width)))
            boxes[mark.angle] = LabelBox(left=left, top=top, width=width, height=height)
    return boxes


def _stack(wanted: list[float], pitch: float, top_limit: float, bottom_limit: float) -> list[float]:
    """Return tops at least a pitch apart and within limits, close to the wanted ones and in the same order."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    tops = [0.0] * len(wanted)
    floor = top_limit
    for i in order:
        tops[i] = max(wanted[i], floor)
        floor = tops[i] + pitch
    ceiling = bottom_limit - pitch
    for i in reversed(order):
        tops[i] = min(tops[i], ceiling)
        ceiling = tops[i] - pitch
    return tops


def _label_width(brush: Brush, mark: AngleMark) -> float:
    name = brush.canvas.text_width_px(mark.name, size_px=0.95 * brush.text_px)
    number = brush.canvas.text_width_px(_number(mark), size_px=1.45 * brush.text_px)
    return max(name, number) + 1.5 * brush.text_px


def _number(mark: AngleMark) -> str:
    return f"{mark.value_deg:.0f}°".replace("-0°", "0°")


def _draw_label(brush: Brush, mark: AngleMark, *, box: LabelBox, colour: Colour) -> None:
    canvas, size = brush.canvas, brush.text_px
    vertex = brush.at(mark.vertex)
    edge = (box.left if vertex[0] < box.left else box.left + box.width, box.top + box.height / 2)
    if not box.left <= vertex[0] <= box.left + box.width:
        canvas.line(vertex, edge, colour=colour, width_px=max(1.0, 0.35 * brush.bone_px), opacity=0.75)
    canvas.panel((box.left, box.top), width_px=box.width, height_px=box.height, colour=DARK, opacity=0.78)
    canvas.panel((box.left, box.top), width_px=0.28 * size, height_px=box.height, colour=colour, opacity=1.0)
    left = box.left + 0.75 * size
    canvas.text((left, box.top + 0.75 * size), mark.name, size_px=0.95 * size, colour=(214, 220, 229))
    canvas.text((left, box.top + 1.9 * size), _number(mark), size_px=1.45 * size, colour=colour)
