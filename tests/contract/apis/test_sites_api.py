"""Cameras and outputs over HTTP: what goes in comes back, what is wrong is named, nobody sees another tenant's."""

from __future__ import annotations

import time
from typing import Any

import pytest

from kinesight.domain.sites import DayCount

CAMERA = {
    "name": "Gate",
    "rules": {
        "zones": [{"name": "yard", "corners": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]}],
        "lines": [{"name": "fence", "start": [0, 0.5], "end": [1, 0.5], "direction": "to_the_left"}],
        "minimum_dwell_s": 1.5,
    },
    "threshold_low": 0.1,
    "threshold_high": 0.6,
    "schedule": {
        "time_zone": "Europe/Zurich",
        "armed": [{"days": ["monday"], "start": "22:00", "end": "06:00"}],
        "exceptions": [{"date": "2026-12-25"}],
    },
    "memory": {"is_allowed": True, "longest_age_s": 3600, "clips": 2},
    "addresses": ["Gate@alarm.example"],
    "panel": {"account": "4711", "partition": 1, "zone": 12},
}
CENTRE = {"to": {"kind": "dc09", "host": "192.0.2.9", "port": 12000, "account": "1234", "key": "0F" * 16}, "risks": ["intrusion"]}


def other(api: Any) -> dict[str, str]:
    return {"x-api-key": api.stand_ins.OTHER_KEY}


def test_a_camera_is_set_up_read_listed_and_forgotten(api: Any) -> None:
    path = "/v1/cameras/134188-VI08"
    put = api.client.put(path, headers=api.auth, json=CAMERA)
    assert put.status_code == 200, put.text
    shown = put.json()
    assert shown["id"] == "134188-VI08"
    assert shown["addresses"] == ["gate@alarm.example"]
    assert shown["rules"]["zones"][0] == {"name": "yard", "corners": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]}
    assert shown["schedule"]["exceptions"] == [{"date": "2026-12-25", "hours": []}]
    assert api.client.get(path, headers=api.auth).json() == shown
    assert api.client.get(path, headers=other(api)).status_code == 404
    again = {name: value for name, value in shown.items() if name not in {"id", "updated_at"}}
    assert api.client.put(path, headers=api.auth, json=again).json() | {"updated_at": ""} == shown | {"updated_at": ""}
    api.client.put("/v1/cameras/Hof%20%C3%9C%201", headers=api.auth, json={})
    page = api.client.get("/v1/cameras?limit=1", headers=api.auth).json()
    rest = api.client.get("/v1/cameras", headers=api.auth, params={"cursor": page["next_cursor"]}).json()
    assert [one["id"] for one in (*page["cameras"], *rest["cameras"])] == ["134188-VI08", "Hof Ü 1"]
    assert api.client.get("/v1/cameras", headers=other(api)).json() == {"cameras": [], "next_cursor": None}
    assert api.client.delete(path, headers=other(api)).status_code == 404
    assert api.client.delete(path, headers=api.auth).status_code == 204
    assert api.client.get(path, headers=api.auth).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"rules": {"is_armed": True}}, "is_armed"),
        ({"rules": {"zones": [{"name": "a", "corners": [[0, 0], [1, 1]]}]}}, "corners"),
        ({"rules": {"zones": [{"name": "a", "corners": [[0, 0], [1, 1], [1, 2]]}]}}, "corners"),
        ({"threshold_low": 0.5}, "threshold"),
        ({"schedule": {"time_zone": "Nowhere"}}, "time_zone"),
        ({"addresses": ["x"]}, "addresses"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_camera_is_refused_by_name(api: Any, wrong: dict[str, Any], named: str) -> None:
    answer = api.client.put("/v1/cameras/1", headers=api.auth, json=wrong)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "bad_parameter"
    assert named in answer.json()["error"]["message"]


@pytest.mark.parametrize("name", ["%00", ".hidden", "%20x", "x" * 101, "a%0Ab"])
def test_an_id_that_cannot_be_is_refused(api: Any, name: str) -> None:
    assert api.client.put(f"/v1/cameras/{name}", headers=api.auth, json={}).status_code == 422


def test_an_address_has_one_camera_and_a_body_is_bounded(api: Any) -> None:
    api.client.put("/v1/cameras/1", headers=api.auth, json={"addresses": ["a@b.example"]})
    assert api.client.put("/v1/cameras/1", headers=other(api), json={"addresses": ["a@b.example"]}).status_code == 409
    assert api.client.put("/v1/cameras/1", headers=api.auth, content=b'{"name": "' + b"x" * 70_000 + b'"}').status_code == 422
    assert api.client.put("/v1/cameras/1", headers=api.auth, content=b"[1]").status_code == 422
    assert api.client.put("/v1/cameras/1", json={}).status_code == 401


def test_statistics_name_days_trends_and_overflow(api: Any) -> None:
    today = time.strftime("%Y-%m-%d", time.gmtime())
    cameras, key = api.services.cameras, ("t1", "1")
    found = {"alarms": 8, "risk:safe": 7, "risk:danger": 1, "label:web": 6}
    cameras.counted[key] = [DayCount(day=today, name=name, count=count) for name, count in found.items()]
    cameras.accepted_s[key] = [time.time()] * 3
    api.client.put("/v1/cameras/1", headers=api.auth, json={"overflow": {"clips": 2, "period_s": 60}})
    answer = api.client.get("/v1/cameras/1/statistics", headers=api.auth).json()
    assert answer["days"] == [
        {
            "date": today,
            "alarms": 8,
            "verdicts": {"danger": 1, "safe": 7},
            "labels": {"web": 6},
            "not_judged": 0,
            "is_overflow": False,
        }
    ]
    (web,) = answer["trends"]
    assert (web["label"], web["recent_share"], web["earlier_share"], web["is_growing"]) == ("web", 0.75, None, True)
    assert answer["overflow"] == {"is_now": True, "clips": 3, "limit": 2, "period_s": 60.0}
    empty = api.client.get("/v1/cameras/unknown/statistics", headers=other(api)).json()
    assert (empty["days"], empty["trends"], empty["overflow"]["is_now"]) == ([], [], False)
    assert api.client.get("/v1/cameras/1/statistics?days=0", headers=api.auth).status_code == 422


def test_an_output_is_set_up_shown_without_its_secret_and_forgotten(api: Any) -> None:
    put = api.client.put("/v1/outputs/centre", headers=api.auth, json=CENTRE)
    assert put.status_code == 200, put.text
    shown = put.json()
    assert (shown["to"]["key"], shown["to"]["codes"]["intrusion"], shown["waiting"]) == ("***", "130", 0)
    body = {name: shown[name] for name in ("to", "risks", "cameras", "is_enabled")}
    assert api.client.put("/v1/outputs/centre", headers=api.auth, json={**body, "is_enabled": False}).status_code == 200
    kept = api.services.outputs.get("t1", "centre").settings
    assert (kept.to.key, kept.is_enabled) == ("0F" * 16, False)
    assert [one["name"] for one in api.client.get("/v1/outputs", headers=api.auth).json()["outputs"]] == ["centre"]
    assert api.client.get("/v1/outputs/centre", headers=other(api)).status_code == 404
    assert api.client.delete("/v1/outputs/centre", headers=api.auth).status_code == 204
    assert api.client.get("/v1/outputs/centre", headers=api.auth).status_code == 404


@pytest.mark.parametrize(
    "to",
    [
        {"kind": "pigeon"},
        {"host": "a.example"},
        {"kind": "dc09", "host": "a.example", "port": 1, "account": "XYZ"},
        {"kind": "dc09", "host": "a.example", "port": 1, "account": "1234", "key": "short"},
        {"kind": "dc09", "host": "a b", "port": 1, "account": "1234"},
        {"kind": "smtp", "host": "a.example", "sender": "a@b.example", "recipients": []},
        {"kind": "smtp", "host": "a.example", "sender": "a@b.example\r\nBcc: x@y", "recipients": ["c@d.example"]},
        None,
    ],
)
def test_a_wrong_output_is_refused(api: Any, to: Any) -> None:
    assert api.client.put("/v1/outputs/x", headers=api.auth, json={"to": to}).status_code == 422


def test_openapi_knows_cameras_and_outputs(api: Any) -> None:
    document = api.client.get("/openapi.json").json()
    for path, model in (("/v1/cameras/{camera_id}", "CameraSettings"), ("/v1/outputs/{name}", "OutputSettings")):
        schema = document["paths"][path]["put"]["requestBody"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": f"#/components/schemas/{model}"}
        assert model in document["components"]["schemas"]
