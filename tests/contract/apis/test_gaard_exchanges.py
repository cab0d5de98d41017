"""The gaard-compatible API against golden exchanges, one JSON file each in tests/contract/gaard.

`comment` names the section of the contract; `given.classify` is a clip that was accepted before, the rest of `given` what the
engine says of it; `worker` is what becomes of a clip as soon as it is accepted; `accepted` is what the engine must have been
handed, `kept` what is kept of an operator's words. `<id>` stands for the classification's id, `<time>` and the like for what is
new each time. Every request carries the key unless it names another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kinesight import __version__
from kinesight.domain.schedules import Schedule
from kinesight.domain.sites import CameraSettings
from kinesight.testing import golden
from kinesight.testing.golden import filled
from kinesight.wiring.catalogue import NAMES

FILES = sorted((Path(__file__).parents[1] / "gaard").glob("*.json"))
CLIP = b"video bytes"

NUMBER = (int, float)
CLASSIFICATION: dict[str, Any] = {
    "id": str,
    "status": {"classify": str, "video": str},
    "parentId": str,
    "cameraId": str,
    "analyse_id": int,
    "tenant": str,
    "duration": int,
    "duration_seconds": int,
    "model": str,
    "version": str,
    "error_code": int,
    "error_msg": str,
    "risk": str,
    "labels": [str],
    "scores": dict.fromkeys(
        (
            "flag",
            "plant",
            "web",
            "NOTHING",
            "intrusion",
            "person",
            "rain",
            "spider",
            "text",
            "wind",
            "animal",
            "other",
            "vehicule",
        ),
        NUMBER,
    ),
    "video": {
        "videoname": str,
        "filesize": int,
        "specs": {
            "height": int,
            "original.width": int,
            "duration": NUMBER,
            "fps": NUMBER,
            "nframes": int,
            "original.fps": NUMBER,
            "original.height": int,
            "original.nframes": int,
            "width": int,
        },
    },
    "timing": {"total": NUMBER},
    "metadata": dict,
    "created_at": str,
    "started_at": str,
}
"""Every field of the vendor's example with its JSON type; a list holds the type of its items."""

PATTERNS = {
    "<time>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "<string>": r"(?s).+",
    "<id>": r"[0-9a-f]{24}",
}
OURS = {"<version>": __version__, "<analyses>": sorted(set(NAMES) | {"alarm"})}


def load(name: str) -> Any:
    return json.loads((FILES[0].parent / f"{name}.json").read_text())


def classify(api: Any, asked: dict[str, Any]) -> str:
    """Accept a clip and return the id of its job."""
    parts = {"video": (asked["name"], CLIP), "metadata": ("meta.json", json.dumps(asked["metadata"]))}
    answer = api.client.post("/classify", params=asked["query"], files=parts, headers=api.auth)
    assert answer.status_code == 200, answer.text
    return str(api.jobs.find("t1", kind="alarm", vendor_id=answer.json()["id"]).id)


def move(api: Any, job_id: str, fields: dict[str, Any]) -> None:
    """Bring a job into a state, as a worker would."""
    if fields.get("state") == "succeeded":
        api.succeed(job_id, fields["result"])
    known = dict(fields)
    if "state" in known:
        known["state"] = api.stand_ins.State(known["state"])
    if "drawing" in known:
        known["drawing"] = api.stand_ins.State(known["drawing"])
    api.jobs.change(job_id, **known)


def prepare(api: Any, given: dict[str, Any] | None) -> dict[str, str]:
    """Bring about what is given and return what stands for what."""
    rest = dict(given or {})
    if "custom" in rest:
        answer = api.client.post("/api/flow/labels/custom", json={"labels": rest.pop("custom")}, headers=api.auth)
        assert answer.json() == {"success": True}
    if "classify" not in rest:
        return {}
    job_id = classify(api, rest.pop("classify"))
    move(api, job_id, rest)
    return {"<id>": api.jobs.jobs[job_id].vendor_id}


def send(api: Any, request: dict[str, Any], places: dict[str, str]) -> Any:
    key = {"<other key>": api.stand_ins.OTHER_KEY}.get(request.get("key", ""), request.get("key", api.key))
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    parts = {}
    if "video" in request:
        parts["video"] = (request["video"], request.get("content", CLIP.decode()).encode(), "video/mp4")
    if "metadata" in request or "metadata_text" in request:
        text = request.get("metadata_text") or json.dumps(request["metadata"])
        parts["metadata"] = ("metadata.json", text.encode(), "application/json")
    body: dict[str, Any] = {"files": parts} if parts else {}
    if "text" in request:
        body = {"content": request["text"], "headers": headers}
    elif "json" in request:
        body = {"json": filled(request["json"], places)}
    return api.client.request(
        request["method"], filled(request["path"], places), params=request["query"], **{"headers": headers, **body}
    )


def agrees(wanted: Any, got: Any, places: dict[str, str], where: str = "answer") -> None:
    golden.agrees(wanted, got, partial(check_value, places), where)


def check_value(places: dict[str, str], wanted: Any, got: Any, where: str) -> None:
    match wanted:
        case "<int>":
            assert type(got) is int, where
        case str() if wanted in OURS:
            assert got == OURS[wanted], where
        case str() if wanted in places:
            assert got == places[wanted], where
        case str() if wanted in PATTERNS:
            assert re.fullmatch(PATTERNS[wanted], got), where
        case float():
            assert got == pytest.approx(wanted, abs=0.01), where
        case _:
            assert got == wanted, where
            assert type(got) is type(wanted), where


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_golden_exchange_of_gaard(make_api: Callable[..., Any], path: Path) -> None:
    exchange = json.loads(path.read_text())
    assert exchange["comment"]
    settings = exchange.get("settings", {})
    api = make_api(alarm=True, **({"queue_limit": exchange["queue_limit"]} if "queue_limit" in exchange else {}), **settings)
    places = prepare(api, exchange.get("given"))
    before = set(api.jobs.jobs)
    if "worker" in exchange:
        api.jobs.at_once = lambda job_id: move(api, job_id, exchange["worker"])
    answer = send(api, exchange["request"], places)
    assert answer.status_code == exchange["response"]["status"], answer.text
    new = set(api.jobs.jobs) - before
    assert bool(new) == ("accepted" in exchange)
    for job_id in new:
        places = {"<id>": api.jobs.jobs[job_id].vendor_id}
        check_accepted(api, exchange["accepted"], api.jobs.jobs[job_id], places)
    agrees(exchange["response"]["json"], answer.json(), places)
    for name, value in exchange["response"].get("headers", {}).items():
        assert answer.headers[name] == value
    if "kept" in exchange:
        check_kept(api, exchange["kept"], places)
    if "custom" in exchange:
        kept = [{"value": one.value, "label": one.label} for one in api.services.labels.custom("t1")]
        assert [{name: text for name, text in one.items() if text is not None} for one in kept] == exchange["custom"]


def check_accepted(api: Any, wanted: dict[str, Any], job: Any, places: dict[str, str]) -> None:
    assert job.kind == "alarm"
    assert {name: job.parameters[name] for name in wanted["parameters"]} == wanted["parameters"]
    agrees(wanted["origin"], job.origin, places)
    for name, value in wanted["job"].items():
        agrees(value, getattr(api.jobs.submitted[-1], name), places, name)


def check_kept(api: Any, wanted: dict[str, Any] | None, places: dict[str, str]) -> None:
    entries = api.services.labels.page("t1", limit=9).entries
    if wanted is None:
        assert entries == ()
        return
    (entry,) = entries
    said = {name: getattr(entry.said, name) for name in wanted}
    agrees(wanted, {**said, "labels": list(said["labels"])}, places, "kept")
    assert entry.said.classify_id == places["<id>"]


def matches(shape: Any, value: Any, where: str) -> None:
    match shape:
        case dict():
            assert set(shape) <= set(value), where
            for name, inner in shape.items():
                matches(inner, value[name], f"{where}.{name}")
        case list():
            assert value, where
            for item in value:
                matches(shape[0], item, where)
        case _:
            assert isinstance(value, shape), where
            assert not isinstance(value, bool), where


@pytest.fixture
def gaard(make_api: Callable[..., Any]) -> Any:
    return make_api(alarm=True)


def test_a_result_has_every_field_of_the_vendors_example_with_its_type(gaard: Any) -> None:
    exchange = load("result_intrusion")
    places = prepare(gaard, exchange["given"])
    body = send(gaard, exchange["request"], places).json()
    matches(CLASSIFICATION, body, "answer")
    assert (body["parent_id"], body["camera_id"]) == (body["parentId"], body["cameraId"])
    assert len(body["scores"]) == 13
    assert body["video"]["specs"]["fps"] == pytest.approx(13 / 4.333333)
    assert body["duration_seconds"] == body["duration"] // 1_000_000


def test_an_id_begins_with_the_second_of_its_making(gaard: Any) -> None:
    before_s = gaard.stand_ins.time.time()
    answer = send(gaard, load("classify_bare")["request"], {}).json()
    assert int(before_s) <= int(answer["id"][:8], 16) <= gaard.stand_ins.time.time()
    another = send(gaard, load("classify_bare")["request"], {}).json()
    assert answer["id"] != another["id"]
    result = gaard.client.get(f"/result/{answer['id'].upper()}", headers=gaard.auth).json()
    assert result["id"] == answer["id"]
    by_number = gaard.client.get("/result", params={"analyse_id": result["analyse_id"]}, headers=gaard.auth)
    assert by_number.json()["id"] == answer["id"], "without a number of the client's own there is one all the same"


@pytest.mark.parametrize(
    ("state", "error_code"),
    [
        ("failed", "truncated_video"),
        ("failed", "model_damaged"),
        ("dead", "worker_crashed"),
        ("cancelled", None),
        ("dead", "unheard_of"),
    ],
)
def test_nothing_that_ended_without_a_result_is_safe(gaard: Any, state: str, error_code: str | None) -> None:
    given = {"classify": load("result_intrusion")["given"]["classify"], "state": state, "error_code": error_code}
    body = send(gaard, load("result_intrusion")["request"], prepare(gaard, given)).json()
    assert (body["risk"], body["error_code"] != 0, bool(body["error_msg"])) == ("danger", True, True)


def test_a_clip_that_another_api_accepted_is_read_and_labelled_here(gaard: Any) -> None:
    given = {"source_url": "https://example.com/a.mp4", "camera_id": "gate", "vendor_id": "ab" * 12}
    gaard.jobs.submit("t1", gaard.stand_ins.NewJob(kind="alarm", parameters={}, **given))
    body = gaard.client.get(f"/result/{'ab' * 12}", headers=gaard.auth).json()
    assert (body["metadata"], body["camera_id"], body["video"]["filesize"]) == ({}, "gate", None)
    assert body["video"]["videoname"] == f"{'ab' * 12}.mp4"
    answer = gaard.client.post(f"/api/label/{'ab' * 12}", json={"labels": ["wind"]}, headers=gaard.auth)
    assert answer.json()["data"]["labels"] == ["wind"]
    (entry,) = gaard.services.labels.page("t1", limit=9, camera_id="gate").entries
    assert entry.said.classify_id == "ab" * 12


def test_analyses_of_another_kind_are_unknown_here(gaard: Any) -> None:
    job_id = gaard.start()
    gaard.jobs.change(job_id, vendor_id="cd" * 12)
    assert gaard.client.get(f"/result/{'cd' * 12}", headers=gaard.auth).status_code == 404


def test_only_the_bearer_header_carries_the_key(gaard: Any) -> None:
    answer = gaard.client.get("/result/x", headers={"x-api-key": gaard.key}, params={"apiKey": gaard.key})
    assert answer.status_code == 403


def test_a_server_without_the_analysis_says_so_and_keeps_nothing(make_api: Callable[..., Any]) -> None:
    api = make_api()
    api.client.app.state.context.analyses.pop("alarm", None)
    answer = send(api, load("classify_bare")["request"], {})
    assert (answer.status_code, answer.json()["success"]) == (500, False)
    assert api.files.incoming() == []


def test_the_camera_decides_what_a_clip_is_judged_with(gaard: Any) -> None:
    unarmed = Schedule(armed=())
    settings = CameraSettings(threshold_low=0.3, threshold_high=0.5, schedule=unarmed)
    gaard.services.cameras.put("t1", "2041-CAM3", settings)
    send(gaard, load("classify_metadata")["request"], {})
    send(gaard, load("classify_bare")["request"], {})
    known, unknown = gaard.jobs.submitted
    assert (known.camera_id, known.parameters["threshold_low"], known.parameters["threshold_high"]) == ("2041-CAM3", 0.3, 0.5)
    assert known.parameters["camera"]["is_armed"] is False
    assert (unknown.camera_id, unknown.parameters) == (None, {"threshold_low": 0.2, "threshold_high": 0.8})
