"""The page at `/`: what this server is and where to go from here."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from kinesight import __version__

router = APIRouter(include_in_schema=False)

PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kinesight</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 17px/1.6 system-ui, sans-serif; max-width: 40rem; margin: 15vh auto; padding: 0 1rem; }}
a {{ color: #0a7f6f; }}
</style>
</head>
<body>
<h1>Kinesight</h1>
<p>This server turns video of people into structured answers. Programs talk to it over HTTP with an API key.</p>
<ul>
<li><a href="docs">API reference</a> and its <a href="openapi.json">OpenAPI document</a></li>
<li><a href="readyz">Is it ready to take work?</a></li>
</ul>
<p><small>Version {__version__}</small></p>
</body>
</html>
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"


@router.get("/", response_class=HTMLResponse)
async def landing() -> HTMLResponse:
    """Show the page."""
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"})
