"""What tells who comes back: looks as this video measures them, and statures beside what the place makes of heights."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinesight.analyses.persons.appearance import FEATURES, distances
from kinesight.analyses.persons.likeness import Shown, likeness_of
from kinesight.analyses.persons.linking import link
from kinesight.analyses.persons.observe import people_in
from kinesight.analyses.persons.pieces import piece_of, seams_between, strangers_of
from kinesight.analyses.persons.stature import NOBODYS, statures_of
from kinesight.analyses.persons.tracking import follow

sys.path.insert(0, str(Path(__file__).parent))
from made_up import HEIGHT, WIDTH, Walker, colours, film_of, looks_at, owners, seen_by_a_camera


def unit(looks):
    return looks / np.linalg.norm(looks, axis=-1, keepdims=True)


def in_other_light(looks, amount):
    """Return looks of which the first tenth of the features grows: what light does to everybody here."""
    changed = np.array(looks, dtype=np.float64)
    changed[..., : FEATURES // 10] += amount
    return unit(changed)


def walk_through_light(seed, *, moments=200):
    random = np.random.default_rng(seed)
    looks = np.stack([in_other_light(colours(seed), amount) for amount in random.uniform(0.0, 0.15, moments)])
    return Shown(looks=unit(looks * np.exp(random.normal(0, 0.05, looks.shape))), clear=np.ones(moments))


def test_what_changes_within_everybody_says_little_between_two():
    likeness = likeness_of([walk_through_light(seed) for seed in range(10)])
    plain = colours(50)
    lit, other = in_other_light(plain, 0.15), unit(plain + 0.6 * colours(51))
    assert distances(plain[None], lit[None])[0, 0] > distances(plain[None], other[None])[0, 0]
    same, two = (np.linalg.norm(likeness.felt(plain) - likeness.felt(one)) for one in (lit, other))
    assert same < 0.6 * two


def test_tracks_stay_as_unlike_on_the_whole_and_few_moments_change_nothing():
    shown = [walk_through_light(seed) for seed in range(6)]
    likeness = likeness_of(shown)
    means = np.array([one.mean for one in shown])
    rows, columns = np.triu_indices(len(means), 1)
    felt = np.array([likeness.felt(mean) for mean in means])
    plain = np.linalg.norm(means[rows] - means[columns], axis=1) / np.sqrt(2)
    assert np.linalg.norm(felt[rows] - felt[columns], axis=1).mean() == pytest.approx(plain.mean())
    for few in ([], [walk_through_light(1, moments=3)]):
        one, other = colours(1), colours(2)
        apart = np.linalg.norm(likeness_of(few).felt(one) - likeness_of(few).felt(other))
        assert apart == pytest.approx(distances(one[None], other[None])[0, 0])


def walk(seed, from_s, *, stature=1.0, start=(60, 250), end=(580, 440)):
    return Walker(seed=seed, from_s=from_s, to_s=from_s + 8.0, start=start, end=end, height=stature)


PASSERS = tuple(
    walk(seed, 10.0 * seed, start=start, end=end, stature=stature)
    for seed, (start, end, stature) in enumerate(
        [
            ((60, 250), (580, 440), 1.0),
            ((580, 230), (80, 460), 1.03),
            ((70, 455), (560, 300), 0.97),
            ((300, 230), (330, 465), 1.01),
        ]
    )
)


def tracks_and_statures(walkers, *, length_s, change=lambda looks: looks):
    looks = change(seen_by_a_camera(walkers, fps=5, length_s=length_s))
    tracks = follow(looks)
    assert len(tracks) == len(walkers)
    return tracks, statures_of(tracks, looks, width=WIDTH, height=HEIGHT)


def test_who_comes_back_has_the_same_stature_elsewhere_in_the_picture():
    twice = (walk(7, 40.0, stature=1.08), walk(7, 50.0, stature=1.08, start=(560, 300), end=(100, 250)))
    _, statures = tracks_and_statures((*PASSERS, *twice), length_s=60.0)
    assert statures.evidence([4], [5]) > 0.5
    assert statures.evidence([4], [0]) < -1.0
    assert statures.evidence([5], [0, 3]) < -1.0
    assert statures.evidence([4], [2]) == pytest.approx(statures.evidence([2], [4]))


def test_statures_say_nothing_where_little_is_known_and_never_too_much():
    alone = (walk(1, 0.0, start=(60, 250), end=(120, 252)), walk(2, 10.0, start=(580, 440), end=(520, 442)))
    _, statures = tracks_and_statures(alone, length_s=20.0)
    assert abs(statures.evidence([0], [1])) < 0.4, "one place says nothing of the heights at another"
    dwarf = walk(9, 40.0, stature=0.5)
    _, statures = tracks_and_statures((*PASSERS, dwarf), length_s=50.0)
    assert statures.evidence([0], [4]) == -4.0
    assert statures.evidence([0], [17]) == 0.0


@pytest.mark.parametrize("what", ["turns", "cut", "border"])
def test_no_statures_where_the_camera_moves_or_people_are_cut_off(what):
    def change(looks):
        if what == "turns":
            return tuple(replace(look, shift_px=np.array([0.0, 0.0 if n != 3 else 4.0])) for n, look in enumerate(looks))
        if what == "cut":
            return tuple(replace(look, is_after_cut=n == 45) for n, look in enumerate(looks))
        return tuple(replace(look, xyxy_px=look.xyxy_px + (HEIGHT - look.xyxy_px[:, [3]]) * [0, 1, 0, 1]) for look in looks)

    _, statures = tracks_and_statures(PASSERS[:2], length_s=20.0, change=change)
    assert statures == NOBODYS or not statures.tracks


def test_of_two_dressed_alike_only_who_is_as_tall_has_come_back():
    tall, small = walk(7, 40.0, stature=1.09), walk(7, 50.0, stature=0.96)
    back = walk(7, 60.0, stature=0.96, start=(560, 300), end=(100, 250))
    walkers = (*PASSERS, tall, small, back)
    looks = seen_by_a_camera(walkers, fps=5, length_s=70.0)
    assert len(people_in(looks, film_of(looks))) == len(PASSERS) + 2
    tracks = follow(looks)
    by_looks = link(tracks, looks)
    assert any({4, 5} <= set(chain.tracks) for chain in by_looks), "by their looks alone they are one"


def test_who_was_away_twice_is_joined_although_the_last_visit_is_nearer_to_the_first():
    first, second, third = (
        walk(1, 0.0, start=(100, 400), end=(300, 400)),
        walk(1, 12.0, start=(500, 300), end=(300, 300)),
        walk(1, 24.0, start=(100, 400), end=(300, 400)),
    )
    walkers = (first, second, third)
    looks = looks_at([replace(walker, height=120) for walker in walkers], fps=5, length_s=32.0)
    darker = tuple(
        replace(look, looks=in_other_light(look.looks, 0.05) if 11 < look.time_s < 21 else look.looks) for look in looks
    )
    (person,) = people_in(darker, film_of(darker))
    assert owners(person, walkers, darker) == {1}
    assert [joint.from_s < joint.to_s for joint in person.joints] == [True, True]


def test_tracks_that_take_turns_may_be_one_body_and_others_not():
    walkers = (Walker(seed=seed, from_s=0.0, to_s=4.0, start=(60, y), end=(580, y)) for seed, y in ((1, 250), (2, 440)))
    looks = looks_at(tuple(walkers), fps=10, length_s=4.0)
    one, other = follow(looks)
    assert strangers_of((one, other), looks) == {0: frozenset({1}), 1: frozenset({0})}
    turn = [
        replace(track, **{n: getattr(track, n)[k::2] for n in ("look", "box", "path")}) for k, track in enumerate((one, other))
    ]
    assert strangers_of(turn, looks) == {0: frozenset(), 1: frozenset()}


def test_who_met_somebody_and_looks_the_same_after_it_is_one_person_again():
    looks = looks_at((Walker(seed=1, from_s=0.0, to_s=8.0, start=(60, 400), end=(580, 400)),), fps=5, length_s=8.0)
    (track,) = follow(looks)
    parts = [
        replace(track, **{n: getattr(track, n)[part] for n in ("look", "box", "path")})
        for part in (slice(0, 20), slice(20, None))
    ]
    (chain,) = link(parts, looks, apart=frozenset({(0, 1)}))
    assert chain.tracks == (0, 1)
    changed = tuple(replace(look, looks=np.array([colours(3)]) if n >= 20 else look.looks) for n, look in enumerate(looks))
    assert len(link(parts, changed, apart=frozenset({(0, 1)}))) == 2


def test_a_track_within_the_time_of_another_one_does_not_follow_on_it():
    looks = looks_at((Walker(seed=1, from_s=0.0, to_s=8.0, start=(60, 400), end=(580, 400)),), fps=5, length_s=8.0)
    (track,) = follow(looks)
    shown = [Shown(looks=np.ones((1, FEATURES)), clear=np.ones(1))] * 3
    parts = [
        replace(track, **{name: getattr(track, name)[part] for name in ("look", "box", "path")})
        for part in (np.r_[0:10, 20:30], np.r_[12:18], np.r_[32:40])
    ]
    likeness = likeness_of([])
    whole, within, later = (
        piece_of(number, part, looks, np.zeros(len(looks)), shown[number], likeness) for number, part in enumerate(parts)
    )
    assert seams_between(whole, within) == ()
    ((before, after),) = seams_between(whole, later)
    assert (before.number, after.number) == (0, 2)


def test_who_was_parted_at_a_meeting_is_joined_by_looks_alone():
    looks = looks_at((Walker(seed=1, from_s=0.0, to_s=8.0, start=(60, 400), end=(580, 400)),), fps=5, length_s=8.0)
    (track,) = follow(looks)
    cut = (slice(0, 20), slice(20, None))
    parts = [replace(track, **{name: getattr(track, name)[part] for name in ("look", "box", "path")}) for part in cut]
    # somewhat another look: enough where the place says the same, not enough by itself
    other = unit(colours(1) + 0.32 * colours(3))
    changed = tuple(replace(look, looks=other[None] if n >= 20 else look.looks) for n, look in enumerate(looks))
    assert len(link(parts, changed)) == 1
    assert len(link(parts, changed, apart=frozenset({(0, 1)}))) == 2


def test_the_scale_of_few_tracks_and_of_twins_is_that_of_all_looks():
    one, other = colours(1), colours(2)
    plain = distances(one[None], other[None])[0, 0]
    for shown in ([walk_through_light(1)], [walk_through_light(1)] * 4):
        likeness = likeness_of(shown)
        assert np.linalg.norm(likeness.felt(one) - likeness.felt(other)) == pytest.approx(plain, rel=0.5)
