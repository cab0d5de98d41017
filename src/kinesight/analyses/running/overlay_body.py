"""The runner in the picture: skeleton in the colours of the sides, and where the feet landed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from kinesight.analyses.running.result import Side
from kinesight.analyses.running.scene import Scene
from kinesight.domain.people import PoseTrack
from kinesight.domain.ports import Canvas, Colour, Point

SIDE_COLOURS: Mapping[str, Colour] = {"left": (56, 189, 248), "right": (240, 110, 245)}
"""Sky and orchid: apart for every common colour blindness, and neither is one of the band colours."""
BAND_COLOURS: Mapping[str | None, Colour] = {
    "good": (74, 222, 128),
    "okay": (251, 191, 36),
    "bad": (255, 107, 107),
    None: (235, 238, 243),
}
CENTRE_COLOUR: Colour = (245, 247, 250)
DARK: Colour = (13, 17, 23)

TEXT_SHARE = 0.028
"""Size of the text over the picture's height: 2 mm on a phone."""
PANEL_ROWS_WIDE, PANEL_ROWS_TALL = 3.5, 6.7
"""Height of the panel in text sizes: numbers beside the timeline, or above it on upright pictures."""
SEEN_SCORE = 0.3
"""Points below this are guesses and left out."""
_SURE_SCORE = 0.6
_GROUND_S = 1.6
"""How long the mark of a landing stays on the ground."""
_BELT_S = 0.5
"""The same on a treadmill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brush:
    """A canvas with the scale from source pixels to its own, and sizes that fit picture and runner.

    `bone_px` is the width of a near bone; `text_px` the smallest text.
    """

    canvas: Canvas
    scale_x: float
    scale_y: float
    width_px: float
    height_px: float
    body_px: float
    bone_px: float
    text_px: float

    @classmethod
    def on(cls, canvas: Canvas, *, track: PoseTrack, body_px: float) -> Brush:
        """Return the brush for one canvas; `body_px` is the runner's height in source pixels."""
        width, height = canvas.size_px
        scale_y = height / track.height_px
        body = body_px * scale_y if np.isfinite(body_px) else height / 2
        bone = float(np.clip(0.018 * body, 0.003 * height, 0.009 * height))
        return cls(
            canvas=canvas,
            scale_x=width / track.width_px,
            scale_y=scale_y,
            width_px=width,
            height_px=height,
            body_px=body,
            bone_px=max(1.5, bone),
            text_px=max(8.0, TEXT_SHARE * height),
        )

    @property
    def is_wide(self) -> bool:
        """Return whether the picture is wider than high, so that the panel needs one row only."""
        return self.width_px > self.height_px

    @property
    def has_room_for_text(self) -> bool:
        """Return whether text in proportion to the picture could be read."""
        return self.height_px >= 160

    @property
    def panel_px(self) -> float:
        """Return how high the timeline panel is."""
        return self.text_px * (PANEL_ROWS_WIDE if self.is_wide else PANEL_ROWS_TALL)

    def at(self, point: Point) -> Point:
        """Return where a point of the source picture lies on the canvas."""
        return point[0] * self.scale_x, point[1] * self.scale_y


def draw_skeleton(brush: Brush, scene: Scene, *, time_s: float, near: Side | None) -> None:
    """Draw the body of the frame nearest in time: far side first and finer, unsure points faded, unseen ones absent."""
    times = scene.track.time_s
    if not len(times):
        return
    index = scene.nearest_frame(time_s)
    span_s = float(np.median(np.diff(times))) if len(times) > 1 else 1.0
    if abs(float(times[index]) - time_s) > 1.5 * span_s:
        return
    # plain floats: arithmetic on single numpy numbers costs more than the drawing
    frame = zip(scene.track.keypoints, scene.track.xy_px[index].tolist(), scene.track.score[index].tolist(), strict=True)
    seen = [(name, (x, y), score) for name, (x, y), score in frame if score >= SEEN_SCORE and math.isfinite(x + y)]
    points = {name: brush.at(point) for name, point, _ in seen}
    sure = {name: _opacity(score) for name, _, score in seen}
    far: Side | None = None if near is None else "left" if near == "right" else "right"
    order: tuple[Side | None, ...] = (far, None, near) if near else ("left", None, "right")
    for side in order:
        if side is None:
            _draw_trunk(brush, points, from_behind=bool(scene.result and scene.result.view == "back"))
        else:
            _draw_side(brush, points, sure=sure, side=side, is_far=side == far)


def draw_ground(brush: Brush, scene: Scene, *, time_s: float) -> None:
    """Draw a mark where each foot landed; it stays put and fades, sooner on a treadmill, whose belt carries the place away."""
    stays_s = _BELT_S if scene.result and scene.result.treadmill else _GROUND_S
    shown = [step for step in scene.steps if 0.0 <= time_s - step.strike_s <= stays_s]
    for step in shown:
        foot = _ground_point(scene, foot=step.foot, time_s=step.instant_s if math.isfinite(step.instant_s) else step.strike_s)
        if foot is None:
            continue
        x, y = brush.at(foot)
        y += 0.012 * brush.body_px
        fade = 1.0 - ((time_s - step.strike_s) / stays_s) ** 2
        colour = SIDE_COLOURS[step.foot]
        half = 0.045 * brush.body_px
        brush.canvas.line((x - half, y), (x + half, y), colour=DARK, width_px=2.2 * brush.bone_px, opacity=0.45 * fade)
        brush.canvas.line((x - half, y), (x + half, y), colour=colour, width_px=1.2 * brush.bone_px, opacity=fade)
        drop = y + 0.7 * brush.text_px + 1.6 * brush.bone_px
        is_alone = stays_s == _GROUND_S or step is shown[-1]
        if is_alone and fade > 0.35 and drop + 0.6 * brush.text_px < brush.height_px:
            brush.canvas.disc((x, drop), radius_px=0.62 * brush.text_px, colour=DARK, opacity=0.6 * fade)
            brush.canvas.text(
                (x, drop), scene.say(f"side.{step.foot}_letter"), size_px=0.95 * brush.text_px, colour=colour, anchor="centre"
            )


def _ground_point(scene: Scene, *, foot: Side, time_s: float) -> Point | None:
    """Return the place of the sole in source pixels: between heel and toe, as low as the lower; None if neither is known."""
    pose = scene.pose_at(time_s)
    sole = [pose[name] for name in (f"{foot}_heel", f"{foot}_big_toe") if name in pose]
    if not sole:
        return None
    return sum(x for x, _ in sole) / len(sole), max(y for _, y in sole)


def _opacity(score: float) -> float:
    return min(1.0, 0.35 + 0.65 * (score - SEEN_SCORE) / (_SURE_SCORE - SEEN_SCORE))


def _draw_side(brush: Brush, points: Mapping[str, Point], *, sure: Mapping[str, float], side: Side, is_far: bool) -> None:
    chains = (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle", "heel", "big_toe"), ("ankle", "big_toe"))
    width = brush.bone_px * (0.75 if is_far else 1.0)
    bones = [
        (f"{side}_{start}", f"{side}_{end}")
        for chain in chains
        for start, end in pairwise(chain)
        if f"{side}_{start}" in points and f"{side}_{end}" in points
    ]
    colour = _dimmed(SIDE_COLOURS[side]) if is_far else SIDE_COLOURS[side]
    for start, end in bones:
        brush.canvas.line(points[start], points[end], colour=DARK, width_px=width + 0.7 * brush.bone_px)
    for start, end in bones:
        fade = min(sure[start], sure[end])
        brush.canvas.line(points[start], points[end], colour=colour, width_px=width, opacity=fade)
    for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle"):
        name = f"{side}_{joint}"
        if name in points:
            radius = 1.15 * width
            brush.canvas.disc(points[name], radius_px=radius + 0.35 * brush.bone_px, colour=DARK)
            brush.canvas.disc(points[name], radius_px=radius, colour=colour, opacity=sure[name])
            brush.canvas.disc(points[name], radius_px=0.5 * radius, colour=CENTRE_COLOUR, opacity=sure[name])


def _draw_trunk(brush: Brush, points: Mapping[str, Point], *, from_behind: bool) -> None:
    hips, shoulders, ears = (middle(points, joint) for joint in ("hip", "shoulder", "ear"))
    bones = [(hips, shoulders), (shoulders, ears)]
    # from behind a model only guesses the face, and the lines across the trunk are what is measured
    bones += [_across(points, "shoulder"), _across(points, "hip")] if from_behind else [(ears, points.get("nose"))]
    for extra, colour in ((0.7 * brush.bone_px, DARK), (0.0, CENTRE_COLOUR)):
        for start, end in bones:
            if start and end:
                brush.canvas.line(start, end, colour=colour, width_px=0.8 * brush.bone_px + extra)


def _across(points: Mapping[str, Point], joint: str) -> tuple[Point | None, Point | None]:
    return points.get(f"left_{joint}"), points.get(f"right_{joint}")


def middle(points: Mapping[str, Point], joint: str) -> Point | None:
    """Return the point between left and right of a joint, or the one of them that is known; None if neither is."""
    both = [points[name] for name in (f"left_{joint}", f"right_{joint}") if name in points]
    return (sum(x for x, _ in both) / len(both), sum(y for _, y in both) / len(both)) if both else None


def _dimmed(colour: Colour) -> Colour:
    red, green, blue = (round(0.62 * part + 0.38 * dark) for part, dark in zip(colour, DARK, strict=True))
    return red, green, blue
