"""Models are asked side by side: the same is found with any number of threads, and what goes wrong in one comes out."""

from __future__ import annotations

import random
import threading
import time
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from kinesight.analyses.persons.beside import LATER, NOW, SOON, Beside
from kinesight.analyses.persons.observe import watched
from kinesight.domain.document import UsedModel
from kinesight.domain.people import FACE_POINTS, KEYPOINTS, Boxes, Faces, PoseEstimate, Roi
from kinesight.domain.video import Frame

FPS, LENGTH_S, SIZE = 20, 3.0, (480, 640)


class Crowd:
    """Models that find nine people who walk, after a while that is never the same; they note who asks them."""

    used = UsedModel(task="detector", name="made-up", sha256="0" * 64)

    def __init__(self, at_once, *, fails_at_s=LENGTH_S):
        self.at_once, self.fails_at_s = at_once, fails_at_s
        self.threads, self.running, self.most_at_once = set(), 0, 0
        self.lock = threading.Lock()

    def side_by_side(self):
        return self

    def person_detector(self):
        return self

    def faces(self):
        return SomeFaces(self)

    def pose(self, _name):
        return SomePoses(self)

    def take_a_while(self):
        with self.lock:
            self.threads.add(threading.current_thread())
            self.running += 1
            self.most_at_once = max(self.most_at_once, self.running)
        time.sleep(random.uniform(0.0, 0.004))
        with self.lock:
            self.running -= 1

    def detect(self, rgb, *, least_score=None):
        self.take_a_while()
        if rgb.shape[:2] != SIZE:
            return Boxes(xyxy_px=np.zeros((0, 4)), score=np.zeros(0), label=())
        now_s = float(rgb[0, 0, 0]) / FPS
        if now_s >= self.fails_at_s:
            raise RuntimeError("the model is broken")
        left = 20 + 65.0 * np.arange(9) + 12 * now_s
        top = 150 + 8.0 * np.arange(9)
        score = 0.9 - 0.05 * np.arange(9)
        return Boxes(xyxy_px=np.column_stack([left, top, left + 45, top + 120]), score=score, label=("person",) * 9)


class SomeFaces:
    used = Crowd.used

    def __init__(self, crowd):
        self.crowd = crowd

    def detect(self, rgb, *, longest_side_px=None):
        self.crowd.take_a_while()
        shown = int(rgb[0, 0, 0]) % 3 > 0
        box = np.array([[35.0, 155.0, 50.0, 175.0]])[:shown]
        return Faces(xyxy_px=box, score=np.full(len(box), 0.8), points_px=np.full((len(box), len(FACE_POINTS), 2), 40.0))


class SomePoses:
    used = Crowd.used

    def __init__(self, crowd):
        self.crowd = crowd

    def roi_around(self, box_xyxy_px):
        left, top, right, bottom = box_xyxy_px
        return Roi(centre_x_px=(left + right) / 2, centre_y_px=(top + bottom) / 2, width_px=right - left, height_px=bottom - top)

    def estimate(self, rgb, roi):
        self.crowd.take_a_while()
        points = np.full((len(KEYPOINTS), 2), np.nan)
        up = {"nose": 0.42, "ear": 0.42, "shoulder": 0.3, "hip": 0.0}
        for number, name in enumerate(KEYPOINTS):
            for part, share in up.items():
                if part in name:
                    points[number] = roi.centre_x_px + ("left" in name) * 4.0, roi.centre_y_px - share * roi.height_px
        return PoseEstimate(xy_px=points, score=np.ones(len(KEYPOINTS)), presence=1.0, next_roi=roi)


class Film:
    info = SimpleNamespace(frame_count=None, width_px=SIZE[1], height_px=SIZE[0])

    def frames(self, *, longest_side_px=None):
        for index in range(int(FPS * LENGTH_S)):
            rgb = np.full((*SIZE, 3), 90, dtype=np.uint8)
            rgb[0, 0] = index
            yield Frame(index=index, time_s=index / FPS, rgb=rgb, scale=1.0)


class Stops:
    """A watch that somebody stops at a frame."""

    def __init__(self, at=None):
        self.at, self.done = at, []

    def progress(self, stage, done, total):
        self.done.append(done)
        if done == self.at:
            raise KeyboardInterrupt


def everything(footage):
    """Return all that was seen, as bytes."""
    found = [footage.film.time_s.tobytes()]
    for look in footage.looks:
        found += [repr((look.frame, look.time_s)).encode(), look.xyxy_px.tobytes(), look.looks.tobytes(), look.shift_px.tobytes()]
        found += [
            b"-" if look.heads is None else look.heads.tobytes(),
            b"-" if look.faces is None else look.faces.xyxy_px.tobytes(),
        ]
    return b"|".join(found)


def test_the_same_is_seen_however_many_models_are_asked_at_once():
    alone = watched(Film(), Crowd(1), Stops())
    assert sum(look.heads is not None and bool(np.isfinite(look.heads).any()) for look in alone.looks) >= 6
    assert sum(look.faces is not None for look in alone.looks) >= 3
    for at_once in (2, 4):
        crowd = Crowd(at_once)
        assert everything(watched(Film(), crowd, Stops())) == everything(alone)
        assert 1 < crowd.most_at_once <= at_once
        assert len(crowd.threads) == at_once
        assert not any(thread.is_alive() for thread in crowd.threads)


def test_one_at_once_needs_no_other_thread():
    crowd = Crowd(1)
    watched(Film(), crowd, Stops())
    assert crowd.threads == {threading.current_thread()}


@pytest.mark.parametrize("at_once", [1, 3])
def test_what_fails_in_a_model_ends_the_pass(at_once):
    crowd, watch = Crowd(at_once, fails_at_s=1.0), Stops()
    with pytest.raises(RuntimeError, match="the model is broken"):
        watched(Film(), crowd, watch)
    assert watch.done[-1] < FPS * 1.6, "at once, not at the end of the film"
    assert not any(thread.is_alive() for thread in crowd.threads - {threading.current_thread()})


@pytest.mark.parametrize("at_once", [1, 3])
def test_who_stops_a_pass_leaves_nothing_running(at_once):
    crowd, watch = Crowd(at_once), Stops(at=25)
    with pytest.raises(KeyboardInterrupt):
        watched(Film(), crowd, watch)
    assert watch.done == list(range(26))
    assert crowd.running == 0
    assert not any(thread.is_alive() for thread in crowd.threads - {threading.current_thread()})


def test_the_most_urgent_call_is_made_first_and_equal_ones_in_order():
    order, gate, other = [], threading.Event(), threading.Event()
    with Beside(2) as beside:
        beside.ask(gate.wait)
        beside.ask(other.wait)  # until the end, so that one thread makes all the others
        asked = [(LATER, "a"), (SOON, "b"), (NOW, "c"), (LATER, "d"), (NOW, "e")]
        answers = [beside.ask(partial(order.append, name), wanted=wanted) for wanted, name in asked]
        gate.set()
        told = [answer() for answer in answers]
        other.set()
    assert told == [None] * 5
    assert order == ["c", "e", "b", "a", "d"]


def test_what_has_not_begun_when_all_is_over_is_not_made():
    order, begun, gate = [], threading.Event(), threading.Event()

    def hold(name):
        begun.set()
        gate.wait()
        order.append(name)

    def open_when_over(beside):
        while not beside._is_over:
            time.sleep(0.001)
        gate.set()

    with Beside(2) as beside:
        for name in "abcd":
            beside.ask(partial(hold, name))
        begun.wait()
        # opened when all is over: what runs then may end, and nothing else begins
        threading.Thread(target=open_when_over, args=(beside,)).start()
    assert 1 <= len(order) <= 2
    assert set(order) <= {"a", "b"}


def test_where_a_thread_cannot_be_started_the_others_end(monkeypatch):
    beside = Beside(3)
    first, second, _ = beside._threads

    def fails():
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(second, "start", fails)
    with pytest.raises(RuntimeError, match="can't start"), beside:
        pytest.fail("entered")
    assert not first.is_alive()
