"""docs/apis/ochy.md, the golden exchanges and OpenAPI name the same endpoints and fields."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from kinesight.testing.contract_page import Section, fits, leaves, sections

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "apis" / "ochy.md").read_text()
FILES = sorted((ROOT / "tests" / "contract" / "ochy").glob("*.json"))
STATUSES_OF_ANY_CALL = {"401", "403", "409", "413", "415", "422", "429", "507"}
"""Tested by themselves or for all calls at once."""


SECTIONS = sections(PAGE)
EXCHANGES = {path.stem: json.loads(path.read_text()) for path in FILES}


def endpoint_of(request: dict[str, Any]) -> str:
    for name in SECTIONS:
        method, _, path = name.partition(" ")
        pattern = re.sub(r"\{\w+\}", "[^/]+", path)
        if method == request["method"] and re.fullmatch(pattern, request["path"]):
            return name
    raise AssertionError(f"the page has no {request['method']} {request['path']}")


def seen_in_suite() -> dict[str, Section]:
    seen = {name: Section() for name in SECTIONS}
    for exchange in EXCHANGES.values():
        if "sent" in exchange:
            seen["Events"].answered.update(leaves(exchange["sent"]["json"]))
            continue
        request, answer = exchange["request"], exchange["response"]["json"]
        section = seen[endpoint_of(request)]
        video = {"video"} if request.get("video") else set()
        section.asked |= {*request.get("form", {}), *request.get("json", {}), *request["query"], *video} - {"apiKey"}
        if "detail" not in answer and answer:
            section.answered.update(leaves(answer))
    return seen


SEEN = seen_in_suite()


def test_the_page_was_read() -> None:
    assert len(SECTIONS) == 15
    assert SECTIONS["POST /analysis/start"].asked == {
        *("video", "analysis_type", "subject_id", "height", "weight", "pace", "language", "treadmill", "full_body"),
        "notify_via_webhook",
    }
    assert "biomechanical_analysis.analysis_content.pelvic_drop.right.texts.explanation" in (
        SECTIONS["GET /analysis/{analysis_id}/results"].answered
    )
    invented = sections("\n## `GET /x`\n\n| answer field | what |\n| --- | --- |\n| `a.{b,c}`, `d` | |\n")
    assert invented == {"GET /x": Section(answered={"a.b", "a.c", "d"})}


@pytest.mark.parametrize("name", SECTIONS)
def test_every_field_of_the_page_is_in_an_exchange(name: str) -> None:
    missing = [path for path in SECTIONS[name].answered if not any(fits(path, seen) for seen in SEEN[name].answered)]
    assert missing == []
    assert SECTIONS[name].asked - SEEN[name].asked == set()


@pytest.mark.parametrize("name", SECTIONS)
def test_every_field_of_an_exchange_is_in_the_page(name: str) -> None:
    unknown = [path for path in SEEN[name].answered if not any(fits(one, path, as_part=True) for one in SECTIONS[name].answered)]
    assert unknown == []
    ignored = {"club"}  # sent to show that unknown fields are ignored
    assert SEEN[name].asked - SECTIONS[name].asked - ignored == set()


def test_page_suite_and_openapi_have_the_same_endpoints_and_answers(api: Any) -> None:
    document = api.client.get("/openapi.json").json()
    operations = {
        f"{method.upper()} {path}": about
        for path, methods in document["paths"].items()
        for method, about in methods.items()
        if "ochy" in about.get("tags", [])
    }
    assert set(operations) == set(SECTIONS) - {"Events"}
    shown = {
        (endpoint_of(exchange["request"]), str(exchange["response"]["status"]))
        for exchange in EXCHANGES.values()
        if "request" in exchange
    }
    promised = {(name, status) for name, about in operations.items() for status in about["responses"]}
    assert {pair for pair in promised - shown if pair[1] not in STATUSES_OF_ANY_CALL} == set()
    assert shown - promised == set()


def test_no_call_works_without_a_key_or_with_a_wrong_one(api: Any) -> None:
    for name in set(SECTIONS) - {"Events"}:
        method, _, path = name.partition(" ")
        where = re.sub(r"\{\w+\}", "x", path)
        assert api.client.request(method, where).json() == {"detail": "API Key is missing"}, name
        refused = api.client.request(method, where, params={"apiKey": "wrong"})
        assert (refused.status_code, refused.json()) == (403, {"detail": "Invalid API Key"}), name
