"""Head swap as a client of Akool runs it, written from the contract's page, against a real server, and what it may do wrong."""

import io
import time

import av
import httpx2
import pytest

from kinesight.media.stills import read_still
from kinesight.settings import Settings, load_settings
from kinesight.storage.opening import open_storage
from kinesight.testing.api_server import KEY, api_server
from kinesight.testing.headswap_receiver import opened
from kinesight.testing.link_server import link_server
from kinesight.testing.moving_faces import moving_faces, write_moving_faces
from kinesight.testing.receiver import receiver
from kinesight.testing.videos import SyntheticVideo, steady_times
from kinesight.vision.samples import fetch_pictures

CLIENT_ID = "client-id-012345"
SETTINGS = {
    "KINESIGHT_BOOTSTRAP_CLIENT_ID": CLIENT_ID,
    "KINESIGHT_BEAT_S": "0.2",
    "KINESIGHT_WEBHOOK_ALLOW_HTTP": "true",
}
CONSENT = "The portrait is in the public domain."
FRAMES = 9
V4 = "/api/open/v4/headswap"


@pytest.fixture(scope="module")
def host(samples, tmp_path_factory):
    """Serve a clip of two moving people, made from a portrait, and the portrait as the face that they get."""
    folder = tmp_path_factory.mktemp("clips")
    face = fetch_pictures(load_settings().models.parent / "samples")[0]
    write_moving_faces(folder / "two.mp4", moving_faces(read_still(face)[0], frames=FRAMES))
    files = {
        "/people.mp4": (folder / "two.mp4").read_bytes(),
        "/nobody.mp4": SyntheticVideo(times_s=steady_times(frames=12, fps=12)).write(folder / "nobody.mp4").read_bytes(),
        "/face.png": face.read_bytes(),
    }
    inside = {"/inside": "http://10.0.0.1/people.mp4"}
    with link_server(files, redirects=inside, expired=frozenset({"/expired.png"})) as running:
        yield running


@pytest.fixture(scope="module")
def server(host, tmp_path_factory):
    environment = {**SETTINGS, "KINESIGHT_FETCH_ALLOW": '["127.0.0.0/8"]'}
    with api_server(tmp_path_factory.mktemp("akool"), environment=environment) as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    with httpx2.Client(base_url=server.url, headers={"x-api-key": KEY}, timeout=60) as client:
        yield client


def asked(client, method, path, **given):
    """Return code, message and data of a call; the status is 200, always."""
    answer = client.request(method, path, **given)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return body["code"], body["msg"], body.get("data")


def started(client, url):
    code, msg, data = asked(client, "POST", f"{V4}/analyze", json={"video_url": url, "type": "head"})
    assert (code, msg, data["status"]) == (1000, "Analyze success", 1)
    return data["_id"]


def ended(client, kind, record):
    """Poll a record until its status is 3 or 4, as the contract says, and return it."""
    while True:
        code, msg, data = asked(client, "GET", f"{V4}/{kind}/detail", params={"_id": record})
        assert (code, msg) == (1000, "OK")
        if data["status"] in {3, 4}:
            return data
        assert "error_code" not in data
        time.sleep(0.1)


def body_for(url, face, **more):
    return {
        "video_url": url,
        "mappings": [{"obj_id": 0, "img_url": face}],
        "model_name": "akool-premium",
        "resolution": "480p",
        "consent": CONSENT,
        **more,
    }


@pytest.fixture(scope="module")
def people(client, host):
    """Return the analysis of the clip."""
    return ended(client, "analyze", started(client, f"{host.url}/people.mp4"))


@pytest.mark.slow
def test_the_persons_of_a_video_are_found(client, people):
    assert (people["progress"], people["error_reason"], people["error_code"]) == (100, "success", 0)
    result = people["analysis_result"]
    info = result["video_info"]
    assert (info["width"], info["height"], info["frame_count"]) == (640, 320, FRAMES)
    assert info["fps"] == pytest.approx(12, abs=0.01)
    assert result["detected_objects"] == 2
    assert [one["obj_id"] for one in result["media"]] == [0, 1]
    for one in result["media"]:
        picture = httpx2.get(one["img_url"])  # without a key
        assert picture.content[:2] == b"\xff\xd8"
        with av.open(io.BytesIO(picture.content)) as decoded:
            assert next(decoded.decode(video=0)).height >= 100


@pytest.mark.slow
def test_heads_are_swapped_and_the_webhook_says_so(server, host, people):
    with httpx2.Client(base_url=server.url, timeout=60) as bare, receiver() as box:
        token = bare.post("/api/open/v3/getToken", json={"clientId": CLIENT_ID, "clientSecret": KEY}).json()
        assert token["code"] == 1000
        bare.headers["Authorization"] = f"Bearer {token['token']}"
        box.statuses = [500, 200]
        body = body_for(people["video_url"], f"{host.url}/face.png", webhookUrl=f"{box.url}/hook")
        code, msg, made = asked(bare, "POST", f"{V4}/task/create", json=body)
        assert (code, msg, made["status"], made["video_url"]) == (1000, "OK", 1, None)
        assert made["video_duration"] == pytest.approx(FRAMES / 12, abs=0.05)
        done = ended(bare, "task", made["_id"])
        assert (done["status"], done["progress"]) == (3, 100), done
        assert not {"error_code", "error_reason"} & set(done)
        facts = [opened(message.json, client_id=CLIENT_ID, client_secret=KEY) for message in box.wait(2)]
    assert [(one["_id"], one["status"], one["type"]) for one in facts] == [(made["_id"], 3, "headswap")] * 2
    for url in (done["video_url"], facts[1]["url"]):
        video = httpx2.get(url)
        assert video.headers["content-type"] == "video/mp4"
        with av.open(io.BytesIO(video.content)) as decoded:
            stream = decoded.streams.video[0]
            assert (stream.codec_context.name, min(stream.width, stream.height)) == ("h264", 320), "never enlarged"
            assert sum(1 for _ in decoded.decode(stream)) == FRAMES
    ours = {one["name"]: one["url"] for one in done["kinesight"]["files"]}
    assert httpx2.get(ours["audit.json"]).json()["consent"] == CONSENT
    swapped, kept = done["kinesight"]["result"]["persons"]
    assert (swapped["action"], kept["action"]) == ("replaced", "kept")
    assert swapped["replaced"], "the face is in reach"


@pytest.mark.slow
def test_a_face_that_cannot_be_had_fails_the_task_and_is_told(client, host, people):
    with receiver() as box:
        body = body_for(people["video_url"], f"{host.url}/expired.png", webhookUrl=f"{box.url}/hook")
        record = asked(client, "POST", f"{V4}/task/create", json=body)[2]["_id"]
        task = ended(client, "task", record)
        (message,) = box.wait(1)
    assert (task["status"], task["video_url"], task["error_code"]) == (4, None, 1003)
    assert "status 403" in task["error_reason"]
    told = opened(message.json, client_id=CLIENT_ID, client_secret=KEY)
    assert told == {"_id": record, "status": 4, "type": "headswap", "url": ""}


@pytest.mark.slow
def test_a_video_behind_a_redirect_into_a_private_network_fails_with_the_reason(client, host):
    # every other bad link: tests/integration/akool
    url = f"{host.url}/inside"
    data = ended(client, "analyze", started(client, url))
    assert (data["status"], data["error_code"]) == (4, 1003)
    assert "network that this server does not fetch from" in data["error_reason"]
    assert "analysis_result" not in data
    code, msg, _ = asked(client, "POST", f"{V4}/task/create", json=body_for(url, f"{host.url}/face.png"))
    assert (code, "its analysis failed" in msg) == (1003, True)


@pytest.mark.slow
def test_nobody_is_a_result_and_nobody_can_be_swapped(client, host):
    url = f"{host.url}/nobody.mp4"
    data = ended(client, "analyze", started(client, url))
    assert (data["status"], data["error_code"]) == (3, 0)
    assert (data["analysis_result"]["detected_objects"], data["analysis_result"]["media"]) == (0, [])
    code, msg, _ = asked(client, "POST", f"{V4}/task/create", json=body_for(url, f"{host.url}/face.png"))
    assert (code, "nobody was found" in msg) == (1003, True)


def test_what_is_wrong_with_a_task_is_said_at_once(client, host, people):
    url, face = people["video_url"], f"{host.url}/face.png"
    six = [{"obj_id": number, "img_url": face} for number in range(6)]
    for more, said in [
        ({"mappings": six}, "Up to 5 characters can be replaced at one time."),
        ({"mappings": [{"obj_id": 77, "img_url": face}]}, "obj_id 77 is not in the analysis"),
        ({"video_url": f"{url}?"}, "no analysis of exactly this address"),
        ({"video_url": f"{host.url}/moved"}, "no analysis of exactly this address"),
        ({"model_name": "other"}, "Your current account does not support this feature."),
        ({"consent": None}, "KINESIGHT_AKOOL_CONSENT"),
        ({"webhookUrl": "http://10.0.0.1/hook"}, "webhookUrl"),
    ]:
        code, msg, _ = asked(client, "POST", f"{V4}/task/create", json={**body_for(url, face), **more})
        assert (code, said in msg) == (1003, True), msg


def test_a_revoked_key_takes_its_tokens_along(server):
    storage = open_storage(Settings(data=server.data))
    made, _, key = storage.keys.create("spare")
    with httpx2.Client(base_url=server.url, timeout=60) as bare:
        token = bare.post("/api/open/v3/getToken", json={"clientId": CLIENT_ID, "clientSecret": key}).json()["token"]
        params = {"_id": "6a10b2c3d4e5f60718293a4b"}
        ways = ({"Authorization": f"Bearer {token}"}, {"Authorization": f"Bearer {key}"}, {"x-api-key": key})
        for code in (1014, 1101):
            assert {asked(bare, "GET", f"{V4}/task/detail", params=params, headers=way)[0] for way in ways} == {code}
            storage.keys.revoke(made.id)
    storage.close()
