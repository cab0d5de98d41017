"""Hard moments: somebody rises, hides, meets a double or comes back; and how seldom pictures are looked at."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinesight.analyses.persons.appearance import FEATURES
from kinesight.analyses.persons.observe import people_in, watched
from kinesight.analyses.persons.swaps import parted
from kinesight.analyses.persons.tracking import Track, follow
from kinesight.domain.document import UsedModel
from kinesight.domain.people import FACE_POINTS, KEYPOINTS, Boxes, Faces, PoseEstimate, Roi
from kinesight.domain.video import Frame

sys.path.insert(0, str(Path(__file__).parent))
from made_up import Walker, film_of, looks_at, owners, seen_by_a_camera

TO_THE_RIGHT = Walker(seed=1, from_s=0.0, to_s=4.0, start=(80, 400), end=(560, 400))
TO_THE_LEFT = Walker(seed=2, from_s=0.0, to_s=4.0, start=(560, 395), end=(80, 395))


def people(looks):
    return people_in(looks, film_of(looks))


def with_boxes(looks, change):
    """Return the looks with boxes, scores and looks changed by a function of each look."""
    return tuple(replace(look, **change(look)) for look in looks)


@pytest.mark.parametrize("fps", [5, 10, 25])
def test_who_rises_from_a_crouch_is_one_person(fps):
    def rises(look):
        share = np.clip((look.time_s - 0.3) / 0.5, 0.0, 1.0)
        boxes = look.xyxy_px.copy()
        boxes[:, 1] = boxes[:, 3] - (0.45 + 0.55 * share) * (boxes[:, 3] - boxes[:, 1])
        return {"xyxy_px": boxes}

    sprinter = Walker(seed=1, from_s=0.0, to_s=2.0, start=(120, 420), end=(420, 420), height=190)
    looks = with_boxes(looks_at((sprinter,), fps=fps, length_s=2.0), rises)
    (person,) = people(looks)
    assert person.frames[0] == 0
    assert person.frames[-1] == len(looks) - 1


@pytest.mark.parametrize("fps", [5, 10, 25])
def test_who_is_seen_faintly_at_first_is_there_from_then_on(fps):
    def faint(look):
        return {"score": np.minimum(look.score, 0.3) if look.time_s < 0.8 else look.score}

    looks = with_boxes(looks_at((TO_THE_RIGHT,), fps=fps, length_s=4.0), faint)
    (person,) = people(looks)
    assert person.frames[0] == 0


@pytest.mark.parametrize("fps", [3, 5, 10, 25, 60])
def test_who_walks_behind_a_pole_is_one_person(fps):
    def hidden(look):
        middle = (look.xyxy_px[:, 0] + look.xyxy_px[:, 2]) / 2
        seen = np.abs(middle - 320) > 30
        kept = ("xyxy_px", "score", "looks", "hidden", "liveliness")
        return {name: getattr(look, name)[seen] for name in kept}

    looks = with_boxes(looks_at((TO_THE_RIGHT,), fps=fps, length_s=4.0), hidden)
    (person,) = people(looks)
    assert len(person.frames) >= 0.97 * len(looks)


@pytest.mark.parametrize("fps", [3, 5, 10, 25])
def test_doubles_who_swap_places_are_never_one(fps):
    twins = (TO_THE_RIGHT, replace(TO_THE_LEFT, seed=1))
    for seed in range(4):
        looks = looks_at(twins, fps=fps, length_s=4.0, seed=seed)
        found = people(looks)
        assert len(found) >= 2
        for person in found:
            middle = (person.boxes_px[:, 0] + person.boxes_px[:, 2]) / 2
            steps = np.sign(np.diff(middle[:: max(1, int(fps / 3))]))
            assert abs(steps.sum()) >= 0.8 * len(steps), "somebody turned round where two doubles met"


def test_a_track_that_went_over_to_another_person_is_parted_there():
    walkers = (TO_THE_RIGHT, TO_THE_LEFT)
    looks = looks_at(walkers, fps=10, length_s=4.0, hidden_from=2.0)
    right, left = follow(looks)
    middle = 20
    wrong = (_joined(right, left, middle), _joined(left, right, middle))
    found = parted(wrong, looks)
    assert len(found.tracks) == 4
    assert len(found.apart) == 2
    for track in found.tracks:
        assert (track.look < middle + 3).all() or (track.look >= middle - 3).all()
    assert len(parted((right, left), looks).tracks) == 2, "a right track stays whole"


def _joined(one: Track, other: Track, at: int) -> Track:
    before, after = one.look < at, other.look >= at
    return Track(
        look=np.concatenate([one.look[before], other.look[after]]),
        box=np.concatenate([one.box[before], other.box[after]]),
        path=np.concatenate([one.path[before], other.path[after]]),
    )


@pytest.mark.parametrize("gap_s", [2.0, 10.0, 30.0])
@pytest.mark.parametrize("fps", [3, 5, 10, 25])
def test_who_comes_back_at_another_border_and_size_is_the_same(gap_s, fps):
    back = Walker(seed=1, from_s=4.0 + gap_s, to_s=8.0 + gap_s, start=(600, 260), end=(200, 240))
    stranger = Walker(seed=5, from_s=4.5 + gap_s, to_s=8.0 + gap_s, start=(100, 460), end=(300, 330))
    walkers = tuple(replace(walker, height=1.0) for walker in (TO_THE_RIGHT, TO_THE_LEFT, back, stranger))
    looks = seen_by_a_camera(walkers, fps=fps, length_s=8.0 + gap_s)
    found = people(looks)
    assert len(found) == 3
    assert all(len(owners(person, walkers, looks)) == 1 for person in found)


def test_of_two_who_look_alike_neither_is_said_to_have_come_back():
    double = replace(TO_THE_LEFT, seed=1)
    back = Walker(seed=1, from_s=10.0, to_s=14.0, start=(80, 400), end=(560, 400))
    looks = looks_at((TO_THE_RIGHT, double, back), fps=10, length_s=14.0)
    assert len(people(looks)) == 3


class Nothing:
    """Models that find nothing, or one person who walks; they count how often they are asked."""

    at_once = 1
    used = UsedModel(task="detector", name="made-up", sha256="0" * 64)

    def __init__(self, walker=None):
        self.walker, self.asked = walker, 0

    def side_by_side(self):
        return self

    def person_detector(self):
        return self

    def faces(self):
        return _NoFaces()

    def pose(self, _name):
        return _NoPose()

    def detect(self, rgb, *, least_score=None):
        self.asked += 1
        box = None if self.walker is None or rgb.shape[:2] != (480, 640) else self.walker.box(float(rgb[0, 0, 0]) / 20)
        boxes = np.zeros((0, 4)) if box is None else box[None]
        return Boxes(xyxy_px=boxes, score=np.full(len(boxes), 0.9), label=("person",) * len(boxes))


class _NoFaces:
    used = Nothing.used

    def detect(self, rgb, *, longest_side_px=None):
        return Faces(xyxy_px=np.zeros((0, 4)), score=np.zeros(0), points_px=np.zeros((0, len(FACE_POINTS), 2)))


class _NoPose:
    used = Nothing.used

    def roi_around(self, box_xyxy_px):
        left, top, right, bottom = box_xyxy_px
        return Roi(centre_x_px=(left + right) / 2, centre_y_px=(top + bottom) / 2, width_px=right - left, height_px=bottom - top)

    def estimate(self, _rgb, roi):
        unseen = np.full((len(KEYPOINTS), 2), np.nan)
        return PoseEstimate(xy_px=unseen, score=np.zeros(len(KEYPOINTS)), presence=0.0, next_roi=roi)


class Film:
    """A film of grey pictures whose first pixel tells the time."""

    def __init__(self, *, fps: float, length_s: float, size=(480, 640)):
        self.fps, self.length_s, self.size = fps, length_s, size

    @property
    def info(self):
        class Info:
            frame_count = None
            width_px, height_px = self.size[1], self.size[0]

        return Info

    def frames(self, *, longest_side_px=None):
        for index in range(int(self.fps * self.length_s)):
            rgb = np.full((*self.size, 3), 90, dtype=np.uint8)
            rgb[0, 0] = int(index / self.fps * 20)
            yield Frame(index=index, time_s=index / self.fps, rgb=rgb, scale=1.0)


class Silent:
    def progress(self, stage, done, total):
        pass


@pytest.mark.parametrize("fps", [3, 10, 25, 60])
@pytest.mark.parametrize("size", [(480, 640), (640, 360)])
def test_a_film_with_nobody_has_nobody_and_is_looked_at_seldom(fps, size):
    models = Nothing()
    footage = watched(Film(fps=fps, length_s=4.0, size=size), models, Silent())
    assert people_in(footage.looks, footage.film) == ()
    assert len(footage.looks) <= min(fps, 6) * 4 + 2
    assert models.asked <= 9 * 4


def test_a_moment_between_two_looks_is_looked_at_where_somebody_comes():
    comes = Walker(seed=1, from_s=1.5, to_s=4.0, start=(80, 400), end=(300, 400))
    footage = watched(Film(fps=20, length_s=4.0), Nothing(comes), Silent())
    times = np.array([look.time_s for look in footage.looks])
    assert (np.diff(times) > 0).all()
    near = (times > 1.3) & (times < 1.7)
    assert np.diff(times[near]).min() < 0.15
    assert np.diff(times[times > 2.5]).min() > 0.15, "nothing happens later on"
    assert all(look.looks.shape == (len(look.score), FEATURES) for look in footage.looks)
