"""Corrections by hand in SQLite or PostgreSQL: who comes second with the same number has to look again."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from kinesight.domain.corrections import CorrectionLog, Entry
from kinesight.domain.errors import NotFound
from kinesight.storage.database import Database, database_now
from kinesight.storage.rows import storable
from kinesight.storage.tables import corrections, jobs


class SqlCorrections:
    """Implements the port `CorrectionStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def log(self, job_id: str) -> CorrectionLog:
        """Return the log of a job, an empty one if nothing was corrected."""
        query = sa.select(corrections).where(corrections.c.job_id == storable(job_id)).order_by(corrections.c.number)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        entries = tuple(
            Entry(number=row.number, change=row.change, undoes=row.undoes, made_by=row.made_by, created_s=row.created_s)
            for row in rows
        )
        return CorrectionLog(entries=entries, result=rows[-1].result if rows else None)

    def append(self, job_id: str, entry: Entry, *, result: dict[str, Any]) -> bool:
        """Write an entry (its time is the database's), and the result after it; False if its number is taken.

        Raises `NotFound` when the job is gone.
        """
        values = {
            "number": entry.number,
            "change": entry.change,
            "undoes": entry.undoes,
            "made_by": storable(entry.made_by, longest=400),
            "created_s": database_now(),
        }
        earlier = sa.update(corrections).where(corrections.c.job_id == job_id, corrections.c.number < entry.number)
        try:
            with self._database.write() as connection:
                # first, so that it is this row at which somebody who writes at the same time waits, and fails
                connection.execute(sa.insert(corrections).values(job_id=job_id, result=result, **values))
                connection.execute(earlier.values(result=sa.null()))
        except IntegrityError as error:
            with self._database.read() as connection:
                if connection.execute(sa.select(jobs.c.id).where(jobs.c.id == job_id)).first() is None:
                    raise NotFound("There is no job with this id.") from error
            return False
        return True
