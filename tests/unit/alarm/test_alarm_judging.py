"""Ways, places, memory and shares: pure numbers."""

import numpy as np
import pytest
from scipy import ndimage

from kinesight.analyses.alarm.analysis import analyse
from kinesight.analyses.alarm.boxes import overlap
from kinesight.analyses.alarm.memory import OLDEST_S, Memory
from kinesight.analyses.alarm.motion import course_of
from kinesight.analyses.alarm.parameters import AlarmParameters
from kinesight.analyses.alarm.places import Ground, is_inside
from kinesight.analyses.alarm.scenery import cells_of, likeness, scene_of
from kinesight.domain.cameras import Area, CameraRules, Light, ParkedObject
from kinesight.testing.alarm_exam import Share

TIMES = np.arange(11) / 5.0


def boxes(x, y, *, wide=10.0, high=30.0):
    x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
    return np.stack([x, y, x + wide, y + high], axis=1)


def test_a_straight_way():
    course = course_of(TIMES, boxes(30 * TIMES, 5.0 + 0 * TIMES))
    assert course.life_s == pytest.approx(2.0)
    # the mean over 0.4 s takes a step from either end
    assert course.gone_px == pytest.approx(60, abs=7)
    assert course.gone_sizes == pytest.approx(course.gone_px / np.sqrt(300))
    assert course.straightness == pytest.approx(1.0)
    assert course.aspect == pytest.approx(3.0)
    assert course.steadiness == 1.0
    assert course.leap < 0.15


def test_a_branch_comes_back():
    course = course_of(TIMES, boxes(20 * np.sin(6 * TIMES), 0 * TIMES))
    assert course.straightness < 1.0
    assert course.gone_sizes < 1.5


def test_two_things_taken_for_one_leap():
    assert course_of(TIMES, boxes(np.where(TIMES < 1.0, 0.0, 80.0), 0 * TIMES)).leap > 0.8


def test_what_comes_nearer_grows():
    side = 10 + 20 * TIMES
    box = np.stack([50 - side / 2, 50 - side / 2, 50 + side / 2, 50 + side / 2], axis=1)
    course = course_of(TIMES, box)
    assert course.gone_px == pytest.approx(0.0)
    assert course.growth > 0.9


def test_a_single_sight_has_no_way():
    course = course_of(TIMES[:1], boxes([3.0], [4.0]))
    assert (course.gone_px, course.straightness, course.leap, course.growth) == (0.0, 0.0, 0.0, 0.0)


TRIANGLE = Area(name="triangle", corners=((0.1, 0.1), (0.9, 0.1), (0.1, 0.9)))


@pytest.mark.parametrize(
    ("point", "inside"), [((0.2, 0.2), True), ((0.6, 0.6), False), ((0.05, 0.2), False), ((0.45, 0.45), True)]
)
def test_inside_a_polygon(point, inside):
    assert is_inside(point, TRIANGLE) is inside


def test_a_thing_stands_on_its_lower_edge():
    low = Area(name="floor", corners=((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)))
    ground = Ground(rules=CameraRules(zones=(low,), masks=(low,)), width_px=100, height_px=100)
    assert ground.zones(np.array([10.0, 20, 20, 60])) == ("floor",)
    assert ground.zones(np.array([10.0, 20, 20, 45])) == ()
    # its feet are in the mask, its middle is not: somebody who leans over a masked hedge is seen
    assert not ground.is_masked(np.array([10.0, 20, 20, 60]))
    assert ground.is_masked(np.array([10.0, 60, 20, 90]))


def test_dwell_is_the_longest_stay_in_one_go():
    left = Area(name="left", corners=((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
    ground = Ground(rules=CameraRules(zones=(left,)), width_px=100, height_px=100)
    way = boxes([10, 10, 80, 10, 10, 10], [50] * 6)
    assert ground.dwell_s([0.0, 1.0, 2.0, 3.0, 4.0, 5.5], way) == pytest.approx(2.5)


def picture(seed):
    """Return a view with soft edges, grey levels 20 to 220."""
    soft = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(180, 320)), 8)
    return (120 + 100 * soft / np.abs(soft).max()).astype(np.float32)


def view(seed=0, **changes):
    return scene_of(picture(seed), light=Light.DAY, parked=()).model_copy(update=changes)


def test_a_scene_keeps_its_picture():
    scene = view()
    assert (scene.width, scene.height) == (96, 54)
    assert cells_of(scene).shape == (54, 96)
    assert likeness(scene, scene) == pytest.approx(1.0)
    assert abs(likeness(scene, view(1))) < 0.3


def test_a_damaged_scene_is_not_compared():
    assert cells_of(view(background="not base64!")) is None
    assert likeness(view(background="AAAA"), view()) is None


def test_another_view_is_noticed_and_the_same_in_other_light_is_not():
    dimmer = scene_of(0.4 * picture(0) + 10, light=Light.DAY, parked=())
    assert Memory([view(1), view(2)], view()).view_changed()
    assert not Memory([view(1), dimmer], view()).view_changed()
    assert not Memory([], view()).view_changed()


@pytest.mark.parametrize(
    ("change", "known"),
    [({}, True), ({"age_s": OLDEST_S + 1}, False), ({"light": Light.INFRARED}, False), ({"parked": ()}, False)],
)
def test_what_stood_there_yesterday_is_known(change, known):
    parked = (ParkedObject(label="person", box=(0.1, 0.1, 0.2, 0.5)),)
    memory = Memory([view(parked=parked, age_s=86_400.0).model_copy(update=change)], view())
    since = memory.known_since_s("person", np.array([0.11, 0.1, 0.21, 0.5]))
    assert (since is not None) is known


def test_a_poster_is_danger_until_it_is_known(stage, thing):
    observed = stage(things=[thing("person", lambda _time_s: (120, 60, 14, 40))], seconds=4.0).observed()
    # one look at a scene without motion is enough for a parked thing, not for a verdict: ask for a second one
    again = observed.model_copy(
        update={"detections": (*observed.detections, *(one.model_copy(update={"time_s": 3.0}) for one in observed.detections))}
    )
    assert analyse(again, AlarmParameters()).result.rule == "standing_person"
    remembered = observed.scene.model_copy(update={"age_s": 3600.0})
    result = analyse(again, AlarmParameters(memory=(remembered,))).result
    assert result.risk == "safe"


def test_the_overlap_of_boxes():
    assert overlap(np.array([0.0, 0, 2, 2]), np.array([1.0, 0, 3, 2])) == pytest.approx(1 / 3)
    assert overlap(np.array([0.0, 0, 1, 1]), np.array([2.0, 2, 3, 3])) == 0.0


@pytest.mark.parametrize(("hits", "of", "low", "high"), [(12, 12, 0.735, 1.0), (0, 10, 0.0, 0.308), (5, 10, 0.187, 0.813)])
def test_exact_intervals(hits, of, low, high):
    # Clopper and Pearson 1934; the values are those of R's binom.test
    assert Share(hits=hits, of=of).interval == pytest.approx((low, high), abs=0.001)
