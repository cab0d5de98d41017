"""Our tables, as SQLAlchemy Core sees them; migrations/versions makes them."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

STATES = ("queued", "running", "cancelling", "succeeded", "failed", "cancelled", "dead")

tenants = sa.Table(
    "tenants",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("created_s", sa.Double, nullable=False),
    sa.Column("credits", sa.BigInteger, nullable=False, server_default="0"),
    # Signs what goes to an address that a single call gave; made when first needed.
    sa.Column("webhook_secret", sa.Text),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("prefix", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False, unique=True),
    sa.Column("created_s", sa.Double, nullable=False),
    sa.Column("revoked_s", sa.Double),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("parameters", sa.JSON, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("created_s", sa.Double, nullable=False),
    sa.Column("input_key", sa.Text),
    sa.Column("input_name", sa.Text),
    sa.Column("source_url", sa.Text),
    sa.Column("origin", sa.JSON, nullable=False),
    sa.Column("idempotency_key", sa.Text),
    sa.Column("request_hash", sa.Text, nullable=False),
    sa.Column("stage", sa.Text),
    sa.Column("done", sa.BigInteger, nullable=False),
    sa.Column("total", sa.BigInteger),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("max_attempts", sa.Integer, nullable=False),
    # Grows with every change of hands. A queue entry is valid for one value, a worker may write under one value.
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("entry_id", sa.Text, nullable=False),
    sa.Column("due_s", sa.Double, nullable=False),
    sa.Column("lease_owner", sa.Text),
    sa.Column("lease_until_s", sa.Double),
    sa.Column("started_s", sa.Double),
    sa.Column("finished_s", sa.Double),
    sa.Column("error_code", sa.Text),
    sa.Column("error_message", sa.Text),
    sa.Column("result", sa.JSON(none_as_null=True)),
    sa.Column("subject_id", sa.Text),
    sa.Column("camera_id", sa.Text),
    # What the tenant paid and would get back.
    sa.Column("credits", sa.BigInteger, nullable=False, server_default="0"),
    # The API in whose words the webhook is told; null: nobody is told.
    sa.Column("notify", sa.Text),
    sa.Column("event_sequence", sa.Integer, nullable=False, server_default="0"),
    sa.Column("event_percentage", sa.Integer, nullable=False, server_default="0"),
    # What an API calls the job, and where a caller wants to be told of this one.
    sa.Column("vendor_id", sa.Text),
    sa.Column("vendor_number", sa.BigInteger),
    sa.Column("callback_url", sa.Text),
    sa.Column("lane", sa.Text, nullable=False, server_default="video"),
    sa.Column("is_awaited", sa.Boolean, nullable=False, server_default=sa.false()),
    # The job whose video this one draws; such jobs are in no list and count against no limit.
    sa.Column("follows", sa.Text),
    # The finished job that this one goes on from, and what had been corrected in its result when this one was accepted.
    # No foreign key: when both are final, either may be forgotten first.
    sa.Column("builds_on", sa.Text),
    sa.Column("corrections", sa.JSON(none_as_null=True)),
    sa.Column("asked_by", sa.Text),
    sa.UniqueConstraint("tenant_id", "idempotency_key"),
    sa.CheckConstraint(sa.column("state").in_(STATES), name="state"),
    sa.Index(None, "tenant_id", "created_s", "id"),
    sa.Index(None, "state", "due_s"),
    sa.Index(None, "input_key"),
    sa.Index(None, "subject_id", "created_s", "id"),
    sa.Index(None, "tenant_id", "vendor_id", unique=True),
    sa.Index(None, "tenant_id", "vendor_number"),
    sa.Index(None, "tenant_id", "input_name"),
    sa.Index(None, "follows", unique=True),
    sa.Index(None, "builds_on"),
    sa.Index(None, "tenant_id", "camera_id", "created_s", "id"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("fence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("started_s", sa.Double, nullable=False),
    sa.Column("finished_s", sa.Double),
    sa.Column("outcome", sa.Text),
    sa.Column("error_code", sa.Text),
    sa.Column("error_message", sa.Text),
    sa.Column("log_tail", sa.Text),
)

artefacts = sa.Table(
    "artefacts",
    metadata,
    sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
)

# Pictures that a job needs besides its video, by the person that they are for.
attachments = sa.Table(
    "attachments",
    metadata,
    sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("obj_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key", sa.Text),
    sa.Column("url", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("sha256", sa.Text),
    sa.Index(None, "key"),
)

# What was corrected by hand in the result of a job: a log that only grows, in which taking something back is an entry too.
corrections = sa.Table(
    "corrections",
    metadata,
    sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    # One of the two: a change, or the number of the entry that is taken back.
    sa.Column("change", sa.JSON(none_as_null=True)),
    sa.Column("undoes", sa.Integer),
    # The result after this entry; only the last entry of a job keeps it.
    sa.Column("result", sa.JSON(none_as_null=True)),
    sa.Column("made_by", sa.Text),
    sa.Column("created_s", sa.Double, nullable=False),
)

secrets = sa.Table(
    "secrets",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

subjects = sa.Table(
    "subjects",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    sa.Column("email", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("height_m", sa.Double),
    sa.Column("weight_kg", sa.Double),
    sa.Column("created_s", sa.Double, nullable=False),
    sa.Column("deleted_s", sa.Double),
    sa.Index(None, "tenant_id", "created_s", "id"),
)

webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("updated_s", sa.Double, nullable=False),
)

# Without a foreign key to the jobs: an event has to reach its receiver also when its job was deleted meanwhile.
webhook_events = sa.Table(
    "webhook_events",
    metadata,
    sa.Column("job_id", sa.Text, primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    sa.Column("dialect", sa.Text, nullable=False),
    sa.Column("happening", sa.Text, nullable=False),
    sa.Column("percentage", sa.Integer, nullable=False),
    sa.Column("created_s", sa.Double, nullable=False),
    # Whoever claims an event moves this into the future: the lease.
    sa.Column("due_s", sa.Double, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("settled_s", sa.Double),
    sa.Column("outcome", sa.Text),
    # Where it goes: to one standing receiver, to an address of its own, or, with neither, to the tenant's webhook.
    sa.Column("receiver_id", sa.Text),
    sa.Column("url", sa.Text),
    sa.Index(None, "settled_s", "due_s"),
    sa.Index(None, "receiver_id"),
)

receivers = sa.Table(
    "receivers",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("created_s", sa.Double, nullable=False),
    sa.Column("updated_s", sa.Double, nullable=False),
    sa.Index(None, "tenant_id", "created_s"),
)

# Without a foreign key to the jobs: what was learnt from operators outlives the clips.
labels = sa.Table(
    "labels",
    metadata,
    sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("classify_id", sa.Text, primary_key=True),
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
    sa.Index(None, "tenant_id", "created_s", "classify_id"),
)

custom_labels = sa.Table(
    "custom_labels",
    metadata,
    sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    sa.Column("label", sa.Text),
    sa.Column("created_s", sa.Double, nullable=False),
)

cameras = sa.Table(
    "cameras",
    metadata,
    sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("updated_s", sa.Double, nullable=False),
)

camera_addresses = sa.Table(
    "camera_addresses",
    metadata,
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False),
    sa.Column("camera_id", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["tenant_id", "camera_id"], ["cameras.tenant_id", "cameras.id"], ondelete="CASCADE"),
    sa.Index(None, "tenant_id", "camera_id"),
)

# Also for cameras that were never set up, and kept longer than the jobs that were counted.
camera_days = sa.Table(
    "camera_days",
    metadata,
    sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("camera_id", sa.Text, primary_key=True),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
)

# What a tenant has chosen for all its cameras: parameters that new jobs begin with.
alarm_defaults = sa.Table(
    "alarm_defaults",
    metadata,
    sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("parameters", sa.JSON, nullable=False),
    sa.Column("updated_s", sa.Double, nullable=False),
)

outputs = sa.Table(
    "outputs",
    metadata,
    sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("settings", sa.JSON, nullable=False),
    # Of the last message; DC-09 numbers them from 1 to 9999 and begins again.
    sa.Column("sequence", sa.Integer, nullable=False, server_default="0"),
    sa.Column("updated_s", sa.Double, nullable=False),
)

# Without a foreign key to the jobs, like the events: a message says all it has to say in its facts.
output_messages = sa.Table(
    "output_messages",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False),
    sa.Column("output", sa.Text, nullable=False),
    sa.Column("camera_id", sa.Text),
    sa.Column("job_id", sa.Text, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
    # How many further alarms this message stands for, and whether more may still be added.
    sa.Column("further", sa.Integer, nullable=False, server_default="0"),
    sa.Column("is_open", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("created_s", sa.Double, nullable=False),
    # Whoever claims a message moves this into the future: the lease.
    sa.Column("due_s", sa.Double, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("settled_s", sa.Double),
    sa.Column("outcome", sa.Text),
    sa.ForeignKeyConstraint(["tenant_id", "output"], ["outputs.tenant_id", "outputs.name"], ondelete="CASCADE"),
    sa.Index(None, "settled_s", "due_s"),
    sa.Index(None, "tenant_id", "output", "camera_id", "is_open"),
)
