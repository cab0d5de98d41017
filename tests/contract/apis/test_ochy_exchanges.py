"""The Ochy-compatible API against golden exchanges, one JSON file each in tests/contract/ochy.

`comment` names the section of the contract; `given` is what the engine says of the job, and what else is there; `accepted` is
what the engine must have been handed. `<id>` stands for the job's id, `<key>` for the key, `<link to NAME>` for a signed link
that ends in NAME, `<time>` and the like for what is new each time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from kinesight.storage.rows import write_cursor
from kinesight.testing import golden
from kinesight.testing.golden import filled
from kinesight.testing.receiver import receiver

FILES = sorted((Path(__file__).parents[1] / "ochy").glob("*.json"))
EXCHANGES = [path for path in FILES if not path.stem.startswith("event_")]

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


def prepare(api: Any, given: dict[str, Any] | None, places: dict[str, str] | None = None) -> str:
    """Bring a job into the given state and return its id; what stands for what goes into `places`."""
    job_id = api.start()
    rest = dict(given or {})
    known = places if places is not None else {}
    known["<id>"] = job_id
    files, result = rest.pop("files", None), rest.pop("result", None)
    if "subject" in rest:
        known["<subject>"] = prepare_subject(api, rest)
    if "webhook" in rest:
        webhook = rest.pop("webhook")
        api.services.webhooks.put("t1", url=filled(webhook["url"], known), enabled=webhook["enabled"])
    api.jobs.credits = rest.pop("credits", 0)
    if rest.pop("linked", False):
        rest["subject_id"] = known["<subject>"]
    if result is not None:
        api.succeed(job_id, {"schema": "kinesight.result/1", "analysis": "running", "result": result}, files)
    if "state" in rest:
        rest["state"] = api.stand_ins.State(rest["state"])
    api.jobs.change(job_id, **rest)
    return job_id


def prepare_subject(api: Any, given: dict[str, Any]) -> str:
    key = {"apiKey": api.key}
    subject_id = str(api.client.post("/subjects", params=key, json=given.pop("subject")).json()["subject_id"])
    if given.pop("deleted", False):
        assert api.client.post(f"/subjects/{subject_id}/delete", params=key).status_code == 200
    return subject_id


def send(api: Any, request: dict[str, Any], job_id: str, places: dict[str, str] | None = None) -> Any:
    known = {"<key>": api.key, "<id>": job_id, "<cursor>": write_cursor(4e9, "x"), **(places or {})}
    query = {name: filled(value, known) for name, value in request["query"].items()}
    form = request.get("form")
    fields = {name: (None, filled(value, known)) for name, value in (form or {}).items()}
    files: Any = fields or None
    if request.get("video"):
        files = {**fields, "video": ("run.mp4", b"video bytes", "video/mp4")}
    content = {"content": request["text"]} if "text" in request else {"json": request.get("json")}
    body = {"files": files} if files else content
    return api.client.request(request["method"], filled(request["path"], known), params=query, **body)


PATTERNS = {
    "<time>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "<uuid>": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
    "<secret>": r"whsec_[A-Za-z0-9+/]{43}=",
    "<string>": r"(?s).+",
}
"""Texts that are new each time."""


def agrees(wanted: Any, got: Any, places: dict[str, str]) -> None:
    golden.agrees(wanted, got, partial(check_value, places))


def check_value(places: dict[str, str], wanted: Any, got: Any, where: str) -> None:
    match wanted:
        case str() if wanted.startswith("<link to "):
            name = filled(wanted[len("<link to ") : -1], places)
            parts = urlsplit(got)
            assert (parts.scheme, parts.path.rsplit("/", 1)[-1]) == ("http", name), where
            assert parts.query, where
        case "<int>":
            assert type(got) is int, where
        case str() if wanted in PATTERNS:
            assert re.fullmatch(PATTERNS[wanted], got), where
        case str():
            assert got == filled(wanted, places), where
        case _:
            assert got == wanted, where
            assert type(got) is type(wanted), where


@pytest.mark.parametrize("path", EXCHANGES, ids=lambda path: path.stem)
def test_golden_exchange(make_api: Callable[..., Any], path: Path) -> None:
    exchange = json.loads(path.read_text())
    assert exchange["comment"]
    api = make_api(**exchange.get("settings", {}))
    with receiver() if "<receiver>" in path.read_text() else nullcontext() as box:
        places = {} if box is None else {"<receiver>": box.url}
        before = prepare(api, exchange.get("given"), places)
        answer = send(api, exchange["request"], before, places)
    assert answer.status_code == exchange["response"]["status"], answer.text
    job_id = list(api.jobs.jobs)[-1]
    agrees(exchange["response"]["json"], answer.json(), {**places, "<id>": job_id})
    if "accepted" not in exchange:
        assert job_id == before
        assert len(api.files.incoming()) == 1  # that of prepare()
        return
    check_accepted(api, exchange["accepted"], api.jobs.jobs[job_id], places)


def check_accepted(api: Any, wanted: dict[str, Any], job: Any, places: dict[str, str]) -> None:
    assert job.kind == "running"
    assert {name: job.parameters[name] for name in wanted["parameters"]} == wanted["parameters"]
    assert job.origin == wanted.get("origin", job.origin)
    for name, value in wanted.get("job", {}).items():
        agrees(value, getattr(api.jobs.submitted[-1], name), places)


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
        ({"language": "xx"}, "language"),
        ({"notify_via_webhook": "maybe"}, "notify_via_webhook"),
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
