"""Looks at pictures: people in the whole picture and in its parts, faces, and what the pictures have in common."""

from __future__ import annotations

from collections import deque

import numpy as np

from kinesight.analyses.persons.appearance import FEATURES, describe
from kinesight.analyses.persons.fusing import Found, fuse
from kinesight.analyses.persons.geometry import Mask, hidden_shares
from kinesight.analyses.persons.sightings import Look
from kinesight.analyses.persons.thumbs import Thumb, change_between, change_in, is_lively, shift_between, thumb_of
from kinesight.analyses.persons.tiling import Tile, layout, probe, round_people
from kinesight.domain.people import Faces
from kinesight.domain.ports import FaceDetector, ObjectDetector
from kinesight.domain.video import Floats, Frame, Image

LEAST_SCORE = 0.15
"""Boxes below this are not worth following."""

WORTH_A_TILE = 0.25
"""Boxes from this on are looked at again enlarged in the next look."""

PERSON_SCORE = 0.4
"""Boxes from this on say how large the people of a video are."""

FACES_EVERY_S = 0.3
"""Interval of looks for faces while there are any."""

SEARCH_FACES_EVERY_S = 1.0
"""Interval of looks for faces while there are none."""

FACES_AT_PX = 640
"""Longest side of the picture in which faces are looked for; 8 px of it are the smallest face."""

REMEMBERED_LOOKS = 8
"""Looks whose people say how large the tiles are."""

UNKNOWN_PERSON = 0.25
"""Height of people, as a share of the picture's, for which tiles are laid out while nobody is seen."""


class Looker:
    """Looks at one picture after the other; what a picture costs is bounded.

    Parameters
    ----------
    detector, faces
        The models.
    """

    def __init__(self, detector: ObjectDetector, faces: FaceDetector) -> None:
        self._detector = detector
        self._faces = faces
        self._turn = 0
        self._faces_at_s = -np.inf
        self._heights: deque[Floats] = deque(maxlen=REMEMBERED_LOOKS)
        self._people = np.zeros((0, 4))
        self._thumb: Thumb | None = None

    def look(self, frame: Frame) -> Look:
        """Return what is seen in a picture."""
        rgb = frame.rgb
        height, width = rgb.shape[:2]
        thumb = thumb_of(rgb)
        shift, change = np.zeros(2), None
        if self._thumb is not None and self._thumb.grey.shape == thumb.grey.shape:
            shift, change = shift_between(self._thumb, thumb), change_between(self._thumb, thumb)
        whole = self._detector.detect(rgb, least_score=LEAST_SCORE)
        tiles = [(tile, self._detector.detect(_cut(rgb, tile), least_score=LEAST_SCORE)) for tile in self._tiles(rgb, change)]
        found = fuse(whole, tiles, width=width, height=height)
        is_steady = change is not None and not shift.any()
        lively = np.full(len(found.score), np.nan)
        if change is not None and is_steady:
            lively = change_in(change, found.xyxy_px, cell_px=thumb.cell_px)
        self._remember(found, thumb)
        looks = np.array([describe(rgb, box) for box in found.xyxy_px]).reshape(-1, FEATURES)
        return Look(
            frame=frame.index,
            time_s=frame.time_s,
            xyxy_px=found.xyxy_px / frame.scale,
            score=found.score,
            looks=looks.astype(np.float32),
            hidden=hidden_shares(found.xyxy_px[found.score >= PERSON_SCORE], found.xyxy_px),
            liveliness=lively,
            shift_px=shift / frame.scale,
            faces=self._look_for_faces(frame),
        )

    def _tiles(self, rgb: Image, change: Floats | None) -> tuple[Tile, ...]:
        height, width = rgb.shape[:2]
        seen = np.concatenate(self._heights) if self._heights else np.zeros(0)
        person_px = float(np.percentile(seen, 25)) if len(seen) else UNKNOWN_PERSON * height
        self._turn += 1
        known = round_people(self._people, width=width, height=height, turn=self._turn)
        spread = layout(width, height, person_px=person_px)
        return (*known, *probe(spread, turn=self._turn, is_lively=self._are_lively(spread, change)))

    def _are_lively(self, tiles: tuple[Tile, ...], change: Floats | None) -> Mask:
        if not tiles or change is None or self._thumb is None:
            return np.ones(len(tiles), dtype=bool)
        boxes = np.array([tile.box for tile in tiles])
        return is_lively(change, boxes, cell_px=self._thumb.cell_px)

    def _remember(self, found: Found, thumb: Thumb) -> None:
        self._thumb = thumb
        self._people = found.xyxy_px[found.score >= WORTH_A_TILE]
        sure = found.xyxy_px[found.score >= PERSON_SCORE]
        self._heights.append(sure[:, 3] - sure[:, 1])

    def _look_for_faces(self, frame: Frame) -> Faces | None:
        if frame.time_s < self._faces_at_s:
            return None
        height, width = frame.rgb.shape[:2]
        found = self._faces.detect(frame.rgb, longest_side_px=min(FACES_AT_PX, max(width, height)))
        self._faces_at_s = frame.time_s + (FACES_EVERY_S if len(found.score) else SEARCH_FACES_EVERY_S)
        return Faces(xyxy_px=found.xyxy_px / frame.scale, score=found.score, points_px=found.points_px / frame.scale)


def _cut(rgb: Image, tile: Tile) -> Image:
    return rgb[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]
