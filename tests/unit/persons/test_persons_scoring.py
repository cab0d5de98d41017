"""The scores of identities tell false merges, ids too many and kept returns apart."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from kinesight.analyses.persons.observe import Footage
from kinesight.testing.persons_returns import across_clips, joined, mistakes, single_visits

sys.path.insert(0, str(Path(__file__).parent))
from made_up import Walker, film_of, looks_at

LEFT, RIGHT = np.array([0.0, 0, 50, 100]), np.array([200.0, 0, 250, 100])


def test_a_merge_a_split_and_a_return_are_counted_each_for_itself():
    labels = {frame: [("anna", LEFT), ("bert", RIGHT)] for frame in (*range(10), *range(40, 50))}
    right = [[(0, LEFT), (1, RIGHT)]] * 50
    kept = mistakes(labels, right, persons=2, label_s=0.1)
    assert (kept.merged, kept.extra, kept.returns_kept, kept.returns, kept.matched) == (0, 0, 2, 2, 1.0)
    split = [[(0, LEFT), (1, RIGHT)]] * 20 + [[(0, LEFT), (2, RIGHT)]] * 30
    once = mistakes(labels, split, persons=3, label_s=0.1)
    assert (once.merged, once.extra, once.returns_kept) == (0, 1, 1)
    swapped = [[(0, LEFT), (1, RIGHT)]] * 20 + [[(1, LEFT), (0, RIGHT)]] * 30
    wrong = mistakes(labels, swapped, persons=2, label_s=0.1)
    assert (wrong.merged, wrong.returns_kept) == (2, 0)


def test_joined_clips_keep_their_people_apart_and_their_halves_together():
    walkers = [Walker(seed=seed, from_s=0.0, to_s=4.0, start=(80, 400), end=(560, 400)) for seed in (1, 2, 3)]
    footages = []
    for walker in walkers:
        looks = looks_at((walker,), fps=10, length_s=4.0)
        footages.append(Footage(looks=looks, film=film_of(looks), cuts_s=()))
    film = joined(footages, gap_s=2.0)
    assert (np.diff(film.film.time_s) > 0).all()
    assert len(film.clip) == len(film.film.time_s)
    assert across_clips(film) == (3, 0, 3)


def test_in_films_where_everybody_comes_once_whoever_is_joined_is_a_false_merge():
    def film(second_seed):
        walkers = [
            Walker(seed=seed, from_s=from_s, to_s=from_s + 4.0, start=(80, 400), end=(560, 400))
            for seed, from_s in ((1, 0.0), (second_seed, 10.0), (1, 20.0))
        ]
        looks = looks_at(walkers, fps=10, length_s=24.0)
        names = ("anna", "bert", "anna")
        labels = {
            look.frame: [(name, walker.box(look.time_s))]
            for look in looks
            for name, walker in zip(names, walkers, strict=True)
            if walker.box(look.time_s) is not None
        }
        return single_visits(Footage(looks=looks, film=film_of(looks), cuts_s=()), labels, films=8)

    assert film(second_seed=2) == 0.0
    assert film(second_seed=1) == 1.0, "dressed alike and as tall: nothing tells them apart"
