"""docs/apis/gaard.md, the golden exchanges and OpenAPI name the same endpoints and fields."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kinesight.apis.gaard import errors
from kinesight.testing.contract_page import Section, fits, leaves, sections

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "apis" / "gaard.md").read_text()
EXCHANGES = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "tests" / "contract" / "gaard").glob("*.json"))}
WHOLE = "GET /result/{classify_id}"
"""The section that describes a classification; others say that they answer one."""

WITHOUT_FIELDS = {"GET /api/avconv/serve.v2/{filename}", "GET /api/avconv/original/serve.v2/{filename}"}
ANSWERS_A_CLASSIFICATION = {"GET /result", "POST /api/flow/labels"}
STATUSES_OF_ANY_CALL = {"403", "429", "500", "206"}
"""Tested by themselves or for all calls at once."""

SECTIONS = sections(PAGE)


def endpoint_of(request: dict[str, Any]) -> str:
    path = re.sub(r"^/(?:v1|api)(?=/(?:classify|result|version)\b)", "", request["path"])
    for name in SECTIONS:
        method, _, known = name.partition(" ")
        pattern = re.sub(r"\{\w+\}", "[^/]+", known)
        if method == request["method"] and re.fullmatch(pattern, path):
            return name
    raise AssertionError(f"the page has no {request['method']} {request['path']}")


def is_known(exchange: dict[str, Any]) -> bool:
    return exchange["response"]["status"] != 405


def seen_in_suite() -> dict[str, Section]:
    seen = {name: Section() for name in SECTIONS}
    for exchange in filter(is_known, EXCHANGES.values()):
        request, response = exchange["request"], exchange["response"]
        section = seen[endpoint_of(request)]
        parts = {"video": "video", "metadata": "metadata", "metadata_text": "metadata"}
        section.asked |= {*request.get("json", {}), *request["query"], *(parts[one] for one in parts if one in request)}
        if response["status"] == 200:
            whole = "risk" in response["json"]
            (seen[WHOLE] if whole else section).answered.update(leaves(response["json"]))
    return seen


SEEN = seen_in_suite()


def test_the_page_of_gaard_was_read() -> None:
    assert len(SECTIONS) == 11
    assert SECTIONS["POST /classify"].asked == {"video", "metadata", "sync", "analyse_id", "webhook"}
    assert {"scores.NOTHING", "video.specs.original.fps", "parentId", "parent_id"} <= SECTIONS[WHOLE].answered
    assert len(SECTIONS[WHOLE].answered) == 46


@pytest.mark.parametrize("name", sorted(set(SECTIONS) - ANSWERS_A_CLASSIFICATION))
def test_every_field_of_the_page_of_gaard_is_in_an_exchange(name: str) -> None:
    missing = [path for path in SECTIONS[name].answered if not any(fits(path, seen) for seen in SEEN[name].answered)]
    assert missing == []


@pytest.mark.parametrize("name", SECTIONS)
def test_every_field_of_an_exchange_is_in_the_page_of_gaard(name: str) -> None:
    unknown = [path for path in SEEN[name].answered if not any(fits(one, path, as_part=True) for one in SECTIONS[name].answered)]
    # an object of the client's own has any depth
    assert [path for path in unknown if not path.startswith("metadata.")] == []
    ignored = {"unknown"}  # sent to show that unknown fields are ignored
    assert SEEN[name].asked - ignored == SECTIONS[name].asked


def test_page_suite_and_openapi_of_gaard_have_the_same_endpoints_and_answers(make_api: Callable[..., Any]) -> None:
    document = make_api(alarm=True).client.get("/openapi.json").json()
    operations = {
        f"{method.upper()} {path}": about
        for path, methods in document["paths"].items()
        for method, about in methods.items()
        if "gaard" in about.get("tags", [])
    }
    assert set(operations) == set(SECTIONS) - {"GET /version"}
    shown = {
        (endpoint_of(exchange["request"]), str(exchange["response"]["status"]))
        for exchange in filter(is_known, EXCHANGES.values())
        if not exchange["request"]["path"].endswith("/version")
    }
    promised = {(name, status) for name, about in operations.items() for status in about["responses"]}
    tested_with_videos = {(name, "200") for name in WITHOUT_FIELDS}
    assert {pair for pair in promised - shown - tested_with_videos if pair[1] not in STATUSES_OF_ANY_CALL} == set()
    assert shown - promised == set()


def test_the_numbers_of_errors_are_complete_and_on_the_page() -> None:
    rows = {
        int(number): code
        for number, code in re.findall(r"^\| (\d{3}) \| `(\w+)` \|", PAGE.split("## Error numbers")[1], re.MULTILINE)
    }
    assert rows == {number: code for code, number in errors.NUMBERS.items()}
    assert len(rows) == len(errors.NUMBERS)
    assert {kind.code for kind in errors.STATUSES} == set(errors.NUMBERS)


def test_no_call_of_gaard_works_without_a_key_or_with_a_wrong_one(make_api: Callable[..., Any]) -> None:
    api = make_api(alarm=True)
    prefixed = [
        name.replace(" /", f" {prefix}/", 1)
        for prefix in ("/v1", "/api")
        for name in SECTIONS
        if re.search(r" /(result|classify)", name)
    ]
    refusal = {"success": False, "error": errors.NO_ACCESS}
    for name in {*SECTIONS, *prefixed} - {"GET /version"}:
        method, _, path = name.partition(" ")
        where = re.sub(r"\{\w+\}", "x", path)
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": f"Basic {api.key}"},
            {"Authorization": "Bearer"},
        ):
            answer = api.client.request(method, where, headers=headers, params={"analyse_id": "1"})
            assert (answer.status_code, answer.json()) == (403, refusal), name
            assert "X-Rate-Limit-Limit" not in answer.headers
