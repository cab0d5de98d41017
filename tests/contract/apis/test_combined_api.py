"""Two finished analyses of one tenant together, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from kinesight.analyses.running.combined_result import CombinedDocument
from kinesight.analyses.running.result import FootStrikePattern, Measures, Metrics, RunningResult
from kinesight.domain.document import Estimate, MadeBy, ResultDocument


def document(*, view: str = "side", cadence: float = 170.0) -> dict[str, Any]:
    number = Estimate(value=cadence, spread=1.0, n=12, confidence=0.9)
    result = RunningResult(
        view=view, direction="right", treadmill=True, near_side="right", instant="full_contact", profile="ochy-side/1",
        running_from_s=0.0, running_to_s=5.0, events=(), metrics=Metrics(cadence_spm=number), measures=Measures(),
        foot_strike_pattern=FootStrikePattern(), scores={}, total_score=0.6, styles=(), swaps_repaired=0,
    )  # fmt: skip
    made = MadeBy(kinesight="0.1.0")
    whole = ResultDocument(analysis="running", made_by=made, video=None, result=result.model_dump(mode="json"))
    return whole.model_dump(mode="json", by_alias=True)


@pytest.fixture
def two(api: Any) -> list[str]:
    """Return two finished analyses: slow, then quick."""
    ids = [api.start(), api.start()]
    for job_id, cadence in zip(ids, (160.0, 180.0), strict=True):
        api.succeed(job_id, document(cadence=cadence))
    return ids


def get(api: Any, path: str, *ids: str, **more: Any) -> Any:
    return api.client.get(path, params=dict(zip(("first", "second"), ids, strict=False)), headers=more.get("headers", api.auth))


def problem(answer: Any, status: int, code: str) -> str:
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["code"] == code
    return answer.json()["error"]["message"]


def test_two_finished_analyses_give_the_combined_document(api: Any, two: list[str]) -> None:
    answer = get(api, "/v1/combined", *two)
    assert answer.status_code == 200, answer.text
    combined = CombinedDocument.model_validate(answer.json())
    assert combined.kind == "before_after"
    assert [clip.title for clip in combined.clips] == ["run.mp4", "run.mp4"]
    (cadence,) = combined.changes
    assert (cadence.quantity, cadence.difference, cadence.verdict) == ("cadence_spm", 20.0, "changed")
    turned = CombinedDocument.model_validate(get(api, "/v1/combined", *reversed(two)).json())
    assert turned.changes[0].difference == -20.0


def test_side_and_back_are_put_in_order(api: Any) -> None:
    ids = [api.start(), api.start()]
    for job_id, view in zip(ids, ("back", "side"), strict=True):
        api.succeed(job_id, document(view=view))
    clips = get(api, "/v1/combined", *ids).json()["clips"]
    assert [clip["label"] for clip in clips] == ["side", "back"]


def test_the_page_is_one_that_may_do_nothing(api: Any, two: list[str]) -> None:
    answer = get(api, "/v1/combined/report.html", *two)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox allow-scripts; default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "+20.0 <small>steps/min</small>" in answer.text


@pytest.mark.parametrize("path", ["/v1/combined", "/v1/combined/report.html"])
def test_only_ones_own_finished_analyses_are_combined(api: Any, two: list[str], path: str) -> None:
    assert "give two" in problem(get(api, path, two[0], two[0]), 422, "bad_parameter")
    problem(get(api, path, two[0]), 422, "bad_parameter")
    problem(get(api, path, two[0], "no-such-id"), 404, "not_found")
    problem(get(api, path, two[0], "../etc"), 404, "not_found")
    problem(get(api, path, *two, headers={}), 401, "unauthenticated")
    other = {"Authorization": f"Bearer {api.stand_ins.OTHER_KEY}"}
    problem(get(api, path, *two, headers=other), 404, "not_found")
    waiting = api.start()
    assert "queued" in problem(get(api, path, two[0], waiting), 409, "conflict")


def test_results_that_do_not_fit_say_why(api: Any, two: list[str]) -> None:
    same, broken = api.start(), api.start()
    api.succeed(same, document(cadence=160.0))
    api.succeed(broken, {**document(), "result": {"view": "side"}})
    assert "same result" in problem(get(api, "/v1/combined", two[0], same), 422, "bad_parameter")
    assert "Analyse it again" in problem(get(api, "/v1/combined", two[0], broken), 422, "bad_result")
    api.jobs.change(same, kind="alarm")
    assert "different kinds" in problem(get(api, "/v1/combined", two[0], same), 422, "bad_parameter")
    api.jobs.change(two[0], kind="alarm")
    assert "cannot be combined" in problem(get(api, "/v1/combined", two[0], same), 422, "bad_parameter")


def test_the_schema_of_the_answer_is_published(api: Any) -> None:
    whole = api.client.get("/openapi.json").json()
    answer = whole["paths"]["/v1/combined"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/AnyCombinedDocument"}
    assert whole["components"]["schemas"]["AnyCombinedDocument"]["anyOf"] == [{"$ref": "#/components/schemas/CombinedDocument"}]
    assert "changes" in whole["components"]["schemas"]["CombinedDocument"]["properties"]
