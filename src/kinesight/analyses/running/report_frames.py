"""The key frames of a report: the kept picture cut to the runner, or a figure from the keypoints where there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from kinesight.analyses.running.overlay_labels import AngleMark, angle_marks, angle_words
from kinesight.analyses.running.overlay_panel import free_of_panel
from kinesight.analyses.running.report_numbers import degrees
from kinesight.analyses.running.scene import Scene, Step
from kinesight.domain.analysis import Moment
from kinesight.domain.ports import Point
from kinesight.pages.frame import data_url

_CHAINS = {
    "left": ("shoulder elbow wrist", "hip knee ankle heel big_toe ankle"),
    "right": ("shoulder elbow wrist", "hip knee ankle heel big_toe ankle"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFrame:
    """One key frame: its picture as SVG, what it shows, and the angles read there as (name, number, band, word)."""

    caption: str
    time_s: float
    picture: Markup
    angles: tuple[tuple[str, str, str, str], ...]


def key_frames(scene: Scene, moments: tuple[Moment, ...], stills_jpeg: Mapping[str, bytes]) -> tuple[KeyFrame, ...]:
    """Return the key frames in order of time; a moment whose still is missing gets a figure drawn from the keypoints."""
    frames = []
    for moment in moments:
        step = min(
            scene.steps, key=lambda step: abs(step.instant_s - moment.time_s) if math.isfinite(step.instant_s) else math.inf
        )
        still = stills_jpeg.get(moment.name)
        picture = _still(scene, step, still, moment.caption) if still else _figure(scene, step, moment.caption)
        angles = []
        for name, value in step.angles_deg.items():
            band = scene.band(name, value)
            if math.isfinite(value):
                words = scene.say(f"band.{band}" if band else "band.none")
                angles.append((angle_words(scene.say, name), degrees(value), band or "unknown", words))
        frames.append(KeyFrame(caption=moment.caption, time_s=moment.time_s, picture=picture, angles=tuple(angles)))
    return tuple(frames)


def cut_out(scene: Scene, step: Step, *, label_px: float | None = None) -> tuple[float, float, float, float]:
    """Return left, top, width and height of a square around the runner in source pixels, within the picture if possible.

    `label_px` is the room beside the runner for the labels; by default that of labels drawn into the picture, whose size goes
    with its height.
    """
    points = np.array(list(scene.pose_at(step.instant_s).values())).reshape(-1, 2)
    width, height = float(scene.track.width_px), float(scene.track.height_px)
    if not len(points):
        return 0.0, 0.0, width, height
    low, high = points.min(axis=0), points.max(axis=0)
    body = float(high[1] - low[1])
    side = max(1.3 * body, float(high[0] - low[0]) + 2 * (0.1 * body + (0.2 * height if label_px is None else label_px)))
    side = min(side, max(width, height))
    middle_x, middle_y = (low + high) / 2
    left = float(np.clip(middle_x - side / 2, min(0.0, width - side), max(0.0, width - side)))
    free_top, free_bottom = free_of_panel(scene)
    top = float(np.clip(middle_y - side / 2, min(free_top, free_bottom - side), max(free_top, free_bottom - side)))
    return left, top, side, side


def _still(scene: Scene, step: Step, jpeg: bytes, caption: str) -> Markup:
    return Markup(
        '<svg viewBox="{:.1f} {:.1f} {:.1f} {:.1f}" role="img" aria-label="{}"><image href="{}" width="{}" height="{}" '
        'preserveAspectRatio="none"/></svg>'
    ).format(*cut_out(scene, step), caption, data_url(jpeg, media_type="image/jpeg"), scene.track.width_px, scene.track.height_px)


def _figure(scene: Scene, step: Step, caption: str) -> Markup:
    pose = scene.pose_at(step.instant_s)
    body = scene.body_height_px()
    left, top, width, height = cut_out(scene, step, label_px=0.2 * body if math.isfinite(body) else None)
    if not pose or not math.isfinite(body):
        return Markup('<svg viewBox="0 0 10 10" role="img" aria-label="{}: {}"></svg>').format(caption, scene.say("frame.nobody"))
    near = scene.result.near_side if scene.result else None
    is_back = bool(scene.result and scene.result.view == "back")
    far = {"left": "right", "right": "left"}.get(near or "", "left")
    ground = max(y for _, y in pose.values()) + 0.012 * body
    pieces = [
        _path("ground", ((left, ground), (left + width, ground)), 0.006 * body),
        _side(pose, far, 0.026 * body)
        if is_back
        else Markup('<g class="figure-far">{}</g>').format(_side(pose, far, 0.02 * body)),
        _back(pose, 0.02 * body) if is_back else _trunk(pose, 0.02 * body),
        _side(pose, "left" if far == "right" else "right", 0.026 * body),
    ]
    marks = angle_marks(scene, step, body_px=body)
    pieces += [_angle(mark, scene.band(mark.angle, mark.value_deg) or "plain", body) for mark in marks]
    pieces += _numbers(scene, pose, marks, body)
    return Markup('<svg class="figure" viewBox="{:.1f} {:.1f} {:.1f} {:.1f}" role="img" aria-label="{}">{}</svg>').format(
        left, top, width, height, caption, Markup("").join(pieces)
    )


def _path(kind: str, points: tuple[Point, ...], width: float) -> Markup:
    data = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return Markup('<path class="{}" stroke-width="{:.1f}" d="{}"/>').format(kind, width, data)


def _side(pose: Mapping[str, Point], side: str, width: float) -> Markup:
    paths = []
    for chain in _CHAINS[side]:
        points = tuple(pose[f"{side}_{joint}"] for joint in chain.split() if f"{side}_{joint}" in pose)
        if len(points) > 1:
            paths.append(_path(side, points, width))
    return Markup("").join(paths)


def _trunk(pose: Mapping[str, Point], width: float) -> Markup:
    points = []
    for joint in ("hip", "shoulder", "ear"):
        both = [pose[name] for name in (f"left_{joint}", f"right_{joint}") if name in pose]
        if both:
            points.append((sum(x for x, _ in both) / len(both), sum(y for _, y in both) / len(both)))
    if "nose" in pose:
        points.append(pose["nose"])
    return _path("centre", tuple(points), width) if len(points) > 1 else Markup("")


def _back(pose: Mapping[str, Point], width: float) -> Markup:
    """Return spine, shoulders and hips, seen from behind; a model only guesses the face there."""
    bars = [(pose.get(f"left_{joint}"), pose.get(f"right_{joint}")) for joint in ("shoulder", "hip")]
    crossing = [_path("centre", (left, right), width) for left, right in bars if left and right]
    return Markup("").join([*crossing, _trunk({name: point for name, point in pose.items() if name != "nose"}, width)])


def _angle(mark: AngleMark, kind: str, body: float) -> Markup:
    radius = min(0.085 * body, 0.75 * min(math.dist(mark.vertex, arm) for arm in mark.arms))
    if mark.is_wide:
        radius = 0.8 * min(math.dist(mark.vertex, arm) for arm in mark.arms)
    turns = [math.atan2(arm[1] - mark.vertex[1], arm[0] - mark.vertex[0]) for arm in mark.arms]
    start, end = ((mark.vertex[0] + radius * math.cos(turn), mark.vertex[1] + radius * math.sin(turn)) for turn in turns)
    clockwise = (turns[1] - turns[0]) % (2 * math.pi) < math.pi
    arms = Markup("").join(_path(f"{kind} arc", (mark.vertex, arm), 0.006 * body) for arm in mark.arms)
    return arms + Markup(
        '<path class="{} arc" stroke-width="{:.1f}" d="M{:.1f} {:.1f}A{:.1f} {:.1f} 0 0 {} {:.1f} {:.1f}"/>'
    ).format(kind, 0.016 * body, *start, radius, radius, int(clockwise), *end)


def _numbers(scene: Scene, pose: Mapping[str, Point], marks: tuple[AngleMark, ...], body: float) -> list[Markup]:
    """Return the numbers beside the body at the height of their joint, kept apart."""
    rightward = not (scene.result and scene.result.direction == "left")
    edges = {True: max(x for x, _ in pose.values()) + 0.06 * body, False: min(x for x, _ in pose.values()) - 0.06 * body}
    pieces, floors = [], {True: -math.inf, False: -math.inf}
    for mark in sorted(marks, key=lambda mark: mark.vertex[1]):
        is_right = mark.ahead == rightward
        y = max(mark.vertex[1] + 0.02 * body, floors[is_right])
        floors[is_right] = y + 0.09 * body
        pieces.append(
            Markup('<text class="{}" x="{:.1f}" y="{:.1f}" font-size="{:.1f}" text-anchor="{}">{}</text>').format(
                scene.band(mark.angle, mark.value_deg) or "plain", edges[is_right], y, 0.075 * body,
                "start" if is_right else "end", degrees(mark.value_deg),
            )
        )  # fmt: skip
    return pieces
