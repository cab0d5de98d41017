"""How the background moves from picture to picture: corners outside the people, followed by optical flow."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kinesight.domain.video import Floats, Image

SIDE_PX = 320
"""Longest side of the grey pictures that are compared; a corner is followed to about a twentieth of their pixels."""

MOST_CORNERS, FEW_CORNERS, FEWEST_CORNERS = 100, 60, 12
"""Corners that are looked for; under which new ones are looked for; under which nothing is known."""

CORNER_QUALITY, CORNERS_APART_PX = 0.02, 8
WINDOW_PX, LEVELS = 11, 3
AGREES_WITHIN_PX = 0.5
LEAST_AGREEING = 0.45
MOST_SCALE, MOST_TURN_RAD = 0.08, 0.1
"""What no camera does between two pictures; a fit that says so leans on something else than a background."""

Corners = NDArray[np.float32]


class OpticalFlowFollower:
    """Follows the background of one clip; needs about a millisecond a picture, whatever its size.

    Corners (Shi and Tomasi 1994) outside the people are followed by pyramidal Lucas-Kanade flow; RANSAC finds the similarity
    that most of them agree on, so that what else moves in the picture does not count.
    """

    def __init__(self) -> None:
        self._last: NDArray[np.uint8] | None = None
        self._corners: Corners = np.empty((0, 2), np.float32)
        self._step: Floats | None = None

    def see(self, rgb: Image, *, people_xyxy_px: Floats) -> Floats | None:
        """Take the next picture; return the map of the background from the picture before, (2, 3) in pixels of the picture.

        None for the first picture, and where too little of the background can be followed.
        """
        height, width = rgb.shape[:2]
        grey = _small(rgb)
        ratio = np.array([grey.shape[1] / width, grey.shape[0] / height])
        people = people_xyxy_px * np.tile(ratio, 2)
        last = self._last
        step = self._followed(last, grey, people) if last is not None and last.shape == grey.shape else None
        if step is None:
            self._corners = np.empty((0, 2), np.float32)
        if len(self._corners) < FEW_CORNERS:
            self._corners = _corners(grey, people)
        self._last, self._step = grey, step
        # a similarity of the small picture is one of the large one: only the shift changes its unit
        return None if step is None else np.column_stack([step[:, :2], step[:, 2] / ratio])

    def _followed(self, last: NDArray[np.uint8], grey: NDArray[np.uint8], people: Floats) -> Floats | None:
        """Return the map between the last two small pictures, and keep the corners that follow it."""
        if len(self._corners) < FEWEST_CORNERS:
            return None
        old = self._corners
        expected = old if self._step is None else (old @ self._step[:, :2].T + self._step[:, 2]).astype(np.float32)
        window, guessed = (WINDOW_PX, WINDOW_PX), cv2.OPTFLOW_USE_INITIAL_FLOW
        followed, found, _ = cv2.calcOpticalFlowPyrLK(
            last, grey, old, expected.copy(), winSize=window, maxLevel=LEVELS, flags=guessed
        )
        new = np.asarray(followed, np.float32)
        kept = (found.ravel() == 1) & _outside(new, people) & _inside(new, grey.shape)
        if np.count_nonzero(kept) < FEWEST_CORNERS:
            return None
        old, new = old[kept], new[kept]
        step, agreeing = cv2.estimateAffinePartial2D(old, new, method=cv2.RANSAC, ransacReprojThreshold=AGREES_WITHIN_PX)
        if step is None:
            return None
        agrees = agreeing.ravel() == 1
        if np.count_nonzero(agrees) < max(FEWEST_CORNERS, LEAST_AGREEING * len(agrees)) or not _possible(step):
            return None
        self._corners = new[agrees]
        return np.asarray(step, dtype=np.float64)


def _small(rgb: Image) -> NDArray[np.uint8]:
    """Return the green channel, SIDE_PX long: most of the brightness, at a tenth of the time that a grey picture takes."""
    height, width = rgb.shape[:2]
    scale = min(1.0, SIDE_PX / max(height, width))
    size = (max(16, round(width * scale)), max(16, round(height * scale)))
    every = max(1, int(0.5 / scale))
    return np.asarray(cv2.resize(np.ascontiguousarray(rgb[::every, ::every, 1]), size, interpolation=cv2.INTER_AREA), np.uint8)


def _corners(grey: NDArray[np.uint8], people: Floats) -> Corners:
    mask = np.full(grey.shape, 255, np.uint8)
    for left, top, right, bottom in np.clip(np.round(people), 0, max(grey.shape)).astype(int):
        mask[top:bottom, left:right] = 0
    found: Any = cv2.goodFeaturesToTrack(grey, MOST_CORNERS, CORNER_QUALITY, CORNERS_APART_PX, mask=mask)
    # nothing at all in a plain picture
    return np.empty((0, 2), np.float32) if found is None else np.asarray(found, np.float32).reshape(-1, 2)


def _outside(points: Corners, people: Floats) -> NDArray[np.bool_]:
    within = (points[:, None] >= people[None, :, :2]) & (points[:, None] <= people[None, :, 2:])
    return np.asarray(~np.any(np.all(within, axis=2), axis=1))


def _inside(points: Corners, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.asarray(((points >= 1) & (points < [shape[1] - 1, shape[0] - 1])).all(axis=1))


def _possible(step: Floats) -> bool:
    scale = float(np.hypot(step[0, 0], step[1, 0]))
    turn = float(np.arctan2(step[1, 0], step[0, 0]))
    return abs(scale - 1) <= MOST_SCALE and abs(turn) <= MOST_TURN_RAD
