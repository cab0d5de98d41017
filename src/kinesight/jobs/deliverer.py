"""Delivers events to webhooks: at least once, in order within a job, for a day. Any number of deliverers may run."""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from kinesight.domain.errors import DiskFull, SourceForbidden, SourceUnreachable
from kinesight.domain.webhooks import Answer, Due, Outbox, Post, Webhook, Wording
from kinesight.jobs.signing import signed_headers

LOG = logging.getLogger(__name__)
AT_ONCE = 8
LOOK_EVERY_S = 0.5
LEASE_S = 60.0  # four times what one message may take
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 4 * 3600.0
JITTER = 0.2
DAY_S = 86_400.0
GIVE_UP_AFTER_S = DAY_S
FORGET_AFTER_S = 7 * DAY_S  # settled events are of use to somebody who looks into a mishap
SWEEP_EVERY_S = 60.0


def pause_s(tries: int) -> float:
    """Return how long to wait after so many deliveries in vain: 5 s, 20 s, 80 s … at most four hours."""
    return min(FIRST_PAUSE_S * 4.0 ** min(tries - 1, 10), LONGEST_PAUSE_S)


def send_signed(post: Post, webhook: Webhook, body: Mapping[str, object], *, message_id: str, time_s: float) -> Answer:
    """Send one signed message. Raises `SourceForbidden`, `SourceUnreachable`."""
    content = json.dumps(body, separators=(",", ":")).encode()
    headers = signed_headers(content, secret=webhook.secret, message_id=message_id, time_s=time_s)
    return post.send(webhook.url, body=content, headers=headers)


class Deliverer:
    """Takes events out of the outbox and sends them.

    Parameters
    ----------
    outbox, post
        Where events are, and what sends them.
    wordings
        How each API words an event, by its name.
    """

    def __init__(
        self, *, outbox: Outbox, post: Post, wordings: Mapping[str, Wording], now_s: Callable[[], float] = time.time
    ) -> None:
        self._outbox = outbox
        self._post = post
        self._wordings = dict(wordings)
        self._now_s = now_s
        self._swept_at_s: float | None = None

    def deliver(self) -> int:
        """Deliver what is due now and return how many were tried. Raises `ConnectionError`, `DiskFull`."""
        if self._swept_at_s is None or self._now_s() >= self._swept_at_s + SWEEP_EVERY_S:
            self._swept_at_s = self._now_s()
            given_up = self._outbox.sweep(give_up_after_s=GIVE_UP_AFTER_S, forget_after_s=FORGET_AFTER_S)
            if given_up:
                LOG.warning("%d events were given up: no receiver has taken them for a day", given_up)
        found = self._outbox.claim(limit=AT_ONCE, lease_s=LEASE_S)
        if found:
            with ThreadPoolExecutor(max_workers=len(found), thread_name_prefix="webhook") as threads:
                list(threads.map(self._deliver_one, found))
        return len(found)

    def run(self, is_over: threading.Event) -> None:
        """Deliver until it is over."""
        while not is_over.is_set():
            tried = 0
            try:
                tried = self.deliver()
            except (ConnectionError, DiskFull) as error:
                LOG.warning("events wait, the database cannot be used: %s", error)
            except Exception:  # the one place that must survive any mistake of ours
                LOG.exception("the deliverer made a mistake; it goes on")
            if tried == 0:
                is_over.wait(LOOK_EVERY_S)

    def _deliver_one(self, due: Due) -> None:
        event = due.event
        message_id = f"msg_{event.job_id}_{event.sequence}"
        try:
            body = self._wordings[due.dialect](event)
            if body is None:
                self._outbox.settle(due)
                return
            answer = send_signed(self._post, due.webhook, body, message_id=message_id, time_s=self._now_s())
        except (SourceForbidden, SourceUnreachable) as error:
            problem = error.message
        else:
            if answer.is_taken:
                self._outbox.settle(due)
                return
            problem = f"status {answer.status}"
        delay_s = pause_s(due.tries) * (1 + JITTER * random.random())  # noqa: S311  # nobody gains by guessing it
        LOG.warning("event %s was not taken (try %d): %s", message_id, due.tries, problem)
        self._outbox.postpone(due, delay_s=delay_s)


@contextmanager
def delivering(deliverer: Deliverer) -> Iterator[None]:
    """Deliver in a thread while the block runs."""
    is_over = threading.Event()
    thread = threading.Thread(target=deliverer.run, args=(is_over,), name="webhooks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
