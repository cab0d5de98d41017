"""Subjects, webhooks with their events, credits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add tables and columns; nothing that was there changes."""
    op.add_column("tenants", sa.Column("credits", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("subject_id", sa.Text))
    op.add_column("jobs", sa.Column("credits", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("notify", sa.Text))
    op.add_column("jobs", sa.Column("event_sequence", sa.Integer, nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("event_percentage", sa.Integer, nullable=False, server_default="0"))
    op.create_index("ix_jobs_subject_id_created_s_id", "jobs", ["subject_id", "created_s", "id"])
    _make_subjects()
    _make_webhooks()


def _make_subjects() -> None:
    op.create_table(
        "subjects",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("email", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("height_m", sa.Double),
        sa.Column("weight_kg", sa.Double),
        sa.Column("created_s", sa.Double, nullable=False),
        sa.Column("deleted_s", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_subjects"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_subjects_tenant_id", ondelete="CASCADE"),
    )
    op.create_index("ix_subjects_tenant_id_created_s_id", "subjects", ["tenant_id", "created_s", "id"])


def _make_webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("updated_s", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_webhooks"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_webhooks_tenant_id", ondelete="CASCADE"),
    )
    op.create_table(
        "webhook_events",
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("dialect", sa.Text, nullable=False),
        sa.Column("happening", sa.Text, nullable=False),
        sa.Column("percentage", sa.Integer, nullable=False),
        sa.Column("created_s", sa.Double, nullable=False),
        sa.Column("due_s", sa.Double, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("settled_s", sa.Double),
        sa.Column("outcome", sa.Text),
        sa.PrimaryKeyConstraint("job_id", "sequence", name="pk_webhook_events"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_webhook_events_tenant_id", ondelete="CASCADE"),
    )
    op.create_index("ix_webhook_events_settled_s_due_s", "webhook_events", ["settled_s", "due_s"])
