"""docs/apis/akool.md, the golden exchanges and OpenAPI name the same endpoints and fields, and the vendor's page is met."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kinesight.apis.akool import errors, schemas
from kinesight.domain.errors import all_errors
from kinesight.testing.contract_page import Section, fits, leaves, sections

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "apis" / "akool.md").read_text()
EXCHANGES = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "tests" / "contract" / "akool").glob("*.json"))}
SECTIONS = sections(PAGE)
CALLS = {
    "POST /api/open/v3/getToken",
    "POST /api/open/v4/headswap/analyze",
    "GET /api/open/v4/headswap/analyze/detail",
    "POST /api/open/v4/headswap/task/create",
    "GET /api/open/v4/headswap/task/detail",
}
NUMBER = (int, float)

# Every field of the vendor's pages with its JSON type; a list holds the type of its items.
RECORD = {"_id": str, "create_time": int, "uid": int, "team_id": str, "task_id": str, "status": int}
ANALYZE = {**RECORD, "video_url": str, "type": str, "progress": NUMBER}
ANALYSIS = {
    **ANALYZE,
    "analysis_result": {
        "detected_objects": NUMBER,
        "media": [{"obj_id": NUMBER, "img_url": str, "media_type": str}],
        "video_info": {"width": NUMBER, "height": NUMBER, "fps": NUMBER, "frame_count": NUMBER},
    },
    "error_reason": str,
    "error_code": NUMBER,
}
CREATED = {
    **RECORD,
    "video_duration": NUMBER,
    "resolution": str,
    "deduction_lock_duration": NUMBER,
    "model_name": str,
    "file_name": str,
    "video_url": type(None),
}
TASK = {
    **RECORD,
    "source_video_url": str,
    "video_duration": NUMBER,
    "resolution": str,
    "deduction_duration": NUMBER,
    "video_url": str,
    "progress": NUMBER,
    "priority": NUMBER,
    "file_name": str,
    "model_name": str,
}
OURS = {"kinesight"}
"""Names of what the vendor does not have."""


def endpoint_of(request: dict[str, Any]) -> str:
    return f"{request['method']} {request['path']}"


def seen_in_suite() -> dict[str, Section]:
    seen = {name: Section() for name in SECTIONS}
    for exchange in EXCHANGES.values():
        request = exchange["request"]
        if endpoint_of(request) not in SECTIONS:
            continue
        section = seen[endpoint_of(request)]
        section.asked |= {*leaves(request.get("json", {})), *request["query"]} - {""}
        if exchange["response"]["json"]["code"] == errors.SUCCESS:
            section.answered.update(leaves(exchange["response"]["json"]))
    return seen


SEEN = seen_in_suite()


def test_the_page_of_akool_was_read() -> None:
    assert set(SECTIONS) == CALLS
    detail = SECTIONS["GET /api/open/v4/headswap/analyze/detail"].answered
    assert {"data.analysis_result.media.img_url", "data.analysis_result.video_info.fps", "data.error_code"} <= detail
    assert {"mappings.obj_id", "webhookUrl", "consent"} <= SECTIONS["POST /api/open/v4/headswap/task/create"].asked


@pytest.mark.parametrize("name", sorted(CALLS))
def test_every_field_of_the_page_of_akool_is_in_an_exchange(name: str) -> None:
    missing = [
        path for path in SECTIONS[name].answered if not any(fits(path, seen, as_part=False) for seen in SEEN[name].answered)
    ]
    assert [path for path in missing if not any(seen.startswith(f"{path}.") for seen in SEEN[name].answered)] == []
    asked = {seen for path in SEEN[name].asked for seen in (path, path.rpartition(".")[0])}
    assert SECTIONS[name].asked <= asked


@pytest.mark.parametrize("name", sorted(CALLS))
def test_every_field_of_an_exchange_is_in_the_page_of_akool(name: str) -> None:
    unknown = [path for path in SEEN[name].answered if not any(fits(one, path, as_part=True) for one in SECTIONS[name].answered)]
    # the result of a head task has a page of its own
    assert [path for path in unknown if not path.startswith("data.kinesight.result.")] == []
    ignored = {"unknown.a"}  # sent to show that unknown fields are ignored
    assert SEEN[name].asked - ignored <= SECTIONS[name].asked


def shape(value: Any, where: str, wanted: Any) -> None:
    """Check that a document has exactly the vendor's fields and those of ours, with the vendor's types."""
    match wanted:
        case dict():
            assert set(value) - OURS == set(wanted), where
            for name, inner in wanted.items():
                shape(value[name], f"{where}.{name}", inner)
        case list():
            assert value, where
            for item in value:
                shape(item, where, wanted[0])
        case _:
            assert isinstance(value, wanted), where
            assert not isinstance(value, bool), where


def examples(name: str) -> dict[str, Any]:
    """Return the answer of an exchange with what its places stand for."""
    text = json.dumps(EXCHANGES[name]["response"]["json"]["data"])
    document: dict[str, Any] = json.loads(re.sub(r'"<(?:ms|uid)>"', "7", text))
    return document


def test_every_answer_fits_what_openapi_promises() -> None:
    models = {
        "POST /api/open/v3/getToken": schemas.AkoolToken,
        "POST /api/open/v4/headswap/analyze": schemas.AkoolAnalysisAnswer,
        "GET /api/open/v4/headswap/analyze/detail": schemas.AkoolAnalysisAnswer,
        "POST /api/open/v4/headswap/task/create": schemas.AkoolCreatedAnswer,
        "GET /api/open/v4/headswap/task/detail": schemas.AkoolTaskAnswer,
    }
    for exchange in EXCHANGES.values():
        text = json.dumps(exchange["response"]["json"])
        document = json.loads(re.sub(r'"<(?:ms|uid)>"', "7", text))
        went_well = document["code"] == errors.SUCCESS
        (models[endpoint_of(exchange["request"])] if went_well else schemas.AkoolRefused).model_validate(document)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("analyze", ANALYZE),
        ("analysis_queued", ANALYZE),
        ("analysis_done", ANALYSIS),
        ("analysis_failed_too_long", {**ANALYZE, "error_reason": str, "error_code": NUMBER}),
        ("create", CREATED),
        ("task_done", TASK),
        ("task_queued", {**TASK, "video_url": type(None)}),
        ("task_failed_link", {**TASK, "video_url": type(None), "error_reason": str, "error_code": NUMBER}),
    ],
)
def test_answers_have_exactly_the_fields_of_the_vendors_pages(name: str, wanted: dict[str, Any]) -> None:
    shape(examples(name), name, wanted)


def test_page_suite_and_openapi_of_akool_have_the_same_endpoints(api: Any) -> None:
    document = api.client.get("/openapi.json").json()
    operations = {
        f"{method.upper()} {path}": about
        for path, methods in document["paths"].items()
        for method, about in methods.items()
        if "akool" in about.get("tags", [])
    }
    assert set(operations) == CALLS
    assert {status for about in operations.values() for status in about["responses"]} == {"200"}
    create = operations["POST /api/open/v4/headswap/task/create"]["requestBody"]["content"]["application/json"]["schema"]
    top = {path.partition(".")[0] for path in SECTIONS["POST /api/open/v4/headswap/task/create"].asked}
    assert set(create["properties"]) == top
    assert "$ref" not in json.dumps(create)
    # two models of one name would both be shown under their module's
    assert [name for name in document["components"]["schemas"] if "__apis__" in name] == []


def test_every_error_has_a_number_and_a_row_on_the_page() -> None:
    ours = {kind for kind in all_errors() if kind.__module__ == "kinesight.domain.errors"}
    assert set(errors.CODES) == ours
    rows = re.findall(r"^\| (\d{4}) \| (.+) \|$", PAGE.split("## Codes")[1], re.MULTILINE)
    listed = {code: int(number) for number, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    assert listed == {kind.code: number for kind, number in errors.CODES.items()}
    assert errors.number_of("heard of by nobody") == errors.number_of(None) == 2001


def test_no_call_of_akool_works_without_a_key_or_with_a_wrong_one(api: Any) -> None:
    for name in sorted(CALLS - {"POST /api/open/v3/getToken"}):
        method, _, path = name.partition(" ")
        for headers, code in (({}, 1102), ({"x-api-key": "wrong"}, 1101), ({"Authorization": "Bearer wrong"}, 1101)):
            answer = api.client.request(method, path, headers=headers, params={"_id": "x"})
            assert (answer.status_code, answer.json()["code"], "data" in answer.json()) == (200, code, False), name
        by_query = api.client.request(method, path, params={"_id": "x", "apiKey": api.key})
        assert by_query.json()["code"] == 1102


def test_calls_of_the_other_apis_keep_their_own_words(make_api: Callable[..., Any]) -> None:
    client = make_api().client
    assert client.get("/api/result/x").json() == {"success": False, "error": client.get("/result/x").json()["error"]}
    assert client.get("/api/opening").status_code == 404
