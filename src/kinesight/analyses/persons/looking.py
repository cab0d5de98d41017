"""Looks at pictures: people in the whole picture and in its parts, faces, and what the pictures have in common."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np

from kinesight.analyses.persons.appearance import described
from kinesight.analyses.persons.faces import frontality, share_out
from kinesight.analyses.persons.fusing import Found, fuse
from kinesight.analyses.persons.geometry import Mask, hidden_shares
from kinesight.analyses.persons.known import Known
from kinesight.analyses.persons.poses import head_of_pose, without_doubles
from kinesight.analyses.persons.sightings import Look
from kinesight.analyses.persons.thumbs import Thumb, change_between, change_in, is_lively, shift_between, thumb_of
from kinesight.analyses.persons.tiling import Tile, layout, probe, round_people
from kinesight.domain.people import Boxes, Faces
from kinesight.domain.ports import FaceDetector, ObjectDetector, PoseModel
from kinesight.domain.video import Floats, Frame, Image

LEAST_SCORE = 0.15
"""Boxes below this say nothing, not even where a surer one ends."""

WORTH_FOLLOWING = 0.2
"""Boxes below this are not worth following."""

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

POSES_EVERY_S = 0.3
"""Interval of looks at the poses of those whose face is not seen."""

FRONTAL = 0.5
"""Faces less turned to the camera than this do not show where the head is: its back is beside them."""

WORTH_A_POSE = 0.25
"""Boxes from this on are looked at for their pose."""

MOST_POSES = 6
"""Poses that are looked at in one picture; where there are more people they take turns."""

REMEMBERED_LOOKS = 8
"""Looks whose people say how large the tiles are."""

UNKNOWN_PERSON = 0.25
"""Height of people, as a share of the picture's, for which tiles are laid out while nobody is seen."""


class Looker:
    """Looks at one picture after the other; what a picture costs is bounded.

    Parameters
    ----------
    detector, faces, pose
        The models.
    """

    def __init__(self, detector: ObjectDetector, faces: FaceDetector, pose: PoseModel) -> None:
        self._detector = detector
        self._faces = faces
        self._pose = pose
        self._turn = 0
        self._tiles_left = TILES_SAVED
        self._looked_s: float | None = None
        self._faces_at_s = -np.inf
        self._poses_at_s = -np.inf
        self._heights: deque[Floats] = deque(maxlen=REMEMBERED_LOOKS)
        self._known = Known()
        self._thumb: Thumb | None = None
        self._before: tuple[Thumb | None, Known] = (None, self._known)

    def look(self, frame: Frame, *, is_last: bool = False) -> Look:
        """Return what is seen in the next picture; in the last one faces and poses are looked for in any case."""
        if is_last:
            self._faces_at_s = self._poses_at_s = -np.inf
        self._before = self._thumb, self._known
        found, look = self._bodies(frame)
        faces = self._look_for_faces(frame)
        return replace(look, faces=faces, heads=self._look_for_heads(frame, found, faces, look.hidden))

    def look_between(self, frame: Frame) -> Look:
        """Return what is seen in a picture between the last two that were looked at; nothing is said of faces and heads."""
        after = self._thumb, self._known
        self._thumb, self._known = self._before
        _, look = self._bodies(frame)
        self._thumb, self._known = after
        return look

    def _bodies(self, frame: Frame) -> tuple[Found, Look]:
        """Return who is found in the picture that is looked at, in its pixels, and the look, in those of the source."""
        rgb = frame.rgb
        height, width = rgb.shape[:2]
        thumb = thumb_of(rgb)
        shift, change = np.zeros(2), None
        if self._thumb is not None and self._thumb.grey.shape == thumb.grey.shape:
            shift, change = shift_between(self._thumb, thumb), change_between(self._thumb, thumb)
        whole = self._detector.detect(rgb, least_score=LEAST_SCORE)
        parts = self._tiles(frame, whole, change, shift)
        tiles = [(tile, self._detector.detect(_cut(rgb, tile), least_score=LEAST_SCORE)) for tile in parts]
        found = fuse(whole, tiles, width=width, height=height).surer_than(WORTH_FOLLOWING)
        is_steady = change is not None and not shift.any()
        lively = np.full(len(found.score), np.nan)
        if change is not None and is_steady:
            lively = change_in(change, found.xyxy_px, cell_px=thumb.cell_px)
        self._remember(found, thumb, time_s=frame.time_s)
        look = Look(
            frame=frame.index,
            time_s=frame.time_s,
            xyxy_px=found.xyxy_px / frame.scale,
            score=found.score,
            looks=described(rgb, found.xyxy_px).astype(np.float32),
            hidden=hidden_shares(found.xyxy_px[found.score >= PERSON_SCORE], found.xyxy_px),
            liveliness=lively,
            shift_px=shift / frame.scale,
            faces=None,
        )
        return found, look

    def _tiles(self, frame: Frame, whole: Boxes, change: Floats | None, shift: Floats) -> tuple[Tile, ...]:
        height, width = frame.rgb.shape[:2]
        seen = np.concatenate(self._heights) if self._heights else np.zeros(0)
        person_px = float(np.percentile(seen, 25)) if len(seen) else UNKNOWN_PERSON * height
        self._turn += 1
        since_s = 0.0 if self._looked_s is None else max(frame.time_s - self._looked_s, 0.0)
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

    def _look_for_heads(self, frame: Frame, found: Found, faces: Faces | None, hidden: Floats) -> Floats | None:
        """Return the heads of those whose face is not seen from the front, by their poses."""
        # where faces were looked for, what is no clear face is looked at again at once
        if faces is None and frame.time_s < self._poses_at_s:
            return None
        self._poses_at_s = frame.time_s + POSES_EVERY_S
        boxes = found.xyxy_px
        shown = () if faces is None else share_out(list(enumerate(boxes / frame.scale)), faces)
        clear = {row for row, face in shown if faces is not None and frontality(faces, face) >= FRONTAL}
        wanted = [row for row in np.flatnonzero(found.score >= WORTH_A_POSE) if row not in clear]
        first = self._turn % max(len(wanted), 1) if len(wanted) > MOST_POSES else 0
        heads = np.full((len(boxes), 4), np.nan)
        for row in (wanted[first:] + wanted[:first])[:MOST_POSES]:
            left, top, right, bottom = (float(side) for side in boxes[row])
            heads[row] = head_of_pose(
                self._pose.estimate(frame.rgb, self._pose.roi_around((left, top, right, bottom))), boxes[row]
            )
        return without_doubles(heads, hidden) / frame.scale


def _cut(rgb: Image, tile: Tile) -> Image:
    return rgb[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]
