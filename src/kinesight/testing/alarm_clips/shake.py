"""A camera that the wind shakes, three ways: the whole picture moves along one path; and one that is turned."""

from __future__ import annotations

import cv2
import numpy as np

from kinesight.testing.alarm_clips.motion import GRID_HZ, Signal, grid_length, gust, spring
from kinesight.testing.alarm_clips.stage import Layer, Picture, Stage


class _Shake:
    """Moves the whole picture by a path of x, y (pixels) and turn (radians)."""

    layer = Layer.CAMERA

    def __init__(self, path: Signal) -> None:
        self._path = path

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene as the moved camera sees it; what comes in at the border mirrors the rest."""
        x, y, turn = self._path.at(time_s).tolist()
        height, width = scene.shape[:2]
        cosine, sine = np.cos(turn), np.sin(turn)
        middle = np.array([width / 2, height / 2])
        matrix = np.array([[cosine, -sine, x], [sine, cosine, y]], np.float32)
        matrix[:, 2] += (middle - matrix[:, :2] @ middle).astype(np.float32)
        return np.asarray(cv2.warpAffine(scene, matrix, (width, height), borderMode=cv2.BORDER_REFLECT), np.float32)


class SwayingMast(_Shake):
    """A mast that swings with its own few frequencies: sums of sines, turning a little."""

    family = "wind/mast"

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        time_s = np.arange(grid_length(stage.duration_s)) / GRID_HZ
        hz = rng.uniform(0.3, 2.5, 3)
        phase = rng.uniform(0, 2 * np.pi, (3, 3))
        waves = np.sin(2 * np.pi * hz[None, None] * time_s[:, None, None] + phase).mean(2) * 1.5
        reach = stage.size_px * rng.uniform(0.003, 0.02)
        super().__init__(Signal(values=waves * [reach, 0.6 * reach, rng.uniform(0, 0.012)]))


class JoltedCamera(_Shake):
    """A camera on a loose mount: gusts push it, its spring brings it back; no turning."""

    family = "wind/jolts"

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        own_hz, damping = float(rng.uniform(0.8, 4.0)), float(rng.uniform(0.05, 0.3))
        moves = [spring(gust(rng, stage.duration_s), own_hz=own_hz, damping=damping).values for _ in range(2)]
        reach = stage.size_px * rng.uniform(0.003, 0.015)
        path = np.column_stack([moves[0] * reach, moves[1] * reach * rng.uniform(0.2, 1.0), np.zeros(len(moves[0]))])
        super().__init__(Signal(values=path))


class TremblingCamera(_Shake):
    """A camera that drifts and trembles like one held by hand, turning as well."""

    family = "wind/tremble"

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        drift = np.column_stack([gust(rng, stage.duration_s, memory_s=0.6).values for _ in range(3)])
        reach = stage.size_px * rng.uniform(0.004, 0.02)
        super().__init__(Signal(values=drift * [reach, reach, rng.uniform(0.001, 0.01)]))


class TurnedCamera:
    """A camera that turns to another view, at once as a film is cut or within a moment, and perhaps back: no wind, no light."""

    family = "turn/view"
    layer = Layer.CAMERA

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._stage = stage
        zoom = float(rng.uniform(1.2, 2.5))
        room = np.array([stage.width_px, stage.height_px]) * (zoom - 1)
        self._zoom, self._offset = zoom, -rng.random(2) * room
        self._mirror = bool(rng.random() < 0.5)
        first = stage.duration_s * rng.uniform(0.1, 0.8)
        self._from_s, self._to_s = float(first), float(first + stage.duration_s * rng.choice([0.3, 2.0]))
        self._slews_s = 0.0 if self._mirror or rng.random() < 0.5 else float(rng.uniform(0.2, 1.0))

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene as it is seen at that moment."""
        steps = max(self._slews_s, 1e-3)
        share = float(np.clip((time_s - self._from_s) / steps, 0, 1) - np.clip((time_s - self._to_s) / steps, 0, 1))
        if share == 0.0:
            return scene
        zoom = 1 + (self._zoom - 1) * share
        x, y = (self._offset * share).tolist()
        size = (self._stage.width_px, self._stage.height_px)
        seen = cv2.warpAffine(scene, np.array([[zoom, 0, x], [0, zoom, y]], np.float32), size, borderMode=cv2.BORDER_REFLECT)
        return np.asarray(seen[:, ::-1] if self._mirror else seen, np.float32).copy()
