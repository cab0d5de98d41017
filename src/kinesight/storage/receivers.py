"""Standing receivers of results, and the secrets that messages are signed with."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import sqlalchemy as sa

from kinesight.domain.errors import Conflict, NotFound
from kinesight.domain.webhooks import MOST_RECEIVERS, Receiver
from kinesight.storage.database import Database, database_now
from kinesight.storage.engine import new_id
from kinesight.storage.rows import storable
from kinesight.storage.tables import receivers, tenants, webhook_events

SECRET_BYTES = 32  # Standard Webhooks asks for 24 to 64
SECRET_PREFIX = "whsec_"  # noqa: S105  # that of Standard Webhooks
SHOWN = (
    receivers.c.id,
    receivers.c.url,
    receivers.c.enabled,
    receivers.c.secret,
    receivers.c.created_s,
    receivers.c.updated_s,
)


def new_secret() -> str:
    """Return a secret as receivers get it: `whsec_` and base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def call_secret(connection: sa.Connection, tenant_id: str) -> str:
    """Return what signs messages to addresses that single calls gave, and make it if need be. Raises `NotFound`."""
    mine = tenants.c.id == tenant_id
    row = connection.execute(sa.select(tenants.c.webhook_secret).where(mine).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("There is no such tenant.")
    if row.webhook_secret is not None:
        return str(row.webhook_secret)
    made = new_secret()
    connection.execute(sa.update(tenants).where(mine).values(webhook_secret=made))
    return made


class SqlReceivers:
    """Implements the port `Receivers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, tenant_id: str) -> tuple[Receiver, ...]:
        """Return the receivers, oldest first."""
        query = sa.select(*SHOWN).where(receivers.c.tenant_id == tenant_id).order_by(receivers.c.created_s, receivers.c.id)
        with self._database.read() as connection:
            return tuple(map(_receiver, connection.execute(query)))

    def add(self, tenant_id: str, *, url: str, enabled: bool) -> Receiver:
        """Keep a receiver with a secret of its own. Raises `Conflict` when there are too many, `NotFound` (tenant)."""
        values: dict[str, Any] = {
            "id": new_id(),
            "tenant_id": tenant_id,
            "url": url,
            "enabled": enabled,
            "secret": new_secret(),
            "created_s": database_now(),
            "updated_s": database_now(),
        }
        counted = sa.select(sa.func.count()).select_from(receivers).where(receivers.c.tenant_id == tenant_id)
        with self._database.write() as connection:
            call_secret(connection, tenant_id)  # locks the tenant, so that nobody adds at the same time
            if connection.execute(counted).scalar_one() >= MOST_RECEIVERS:
                raise Conflict(f"There are {MOST_RECEIVERS} receivers already; remove one first.")
            return _receiver(connection.execute(sa.insert(receivers).values(**values).returning(*SHOWN)).one())

    def change(self, tenant_id: str, receiver_id: str, *, url: str, enabled: bool) -> Receiver:
        """Change a receiver; what waits for it goes to the new address. Raises `NotFound`."""
        change = sa.update(receivers).where(*_one(tenant_id, receiver_id))
        values = change.values(url=url, enabled=enabled, updated_s=database_now())
        with self._database.write() as connection:
            row = connection.execute(values.returning(*SHOWN)).one_or_none()
        if row is None:
            raise NotFound("There is no receiver with this id.")
        return _receiver(row)

    def remove(self, tenant_id: str, receiver_id: str) -> None:
        """Forget a receiver and what waits for it. Raises `NotFound`."""
        waiting = (webhook_events.c.receiver_id == storable(receiver_id), webhook_events.c.settled_s.is_(None))
        with self._database.write() as connection:
            if not connection.execute(sa.delete(receivers).where(*_one(tenant_id, receiver_id))).rowcount:
                raise NotFound("There is no receiver with this id.")
            settled = sa.update(webhook_events).where(*waiting)
            connection.execute(settled.values(settled_s=database_now(), outcome="receiver removed"))

    def call_secret(self, tenant_id: str) -> str:
        """Return what signs messages to addresses that single calls gave; made when first asked for. Raises `NotFound`."""
        with self._database.write() as connection:
            return call_secret(connection, tenant_id)


def _one(tenant_id: str, receiver_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return receivers.c.id == storable(receiver_id), receivers.c.tenant_id == tenant_id


def _receiver(row: sa.Row[Any, *tuple[Any, ...]]) -> Receiver:
    return Receiver(**row._mapping)  # noqa: SLF001  # SQLAlchemy's public name for a row as a mapping
