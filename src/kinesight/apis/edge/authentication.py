"""API keys as clients send them, and whose they are."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import APIKeyHeader, APIKeyQuery, HTTPAuthorizationCredentials, HTTPBearer

from kinesight.apis.edge.context import Here
from kinesight.domain.errors import Unauthenticated
from kinesight.domain.job import Tenant

BEARER = HTTPBearer(auto_error=False, scheme_name="bearer", description="The API key as a bearer token.")
_header = APIKeyHeader(name="x-api-key", auto_error=False, scheme_name="x-api-key", description="The API key.")
_query = APIKeyQuery(name="apiKey", auto_error=False, scheme_name="apiKey", description="The API key.")


def tenant_by_any_key(
    here: Here,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
    header: Annotated[str | None, Security(_header)],
    query: Annotated[str | None, Security(_query)],
) -> Tenant:
    """Return who calls, by bearer token, `x-api-key` or `?apiKey=`; the first of them that is there counts.

    Raises `Unauthenticated`, `Forbidden`.
    """
    secret = (bearer.credentials if bearer else None) or header or query
    if not secret:
        raise Unauthenticated
    return here.services.keys.tenant_for(secret)


def tenant_by_query_key(here: Here, query: Annotated[str | None, Security(_query)]) -> Tenant:
    """Return who calls, by `?apiKey=` alone. Raises `Unauthenticated`, `Forbidden`."""
    if not query:
        raise Unauthenticated
    return here.services.keys.tenant_for(query)


Caller = Annotated[Tenant, Depends(tenant_by_any_key)]
QueryCaller = Annotated[Tenant, Depends(tenant_by_query_key)]
