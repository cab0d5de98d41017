"""The page at `/`."""

from __future__ import annotations

import re

from fastapi import FastAPI
from starlette.testclient import TestClient

from kinesight.web.landing import router


def test_the_page_links_to_the_reference_and_loads_nothing() -> None:
    app = FastAPI()
    app.include_router(router)
    answer = TestClient(app).get("/")
    assert answer.status_code == 200
    assert set(re.findall('href="([^"]+)"', answer.text)) == {"docs", "openapi.json", "readyz"}
    assert "//" not in re.sub(r"<!doctype.*?>", "", answer.text)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
