"""A stand-in for tenants and their keys that needs no database."""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import replace

from kinesight.domain.errors import Conflict, Forbidden, NotFound
from kinesight.domain.job import ApiKey, Tenant


class MemoryKeys:
    """Implements the port `Keys`."""

    def __init__(self) -> None:
        self._tenants: dict[str, Tenant] = {}
        self._keys: dict[str, ApiKey] = {}  # by secret
        self._credits: dict[str, int] = {}  # by tenant name

    def tenant_for(self, secret: str) -> Tenant:
        """Return whose key this is. Raises `Forbidden` for an unknown or revoked key."""
        key = self._keys.get(secret)
        if key is None or key.revoked_s is not None:
            raise Forbidden
        return next(tenant for tenant in self._tenants.values() if tenant.id == key.tenant_id)

    def create(self, name: str, *, tenant_name: str = "default", secret: str | None = None) -> tuple[ApiKey, Tenant, str]:
        """Make a key and return it with its tenant and the secret. Raises `Conflict`."""
        secret = secret or secrets.token_hex(12)
        if secret in self._keys:
            raise Conflict("This key exists already.")
        fresh = Tenant(id=str(uuid.uuid4()), name=tenant_name, client_id=secrets.token_hex(8))
        tenant = self._tenants.setdefault(tenant_name, fresh)
        key = ApiKey(id=str(uuid.uuid4()), tenant_id=tenant.id, name=name, prefix=secret[:6], created_s=time.time())
        self._keys[secret] = key
        return key, tenant, secret

    def page(self) -> tuple[ApiKey, ...]:
        """Return every key, oldest first."""
        return tuple(self._keys.values())

    def revoke(self, key_id: str) -> None:
        """Make a key useless. Raises `NotFound`."""
        for secret, key in self._keys.items():
            if key.id == key_id:
                self._keys[secret] = replace(key, revoked_s=key.revoked_s or time.time())
                return
        raise NotFound("There is no key with this id; see `kinesight keys list`.")

    def credits(self, tenant_name: str, *, add: int = 0) -> int:
        """Give a tenant credits (or take some, down to none) and return how many it has now. Raises `NotFound`."""
        if tenant_name not in self._tenants:
            raise NotFound(f"There is no tenant {tenant_name!r}; `kinesight keys create NAME --tenant TENANT` makes one.")
        self._credits[tenant_name] = max(0, self._credits.get(tenant_name, 0) + add)
        return self._credits[tenant_name]
