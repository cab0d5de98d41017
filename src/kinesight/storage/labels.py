"""What operators said, in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from kinesight.domain.errors import BadParameter, NotFound
from kinesight.domain.labels import MOST_CUSTOM, CustomLabel, LabelPage, OperatorLabel, Said
from kinesight.storage.database import Database, database_now
from kinesight.storage.rows import read_cursor, storable, write_cursor
from kinesight.storage.tables import custom_labels, labels, tenants

LONGEST_PAGE = 1000
SAID = (
    labels.c.classify_id,
    labels.c.job_id,
    labels.c.labels,
    labels.c.comment,
    labels.c.camera_id,
    labels.c.video_name,
    labels.c.risk,
    labels.c.scores,
    labels.c.features,
)
SHOWN = (*SAID, labels.c.created_s, labels.c.updated_s)


class SqlLabels:
    """Implements the port `Labels`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, tenant_id: str, said: Said) -> OperatorLabel:
        """Keep what was said about a clip, in place of what was said before, and return the entry. Raises `NotFound` (tenant)."""
        same = (labels.c.tenant_id == tenant_id, labels.c.classify_id == said.classify_id)
        values = {**_storable(said), "updated_s": database_now()}
        with self._database.write() as connection:
            _lock(connection, tenant_id)
            row = connection.execute(sa.update(labels).where(*same).values(**values).returning(*SHOWN)).one_or_none()
            if row is None:
                new = sa.insert(labels).values(tenant_id=tenant_id, created_s=database_now(), **values)
                row = connection.execute(new.returning(*SHOWN)).one()
            return _entry(row)

    def page(self, tenant_id: str, *, limit: int, cursor: str | None = None, camera_id: str | None = None) -> LabelPage:
        """Return entries, newest first, of one camera if one is given. Raises `BadParameter` for a strange cursor."""
        limit = min(max(1, limit), LONGEST_PAGE)
        query = sa.select(*SHOWN).where(labels.c.tenant_id == tenant_id)
        if camera_id is not None:
            query = query.where(labels.c.camera_id == storable(camera_id))
        if cursor is not None:
            query = query.where(sa.tuple_(labels.c.created_s, labels.c.classify_id) < sa.tuple_(*read_cursor(cursor)))
        query = query.order_by(labels.c.created_s.desc(), labels.c.classify_id.desc()).limit(limit + 1)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        shown = rows[:limit]
        more = len(rows) > limit
        return LabelPage(
            entries=tuple(map(_entry, shown)),
            next_cursor=write_cursor(shown[-1].created_s, shown[-1].classify_id) if more else None,
        )

    def custom(self, tenant_id: str) -> tuple[CustomLabel, ...]:
        """Return the tenant's own labels, by value."""
        query = sa.select(custom_labels.c.value, custom_labels.c.label).where(custom_labels.c.tenant_id == tenant_id)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        # sorted here, because databases disagree about the order of text
        return tuple(CustomLabel(value=row.value, label=row.label) for row in sorted(rows, key=lambda row: row.value))

    def add_custom(self, tenant_id: str, labels: Sequence[CustomLabel]) -> None:
        """Keep labels, each value once. Raises `BadParameter` when there would be too many, `NotFound` (tenant)."""
        wanted = {storable(one.value) or "": storable(one.label) for one in labels}
        mine = custom_labels.c.tenant_id == tenant_id
        with self._database.write() as connection:
            _lock(connection, tenant_id)
            known = set(connection.execute(sa.select(custom_labels.c.value).where(mine)).scalars())
            new = [value for value in wanted if value not in known]
            if len(known) + len(new) > MOST_CUSTOM:
                raise BadParameter(f"There would be more than {MOST_CUSTOM} custom labels.")
            for value in new:
                row = {"tenant_id": tenant_id, "value": value, "label": wanted[value], "created_s": database_now()}
                connection.execute(sa.insert(custom_labels).values(**row))
            for value in known & {value for value, label in wanted.items() if label is not None}:
                shown = sa.update(custom_labels).where(mine, custom_labels.c.value == value).values(label=wanted[value])
                connection.execute(shown)


def _lock(connection: sa.Connection, tenant_id: str) -> None:
    # Two calls about the same clip must not both find nothing and then both write.
    row = connection.execute(sa.select(tenants.c.id).where(tenants.c.id == tenant_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("There is no such tenant.")


def _storable(said: Said) -> dict[str, Any]:
    return {
        "classify_id": said.classify_id,
        "job_id": said.job_id,
        "labels": [storable(one) for one in said.labels],
        "comment": storable(said.comment) or "",
        "camera_id": storable(said.camera_id) or "",
        "video_name": storable(said.video_name),
        "risk": said.risk,
        "scores": dict(said.scores),
        "features": dict(said.features),
    }


def _entry(row: sa.Row[Any, *tuple[Any, ...]]) -> OperatorLabel:
    given = {column.name: getattr(row, column.name) for column in SAID}
    said = Said(**{**given, "labels": tuple(given["labels"])})
    return OperatorLabel(said=said, created_s=row.created_s, updated_s=row.updated_s)
