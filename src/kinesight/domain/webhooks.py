"""What a tenant is told about its jobs without asking: the address, the events, and the ports between the two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from kinesight.domain.job import State

MILESTONES = (25, 50, 75)
"""Percentages of a running job that are worth an event."""


class Happening(StrEnum):
    """What an event tells. The final ones are the states of a job."""

    STARTED = "started"
    PROGRESS = "progress"
    SUCCEEDED = State.SUCCEEDED
    FAILED = State.FAILED
    CANCELLED = State.CANCELLED
    DEAD = State.DEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where a tenant wants its events; `secret` ("whsec_" and base64) signs them."""

    url: str
    enabled: bool
    secret: str
    updated_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a job. `sequence` counts the events of one job from 1, `created_s` is since the epoch."""

    job_id: str
    sequence: int
    happening: Happening
    percentage: int
    created_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An event that somebody has claimed for delivery.

    `tries` counts the deliveries begun, this one included; who settles has to show it. `dialect` is the API that words it.
    """

    event: Event
    dialect: str
    webhook: Webhook
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a receiver answered, and how long it took."""

    status: int
    took_s: float

    @property
    def is_taken(self) -> bool:
        """Return whether the receiver has taken the message."""
        return 200 <= self.status < 300


class Webhooks(Protocol):
    """Keeps one address per tenant."""

    def get(self, tenant_id: str) -> Webhook | None:
        """Return a tenant's address; None if there is none."""

    def put(self, tenant_id: str, *, url: str, enabled: bool) -> Webhook:
        """Set the address and return it; the secret is made with the first one and stays."""


class Outbox(Protocol):
    """Events that were written together with what they tell, until their receiver has taken them.

    Raises `ConnectionError` when the database cannot be reached, `DiskFull` when it cannot write.
    """

    def claim(self, *, limit: int, lease_s: float) -> tuple[Due, ...]:
        """Return events to deliver now; nobody else gets them while the lease lasts.

        Of each job only the oldest, of each tenant only a few, so that one's silent receiver does not keep the others waiting.
        """

    def settle(self, due: Due) -> None:
        """Note that the event was taken."""

    def postpone(self, due: Due, *, delay_s: float) -> None:
        """Offer the event again after so long."""

    def sweep(self, *, give_up_after_s: float, forget_after_s: float) -> int:
        """Give up events that are older than this, forget settled ones older than that; return how many were given up."""


class Post(Protocol):
    """Sends one message to an address that a stranger gave."""

    def check(self, url: str) -> None:
        """Raise `SourceForbidden` or `SourceUnreachable` if no message may or can go there."""

    def send(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST a body and return the answer, whatever its status. Raises `SourceForbidden`, `SourceUnreachable`."""


Wording = Callable[[Event], Mapping[str, object]]
"""How one API words an event: the JSON body that its receivers know."""
