"""Delivers messages to outputs: at least once, for a day. Any number of messengers may run."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from kinesight.domain.errors import NotFound
from kinesight.domain.job import Files, Jobs
from kinesight.domain.outputs import AlarmMessage, Channel, DueMessage, MessageBox
from kinesight.jobs.rounds import Rounds, with_jitter

LOG = logging.getLogger(__name__)
LEASE_S = 180.0  # more than the few operations of 30 s that one message may take
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 600.0  # an alarm is of use for hours at most, so a receiver that is back gets it soon
DAY_S = 86_400.0
GIVE_UP_AFTER_S = DAY_S
FORGET_AFTER_S = 7 * DAY_S  # settled messages are of use to somebody who looks into a mishap
PICTURE_WAIT_S = 30.0  # for a picture that is drawn after the verdict, by a process that leaves the processor to others
PICTURE_PAUSE_S = 1.0
PICTURE = "thumbnail.jpg"
LARGEST_PICTURE_BYTES = 5_000_000

Picture = Callable[[AlarmMessage], bytes | None]


def pause_s(tries: int) -> float:
    """Return how long to wait after so many deliveries in vain: 5 s, 10 s, 20 s … at most ten minutes."""
    return min(FIRST_PAUSE_S * 2.0 ** min(tries - 1, 20), LONGEST_PAUSE_S)


def picture_of(jobs: Jobs, files: Files) -> Picture:
    """Return what finds the key picture of a message: that of its clip, None where there is none (any more)."""

    def find(message: AlarmMessage) -> bytes | None:
        try:
            found = next((one for one in jobs.artefacts(message.tenant_id, message.job_id) if one.name == PICTURE), None)
            if found is None or found.size_bytes > LARGEST_PICTURE_BYTES:
                return None
            return files.path(found.key).read_bytes()
        except (NotFound, FileNotFoundError):
            return None

    return find


class Messenger:
    """Takes messages out of the box and sends them.

    Parameters
    ----------
    box
        Where messages are.
    channels
        What sends them, by the kind of output.
    picture
        Finds the picture that goes with a message.
    """

    def __init__(
        self, *, box: MessageBox, channels: Mapping[str, Channel], picture: Picture, now_s: Callable[[], float] = time.time
    ) -> None:
        self._box = box
        self._channels = dict(channels)
        self._picture = picture
        self._now_s = now_s
        self.rounds = Rounds(
            "messages",
            claim=lambda limit: box.claim(limit=limit, lease_s=LEASE_S),
            send=self._deliver_one,
            sweep=lambda: box.sweep(give_up_after_s=GIVE_UP_AFTER_S, forget_after_s=FORGET_AFTER_S),
            now_s=now_s,
        )

    def _deliver_one(self, due: DueMessage) -> None:
        picture = self._picture(due.message)
        if picture is None and self._waits_for_picture(due):
            self._box.postpone(due, delay_s=PICTURE_PAUSE_S, outcome="waits for the picture")
            return
        receipt = self._channels[due.settings.to.kind].send(due, picture)
        if receipt.is_taken:
            self._box.settle(due, outcome=receipt.note or "taken")
            return
        LOG.warning("message %s to %s was not taken (try %d): %s", due.message.id, due.output, due.tries, receipt.note)
        if receipt.is_final:
            self._box.settle(due, outcome=f"refused: {receipt.note}")
            return
        self._box.postpone(due, delay_s=with_jitter(pause_s(due.tries)), outcome=receipt.note)

    def _waits_for_picture(self, due: DueMessage) -> bool:
        to, message = due.settings.to, due.message
        is_wanted = to.kind == "smtp" and to.with_picture and not message.facts["error_code"]
        return is_wanted and self._now_s() - message.created_s < PICTURE_WAIT_S
