"""How an error becomes an answer: one table and one body shape per API, applied by the API's route class."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from kinesight.apis.edge.body import BODY_READ, drain
from kinesight.domain.errors import KinesightError

log = logging.getLogger(__name__)

HTTP_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "too_large",
    415: "unsupported_media_type",
}
"""Codes of failures that exist only in HTTP, by status."""

RETRY_SECONDS = "10"
"""When to try again after the server had too much to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error on its way out. `details` are the single complaints about a request, in FastAPI's form."""

    status: int
    code: str
    message: str
    details: tuple[dict[str, Any], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


class InvalidRequest(Exception):
    """A request whose fields are wrong, one by one; `details` in the form of FastAPI's validation errors."""

    def __init__(self, details: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(f"{len(details)} invalid fields")
        self.details = tuple({k: v for k, v in item.items() if k not in {"ctx", "url"}} for item in details)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one API words failures: HTTP status by error class, and the body."""

    statuses: Mapping[type[KinesightError], int]
    body: Callable[[Failure], dict[str, Any]]

    def failure(self, error: Exception) -> Failure | None:
        """Return what to answer for an error; None for one that nobody foresaw."""
        match error:
            case KinesightError():
                status = self.statuses.get(type(error), 500)
                headers = {"Retry-After": RETRY_SECONDS} if status in {429, 503} else {}
                if status == 401:
                    headers["WWW-Authenticate"] = "Bearer"
                return Failure(status=status, code=error.code, message=error.message, headers=headers)
            case RequestValidationError():
                return self.failure(InvalidRequest(error.errors()))
            case InvalidRequest():
                said = "; ".join(f"{'.'.join(map(str, item['loc'][1:]))}: {item['msg']}" for item in error.details)
                return Failure(status=422, code="bad_parameter", message=said, details=error.details)
            case HTTPException():
                code = HTTP_CODES.get(error.status_code, "http_error")
                return Failure(status=error.status_code, code=code, message=str(error.detail), headers=dict(error.headers or {}))
            case ConnectionError():  # what the storage raises while its database is away
                log.error("the database cannot be used", exc_info=error)
                said = "The server cannot reach its database at the moment; try again later."
                return Failure(status=503, code="database_unreachable", message=said, headers={"Retry-After": RETRY_SECONDS})
        return None

    def response(self, request: Request, error: Exception) -> Response:
        """Return the answer to an error; an unforeseen one is logged under an id that the answer carries."""
        failure = self.failure(error)
        if failure is None:
            incident = uuid.uuid4().hex
            log.error("unforeseen error %s in %s %s", incident, request.method, request.url.path, exc_info=error)
            failure = Failure(
                status=500, code="internal_error", message=f"This is a fault of the server; its log has it under {incident}."
            )
        return FailureResponse(self.body(failure), status_code=failure.status, headers=failure.headers)


class FailureResponse(JSONResponse):
    """An error answer that may come while the client is still sending.

    Closing a connection with unread bytes resets it, and a client that writes first and reads later would see "connection
    reset" instead of the answer (RFC 9112 section 9.6). So the answer goes out, and the rest of the body is read and thrown away
    for a bounded while. (uvicorn does so for connections that stay open, but not for those that close.)
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send the answer, then let the client finish."""
        headers = dict(scope["headers"])
        sends_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
        if not sends_body or b"expect" in headers or scope.get("state", {}).get(BODY_READ):
            await super().__call__(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        await drain(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def route_class(dialect: Dialect) -> type[APIRoute]:
    """Return the route class whose routes answer every error in the given dialect."""

    class DialectRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def answer(request: Request) -> Response:
                try:
                    return await handle(request)
                except ClientDisconnect:
                    return Response(status_code=499)  # nobody is there to read it; the number is for the metrics
                except Exception as error:  # noqa: BLE001 - the one place per API where a fault becomes an answer
                    return dialect.response(request, error)

            return answer

    return DialectRoute
