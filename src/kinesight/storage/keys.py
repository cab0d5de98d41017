"""Tenants and their API keys, stored as hashes."""

from __future__ import annotations

import hashlib
import secrets
import string

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from kinesight.domain.errors import BadSetting, Conflict, Forbidden, NotFound
from kinesight.domain.job import ApiKey, Tenant
from kinesight.storage.database import Database, database_now
from kinesight.storage.engine import new_id
from kinesight.storage.rows import storable
from kinesight.storage.tables import api_keys, tenants

ALPHABET = string.ascii_letters + string.digits
KEY_LENGTH = 24  # 24 of 62 letters: 142 bits, so a plain hash is enough; slow hashes are for what people choose
SHORTEST_KEY = 16
CLIENT_ID_LENGTH = 16
PREFIX_LENGTH = 6
LISTED = (api_keys.c.id, api_keys.c.tenant_id, api_keys.c.name, api_keys.c.prefix, api_keys.c.created_s, api_keys.c.revoked_s)


class SqlKeys:
    """Keys in SQLite or PostgreSQL. Implements the port `Keys`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tenant_for(self, secret: str) -> Tenant:
        """Return whose key this is. Raises `Forbidden` for an unknown or revoked key."""
        query = (
            sa.select(tenants.c.id, tenants.c.name, tenants.c.client_id, api_keys.c.name.label("key_name"))
            .join(api_keys, api_keys.c.tenant_id == tenants.c.id)
            .where(api_keys.c.sha256 == _hash(secret), api_keys.c.revoked_s.is_(None))
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise Forbidden
        return Tenant(id=row.id, name=row.name, client_id=row.client_id, key_name=row.key_name)

    def tenant(self, tenant_id: str) -> Tenant:
        """Return a tenant. Raises `NotFound`."""
        query = sa.select(tenants.c.id, tenants.c.name, tenants.c.client_id).where(tenants.c.id == tenant_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("There is no such tenant.")
        return Tenant(id=row.id, name=row.name, client_id=row.client_id)

    def create(self, name: str, *, tenant_name: str = "default", secret: str | None = None) -> tuple[ApiKey, Tenant, str]:
        """Make a key (24 characters unless given) and return it with its tenant and, this once, the secret.

        Raises `Conflict` when the given secret is a key already.
        """
        with self._database.write() as connection:
            tenant = _tenant(connection, tenant_name) or _new_tenant(connection, tenant_name, client_id=None)
            secret = secret or _random(KEY_LENGTH)
            return _new_key(connection, tenant, name=storable(name) or "", secret=secret), tenant, secret

    def page(self) -> tuple[ApiKey, ...]:
        """Return every key, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(*LISTED).order_by(api_keys.c.created_s, api_keys.c.id))
            return tuple(ApiKey(**row) for row in rows.mappings())

    def revoke(self, key_id: str) -> None:
        """Make a key useless. Raises `NotFound`."""
        with self._database.write() as connection:
            changed = connection.execute(
                sa.update(api_keys)
                .where(api_keys.c.id == storable(key_id))
                .values(revoked_s=sa.func.coalesce(api_keys.c.revoked_s, database_now()))
            ).rowcount
        if changed == 0:
            raise NotFound("There is no key with this id; see `kinesight keys list`.")

    def credits(self, tenant_name: str, *, add: int = 0) -> int:
        """Give a tenant credits (or take some, down to none) and return how many it has now. Raises `NotFound`."""
        now = tenants.c.credits + add
        with self._database.write() as connection:
            left = connection.execute(
                sa.update(tenants)
                .where(tenants.c.name == storable(tenant_name))
                .values(credits=sa.case((now < 0, 0), else_=now))
                .returning(tenants.c.credits)
            ).scalar_one_or_none()
        if left is None:
            raise NotFound(f"There is no tenant {tenant_name!r}; `kinesight keys create NAME --tenant TENANT` makes one.")
        return int(left)

    def bootstrap(self, *, secret: str | None = None, client_id: str | None = None) -> tuple[Tenant, str] | None:
        """Make the tenant `default` with one key if there is no tenant at all; return it and, this once, the secret.

        Raises `BadSetting` for a key shorter than 16 characters or a client id that has not 16.
        """
        if secret is not None and len(secret) < SHORTEST_KEY:
            raise BadSetting(f"Setting bootstrap_key has to have at least {SHORTEST_KEY} characters.")
        if client_id is not None and len(client_id) != CLIENT_ID_LENGTH:
            raise BadSetting(f"Setting bootstrap_client_id has to have {CLIENT_ID_LENGTH} characters.")
        try:
            with self._database.write() as connection:
                if connection.execute(sa.select(tenants.c.id).limit(1)).first() is not None:
                    return None
                tenant = _new_tenant(connection, "default", client_id=client_id)
                secret = secret or _random(KEY_LENGTH)
                _new_key(connection, tenant, name="bootstrap", secret=secret)
                return tenant, secret
        except IntegrityError:  # another host was quicker by a moment
            return None


def _tenant(connection: sa.Connection, name: str) -> Tenant | None:
    row = connection.execute(
        sa.select(tenants.c.id, tenants.c.name, tenants.c.client_id).where(tenants.c.name == name)
    ).one_or_none()
    return None if row is None else Tenant(id=row.id, name=row.name, client_id=row.client_id)


def _new_tenant(connection: sa.Connection, name: str, *, client_id: str | None) -> Tenant:
    tenant = Tenant(id=new_id(), name=name, client_id=client_id or _random(CLIENT_ID_LENGTH))
    connection.execute(sa.insert(tenants).values(id=tenant.id, name=name, client_id=tenant.client_id, created_s=database_now()))
    return tenant


def _new_key(connection: sa.Connection, tenant: Tenant, *, name: str, secret: str) -> ApiKey:
    digest = _hash(secret)
    if connection.execute(sa.select(api_keys.c.id).where(api_keys.c.sha256 == digest)).first() is not None:
        raise Conflict("This key exists already.")
    row = (
        connection.execute(
            sa.insert(api_keys)
            .values(
                id=new_id(),
                tenant_id=tenant.id,
                name=name,
                prefix=secret[:PREFIX_LENGTH],
                sha256=digest,
                created_s=database_now(),
            )
            .returning(*LISTED)
        )
        .mappings()
        .one()
    )
    return ApiKey(**row)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
