"""Identities of made-up people are kept: when they cross, at every frame rate, across cuts, and the same way every time."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from kinesight.analyses.persons.observe import people_in

sys.path.insert(0, str(Path(__file__).parent))
from made_up import Walker, film_of, looks_at, owners

LEFT_TO_RIGHT = Walker(seed=1, from_s=0.0, to_s=4.0, start=(80, 400), end=(560, 400))
RIGHT_TO_LEFT = Walker(seed=2, from_s=0.0, to_s=4.0, start=(560, 380), end=(80, 380), height=150)
AWAY = Walker(seed=3, from_s=0.5, to_s=3.5, start=(300, 470), end=(330, 300), height=120)


def persons_in(looks):
    return people_in(looks, film_of(looks))


@pytest.mark.parametrize("fps", [3, 5, 10, 12.5, 25, 30, 60])
def test_who_crosses_keeps_the_id_at_every_frame_rate(fps):
    walkers = (LEFT_TO_RIGHT, RIGHT_TO_LEFT)
    looks = looks_at(walkers, fps=fps, length_s=4.0)
    persons = persons_in(looks)
    assert len(persons) == 2
    assert sorted(owners(person, walkers, looks).pop() for person in persons) == [1, 2]
    assert all(len(owners(person, walkers, looks)) == 1 for person in persons)
    for person in persons:
        assert len(person.frames) >= 0.97 * len(looks)


@pytest.mark.parametrize("fps", [5, 10, 25])
def test_boxes_lie_where_the_people_are(fps):
    looks = looks_at((LEFT_TO_RIGHT, AWAY), fps=fps, length_s=4.0)
    film = film_of(looks)
    for person in persons_in(looks):
        (seed,) = owners(person, (LEFT_TO_RIGHT, AWAY), looks)
        walker = LEFT_TO_RIGHT if seed == 1 else AWAY
        truth = [walker.box(film.time_s[frame]) for frame in person.frames]
        off = [np.abs(box - true).max() for box, true in zip(person.boxes_px, truth, strict=True) if true is not None]
        assert np.median(off) < 0.03 * walker.height


@pytest.mark.parametrize("seed", range(6))
def test_many_people_are_found_once_each_and_never_mixed(seed):
    random = np.random.default_rng(seed)
    walkers = [
        Walker(
            seed=10 + number,
            from_s=float(random.uniform(0, 3)),
            to_s=float(random.uniform(6, 10)),
            start=(float(random.uniform(20, 620)), float(random.uniform(200, 470))),
            end=(float(random.uniform(20, 620)), float(random.uniform(200, 470))),
            height=float(random.uniform(90, 180)),
        )
        for number in range(6)
    ]
    looks = looks_at(walkers, fps=10, length_s=10.0, seed=seed)
    persons = persons_in(looks)
    assert all(len(owners(person, walkers, looks)) == 1 for person in persons)
    assert 6 <= len(persons) <= 7


def test_somebody_who_comes_back_is_the_same_and_says_why():
    walkers = (
        Walker(seed=1, from_s=0.0, to_s=2.0, start=(300, 400), end=(620, 400)),
        Walker(seed=1, from_s=6.0, to_s=9.0, start=(620, 400), end=(200, 400)),
        Walker(seed=2, from_s=0.0, to_s=9.0, start=(100, 460), end=(150, 460)),
    )
    persons = persons_in(looks_at(walkers, fps=10, length_s=9.0))
    assert len(persons) == 2
    back = next(person for person in persons if person.joints)
    assert back.joints[0].from_s == pytest.approx(2.0, abs=0.11)
    assert back.joints[0].to_s == pytest.approx(6.0, abs=0.11)
    assert back.joints[0].why.startswith("appearance 0.")
    assert back.joints[0].why.endswith("reachable")


def test_somebody_else_who_comes_later_gets_another_id():
    walkers = (
        Walker(seed=1, from_s=0.0, to_s=2.0, start=(300, 400), end=(620, 400)),
        Walker(seed=5, from_s=3.0, to_s=6.0, start=(620, 400), end=(200, 400)),
    )
    assert len(persons_in(looks_at(walkers, fps=10, length_s=6.0))) == 2


def test_nobody_is_in_two_places_within_a_moment():
    walkers = (
        Walker(seed=1, from_s=0.0, to_s=2.0, start=(60, 400), end=(100, 400), height=100),
        Walker(seed=1, from_s=2.2, to_s=5.0, start=(600, 400), end=(560, 400), height=100),
    )
    assert len(persons_in(looks_at(walkers, fps=10, length_s=5.0))) == 2


def test_after_a_cut_a_person_goes_on_elsewhere_and_a_stranger_does_not():
    walkers = (
        Walker(seed=1, from_s=0.0, to_s=1.95, start=(100, 400), end=(200, 400)),
        Walker(seed=1, from_s=2.0, to_s=4.0, start=(500, 460), end=(450, 460), height=260),
        Walker(seed=7, from_s=2.0, to_s=4.0, start=(210, 400), end=(300, 400)),
    )
    looks = looks_at(walkers, fps=10, length_s=4.0, cuts_s=(2.0,))
    persons = persons_in(looks)
    assert sorted(len(person.joints) for person in persons) == [0, 1]
    assert [owners(person, walkers, looks) for person in persons] == [{1}, {7}]


def test_a_short_gap_is_filled_and_a_long_one_is_not():
    walkers = (
        Walker(seed=1, from_s=0.0, to_s=2.0, start=(100, 400), end=(200, 400)),
        Walker(seed=1, from_s=2.8, to_s=5.0, start=(240, 400), end=(350, 400)),
        Walker(seed=1, from_s=8.0, to_s=10.0, start=(350, 400), end=(250, 400)),
    )
    looks = looks_at(walkers, fps=10, length_s=10.0)
    (person,) = persons_in(looks)
    film = film_of(looks)
    times = film.time_s[person.frames]
    assert ((times > 2.1) & (times < 2.7)).sum() == 5
    assert not ((times > 5.2) & (times < 7.8)).any()
    middle = person.boxes_px[np.argmin(np.abs(times - 2.4))]
    assert (middle[0] + middle[2]) / 2 == pytest.approx(220, abs=6)
    assert person.is_filled[np.argmin(np.abs(times - 2.4))]


def test_the_same_looks_give_the_same_persons_every_time():
    looks = looks_at((LEFT_TO_RIGHT, RIGHT_TO_LEFT, AWAY), fps=10, length_s=4.0)
    first, second = persons_in(looks), persons_in(looks)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.boxes_px, other.boxes_px)
        np.testing.assert_array_equal(one.frames, other.frames)


def test_ids_follow_first_appearance_then_size():
    walkers = (
        Walker(seed=1, from_s=0.0, to_s=3.0, start=(100, 400), end=(160, 400), height=100),
        Walker(seed=2, from_s=0.0, to_s=3.0, start=(400, 460), end=(460, 460), height=220),
        Walker(seed=3, from_s=1.0, to_s=3.0, start=(250, 440), end=(280, 440), height=250),
    )
    looks = looks_at(walkers, fps=10, length_s=3.0)
    assert [owners(person, walkers, looks) for person in persons_in(looks)] == [{2}, {1}, {3}]
