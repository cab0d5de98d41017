"""The Akool-compatible API against golden exchanges, one JSON file each in tests/contract/akool.

`comment` names the section of the contract. `given.analysis` is what the engine says of an analysis that was accepted before,
`given.corrected` its result after corrections, `given.task` a task over it. `accepted` is what the engine must have been handed.
`<analysis>` and `<task>` stand for the ids of what was given, `<id>` and the like for what is new each time, `<link NAME>` for a
signed link to a file. Requests carry the key as `x-api-key` unless they have headers of their own. The status is 200, always.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jwt
import pytest

from kinesight.analyses.heads.parameters import HeadsParameters
from kinesight.analyses.persons.parameters import PersonsParameters
from kinesight.domain.corrections import Entry
from kinesight.testing import golden
from kinesight.testing.golden import filled

FILES = sorted((Path(__file__).parents[1] / "akool").glob("*.json"))
PREVIEW = b"\xff\xd8 a picture of somebody"
PERSON_FILES = ("report.html", "tracks.txt", "thumbnail.jpg", "persons/0.jpg", "persons/1.jpg")
TASK_FILES = ("report.html", "audit.json", "leaks.json", "leak-0.jpg", "output.mp4")
OBJECT_ID = r"[0-9a-f]{24}"
PATTERNS = {
    "<text>": r"(?s).+",
    "<id>": OBJECT_ID,
    "<task id>": OBJECT_ID,
    "<team>": OBJECT_ID,
    "<jwt>": r"[\w-]+\.[\w-]+\.[\w-]+",
    "<file name>": r"Headswap_\d{13}\.mp4",
}
WHOLE_NUMBERS = {"<ms>", "<uid>"}


def load(name: str) -> Any:
    return json.loads((FILES[0].parent / f"{name}.json").read_text())


def token_for(api: Any, key: str) -> str:
    answer = api.client.post(
        "/api/open/v3/getToken", json={"clientId": api.stand_ins.TENANT.client_id, "clientSecret": key}
    ).json()
    return str(answer["token"])


def finish(api: Any, job_id: str, names: tuple[str, ...], fields: dict[str, Any]) -> None:
    """Bring a job into a state, as a worker would."""
    if fields.get("state") == "succeeded":
        types = {"jpg": "image/jpeg", "mp4": "video/mp4", "html": "text/html"}
        files = [api.files.put(job_id, name, PREVIEW, types.get(name[-3:], "text/plain")) for name in names]
        api.jobs.files[job_id] = tuple(files)
    if "state" in fields:
        fields = {**fields, "state": api.stand_ins.State(fields["state"])}
    api.jobs.change(job_id, **fields)


def prepare(api: Any, given: dict[str, Any]) -> dict[str, str]:
    """Bring about what is given and return what stands for what."""
    places = {"<client id>": api.stand_ins.TENANT.client_id}
    if "analysis" not in given:
        return places
    fields = dict(given["analysis"])
    asked = {"video_url": fields.pop("video_url"), "type": "head"}
    record = call(api, "POST", "/api/open/v4/headswap/analyze", asked)["_id"]
    job_id = api.jobs.find("t1", kind="persons", vendor_id=record).id
    finish(api, job_id, PERSON_FILES, fields)
    if "corrected" in given:
        entry = Entry(number=1, change={"action": "exclude", "obj_id": 1}, undoes=None, made_by=None, created_s=0.0)
        assert api.jobs.corrections.append(job_id, entry, result=given["corrected"])
    places |= {"<analysis>": record, "<ANALYSIS>": record.upper(), "<analysis job>": job_id}
    if "task" in given:
        fields = dict(given["task"])
        record = call(api, "POST", "/api/open/v4/headswap/task/create", fields.pop("body"))["_id"]
        finish(api, api.jobs.find("t1", kind="heads", vendor_id=record).id, TASK_FILES, fields)
        places["<task>"] = record
    return places


def call(api: Any, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.client.request(method, path, json=body, headers={"x-api-key": api.key}).json()
    assert answer["code"] == 1000, answer
    data: dict[str, Any] = answer["data"]
    return data


def send(api: Any, request: dict[str, Any], places: dict[str, str]) -> Any:
    keys = {"<key>": api.key, "<other key>": api.stand_ins.OTHER_KEY, "<aes key>": api.stand_ins.AES_KEY}
    asked = json.dumps(request)
    if "<token>" in asked:
        keys["<token>"] = token_for(api, api.key)
    if "<aes token>" in asked:
        keys["<aes token>"] = token_for(api, api.stand_ins.AES_KEY)
    known = {**places, **keys}
    body = (
        {"content": request["text"]}
        if "text" in request
        else {"json": filled(request["json"], known)}
        if "json" in request
        else {}
    )
    headers = filled(request.get("headers", {"x-api-key": "<key>"}), known)
    query = filled(request["query"], known)
    return api.client.request(request["method"], request["path"], params=query, headers=headers, **body)


def agrees(wanted: Any, got: Any, places: dict[str, str], where: str = "answer") -> None:
    golden.agrees(wanted, got, partial(check_value, places), where)


def check_value(places: dict[str, str], wanted: Any, got: Any, where: str) -> None:
    match wanted:
        case str() if wanted in WHOLE_NUMBERS:
            assert type(got) is int, where
        case str() if wanted in places:
            assert got == places[wanted], where
        case str() if wanted in PATTERNS:
            assert re.fullmatch(PATTERNS[wanted], got), where
        case str() if wanted.startswith("<link "):
            path, _, query = got.partition("?")
            assert path.startswith("http://testserver/files/jobs/"), where
            assert f"/{wanted[6:-1]}" in path, where
            assert {"exp", "sig"} <= {part.partition("=")[0] for part in query.split("&")}, where
        case _:
            assert got == wanted, where
            assert type(got) is type(wanted), where


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_golden_exchange_of_akool(lasting_api: Callable[..., Any], path: Path) -> None:
    exchange = json.loads(path.read_text())
    assert exchange["comment"]
    api = lasting_api(**exchange.get("settings", {}))
    api.jobs.credits, api.jobs.queue_limit = exchange.get("credits", 0), exchange.get("queue_limit", 1000)
    places = prepare(api, exchange.get("given", {}))
    before = set(api.jobs.jobs)
    answer = send(api, exchange["request"], places)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    agrees(exchange["response"]["json"], answer.json(), places)
    new = set(api.jobs.jobs) - before
    assert bool(new) == ("accepted" in exchange)
    if new:
        check_accepted(api, exchange["accepted"], api.jobs.submitted[-1], places)
        check_ids(answer.json()["data"])


def check_accepted(api: Any, wanted: dict[str, Any], new: Any, places: dict[str, str]) -> None:
    for name, value in wanted.items():
        got = getattr(new, name)
        if name == "references":
            got = {str(obj_id): attachment.url for obj_id, attachment in got.items()}
        elif name == "parameters":
            whole = (HeadsParameters if new.kind == "heads" else PersonsParameters).model_validate(got).model_dump(mode="json")
            got = {one: whole[one] for one in value}
        elif name == "origin":
            remembered = dict(got)
            assert remembered.pop("create_time_ms") // 1000 == int(new.vendor_id[:8], 16)
            assert re.fullmatch(OBJECT_ID, remembered.pop("task_id"))
            sealed = remembered.pop("webhook_key", None)
            assert (sealed is None) == (new.callback_url is None)
            assert api.key not in str(sealed)
            assert api.stand_ins.AES_KEY not in str(sealed)
            got = remembered
        agrees(value, got, places, name)


def check_ids(data: dict[str, Any]) -> None:
    """Check that both ids begin with the second of `create_time`, which is now."""
    assert abs(data["create_time"] / 1000 - time.time()) < 60
    second = f"{data['create_time'] // 1000:08x}"
    assert (data["_id"][:8], data["task_id"][:8]) == (second, second)
    assert data["_id"] != data["task_id"]


@pytest.fixture
def done(make_api: Callable[..., Any]) -> tuple[Any, dict[str, str]]:
    api = make_api()
    return api, prepare(api, load("analysis_done")["given"])


def test_uid_and_team_are_those_of_the_tenant_every_time(done: tuple[Any, dict[str, str]]) -> None:
    api, places = done
    mine = [send(api, load(name)["request"], places).json()["data"] for name in ("analysis_done", "create", "analyze")]
    assert len({(data["uid"], data["team_id"]) for data in mine}) == 1
    other = {"x-api-key": api.stand_ins.OTHER_KEY}
    theirs = send(api, {**load("analyze")["request"], "headers": other}, places).json()["data"]
    assert theirs["uid"] != mine[0]["uid"]
    assert theirs["team_id"] != mine[0]["team_id"]


def test_pictures_open_without_a_key_and_links_are_new_at_each_read(
    done: tuple[Any, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, places = done

    def link() -> str:
        data = send(api, load("analysis_done")["request"], places).json()["data"]
        return str(data["analysis_result"]["media"][1]["img_url"])

    first = link()
    assert api.client.get(first).content == PREVIEW
    assert api.client.get(first).headers["content-type"] == "image/jpeg"
    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s + 3601)
    assert api.client.get(first).status_code == 403, "the link has expired"
    assert api.client.get(link()).content == PREVIEW


def test_the_output_is_saved_under_its_file_name(make_api: Callable[..., Any]) -> None:
    api = make_api()
    exchange = load("task_done")
    data = send(api, exchange["request"], prepare(api, exchange["given"])).json()["data"]
    assert data["video_url"].partition("?")[0].endswith(f"/{data['file_name']}")
    assert data["file_name"] == f"Headswap_{data['create_time']}.mp4"
    assert api.client.get(data["video_url"]).content == PREVIEW


def test_the_newest_analysis_of_an_address_counts(done: tuple[Any, dict[str, str]]) -> None:
    api, places = done
    send(api, load("analyze")["request"], places)
    answer = send(api, load("create")["request"], places).json()
    assert (answer["code"], "not done yet" in answer["msg"]) == (1003, True)


def test_a_token_lasts_longer_than_a_year_and_dies_with_its_key(make_api: Callable[..., Any]) -> None:
    api = make_api()
    token = token_for(api, api.key)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] > 366 * 86_400
    assert api.key not in json.dumps(claims)
    request = {**load("analyze")["request"], "headers": {"Authorization": f"Bearer {token}"}}
    assert send(api, request, {}).json()["code"] == 1000
    del api.services.keys.tenants[api.key]
    assert send(api, request, {}).json()["code"] == 1101


def test_a_token_of_another_installation_or_an_expired_one_is_none(
    make_api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = make_api()
    foreign = jwt.encode({"iss": "kinesight", "iat": 1, "exp": 2**33, "key": "x"}, b"k" * 32, algorithm="HS256")
    unsigned = jwt.encode({"iss": "kinesight", "iat": 1, "exp": 2**33, "key": "x"}, None, algorithm="none")
    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s - 500 * 86_400)
    expired = token_for(api, api.key)
    monkeypatch.undo()
    for token in (foreign, unsigned, expired):
        answer = send(api, {**load("analyze")["request"], "headers": {"Authorization": f"Bearer {token}"}}, {})
        assert answer.json()["code"] == 1101


def test_a_fault_has_the_envelope_too(make_api: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    api = make_api()

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret inside")

    api.jobs.find = fail
    answer = send(api, load("analysis_unknown")["request"], {})
    assert (answer.status_code, answer.json()["code"]) == (200, 2001)
    assert "secret" not in answer.text
    assert "ZeroDivisionError" in caplog.text
