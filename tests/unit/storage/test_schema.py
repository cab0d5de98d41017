"""The tables that the migrations make are the tables that the code expects, on both databases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from kinesight.domain.errors import BadSetting, DiskFull
from kinesight.settings import Settings
from kinesight.storage.database import Database, database_now, database_url
from kinesight.storage.opening import open_storage
from kinesight.storage.tables import metadata, tenants
from kinesight.testing.database import fresh_database, postgresql


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = fresh_database(request.getfixturevalue("server")) if request.param == "postgresql" else None
    return Settings(data=tmp_path / "data", database_url=url, disk_reserve_mb=0)


def test_migrations_make_what_the_code_expects(settings: Settings) -> None:
    storage = open_storage(settings)
    with storage.database.write() as connection:
        options = {
            "version_table": "kinesight_schema",
            "compare_type": True,
            "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
        }
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    storage.close()


OLD_JOB = """
INSERT INTO jobs (id, tenant_id, kind, parameters, state, created_s, origin, request_hash,
                  done, attempt, max_attempts, fence, entry_id, due_s)
VALUES ('j', 't', 'walk', '{}', 'failed', 2.0, '{}', 'h', 0, 1, 3, 2, '0:j:0', 2.0)
"""


def test_an_older_installation_keeps_its_rows(settings: Settings) -> None:
    settings.data.mkdir()
    database = Database(database_url(settings))
    config = Config()
    config.set_main_option("script_location", "kinesight.storage:migrations")
    config.set_main_option("path_separator", "os")
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql("INSERT INTO tenants VALUES ('t', 'old', 'c', 1.0)")
        connection.exec_driver_sql(OLD_JOB)
    database.close()
    storage = open_storage(settings)
    job = storage.jobs.get("t", "j")
    assert (job.created_s, job.subject_id) == (2.0, None)
    assert storage.keys.credits("old", add=3) == 3
    storage.close()


def test_opening_again_and_at_once_keeps_everything(settings: Settings) -> None:
    storage = open_storage(settings)
    made = storage.keys.bootstrap(client_id="c" * 16)
    assert made is not None
    tenant, secret = made
    assert (tenant.name, tenant.client_id, len(secret)) == ("default", "c" * 16, 24)
    link = storage.files.link("incoming/x", name="a", media_type="b").split("exp=")[0]
    code = (
        "from kinesight.settings import load_settings\n"
        "from kinesight.storage.opening import open_storage\n"
        "open_storage(load_settings()).close()"
    )
    environment = {"KINESIGHT_DATA": str(settings.data), "PYTHONPATH": ":".join(sys.path)}
    if settings.database_url is not None:
        environment["KINESIGHT_DATABASE_URL"] = settings.database_url
    opened = [subprocess.Popen([sys.executable, "-W", "error", "-c", code], env=environment) for _ in range(2)]
    assert [process.wait() for process in opened] == [0, 0]
    again = open_storage(settings)
    assert again.keys.tenant_for(secret) == tenant
    assert again.keys.bootstrap() is None
    assert again.files.link("incoming/x", name="a", media_type="b").startswith(link)
    assert abs(again.database.now_s() - storage.database.now_s()) < 60
    for one in (storage, again):
        one.close()


def test_the_first_key_can_be_given(settings: Settings) -> None:
    storage = open_storage(settings)
    with pytest.raises(BadSetting):
        storage.keys.bootstrap(secret="short")  # noqa: S106
    with pytest.raises(BadSetting):
        storage.keys.bootstrap(client_id="short")
    assert storage.keys.bootstrap(secret="0123456789abcdef") is not None  # noqa: S106
    assert storage.keys.tenant_for("0123456789abcdef").name == "default"
    storage.close()


def test_a_failed_block_changes_nothing(settings: Settings) -> None:
    storage = open_storage(settings)

    def interrupted() -> None:
        with storage.database.write() as connection:
            connection.execute(sa.insert(tenants).values(id="1", name="x", client_id="c", created_s=database_now()))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert storage.keys.bootstrap() is not None, "there is still no tenant"
    storage.close()


def test_sqlite_keeps_what_it_promised_through_a_power_cut(tmp_path: Path) -> None:
    storage = open_storage(Settings(data=tmp_path / "data", disk_reserve_mb=0))
    with storage.database.read() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    for path in (tmp_path / "data", tmp_path / "data" / "kinesight.db"):
        assert path.stat().st_mode & 0o077 == 0, f"nobody else reads {path.name}"
    storage.close()


def test_a_full_database_disk_has_our_name(tmp_path: Path) -> None:
    storage = open_storage(Settings(data=tmp_path / "data", disk_reserve_mb=0))

    def fill() -> None:
        with storage.database.write() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
            connection.execute(sa.insert(tenants).values(id="1", name="x" * 1_000_000, client_id="c", created_s=0.0))

    with pytest.raises(DiskFull):
        fill()
    storage.close()


@pytest.mark.parametrize("url", ["nonsense", "mysql://a@b/c", "postgresql://user@host"])
def test_a_useless_database_url_is_named(url: str) -> None:
    with pytest.raises(BadSetting, match="database_url"):
        database_url(Settings(database_url=url))


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSetting, match="data"):
        open_storage(Settings(data=tmp_path / "file" / "data"))


def test_an_unreachable_database_is_a_connection_error() -> None:
    database = Database(database_url(Settings(database_url="postgresql://nobody@/none?host=/nowhere")))
    with pytest.raises(ConnectionError):
        database.now_s()
    database.close()


def test_secrets_are_those_of_the_installation_and_of_the_purpose(tmp_path: Path) -> None:
    first, other = (open_storage(Settings(data=tmp_path / name, disk_reserve_mb=0)) for name in ("one", "two"))
    again = open_storage(Settings(data=tmp_path / "one", disk_reserve_mb=0))
    assert first.secret_for("a") == again.secret_for("a")
    assert len({first.secret_for("a"), first.secret_for("b"), other.secret_for("a")}) == 3
    assert len(first.secret_for("a")) == 32
    for storage in (first, other, again):
        storage.close()
