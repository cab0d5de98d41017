"""Delivers events to webhooks: at least once, in order within a job, for a day. Any number of deliverers may run."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping

from kinesight.domain.errors import SourceForbidden, SourceUnreachable
from kinesight.domain.webhooks import Answer, Due, Outbox, Post, Webhook, Wording
from kinesight.jobs.rounds import Rounds, with_jitter
from kinesight.jobs.signing import signed_headers

LOG = logging.getLogger(__name__)
LEASE_S = 60.0  # four times what one message may take
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 4 * 3600.0
DAY_S = 86_400.0
GIVE_UP_AFTER_S = DAY_S
FORGET_AFTER_S = 7 * DAY_S  # settled events are of use to somebody who looks into a mishap


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
        self.rounds = Rounds(
            "events",
            claim=lambda limit: outbox.claim(limit=limit, lease_s=LEASE_S),
            send=self._deliver_one,
            sweep=lambda: outbox.sweep(give_up_after_s=GIVE_UP_AFTER_S, forget_after_s=FORGET_AFTER_S),
            now_s=now_s,
        )

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
        LOG.warning("event %s was not taken (try %d): %s", message_id, due.tries, problem)
        self._outbox.postpone(due, delay_s=with_jitter(pause_s(due.tries)))
