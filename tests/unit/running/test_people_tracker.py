"""Following people: stand-in models that see perfectly, so that only the following is tested."""

import numpy as np
import pytest

from kinesight.analyses.running.observe import observe
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.people_tracker import DETECT_EVERY_S, PeopleTracker
from kinesight.domain.document import UsedModel
from kinesight.domain.errors import BadParameter
from kinesight.domain.people import KEYPOINTS, Boxes, PoseEstimate, Roi
from kinesight.domain.video import Frame

WIDTH, HEIGHT = 640, 360
BODY = 150.0


class Stage:
    """Knows where everybody stands at each time; the detector and the pose model look at it."""

    used = UsedModel(task="test", name="stage", sha256="0")

    def __init__(self, *paths):
        self.paths = paths
        self.time_s = 0.0
        self.detections = 0
        self.estimates = 0

    def centres(self):
        return [path(self.time_s) for path in self.paths if path(self.time_s) is not None]

    def detect(self, _rgb):
        self.detections += 1
        boxes = np.array([[x - 30, y - BODY / 2, x + 30, y + BODY / 2] for x, y in self.centres()]).reshape(-1, 4)
        return Boxes(xyxy_px=boxes, score=np.full(len(boxes), 0.9), label=("person",) * len(boxes))

    def roi_around(self, box):
        side = 1.25 * BODY
        return Roi(centre_x_px=(box[0] + box[2]) / 2, centre_y_px=(box[1] + box[3]) / 2, width_px=side, height_px=side)

    def estimate(self, _rgb, roi):
        self.estimates += 1
        near = [c for c in self.centres() if np.hypot(c[0] - roi.centre_x_px, c[1] - roi.centre_y_px) < BODY / 2]
        if not near:
            return PoseEstimate(xy_px=np.zeros((len(KEYPOINTS), 2)), score=np.zeros(len(KEYPOINTS)), presence=0.1, next_roi=roi)
        x, y = min(near, key=lambda c: np.hypot(c[0] - roi.centre_x_px, c[1] - roi.centre_y_px))
        heights = np.linspace(-BODY / 2, BODY / 2, len(KEYPOINTS))
        points = np.stack([np.full(len(KEYPOINTS), x), y + heights], axis=1)
        side = 1.25 * BODY
        following = Roi(centre_x_px=x, centre_y_px=y, width_px=side, height_px=side)
        return PoseEstimate(xy_px=points, score=np.ones(len(KEYPOINTS)), presence=0.95, next_roi=following)

    def follow(self, _before, _after, *, start, guess, side_px):
        self.side_px = side_px
        return guess - start, np.ones(len(start))


def follow(stage, *, seconds=3.0, fps=30.0, scale=1.0):
    tracker = PeopleTracker(stage, stage, stage)
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for index in range(int(seconds * fps)):
        stage.time_s = index / fps
        tracker.see(Frame(index=index, time_s=stage.time_s, rgb=picture, scale=scale))
    return tracker.people()


def test_one_walker_is_one_person_in_every_frame_and_in_source_pixels():
    stage = Stage(lambda t: (100 + 80 * t, 180))
    (person,) = follow(stage, scale=0.5)
    assert person.frames == tuple(range(90))
    assert person.xy_px[30, 0] == pytest.approx([2 * (100 + 80), 2 * (180 - BODY / 2)])


def test_the_feet_are_followed_from_picture_to_picture_in_source_pixels():
    stage = Stage(lambda t: (100 + 80 * t, 180))
    (person,) = follow(stage, scale=0.5)
    assert np.isnan(person.feet_moved_px[0]).all()
    assert person.feet_trust[0].tolist() == [0.0, 0.0]
    assert person.feet_moved_px[1:] == pytest.approx(np.broadcast_to([2 * 80 / 30, 0.0], (89, 2, 3, 2)))
    assert person.feet_trust[1:].min() == 1.0
    assert 0.2 * BODY < stage.side_px < 0.4 * BODY


def test_no_foot_is_followed_across_pictures_in_which_nobody_was_seen():
    stage = Stage(lambda t: (320, 180) if t < 1 or t > 1.2 else None)
    (person,) = follow(stage)
    again = 1 + int(np.flatnonzero(np.diff(person.frames) > 1)[0])
    assert np.isnan(person.feet_moved_px[again]).all()
    assert np.isfinite(person.feet_moved_px[again + 1 :]).all()


def test_the_detector_runs_seldom_while_everybody_is_followed():
    stage = Stage(lambda t: (100 + 80 * t, 180))
    follow(stage, seconds=3.0)
    assert stage.detections <= 3.0 / DETECT_EVERY_S + 1
    assert stage.estimates == 90


def test_two_people_crossing_far_apart_in_depth_stay_two():
    stage = Stage(lambda t: (150 + 60 * t, 100), lambda t: (450 - 60 * t, 260))
    people = follow(stage)
    assert len(people) == 2
    assert all(len(person.frames) == 90 for person in people)


def test_somebody_who_leaves_and_comes_back_later_is_a_new_person():
    stage = Stage(lambda t: (320, 180) if t < 1 or t > 2 else None)
    people = follow(stage)
    assert len(people) == 2
    assert people[0].frames[-1] == 29
    assert people[1].frames[0] >= 61


def test_somebody_hidden_for_a_moment_stays_the_same_person():
    stage = Stage(lambda t: (320, 180) if t < 1 or t > 1.2 else None)
    (person,) = follow(stage)
    assert 80 <= len(person.frames) < 90


def test_one_person_is_not_followed_twice():
    stage = Stage(lambda t: (320 + 200 * np.sin(6 * t), 180))
    people = follow(stage)
    assert len(people) == 1


def test_points_outside_the_picture_are_not_found():
    stage = Stage(lambda _t: (320, 20))
    (person,) = follow(stage, seconds=0.5)
    assert np.isnan(person.xy_px[0, 0]).all()
    assert person.score[0, 0] == 0.0
    assert person.score[0, -1] == 1.0


def test_nobody_gives_no_people_but_the_search_goes_on():
    stage = Stage(lambda _t: None)
    assert follow(stage) == ()
    assert stage.detections > 15
    assert stage.estimates == 0


def test_what_there_is_not_is_refused_before_anything_is_looked_at():
    with pytest.raises(BadParameter, match="no profile"):
        observe(None, None, RunningParameters(back_profile="nobody/9"), None)
