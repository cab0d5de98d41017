"""Cameras in SQLite or PostgreSQL, and what their clips came to."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from kinesight.domain.errors import Conflict, NotFound
from kinesight.domain.job import State
from kinesight.domain.sites import Camera, CameraPage, CameraSettings, DayCount, Recipient, SeenScene
from kinesight.storage.database import Database, database_now
from kinesight.storage.rows import storable
from kinesight.storage.tables import alarm_defaults, camera_addresses, camera_days, cameras, jobs, tenants

LONGEST_PAGE = 1000
ALARM = "alarm"
SHOWN = (cameras.c.id, cameras.c.settings, cameras.c.updated_s)


class SqlCameras:
    """Implements the port `Cameras`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant_id: str, camera_id: str) -> Camera:
        """Return a camera that was set up. Raises `NotFound`."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(*SHOWN).where(*_this(tenant_id, camera_id))).one_or_none()
        if row is None:
            raise NotFound("There is no camera with this id.")
        return _camera(row)

    def put(self, tenant_id: str, camera_id: str, settings: CameraSettings) -> Camera:
        """Set a camera up, or change it. Raises `Conflict` if another camera has one of its addresses."""
        values: dict[str, Any] = {"settings": settings.model_dump(mode="json"), "updated_s": database_now()}
        try:
            with self._database.write() as connection:
                changed = sa.update(cameras).where(*_this(tenant_id, camera_id)).values(**values).returning(*SHOWN)
                row = connection.execute(changed).one_or_none()
                if row is None:
                    new = sa.insert(cameras).values(tenant_id=tenant_id, id=camera_id, **values)
                    row = connection.execute(new.returning(*SHOWN)).one()
                _readdress(connection, tenant_id, camera_id, settings.addresses)
        except IntegrityError as error:
            raise Conflict("Another camera has one of these addresses, or was set up at the same moment.") from error
        return _camera(row)

    def delete(self, tenant_id: str, camera_id: str) -> None:
        """Forget how a camera was set up; what its clips came to stays. Raises `NotFound`."""
        with self._database.write() as connection:
            if not connection.execute(sa.delete(cameras).where(*_this(tenant_id, camera_id))).rowcount:
                raise NotFound("There is no camera with this id.")

    def page(self, tenant_id: str, *, limit: int, cursor: str | None = None) -> CameraPage:
        """Return cameras by id; the cursor is the last id of the page before."""
        limit = min(max(1, limit), LONGEST_PAGE)
        query = sa.select(*SHOWN).where(cameras.c.tenant_id == tenant_id)
        if cursor is not None:
            query = query.where(cameras.c.id > storable(cursor))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(cameras.c.id).limit(limit + 1)).all()
        found = tuple(_camera(row) for row in rows[:limit])
        return CameraPage(cameras=found, next_cursor=found[-1].id if len(rows) > limit else None)

    def recipient(self, address: str) -> Recipient | None:
        """Return whose mail this address receives: that of a camera, or `client id[+camera id]@anything`."""
        address = storable(address.strip(), longest=254) or ""
        client_id, _, camera_id = address.rpartition("@")[0].partition("+")
        exact = sa.select(camera_addresses.c.tenant_id, camera_addresses.c.camera_id)
        with self._database.read() as connection:
            row = connection.execute(exact.where(camera_addresses.c.address == address.lower())).one_or_none()
            if row is not None:
                return Recipient(tenant_id=row.tenant_id, camera_id=row.camera_id)
            # mail programs change the case of addresses; two client ids that differ in nothing else name nobody
            mine = sa.func.lower(tenants.c.client_id) == client_id.lower()
            owners = connection.execute(sa.select(tenants.c.id).where(mine).limit(2)).scalars().all()
        return Recipient(tenant_id=owners[0], camera_id=camera_id or None) if len(owners) == 1 else None

    def tenant_named(self, name: str) -> str | None:
        """Return the id of the tenant with this name."""
        with self._database.read() as connection:
            return connection.execute(sa.select(tenants.c.id).where(tenants.c.name == storable(name))).scalar_one_or_none()

    def scenes(self, tenant_id: str, camera_id: str, *, after_s: float, before_s: float, limit: int) -> tuple[SeenScene, ...]:
        """Return what the camera's clips of that time left behind, youngest first."""
        scene = jobs.c.result["result"]["scene"]
        query = (
            sa.select(jobs.c.created_s, scene.label("scene"))
            .where(
                jobs.c.tenant_id == tenant_id,
                jobs.c.camera_id == storable(camera_id),
                jobs.c.created_s.between(after_s, before_s),
                jobs.c.kind == ALARM,
                jobs.c.state == State.SUCCEEDED,
            )
            .order_by(jobs.c.created_s.desc(), jobs.c.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(SeenScene(seen_s=row.created_s, scene=row.scene) for row in rows if isinstance(row.scene, dict))

    def counts(self, tenant_id: str, camera_id: str, *, days: int) -> tuple[DayCount, ...]:
        """Return what was counted on the last so many days, today included, oldest first."""
        today = dt.datetime.fromtimestamp(self._database.now_s(), dt.UTC).date()
        first = (today - dt.timedelta(days=days - 1)).isoformat()
        query = sa.select(camera_days.c.day, camera_days.c.name, camera_days.c["count"]).where(
            camera_days.c.tenant_id == tenant_id, camera_days.c.camera_id == storable(camera_id), camera_days.c.day >= first
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(camera_days.c.day, camera_days.c.name)).mappings()
            return tuple(DayCount(**row) for row in rows)

    def recent(self, tenant_id: str, camera_id: str, *, period_s: float) -> int:
        """Return how many clips of a camera were accepted in the last so many seconds."""
        with self._database.read() as connection:
            return count_recent(connection, tenant_id, camera_id, period_s=period_s)

    def defaults(self, tenant_id: str) -> dict[str, Any]:
        """Return the parameters that the alarm jobs of a tenant begin with; empty where nothing was chosen."""
        query = sa.select(alarm_defaults.c.parameters).where(alarm_defaults.c.tenant_id == tenant_id)
        with self._database.read() as connection:
            return dict(connection.execute(query).scalar_one_or_none() or {})

    def put_defaults(self, tenant_id: str, parameters: dict[str, Any]) -> None:
        """Choose the parameters that new alarm jobs of a tenant begin with."""
        values: dict[str, Any] = {"parameters": parameters, "updated_s": database_now()}
        with self._database.write() as connection:
            mine = sa.update(alarm_defaults).where(alarm_defaults.c.tenant_id == tenant_id).values(**values)
            if not connection.execute(mine).rowcount:
                connection.execute(sa.insert(alarm_defaults).values(tenant_id=tenant_id, **values))


def count_recent(connection: sa.Connection, tenant_id: str, camera_id: str, *, period_s: float) -> int:
    """Return how many clips of a camera were accepted in the last so many seconds."""
    query = (
        sa.select(sa.func.count())
        .select_from(jobs)
        .where(
            jobs.c.tenant_id == tenant_id,
            jobs.c.camera_id == storable(camera_id),
            jobs.c.created_s > database_now() - period_s,
            jobs.c.kind == ALARM,
        )
    )
    return int(connection.execute(query).scalar_one())


def _this(tenant_id: str, camera_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return cameras.c.tenant_id == tenant_id, cameras.c.id == storable(camera_id)


def _readdress(connection: sa.Connection, tenant_id: str, camera_id: str, addresses: tuple[str, ...]) -> None:
    mine = (camera_addresses.c.tenant_id == tenant_id, camera_addresses.c.camera_id == camera_id)
    connection.execute(sa.delete(camera_addresses).where(*mine))
    if addresses:
        rows = [{"address": address, "tenant_id": tenant_id, "camera_id": camera_id} for address in addresses]
        connection.execute(sa.insert(camera_addresses), rows)


def _camera(row: sa.Row[Any, *tuple[Any, ...]]) -> Camera:
    return Camera(id=row.id, settings=CameraSettings.model_validate(row.settings), updated_s=row.updated_s)
