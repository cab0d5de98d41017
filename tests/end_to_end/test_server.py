"""The server as its clients see it: real processes, real uploads, real kills."""

import json
import time

import httpx2
import pytest

from kinesight.testing.api_server import KEY, api_server, finished

FAST = {"KINESIGHT_LEASE_S": "3", "KINESIGHT_BEAT_S": "0.2", "KINESIGHT_POSE_MODEL": "full"}
LIMIT_S = 150


@pytest.fixture(scope="module")
def server(samples, tmp_path_factory):
    with api_server(tmp_path_factory.mktemp("server"), environment=FAST) as running:
        yield running


@pytest.fixture
def client(server):
    with server.client() as client:
        yield client


def upload(client, clip, **headers):
    form = {"kind": "running", "parameters": json.dumps({"pose_model": "full", "height_m": 1.8})}
    with clip.open("rb") as file:
        return client.post("/v1/analyses", data=form, files={"video": ("clip <1>.mp4", file)}, headers=headers)


@pytest.fixture(scope="module")
def done(server, short_sprint):
    with server.client() as client:
        answer = upload(client, short_sprint)
        assert answer.status_code == 202, answer.text
        assert answer.headers["location"].endswith(answer.json()["id"])
        return finished(client, answer.json()["id"], limit_s=LIMIT_S)


def test_an_upload_becomes_a_result_with_links_that_work_without_a_key(done):
    job, _ = done
    assert job["state"] == "succeeded", job
    assert job["result"]["analysis"] == "running"
    links = {artefact["name"]: artefact["url"] for artefact in job["artefacts"]}
    assert {"result.json", "annotated.mp4", "report.html", "thumbnail.jpg", "poses.json", "series.csv", "strides.csv"} <= set(
        links
    )
    whole = httpx2.get(links["annotated.mp4"])
    assert whole.headers["content-type"] == "video/mp4"
    part = httpx2.get(links["annotated.mp4"], headers={"range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, whole.content[4:8])
    assert httpx2.get(links["annotated.mp4"][:-4] + "beef").status_code == 403


def test_progress_is_real_and_never_goes_back(done):
    _, seen = done
    percentages = [job["progress"]["percentage"] for job in seen]
    assert percentages == sorted(percentages)
    assert percentages[-1] == 100
    assert any(0 < job["progress"]["done"] < (job["progress"]["total"] or 0) for job in seen if job["state"] == "running")


def test_a_clip_that_shows_no_runner_fails_with_code_and_pictures(client, treadmill_walk):
    job, _ = finished(client, upload(client, treadmill_walk).json()["id"], limit_s=LIMIT_S)
    assert job["state"] == "failed"
    assert job["error"]["code"] in {"wrong_view", "not_running"}
    assert {"poses.json", "thumbnail.jpg", "evidence.jpg"} <= {artefact["name"] for artefact in job["artefacts"]}


def test_the_same_idempotency_key_is_the_same_job(client, short_sprint):
    first = upload(client, short_sprint, **{"Idempotency-Key": "one"}).json()["id"]
    again = upload(client, short_sprint, **{"Idempotency-Key": "one"})
    assert again.json()["id"] == first
    finished(client, first, limit_s=LIMIT_S)


def test_cancel_stops_between_frames(client, sprint):
    job_id = upload(client, sprint).json()["id"]
    while client.get(f"/v1/analyses/{job_id}").json()["state"] == "queued":
        time.sleep(0.1)
    client.post(f"/v1/analyses/{job_id}/cancel")
    job, _ = finished(client, job_id, limit_s=LIMIT_S)
    assert job["state"] == "cancelled"
    assert client.delete(f"/v1/analyses/{job_id}").status_code == 204
    assert client.get(f"/v1/analyses/{job_id}").status_code == 404


def test_an_ochy_client_gets_its_analysis(server, short_sprint):
    base, key = server.url, {"apiKey": KEY}
    assert httpx2.post(f"{base}/analysis/start").json() == {"detail": "API Key is missing"}
    assert httpx2.post(f"{base}/analysis/start", params={"apiKey": "wrong"}).status_code == 403
    with short_sprint.open("rb") as file:
        form = {"analysis_type": "side_view", "height": "1.8"}
        answer = httpx2.post(f"{base}/analysis/start", params=key, data=form, files={"video": file})
    assert answer.status_code == 202
    video_id = answer.json()["video_id"]
    assert answer.json()["message"] == f"Analysis started for ID: {video_id}"
    codes = {"pending": 200, "analyzing": 202, "success": 200, "failed": 400}
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        answer = httpx2.get(f"{base}/analysis/{video_id}/results", params=key)
        body = answer.json()
        assert answer.status_code == codes[body["status"]]
        if body["status"] in {"success", "failed"}:
            break
        time.sleep(0.3)
    assert body["status"] == "success", body
    content = body["biomechanical_analysis"]["analysis_content"]
    assert set(content) <= {"arm", "back_cycle", "foot", "forward_cycle", "head", "trunk"}
    assert content["back_cycle"]["range_good"] == [0, 98]
    assert f"encoded_analyzed_{video_id}.mp4" in body["output_video"]
    assert httpx2.get(body["thumbnail"]).headers["content-type"] == "image/jpeg"


def test_an_accepted_job_survives_the_death_of_the_whole_server(samples, short_sprint, tmp_path):
    with api_server(tmp_path, environment=FAST) as server:
        with server.client() as client:
            jobs = [upload(client, short_sprint).json()["id"] for _ in range(3)]
            while client.get(f"/v1/analyses/{jobs[0]}").json()["progress"]["done"] < 3:
                time.sleep(0.05)
        server.kill()
        server.start()
        with server.client() as client:
            states = [finished(client, job_id, limit_s=LIMIT_S)[0]["state"] for job_id in jobs]
        assert states == ["succeeded"] * 3


def test_health_and_documents_are_there_without_a_key(server):
    assert httpx2.get(f"{server.url}/healthz").status_code == 200
    assert httpx2.get(f"{server.url}/openapi.json").json()["openapi"].startswith("3.1")
    assert httpx2.get(f"{server.url}/docs").status_code == 200
    assert "kinesight" in httpx2.get(f"{server.url}/metrics").text
    assert httpx2.get(f"{server.url}/v1/analyses").status_code == 401
