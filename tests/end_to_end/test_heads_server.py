"""Head tasks and corrections as clients of a real server see them: one person analysis, tasks on it, everything in between."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from kinesight.jobs.signing import signed_headers
from kinesight.media.stills import read_still
from kinesight.settings import load_settings
from kinesight.testing.api_server import api_server, finished
from kinesight.testing.file_server import file_server
from kinesight.testing.moving_faces import moving_faces, write_moving_faces
from kinesight.testing.receiver import receiver
from kinesight.vision.samples import fetch_pictures
from kinesight.wiring.analysing import fetch_models

pytestmark = pytest.mark.slow
FRAMES = 9
LIMIT_S = 200
CONSENT = "Both of them agreed in writing."


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """Return a folder with a clip of two moving people and the picture that it is made of."""
    folder = tmp_path_factory.mktemp("media")
    settings = load_settings()
    fetch_models(settings, report=print)
    portrait = fetch_pictures(settings.models.parent / "samples")[0]
    shutil.copyfile(portrait, folder / "face.png")
    write_moving_faces(folder / "two.mp4", moving_faces(read_still(portrait)[0], frames=FRAMES))
    return folder


@pytest.fixture(scope="module")
def address(media):
    with file_server(media) as url:
        yield url


@pytest.fixture(scope="module")
def server(media, tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    environment = {
        "KINESIGHT_LEASE_S": "10",
        "KINESIGHT_BEAT_S": "0.2",
        "KINESIGHT_FETCH_ALLOW": "127.0.0.0/8",
        "KINESIGHT_WEBHOOK_ALLOW_HTTP": "true",
        "KINESIGHT_AUDIT_LOG": str(folder / "audit.jsonl"),
    }
    with api_server(folder, environment=environment) as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    with server.client() as client:
        client.timeout = 90
        yield client


@pytest.fixture(scope="module")
def persons(client, address):
    """Return a finished person analysis of a video that the server fetched."""
    answer = client.post("/v1/analyses", json={"kind": "persons", "source_url": f"{address}/two.mp4"})
    assert answer.status_code == 202, answer.text
    job, _ = finished(client, answer.json()["id"], limit_s=LIMIT_S)
    assert job["state"] == "succeeded", job
    assert [one["obj_id"] for one in job["result"]["result"]["persons"]] == [0, 1]
    assert not any("fetched" in artefact["name"] for artefact in job["artefacts"])
    return job


@pytest.fixture(scope="module")
def told():
    """Return a receiver of what the server tells."""
    with receiver() as box:
        yield box


@pytest.fixture(scope="module")
def hidden(client, persons, told):
    """Return a task that hides the later half of person 1, by a correction that is taken back while it runs, and its course."""
    corrections = f"/v1/analyses/{persons['id']}/corrections"
    assert client.get(corrections).json() == {"corrections": [], "result": None}
    split = client.post(corrections, json={"action": "split", "obj_id": 1, "at_s": 0.3})
    assert split.status_code == 201, split.text
    body = {"parameters": {"mode": "anonymize", "only": [2], "style": "solid"}, "callback_url": f"{told.url}/end"}
    answer = client.post(f"/v1/analyses/{persons['id']}/heads", json=body, headers={"idempotency-key": "hide"})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/analyses/{answer.json()['id']}"
    assert client.delete(f"/v1/analyses/{persons['id']}").status_code == 409
    again = client.post(f"/v1/analyses/{persons['id']}/heads", json=body, headers={"idempotency-key": "hide"})
    assert again.json()["id"] == answer.json()["id"]
    assert client.delete(f"{corrections}/1").status_code == 200
    refused = client.post(f"/v1/analyses/{persons['id']}/heads", json=body)
    assert refused.json()["error"]["code"] == "unknown_person", "a task goes by the corrections made before it"
    return finished(client, answer.json()["id"], limit_s=LIMIT_S)


def test_hiding_leaves_the_video_the_page_and_the_record(client, persons, hidden, server):
    job, seen = hidden
    assert job["state"] == "succeeded", job
    assert (job["kind"], job["builds_on"]) == ("heads", persons["id"])
    done = {one["obj_id"]: one["action"] for one in job["result"]["result"]["persons"]}
    assert done == {0: "kept", 1: "kept", 2: "hidden"}
    links = {artefact["name"]: artefact["url"] for artefact in job["artefacts"]}
    assert {"output.mp4", "result.json", "report.html", "leaks.json", "audit.json", "thumbnail.jpg"} <= set(links)
    assert not any(name.startswith(".") or "reference" in name for name in links)
    video = httpx2.get(links["output.mp4"])
    assert (video.headers["content-type"], video.content[4:8]) == ("video/mp4", b"ftyp")
    assert "<video" in httpx2.get(links["report.html"]).text
    record = httpx2.get(links["audit.json"]).json()
    assert (record["by"], record["action"]) == ("default/bootstrap", "anonymize")
    assert json.loads((server.log.parent / "audit.jsonl").read_text().splitlines()[0])["by"] == "default/bootstrap"
    percentages = [one["progress"]["percentage"] for one in seen]
    assert percentages == sorted(percentages)
    listed = client.get("/v1/analyses", params={"kind": "heads"}).json()["analyses"]
    assert job["id"] in [one["id"] for one in listed]


def test_the_address_in_the_call_is_told_of_the_end_once_and_signed(client, hidden, told):
    (message,) = told.wait(1)
    assert message.path == "/end"
    listed = {one["id"]: one for one in client.get("/v1/analyses", params={"kind": "heads"}).json()["analyses"]}
    assert message.json["event"] == "analysis.succeeded"
    assert message.json["analysis"] == listed[hidden[0]["id"]]
    secret = client.get("/v1/webhooks").json()["call_secret"]
    sent = {name: message.headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    wanted = signed_headers(message.body, secret=secret, message_id=sent["webhook-id"], time_s=float(sent["webhook-timestamp"]))
    assert sent["webhook-signature"] == wanted["webhook-signature"]


def test_replacing_with_an_uploaded_picture(client, persons, media):
    parameters = {"mode": "replace", "consent": CONSENT, "resolution": "480p", "visible_mark": False}
    with (media / "face.png").open("rb") as picture:
        answer = client.post(
            f"/v1/analyses/{persons['id']}/heads",
            params={"wait_s": 60},
            data={"parameters": json.dumps(parameters)},
            files={"reference_1": ("anna.png", picture)},
        )
    assert answer.status_code in {200, 202}, answer.text
    job, _ = finished(client, answer.json()["id"], limit_s=LIMIT_S)
    assert job["state"] == "succeeded", job
    result = job["result"]["result"]
    assert [one["action"] for one in result["persons"]] == ["kept", "replaced"]
    assert result["persons"][1]["replaced"], "the face is in reach"
    assert result["provenance"]["c2pa"] == "signed"
    assert result["provenance"]["visible_mark"] is False
    assert job["parameters"]["replace"] == [1]
    assert job["parameters"]["consent"] == CONSENT


@pytest.mark.parametrize(
    ("parameters", "references", "status", "code"),
    [
        ({}, {}, 422, "bad_parameter"),
        ({"mode": "hide"}, {}, 422, "bad_parameter"),
        ({"mode": "anonymize", "sound": 1}, {}, 422, "bad_parameter"),
        ({"mode": "anonymize", "keep": [7]}, {}, 422, "unknown_person"),
        ({"mode": "anonymize"}, {"0": "face.png"}, 422, "bad_parameter"),
        ({"mode": "replace", "consent": CONSENT}, {}, 422, "bad_parameter"),
        ({"mode": "replace"}, {"0": "face.png"}, 422, "consent_missing"),
        ({"mode": "replace", "consent": CONSENT}, {"9": "face.png"}, 422, "unknown_person"),
        ({"mode": "replace", "consent": CONSENT, "replace": [0, 1]}, {"0": "face.png"}, 422, "bad_parameter"),
        ({"mode": "replace", "consent": CONSENT, "replace": [0]}, {"0": "face.png", "1": "face.png"}, 422, "bad_parameter"),
        ({"mode": "replace", "consent": CONSENT}, {str(n): "face.png" for n in range(6)}, 422, "bad_parameter"),
        ({"mode": "replace", "consent": CONSENT}, {"one": "face.png"}, 422, "bad_parameter"),
        ({"mode": "replace", "consent": CONSENT}, {"0": "ftp://example.com/face.png"}, 422, "bad_parameter"),
    ],
)
def test_what_cannot_be_done_is_refused_before_it_is_accepted(client, persons, address, parameters, references, status, code):
    given = {name: one if ":" in one else f"{address}/{one}" for name, one in references.items()}
    answer = client.post(f"/v1/analyses/{persons['id']}/heads", json={"parameters": parameters, "references": given})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text


def test_odd_forms_and_odd_analyses_are_refused(client, persons, hidden, media, server):
    address = f"/v1/analyses/{persons['id']}/heads"
    body = {"parameters": {"mode": "anonymize"}, "callback_url": "http://10.0.0.1/end"}
    assert "callback_url" in client.post(address, json=body).json()["error"]["message"]
    form = {"parameters": json.dumps({"mode": "replace", "consent": CONSENT})}
    uploads = server.data / "incoming"
    before = set(uploads.iterdir())
    odd = [
        [("reference_0", b"")],
        [("picture", b"x")],
        [("reference_x", b"x")],
        [("reference_01", b"x")],
        [("reference_0", b"x")] * 2,
    ]
    odd.append([(f"reference_{number}", b"x") for number in range(6)])
    for parts in odd:
        answer = client.post(address, data=form, files=[(name, ("a.png", content)) for name, content in parts])
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_parameter"), answer.text
    assert client.post(address, content=b"x", headers={"content-type": "text/plain"}).status_code == 415
    assert set(uploads.iterdir()) == before
    body = {"parameters": {"mode": "anonymize"}}
    assert client.post(f"/v1/analyses/{hidden[0]['id']}/heads", json=body).status_code == 422, "no person analysis"
    assert client.post("/v1/analyses/00000000-0000-4000-8000-000000000000/heads", json=body).status_code == 404
    direct = client.post("/v1/analyses", json={"kind": "heads", "source_url": "https://example.com/a.mp4"})
    assert (direct.status_code, "/heads" in direct.json()["error"]["message"]) == (422, True)


def test_corrections_are_kept_beside_and_taken_back(client, persons, hidden):
    address = f"/v1/analyses/{persons['id']}/corrections"
    split = client.post(address, json={"action": "split", "obj_id": 0, "at_s": 0.3}).json()["corrections"][-1]
    assert (split["number"], split["change"]["new_id"]) == (3, 3), "an id that was in use never means somebody else"
    assert split["made_by"] == "default/bootstrap"
    client.post(address, json={"action": "rename", "obj_id": 3, "name": "Anna"})
    shown = client.get(f"/v1/analyses/{persons['id']}").json()["result"]["result"]
    assert [(one["obj_id"], one["name"]) for one in shown["persons"]] == [(0, None), (1, None), (3, "Anna")]
    assert [one["action"] for one in shown["corrections"]] == ["split", "rename"]
    result = client.get(f"/v1/analyses/{persons['id']}/result").json()["result"]
    assert result == shown
    original = client.get(f"/v1/analyses/{persons['id']}/result", params={"original": True}).json()
    assert original == persons["result"]
    page = client.get(f"{address}/files/report.html")
    assert ("Anna" in page.text, "sandbox" in page.headers["content-security-policy"]) == (True, True)
    tracks = {line.split(",")[1] for line in client.get(f"{address}/files/tracks.txt").text.splitlines()}
    assert tracks == {"1", "2", "4"}, "obj_id + 1"
    heads = client.get(f"{address}/files/heads.json").json()["persons"]
    assert [(one["obj_id"], one["first_frame"]) for one in heads] == [(0, 0), (1, 0), (3, 4)]
    shown_at_first = client.get(f"/v1/analyses/{persons['id']}/artefacts/heads.json").json()["persons"]
    assert [one["obj_id"] for one in shown_at_first] == [0, 1], "files stay as they were made"
    for name in ("annotated.mp4", "source.json", "%2e%2e/result.json", "persons/7.jpg"):
        assert client.get(f"{address}/files/{name}").status_code == 404, name
    assert client.delete(f"{address}/3").status_code == 409, "the name rests on it"
    assert client.delete(f"{address}/4").status_code == 200
    assert client.delete(f"{address}/4").status_code == 404
    assert client.delete(f"{address}/3").json()["result"]["result"] == persons["result"]["result"]
    assert client.get(f"{address}/files/tracks.txt").status_code == 404, "nothing is corrected"
    standing = [one["number"] for one in client.get(address).json()["corrections"] if one["in_force"]]
    assert standing == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"action": "merge", "obj_ids": [0]}, "obj_ids"),
        ({"action": "merge", "obj_ids": [0, 1]}, "cannot be one"),
        ({"action": "merge", "obj_ids": [0, 42]}, "no person 42"),
        ({"action": "split", "obj_id": 0, "at_s": 99}, "nothing to split"),
        ({"action": "split", "obj_id": 0, "at_s": 0.3, "new_id": 5}, "given by the server"),
        ({"action": "exclude", "obj_id": 0, "from_s": 3, "to_s": 1}, "ends before"),
        ({"action": "rename", "obj_id": 0}, "name"),
        ({"action": "kill", "obj_id": 0}, "action"),
        ({"obj_id": 0}, "discriminator"),
    ],
)
def test_a_wrong_correction_changes_nothing(client, persons, change, said):
    address = f"/v1/analyses/{persons['id']}/corrections"
    before = client.get(address).json()
    answer = client.post(address, json=change)
    assert (answer.status_code, said in answer.text) == (422, True), answer.text
    assert client.get(address).json() == before


def test_only_finished_person_analyses_of_ones_own_are_corrected(client, hidden):
    change = {"action": "rename", "obj_id": 0, "name": "Anna"}
    assert client.post(f"/v1/analyses/{hidden[0]['id']}/corrections", json=change).status_code == 422
    assert client.get("/v1/analyses/00000000-0000-4000-8000-000000000000/corrections").status_code == 404
    assert client.get(f"/v1/analyses/{hidden[0]['id']}/corrections", headers={"x-api-key": "wrong-key"}).status_code == 403


def test_corrections_at_the_same_time_are_all_kept(client, persons):
    address = f"/v1/analyses/{persons['id']}/corrections"
    before = len(client.get(address).json()["corrections"])
    changes = [{"action": "rename", "obj_id": number % 2, "name": f"name {number}"} for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda change: client.post(address, json=change), changes))
    assert {answer.status_code for answer in answers} == {201}
    log = client.get(address).json()
    made = log["corrections"][before:]
    assert sorted(one["change"]["name"] for one in made) == sorted(change["name"] for change in changes)
    assert [one["number"] for one in made] == list(range(before + 1, before + 9))
    last = {one["change"]["obj_id"]: one["change"]["name"] for one in made}
    assert {one["obj_id"]: one["name"] for one in log["result"]["result"]["persons"]} == last
    for one in made:
        client.delete(f"{address}/{one['number']}")


def test_a_task_is_cancelled_and_forgotten_with_its_picture(client, persons, media, server):
    uploads = server.data / "incoming"
    before = set(uploads.iterdir())
    with (media / "face.png").open("rb") as picture:
        task = client.post(
            f"/v1/analyses/{persons['id']}/heads",
            data={"parameters": json.dumps({"mode": "replace", "consent": CONSENT})},
            files={"reference_0": picture},
        ).json()
    assert len(set(uploads.iterdir()) - before) == 1
    assert client.post(f"/v1/analyses/{task['id']}/cancel").json()["state"] in {"cancelling", "cancelled"}
    job, _ = finished(client, task["id"], limit_s=LIMIT_S)
    assert (job["state"], job["result"]) == ("cancelled", None)
    assert client.delete(f"/v1/analyses/{task['id']}").status_code == 204
    assert set(uploads.iterdir()) == before
    assert client.get(f"/v1/analyses/{task['id']}").status_code == 404


def test_the_analysis_can_be_forgotten_when_every_task_has_ended(client, persons, hidden):
    assert client.delete(f"/v1/analyses/{persons['id']}").status_code == 204
    assert client.get(f"/v1/analyses/{hidden[0]['id']}").json()["state"] == "succeeded"
    assert client.get(f"/v1/analyses/{hidden[0]['id']}/artefacts/output.mp4").status_code == 200
    assert client.get(f"/v1/analyses/{persons['id']}/corrections").status_code == 404
