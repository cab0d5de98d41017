"""The gaard-compatible API beyond single exchanges: rates, bad metadata, videos, and who is told of results."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import pytest

from kinesight.apis.gaard import errors
from kinesight.apis.gaard.wording import result_wording
from kinesight.domain.errors import KinesightError, NotFound
from kinesight.domain.webhooks import Due, Event, Happening, Webhook
from kinesight.jobs.deliverer import Deliverer
from kinesight.media.post import HttpPost
from kinesight.media.writer import open_video_writer
from kinesight.pipeline.originals import MOST_AT_ONCE, ConvertedOriginals
from kinesight.testing.receiver import receiver
from kinesight.testing.videos import SyntheticVideo, number_in

GOLDEN = Path(__file__).parents[1] / "gaard"
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def gaard(make_api: Callable[..., Any]) -> Any:
    return make_api(alarm=True)


def posted(api: Any, content: bytes = b"video bytes", *, name: str = "clip.mp4", metadata: bytes | None = None) -> Any:
    parts = {"video": (name, content)}
    if metadata is not None:
        parts["metadata"] = ("metadata.json", metadata)
    return api.client.post("/classify", files=parts, headers=api.auth)


def job_of(api: Any, answer: Any) -> Any:
    return api.jobs.find("t1", kind="alarm", vendor_id=answer.json()["id"])


# rates


def test_answers_say_what_is_left_and_above_the_limit_comes_429(make_api: Callable[..., Any]) -> None:
    api = make_api(alarm=True, rate_limit_per_minute=3)
    first = posted(api)
    assert {name: first.headers[f"X-Rate-Limit-{name}"] for name in ("Limit", "Remaining")} == {"Limit": "3", "Remaining": "2"}
    assert 0 < int(first.headers["X-Rate-Limit-Reset"]) <= 60
    unknown = api.client.get("/api/result/x", headers=api.auth)
    assert (unknown.status_code, unknown.headers["X-Rate-Limit-Remaining"]) == (404, "1")
    refused = api.client.post("/v1/classify", headers=api.auth)
    assert (refused.status_code, refused.headers["X-Rate-Limit-Remaining"]) == (412, "0")
    for method, path in (
        ("POST", "/classify"),
        ("GET", "/v1/result/x"),
        ("OPTIONS", "/api/label"),
        ("GET", "/api/avconv/serve.v2/x"),
    ):
        over = api.client.request(method, path, headers=api.auth)
        assert (over.status_code, over.json()["success"], over.headers["X-Rate-Limit-Remaining"]) == (429, False, "0")
        assert over.headers["Retry-After"] == over.headers["X-Rate-Limit-Reset"]
    other = {"Authorization": f"Bearer {api.stand_ins.OTHER_KEY}"}
    assert api.client.get("/result/x", headers=other).status_code == 404
    assert api.client.get("/v1/analyses", headers=api.auth).status_code == 200, "the native API is not counted"


# faults


@pytest.mark.parametrize("kind", errors.STATUSES, ids=lambda kind: kind.code)
def test_every_error_has_the_one_body_and_a_status_of_the_contract(gaard: Any, kind: type[KinesightError]) -> None:
    def fail(*_: object, **__: object) -> None:
        raise kind("What happened.")

    said = errors.NO_ACCESS if errors.STATUSES[kind] == 403 else "What happened."
    gaard.jobs.find = fail
    read = gaard.client.get(f"/api/result/{'ab' * 12}", headers=gaard.auth)
    assert (read.status_code, read.json()) == (errors.STATUSES[kind], {"success": False, "error": said})
    assert read.status_code in {400, 403, 404, 429, 500}
    gaard.jobs.submit = fail
    sent = posted(gaard)
    assert (sent.status_code, sent.json()) == ({400: 412}.get(read.status_code, read.status_code), read.json())


@pytest.mark.parametrize(("fault", "headers"), [(ConnectionError("away"), {"Retry-After"}), (ZeroDivisionError("a bug"), set())])
def test_faults_of_the_server_are_500(gaard: Any, fault: Exception, headers: set[str]) -> None:
    def fail(*_: object, **__: object) -> None:
        raise fault

    gaard.jobs.find = fail
    answer = gaard.client.get("/result", params={"analyse_id": "1"}, headers=gaard.auth)
    assert (answer.status_code, answer.json()["success"], list(answer.json())) == (500, False, ["success", "error"])
    assert {name for name in ("Retry-After",) if name in answer.headers} == headers
    assert str(fault) not in answer.text


# metadata


def nested(depth: int, *, opening: str = '{"a":', closing: str = "}") -> bytes:
    return (opening * depth + "1" + closing * depth).encode()


@pytest.mark.parametrize(
    "metadata",
    [
        b'{"a": "' + b"x" * 1_000_000 + b'"}',
        nested(18),
        nested(20_000),
        b'{"a": ' + nested(20_000, opening="[", closing="]") + b"}",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": 123456789012345678901234567890}',
        b'{"a": "\\u0000"}',
        b"\xff\xfe{}",
        b"null",
        b'"text"',
        b"{",
        b"{}{}",
    ],
    ids=["megabyte", "deep", "bomb", "list bomb", "nan", "infinity", "huge", "nul", "no utf-8", "null", "text", "cut", "two"],
)
def test_metadata_that_cannot_be_used_is_refused_and_nothing_is_kept(gaard: Any, metadata: bytes) -> None:
    answer = posted(gaard, metadata=metadata)
    assert (answer.status_code, answer.json()["success"]) == (412, False)
    assert "metadata" in answer.json()["error"]
    assert gaard.jobs.jobs == {}
    assert gaard.files.incoming() == []


@pytest.mark.parametrize("metadata", [b"", b"{}", nested(15), b'{"a": "' + b"x" * 60_000 + b'"}', '{"ä": "\U0001f600"}'.encode()])
def test_metadata_that_can_be_used_comes_back_whole(gaard: Any, metadata: bytes) -> None:
    answer = posted(gaard, metadata=metadata)
    assert answer.status_code == 200
    body = gaard.client.get(f"/result/{answer.json()['id']}", headers=gaard.auth).json()
    assert body["metadata"] == (json.loads(metadata) if metadata else {})


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", None),
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"no form", "multipart/form-data; boundary=x"),
        (b"no boundary", "multipart/form-data"),
        (b'{"video": "x"}', "application/json"),
        (
            b'--x\r\nContent-Disposition: form-data; name="video"; filename="a.mp4"\r\n\r\nbroken off',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_bodies_that_are_no_form_are_refused(gaard: Any, body: bytes, content_type: str | None) -> None:
    headers = gaard.auth | ({} if content_type is None else {"Content-Type": content_type})
    answer = gaard.client.post("/classify", params={"sync": "true"}, content=body, headers=headers)
    assert (answer.status_code, answer.json()["success"]) == (412, False)
    assert gaard.files.incoming() == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", nested(20_000), b'{"labels": "person"}', b'{"labels": [1]}', b'{"labels": [""]}']
)
@pytest.mark.parametrize("path", ["/api/label/{id}", "/api/flow/labels", "/api/flow/labels/custom"])
def test_labels_that_cannot_be_used_are_refused(gaard: Any, path: str, body: bytes) -> None:
    classify_id = posted(gaard).json()["id"]
    answer = gaard.client.post(path.replace("{id}", classify_id), content=body, headers=gaard.auth)
    assert (answer.status_code, answer.json()["success"]) == (400, False)
    assert gaard.services.labels.page("t1", limit=9).entries == ()


# videos


def test_the_annotated_video_is_served_by_id_and_by_name(gaard: Any) -> None:
    older, newer = (job_of(gaard, posted(gaard, name="Gate 1.mov")) for _ in range(2))
    gaard.succeed(older.id, {})
    for name in (older.vendor_id, f"{older.vendor_id}.mp4", f"{older.vendor_id}.MOV"):
        answer = gaard.client.get(f"/api/avconv/serve.v2/{name}", headers=gaard.auth)
        assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "video/mp4", bytes(range(200)))
        assert answer.headers["content-disposition"] == "inline; filename*=utf-8''Gate%201.mp4"
    part = gaard.client.get(f"/api/avconv/serve.v2/{older.vendor_id}", headers=gaard.auth | {"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, bytes(range(10, 20)))
    gaard.succeed(newer.id, {})
    gaard.jobs.files[newer.id] = (gaard.files.put(newer.id, "annotated.mp4", b"newer", "video/mp4"),)
    assert gaard.client.get("/api/avconv/serve.v2/Gate 1.mov", headers=gaard.auth).content == b"newer"
    others = {"Authorization": f"Bearer {gaard.stand_ins.OTHER_KEY}"}
    assert gaard.client.get(f"/api/avconv/serve.v2/{older.vendor_id}", headers=others).status_code == 404


def test_an_original_in_mp4_is_served_as_it_came(gaard: Any, tmp_path: Path) -> None:
    clip = SyntheticVideo().write(tmp_path / "clip.mp4").read_bytes()
    answer = posted(gaard, clip)
    for path in ("/api/avconv/original/serve.v2", "/api/avconv/serve.v2"):
        served = gaard.client.get(f"{path}/{answer.json()['id']}", headers=gaard.auth)
        assert (served.status_code, served.headers["content-type"]) == (200, "video/mp4")
        assert served.content == clip


@pytest.mark.parametrize(
    "video",
    [
        SyntheticVideo(container="avi", codec="mpeg4"),
        SyntheticVideo(container="mov", sound="aac"),
        SyntheticVideo(codec="mpeg4"),
        SyntheticVideo(container="gif", codec="gif", pixel_format="rgb8", time_base=SyntheticVideo().time_base),
    ],
    ids=["avi", "mov with sound", "mpeg-4 part 2", "gif"],
)
def test_another_original_is_turned_into_mp4_once(gaard: Any, tmp_path: Path, video: SyntheticVideo) -> None:
    clip = video.write(tmp_path / f"clip.{video.container}").read_bytes()
    answer = posted(gaard, clip, name=f"clip.{video.container}")
    path = f"/api/avconv/original/serve.v2/{answer.json()['id']}"
    served = gaard.client.get(path, headers=gaard.auth)
    assert (served.status_code, served.headers["content-type"]) == (200, "video/mp4")
    (tmp_path / "served.mp4").write_bytes(served.content)
    with av.open(str(tmp_path / "served.mp4")) as container:
        assert container.format.name.startswith("mov,mp4")
        assert container.streams.video[0].codec_context.name == "h264"
        assert bool(container.streams.audio) == (video.sound is not None)
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert [number_in(picture) for picture in pictures] == list(range(20))
    copy = gaard.files.derived(job_of(gaard, answer).id, "original.mp4")
    before = copy.stat().st_mtime_ns
    assert gaard.client.get(path, headers=gaard.auth).content == served.content
    assert copy.stat().st_mtime_ns == before


def test_many_who_ask_at_once_get_one_conversion(gaard: Any, tmp_path: Path) -> None:
    clip = SyntheticVideo(container="avi", codec="mpeg4").write(tmp_path / "clip.avi").read_bytes()
    job = job_of(gaard, posted(gaard, clip, name="clip.avi"))
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(gaard.services.originals.as_mp4(job))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_calls_that_would_fill_the_house_with_conversions_come_again_later(gaard: Any, tmp_path: Path) -> None:
    clip = SyntheticVideo(container="avi", codec="mpeg4").write(tmp_path / "clip.avi").read_bytes()
    answer = posted(gaard, clip, name="clip.avi")
    begun, go_on = threading.Event(), threading.Event()

    def slow(*_: object) -> Any:
        begun.set()
        go_on.wait()
        raise NotFound

    originals = ConvertedOriginals(files=gaard.files, open_reader=slow, open_writer=open_video_writer)
    services = gaard.stand_ins.replace(gaard.services, originals=originals)
    gaard.client.app.state.context = gaard.stand_ins.replace(gaard.client.app.state.context, services=services)
    path = f"/api/avconv/original/serve.v2/{answer.json()['id']}"
    with ThreadPoolExecutor(MOST_AT_ONCE) as threads:
        waiting = [threads.submit(gaard.client.get, path, headers=gaard.auth)]
        begun.wait()
        waiting += [threads.submit(gaard.client.get, path, headers=gaard.auth) for _ in range(MOST_AT_ONCE - 1)]
        while originals._places._value:
            threading.Event().wait(0.01)
        refused = gaard.client.get(path, headers=gaard.auth)
        go_on.set()
        assert [one.result().status_code for one in waiting] == [404] * MOST_AT_ONCE
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")


@pytest.mark.parametrize("content", [b"this is no video", b"\0\0\0\x18ftypisom" + bytes(500)])
def test_what_is_no_video_is_not_shown(gaard: Any, content: bytes) -> None:
    answer = posted(gaard, content)
    served = gaard.client.get(f"/api/avconv/original/serve.v2/{answer.json()['id']}", headers=gaard.auth)
    assert (served.status_code, served.json()["success"]) == (404, False)


def test_a_clip_that_is_gone_or_was_never_here_is_not_shown(gaard: Any) -> None:
    answer = posted(gaard)
    (upload,) = gaard.files.incoming()
    upload.unlink()
    assert gaard.client.get(f"/api/avconv/serve.v2/{answer.json()['id']}", headers=gaard.auth).status_code == 404
    new = gaard.stand_ins.NewJob(kind="alarm", parameters={}, source_url="https://example.com/a.mp4", vendor_id="ab" * 12)
    gaard.jobs.submit("t1", new)
    assert gaard.client.get(f"/api/avconv/serve.v2/{'ab' * 12}", headers=gaard.auth).status_code == 404


# receivers


def test_receivers_are_kept_by_the_native_api(gaard: Any) -> None:
    none = gaard.client.get("/v1/webhooks", headers=gaard.auth).json()
    assert none["webhooks"] == []
    assert none["call_secret"].startswith("whsec_")
    made = gaard.client.post("/v1/webhooks", json={"url": "https://hooks.example.com/a"}, headers=gaard.auth)
    assert made.status_code == 201
    one = made.json()
    assert (one["url"], one["enabled"], one["secret"].startswith("whsec_")) == ("https://hooks.example.com/a", True, True)
    assert one["secret"] != none["call_secret"]
    where = f"/v1/webhooks/{one['id']}"
    changed = gaard.client.put(where, json={"url": "https://hooks.example.com/b", "enabled": False}, headers=gaard.auth)
    assert changed.json() == {
        **one,
        "url": "https://hooks.example.com/b",
        "enabled": False,
        "updated_at": changed.json()["updated_at"],
    }
    assert gaard.client.get("/v1/webhooks", headers=gaard.auth).json()["webhooks"] == [changed.json()]
    theirs = {"Authorization": f"Bearer {gaard.stand_ins.OTHER_KEY}"}
    assert gaard.client.get("/v1/webhooks", headers=theirs).json()["webhooks"] == []
    for method in ("PUT", "DELETE"):
        refused = gaard.client.request(method, where, json={"url": "https://hooks.example.com/b"}, headers=theirs)
        assert refused.status_code == 404
    assert gaard.client.post(f"{where}/test", headers=theirs).status_code == 404
    assert gaard.client.delete(where, headers=gaard.auth).status_code == 204
    assert gaard.client.delete(where, headers=gaard.auth).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": "http://hooks.example.com/"},
        {"url": "https://inside.example.com/"},
        {"url": "https://nowhere.example.com/"},
        {"url": "https://hooks.example.com/", "enabled": "yes"},
        {"url": "https://hooks.example.com/", "more": 1},
        {"url": "https://hooks.example.com/" + "x" * 2048},
    ],
)
def test_a_receiver_that_cannot_be_used_is_refused(gaard: Any, body: dict[str, Any]) -> None:
    answer = gaard.client.post("/v1/webhooks", json=body, headers=gaard.auth)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_parameter")
    assert gaard.services.receivers.all("t1") == ()


def test_a_receiver_can_be_tried(make_api: Callable[..., Any]) -> None:
    api = make_api(alarm=True, fetch_allow=("127.0.0.0/8",), webhook_allow_http=True)
    with receiver() as box:
        made = api.client.post("/v1/webhooks", json={"url": f"{box.url}/hook", "enabled": False}, headers=api.auth).json()
        box.statuses = [204, 500]
        tried = [api.client.post(f"/v1/webhooks/{made['id']}/test", headers=api.auth).json() for _ in range(2)]
        assert [one["delivered"] for one in tried] == [True, False]
        assert [one["status_code"] for one in tried] == [204, 500]
        assert box.received[0].json["event"] == "webhook.test"
        assert is_signed(box.received[0], made["secret"])
    gone = api.client.post(f"/v1/webhooks/{made['id']}/test", headers=api.auth).json()
    assert (gone["delivered"], gone["status_code"]) == (False, None)
    assert gone["error"]


def is_signed(message: Any, secret: str) -> bool:
    signed = f"{message.headers['webhook-id']}.{message.headers['webhook-timestamp']}.".encode() + message.body
    mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    return bool(message.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}")


@dataclass
class OneEvent:
    """An outbox with one event."""

    due: list[Due]
    settled: list[Due] = field(default_factory=list)
    postponed: list[Due] = field(default_factory=list)

    def claim(self, *, limit: int, lease_s: float) -> tuple[Due, ...]:
        found, self.due = tuple(self.due), []
        return found

    def settle(self, due: Due) -> None:
        self.settled.append(due)

    def postpone(self, due: Due, *, delay_s: float) -> None:
        self.postponed.append(due)

    def sweep(self, *, give_up_after_s: float, forget_after_s: float) -> int:
        return 0


def delivered(api: Any, job: Any, url: str) -> OneEvent:
    event = Event(job_id=job.id, tenant_id="t1", sequence=1, happening=Happening.SUCCEEDED, percentage=100, created_s=1.8e9)
    outbox = OneEvent(
        [Due(event=event, dialect="gaard", webhook=Webhook(url=url, enabled=True, secret=SECRET, updated_s=0), tries=1)]
    )
    word = result_wording(api.jobs.get, lambda tenant_id: api.stand_ins.TENANT)
    post = HttpPost(allow=("127.0.0.0/8",), allow_http=True, time_limit_s=5)
    Deliverer(outbox=outbox, post=post, wordings={"gaard": word}).rounds.once()
    return outbox


def test_a_receiver_gets_the_result_as_the_result_call_returns_it(gaard: Any) -> None:
    golden = json.loads((GOLDEN / "result_intrusion.json").read_text())
    job = job_of(gaard, posted(gaard))
    gaard.succeed(job.id, golden["given"]["result"])
    with receiver() as box:
        outbox = delivered(gaard, job, f"{box.url}/x?y=1")
    (message,) = box.received
    assert message.path == "/x?y=1"
    assert message.headers["content-type"] == "application/json"
    assert message.json == gaard.client.get(f"/result/{job.vendor_id}", headers=gaard.auth).json()
    assert message.json["risk"] == "intrusion"
    assert is_signed(message, SECRET)
    assert len(outbox.settled) == 1


def test_a_failed_clip_is_told_as_danger(gaard: Any) -> None:
    job = job_of(gaard, posted(gaard))
    gaard.jobs.change(job.id, state=gaard.stand_ins.State.FAILED, error_code="not_a_video", error_message="No video.")
    with receiver() as box:
        delivered(gaard, job, box.url)
    assert (box.received[0].json["risk"], box.received[0].json["error_code"]) == ("danger", 101)


def test_a_clip_that_was_deleted_meanwhile_is_told_to_nobody(gaard: Any) -> None:
    job = job_of(gaard, posted(gaard))
    gaard.jobs.change(job.id, state=gaard.stand_ins.State.FAILED)
    gaard.jobs.delete("t1", job.id)
    with pytest.raises(NotFound):
        gaard.jobs.get("t1", job.id)
    with receiver() as box:
        outbox = delivered(gaard, job, box.url)
    assert box.received == []
    assert (len(outbox.settled), outbox.postponed) == (1, [])
