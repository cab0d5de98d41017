"""Who calls, and how often he may: every route of the gaard-compatible API begins and ends here."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials
from starlette.exceptions import HTTPException
from starlette.responses import Response

from kinesight.apis.edge.authentication import BEARER
from kinesight.apis.edge.context import Here
from kinesight.apis.edge.failures import Dialect, route_class
from kinesight.apis.edge.rates import Allowance
from kinesight.apis.edge.strict_json import MAX_JSON_BYTES, read_json_object
from kinesight.apis.edge.upload import received_json
from kinesight.apis.gaard.errors import CLASSIFY_DIALECT, DIALECT
from kinesight.domain.errors import Unauthenticated
from kinesight.domain.job import Tenant

ALLOWANCE = "kinesight_allowance"
"""Name in the request's state of what its tenant has left."""


def tenant_by_bearer(
    here: Here, request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]
) -> Tenant:
    """Return who calls, and count the call. Raises `Unauthenticated`, `Forbidden`, `HTTPException` 429."""
    if bearer is None or not bearer.credentials:
        raise Unauthenticated
    tenant = here.services.keys.tenant_for(bearer.credentials)
    allowance = here.rates.count(tenant.id)
    request.scope.setdefault("state", {})[ALLOWANCE] = allowance
    if not allowance.is_allowed:
        said = f"More than {allowance.limit} requests in a minute; try again in {allowance.reset_s} s."
        raise HTTPException(429, said, headers={"Retry-After": str(allowance.reset_s)})
    return tenant


BearerCaller = Annotated[Tenant, Depends(tenant_by_bearer)]


def counted_route(dialect: Dialect) -> type[APIRoute]:
    """Return the route class whose answers, errors too, say how many calls are left."""

    class CountedRoute(route_class(dialect)):  # type: ignore[misc]  # a class made on the spot
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def answer(request: Request) -> Response:
                response: Response = await handle(request)
                allowance: Allowance | None = request.scope.get("state", {}).get(ALLOWANCE)
                if allowance is not None:
                    response.headers.update(allowance.headers)
                return response

            return answer

    return CountedRoute


ROUTE = counted_route(DIALECT)
CLASSIFY_ROUTE = counted_route(CLASSIFY_DIALECT)


async def json_object(request: Request) -> dict[str, Any]:
    """Return the JSON object in a request's body. Raises `BadParameter`."""
    return read_json_object(await received_json(request, max_bytes=MAX_JSON_BYTES), what="The body")


JsonObject = Annotated[dict[str, Any], Depends(json_object)]
