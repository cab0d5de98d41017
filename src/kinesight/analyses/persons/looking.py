"""Looks at pictures: people in the whole picture and in its parts, faces, and what the pictures have in common."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np

from kinesight.analyses.persons.appearance import described
from kinesight.analyses.persons.fusing import Found, fuse
from kinesight.analyses.persons.geometry import Mask, hidden_shares, overlaps
from kinesight.analyses.persons.sightings import Look
from kinesight.analyses.persons.thumbs import Thumb, change_between, change_in, is_lively, shift_between, thumb_of
from kinesight.analyses.persons.tiling import Tile, layout, probe, round_people
from kinesight.domain.people import Boxes, Faces
from kinesight.domain.ports import FaceDetector, ObjectDetector
from kinesight.domain.video import Floats, Frame, Image

LEAST_SCORE = 0.15
"""Boxes below this are not worth following."""

WORTH_A_TILE = 0.25
"""Whoever was seen with this score in the look before is looked for enlarged where the whole picture does not show them well."""

WELL_SEEN = 0.6
"""Score from which the whole picture shows somebody as well as an enlarged part would."""

STILL_THERE = 0.4
"""Overlap with somebody of the look before from which a box is taken to be them."""

MISSED_S = 0.6
"""For so long somebody who is not seen any more is looked for where they were."""

TILES_PER_S = 10.0
"""Enlarged parts looked at in a second of film; with the whole pictures they are most of what an analysis costs."""

TILES_SAVED = 3.0
"""Parts that may be looked at in one go after a while without."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Whoever was seen lately: `xyxy_px` (n, 4) where, and `seen_s` (n,) when."""

    xyxy_px: Floats = field(default_factory=lambda: np.zeros((0, 4)))
    seen_s: Floats = field(default_factory=lambda: np.zeros(0))

    def moved(self, shift: Floats) -> Known:
        """Return the same people after the camera has turned by so many pixels."""
        return replace(self, xyxy_px=self.xyxy_px + np.tile(shift, 2))

    def badly_seen(self, whole: Boxes) -> Floats:
        """Return the places (m, 4) of those whom a look at the whole picture shows faintly or not at all, the missed ones first."""
        is_person = np.array([label == "person" for label in whole.label], dtype=bool)
        boxes, score = whole.xyxy_px[is_person], whole.score[is_person]
        best = np.where(overlaps(self.xyxy_px, boxes) >= STILL_THERE, score[None, :], 0.0)
        best = best.max(axis=1, initial=0.0)
        order = np.argsort(best, kind="stable")
        return np.asarray(self.xyxy_px[order[best[order] < WELL_SEEN]])

    def after(self, found: Found, *, time_s: float) -> Known:
        """Return who is known after a look: whoever was found, and for a while those who were missed."""
        is_seen = found.score >= WORTH_A_TILE
        boxes = found.xyxy_px[is_seen]
        is_missed = ~(overlaps(self.xyxy_px, boxes) >= STILL_THERE).any(axis=1) & (time_s - self.seen_s <= MISSED_S)
        return Known(
            xyxy_px=np.concatenate([boxes, self.xyxy_px[is_missed]]),
            seen_s=np.concatenate([np.full(len(boxes), time_s), self.seen_s[is_missed]]),
        )


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
        self._tiles_left = TILES_SAVED
        self._looked_s: float | None = None
        self._faces_at_s = -np.inf
        self._heights: deque[Floats] = deque(maxlen=REMEMBERED_LOOKS)
        self._known = Known()
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
        parts = self._tiles(frame, whole, change, shift)
        tiles = [(tile, self._detector.detect(_cut(rgb, tile), least_score=LEAST_SCORE)) for tile in parts]
        found = fuse(whole, tiles, width=width, height=height)
        is_steady = change is not None and not shift.any()
        lively = np.full(len(found.score), np.nan)
        if change is not None and is_steady:
            lively = change_in(change, found.xyxy_px, cell_px=thumb.cell_px)
        self._remember(found, thumb, time_s=frame.time_s)
        return Look(
            frame=frame.index,
            time_s=frame.time_s,
            xyxy_px=found.xyxy_px / frame.scale,
            score=found.score,
            looks=described(rgb, found.xyxy_px).astype(np.float32),
            hidden=hidden_shares(found.xyxy_px[found.score >= PERSON_SCORE], found.xyxy_px),
            liveliness=lively,
            shift_px=shift / frame.scale,
            faces=self._look_for_faces(frame),
        )

    def _tiles(self, frame: Frame, whole: Boxes, change: Floats | None, shift: Floats) -> tuple[Tile, ...]:
        height, width = frame.rgb.shape[:2]
        seen = np.concatenate(self._heights) if self._heights else np.zeros(0)
        person_px = float(np.percentile(seen, 25)) if len(seen) else UNKNOWN_PERSON * height
        self._turn += 1
        since_s = 0.0 if self._looked_s is None else frame.time_s - self._looked_s
        self._looked_s = frame.time_s
        self._tiles_left = min(TILES_SAVED, self._tiles_left + TILES_PER_S * since_s)
        self._known = self._known.moved(shift)
        badly = self._known.badly_seen(whole)
        known = round_people(badly, width=width, height=height, turn=self._turn)
        spread = layout(width, height, person_px=person_px)
        wanted = (*known, *probe(spread, turn=self._turn, is_lively=self._are_lively(spread, change)))
        allowed = wanted[: int(self._tiles_left)]
        self._tiles_left -= len(allowed)
        return allowed

    def _are_lively(self, tiles: tuple[Tile, ...], change: Floats | None) -> Mask:
        if not tiles or change is None or self._thumb is None:
            return np.ones(len(tiles), dtype=bool)
        boxes = np.array([tile.box for tile in tiles])
        return is_lively(change, boxes, cell_px=self._thumb.cell_px)

    def _remember(self, found: Found, thumb: Thumb, *, time_s: float) -> None:
        self._thumb = thumb
        self._known = self._known.after(found, time_s=time_s)
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
