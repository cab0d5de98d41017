"""The older way to authenticate: client id and key for a token."""

from __future__ import annotations

import hmac
import time

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from kinesight.apis.akool.calling import ROUTE, JsonObject
from kinesight.apis.akool.errors import SUCCESS
from kinesight.apis.akool.openapi import json_body
from kinesight.apis.akool.schemas import AkoolRefused, AkoolToken, TokenFields
from kinesight.apis.akool.vault import Vault
from kinesight.apis.edge.context import Context, Here
from kinesight.apis.edge.validation import validated
from kinesight.domain.errors import Forbidden

router = APIRouter(prefix="/api/open/v3", tags=["akool"], route_class=ROUTE)


@router.post(
    "/getToken",
    response_model=AkoolToken | AkoolRefused,
    summary="A token in place of a key",
    openapi_extra=json_body(TokenFields),
)
async def get_token(here: Here, body: JsonObject) -> JSONResponse:
    """Return a token that stands for a key for more than a year, and ends when the key is revoked."""
    asked = validated(TokenFields, body, under="body")
    return JSONResponse({"code": SUCCESS, "token": await run_in_threadpool(_token, here, asked)})


def _token(here: Context, asked: TokenFields) -> str:
    tenant = here.services.keys.tenant_for(asked.clientSecret)
    if not hmac.compare_digest(tenant.client_id.encode(), asked.clientId.encode("utf-8", "surrogatepass")):
        raise Forbidden("The client id and the key do not belong together.")
    return Vault.of(here.services.secret_for).token(asked.clientSecret, client_id=tenant.client_id, now_s=time.time())
