"""Events as their receivers get them, against golden files, and delivered over real connections."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kinesight.apis.ochy.translate import event_body
from kinesight.domain.webhooks import Due, Event, Happening, Webhook
from kinesight.jobs.deliverer import Deliverer, pause_s
from kinesight.media.post import HttpPost
from kinesight.testing.receiver import Receiver, receiver

GOLDEN = sorted((Path(__file__).parents[1] / "ochy").glob("event_*.json"))
JOB_ID = "0190a6f4-5c1e-4d4e-9d31-0c9b4f6f0a11"
KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
NOW_S = 1_800_000_060.75


@dataclass
class ListOutbox:
    """Events in a list; what becomes of each is noted."""

    due: list[Due]
    settled: list[int] = field(default_factory=list)
    postponed: list[tuple[int, float]] = field(default_factory=list)
    swept: list[tuple[float, float]] = field(default_factory=list)

    def claim(self, *, limit: int, lease_s: float) -> tuple[Due, ...]:
        taken, self.due = self.due[:limit], self.due[limit:]
        return tuple(taken)

    def settle(self, due: Due) -> None:
        self.settled.append(due.event.sequence)

    def postpone(self, due: Due, *, delay_s: float) -> None:
        self.postponed.append((due.event.sequence, delay_s))

    def sweep(self, *, give_up_after_s: float, forget_after_s: float) -> int:
        self.swept.append((give_up_after_s, forget_after_s))
        return 0


def due(url: str, *, sequence: int = 1, happening: str = "started", percentage: int = 0, tries: int = 1) -> Due:
    event = Event(
        job_id=JOB_ID, sequence=sequence, happening=Happening(happening), percentage=percentage, created_s=1_800_000_000.25
    )
    return Due(event=event, dialect="ochy", webhook=Webhook(url=url, enabled=True, secret=SECRET, updated_s=0.0), tries=tries)


def deliverer(outbox: ListOutbox, post: HttpPost | None = None) -> Deliverer:
    open_post = HttpPost(allow=("127.0.0.0/8",), allow_http=True, time_limit_s=5.0)
    return Deliverer(outbox=outbox, post=post or open_post, wordings={"ochy": event_body}, now_s=lambda: NOW_S)


def deliver_to(box: Receiver, *events: Due) -> ListOutbox:
    outbox = ListOutbox(list(events))
    assert deliverer(outbox).rounds.once() == len(events)
    return outbox


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_event(path: Path) -> None:
    golden = json.loads(path.read_text())
    with receiver() as box:
        outbox = deliver_to(box, due(f"{box.url}/hook?a=1", **golden["happened"]))
    (message,) = box.received
    assert message.path == "/hook?a=1"
    assert message.json == golden["sent"]["json"]
    assert {name: message.headers[name] for name in golden["sent"]["headers"]} == golden["sent"]["headers"]
    assert outbox.settled == [golden["happened"]["sequence"]]


def test_the_signature_is_that_of_standard_webhooks() -> None:
    with receiver() as box:
        deliver_to(box, due(box.url))
    (message,) = box.received
    signed = f"msg_{JOB_ID}_1.1800000060.".encode() + message.body
    wanted = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert message.headers["webhook-signature"] == f"v1,{wanted}"


@pytest.mark.parametrize("status", [301, 400, 404, 410, 500, 503])
def test_what_is_not_taken_comes_again(status: int) -> None:
    with receiver() as box:
        box.statuses = [status]
        outbox = deliver_to(box, due(box.url, tries=3))
    assert outbox.settled == []
    ((sequence, delay_s),) = outbox.postponed
    assert sequence == 1
    assert pause_s(3) <= delay_s <= 1.2 * pause_s(3)


def test_an_unreachable_or_forbidden_receiver_is_tried_again_and_the_others_are_served() -> None:
    with receiver() as box:
        gone = due("http://127.0.0.1:1/")
        inside = due("http://10.0.0.5/", sequence=2)
        fine = due(box.url, sequence=3)
        outbox = deliver_to(box, gone, inside, fine)
    assert outbox.settled == [3]
    assert sorted(sequence for sequence, _ in outbox.postponed) == [1, 2]
    assert len(box.received) == 1


def test_an_address_that_became_private_or_plain_since_gets_nothing() -> None:
    with receiver() as box:
        outbox = ListOutbox([due(box.url)])
        deliverer(outbox, HttpPost(allow_http=True)).rounds.once()
        closed = ListOutbox([due(box.url)])
        deliverer(closed, HttpPost(allow=("127.0.0.0/8",))).rounds.once()
    assert box.received == []
    assert len(outbox.postponed) == len(closed.postponed) == 1


def test_pauses_grow_to_four_hours_and_a_day_holds_several() -> None:
    pauses = [pause_s(tries) for tries in range(1, 40)]
    assert pauses[:4] == [5.0, 20.0, 80.0, 320.0]
    assert max(pauses) == 4 * 3600
    assert pauses == sorted(pauses)
    first_day = [sum(pauses[:n]) for n in range(1, 40) if sum(pauses[:n]) < 86_400]
    assert len(first_day) >= 10


def test_old_events_are_swept_once_a_minute() -> None:
    outbox = ListOutbox([])
    one = deliverer(outbox)
    for _ in range(3):
        one.rounds.once()
    assert outbox.swept == [(86_400.0, 7 * 86_400.0)]
