"""What a tenant is told about its jobs without asking: the address, the events, and the ports between the two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from kinesight.domain.job import State

MILESTONES = (25, 50, 75)
"""Percentages of a running job that are worth an event."""


RESULT_APIS = frozenset({"akool", "gaard", "native"})
"""APIs that tell of the end alone, and tell it to the address in the call, where the others tell every step to the tenant's one
webhook."""

STANDING_APIS = frozenset({"gaard"})
"""Those of them that tell it to every standing receiver of the tenant as well."""

MOST_RECEIVERS = 20
"""Standing receivers of one tenant."""


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
    tenant_id: str = ""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Somebody who gets every result of a tenant until further notice; `secret` as in `Webhook`."""

    id: str
    url: str
    enabled: bool
    secret: str
    created_s: float
    updated_s: float


class Receivers(Protocol):
    """Keeps the standing receivers of a tenant. Another tenant's id is `NotFound`."""

    def all(self, tenant_id: str) -> tuple[Receiver, ...]:
        """Return the receivers, oldest first."""

    def add(self, tenant_id: str, *, url: str, enabled: bool) -> Receiver:
        """Keep a receiver with a secret of its own. Raises `Conflict` when there are `MOST_RECEIVERS`."""

    def change(self, tenant_id: str, receiver_id: str, *, url: str, enabled: bool) -> Receiver:
        """Change a receiver; what waits for it goes to the new address. Raises `NotFound`."""

    def remove(self, tenant_id: str, receiver_id: str) -> None:
        """Forget a receiver and what waits for it. Raises `NotFound`."""

    def call_secret(self, tenant_id: str) -> str:
        """Return what signs messages to addresses that single calls gave; made when first asked for. Raises `NotFound`."""


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

        Of each job and receiver only the oldest, of each tenant only a few, so that one's silent receiver does not keep the
        others waiting.
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


Wording = Callable[[Event], Mapping[str, object] | None]
"""How one API words an event: the JSON body that its receivers know; None where there is nothing left to tell."""
