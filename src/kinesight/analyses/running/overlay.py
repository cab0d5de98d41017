"""The overlay of a running analysis: what is drawn when, and which pictures are worth keeping."""

from __future__ import annotations

import numpy as np

from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.overlay_body import Brush, draw_ground, draw_skeleton
from kinesight.analyses.running.overlay_labels import draw_angles
from kinesight.analyses.running.overlay_panel import draw_panel, panel_at_top
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import RunningResult
from kinesight.analyses.running.scene import Scene, Step, scene_of
from kinesight.domain.analysis import Findings, Moment
from kinesight.domain.ports import Canvas

HOLD_S = 0.35
"""How long the angles of a landing stay: about the shortest time in which two numbers can be read on a phone."""
_STILLS_PER_LEG = 3


class RunningOverlay:
    """Draws skeleton, landings, their angles and a timeline; fulfils the `Overlay` protocol.

    Parameters
    ----------
    scene
        What was found. Without a result only the skeleton is drawn.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._body_px = scene.body_height_px()
        self._near = scene.result.near_side if scene.result else None
        self._top_panel = panel_at_top(scene)
        chosen = _best_steps(scene)
        self.moments: tuple[Moment, ...] = tuple(_moment(scene, step, count) for step, count in chosen)
        self.thumbnail_s: float = _thumbnail_s(scene, [step for step, _ in chosen])

    def draw(self, canvas: Canvas, *, time_s: float) -> None:
        """Draw what belongs to this moment; the canvas shows the whole upright picture at any size.

        Pictures under 160 pixels high get the skeleton alone: no text could be read there.
        """
        brush = Brush.on(canvas, track=self._scene.track, body_px=self._body_px)
        if brush.has_room_for_text:
            draw_ground(brush, self._scene, time_s=time_s)
        draw_skeleton(brush, self._scene, time_s=time_s, near=self._near)
        if self._scene.result is None or not brush.has_room_for_text:
            return
        step = self._held_step(time_s)
        if step is not None:
            draw_angles(brush, self._scene, step=step, panel_top=self._top_panel)
        draw_panel(brush, self._scene, time_s=time_s, top=self._top_panel)

    def _held_step(self, time_s: float) -> Step | None:
        """Return the landing whose angles are shown now: from the frame nearest to its instant on, until the next one's."""
        half_frame_s = _frame_s(self._scene) / 2
        past = [step for step in self._scene.steps if step.instant_s - half_frame_s <= time_s <= step.instant_s + HOLD_S]
        return past[-1] if past else None


def overlay(
    observations: Observations, findings: Findings[RunningResult] | None, parameters: RunningParameters
) -> RunningOverlay:
    """Return the overlay of an analysis; without findings it draws the skeleton alone."""
    return RunningOverlay(scene_of(observations, findings, instant=parameters.instant))


def _frame_s(scene: Scene) -> float:
    times = scene.track.time_s
    return float(np.median(np.diff(times))) if len(times) > 1 else 0.0


def _best_steps(scene: Scene) -> list[tuple[Step, int]]:
    """Return the landings to keep as pictures, in order of time, with their number per leg.

    Per leg those whose angles are known best and whose body is wholly in the picture, spread over the run.
    """
    chosen: list[tuple[Step, int]] = []
    for foot in ("left", "right"):
        ranked = sorted(
            (step for step in scene.steps if step.foot == foot and np.isfinite(step.instant_s)),
            key=lambda step: (-_clearness(scene, step), _unusual_deg(scene, step), step.instant_s),
        )
        kept = sorted(ranked[:_STILLS_PER_LEG], key=lambda step: step.instant_s)
        chosen += [(step, count + 1) for count, step in enumerate(kept)]
    return sorted(chosen, key=lambda item: item[0].instant_s)


def _clearness(scene: Scene, step: Step) -> float:
    """Return how well a landing can be shown: known angles and seen points, each 0..1, in tenths: near ties are ties."""
    index = scene.nearest_frame(step.instant_s)
    values = np.array(list(step.angles_deg.values()), dtype=float)
    known = float(np.isfinite(values).mean()) if len(values) else 0.0
    return round(known + float(scene.track.score[index].mean()), 1)


def _unusual_deg(scene: Scene, step: Step) -> float:
    """Return how far a stance seen from behind is from what is reported: single ones are noisy. Side views: 0."""
    if scene.result is None or scene.result.view != "back":
        return 0.0
    scores = scene.result.scores
    apart = [abs(value - scores[name].value_deg) for name, value in step.angles_deg.items() if name in scores]
    return float(np.nansum(apart))


def _moment(scene: Scene, step: Step, count: int) -> Moment:
    instant: str = scene.result.instant if scene.result else "full_contact"
    if scene.result and scene.result.view == "back":
        instant = "mid_stance"
    time_s = float(scene.track.time_s[scene.nearest_frame(step.instant_s)])
    say = scene.say
    caption = say(
        "frame.caption", side=say(f"side.{step.foot}"), instant=say(f"instant.{instant}"), time=say.number(step.instant_s, 2)
    )
    return Moment(name=f"{step.foot}_{count}", time_s=time_s, caption=caption)


def _thumbnail_s(scene: Scene, steps: list[Step]) -> float:
    """Return the clearest landing of the near leg, else of any, else the frame in which the body is seen best, else the first."""
    near = scene.result.near_side if scene.result else None
    candidates = [step for step in steps if step.foot == near] or steps
    if candidates:
        best = max(candidates, key=lambda step: _clearness(scene, step))
        return float(scene.track.time_s[scene.nearest_frame(best.instant_s)])
    if not len(scene.track.time_s):
        return 0.0
    seen = np.where(np.isfinite(scene.track.xy_px).all(axis=2), scene.track.score, 0.0).mean(axis=1)
    return float(scene.track.time_s[int(np.argmax(seen))])
