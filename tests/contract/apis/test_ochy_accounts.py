"""Subjects, lists and webhooks of the Ochy-compatible API: what one exchange cannot show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


class Partner:
    """A client of one tenant."""

    def __init__(self, api: Any, key: str) -> None:
        self.client, self.key = api.client, {"apiKey": key}

    def __call__(self, method: str, path: str, **given: Any) -> Any:
        query = {**self.key, **given.pop("params", {})}
        return self.client.request(method, path, params=query, **given)

    def subject(self, **fields: Any) -> str:
        return str(self("POST", "/subjects", json=fields).json()["subject_id"])

    def start(self, **form: str) -> Any:
        return self("POST", "/analysis/start", data=form, files={"video": ("run.mp4", b"video bytes")})


@pytest.fixture
def mine(api: Any) -> Partner:
    return Partner(api, api.key)


@pytest.fixture
def theirs(api: Any) -> Partner:
    return Partner(api, api.stand_ins.OTHER_KEY)


def test_tenants_see_nothing_of_each_other(mine: Partner, theirs: Partner) -> None:
    subject_id = mine.subject(name="Ana")
    video_id = mine.start(subject_id=subject_id).json()["video_id"]
    mine("PUT", "/webhook", json={"url": "https://hooks.example.com/", "enabled": True})
    assert theirs.start(subject_id=subject_id).status_code == 404
    for method, path in [
        ("GET", f"/subjects/{subject_id}"),
        ("PUT", f"/subjects/{subject_id}"),
        ("GET", f"/subjects/{subject_id}/analyses"),
        ("GET", f"/analysis/{video_id}/results/calculated_data"),
        ("GET", f"/analysis/{video_id}/results/raw_data"),
        ("POST", f"/subjects/{subject_id}/delete"),
    ]:
        body = {"json": {"name": "x"}} if method == "PUT" else {}
        assert theirs(method, path, **body).status_code == 404, path
        assert mine(method, path, **body).status_code < 300, path
    assert theirs("GET", "/analysis").json()["analyses"] == []
    assert theirs("GET", "/subjects").json()["subjects"] == []
    assert theirs("GET", "/webhook").json() == {}
    assert theirs.start(notify_via_webhook="true").status_code == 400


def test_a_deleted_subject_leaves_its_analyses(mine: Partner) -> None:
    subject_id = mine.subject()
    video_id = mine.start(subject_id=subject_id).json()["video_id"]
    assert [one["video_id"] for one in mine("GET", f"/subjects/{subject_id}/analyses").json()["analyses"]] == [video_id]
    mine("POST", f"/subjects/{subject_id}/delete")
    (listed,) = mine("GET", "/analysis").json()["analyses"]
    assert (listed["video_id"], listed["subject_id"]) == (video_id, subject_id)
    assert mine("GET", f"/analysis/{video_id}/results").status_code == 200


def test_the_list_is_paged_newest_first_under_both_names(mine: Partner) -> None:
    started = [mine.start().json()["video_id"] for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = mine("GET", "/analysis", params={"limit": "2", **({"cursor": cursor} if cursor else {})}).json()
        seen += [one["video_id"] for one in page["analyses"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == started[::-1]
    assert mine("GET", "/analysis/user").json() == mine("GET", "/analysis").json()
    for limit in ("0", "1001", "x"):
        assert mine("GET", "/analysis", params={"limit": limit}).json()["detail"][0]["loc"] == ["query", "limit"]


@pytest.mark.parametrize(("sent", "metres"), [(1.62, 1.62), (162, 1.62), ("1.62", 1.62), (None, None)])
def test_a_height_may_come_in_centimetres(mine: Partner, sent: Any, metres: float | None) -> None:
    subject_id = mine.subject(height=sent, weight=50)
    assert mine("GET", f"/subjects/{subject_id}").json()["height"] == metres


def test_an_update_changes_what_it_names(mine: Partner) -> None:
    subject_id = mine.subject(email="a@example.com", name="Ana", height=1.62, weight=55.5)
    before = mine("GET", f"/subjects/{subject_id}").json()
    mine("PUT", f"/subjects/{subject_id}", json={"weight": 57, "name": None, "shoe": 38})
    assert mine("GET", f"/subjects/{subject_id}").json() == {**before, "weight": 57.0, "name": None}
    mine("PUT", f"/subjects/{subject_id}", json={})
    assert mine("GET", f"/subjects/{subject_id}").json() == {**before, "weight": 57.0, "name": None}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"weight": 5}, ["body", "weight"]),
        ({"weight": "heavy"}, ["body", "weight"]),
        ({"height": 2.9}, ["body", "height"]),
        ({"height": 500}, ["body", "height"]),
        ({"name": 7}, ["body", "name"]),
        ({"name": "x" * 201}, ["body", "name"]),
        ({"email": ["a"]}, ["body", "email"]),
        ({"name": "a\x00b"}, ["body"]),
        ([], ["body"]),
        ({"name": "x" * 70_000}, ["body"]),
    ],
)
def test_a_wrong_subject_is_refused_by_field(mine: Partner, body: Any, place: list[str]) -> None:
    subject_id = mine.subject(name="Ana")
    for method, path in [("POST", "/subjects"), ("PUT", f"/subjects/{subject_id}")]:
        answer = mine(method, path, json=body)
        assert answer.status_code == 422, answer.text
        assert [item["loc"] for item in answer.json()["detail"]] == [place]
    assert len(mine("GET", "/subjects").json()["subjects"]) == 1
    assert mine("GET", f"/subjects/{subject_id}").json()["name"] == "Ana"


def test_an_odd_subject_id_is_unknown(mine: Partner) -> None:
    for odd in ("a b", "ä", "x" * 100, "../subjects"):
        assert mine.start(subject_id=odd).status_code == 404, odd
    assert mine("GET", "/subjects/%00").status_code == 404


@pytest.mark.parametrize("enabled", ["true", 1, None])
def test_enabled_is_true_or_false(mine: Partner, enabled: Any) -> None:
    answer = mine("PUT", "/webhook", json={"url": "https://hooks.example.com/", "enabled": enabled})
    assert answer.json()["detail"][0]["loc"] == ["body", "enabled"]
    assert mine("GET", "/webhook").json() == {}


@pytest.mark.parametrize(
    "url",
    ["https://unknown.example.com/", "https://127.0.0.1/", "https://hooks.example.com:8443/", "ftp://hooks.example.com/", "x"],
)
def test_a_webhook_leads_to_a_known_public_place(mine: Partner, url: str) -> None:
    answer = mine("PUT", "/webhook", json={"url": url, "enabled": True})
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "url"])
    assert mine("GET", "/webhook").json() == {}


def test_settings_open_what_is_closed(make_api: Callable[..., Any]) -> None:
    api = make_api(webhook_allow_http=True, fetch_allow=("127.0.0.0/8",))
    answer = Partner(api, api.key)("PUT", "/webhook", json={"url": "http://127.0.0.1:9/", "enabled": True})
    assert (answer.status_code, answer.json()["url"]) == (200, "http://127.0.0.1:9/")


def test_credits_count_only_where_they_are_on(make_api: Callable[..., Any]) -> None:
    free = make_api()
    assert Partner(free, free.key).start().status_code == 202
    paid = make_api(ochy_credits=True)
    paid.jobs.credits = 2
    partner = Partner(paid, paid.key)
    assert [partner.start().status_code for _ in range(3)] == [202, 202, 402]
    assert paid.start(), "the native API costs nothing"
    assert len(paid.files.incoming()) == 2 + 1 + 1, (
        "the refused upload is gone; one is of the free installation in the same folder"
    )


def test_raw_data_of_a_clip_that_is_too_long_is_refused(api: Any, mine: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinesight.apis.ochy.results.MOST_RAW_BYTES", 10)
    job_id = api.start()
    api.succeed(job_id, {}, {"poses.json": '{"schema": "kinesight.poses/1"}'})
    answer = mine("GET", f"/analysis/{job_id}/results/raw_data")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_openapi_describes_the_json_bodies(api: Any) -> None:
    paths = api.client.get("/openapi.json").json()["paths"]
    for path, method, fields in [
        ("/subjects", "post", {"email", "name", "height", "weight"}),
        ("/subjects/{subject_id}", "put", {"email", "name", "height", "weight"}),
        ("/webhook", "put", {"url", "enabled"}),
    ]:
        schema = paths[path][method]["requestBody"]["content"]["application/json"]["schema"]
        assert set(schema["properties"]) == fields
