"""What analyses cost: taken with the job, given back with its end, each inside the caller's transaction."""

from __future__ import annotations

import sqlalchemy as sa

from kinesight.domain.errors import InsufficientCredits
from kinesight.storage.tables import jobs, tenants


def take(connection: sa.Connection, tenant_id: str, price: int) -> None:
    """Take credits from a tenant. Raises `InsufficientCredits` when there are too few; then none is taken."""
    if price <= 0:
        return
    paid = connection.execute(
        sa.update(tenants).where(tenants.c.id == tenant_id, tenants.c.credits >= price).values(credits=tenants.c.credits - price)
    ).rowcount
    if not paid:
        raise InsufficientCredits


def give_back(connection: sa.Connection, job_id: str) -> None:
    """Give back what a job cost, once."""
    row = connection.execute(
        sa.select(jobs.c.tenant_id, jobs.c.credits).where(jobs.c.id == job_id, jobs.c.credits > 0).with_for_update()
    ).one_or_none()
    if row is not None:
        connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(credits=0))
        connection.execute(
            sa.update(tenants).where(tenants.c.id == row.tenant_id).values(credits=tenants.c.credits + row.credits)
        )
