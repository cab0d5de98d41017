"""Jobs that build on others, the pictures that they need, corrections by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add tables and columns; nothing that was there changes."""
    op.add_column("jobs", sa.Column("builds_on", sa.Text))
    op.add_column("jobs", sa.Column("corrections", sa.JSON(none_as_null=True)))
    op.add_column("jobs", sa.Column("asked_by", sa.Text))
    op.create_index("ix_jobs_builds_on", "jobs", ["builds_on"])
    op.create_table(
        "attachments",
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("obj_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("key", sa.Text),
        sa.Column("url", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("sha256", sa.Text),
        sa.PrimaryKeyConstraint("job_id", "obj_id", name="pk_attachments"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_attachments_job_id", ondelete="CASCADE"),
    )
    op.create_index("ix_attachments_key", "attachments", ["key"])
    op.create_table(
        "corrections",
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("change", sa.JSON(none_as_null=True)),
        sa.Column("undoes", sa.Integer),
        sa.Column("result", sa.JSON(none_as_null=True)),
        sa.Column("made_by", sa.Text),
        sa.Column("created_s", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "number", name="pk_corrections"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_corrections_job_id", ondelete="CASCADE"),
    )
