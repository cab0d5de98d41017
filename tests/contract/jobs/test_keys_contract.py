"""What every implementation of the port `Keys` promises."""

from __future__ import annotations

import pytest

from kinesight.domain.errors import Conflict, Forbidden, NotFound

from .conftest import World


def test_a_key_opens_its_tenant_until_it_is_revoked(world: World) -> None:
    key, tenant, secret = world.keys.create("laptop", tenant_name="three")
    assert len(secret) == 24
    assert len(tenant.client_id) == 16
    assert secret.startswith(key.prefix)
    assert key.prefix != secret
    assert world.keys.tenant_for(secret) == tenant
    world.keys.revoke(key.id)
    world.keys.revoke(key.id)
    with pytest.raises(Forbidden):
        world.keys.tenant_for(secret)
    assert next(one for one in world.keys.page() if one.id == key.id).revoked_s is not None


def test_two_keys_of_one_tenant(world: World) -> None:
    _, tenant, secret = world.keys.create("a", tenant_name="three")
    _, same, other = world.keys.create("b", tenant_name="three", secret="a-secret-of-our-own")  # noqa: S106
    assert tenant == same
    assert other == "a-secret-of-our-own"
    assert world.keys.tenant_for(other) == world.keys.tenant_for(secret)
    assert [key.name for key in world.keys.page()][-2:] == ["a", "b"]
    with pytest.raises(Conflict):
        world.keys.create("c", secret=other)


@pytest.mark.parametrize("secret", ["", "x", "ä\ud800", "x" * 100_000])
def test_an_unknown_key_is_forbidden(world: World, secret: str) -> None:
    with pytest.raises(Forbidden):
        world.keys.tenant_for(secret)


def test_an_unknown_id_cannot_be_revoked(world: World) -> None:
    with pytest.raises(NotFound):
        world.keys.revoke("nobody")
