"""The Ochy-compatible API against golden exchanges, one JSON file each in tests/contract/ochy.

`comment` names the section of the contract; `given` is what the engine says of the job; `accepted` is what the engine must have
been handed. `<id>` stands for the job's id, `<key>` for the key, `<link to NAME>` for a signed link that ends in NAME.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

EXCHANGES = sorted((Path(__file__).parents[1] / "ochy").glob("*.json"))

NUMBER = (int, float)
MEASURE = {
    "range_good": [NUMBER],
    "range_okay": [NUMBER],
    "score_number": NUMBER,
    "texts": {"position": str, "title": str},
}
BAD_TEXTS = {"exercice": [str], "recap": [str]}
SUCCESS = {
    "video_id": str,
    "status": str,
    "percentage": int,
    "thumbnail": str,
    "output_video": str,
    "biomechanical_analysis": {
        "analysis_content": {
            "arm": {**MEASURE, "texts": {**BAD_TEXTS, **MEASURE["texts"]}},  # type: ignore[dict-item]
            "back_cycle": MEASURE,
            "foot": {
                **MEASURE,
                "foot_strike_pattern": str,
                "texts": {**MEASURE["texts"], "overstride_title": str},  # type: ignore[dict-item]
            },
            "forward_cycle": MEASURE,
            "head": MEASURE,
            "trunk": MEASURE,
        },
        "running_styles": [{"title": str, "animal": str, "percentage": int, "summary": str}],
        "total_score": NUMBER,
    },
}
"""Every field of the documented success answer with its JSON type; a list holds the type of its items."""


def load(name: str) -> Any:
    return json.loads((EXCHANGES[0].parent / f"{name}.json").read_text())


def prepare(api: Any, given: dict[str, Any] | None) -> str:
    """Bring a job into the given state and return its id."""
    job_id = api.start()
    if given and "result" in given:
        api.succeed(job_id, {"schema": "kinesight.result/1", "analysis": "running", "result": given["result"]})
    elif given:
        api.jobs.change(job_id, **{**given, "state": api.stand_ins.State(given["state"])})
    return job_id


def send(api: Any, request: dict[str, Any], job_id: str) -> Any:
    query = {name: value.replace("<key>", api.key) for name, value in request["query"].items()}
    path = request["path"].replace("<id>", job_id)
    files = {"video": ("run.mp4", b"video bytes", "video/mp4")} if request.get("video") else None
    form = request.get("form")
    if form is not None and files is None:
        files = {name: (None, value) for name, value in form.items()}
        form = None
    return api.client.request(request["method"], path, params=query, data=form, files=files, json=request.get("json"))


def agrees(wanted: Any, got: Any, job_id: str) -> None:
    """Compare two documents; numbers, order of lists and sets of keys must be the same."""
    match wanted:
        case dict():
            assert isinstance(got, dict)
            assert sorted(wanted) == sorted(got)
            for name, value in wanted.items():
                agrees(value, got[name], job_id)
        case list():
            assert len(wanted) == len(got)
            for one, other in zip(wanted, got, strict=True):
                agrees(one, other, job_id)
        case str() if wanted.startswith("<link to "):
            name = wanted[len("<link to ") : -1].replace("<id>", job_id)
            parts = urlsplit(got)
            assert (parts.scheme, parts.path.rsplit("/", 1)[-1]) == ("http", name)
            assert parts.query
        case str():
            assert got == wanted.replace("<id>", job_id)
        case _:
            assert got == wanted
            assert type(got) is type(wanted)


@pytest.mark.parametrize("path", EXCHANGES, ids=lambda path: path.stem)
def test_golden_exchange(api: Any, path: Path) -> None:
    exchange = json.loads(path.read_text())
    assert exchange["comment"]
    before = prepare(api, exchange.get("given"))
    answer = send(api, exchange["request"], before)
    assert answer.status_code == exchange["response"]["status"], answer.text
    job_id = list(api.jobs.jobs)[-1]
    agrees(exchange["response"]["json"], answer.json(), job_id)
    if "accepted" not in exchange:
        assert job_id == before
        assert len(api.files.incoming()) == 1  # that of prepare()
        return
    job = api.jobs.jobs[job_id]
    assert job.kind == "running"
    assert {name: job.parameters[name] for name in exchange["accepted"]["parameters"]} == exchange["accepted"]["parameters"]
    assert job.origin == exchange["accepted"].get("origin", job.origin)


def matches(shape: Any, value: Any, where: str) -> None:
    match shape:
        case dict():
            assert sorted(value) == sorted(shape), where
            for name, inner in shape.items():
                matches(inner, value[name], f"{where}.{name}")
        case list():
            assert isinstance(value, list), where
            assert value, where
            for item in value:
                matches(shape[0], item, where)
        case _:
            assert isinstance(value, shape), where
            assert not isinstance(value, bool), where


def test_success_has_every_documented_field_with_its_type(api: Any) -> None:
    given = load("results_success_side")["given"]
    trunk = given["result"]["scores"]["trunk"]
    trunk["band"] = "okay"  # so that arm alone is bad, as in the documented example
    body = send(api, load("results_pending")["request"], prepare(api, given)).json()
    matches(SUCCESS, body, "answer")
    assert all(
        len(m[r]) == 2 for m in body["biomechanical_analysis"]["analysis_content"].values() for r in ("range_good", "range_okay")
    )


def test_links_open_without_a_key_and_are_new_at_each_read(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = load("results_success_side")
    job_id = prepare(api, exchange["given"])
    body = send(api, exchange["request"], job_id).json()
    assert api.client.get(body["thumbnail"]).content == b"\xff\xd8jpeg"
    assert (
        api.client.get(body["output_video"]).headers["Content-Disposition"] == f'inline; filename="encoded_analyzed_{job_id}.mp4"'
    )
    now_s = api.stand_ins.time.time()
    monkeypatch.setattr(api.stand_ins.time, "time", lambda: now_s + 5)
    assert send(api, exchange["request"], job_id).json()["thumbnail"] != body["thumbnail"]


def test_a_measure_that_could_not_be_read_is_left_out(api: Any) -> None:
    given = load("results_success_side")["given"]
    del given["result"]["scores"]["head"]
    given["result"]["total_score"] = None
    body = send(api, load("results_pending")["request"], prepare(api, given)).json()
    assert "head" not in body["biomechanical_analysis"]["analysis_content"]
    assert body["biomechanical_analysis"]["total_score"] is None


@pytest.mark.parametrize(
    ("scored", "near", "left", "right", "wanted"),
    [
        ("left", "right", "forefoot", "rearfoot", "forefoot"),
        (None, "right", "forefoot", "rearfoot", "rearfoot"),
        ("left", "right", None, "rearfoot", "rearfoot"),
        (None, None, None, "midfoot", "midfoot"),
        (None, None, None, None, None),
    ],
)
def test_the_pattern_is_that_of_the_scored_foot(
    api: Any, scored: str | None, near: str | None, left: str | None, right: str | None, wanted: str | None
) -> None:
    given = load("results_success_side")["given"]
    given["result"]["scores"]["foot"]["foot"] = scored
    given["result"]["near_side"] = near
    given["result"]["foot_strike_pattern"] = {"left": left, "right": right}
    body = send(api, load("results_pending")["request"], prepare(api, given)).json()
    assert body["biomechanical_analysis"]["analysis_content"]["foot"]["foot_strike_pattern"] == wanted


def test_an_analysis_of_another_kind_or_tenant_is_unknown_here(api: Any) -> None:
    job_id = api.start()
    theirs = api.client.get(f"/analysis/{job_id}/results?apiKey={api.stand_ins.OTHER_KEY}")
    assert (theirs.status_code, list(theirs.json())) == (404, ["detail"])
    api.jobs.change(job_id, kind="alarm")
    assert api.client.get(f"/analysis/{job_id}/results?apiKey={api.key}").status_code == 404


def test_only_the_query_carries_the_key(api: Any) -> None:
    answer = api.client.get("/analysis/x/results", headers={"x-api-key": api.key, **api.auth})
    assert (answer.status_code, answer.json()) == (401, {"detail": "API Key is missing"})


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"height": "nan"}, "height"),
        ({"height": "1,75"}, "height"),
        ({"height": "-1"}, "height"),
        ({"weight": "5"}, "weight"),
        ({"weight": "inf"}, "weight"),
        ({"treadmill": "perhaps"}, "treadmill"),
        ({"treadmill": "true", "pace": "00:30"}, "pace"),
        ({"treadmill": "true", "pace": "٠٥:٣٠"}, "pace"),
        ({"analysis_type": "front_view"}, "analysis_type"),
        ({"full_body": "2"}, "full_body"),
        ({"subject_id": "x" * 201}, "subject_id"),
    ],
)
def test_wrong_fields_are_named_as_the_client_names_them(api: Any, form: dict[str, str], field: str) -> None:
    answer = api.client.post(f"/analysis/start?apiKey={api.key}", data=form, files={"video": ("v.mp4", b"x")})
    assert answer.status_code == 422
    assert [item["loc"] for item in answer.json()["detail"]] == [["body", field]]
    assert all({"type", "msg"} <= set(item) for item in answer.json()["detail"])
    assert api.files.incoming() == []


def test_limits_are_settings(make_api: Callable[..., Any]) -> None:
    api = make_api(ochy_max_upload_mb=0.001, ochy_max_duration_s=12.0, ochy_minimum_fps=50.0)
    path = f"/analysis/start?apiKey={api.key}"
    assert api.client.post(path, files={"video": ("v.mp4", bytes(1000))}).status_code == 202
    assert api.jobs.submitted[0].origin["limits"] == {"max_duration_s": 12.24, "minimum_fps": 49.0}
    refused = api.client.post(path, files={"video": ("v.mp4", bytes(1001))})
    assert refused.status_code == 413
    assert re.search("0.001 MB", refused.json()["detail"])


def test_a_full_queue_is_429(make_api: Callable[..., Any]) -> None:
    api = make_api(queue_limit=0)
    answer = api.client.post(f"/analysis/start?apiKey={api.key}", files={"video": ("v.mp4", b"x")})
    assert (answer.status_code, answer.json()["code"]) == (429, "queue_full")
    assert "Retry-After" in answer.headers
