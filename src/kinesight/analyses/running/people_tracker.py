"""Follows the people of a clip from picture to picture: a detector now and then, a pose model on everybody in between."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kinesight.analyses.running.feet import FEET, PATCH_PER_REGION
from kinesight.domain.people import KEYPOINTS, PoseEstimate, Roi
from kinesight.domain.ports import ObjectDetector, PatchFollower, PoseModel
from kinesight.domain.video import Floats, Frame

MAX_PEOPLE = 3
"""People followed at the same time; each costs one pose inference per picture."""

DETECT_EVERY_S = 0.5
"""Interval of detector runs while everybody is followed well."""

SEARCH_EVERY_S = 0.12
"""Interval of detector runs while somebody was just lost or nobody is followed."""

PERSON_SCORE = 0.4
SMALLEST_HEIGHT = 0.1
"""Share of the picture height below which a person is too small for joint angles."""

PRESENCE = 0.5
"""Presence below which the pose model is not looking at a person any more (its own threshold)."""

FORGET_S = 0.4
"""A person not seen for this long is gone; coming back later starts a new one."""

BOX_MARGIN = 0.07
"""Part of a person's height by which the box reaches beyond head, feet and sides."""

SAME_PERSON = 0.2
"""Mean distance of two people's joints, in body heights, under which they are one person followed twice."""


@dataclass(slots=True)
class _Followed:
    """One person while the clip is read; lists grow by one entry per picture in which the person was seen."""

    roi: Roi
    first_s: float
    seen_s: float
    unconfirmed: int = 0
    frames: list[int] = field(default_factory=list)
    xy_px: list[Floats] = field(default_factory=list)
    score: list[Floats] = field(default_factory=list)
    feet_moved_px: list[Floats] = field(default_factory=list)
    feet_trust: list[Floats] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedPerson:
    """One person of the clip: `frames` (n,) picture numbers, `xy_px` (n, keypoints, 2) source pixels, `score` (n, keypoints).

    `feet_moved_px` (n, 2, 3, 2) is how far the points of `FEET` moved since the picture before, source pixels, NaN where the feet
    were not followed from there; `feet_trust` (n, 2) how sure that is.
    """

    frames: tuple[int, ...]
    xy_px: Floats
    score: Floats
    feet_moved_px: Floats
    feet_trust: Floats


class PeopleTracker:
    """Feeds pictures to the models and keeps everybody's keypoints; bounded work per picture.

    Parameters
    ----------
    detector, pose
        The models; following the pose model's own next region was clearly steadier than detecting anew in every picture.
    patches
        Follows the feet from picture to picture.
    """

    def __init__(self, detector: ObjectDetector, pose: PoseModel, patches: PatchFollower) -> None:
        self._detector = detector
        self._pose = pose
        self._patches = patches
        self._before: Frame | None = None
        self._active: list[_Followed] = []
        self._gone: list[_Followed] = []
        self._detect_at_s = -np.inf

    def see(self, frame: Frame) -> None:
        """Take the next picture."""
        if frame.time_s >= self._detect_at_s:
            self._detect(frame)
        for person in self._active:
            self._estimate(person, frame)
        self._drop_doubles()
        gone = [p for p in self._active if frame.time_s - p.seen_s > FORGET_S or p.unconfirmed >= 3]
        self._gone += gone
        self._active = [p for p in self._active if p not in gone]
        lost = not self._active or any(p.seen_s < frame.time_s for p in self._active)
        if lost:
            self._detect_at_s = min(self._detect_at_s, frame.time_s + SEARCH_EVERY_S)
        self._before = frame

    def people(self) -> tuple[FollowedPerson, ...]:
        """Return everybody seen, by first appearance."""
        everybody = sorted((p for p in self._gone + self._active if p.frames), key=lambda p: p.first_s)
        return tuple(
            FollowedPerson(
                frames=tuple(p.frames),
                xy_px=np.array(p.xy_px),
                score=np.array(p.score),
                feet_moved_px=np.array(p.feet_moved_px),
                feet_trust=np.array(p.feet_trust),
            )
            for p in everybody
        )

    def boxes_xyxy_px(self) -> Floats:
        """Return where in the last picture the people are that are followed, (people, 4) in its pixels.

        Wide enough for most of a stride; a wider box would leave no background in a portrait picture.
        """
        boxes = np.array([_roi_box(person.roi) for person in self._active]).reshape(-1, 4)
        margin = BOX_MARGIN * (boxes[:, 3] - boxes[:, 1])[:, None]
        return np.asarray(boxes + margin * np.array([-1.0, -1.0, 1.0, 1.0]))

    def _detect(self, frame: Frame) -> None:
        self._detect_at_s = frame.time_s + DETECT_EVERY_S
        found = self._detector.detect(frame.rgb)
        boxes = [
            box
            for box, score, label in zip(found.xyxy_px, found.score, found.label, strict=True)
            if label == "person" and score >= PERSON_SCORE and box[3] - box[1] >= SMALLEST_HEIGHT * frame.rgb.shape[0]
        ]
        boxes.sort(key=lambda box: -float(box[3] - box[1]))
        claimed: set[int] = set()
        for person in self._active:
            overlaps = [_overlap(_roi_box(person.roi), box) for box in boxes]
            best = int(np.argmax(overlaps)) if overlaps else -1
            if best >= 0 and overlaps[best] > 0.3:
                claimed.add(best)
                person.unconfirmed = 0
                if person.seen_s < frame.time_s - SEARCH_EVERY_S:  # lost: look where the detector sees somebody
                    person.roi = self._pose.roi_around(_corners(boxes[best]))
            else:
                person.unconfirmed += 1
        for index, box in enumerate(boxes):
            if index not in claimed and len(self._active) < MAX_PEOPLE:
                roi = self._pose.roi_around(_corners(box))
                self._active.append(_Followed(roi=roi, first_s=frame.time_s, seen_s=frame.time_s))

    def _estimate(self, person: _Followed, frame: Frame) -> None:
        estimate = self._pose.estimate(frame.rgb, person.roi)
        if estimate.presence < PRESENCE or not _roi_inside(estimate.next_roi, frame):
            return
        person.roi = estimate.next_roi
        person.seen_s = frame.time_s
        person.frames.append(frame.index)
        xy_px, score = _inside(estimate, frame)
        person.xy_px.append(xy_px / frame.scale)
        person.score.append(score)
        self._follow_feet(person, frame)

    def _follow_feet(self, person: _Followed, frame: Frame) -> None:
        """Note how far the feet moved since the picture before, if the person was seen there."""
        before = self._before
        moved_px, trust = np.full((*FEET.shape, 2), np.nan), np.zeros(len(FEET))
        if before is not None and person.frames[-2:-1] == [before.index] and before.rgb.shape == frame.rgb.shape:
            start, guess = (xy_px[FEET] * frame.scale for xy_px in person.xy_px[-2:])
            side_px = PATCH_PER_REGION * person.roi.height_px
            moved_px, trust = self._patches.follow(before.rgb, frame.rgb, start=start, guess=guess, side_px=side_px)
        person.feet_moved_px.append(moved_px / frame.scale)
        person.feet_trust.append(trust)

    def _drop_doubles(self) -> None:
        for person in list(self._active):
            older = [p for p in self._active if p is not person and p.first_s <= person.first_s]
            if any(_is_same(p, person) for p in older) and person in self._active:
                self._active.remove(person)


def _inside(estimate: PoseEstimate, frame: Frame) -> tuple[Floats, Floats]:
    """Return points and scores with points outside the picture as not found: a model extrapolates there, nobody can see it."""
    height, width = frame.rgb.shape[:2]
    x, y = estimate.xy_px[:, 0], estimate.xy_px[:, 1]
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return np.where(inside[:, None], estimate.xy_px, np.nan), np.where(inside, estimate.score, 0.0)


def _corners(box: Floats) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(v) for v in box)
    return left, top, right, bottom


def _roi_box(roi: Roi) -> Floats:
    """Return the upright box of a person from the region round it: the region is about 1.25 body heights wide and high."""
    half_h = roi.height_px / 2.5
    half_w = half_h / 2
    return np.array([roi.centre_x_px - half_w, roi.centre_y_px - half_h, roi.centre_x_px + half_w, roi.centre_y_px + half_h])


def _roi_inside(roi: Roi, frame: Frame) -> bool:
    height, width = frame.rgb.shape[:2]
    big_enough = roi.height_px > 0.5 * SMALLEST_HEIGHT * height
    return bool(big_enough and 0 <= roi.centre_x_px < width and 0 <= roi.centre_y_px < height)


def _overlap(a: Floats, b: Floats) -> float:
    """Return intersection over the smaller of two boxes."""
    size = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    if np.any(size <= 0):
        return 0.0
    smaller = min(np.prod(a[2:] - a[:2]), np.prod(b[2:] - b[:2]))
    return float(np.prod(size) / smaller) if smaller > 0 else 0.0


def _is_same(a: _Followed, b: _Followed) -> bool:
    """Return whether two followed people stand on the same joints in the picture both were last seen in."""
    if not a.frames or not b.frames or a.frames[-1] != b.frames[-1]:
        return False
    body = [KEYPOINTS.index(name) for name in ("left_shoulder", "right_shoulder", "left_hip", "right_hip")]
    distance = float(np.nanmean(np.linalg.norm(a.xy_px[-1][body] - b.xy_px[-1][body], axis=1)))
    height = float(np.nanmax(a.xy_px[-1][:, 1]) - np.nanmin(a.xy_px[-1][:, 1]))
    return bool(distance < SAME_PERSON * max(height, 1.0))
