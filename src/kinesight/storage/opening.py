"""Opens the storage of an installation: schema up to date, secret made, everything behind its port."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from kinesight.domain.errors import BadSetting
from kinesight.settings import Settings
from kinesight.storage.corrections import SqlCorrections
from kinesight.storage.database import Database, database_url
from kinesight.storage.engine import DbosEngine
from kinesight.storage.files import LocalFiles
from kinesight.storage.job_store import SqlJobStore
from kinesight.storage.keys import SqlKeys
from kinesight.storage.labels import SqlLabels
from kinesight.storage.outputs import SqlMessageBox, SqlOutputs
from kinesight.storage.receivers import SqlReceivers
from kinesight.storage.sites import SqlCameras
from kinesight.storage.subjects import SqlSubjects
from kinesight.storage.tables import secrets as secret_table
from kinesight.storage.webhooks import SqlOutbox, SqlWebhooks

LINK_SECRET = "links"  # noqa: S105  # the name of a row
ROOT_SECRET = "root"  # noqa: S105  # and of the one that others are derived from


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The state of one installation. `files` is also the port `Uploads`."""

    jobs: SqlJobStore
    keys: SqlKeys
    files: LocalFiles
    engine: DbosEngine
    database: Database
    subjects: SqlSubjects
    webhooks: SqlWebhooks
    outbox: SqlOutbox
    receivers: SqlReceivers
    labels: SqlLabels
    cameras: SqlCameras
    outputs: SqlOutputs
    messages: SqlMessageBox
    corrections: SqlCorrections
    root_secret: bytes

    def secret_for(self, purpose: str) -> bytes:
        """Return 32 bytes that only this installation knows, always the same for one purpose, and telling nothing of another."""
        return hmac.new(self.root_secret, purpose.encode(), hashlib.sha256).digest()

    def close(self) -> None:
        """Close every connection."""
        self.engine.close()
        self.database.close()


def open_storage(settings: Settings) -> Storage:
    """Return the storage of an installation, made or brought up to date first.

    Any number of processes may do this at once. Raises `BadSetting`, `DiskFull`, and `ConnectionError` when the database
    cannot be reached.
    """
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise BadSetting(f"Setting data: {settings.data} cannot be made or used: {error.strerror}.") from error
    url = database_url(settings)
    database = Database(url)
    engine = DbosEngine(url, tenant_concurrency=settings.tenant_concurrency, poll_s=settings.poll_s)
    with database.schema_lock():
        database.upgrade()
        engine.prepare()
        link_secret, root_secret = _secret(database, LINK_SECRET), _secret(database, ROOT_SECRET)
    return Storage(
        jobs=SqlJobStore(database, engine, lease_s=settings.lease_s),
        keys=SqlKeys(database),
        files=LocalFiles(settings.data, secret=link_secret, reserve_mb=settings.disk_reserve_mb),
        engine=engine,
        database=database,
        subjects=SqlSubjects(database),
        webhooks=SqlWebhooks(database),
        outbox=SqlOutbox(database),
        receivers=SqlReceivers(database),
        labels=SqlLabels(database),
        cameras=SqlCameras(database),
        outputs=SqlOutputs(database),
        messages=SqlMessageBox(database),
        corrections=SqlCorrections(database),
        root_secret=root_secret,
    )


def _secret(database: Database, name: str) -> bytes:
    # In the database, because every host that answers for it must accept the links and tokens of every other.
    with database.write() as connection:
        row = connection.execute(sa.select(secret_table.c.value).where(secret_table.c.name == name)).one_or_none()
        if row is None:
            row = connection.execute(
                sa.insert(secret_table).values(name=name, value=secrets.token_hex(32)).returning(secret_table.c.value)
            ).one()
    return bytes.fromhex(row.value)
