"""A monitoring centre's calls against a real server: good clips, bad ones, receivers, labels. Nothing bad is ever safe."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator

import av
import httpx2
import numpy as np
import pytest

from kinesight.apis.gaard.schemas import Classification
from kinesight.testing.api_server import KEY, api_server
from kinesight.testing.receiver import receiver
from kinesight.testing.videos import SyntheticVideo

SETTINGS = {
    "KINESIGHT_BEAT_S": "0.2",
    "KINESIGHT_GAARD_SYNC_WAIT_S": "200",
    "KINESIGHT_FETCH_ALLOW": '["127.0.0.0/8"]',
    "KINESIGHT_WEBHOOK_ALLOW_HTTP": "true",
}
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def server(samples, tmp_path_factory):
    with api_server(tmp_path_factory.mktemp("gaard"), environment=SETTINGS) as running:
        yield running


@pytest.fixture
def client(server) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=240) as client:
        yield client


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> bytes:
    """Thirteen pictures of a yard at 3 a second, in which one square moves."""
    path = tmp_path_factory.mktemp("clips") / "yard.mp4"
    random = np.random.default_rng(3)
    ground = random.integers(60, 120, (180, 320, 3)).astype(np.uint8)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=3)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(13):
            picture = ground.copy()
            picture[80:110, 20 + 15 * number : 32 + 15 * number] = 230
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode())
    return path.read_bytes()


def classify(client, content, *, name="clip.mp4", metadata=None, **query):
    parts = {"video": (name, content), **({} if metadata is None else {"metadata": ("m.json", json.dumps(metadata))})}
    return client.post("/v1/classify", params={"sync": "true", **query}, files=parts)


def test_a_clip_becomes_a_verdict_that_everybody_is_told(client, clip):
    with receiver() as once, receiver() as standing:
        secret = client.post("/v1/webhooks", json={"url": f"{standing.url}/alarm"}).json()["secret"]
        answer = classify(
            client,
            clip,
            name="yard.mp4",
            metadata={"client_id": 134188, "code_msg": "VI08", "no_trans": "20818"},
            analyse_id="3373550353",
            webhook=f"{once.url}/once",
        )
        assert answer.status_code == 200, answer.text
        body = answer.json()
        messages = [once.wait(1)[0], standing.wait(1)[0]]
    Classification.model_validate(body)
    assert body["status"]["classify"] == "done"
    assert (body["error_code"], body["risk"] in {"safe", "danger", "intrusion"}) == (0, True)
    assert (body["camera_id"], body["analyse_id"], body["tenant"]) == ("134188-VI08", 3373550353, "default")
    assert body["video"]["videoname"] == "yard.mp4"
    assert body["video"]["filesize"] == len(clip)
    assert (body["video"]["specs"]["nframes"], body["video"]["specs"]["width"]) == (13, 320)
    assert len(body["scores"]) == 13
    assert 0 < body["duration"] < 60 * MEGABYTE
    assert int(body["id"][:8], 16) == pytest.approx(time.time(), abs=60)
    for prefix in ("", "/v1", "/api"):
        assert without_status(client.get(f"{prefix}/result/{body['id']}").json()) == without_status(body)
    for message in messages:
        assert without_status(message.json) == without_status(body)
        assert message.headers["webhook-signature"].startswith("v1,")
    assert secret.startswith("whsec_")
    labelled = client.post(f"/api/label/{body['id']}", json={"labels": ["person"], "comment": "a square"}).json()
    assert (labelled["success"], labelled["data"]["analyseId"]) == (True, 3373550353)
    check_videos(client, body["id"], clip)


def without_status(body):
    """Leave out what may still change: the video is drawn after the verdict."""
    return {name: value for name, value in body.items() if name != "status"}


def check_videos(client, classify_id, clip):
    while client.get(f"/result/{classify_id}").json()["status"]["video"] == "processing":
        time.sleep(0.1)
    original = client.get(f"/api/avconv/original/serve.v2/{classify_id}.mp4")
    assert (original.headers["content-type"], original.content) == ("video/mp4", clip)
    annotated = client.get("/api/avconv/serve.v2/yard.mp4")
    assert annotated.headers["content-type"] == "video/mp4"
    with av.open(io.BytesIO(annotated.content)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 13


def bad_clips(folder):
    whole = SyntheticVideo().write(folder / "whole.mp4").read_bytes()
    with av.open(str(folder / "sound.mp4"), "w") as output:
        stream = output.add_stream("aac", rate=48_000, layout="mono")
        for number in range(20):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48_000, 1024 * number
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return {
        "text": b"This is a letter to the monitoring centre." * 20,
        "cut": whole[: len(whole) // 3],
        "one frame": SyntheticVideo(times_s=[0.0]).write(folder / "one.mp4").read_bytes(),
        "audio only": (folder / "sound.mp4").read_bytes(),
    }


def test_bad_clips_are_done_with_an_error_and_danger(client, tmp_path):
    found = {}
    for name, content in bad_clips(tmp_path).items():
        answer = classify(client, content)
        assert answer.status_code == 200, (name, answer.text)
        body = answer.json()
        assert (body["status"]["classify"], body["risk"], bool(body["error_msg"])) == ("done", "danger", True), name
        assert "NOTHING" not in body["labels"], name
        found[name] = body["error_code"]
    assert found == {"text": 101, "cut": 103, "one frame": 2, "audio only": 102}


def test_a_single_picture_has_scores_and_is_drawn(client, tmp_path):
    content = SyntheticVideo(times_s=[0.0]).write(tmp_path / "one.mp4").read_bytes()
    body = classify(client, content).json()
    assert (len(body["scores"]), body["scores"]["NOTHING"], body["video"]["specs"]["nframes"]) == (13, 0.0, 1)
    while (status := client.get(f"/result/{body['id']}").json()["status"]["video"]) == "processing":
        time.sleep(0.1)
    annotated = client.get(f"/api/avconv/serve.v2/{body['id']}")
    assert (status, annotated.status_code) == ("done", 200)
    with av.open(io.BytesIO(annotated.content)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 1


DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000


@pytest.mark.parametrize(
    ("parts", "key", "status"),
    [
        ({"video": ("empty.mp4", b"")}, KEY, 412),
        ({"clip": ("clip.mp4", b"video bytes")}, KEY, 412),
        ({"video": ("clip.mp4", b"video bytes")}, "not-the-key", 403),
        ({"video": ("clip.mp4", b"video bytes"), "metadata": ("m.json", b'{"a": "' + b"x" * MEGABYTE + b'"}')}, KEY, 412),
        ({"video": ("clip.mp4", b"video bytes"), "metadata": ("m.json", DEEP)}, KEY, 412),
        ({"video": ("clip.mp4", b"video bytes"), "metadata": ("m.json", b"[" * MEGABYTE)}, KEY, 412),
    ],
    ids=["empty", "missing part", "wrong key", "1 MB of metadata", "nested objects", "nested lists"],
)
def test_what_cannot_be_taken_is_refused_and_says_nothing_about_risk(client, parts, key, status):
    answer = client.post("/v1/classify", params={"sync": "true"}, files=parts, headers={"Authorization": f"Bearer {key}"})
    body = answer.json()
    assert (answer.status_code, body["success"], bool(body["error"])) == (status, False, True)
    assert "risk" not in body


def test_a_gif_is_a_clip_and_can_be_polled(client, tmp_path):
    gif = SyntheticVideo(container="gif", codec="gif", pixel_format="rgb8").write(tmp_path / "clip.gif").read_bytes()
    answer = client.post("/classify", files={"video": ("clip.gif", gif)}).json()
    seen = []
    while not (body := client.get(f"/result/{answer['id']}").json())["risk"]:
        seen.append(body["status"]["classify"])
        time.sleep(0.02)
    assert set(seen) <= {"accepted", "processing"}
    assert (body["status"]["classify"], body["error_code"]) == ("done", 0)
    served = client.get(f"/api/avconv/original/serve.v2/{body['id']}")
    assert (served.status_code, served.headers["content-type"]) == (200, "video/mp4")


def test_two_hundred_megabytes_are_refused(client):
    boundary = "----kinesight"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="video"; filename="a.mp4"\r\n\r\n'.encode()
    tail = f"\r\n--{boundary}--\r\n".encode()

    def body():
        yield head
        for _ in range(200):
            yield bytes(MEGABYTE)
        yield tail

    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    length = {"Content-Length": str(len(head) + 200 * MEGABYTE + len(tail))}
    for declared in (length, {}):
        answer = client.post("/classify", params={"sync": "true"}, content=body(), headers={**headers, **declared})
        assert (answer.status_code, answer.json()["success"]) == (412, False)
