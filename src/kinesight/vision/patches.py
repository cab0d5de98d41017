"""How far small parts of a picture move until the next one: Lucas-Kanade flow in small crops."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kinesight.domain.video import Floats, Image

CROP_PX = 64
"""Side of the square grey crops that are compared; a whole shoe at 24 pixels with room round it."""

ALONG, ACROSS = np.linspace(0.1, 0.9, 4), np.linspace(0.0, 0.3, 3)
"""Where the points that are followed lie, in lengths of the first edge, from its start and towards the third corner: well inside
the patch, because a window on its outline sees the background stand still."""

WINDOW_PX, LEVELS = 9, 1
"""In pixels of the crop; more levels, or larger windows, see more of the background than of a foot."""

STOP = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 10, 0.03)
RETURNS_WITHIN_PX, AGREES_WITHIN_PX = 1.0, 1.0
"""In pixels of the crop: how near a point followed back has to come to its start, and how near the common motion is to it."""

FEWEST_POINTS = 4
MOST_SCALE = 1.25
"""Nothing on a body grows or shrinks more than this between two pictures."""

Points = NDArray[np.float32]
Grey = NDArray[np.uint8]


class OpticalFlowPatches:
    """Follows patches by pyramidal Lucas-Kanade flow of a few points in each (Bouguet 2001).

    A point counts if flow backwards brings it home; RANSAC finds the similarity that most of a patch's points agree on, so that
    grass and belt between them do not count. All patches of a picture are followed in one go: two need about half a millisecond.
    """

    def follow(self, before: Image, after: Image, *, start: Floats, guess: Floats, side_px: float) -> tuple[Floats, Floats]:
        """Return how far each patch's corners moved and how sure that is.

        Parameters
        ----------
        before, after
            Two pictures of the same size.
        start, guess
            (patches, 3, 2) corners in the first picture, and about where they are in the second, in pixels.
        side_px
            Side of the square round a patch that is looked at, in pixels.

        Returns
        -------
        moved, trust
            (patches, 3, 2) pixels, NaN where nothing can be followed; (patches,) the part of the points that agree, 0..1.
        """
        moved, trust = np.full(start.shape, np.nan), np.zeros(len(start))
        known = np.flatnonzero(np.isfinite(start + guess).all(axis=(1, 2)))
        side = int(min(round(side_px), *before.shape[:2]))
        if not len(known) or side < WINDOW_PX:
            return moved, trust
        begin_px, guess_px = start[known], guess[known]
        scale = CROP_PX / side
        # pixel of each picture at the origin of each crop, and where the crop lies in the strip of all of them
        from_px, to_px = _corners(begin_px, side, before.shape), _corners(guess_px, side, before.shape)
        place = np.arange(len(known))[:, np.newaxis] * np.array([CROP_PX, 0.0])
        in_old, in_new = place - from_px * scale, place - to_px * scale
        grid = _grids(begin_px)
        expected = grid + (guess_px - begin_px).mean(axis=1, keepdims=True)
        begin = (grid * scale + in_old[:, np.newaxis]).astype(np.float32)
        end, found = _flow(
            _strip(before, from_px, side), _strip(after, to_px, side), begin, expected * scale + in_new[:, np.newaxis]
        )
        for index, patch in enumerate(known):
            similarity, trust[patch] = _common_motion(begin[index], end[index], found[index])
            if similarity is not None:
                there = (start[patch] * scale + in_old[index]) @ similarity[:, :2].T + similarity[:, 2]
                moved[patch] = (there - in_new[index]) / scale - start[patch]
        return moved, trust


def _corners(patches: Floats, side: int, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the top left pixel (x, y) of the square round each patch, moved so that it lies inside the picture."""
    free = np.array([shape[1] - side, shape[0] - side])
    return np.asarray(np.clip(np.round(patches.mean(axis=1) - side / 2), 0, free), dtype=np.int64)


def _strip(rgb: Image, corners: NDArray[np.int64], side: int) -> Grey:
    """Return the small crops beside each other; green is most of the brightness at a part of the time of a grey picture."""
    crops = []
    for left, top in corners.tolist():
        green = np.ascontiguousarray(rgb[top : top + side, left : left + side, 1])
        crops.append(cv2.resize(green, (CROP_PX, CROP_PX), interpolation=cv2.INTER_LINEAR))
    return np.asarray(np.hstack(crops), np.uint8)


def _grids(patches: Floats) -> Floats:
    """Return the points to follow in each patch, (patches, points, 2)."""
    begin, end, third = patches.transpose(1, 0, 2)
    along = end - begin
    length = np.hypot(along[:, :1], along[:, 1:]) + 1e-9
    unit = along / length
    across = third - (begin + end) / 2
    across -= unit * (across * unit).sum(axis=1, keepdims=True)
    across /= np.hypot(across[:, :1], across[:, 1:]) + 1e-9
    steps = np.multiply.outer(ALONG, length * unit)[:, np.newaxis] + np.multiply.outer(ACROSS, length * across)
    return np.asarray(begin[:, np.newaxis] + steps.reshape(-1, len(patches), 2).transpose(1, 0, 2))


def _flow(old: Grey, new: Grey, begin: Points, expected: Floats) -> tuple[Points, NDArray[np.bool_]]:
    """Return where the points (patches, points, 2) of a strip of crops went, and which of them come home again."""
    flat = begin.reshape(-1, 1, 2)
    guessed = expected.astype(np.float32).reshape(-1, 1, 2)
    window, use_guess = (WINDOW_PX, WINDOW_PX), cv2.OPTFLOW_USE_INITIAL_FLOW
    there, found, _ = cv2.calcOpticalFlowPyrLK(old, new, flat, guessed, None, None, window, LEVELS, STOP, use_guess)
    back, returned, _ = cv2.calcOpticalFlowPyrLK(
        new, old, there, flat + (there - guessed), None, None, window, LEVELS, STOP, use_guess
    )
    home = np.hypot(*(back - flat).reshape(-1, 2).T) < RETURNS_WITHIN_PX
    sure = (found.ravel() == 1) & (returned.ravel() == 1) & home
    return np.asarray(there, np.float32).reshape(begin.shape), np.asarray(sure).reshape(begin.shape[:2])


def _common_motion(begin: Points, end: Points, found: NDArray[np.bool_]) -> tuple[Floats | None, float]:
    """Return the similarity (2, 3) that most of the points found agree on, and which part of all points that is."""
    if np.count_nonzero(found) < FEWEST_POINTS:
        return None, 0.0
    fit: Any = cv2.estimateAffinePartial2D(
        begin[found], end[found], method=cv2.RANSAC, ransacReprojThreshold=AGREES_WITHIN_PX, maxIters=100
    )
    similarity, agreeing = fit
    if similarity is None:  # all points in one place
        return None, 0.0
    if not 1 / MOST_SCALE < np.hypot(similarity[0, 0], similarity[1, 0]) < MOST_SCALE:
        return None, 0.0
    return np.asarray(similarity, dtype=np.float64), float(np.count_nonzero(agreeing)) / len(begin)
