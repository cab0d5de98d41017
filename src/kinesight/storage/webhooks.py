"""Addresses of webhooks, and the outbox: events that wait for their receiver."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kinesight.domain.webhooks import Due, Event, Happening, Webhook
from kinesight.storage.database import Database, database_now
from kinesight.storage.receivers import new_secret
from kinesight.storage.tables import receivers, tenants, webhooks
from kinesight.storage.tables import webhook_events as events

PER_TENANT = 2
"""Events of one tenant in one claim."""

SHOWN = (webhooks.c.url, webhooks.c.enabled, webhooks.c.secret, webhooks.c.updated_s)

_IS_OWN = events.c.url.is_not(None)
_IS_STANDING = events.c.receiver_id.is_not(None)
DESTINATION = (
    sa.case((_IS_OWN, events.c.url), (_IS_STANDING, receivers.c.url), else_=webhooks.c.url).label("to_url"),
    sa.case((_IS_OWN, tenants.c.webhook_secret), (_IS_STANDING, receivers.c.secret), else_=webhooks.c.secret).label("to_secret"),
    sa.func.coalesce(receivers.c.updated_s, webhooks.c.updated_s, events.c.created_s).label("to_updated_s"),
)
"""Where an event goes, and what signs it: an address of its own, a standing receiver, or the tenant's webhook."""

IS_OPEN = sa.case((_IS_OWN, sa.true()), (_IS_STANDING, receivers.c.enabled), else_=webhooks.c.enabled)
"""Whether somebody takes events there; null, where nobody is any more, is no."""


class SqlWebhooks:
    """Implements the port `Webhooks`. The secret lies here in the clear, since messages are signed with it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant_id: str) -> Webhook | None:
        """Return a tenant's address; None if there is none."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(*SHOWN).where(webhooks.c.tenant_id == tenant_id)).one_or_none()
        return None if row is None else _webhook(row)

    def put(self, tenant_id: str, *, url: str, enabled: bool) -> Webhook:
        """Set the address and return it; the secret is made with the first one and stays."""
        values: dict[str, Any] = {"url": url, "enabled": enabled, "updated_s": database_now()}
        mine = webhooks.c.tenant_id == tenant_id
        with self._database.write() as connection:
            row = connection.execute(sa.update(webhooks).where(mine).values(**values).returning(*SHOWN)).one_or_none()
            if row is None:
                new = sa.insert(webhooks).values(tenant_id=tenant_id, secret=new_secret(), **values)
                row = connection.execute(new.returning(*SHOWN)).one()
            return _webhook(row)


class SqlOutbox:
    """Implements the port `Outbox`. A claim is a moved due time, so a deliverer that dies loses nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, *, limit: int, lease_s: float) -> tuple[Due, ...]:
        """Return events to deliver now, of each job and receiver only the oldest; nobody else gets them while the lease lasts."""
        with self._database.read() as connection:  # most looks find nothing, and a look alone locks nothing
            wanted = [(row.job_id, row.sequence) for row in connection.execute(_fair_choice().limit(limit))]
        if not wanted:
            return ()
        chosen = sa.tuple_(events.c.job_id, events.c.sequence).in_(wanted)
        with self._database.write() as connection:
            rows = connection.execute(_due().where(chosen).with_for_update(of=events, skip_locked=True)).all()
            for row in rows:
                connection.execute(
                    sa.update(events).where(*_same(row)).values(due_s=database_now() + lease_s, tries=events.c.tries + 1)
                )
        return tuple(_due_from(row) for row in rows)

    def settle(self, due: Due) -> None:
        """Note that the event was taken."""
        self._change(due, settled_s=database_now(), outcome="taken")

    def postpone(self, due: Due, *, delay_s: float) -> None:
        """Offer the event again after so long."""
        self._change(due, due_s=database_now() + delay_s)

    def sweep(self, *, give_up_after_s: float, forget_after_s: float) -> int:
        """Give up events that are older than this, forget settled ones older than that; return how many were given up."""
        now = database_now()
        with self._database.write() as connection:
            connection.execute(sa.delete(events).where(events.c.settled_s < now - forget_after_s))
            return connection.execute(
                sa.update(events)
                .where(events.c.settled_s.is_(None), events.c.created_s < now - give_up_after_s)
                .values(settled_s=now, outcome="given up")
            ).rowcount

    def _change(self, due: Due, **values: Any) -> None:
        # Who lost the claim to another changes nothing any more.
        with self._database.write() as connection:
            connection.execute(
                sa.update(events)
                .where(
                    events.c.job_id == due.event.job_id,
                    events.c.sequence == due.event.sequence,
                    events.c.tries == due.tries,
                    events.c.settled_s.is_(None),
                )
                .values(**values)
            )


def _due() -> sa.Select[Any]:
    earlier = events.alias("earlier")
    waits_for_another = sa.exists().where(
        earlier.c.job_id == events.c.job_id,
        earlier.c.sequence < events.c.sequence,
        earlier.c.settled_s.is_(None),
        earlier.c.receiver_id.is_not_distinct_from(events.c.receiver_id),
        earlier.c.url.is_not_distinct_from(events.c.url),
    )
    return (
        sa.select(events, *DESTINATION)
        .outerjoin(webhooks, webhooks.c.tenant_id == events.c.tenant_id)
        .outerjoin(receivers, receivers.c.id == events.c.receiver_id)
        .outerjoin(tenants, tenants.c.id == events.c.tenant_id)
        .where(events.c.settled_s.is_(None), events.c.due_s <= database_now(), IS_OPEN, ~waits_for_another)
        .order_by(events.c.due_s)
    )


def _fair_choice() -> sa.Select[Any]:
    # A receiver that answers nothing takes the whole time limit for each message; the others must not wait for all of them.
    place = sa.func.row_number().over(partition_by=events.c.tenant_id, order_by=events.c.due_s).label("place")
    due = _due().with_only_columns(events.c.job_id, events.c.sequence, events.c.due_s, place).order_by(None).subquery()
    return sa.select(due.c.job_id, due.c.sequence).where(due.c.place <= PER_TENANT).order_by(due.c.due_s)


def _same(row: sa.Row[Any, *tuple[Any, ...]]) -> tuple[sa.ColumnElement[bool], ...]:
    return events.c.job_id == row.job_id, events.c.sequence == row.sequence


def _due_from(row: sa.Row[Any, *tuple[Any, ...]]) -> Due:
    event = Event(
        job_id=row.job_id,
        sequence=row.sequence,
        happening=Happening(row.happening),
        percentage=row.percentage,
        created_s=row.created_s,
        tenant_id=row.tenant_id,
    )
    webhook = Webhook(url=row.to_url, enabled=True, secret=row.to_secret, updated_s=row.to_updated_s)
    return Due(event=event, dialect=row.dialect, webhook=webhook, tries=row.tries + 1)


def _webhook(row: sa.Row[Any, *tuple[Any, ...]]) -> Webhook:
    return Webhook(url=row.url, enabled=row.enabled, secret=row.secret, updated_s=row.updated_s)
