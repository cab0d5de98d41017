"""Looks at pictures: people in the whole picture and in its parts, faces, and what the pictures have in common."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from kinesight.analyses.persons.appearance import described
from kinesight.analyses.persons.beside import LATER, NOW, SOON, Beside
from kinesight.analyses.persons.faces import frontality, share_out
from kinesight.analyses.persons.fusing import Found, fuse
from kinesight.analyses.persons.geometry import Mask, hidden_shares
from kinesight.analyses.persons.known import Known
from kinesight.analyses.persons.poses import head_of_pose, without_doubles
from kinesight.analyses.persons.sightings import Look
from kinesight.analyses.persons.thumbs import Thumb, change_between, change_in, is_lively, shift_between, thumb_of
from kinesight.analyses.persons.tiling import Tile, layout, probe, round_people
from kinesight.domain.document import UsedModel
from kinesight.domain.people import Boxes, Faces
from kinesight.domain.ports import FaceDetector, Models, PoseModel
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How far a picture is moved since another one, and where it has changed, None where that is unknown."""

    shift: Floats
    change: Floats | None
    cell_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A picture of which was asked what it shows by itself: people in the whole of it, and faces where it is time for them.

    `before` is the small grey picture of the look before.
    """

    frame: Frame
    before: Thumb | None
    moved: Moved
    whole: Callable[[], Boxes]
    faces: Callable[[], Faces] | None
    is_last: bool


class Looker:
    """Looks at one picture after the other; what a picture costs is bounded.

    A look is begun, and finished while the next one is begun already, so that the models have something to do all the time.

    Parameters
    ----------
    models
        The models, of which several can be asked at once.
    pose
        Name of the pose model.
    beside
        Who asks them.
    """

    def __init__(self, models: Models, *, pose: str, beside: Beside) -> None:
        self._detector = models.person_detector()
        self._faces = models.faces()
        self._pose = models.pose(pose)
        self._beside = beside
        self._turn = 0
        self._tiles_left = TILES_SAVED
        self._looked_s: float | None = None
        self._faces_asked: tuple[float, Callable[[], Faces]] | None = None
        self._poses_at_s = -np.inf
        self._heights: deque[Floats] = deque(maxlen=REMEMBERED_LOOKS)
        self._known = Known()
        self._known_before = self._known
        self._thumb: Thumb | None = None

    @property
    def used(self) -> tuple[UsedModel, ...]:
        """Return which models look."""
        return self._detector.used, self._faces.used, self._pose.used

    def begin(self, frame: Frame, *, is_last: bool = False) -> Begun:
        """Ask what the next picture shows by itself; in the last one faces and poses are looked for in any case."""
        faces = self._asked_faces(frame) if is_last or self._is_time_for_faces(frame.time_s) else None
        whole = self._asked(frame.rgb, wanted=SOON)
        before, self._thumb = self._thumb, thumb_of(frame.rgb)
        moved = _moved_since(before, self._thumb)
        return Begun(frame=frame, before=before, moved=moved, whole=whole, faces=faces, is_last=is_last)

    def finish(self, begun: Begun) -> tuple[Look, Callable[[], Floats | None]]:
        """Return what is seen in the first picture that is not finished, and what waits for its heads."""
        self._known_before = self._known
        found, look = self._bodies(begun.frame, begun.moved, begun.whole())
        look = replace(look, faces=None if begun.faces is None else begun.faces())
        return look, self._asked_heads(begun, found, look)

    def look_between(self, frame: Frame, *, after: Begun) -> Look:
        """Return what is seen in a picture before the one that was finished last; nothing is said of faces and heads."""
        whole, known = self._asked(frame.rgb, wanted=NOW), self._known
        self._known = self._known_before
        _, look = self._bodies(frame, _moved_since(after.before, thumb_of(frame.rgb)), whole())
        self._known = known
        return look

    def _asked(self, rgb: Image, *, wanted: int) -> Callable[[], Boxes]:
        return self._beside.ask(partial(self._detector.detect, rgb, least_score=LEAST_SCORE), wanted=wanted)

    def _bodies(self, frame: Frame, moved: Moved, whole: Boxes) -> tuple[Found, Look]:
        """Return who is found in the picture that is looked at, in its pixels, and the look, in those of the source."""
        rgb = frame.rgb
        height, width = rgb.shape[:2]
        asked = [(tile, self._asked(_cut(rgb, tile), wanted=NOW)) for tile in self._tiles(frame, whole, moved)]
        tiles = [(tile, answer()) for tile, answer in asked]
        found = fuse(whole, tiles, width=width, height=height).surer_than(WORTH_FOLLOWING)
        lively = np.full(len(found.score), np.nan)
        if moved.change is not None and not moved.shift.any():
            lively = change_in(moved.change, found.xyxy_px, cell_px=moved.cell_px)
        self._remember(found, time_s=frame.time_s)
        look = Look(
            frame=frame.index,
            time_s=frame.time_s,
            xyxy_px=found.xyxy_px / frame.scale,
            score=found.score,
            looks=described(rgb, found.xyxy_px).astype(np.float32),
            hidden=hidden_shares(found.xyxy_px[found.score >= PERSON_SCORE], found.xyxy_px),
            liveliness=lively,
            shift_px=moved.shift / frame.scale,
            faces=None,
        )
        return found, look

    def _tiles(self, frame: Frame, whole: Boxes, moved: Moved) -> tuple[Tile, ...]:
        height, width = frame.rgb.shape[:2]
        seen = np.concatenate(self._heights) if self._heights else np.zeros(0)
        person_px = float(np.percentile(seen, 25)) if len(seen) else UNKNOWN_PERSON * height
        self._turn += 1
        since_s = 0.0 if self._looked_s is None else max(frame.time_s - self._looked_s, 0.0)
        self._looked_s = frame.time_s
        self._tiles_left = min(TILES_SAVED, self._tiles_left + TILES_PER_S * since_s)
        self._known = self._known.moved(moved.shift)
        badly = self._known.badly_seen(whole)
        known = round_people(badly, width=width, height=height, turn=self._turn)
        spread = layout(width, height, person_px=person_px)
        wanted = (*known, *probe(spread, turn=self._turn, is_lively=_are_lively(spread, moved)))
        allowed = wanted[: int(self._tiles_left)]
        self._tiles_left -= len(allowed)
        return allowed

    def _remember(self, found: Found, *, time_s: float) -> None:
        self._known = self._known.after(found, time_s=time_s)
        sure = found.xyxy_px[found.score >= PERSON_SCORE]
        self._heights.append(sure[:, 3] - sure[:, 1])

    def _is_time_for_faces(self, time_s: float) -> bool:
        if self._faces_asked is None:
            return True
        asked_s, faces = self._faces_asked
        if not asked_s + FACES_EVERY_S <= time_s < asked_s + SEARCH_FACES_EVERY_S:
            return time_s >= asked_s + FACES_EVERY_S
        return len(faces().score) > 0

    def _asked_faces(self, frame: Frame) -> Callable[[], Faces]:
        asked = self._beside.ask(partial(_faces_in, frame, self._faces), wanted=SOON)
        self._faces_asked = frame.time_s, asked
        return asked

    def _asked_heads(self, begun: Begun, found: Found, look: Look) -> Callable[[], Floats | None]:
        """Return what waits for the heads of those whose face is not seen from the front, by their poses."""
        frame, faces = begun.frame, look.faces
        # where faces were looked for, what is no clear face is looked at again at once
        if faces is None and not begun.is_last and frame.time_s < self._poses_at_s:
            return _no_heads
        self._poses_at_s = frame.time_s + POSES_EVERY_S
        boxes = found.xyxy_px
        shown = () if faces is None else share_out(list(enumerate(boxes / frame.scale)), faces)
        clear = {row for row, face in shown if faces is not None and frontality(faces, face) >= FRONTAL}
        wanted = [row for row in np.flatnonzero(found.score >= WORTH_A_POSE) if row not in clear]
        first = self._turn % max(len(wanted), 1) if len(wanted) > MOST_POSES else 0
        rows = (wanted[first:] + wanted[:first])[:MOST_POSES]
        asked = [(row, self._beside.ask(partial(_head_in, frame.rgb, self._pose, boxes[row]), wanted=LATER)) for row in rows]

        def heads() -> Floats:
            found = np.full((len(boxes), 4), np.nan)
            for row, answer in asked:
                found[row] = answer()
            return without_doubles(found, look.hidden) / frame.scale

        return heads


def _moved_since(before: Thumb | None, thumb: Thumb) -> Moved:
    if before is None or before.grey.shape != thumb.grey.shape:
        return Moved(shift=np.zeros(2), change=None, cell_px=thumb.cell_px)
    return Moved(shift=shift_between(before, thumb), change=change_between(before, thumb), cell_px=thumb.cell_px)


def _are_lively(tiles: tuple[Tile, ...], moved: Moved) -> Mask:
    if not tiles or moved.change is None:
        return np.ones(len(tiles), dtype=bool)
    return is_lively(moved.change, np.array([tile.box for tile in tiles]), cell_px=moved.cell_px)


def _no_heads() -> None:
    return None


def _faces_in(frame: Frame, faces: FaceDetector) -> Faces:
    """Return the faces in a picture, in pixels of the source."""
    height, width = frame.rgb.shape[:2]
    found = faces.detect(frame.rgb, longest_side_px=min(FACES_AT_PX, max(width, height)))
    return Faces(xyxy_px=found.xyxy_px / frame.scale, score=found.score, points_px=found.points_px / frame.scale)


def _head_in(rgb: Image, pose: PoseModel, box: Floats) -> Floats:
    """Return the head of the person in a box, by the pose."""
    left, top, right, bottom = (float(side) for side in box)
    return head_of_pose(pose.estimate(rgb, pose.roi_around((left, top, right, bottom))), box)


def _cut(rgb: Image, tile: Tile) -> Image:
    return rgb[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]
