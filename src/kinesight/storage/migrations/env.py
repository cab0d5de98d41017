"""Tells Alembic which connection to work on: the one that the caller has opened and locked."""

from __future__ import annotations

from alembic import context

from kinesight.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="kinesight_schema",
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
