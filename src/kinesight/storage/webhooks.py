"""Addresses of webhooks, and the outbox: events that wait for their receiver."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import sqlalchemy as sa

from kinesight.domain.webhooks import Due, Event, Happening, Webhook
from kinesight.storage.database import Database, database_now
from kinesight.storage.tables import webhook_events as events
from kinesight.storage.tables import webhooks

PER_TENANT = 2
"""Events of one tenant in one claim."""

SECRET_BYTES = 32  # Standard Webhooks asks for 24 to 64
SECRET_PREFIX = "whsec_"  # noqa: S105  # that of Standard Webhooks
SHOWN = (webhooks.c.url, webhooks.c.enabled, webhooks.c.secret, webhooks.c.updated_s)


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
                secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
                new = sa.insert(webhooks).values(tenant_id=tenant_id, secret=secret, **values)
                row = connection.execute(new.returning(*SHOWN)).one()
            return _webhook(row)


class SqlOutbox:
    """Implements the port `Outbox`. A claim is a moved due time, so a deliverer that dies loses nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, *, limit: int, lease_s: float) -> tuple[Due, ...]:
        """Return events to deliver now, of each job only the oldest; nobody else gets them while the lease lasts."""
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
        earlier.c.job_id == events.c.job_id, earlier.c.sequence < events.c.sequence, earlier.c.settled_s.is_(None)
    )
    return (
        sa.select(events, *SHOWN)
        .join(webhooks, webhooks.c.tenant_id == events.c.tenant_id)
        .where(
            events.c.settled_s.is_(None),
            events.c.due_s <= database_now(),
            webhooks.c.enabled,
            ~waits_for_another,
        )
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
    )
    return Due(event=event, dialect=row.dialect, webhook=_webhook(row), tries=row.tries + 1)


def _webhook(row: sa.Row[Any, *tuple[Any, ...]]) -> Webhook:
    return Webhook(url=row.url, enabled=row.enabled, secret=row.secret, updated_s=row.updated_s)
