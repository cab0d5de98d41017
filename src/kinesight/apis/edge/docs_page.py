"""The API reference as a plain page, made from the OpenAPI document: nothing is loaded from elsewhere."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader
from starlette.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"


@router.get("/docs", response_class=HTMLResponse)
def docs(request: Request) -> HTMLResponse:
    """Show every operation with its parameters, body and answers."""
    page = render(request.app.openapi())
    return HTMLResponse(page, headers={"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"})


def render(document: dict[str, Any]) -> str:
    """Return the page for an OpenAPI document."""
    environment = Environment(loader=PackageLoader("kinesight.apis.edge", "."), autoescape=True)
    environment.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False)
    operations = [
        {"path": path, "method": method.upper(), "about": about}
        for path, methods in document["paths"].items()
        for method, about in methods.items()
    ]
    groups: dict[str, list[dict[str, Any]]] = {}
    for operation in operations:
        groups.setdefault(operation["about"].get("tags", ["other"])[0], []).append(operation)
    return environment.get_template("docs.html.j2").render(
        info=document["info"], groups=groups, schemas=document["components"]["schemas"]
    )
