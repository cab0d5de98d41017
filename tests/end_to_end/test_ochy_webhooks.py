"""A partner's whole day against a real server: subject, webhook, a kill in between, results, numbers."""

import base64
import hashlib
import hmac
import json
import time

import httpx2
import pytest

from kinesight.testing.api_server import KEY, api_server, free_port
from kinesight.testing.receiver import receiver

SETTINGS = {
    "KINESIGHT_LEASE_S": "3",
    "KINESIGHT_BEAT_S": "0.2",
    "KINESIGHT_POSE_MODEL": "full",
    "KINESIGHT_FETCH_ALLOW": '["127.0.0.0/8"]',
    "KINESIGHT_WEBHOOK_ALLOW_HTTP": "true",
    "KINESIGHT_OCHY_CREDITS": "true",
}


@pytest.fixture
def server(samples, tmp_path):
    with api_server(tmp_path, environment=SETTINGS) as running:
        yield running


def started(client, content, **form):
    answer = client.post("/analysis/start", data=form, files={"video": ("run.mp4", content)})
    assert answer.status_code == 202, answer.text
    return answer.json()["video_id"]


def is_signed(message, secret):
    headers = message.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + message.body
    mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    return headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"


def until_ended(client, video_id):
    while (answer := client.get(f"/analysis/{video_id}/results")).json()["status"] in {"pending", "analyzing"}:
        time.sleep(0.1)
    return answer


def test_events_survive_the_death_of_the_server_and_the_numbers_are_there(server, short_sprint, kinesight):
    port = free_port()
    given = kinesight("keys", "credits", "--add", "2", environment={"KINESIGHT_DATA": str(server.data)})
    assert "credits    2" in given.stdout
    with httpx2.Client(base_url=server.url, params={"apiKey": KEY}, timeout=30) as client:
        subject = client.post("/subjects", json={"name": "Ana", "height": 1.8}).json()["subject_id"]
        webhook = client.put("/webhook", json={"url": f"http://127.0.0.1:{port}/hook", "enabled": True}).json()
        broken = started(client, b"this is no video", notify_via_webhook="true")
        good = started(client, short_sprint.read_bytes(), notify_via_webhook="true", subject_id=subject)
        refused = client.post("/analysis/start", files={"video": ("run.mp4", b"x")})
        assert (refused.status_code, refused.json()["code"]) == (402, "insufficient_credits")
        assert until_ended(client, broken).status_code == 400
        server.kill()  # nobody has listened yet, so every event is still to be delivered
        with receiver(port) as box:
            server.start()
            assert until_ended(client, good).json()["status"] == "success"
            told = {}
            while {told.get(broken, [""])[-1], told.get(good, [""])[-1]} != {"analysis.failed", "analysis.succeeded"}:
                time.sleep(0.05)
                told = in_order(list(box.received))
        assert told[broken] == ["analysis.started", "analysis.failed"]
        assert told[good][0] == "analysis.started"
        assert told[good][1:-1] == ["analysis.progress"] * (len(told[good]) - 2)
        assert all(is_signed(message, webhook["secret"]) for message in box.received)
        check_numbers(client, good)
        (item,) = client.get(f"/subjects/{subject}/analyses").json()["analyses"]
        assert (item["video_id"], item["status"], item["subject_id"]) == (good, "success", subject)
        listed = client.get("/analysis", params={"limit": 1}).json()
        assert [one["video_id"] for one in listed["analyses"]] == [good]
        rest = client.get("/analysis", params={"cursor": listed["next_cursor"]}).json()
        assert [one["video_id"] for one in rest["analyses"]] == [broken]


def in_order(received):
    """Return the events of each analysis; what comes twice counts once, and numbers count up without a gap."""
    told = {}
    for message in received:
        event = json.loads(message.body)
        known = told.setdefault(event["video_id"], [])
        assert event["sequence"] <= len(known) + 1
        if event["sequence"] == len(known) + 1:
            known.append(event["event"])
    return told


def check_numbers(client, video_id):
    data = client.get(f"/analysis/{video_id}/results/calculated_data").json()
    metrics = data["metrics"]
    assert 120 < metrics["step_frequency_steps_per_min"] < 330  # a sprint
    assert 60 < metrics["ground_contact_time_ms"] < 300
    assert metrics["pace_min_per_km"] == pytest.approx(1000 / 60 / metrics["speed_meter_per_second"], abs=0.01)
    assert {step["foot"] for step in data["steps"]} == {"left", "right"}
    knee = data["joint_angles"]["knee"]["right"]
    assert knee["minimum"] < knee["mean"] < knee["maximum"] <= 180
    assert data["joint_angles"]["shoulder"]["right"]["maximum"] > 0
    raw = client.get(f"/analysis/{video_id}/results/raw_data").json()
    assert raw["video_id"] == video_id
    times = [frame["time_s"] for frame in raw["frames"]]
    assert times == sorted(times)
    seen = [frame["keypoints"]["left_hip"] for frame in raw["frames"] if frame["keypoints"]["left_hip"]]
    assert len(seen) > len(times) / 2
    assert all(0 <= point["x"] <= raw["width_px"] for point in seen)
    assert any(frame["angles"]["right_knee_deg"] for frame in raw["frames"])
