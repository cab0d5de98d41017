"""Subjects in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from kinesight.domain.errors import NotFound
from kinesight.domain.subjects import FIELDS, Subject, SubjectPage
from kinesight.storage.database import Database, database_now
from kinesight.storage.engine import new_id
from kinesight.storage.rows import read_cursor, storable, write_cursor
from kinesight.storage.tables import subjects

LONGEST_PAGE = 1000
SHOWN = (subjects.c.id, subjects.c.created_s, *(subjects.c[name] for name in FIELDS))


class SqlSubjects:
    """Implements the port `Subjects`. A deleted subject keeps its row, because analyses refer to it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, tenant_id: str, fields: Mapping[str, str | float | None]) -> Subject:
        """Keep a subject and return it."""
        values = {"id": new_id(), "tenant_id": tenant_id, "created_s": database_now(), **_storable(fields)}
        with self._database.write() as connection:
            return _subject(connection.execute(sa.insert(subjects).values(**values).returning(*SHOWN)).one())

    def page(self, tenant_id: str, *, limit: int, cursor: str | None = None) -> SubjectPage:
        """Return subjects, newest first. Raises `BadParameter` for a strange cursor."""
        limit = min(max(1, limit), LONGEST_PAGE)
        query = sa.select(*SHOWN).where(subjects.c.tenant_id == tenant_id, subjects.c.deleted_s.is_(None))
        if cursor is not None:
            query = query.where(sa.tuple_(subjects.c.created_s, subjects.c.id) < sa.tuple_(*read_cursor(cursor)))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(subjects.c.created_s.desc(), subjects.c.id.desc()).limit(limit + 1)).all()
        shown = rows[:limit]
        more = len(rows) > limit
        return SubjectPage(
            subjects=tuple(_subject(row) for row in shown),
            next_cursor=write_cursor(shown[-1].created_s, shown[-1].id) if more else None,
        )

    def get(self, tenant_id: str, subject_id: str) -> Subject:
        """Return a subject. Raises `NotFound`."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(*SHOWN).where(*_living(tenant_id, subject_id))).one_or_none()
        return _found(row)

    def update(self, tenant_id: str, subject_id: str, fields: Mapping[str, str | float | None]) -> Subject:
        """Change the given fields and return the subject. Raises `NotFound`."""
        if not fields:
            return self.get(tenant_id, subject_id)
        change = sa.update(subjects).where(*_living(tenant_id, subject_id)).values(**_storable(fields)).returning(*SHOWN)
        with self._database.write() as connection:
            return _found(connection.execute(change).one_or_none())

    def delete(self, tenant_id: str, subject_id: str) -> None:
        """Hide a subject for good. Raises `NotFound`."""
        change = sa.update(subjects).where(*_living(tenant_id, subject_id)).values(deleted_s=database_now()).returning(*SHOWN)
        with self._database.write() as connection:
            _found(connection.execute(change).one_or_none())


def _living(tenant_id: str, subject_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (subjects.c.id == storable(subject_id), subjects.c.tenant_id == tenant_id, subjects.c.deleted_s.is_(None))


def _storable(fields: Mapping[str, str | float | None]) -> dict[str, str | float | None]:
    return {name: storable(value) if isinstance(value, str) else value for name, value in fields.items()}


def _found(row: sa.Row[Any, *tuple[Any, ...]] | None) -> Subject:
    if row is None:
        raise NotFound("There is no subject with this id.")
    return _subject(row)


def _subject(row: sa.Row[Any, *tuple[Any, ...]]) -> Subject:
    return Subject(**row._mapping)  # noqa: SLF001  # SQLAlchemy's public name for a row as a mapping
