"""Two clips of one runner together: order, what changed, what counts as noise, what to work on, what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from kinesight.analyses.running.combined import combine
from kinesight.analyses.running.combined_change import FLOORS, SCORED_MEASURES, find_changes, needed_difference, scored
from kinesight.analyses.running.combined_quantities import SHOWN, quantities
from kinesight.analyses.running.combined_result import Change, CombinedDocument
from kinesight.analyses.running.profile import load_profile
from kinesight.analyses.running.result import Measures, Metrics, RunningResult
from kinesight.domain.analysis import FinishedClip
from kinesight.domain.document import Estimate, Notice
from kinesight.domain.errors import BadParameter, BadResult

Finished = Callable[[str], FinishedClip]


def combined(first: FinishedClip, second: FinishedClip) -> CombinedDocument:
    document = combine(first, second).document
    assert isinstance(document, CombinedDocument)
    return document


def changes(document: CombinedDocument) -> dict[tuple[str, str | None, str | None], Change]:
    return {(change.quantity, change.side, change.instant): change for change in document.changes}


def altered(clip: FinishedClip, *, result: dict[str, Any] | None = None, **parts: Any) -> FinishedClip:
    document = clip.document.model_copy(update={"result": {**clip.document.result, **(result or {})}, **parts})
    return FinishedClip(title=clip.title, document=document, files=clip.files)


def test_before_and_after_keep_the_order_given(finished: Finished) -> None:
    document = combined(finished("before"), finished("after"))
    assert (document.kind, [clip.label for clip in document.clips]) == ("before_after", ["before", "after"])
    turned = combined(finished("after"), finished("before"))
    for key, change in changes(document).items():
        back = changes(turned)[key]
        assert (back.verdict, back.needed) == (change.verdict, change.needed)
        assert back.difference == (None if change.difference is None else -change.difference)


def test_what_the_runner_changed_is_found_with_its_size(finished: Finished) -> None:
    found = changes(combined(finished("before"), finished("after")))
    trunk = found["trunk_lean_deg", None, None]
    assert trunk.verdict == "changed"
    assert trunk.difference == pytest.approx(7.0, abs=1.5)  # 3 to 10 degrees; each is published with an error of 1.3 to 1.4
    assert (trunk.band_before, trunk.band_after) == ("bad", "good")
    elbow = found["elbow_deg", "right", None]
    assert elbow.verdict == "changed"
    assert elbow.difference == pytest.approx(-16.0, abs=4.0)  # 100 to 84 degrees, the camera sees it a little from the front
    foot = found["foot_strike_deg", "right", "initial_contact"]
    assert foot.verdict == "changed"
    assert foot.difference == pytest.approx(-12.0, abs=4.0)  # 18 to 6 degrees
    assert foot.band_after is None  # scored at full contact
    assert found["cadence_spm", None, None].difference == pytest.approx(12.0, abs=1.0)


def test_the_same_run_once_more_is_within_the_noise(finished: Finished) -> None:
    found = combined(finished("before"), finished("again")).changes
    judged = [change for change in found if change.reason is None]
    assert len(judged) >= 20
    assert sum(change.verdict == "changed" for change in judged) <= 1
    assert all(change.needed is not None and change.needed >= FLOORS[change.quantity] for change in judged)


def test_what_the_body_half_hides_needs_more(finished: Finished) -> None:
    found = changes(combined(finished("before"), finished("again")))
    # the runner goes right, so the camera sees the right side; the back knee of a left landing is the right one
    assert found["elbow_deg", "right", None].needed == FLOORS["elbow_deg"]
    assert found["elbow_deg", "left", None].needed >= 1.5 * FLOORS["elbow_deg"]
    assert found["back_knee_deg", "right", "initial_contact"].needed >= 1.5 * FLOORS["back_knee_deg"]
    assert found["trunk_lean_deg", None, None].needed >= FLOORS["trunk_lean_deg"]


def test_the_needed_difference_is_the_largest_of_three() -> None:
    steady = Estimate(value=150.0, spread=0.1, n=8, confidence=0.9)
    uneven = Estimate(value=150.0, spread=6.0, n=9, confidence=0.9)
    assert needed_difference(steady, steady, floor=6.0) == 6.0
    # standard error of a difference of two means with a deviation of 6 * 1.4826 over 9 strides each; one time in 370 chance gives
    # more than 3 of them, or 4.28 where the deviation itself comes from 9 strides (Student's t, 8 degrees of freedom)
    error = math.sqrt(2) * 6.0 * 1.4826 / 3
    assert needed_difference(uneven, uneven, floor=6.0) == pytest.approx(4.28 * error, rel=2e-3)
    many = uneven.model_copy(update={"n": 3600})
    assert needed_difference(many, many, floor=0.0) == pytest.approx(3 * error / 20, rel=2e-3)
    assert needed_difference(steady, Estimate(value=1.0, n=1), floor=6.0) is None


def test_a_published_error_counts_where_both_readings_have_one() -> None:
    class WithError(Estimate):
        error: float | None = None

    sure = WithError(value=150.0, spread=0.1, n=8, confidence=0.9, error=6.0)
    unsure = WithError(value=150.0, spread=0.1, n=8, confidence=0.9, error=8.0)
    unknown = WithError(value=150.0, spread=0.1, n=8, confidence=0.9)
    assert needed_difference(sure, unsure, floor=6.0) == pytest.approx(10.0)
    assert needed_difference(sure, unknown, floor=6.0) == 6.0


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"value": None, "spread": None, "n": 0}, "unknown_after"),
        ({"value": math.nan}, "unknown_after"),
        ({"n": 2}, "few_strides"),
        ({"spread": None}, "few_strides"),
        ({"confidence": 0.29}, "low_confidence"),
    ],
)
def test_why_a_difference_cannot_be_judged(finished: Finished, changed: dict[str, Any], reason: str) -> None:
    before = RunningResult.model_validate(finished("before").document.result)
    lean = before.measures.trunk_lean_deg.model_copy(update=changed)
    after = before.model_copy(update={"measures": before.measures.model_copy(update={"trunk_lean_deg": lean})})
    change = next(each for each in find_changes(before, after) if each.quantity == "trunk_lean_deg")
    assert (change.verdict, change.reason, change.needed) == ("not_comparable", reason, None)
    backwards = next(each for each in find_changes(after, before) if each.quantity == "trunk_lean_deg")
    assert backwards.reason == reason.replace("after", "before")


def test_every_quantity_has_a_floor_and_every_score_its_measure() -> None:
    assert set(FLOORS) == set(SHOWN) >= (set(Metrics.model_fields) | set(Measures.model_fields)) - {"asymmetry"}
    side = load_profile("ochy-side/1").measures
    assert {key: limits.measure for key, limits in side.items()} == {key: scored(key)[0] for key in side}
    assert scored("pelvic_drop_left") == ("pelvic_drop_deg", "left")
    assert set(SCORED_MEASURES.values()) <= set(FLOORS)


def test_every_number_of_a_result_is_listed_once(finished: Finished) -> None:
    result = RunningResult.model_validate(finished("before").document.result)
    listed = [(quantity.name, quantity.side, quantity.instant) for quantity in quantities(result)]
    assert len(set(listed)) == len(listed)
    assert {name for name, _, _ in listed} == (set(Metrics.model_fields) | set(Measures.model_fields)) - {"asymmetry"}
    assert [where for name, *where in listed if name == "duty_factor"] == [[None, None]]
    assert len([name for name, *_ in listed if name == "elbow_deg"]) == 2
    assert len([name for name, *_ in listed if name == "front_knee_deg"]) == 4


def test_side_and_back_are_one_report_in_either_order(finished: Finished, back: FinishedClip) -> None:
    one, other = combined(finished("before"), back), combined(back, finished("before"))
    assert one == other
    assert (one.kind, [clip.label for clip in one.clips]) == ("two_views", ["side", "back"])
    assert one.changes == ()
    assert [clip.document.result["total_score"] for clip in one.clips] == [
        finished("before").document.result["total_score"],
        0.45,
    ]


def test_what_to_work_on_comes_from_both_views_the_surest_and_furthest_off_first(finished: Finished, back: FinishedClip) -> None:
    todo = combined(finished("before"), back).todo
    assert [(entry.clip, entry.score.score) for entry in todo if entry.key == "pelvic_drop_left"] == [("back", 0.05)]
    assert {entry.clip for entry in todo} == {"side", "back"}
    assert not [entry for entry in todo if entry.score.band == "good"]
    assert (todo[-1].key, todo[-1].is_sure) == ("knee_adduction_left", False)  # confidence 0.2
    sure = [entry for entry in todo if entry.is_sure]
    assert sure == sorted(sure, key=lambda entry: (entry.score.band != "bad", entry.score.score))


def test_what_to_work_on_after_a_change_is_what_is_left(finished: Finished) -> None:
    todo = combined(finished("before"), finished("after")).todo
    assert {entry.clip for entry in todo} <= {"after"}
    assert "trunk" not in {entry.key for entry in todo}
    assert "trunk" in {entry.key for entry in combined(finished("after"), finished("before")).todo}


def test_two_back_views_are_before_and_after(back: FinishedClip) -> None:
    measures = dict(back.document.result["measures"])
    measures["pelvic_drop_deg"] = {
        **measures["pelvic_drop_deg"],
        "left": {"value": 4.5, "spread": 0.5, "n": 8, "confidence": 0.9},
    }
    found = changes(combined(back, altered(back, result={"measures": measures})))
    drop = found["pelvic_drop_deg", "left", None]
    assert (drop.difference, drop.verdict, drop.band_before, drop.band_after) == (-4.5, "changed", "bad", "good")
    assert found["pelvic_drop_deg", "right", None].verdict == "within_noise"


def notices(first: FinishedClip, second: FinishedClip) -> set[str]:
    return {notice.code for notice in combined(first, second).warnings if notice.clip is None}


def test_what_differs_besides_the_runner_is_said(finished: Finished, back: FinishedClip) -> None:
    before, after = finished("before"), finished("after")
    assert notices(before, after) == set()
    made = after.document.made_by
    taller = altered(after, made_by=made.model_copy(update={"parameters": {**made.parameters, "height_m": 1.62}}))
    assert notices(before, taller) == {"heights_differ"}
    nearly = altered(
        after,
        made_by=made.model_copy(update={"parameters": {**made.parameters, "height_m": made.parameters["height_m"] + 0.005}}),
    )
    assert notices(before, nearly) == set()
    fast = {**after.document.result["metrics"], "speed_m_per_s": {"value": 4.0, "spread": 0.1, "n": 9, "confidence": 0.9}}
    assert notices(before, altered(after, result={"metrics": fast})) == {"other_speed"}
    assert notices(before, altered(after, result={"treadmill": False})) == {"other_ground"}
    assert notices(before, altered(after, result={"instant": "initial_contact"})) == {"other_instant"}
    assert notices(before, altered(after, result={"profile": "other/1"})) == {"other_profile"}
    assert notices(before, altered(after, result={"near_side": "left"})) == {"other_side_filmed"}
    assert notices(before, back) == set()  # another profile and no near side belong to the view


def test_each_clips_own_warnings_say_whose_they_are(finished: Finished) -> None:
    before = finished("before")
    warned = altered(finished("after"), warnings=(Notice(code="oblique_view", message="The camera looks at an angle."),))
    document = combined(before, warned)
    assert [(notice.clip, notice.code) for notice in document.warnings] == [("after", "oblique_view")]


def test_what_cannot_be_combined_is_refused_with_the_reason(finished: Finished) -> None:
    before = finished("before")
    with pytest.raises(BadParameter, match="same result"):
        combine(before, finished("before"))
    with pytest.raises(BadResult, match=r"'alarm'.*only running"):
        combine(before, altered(finished("after"), analysis="alarm"))
    with pytest.raises(BadResult, match=r"kinesight\.result/2"):
        combine(altered(finished("after"), schema_="kinesight.result/2"), before)
    with pytest.raises(BadResult, match=r"metrics.*Analyse it again"):
        combine(before, altered(finished("after"), result={"metrics": 3}))


def test_the_document_can_be_read_back(finished: Finished, back: FinishedClip) -> None:
    for second in (finished("after"), back):
        document = combined(finished("before"), second)
        assert CombinedDocument.model_validate_json(document.model_dump_json(by_alias=True)) == document
        assert document.model_dump(by_alias=True)["schema"] == "kinesight.combined/1"
