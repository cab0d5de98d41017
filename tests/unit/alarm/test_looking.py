"""Where the detector looks: what a look has named needs no second one."""

import numpy as np
import pytest

from kinesight.analyses.alarm.evidence import ClipEvidence, Track
from kinesight.analyses.alarm.looking import MOST_LOOKS, look
from kinesight.domain.cameras import Light
from kinesight.domain.people import Boxes
from kinesight.domain.video import Frame

WIDTH, HEIGHT, COUNT = 320, 180, 12

BODY, ARM, LEG, FAR = (100, 40, 140, 160), (102, 70, 112, 100), (120, 120, 136, 158), (250, 60, 268, 110)


def track(box):
    return Track(
        frame=np.arange(COUNT),
        time_s=np.arange(COUNT) / 5.0,
        box_px=np.tile(np.array(box, float), (COUNT, 1)),
        area_px=np.full(COUNT, 60.0),
        strength=np.full(COUNT, 20.0),
    )


def evidence(*boxes):
    blank = np.full((HEIGHT, WIDTH), 90, np.float32)
    return ClipEvidence(
        time_s=np.arange(COUNT) / 5.0,
        grey=np.full((COUNT, HEIGHT, WIDTH), 90, np.uint8),
        scale=1.0,
        background=blank,
        colour=np.full((HEIGHT, WIDTH, 3), 90, np.uint8),
        noise=np.ones_like(blank),
        shift_px=np.zeros((COUNT, 2)),
        gain=np.ones(COUNT),
        offset=np.zeros(COUNT),
        change=np.zeros((COUNT, HEIGHT, WIDTH), np.uint8),
        overlay=np.zeros((HEIGHT, WIDTH), bool),
        overlay_changes=0.0,
        light=Light.DAY,
        tracks=tuple(track(box) for box in boxes),
    )


def pictures():
    """Return frames whose body is painted, so that whoever looks at a part of them finds it there."""
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    left, top, right, bottom = BODY
    picture[top:bottom, left:right] = 250
    return [Frame(index=number, time_s=number / 5.0, rgb=picture) for number in range(COUNT)]


class Names:
    """A detector that calls whatever is white by one name, as sure as it is told to be."""

    def __init__(self, label, score):
        self.label, self.score = label, score

    def detect(self, rgb, *, least_score):
        rows, columns = np.nonzero(rgb.min(axis=2) > 200)
        if not len(rows) or self.score < least_score:
            return Boxes(xyxy_px=np.empty((0, 4)), score=np.empty(0), label=())
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        return Boxes(xyxy_px=np.array([box], float), score=np.array([self.score]), label=(self.label,))


def looks(label, score, *boxes):
    return look(evidence(*boxes), pictures(), Names(label, score), np.full(len(boxes), 2.0))


def test_arms_and_legs_of_a_named_person_are_not_looked_at_again():
    named = looks("person", 0.9, BODY, ARM, LEG)
    assert len(named) < len(looks("person", 0.4, BODY, ARM, LEG))


def test_what_moves_in_front_of_a_named_vehicle_is_looked_at_all_the_same():
    assert len(looks("person", 0.9, BODY, ARM, LEG)) < len(looks("car", 0.9, BODY, ARM, LEG))


@pytest.mark.parametrize("label", ["person", "car"])
def test_what_moves_elsewhere_is_looked_at_however_surely_somebody_is_named(label):
    taken = looks(label, 0.9, BODY, ARM, LEG, FAR)
    assert any(3 in glimpse.tracks for glimpse in taken)
    assert len(taken) <= MOST_LOOKS
