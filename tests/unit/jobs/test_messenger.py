"""Messages reach their channel, and what it says decides what becomes of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import BaseModel

from kinesight.domain.job import NewJob
from kinesight.domain.outputs import AlarmMessage, DueMessage, OutputSettings, Receipt
from kinesight.jobs.messenger import Messenger, pause_s, picture_of
from kinesight.testing.jobs import MemoryJobs

DC09 = {"kind": "dc09", "host": "a.example", "port": 12000, "account": "1234"}
MAIL = {"kind": "smtp", "host": "a.example", "sender": "a@b.example", "recipients": ["c@d.example"]}
NOW_S = 1_770_000_000.0


def due(to: dict[str, Any], *, age_s: float = 0.0, tries: int = 1, error_code: str | None = None, number: int = 1) -> DueMessage:
    message = AlarmMessage(
        id=f"m{number}",
        tenant_id="t",
        job_id="j",
        sequence=1,
        facts={"error_code": error_code},
        further=0,
        created_s=NOW_S - age_s,
    )
    return DueMessage(message=message, output="o", settings=OutputSettings.model_validate({"to": to}), tries=tries)


@dataclass
class Box:
    """Hands out what it is given, once, and keeps what was said about it."""

    waiting: list[DueMessage] = field(default_factory=list)
    settled: list[tuple[str, str]] = field(default_factory=list)
    postponed: list[tuple[str, float, str]] = field(default_factory=list)
    sweeps: int = 0
    trouble: Exception | None = None

    def claim(self, *, limit: int, lease_s: float) -> tuple[DueMessage, ...]:
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble
        found, self.waiting = tuple(self.waiting[:limit]), self.waiting[limit:]
        return found

    def settle(self, due: DueMessage, *, outcome: str) -> None:
        self.settled.append((due.message.id, outcome))

    def postpone(self, due: DueMessage, *, delay_s: float, outcome: str) -> None:
        self.postponed.append((due.message.id, delay_s, outcome))

    def sweep(self, *, give_up_after_s: float, forget_after_s: float) -> int:
        self.sweeps += 1
        return 1


@dataclass
class Channel:
    answer: Receipt
    sent: list[tuple[str, bytes | None]] = field(default_factory=list)

    def send(self, due: DueMessage, picture_jpeg: bytes | None) -> Receipt:
        self.sent.append((due.message.id, picture_jpeg))
        return self.answer


def messenger(box: Box, answer: Receipt, *, picture: bytes | None = None) -> tuple[Messenger, Channel]:
    channel = Channel(answer)
    return Messenger(
        box=box, channels={"dc09": channel, "smtp": channel}, picture=lambda _: picture, now_s=lambda: NOW_S
    ), channel


def test_what_is_taken_is_settled_and_what_is_refused_for_good_too() -> None:
    for answer, outcome in (
        (Receipt(is_taken=True), "taken"),
        (Receipt(is_taken=False, is_final=True, note="DUH"), "refused: DUH"),
    ):
        box = Box(waiting=[due(DC09)])
        carrier, _ = messenger(box, answer)
        assert carrier.rounds.once() == 1
        assert (box.settled, box.postponed, box.sweeps) == ([("m1", outcome)], [], 1)


def test_what_is_not_taken_comes_again_ever_more_seldom() -> None:
    box = Box(waiting=[due(DC09, tries=3)])
    carrier, _ = messenger(box, Receipt(is_taken=False, note="no answer"))
    carrier.rounds.once()
    ((_, delay_s, outcome),) = box.postponed
    assert 20.0 <= delay_s <= 24.0
    assert outcome == "no answer"
    assert [pause_s(tries) for tries in (1, 2, 3, 8, 500)] == [5.0, 10.0, 20.0, 600.0, 600.0]


@pytest.mark.parametrize(
    ("message", "waits"),
    [
        (due(MAIL), True),
        (due(MAIL, age_s=11.0), True),
        (due(MAIL, age_s=31.0), False),
        (due(MAIL, error_code="not_a_video"), False),
        (due({**MAIL, "with_picture": False}), False),
        (due(DC09), False),
    ],
)
def test_a_mail_waits_a_little_for_its_picture(message: DueMessage, waits: bool) -> None:
    box = Box(waiting=[message])
    carrier, channel = messenger(box, Receipt(is_taken=True))
    carrier.rounds.once()
    assert (len(box.postponed), len(channel.sent)) == ((1, 0) if waits else (0, 1))
    box = Box(waiting=[message])
    carrier, channel = messenger(box, Receipt(is_taken=True), picture=b"jpeg")
    carrier.rounds.once()
    assert channel.sent == [("m1", b"jpeg")]


def test_troubles_of_the_database_and_mistakes_of_ours_are_survived() -> None:
    for trouble in (ConnectionError("gone"), KeyError("a mistake")):
        box = Box(waiting=[due(DC09, number=n) for n in range(10)], trouble=trouble)
        carrier, channel = messenger(box, Receipt(is_taken=True))
        with carrier.rounds.going_on():
            while len(box.settled) < 10:
                time.sleep(0.01)
        assert len(channel.sent) == 10
    assert not [thread for thread in threading.enumerate() if thread.name == "outputs"]


class Nothing(BaseModel):
    """No parameters."""


@pytest.fixture
def jobs() -> Iterator[MemoryJobs]:
    made = MemoryJobs({"alarm": Nothing})
    yield made
    made.files.close()


def test_the_picture_is_that_of_the_clip(jobs: MemoryJobs) -> None:
    find = picture_of(jobs, jobs.files)
    job = jobs.submit("t", NewJob(kind="alarm", parameters={}, source_url="https://a.example/a.mp4"))
    told = AlarmMessage(id="m", tenant_id="t", job_id=job.id, sequence=1, facts={}, further=0, created_s=0.0)
    assert find(told) is None, "not drawn yet"
    jobs.succeed(jobs.run_next(), {}, artefacts={"thumbnail.jpg": b"jpeg", "result.json": b"{}"})
    assert find(told) == b"jpeg"
    jobs.delete("t", job.id)
    assert find(told) is None, "gone"
