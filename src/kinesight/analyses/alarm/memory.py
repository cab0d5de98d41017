"""What earlier clips of the same camera say about this one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinesight.analyses.alarm.boxes import overlap
from kinesight.analyses.alarm.scenery import likeness
from kinesight.domain.cameras import Scene
from kinesight.domain.video import Floats

OLDEST_S = 3 * 86_400.0
"""Memories that are older say little: seasons, building sites and parked cars change."""

KNOWN_OVERLAP = 0.5
"""Intersection over union from which a standing thing counts as the one that stood there in an earlier clip."""

CHANGED_VIEW = 0.15
"""Correlation of edges below which a camera shows another view than before; the same view by another light stays above 0.5."""


class Memory:
    """The scenes of earlier clips that can be compared with the present one: same light, not too old."""

    def __init__(self, scenes: Sequence[Scene], now: Scene) -> None:
        self._scenes = tuple(scene for scene in scenes if scene.light is now.light and scene.age_s <= OLDEST_S)
        self._now = now

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is remembered."""
        return not self._scenes

    def known_since_s(self, label: str, box_shares: Floats) -> float | None:
        """Return how long ago a thing of this label stood in this place already; None if no memory shows it."""
        ages = [
            scene.age_s
            for scene in self._scenes
            for parked in scene.parked
            if parked.label == label and overlap(np.array(parked.box), box_shares) >= KNOWN_OVERLAP
        ]
        return max(ages, default=None)

    def view_changed(self) -> bool:
        """Return whether no memory shows the view of this clip: the camera was turned, covered or moved."""
        alike = [value for value in (likeness(self._now, scene) for scene in self._scenes) if value is not None]
        return bool(alike) and max(alike) < CHANGED_VIEW
