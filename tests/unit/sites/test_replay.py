"""Stored clips are judged again from their observations; what would change is counted and the dangerous part named."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from kinesight.cli.alarm import table_of
from kinesight.domain.analysis import Analysis, Findings
from kinesight.domain.errors import BadObservations, BadParameter
from kinesight.domain.job import NewJob
from kinesight.domain.replay import Judged, Replay, ReplayedClip
from kinesight.jobs.replaying import Replayer
from kinesight.testing.jobs import MemoryJobs
from kinesight.testing.toy import TOY

TENANT = "t"


class Thresholds(BaseModel):
    model_config = ConfigDict(extra="forbid")

    threshold_low: float = Field(default=0.2, gt=0, lt=1)
    threshold_high: float = Field(default=0.8, gt=0, lt=1)

    @model_validator(mode="after")
    def _in_order(self) -> Thresholds:
        if self.threshold_low > self.threshold_high:
            raise ValueError("threshold_low must not be above threshold_high")
        return self


class Guess(BaseModel):
    risk: Literal["safe", "danger", "intrusion"]
    labels: tuple[str, ...]


def _restore(document: Mapping[str, Any]) -> float:
    try:
        return float(document["score"])
    except KeyError as error:
        raise BadObservations from error


def _analyse(score: float, given: Thresholds) -> Findings[Guess]:
    risk = "intrusion" if score >= given.threshold_high else "danger" if score >= given.threshold_low else "safe"
    return Findings(result=Guess(risk=risk, labels=("person",) if score >= given.threshold_high else ()))


ALARM: Analysis[float, Thresholds, Guess] = replace(
    TOY,  # type: ignore[arg-type]
    name="alarm",
    parameters=Thresholds,
    result=Guess,
    restore=_restore,
    analyse=_analyse,
    observations_file="evidence.json",
)


@dataclass
class Past:
    jobs: MemoryJobs

    def clip(
        self, score: float, *, camera_id: str = "1", parameters: dict[str, Any] | None = None, stored: bytes | None = None
    ) -> str:
        new = NewJob(kind="alarm", parameters=parameters or {}, source_url="https://a.example/a.mp4", camera_id=camera_id)
        job = self.jobs.submit(TENANT, new)
        claim = self.jobs.run_next()
        guess = _analyse(score, Thresholds.model_validate(parameters or {})).result
        kept = json.dumps({"score": score}).encode() if stored is None else stored
        self.jobs.succeed(claim, {"result": guess.model_dump(mode="json")}, artefacts={"evidence.json": kept} if kept else {})
        return job.id

    def replay(self, *, own: Mapping[str, Mapping[str, float]] | None = None, **given: Any) -> Replay:
        known = own or {}
        replayer = Replayer(jobs=self.jobs, files=self.jobs.files, analysis=ALARM, own=lambda camera: known.get(camera or "", {}))
        return replayer.replay(TENANT, **given)


@pytest.fixture
def past() -> Iterator[Past]:
    jobs = MemoryJobs({"alarm": Thresholds})
    yield Past(jobs)
    jobs.files.close()


def test_other_thresholds_show_what_they_would_change(past: Past) -> None:
    ids = [past.clip(score) for score in (0.1, 0.3, 0.5, 0.9)]
    found = past.replay(changes={"threshold_low": 0.4, "threshold_high": 0.45})
    assert found.risks() == {
        ("safe", "safe"): 1,
        ("danger", "safe"): 1,
        ("danger", "intrusion"): 1,
        ("intrusion", "intrusion"): 1,
    }
    assert [clip.job_id for clip in found.changed] == [ids[1], ids[2]], "what becomes safer comes first"
    assert found.document()["changed"][1]["after"] == {"risk": "intrusion", "labels": ["person"]}
    assert past.replay(changes={"threshold_high": 0.8}).changed == ()


def test_the_parameters_of_each_clip_stay_but_for_the_changes(past: Past) -> None:
    past.clip(0.5, parameters={"threshold_low": 0.1, "threshold_high": 0.4})
    assert past.replay(changes={"threshold_low": 0.2}).changed == ()
    (changed,) = past.replay(changes={"threshold_high": 0.6}).changed
    assert (changed.before.risk, changed.after.risk) == ("intrusion", "danger")


def test_one_camera_can_be_looked_at_alone(past: Past) -> None:
    past.clip(0.5, camera_id="1")
    yard = past.clip(0.5, camera_id="2")
    found = past.replay(changes={"threshold_low": 0.6}, camera_id="2")
    assert [clip.job_id for clip in found.clips] == [yard]


def test_a_camera_keeps_the_thresholds_that_it_has_of_its_own(past: Past) -> None:
    mine = {"threshold_low": 0.4, "threshold_high": 0.7}
    past.clip(0.5, camera_id="1", parameters=mine)
    other = past.clip(0.5, camera_id="2")
    found = past.replay(changes={"threshold_low": 0.6}, own={"1": mine})
    assert [clip.job_id for clip in found.changed] == [other]
    # a camera may have one of the two only; the other is the tenant's
    found = past.replay(changes={"threshold_low": 0.3, "threshold_high": 0.45}, own={"1": {"threshold_low": 0.4}})
    assert {clip.camera_id: clip.after.risk for clip in found.clips} == {"1": "intrusion", "2": "intrusion"}


def test_what_cannot_be_judged_again_is_counted(past: Past) -> None:
    past.clip(0.5)
    past.clip(0.5, stored=b"")
    past.clip(0.5, stored=b"no json")
    past.clip(0.5, stored=b"[1]")
    past.clip(0.5, stored=b'{"other": 1}')
    past.clip(0.5, parameters={"threshold_low": 0.1, "threshold_high": 0.15})
    found = past.replay(changes={"threshold_low": 0.3})
    assert (len(found.clips), found.left_out) == (1, 5), "the last one's thresholds would cross"


def test_more_clips_than_fit_a_page(past: Past) -> None:
    for _ in range(103):
        past.clip(0.5)
    told: list[int] = []
    found = past.replay(changes={"threshold_low": 0.6}, report=told.append)
    assert (len(found.clips), told[-1], len(found.changed)) == (103, 103, 103)


@pytest.mark.parametrize("wrong", [{"threshold_low": 2.0}, {"threshold_low": 0.9}, {"colour": 1}])
def test_changes_that_make_no_parameters_are_refused(past: Past, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadParameter):
        past.replay(changes=wrong)


def test_a_person_whom_an_operator_saw_must_not_become_safe_unnoticed(past: Past) -> None:
    seen, fox, still = past.clip(0.5), past.clip(0.5), past.clip(0.7)
    said = {seen: ("person",), fox: ("animal",), still: ("intrusion",)}
    found = past.replay(changes={"threshold_low": 0.6}, said=said)
    assert [clip.job_id for clip in found.missed] == [seen]
    text = "\n".join(table_of(found))
    assert "CAREFUL: in 1 of them an operator saw somebody" in text
    assert seen in text
    assert found.agreement({"person"}) == {"person": (3, 2, 2)}


def clip(before: str, after: str, number: int = 0) -> ReplayedClip:
    return ReplayedClip(
        job_id=f"job-{number}",
        camera_id=None,
        accepted_s=1_770_000_000.0 + number,
        before=Judged(risk=before),
        after=Judged(risk=after, labels=("web",)),
    )


def test_the_table_is_for_people() -> None:
    found = Replay(clips=tuple(clip("danger", "safe", number) for number in range(60)), left_out=2)
    lines = table_of(found)
    assert lines[0].startswith("60 clips judged again, 2 left out")
    assert "    danger → safe          60" in lines
    assert lines[-1] == "… and 10 more; --json lists them all"
    assert any(line.startswith("job-59") and "2026-02-02 02:40" in line and "safe web" in line for line in lines)
    assert table_of(Replay(clips=()))[-1] == "Nothing would change."
    assert Judged.of({"result": {"risk": "purple"}}) == Judged(risk="danger"), "what is no verdict is never safe"
