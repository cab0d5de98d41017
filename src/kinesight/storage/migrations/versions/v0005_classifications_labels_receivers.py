"""Names of classifications, what operators said, standing receivers of results."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add tables and columns; nothing that was there changes."""
    op.add_column("tenants", sa.Column("webhook_secret", sa.Text))
    op.add_column("jobs", sa.Column("vendor_id", sa.Text))
    op.add_column("jobs", sa.Column("vendor_number", sa.BigInteger))
    op.add_column("jobs", sa.Column("callback_url", sa.Text))
    op.create_index("ix_jobs_tenant_id_vendor_id", "jobs", ["tenant_id", "vendor_id"], unique=True)
    op.create_index("ix_jobs_tenant_id_vendor_number", "jobs", ["tenant_id", "vendor_number"])
    op.create_index("ix_jobs_tenant_id_input_name", "jobs", ["tenant_id", "input_name"])
    _make_receivers()
    _make_labels()


def _make_receivers() -> None:
    op.add_column("webhook_events", sa.Column("receiver_id", sa.Text))
    op.add_column("webhook_events", sa.Column("url", sa.Text))
    op.create_index("ix_webhook_events_receiver_id", "webhook_events", ["receiver_id"])
    op.create_table(
        "receivers",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("created_s", sa.Double, nullable=False),
        sa.Column("updated_s", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_receivers"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_receivers_tenant_id", ondelete="CASCADE"),
    )
    op.create_index("ix_receivers_tenant_id_created_s", "receivers", ["tenant_id", "created_s"])


def _make_labels() -> None:
    op.create_table(
        "labels",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("classify_id", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("video_name", sa.Text),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("risk", sa.Text),
        sa.Column("scores", sa.JSON, nullable=False),
        sa.Column("features", sa.JSON, nullable=False),
        sa.Column("created_s", sa.Double, nullable=False),
        sa.Column("updated_s", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "classify_id", name="pk_labels"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_labels_tenant_id", ondelete="CASCADE"),
    )
    op.create_index("ix_labels_tenant_id_created_s_classify_id", "labels", ["tenant_id", "created_s", "classify_id"])
    op.create_table(
        "custom_labels",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("label", sa.Text),
        sa.Column("created_s", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "value", name="pk_custom_labels"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_custom_labels_tenant_id", ondelete="CASCADE"),
    )
