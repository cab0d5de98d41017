"""One connection pool for SQLite or PostgreSQL: transactions, the database's clock, schema at start."""

from __future__ import annotations

import fcntl
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from kinesight.domain.errors import BadSetting, DiskFull
from kinesight.settings import Settings

READ_ONLY = "kinesight_read_only"
BUSY_MS = 30_000
SCHEMA_LOCK = 0x6B696E65  # any number that nobody else takes an advisory lock with


class database_now(sa.sql.functions.FunctionElement[float]):  # noqa: N801  # written like the SQL function that it is
    """The database's own time in seconds since the epoch, so that clocks of several hosts never meet."""

    type = sa.Double()
    inherit_cache = True


@compiles(database_now, "sqlite")
def _sqlite_now(element: database_now, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ARG001
    # 2440587.5 is the Julian date of the epoch; unixepoch('subsec') needs SQLite 3.42
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(database_now, "postgresql")
def _postgresql_now(element: database_now, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ARG001
    # now() stands still inside a transaction that waited for a lock
    return "(extract(epoch from clock_timestamp())::double precision)"


class Database:
    """The database that holds our tables and, in embedded use, those of the queue."""

    def __init__(self, url: sa.URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._engine = sa.create_engine(url, connect_args={"check_same_thread": False}, pool_size=4, max_overflow=16)
            sa.event.listen(self._engine, "connect", _set_up_sqlite)
            sa.event.listen(self._engine, "begin", _begin_sqlite)
        else:
            self._engine = sa.create_engine(url, pool_pre_ping=True, pool_size=4, max_overflow=16)

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Return a transaction that may write; it commits when the block ends without an exception.

        Raises
        ------
        DiskFull
            The database cannot grow.
        ConnectionError
            The database cannot be reached, or was locked for longer than half a minute.
        """
        with _our_errors(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Return a transaction that only reads, and waits for no writer. Raises `ConnectionError`."""
        with _our_errors(), self._engine.connect() as connection:
            yield connection.execution_options(**{READ_ONLY: True})

    def now_s(self) -> float:
        """Return the database's time in seconds since the epoch."""
        with self.read() as connection:
            return float(connection.execute(sa.select(database_now())).scalar_one())

    @contextmanager
    def schema_lock(self) -> Iterator[None]:
        """Keep every other process from changing the schema meanwhile."""
        if self.is_sqlite:
            with Path(f"{self.url.database}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
            return
        with _our_errors(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # Trying again and again instead of waiting inside one statement: a waiting statement holds a snapshot, and
            # building an index concurrently waits for every snapshot.
            while not connection.execute(sa.select(sa.func.pg_try_advisory_lock(SCHEMA_LOCK))).scalar_one():
                time.sleep(0.1)
            try:
                yield
            finally:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(SCHEMA_LOCK)))

    def upgrade(self) -> None:
        """Bring our tables up to date; call it under `schema_lock`."""
        if self.is_sqlite:
            Path(str(self.url.database)).touch(mode=0o600)  # keys and the secret of the links are in it
            self._use_write_ahead_log()
        config = Config()
        config.set_main_option("script_location", "kinesight.storage:migrations")
        config.set_main_option("path_separator", "os")
        logging.getLogger("alembic").setLevel(logging.WARNING)
        with self.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _use_write_ahead_log(self) -> None:
        # Readers and the one writer do not wait for each other then; the choice is kept in the file itself.
        with _our_errors():
            connection = self._engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA journal_mode=WAL")
            finally:
                connection.close()


def database_url(settings: Settings) -> sa.URL:
    """Return where the tables are: the PostgreSQL of the settings, else a file in the data folder. Raises `BadSetting`."""
    if settings.database_url is None:
        return sa.URL.create("sqlite", database=str(settings.data.resolve() / "kinesight.db"))
    try:
        url = sa.make_url(settings.database_url)
    except sa.exc.ArgumentError as error:
        raise BadSetting("Setting database_url is not a URL like postgresql://user@host/name.") from error
    if url.get_backend_name() not in {"postgresql", "postgres", "sqlite"} or not url.database:
        raise BadSetting("Setting database_url has to name a PostgreSQL database, like postgresql://user@host/name.")
    return url if url.get_backend_name() == "sqlite" else url.set(drivername="postgresql+psycopg")


def _set_up_sqlite(connection: Any, record: object) -> None:  # noqa: ARG001
    connection.isolation_level = None  # the begin event below decides, not the driver
    for pragma in (f"busy_timeout={BUSY_MS}", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A transaction that begins by reading and then writes fails at once when another has written meanwhile; a writer
    # therefore takes the lock first, and waits for it.
    reads = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if _is_full(error):
            raise DiskFull("The disk of the database is full; free some space and try again.") from error
        raise ConnectionError(f"The database cannot be used: {error.orig}") from error


def _is_full(error: DBAPIError) -> bool:
    # SQLite has no code for it in Python 3.11's error object that survives SQLAlchemy; PostgreSQL's class 53100 is disk_full
    return "database or disk is full" in str(error.orig) or getattr(error.orig, "sqlstate", None) == "53100"
