"""Waiting for jobs: everybody is told, whoever waits in vain is let go, and many waiters do not look more often."""

from __future__ import annotations

import asyncio
import threading
import time

from kinesight.jobs.waiting import LONGEST_PAUSE_S, LOOK_EVERY_S, Waiting, pause_s


def test_the_more_jobs_are_awaited_the_longer_the_pause_up_to_a_limit() -> None:
    pauses = [pause_s(jobs) for jobs in range(40)]
    assert pauses[:2] == [LOOK_EVERY_S, LOOK_EVERY_S]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_S


def test_everybody_who_waits_is_told_and_the_looking_ends() -> None:
    ended: set[str] = set()

    async def all_wait() -> list[bool]:
        waiting = Waiting(lambda ids: ended & set(ids))
        waits = [asyncio.create_task(waiting.end_of(f"job-{number % 7}", timeout_s=30)) for number in range(20)]
        await asyncio.sleep(0.05)
        ended.update(f"job-{number}" for number in range(7))
        return await asyncio.gather(*waits)

    assert asyncio.run(all_wait()) == [True] * 20
    until_s = time.monotonic() + 20
    while any(thread.name == "waiting" for thread in threading.enumerate()) and time.monotonic() < until_s:
        time.sleep(0.01)
    assert not any(thread.name == "waiting" for thread in threading.enumerate())


def test_who_waits_in_vain_is_let_go() -> None:
    async def wait() -> bool:
        return await Waiting(lambda _: set()).end_of("never", timeout_s=0.05)

    assert asyncio.run(wait()) is False


def test_a_database_that_is_away_is_asked_again() -> None:
    troubles = [ConnectionError("away")]

    def ended(ids: object) -> set[str]:
        if troubles:
            raise troubles.pop()
        return {"job"}

    assert asyncio.run(Waiting(ended).end_of("job", timeout_s=30)) is True
