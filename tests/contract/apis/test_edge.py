"""What every API shares: error tables, signed files, counters, the OpenAPI document and the page made from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient

from kinesight.analyses.running.parameters import RunningParameters
from kinesight.apis.application import create_app
from kinesight.apis.gaard import errors as gaard
from kinesight.apis.native import errors as native
from kinesight.apis.ochy import errors as ochy
from kinesight.domain.errors import CallerError, KinesightError, OperatorError, SceneError, all_errors
from kinesight.wiring.catalogue import NAMES

PAGES = Path(__file__).parents[3] / "docs" / "apis"
INSTALLED = sorted(NAMES)


# errors


@pytest.mark.parametrize("table", [native, ochy, gaard], ids=["native", "ochy", "gaard"])
def test_every_error_has_a_status_in_every_api(table: Any) -> None:
    ours = {kind for kind in all_errors() if kind.__module__ == "kinesight.domain.errors"}
    assert set(table.STATUSES) == ours
    for kind, status in table.STATUSES.items():
        assert (status < 500) == (not issubclass(kind, OperatorError) or kind.code == "queue_full"), kind
        assert issubclass(kind, CallerError | SceneError | OperatorError | KinesightError)


@pytest.mark.parametrize(("page", "table"), [("native", native), ("ochy", ochy), ("gaard", gaard)])
def test_the_page_of_an_api_lists_the_status_of_every_error(page: str, table: Any) -> None:
    rows = dict(re.findall(r"^\| (\d+) \| ((?:`\w+`(?:, )?)+) \|", (PAGES / f"{page}.md").read_text(), flags=re.MULTILINE))
    wanted: dict[str, set[str]] = {}
    for kind, status in table.STATUSES.items():
        wanted.setdefault(str(status), set()).add(kind.code)
    for status, codes in wanted.items():
        assert codes <= set(re.findall(r"`(\w+)`", rows[status])), status


def test_every_error_is_answered_in_the_shape_of_its_api(api: Any) -> None:
    raised: list[KinesightError] = []

    def fail(*_: object, **__: object) -> None:
        raise raised[0]

    api.jobs.get = fail
    for kind, status in native.STATUSES.items():
        raised[:] = [kind("What happened.")]
        answer = api.client.get("/v1/analyses/x", headers=api.auth)
        assert (answer.status_code, answer.json()) == (status, {"error": {"code": kind.code, "message": "What happened."}})
    for kind, status in ochy.STATUSES.items():
        raised[:] = [kind("What happened.")]
        answer = api.client.get(f"/analysis/x/results?apiKey={api.key}")
        assert answer.status_code == status
        assert "detail" in answer.json()


def test_a_fault_is_a_500_without_its_inside(api: Any, caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret inside")

    api.jobs.get = fail
    for path, code in [("/v1/analyses/x", "error"), (f"/analysis/x/results?apiKey={api.key}", "detail")]:
        answer = api.client.get(path, headers=api.auth)
        assert answer.status_code == 500
        assert "secret inside" not in answer.text
        incident = re.search(r"[0-9a-f]{32}", str(answer.json()[code]))
        assert incident is not None
        assert incident.group() in caplog.text
    assert "secret inside" in caplog.text


def test_unknown_paths_and_methods_are_typed(api: Any) -> None:
    for method, path, status, code in [("GET", "/nope", 404, "not_found"), ("PUT", "/v1/analyses", 405, "method_not_allowed")]:
        answer = api.client.request(method, path, headers=api.auth)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


# signed files


def linked(api: Any, name: str) -> str:
    job_id = api.start()
    api.succeed(job_id, {})
    files = api.client.get(f"/v1/analyses/{job_id}", headers=api.auth).json()["artefacts"]
    return next(file["url"] for file in files if file["name"] == name)


def test_a_report_is_boxed_in(api: Any) -> None:
    answer = api.client.get(linked(api, "report.html"))
    assert answer.headers["Content-Type"].startswith("text/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy


def test_files_have_safe_headers_and_answer_head_and_ranges(api: Any) -> None:
    url = linked(api, "annotated.mp4")
    head = api.client.head(url)
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", "200")
    assert head.headers["X-Content-Type-Options"] == "nosniff"
    assert head.headers["Content-Disposition"] == 'inline; filename="annotated.mp4"'
    assert head.headers["Content-Type"] == "video/mp4"
    assert "Content-Security-Policy" not in head.headers
    tail = api.client.get(url, headers={"Range": "bytes=-5"})
    assert (tail.status_code, tail.content) == (206, bytes(range(195, 200)))
    assert api.client.get(url, headers={"Range": "bytes=500-"}).status_code == 416


def test_changed_links_are_refused(api: Any) -> None:
    url = linked(api, "annotated.mp4")
    parts = urlsplit(url)
    changed = [
        f"{parts.path}",
        f"{parts.path}?{parts.query}x",
        f"{parts.path.replace('annotated.mp4', 'report.html')}?{parts.query}",
        f"{parts.path}?{parts.query.replace('video%2Fmp4', 'text%2Fhtml')}",
        f"{parts.path}?{re.sub('exp=[0-9]+', 'exp=99999999999', parts.query)}",
        f"/files/../../etc/passwd?{parts.query}",
        f"/files/%2e%2e/%2e%2e/etc/passwd?{parts.query}",
    ]
    for link in changed:
        answer = api.client.get(link)
        assert answer.status_code in {403, 404}, link
        assert answer.json()["error"]["code"] in {"forbidden", "not_found"}


def test_an_expired_link_is_refused_and_the_life_is_the_setting(
    make_api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = make_api(link_seconds=60)
    url = linked(api, "thumbnail.jpg")
    now_s = int(parse_qs(urlsplit(url).query)["exp"][0]) - 60
    monkeypatch.setattr(api.stand_ins.time, "time", lambda: now_s + 59.0)
    assert api.client.get(url).status_code == 200
    monkeypatch.setattr(api.stand_ins.time, "time", lambda: now_s + 61.0)
    assert api.client.get(url).json()["error"]["code"] == "forbidden"


# operations


def test_alive_ready_and_version(make_api: Callable[..., Any]) -> None:
    api = make_api(problems=["The pose model is missing; run `kinesight models fetch`."])
    assert api.client.get("/healthz").json() == {"status": "alive"}
    assert api.client.head("/healthz").status_code == 200
    ready = api.client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert "models fetch" in ready.json()["problems"][0]
    assert api.client.get("/version").json()["analyses"] == ["alarm", "persons", "running"]


def test_counters_are_by_route_and_of_this_application_alone(make_api: Callable[..., Any]) -> None:
    first, second = make_api(), make_api()
    job_id = first.start()
    first.client.get(f"/v1/analyses/{job_id}", headers=first.auth)
    first.client.get("/some/random/path")
    text = first.client.get("/metrics").text
    assert 'kinesight_http_requests_total{method="POST",route="/v1/analyses",status="202"} 1.0' in text
    assert 'kinesight_http_requests_total{method="GET",route="/v1/analyses/{analysis_id}",status="200"} 1.0' in text
    assert 'kinesight_jobs_accepted_total{api="native",kind="running"} 1.0' in text
    assert 'kinesight_upload_bytes_total{api="native"} 11.0' in text
    assert job_id not in text
    assert "random" not in text
    assert "kinesight_jobs_accepted_total{" not in second.client.get("/metrics").text


def test_the_log_of_requests_holds_no_key_and_no_line_break(api: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="kinesight.requests"):
        api.client.get(f"/v1/tenant?apiKey={api.key}")
        api.client.get("/a%0Aforged line")
    assert "GET /v1/tenant 200 in" in caplog.messages[0]
    assert "\n" not in caplog.messages[1]
    assert api.key not in caplog.text


# the OpenAPI document


def references(value: Any) -> set[str]:
    match value:
        case dict():
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*map(references, value.values())) if value else own
        case list():
            return set().union(*map(references, value)) if value else set()
    return set()


def test_openapi_is_complete(api: Any) -> None:
    document = api.client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    schemas = document["components"]["schemas"]
    assert {reference.removeprefix("#/components/schemas/") for reference in references(document)} <= set(schemas)
    assert set(schemas["RunningParameters"]["properties"]) == set(RunningParameters.model_fields)
    assert {"RunningResult", "Metrics", "Measures", "ResultDocument_running", "ProblemAnswer"} <= set(schemas)
    assert schemas["AnalysisKind"]["enum"] == ["alarm", "persons", "running"]
    operations = [about for methods in document["paths"].values() for about in methods.values()]
    assert len({about["operationId"] for about in operations}) == len(operations)
    for path, methods in document["paths"].items():
        for about in methods.values():
            assert about["summary"], path
            if path.startswith("/v1/"):
                assert {"401", "403"} <= set(about["responses"]), path
                assert len(about["security"]) == 3
    start = document["paths"]["/v1/analyses"]["post"]
    assert set(start["requestBody"]["content"]) == {"multipart/form-data", "application/json"}
    assert {"202", "409", "413", "415", "422", "429", "507"} <= set(start["responses"])


def test_a_second_analysis_shows_up_in_openapi_and_in_the_checks(api: Any) -> None:
    class ToyParameters(BaseModel):
        speed: int = 3

    class ToyResult(BaseModel):
        height: float

    toy = replace(api.stand_ins.RUNNING, name="toy", parameters=ToyParameters, result=ToyResult)
    context = api.client.app.state.context
    app = create_app(context.services, context.settings, analyses={**context.analyses, "toy": toy})
    schemas = TestClient(app).get("/openapi.json").json()["components"]["schemas"]
    assert schemas["AnalysisKind"]["enum"] == sorted([*INSTALLED, "toy"])
    assert {"ToyParameters", "ToyResult", "ResultDocument_toy"} <= set(schemas)


def test_the_reference_page_lists_every_operation_and_loads_nothing(api: Any) -> None:
    answer = api.client.get("/docs")
    assert answer.status_code == 200
    document = api.client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        assert f"<code>{path}</code>" in answer.text
        for about in methods.values():
            assert about["operationId"] in answer.text
    assert re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", answer.text) == []
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
