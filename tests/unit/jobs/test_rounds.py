"""Rounds of deliveries: what is claimed is sent, mistakes do not end them, and the sweep comes now and then."""

from __future__ import annotations

import threading

from kinesight.jobs.rounds import AT_ONCE, SWEEP_EVERY_S, Rounds, with_jitter


def test_what_is_claimed_is_sent_once() -> None:
    sent: list[int] = []
    limits: list[int] = []

    def claim(limit: int) -> list[int]:
        limits.append(limit)
        return [1, 2, 3]

    rounds = Rounds("parcels", claim=claim, send=sent.append, sweep=lambda: 0)
    assert rounds.once() == 3
    assert sorted(sent) == [1, 2, 3]
    assert limits == [AT_ONCE]


def test_the_sweep_comes_first_and_then_every_minute() -> None:
    clock = [0.0]
    swept: list[float] = []

    def sweep() -> int:
        swept.append(clock[0])
        return 0

    rounds = Rounds("parcels", claim=lambda _: [], send=print, sweep=sweep, now_s=lambda: clock[0])
    for clock[0] in (0.0, 1.0, SWEEP_EVERY_S - 1, SWEEP_EVERY_S, SWEEP_EVERY_S + 1):
        rounds.once()
    assert swept == [0.0, SWEEP_EVERY_S]


def test_a_database_that_is_away_and_a_mistake_do_not_end_the_rounds() -> None:
    came_back = threading.Event()
    troubles = [ConnectionError("away"), KeyError("a mistake")]

    def claim(_: int) -> list[str]:
        if troubles:
            raise troubles.pop(0)
        return ["parcel"]

    rounds = Rounds("parcels", claim=claim, send=lambda _: came_back.set(), sweep=lambda: 0)
    with rounds.going_on():
        assert came_back.wait(timeout=20)


def test_jitter_only_lengthens_a_pause() -> None:
    pauses = [with_jitter(10.0) for _ in range(200)]
    assert all(10.0 <= pause_s <= 12.0 for pause_s in pauses)
    assert len(set(pauses)) > 1
