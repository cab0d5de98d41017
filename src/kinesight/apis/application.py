"""One application that speaks every API: what wiring calls."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from kinesight import __version__
from kinesight.apis.akool import routes as akool
from kinesight.apis.akool.errors import DIALECT as AKOOL_DIALECT
from kinesight.apis.edge import docs_page, operations
from kinesight.apis.edge.context import Analyses, Context, Services
from kinesight.apis.edge.files import files_router
from kinesight.apis.edge.metrics import CountRequests, Metrics
from kinesight.apis.edge.rates import RateLimiter
from kinesight.apis.edge.schemas import without_422
from kinesight.apis.gaard import routes as gaard
from kinesight.apis.gaard.errors import DIALECT as GAARD_DIALECT
from kinesight.apis.native import combining, corrections, heads, receivers, sites
from kinesight.apis.native import routes as native
from kinesight.apis.native.errors import DIALECT
from kinesight.apis.native.openapi import complete
from kinesight.apis.ochy import routes as ochy
from kinesight.settings import Settings

__all__ = ["Analyses", "Services", "create_app"]

DESCRIPTION = """\
Structured answers about the people in a video. Errors have one shape per API; the native one is
`{"error": {"code", "message"}}` with the codes of docs/reference/errors.md. A key works in every API.
"""


def create_app(services: Services, settings: Settings, *, analyses: Analyses) -> FastAPI:
    """Return the HTTP application.

    Parameters
    ----------
    services
        The engine's ports.
    analyses
        Every analysis of the installation by name.
    """
    metrics = Metrics()
    app = FastAPI(
        title="Kinesight",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    rates = RateLimiter(settings.rate_limit_per_minute)
    app.state.context = Context(services=services, settings=settings, analyses=analyses, metrics=metrics, rates=rates)
    app.add_middleware(CountRequests, metrics=metrics)
    own = (native.router, heads.router, corrections.router, combining.router, receivers.router, sites.router)
    apis = (*own, ochy.router, gaard.router, akool.router)
    for router in (*apis, files_router(DIALECT), operations.router, docs_page.router):
        app.include_router(router)
    app.add_exception_handler(HTTPException, _answer)
    app.add_exception_handler(Exception, _answer)
    app.openapi = _openapi_of(app, analyses)  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    return app


async def _answer(request: Request, error: Exception) -> Response:
    """Answer what no route caught: unknown paths and methods."""
    path = request.url.path
    dialect = AKOOL_DIALECT if akool.speaks(path) else GAARD_DIALECT if gaard.speaks(path) else DIALECT
    return dialect.response(request, error)


def _openapi_of(app: FastAPI, analyses: Analyses) -> Any:
    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes, openapi_version="3.1.0"
            )
            app.openapi_schema = complete(without_422(document, tags={"akool", "gaard"}), analyses)
        return app.openapi_schema

    return openapi
