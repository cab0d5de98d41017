"""Cameras with what they showed, and outputs with their messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add tables and a column; nothing that was there changes."""
    op.add_column("jobs", sa.Column("camera_id", sa.Text))
    op.create_index("ix_jobs_tenant_id_camera_id_created_s_id", "jobs", ["tenant_id", "camera_id", "created_s", "id"])
    _make_cameras()
    _make_alarm_defaults()
    _make_outputs()


def _make_cameras() -> None:
    op.create_table(
        "cameras",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("updated_s", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_cameras"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_cameras_tenant_id", ondelete="CASCADE"),
    )
    op.create_table(
        "camera_addresses",
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_camera_addresses"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "camera_id"],
            ["cameras.tenant_id", "cameras.id"],
            name="fk_camera_addresses_tenant_id_camera_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_camera_addresses_tenant_id_camera_id", "camera_addresses", ["tenant_id", "camera_id"])
    op.create_table(
        "camera_days",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "camera_id", "day", "name", name="pk_camera_days"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_camera_days_tenant_id", ondelete="CASCADE"),
    )


def _make_alarm_defaults() -> None:
    op.create_table(
        "alarm_defaults",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("updated_s", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_alarm_defaults"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_alarm_defaults_tenant_id", ondelete="CASCADE"),
    )


def _make_outputs() -> None:
    op.create_table(
        "outputs",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False, server_default="0"),
        sa.Column("updated_s", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name="pk_outputs"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_outputs_tenant_id", ondelete="CASCADE"),
    )
    op.create_table(
        "output_messages",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("output", sa.Text, nullable=False),
        sa.Column("camera_id", sa.Text),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("further", sa.Integer, nullable=False, server_default="0"),
        sa.Column("is_open", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("created_s", sa.Double, nullable=False),
        sa.Column("due_s", sa.Double, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("settled_s", sa.Double),
        sa.Column("outcome", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_output_messages"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "output"],
            ["outputs.tenant_id", "outputs.name"],
            name="fk_output_messages_tenant_id_output",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_output_messages_settled_s_due_s", "output_messages", ["settled_s", "due_s"])
    op.create_index(
        "ix_output_messages_tenant_id_output_camera_id_is_open",
        "output_messages",
        ["tenant_id", "output", "camera_id", "is_open"],
    )
