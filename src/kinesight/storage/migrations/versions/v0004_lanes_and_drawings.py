"""Lanes, and jobs that draw for others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add columns; jobs that were accepted before keep their place."""
    op.add_column("jobs", sa.Column("lane", sa.Text, nullable=False, server_default="video"))
    op.add_column("jobs", sa.Column("is_awaited", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("jobs", sa.Column("follows", sa.Text))
    op.create_index("ix_jobs_follows", "jobs", ["follows"], unique=True)
