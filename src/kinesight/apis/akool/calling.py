"""Who calls: a token or a key in `Authorization`, or else a key in `x-api-key`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials

from kinesight.apis.akool.errors import DIALECT
from kinesight.apis.akool.vault import Vault
from kinesight.apis.edge.authentication import BEARER
from kinesight.apis.edge.context import Context, Here
from kinesight.apis.edge.failures import route_class
from kinesight.apis.edge.strict_json import MAX_JSON_BYTES, read_json_object
from kinesight.apis.edge.upload import received_json
from kinesight.domain.errors import Forbidden, Unauthenticated
from kinesight.domain.job import Tenant

TOKEN_START = "eyJ"  # noqa: S105  # base64 of {" with which the header of every JSON Web Token begins
ROUTE = route_class(DIALECT)
_HEADER = APIKeyHeader(name="x-api-key", auto_error=False, scheme_name="x-api-key", description="The API key.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who calls, and the key that he came with."""

    tenant: Tenant
    key: str


def client_by_key(
    here: Here,
    request: Request,
    _bearer: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],  # for OpenAPI: it knows no other scheme
    header: Annotated[str | None, Security(_HEADER)],
) -> Client:
    """Return who calls. What `Authorization` says counts, right or wrong, before `x-api-key`.

    Raises `Unauthenticated`, `Forbidden`.
    """
    sent = request.headers.get("authorization", "").strip()
    key = _authorized_key(here, sent) if sent else header
    if not key:
        raise Unauthenticated
    return Client(tenant=here.services.keys.tenant_for(key), key=key)


def _authorized_key(here: Context, sent: str) -> str:
    scheme, _, credentials = sent.partition(" ")
    if scheme.lower() != "bearer" or not credentials.strip():
        raise Forbidden("Authorization has to be the word Bearer and a token.")
    credentials = credentials.strip()
    is_token = credentials.startswith(TOKEN_START) and credentials.count(".") == 2
    return Vault.of(here.services.secret_for).key_in(credentials) if is_token else credentials


KeyClient = Annotated[Client, Depends(client_by_key)]


async def json_object(request: Request) -> dict[str, Any]:
    """Return the JSON object in a request's body. Raises `BadParameter`."""
    return read_json_object(await received_json(request, max_bytes=MAX_JSON_BYTES), what="The body")


JsonObject = Annotated[dict[str, Any], Depends(json_object)]
