"""The native API, in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

RESULT = {"schema": "kinesight.result/1", "analysis": "running", "result": {"view": "side"}}


def problem(answer: Any, status: int, code: str) -> str:
    """Check an error answer and return its message."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert list(body) == ["error"]
    assert sorted(body["error"]) == ["code", "message"]
    assert body["error"]["code"] == code
    assert body["error"]["message"].strip()
    return body["error"]["message"]


# keys


@pytest.mark.parametrize("how", ["bearer", "header", "query"])
def test_a_key_works_in_all_three_places(api: Any, how: str) -> None:
    headers = {"bearer": api.auth, "header": {"x-api-key": api.key}, "query": {}}[how]
    query = {"apiKey": api.key} if how == "query" else {}
    answer = api.client.get("/v1/tenant", headers=headers, params=query)
    assert answer.json() == {"id": "t1", "name": "default", "client_id": "abcdefgh01234567"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/tenant"),
        ("POST", "/v1/analyses"),
        ("GET", "/v1/analyses"),
        ("GET", "/v1/analyses/x"),
        ("DELETE", "/v1/analyses/x"),
        ("POST", "/v1/analyses/x/cancel"),
        ("GET", "/v1/analyses/x/result"),
        ("GET", "/v1/analyses/x/artefacts/report.html"),
    ],
)
def test_nothing_works_without_a_key_or_with_a_wrong_one(api: Any, method: str, path: str) -> None:
    missing = api.client.request(method, path)
    problem(missing, 401, "unauthenticated")
    assert missing.headers["WWW-Authenticate"] == "Bearer"
    problem(api.client.request(method, path, headers={"Authorization": "Basic abc"}), 401, "unauthenticated")
    problem(api.client.request(method, path, headers={"Authorization": "Bearer wrong"}), 403, "forbidden")


def test_another_tenant_sees_nothing(api: Any) -> None:
    job_id = api.start()
    theirs = {"x-api-key": api.stand_ins.OTHER_KEY}
    for method, path in [("GET", ""), ("DELETE", ""), ("POST", "/cancel"), ("GET", "/result"), ("GET", "/artefacts/report.html")]:
        problem(api.client.request(method, f"/v1/analyses/{job_id}{path}", headers=theirs), 404, "not_found")
    assert api.client.get("/v1/analyses", headers=theirs).json() == {"analyses": [], "next_cursor": None}


# starting


def test_an_upload_is_accepted_with_its_parameters_hash_and_name(api: Any) -> None:
    answer = api.client.post(
        "/v1/analyses",
        headers=api.auth,
        data={"kind": "running", "parameters": '{"view": "side", "height_m": 1.75}'},
        files={"video": ("../../etc/läufer.mp4", b"abc")},
    )
    assert answer.status_code == 202
    body = answer.json()
    assert answer.headers["Location"] == f"/v1/analyses/{body['id']}"
    assert (body["kind"], body["state"], body["file_name"]) == ("running", "queued", "läufer.mp4")
    assert body["progress"] == {"done": 0, "total": None, "percentage": 0}
    assert body["parameters"]["height_m"] == 1.75
    assert body["parameters"]["instant"] == "full_contact"  # defaults are filled in
    assert body["created_at"] == "2027-01-15T08:00:01.250Z"
    (new,) = api.jobs.submitted
    assert new.input_sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4, "abc"
    assert new.source_url is None
    assert api.files.path(new.input_key).read_bytes() == b"abc"


def test_what_the_installation_chooses_counts_unless_the_caller_does(make_api: Any) -> None:
    api = make_api(pose_model="full")
    for given, wanted in (({}, "full"), ({"pose_model": "heavy"}, "heavy")):
        asked = {"kind": "running", "source_url": "https://media.example.com/v.mp4", "parameters": given}
        assert api.client.post("/v1/analyses", headers=api.auth, json=asked).json()["parameters"]["pose_model"] == wanted
    api.client.post("/analysis/start", params={"apiKey": api.stand_ins.KEY}, files={"video": ("v.mp4", b"abc")})
    assert [new.parameters["pose_model"] for new in api.jobs.submitted] == ["full", "heavy", "full"]


def test_an_address_is_accepted(api: Any) -> None:
    answer = api.client.post(
        "/v1/analyses", headers=api.auth, json={"kind": "running", "source_url": "https://media.example.com/v.mp4?sig=a%20b"}
    )
    assert answer.status_code == 202
    assert answer.json()["source_url"] == "https://media.example.com/v.mp4?sig=a%20b"
    assert api.jobs.submitted[0].input_key is None


@pytest.mark.parametrize(
    "url",
    [
        "ftp://e.com/v",
        "file:///etc/passwd",
        "v.mp4",
        "",
        "http://",
        "http://u:p@e.com/",
        "http://e.com/a b",
        "http://[::1",
        "http://e.com/ä",
    ],
)
def test_other_addresses_are_refused_at_once(api: Any, url: str) -> None:
    answer = api.client.post("/v1/analyses", headers=api.auth, json={"kind": "running", "source_url": url})
    problem(answer, 422, "bad_parameter")


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"[]", "object"),
        (b"null", "object"),
        (b'{"kind": "running"}', "source_url"),
        (b'{"source_url": "https://e.com/v"}', "kind"),
        (b'{"kind": "running", "source_url": "https://e.com/v", "webhook": 1}', "webhook"),
        (b'{"kind": "dancing", "source_url": "https://e.com/v"}', "running"),
        (b'{"kind": 7, "source_url": "https://e.com/v"}', "kind"),
        (b'{"kind": "running", "source_url": "https://e.com/v", "parameters": []}', "parameters"),
        (b'{"kind": "running", "source_url": "https://e.com/v", "parameters": {"heigth_m": 1.7}}', "heigth_m"),
        (b'{"kind": "running", "source_url": "https://e.com/v", "parameters": {"height_m": 9}}', "height_m"),
        (b'{"kind": "running", "source_url": "https://e.com/v", "parameters": {"height_m": NaN}}', "JSON"),
        (b'{"kind": "running", "source_url": "https://e.com/v", "parameters": {"slow_motion": 1e999}}', ""),
        (b'{"kind": "running", "source_url": "https://e.com/v", "parameters": {"person": 1' + b"0" * 400 + b"}}", "2^53"),
        (b'{"kind": "running", "source_url": "https://e.com/v", "parameters": {"profile": "a\\u0000b"}}', "NUL"),
        (b'{"kind": "running", "source_url": "https://e.com/v", "parameters": {"profile": "\\ud800"}}', "JSON"),
        (b'{"kind": "running", "source_url": "https://e.com/v", "parameters": ' + b'{"a":' * 30 + b"1" + b"}" * 31, "nested"),
        (b'{"a":' * 12_000, "JSON"),
        (b"[" * 60_000, "JSON"),
        (b'{"kind": "' + b"x" * 1_000_000 + b'"}', "longer"),
        (b"\xff\xfe{}", "JSON"),
    ],
)
def test_bad_json_bodies_are_named(api: Any, body: bytes, hint: str) -> None:
    answer = api.client.post("/v1/analyses", headers={**api.auth, "Content-Type": "application/json"}, content=body)
    assert hint in problem(answer, 422, "bad_parameter")
    assert api.jobs.submitted == []


def part(name: str, value: bytes, *, filename: str | None = None) -> bytes:
    shown = "" if filename is None else f'; filename="{filename}"'
    return f'--edge\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n\r\n'.encode() + value + b"\r\n"


KIND = part("kind", b"running")
VIDEO = part("video", b"abc", filename="v.mp4")
END = b"--edge--\r\n"


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b"", "closing boundary"),
        (END, "video"),
        (b"no form at all", "well-formed"),
        (KIND + END, "video"),
        (VIDEO + END, "kind"),
        (KIND + VIDEO.replace(b"v.mp4", b"\xff.mp4") + END, "well-formed"),
        (KIND + VIDEO.replace(b"Disposition", b"Disp\xabsition") + END, "well-formed"),
        (KIND + VIDEO.replace(b"Content-Disposition: ", b"") + END, "video"),
        (KIND + VIDEO + VIDEO + END, "twice"),
        (KIND + KIND + VIDEO + END, "twice"),
        (KIND + part("video", b"", filename="v.mp4") + END, "empty"),
        (KIND + VIDEO + part("webhook", b"x") + END, "webhook"),
        (KIND + VIDEO, "closing boundary"),
        (KIND + VIDEO[:-6], "closing boundary"),
        (part("kind", b"dancing") + VIDEO + END, "running"),
        (part("kind", b"\xff") + VIDEO + END, "UTF-8"),
        (part("kind", b"run\0ning") + VIDEO + END, "NUL"),
        (KIND + VIDEO + part("parameters", b"{") + END, "JSON"),
        (KIND + VIDEO + part("parameters", b"[]") + END, "object"),
        (KIND + VIDEO + part("parameters", b'{"view": "above"}') + END, "view"),
        (KIND + VIDEO + part("parameters", b'{"pace_s_per_km": 300, "treadmill": false}') + END, "treadmill"),
        (KIND + VIDEO + part("parameters", b'{"a":' * 10_000) + END, "JSON"),
        (KIND + VIDEO + part("parameters", b'"' + b"x" * 1_000_000 + b'"') + END, "longer"),
    ],
)
def test_bad_forms_are_named_and_leave_no_file(api: Any, body: bytes, hint: str) -> None:
    headers = {**api.auth, "Content-Type": "multipart/form-data; boundary=edge"}
    answer = api.client.post("/v1/analyses", headers=headers, content=body)
    assert hint in problem(answer, 422, "bad_parameter")
    assert api.files.incoming() == []
    assert api.jobs.submitted == []


def test_a_form_arrives_in_any_pieces(api: Any) -> None:
    body = KIND + part("parameters", b'{"view": "side"}') + part("video", b"\r\n--edg" * 50, filename="v.mp4") + END
    headers = {**api.auth, "Content-Type": 'multipart/form-data; boundary="edge"'}
    for size in (1, 7, 1000):
        pieces = (body[i : i + size] for i in range(0, len(body), size))
        answer = api.client.post("/v1/analyses", headers=headers, content=pieces)
        assert answer.status_code == 202, answer.text
        assert api.files.path(api.jobs.submitted[-1].input_key).read_bytes() == b"\r\n--edg" * 50


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "video/mp4", "multipart/mixed; boundary=x"]
)
def test_another_content_type_is_refused(api: Any, content_type: str) -> None:
    answer = api.client.post("/v1/analyses", headers={**api.auth, "Content-Type": content_type}, content=b"x")
    problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=ä"]
)
def test_a_form_without_boundary_is_refused(api: Any, content_type: str) -> None:
    headers = [(b"x-api-key", api.key.encode()), (b"content-type", content_type.encode())]
    answer = api.client.post("/v1/analyses", headers=headers, content=KIND + VIDEO + END)
    problem(answer, 422, "bad_parameter")
    assert api.files.incoming() == []


def test_a_file_over_the_limit_is_refused(make_api: Callable[..., Any]) -> None:
    api = make_api(max_upload_mb=0.001)
    for size, status in [(1000, 202), (1001, 413)]:
        files = {"video": ("v.mp4", bytes(size))}
        answer = api.client.post("/v1/analyses", headers=api.auth, data={"kind": "running"}, files=files)
        assert answer.status_code == status
    problem(answer, 413, "video_too_large")
    assert len(api.files.incoming()) == 1


def test_a_full_queue_says_when_to_come_back_and_keeps_no_file(make_api: Callable[..., Any]) -> None:
    api = make_api(queue_limit=1)
    api.start()
    answer = api.client.post("/v1/analyses", headers=api.auth, data={"kind": "running"}, files={"video": ("v.mp4", b"abc")})
    problem(answer, 429, "queue_full")
    assert len(api.files.incoming()) == 1  # that of the first
    assert int(answer.headers["Retry-After"]) > 0


# idempotency


def test_the_same_request_with_the_same_key_is_the_same_analysis(api: Any) -> None:
    def send(content: bytes, key: str) -> Any:
        headers = {**api.auth, "Idempotency-Key": key}
        return api.client.post("/v1/analyses", headers=headers, data={"kind": "running"}, files={"video": ("v.mp4", content)})

    first, again, other_key = send(b"abc", "k1"), send(b"abc", "k1"), send(b"abc", "k2")
    assert first.json()["id"] == again.json()["id"] != other_key.json()["id"]
    assert (again.status_code, again.headers["Location"]) == (202, first.headers["Location"])
    problem(send(b"xyz", "k1"), 409, "conflict")
    assert len(api.files.incoming()) == 2  # what was sent again is not kept again
    assert api.files.path(api.jobs.submitted[0].input_key).read_bytes() == b"abc"


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256])
def test_odd_idempotency_keys_are_refused(api: Any, key: str) -> None:
    headers = {**api.auth, "Idempotency-Key": key}
    answer = api.client.post("/v1/analyses", headers=headers, json={"kind": "running", "source_url": "https://e.com/v"})
    problem(answer, 422, "bad_parameter")


# waiting


def test_who_waits_gets_the_result_in_the_same_answer(api: Any) -> None:
    def succeed_soon() -> None:
        while not api.jobs.jobs:
            time.sleep(0.005)
        api.succeed(next(iter(api.jobs.jobs)), RESULT)

    worker = threading.Thread(target=succeed_soon)
    worker.start()
    files = {"video": ("v.mp4", b"abc")}
    answer = api.client.post("/v1/analyses?wait_s=60", headers=api.auth, data={"kind": "running"}, files=files)
    worker.join()
    assert answer.status_code == 200
    body = answer.json()
    assert (body["state"], body["result"]) == ("succeeded", RESULT)
    assert body["artefacts"]
    assert answer.headers["Location"] == f"/v1/analyses/{body['id']}"
    assert api.jobs.submitted[0].is_awaited


def test_who_waited_in_vain_gets_the_address_to_ask_at(api: Any) -> None:
    files = {"video": ("v.mp4", b"abc")}
    answer = api.client.post("/v1/analyses?wait_s=0.02", headers=api.auth, data={"kind": "running"}, files=files)
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    api.start()
    assert [new.is_awaited for new in api.jobs.submitted] == [True, False]


@pytest.mark.parametrize("wait_s", ["-1", "61", "nan", "soon"])
def test_an_odd_wait_is_refused(api: Any, wait_s: str) -> None:
    files = {"video": ("v.mp4", b"abc")}
    answer = api.client.post(f"/v1/analyses?wait_s={wait_s}", headers=api.auth, data={"kind": "running"}, files=files)
    problem(answer, 422, "bad_parameter")


# reading


def test_how_far_the_drawing_is_is_shown(api: Any) -> None:
    job_id = api.start()
    api.succeed(job_id, RESULT)
    read = lambda: api.client.get(f"/v1/analyses/{job_id}", headers=api.auth).json()["drawing"]  # noqa: E731
    assert read() is None
    api.jobs.change(job_id, drawing=api.stand_ins.State.QUEUED)
    assert read() == "queued"


def test_progress_and_errors_are_shown(api: Any) -> None:
    job_id = api.start()
    api.jobs.change(job_id, state="running", stage="observe", done=115, total=230, started_s=1_800_000_002.0)
    body = api.client.get(f"/v1/analyses/{job_id}", headers=api.auth).json()
    assert (body["state"], body["stage"]) == ("running", "observe")
    assert body["progress"] == {"done": 115, "total": 230, "percentage": 40}
    assert (body["started_at"], body["finished_at"], body["result"], body["error"]) == (
        "2027-01-15T08:00:02.000Z",
        None,
        None,
        None,
    )
    api.jobs.change(job_id, state=api.stand_ins.State.FAILED, error_code="nobody_visible", error_message="Nobody is visible.")
    answer = api.client.get(f"/v1/analyses/{job_id}", headers=api.auth)
    assert answer.status_code == 200  # reading worked; the analysis did not
    assert answer.json()["error"] == {"code": "nobody_visible", "message": "Nobody is visible."}
    message = problem(api.client.get(f"/v1/analyses/{job_id}/result", headers=api.auth), 409, "conflict")
    assert "nobody_visible" in message


def test_a_success_has_result_and_links_that_need_no_key(api: Any) -> None:
    job_id = api.start()
    api.succeed(job_id, RESULT)
    body = api.client.get(f"/v1/analyses/{job_id}", headers=api.auth).json()
    assert body["result"] == RESULT
    assert body["progress"]["percentage"] == 100
    assert [file["name"] for file in body["artefacts"]] == ["annotated.mp4", "report.html", "thumbnail.jpg"]
    link = body["artefacts"][0]
    assert link["url"].startswith("http://testserver/files/")
    assert (link["media_type"], link["size_bytes"]) == ("video/mp4", 200)
    assert api.client.get(link["url"]).content == bytes(range(200))
    assert api.client.get(f"/v1/analyses/{job_id}/result", headers=api.auth).json() == RESULT


def test_links_use_the_public_address_and_the_set_life(make_api: Callable[..., Any]) -> None:
    api = make_api(public_url="https://kinesight.example.com/", link_seconds=60)
    job_id = api.start()
    api.succeed(job_id, RESULT)
    url = api.client.get(f"/v1/analyses/{job_id}", headers=api.auth).json()["artefacts"][0]["url"]
    assert url.startswith("https://kinesight.example.com/files/jobs/")


def test_a_result_that_is_not_there_yet_is_a_conflict(api: Any) -> None:
    problem(api.client.get(f"/v1/analyses/{api.start()}/result", headers=api.auth), 409, "conflict")


def test_artefacts_by_name_with_ranges(api: Any) -> None:
    job_id = api.start()
    api.succeed(job_id, RESULT)
    path = f"/v1/analyses/{job_id}/artefacts/annotated.mp4"
    whole = api.client.get(path, headers=api.auth)
    assert (whole.status_code, whole.content, whole.headers["Content-Type"]) == (200, bytes(range(200)), "video/mp4")
    some = api.client.get(path, headers={**api.auth, "Range": "bytes=10-19"})
    assert (some.status_code, some.content, some.headers["Content-Range"]) == (206, bytes(range(10, 20)), "bytes 10-19/200")
    problem(api.client.get(f"/v1/analyses/{job_id}/artefacts/other.mp4", headers=api.auth), 404, "not_found")
    problem(api.client.get(f"/v1/analyses/{job_id}/artefacts/..%2Fannotated.mp4", headers=api.auth), 404, "not_found")


@pytest.mark.parametrize("job_id", ["00000000-0000-4000-8000-0000000000ff", "x", "%00", "a%20b", "%2e%2e", "ä", "x" * 5000])
def test_unknown_ids_are_not_found(api: Any, job_id: str) -> None:
    problem(api.client.get(f"/v1/analyses/{job_id}", headers=api.auth), 404, "not_found")
    problem(api.client.delete(f"/v1/analyses/{job_id}", headers=api.auth), 404, "not_found")


def test_the_list_is_paged_newest_first(api: Any) -> None:
    ids = [api.start() for _ in range(5)]
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = api.client.get("/v1/analyses", headers=api.auth, params=query).json()
        assert len(page["analyses"]) <= 2
        seen += [item["id"] for item in page["analyses"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == ids[::-1]


def test_the_list_can_be_narrowed(api: Any) -> None:
    first, second = api.start(), api.start()
    api.jobs.change(first, state=api.stand_ins.State.CANCELLED)
    page = api.client.get("/v1/analyses?state=cancelled&kind=running", headers=api.auth).json()
    assert [item["id"] for item in page["analyses"]] == [first]
    assert "result" not in page["analyses"][0]
    page = api.client.get("/v1/analyses?state=queued", headers=api.auth).json()
    assert [item["id"] for item in page["analyses"]] == [second]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "cursor=nonsense", "cursor=%00", "kind=dancing", "kind=%00", "state=lost"]
)
def test_bad_list_queries_are_named(api: Any, query: str) -> None:
    message = problem(api.client.get(f"/v1/analyses?{query}", headers=api.auth), 422, "bad_parameter")
    assert query.partition("=")[0] in message or "dancing" in message


def test_cancel_and_delete(api: Any) -> None:
    job_id = api.start()
    problem(api.client.delete(f"/v1/analyses/{job_id}", headers=api.auth), 409, "conflict")
    cancelled = api.client.post(f"/v1/analyses/{job_id}/cancel", headers=api.auth)
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelling")
    api.jobs.change(job_id, state=api.stand_ins.State.CANCELLED)
    assert api.client.post(f"/v1/analyses/{job_id}/cancel", headers=api.auth).json()["state"] == "cancelled"
    gone = api.client.delete(f"/v1/analyses/{job_id}", headers=api.auth)
    assert (gone.status_code, gone.content) == (204, b"")
    problem(api.client.get(f"/v1/analyses/{job_id}", headers=api.auth), 404, "not_found")
