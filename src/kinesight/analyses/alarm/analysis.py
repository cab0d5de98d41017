"""Observations in, verdict out: a pure function, so that stored clips can be judged again under other rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kinesight.analyses.alarm.judging import Sighting, Thing, sightings_of, things_of
from kinesight.analyses.alarm.memory import Memory
from kinesight.analyses.alarm.observations import Observations
from kinesight.analyses.alarm.parameters import AlarmParameters
from kinesight.analyses.alarm.places import Ground
from kinesight.analyses.alarm.result import SCORE_NAMES, AlarmResult, Counterfactual, Evidence, Risk, Thresholds, TrackSummary
from kinesight.analyses.alarm.scoring import Reason, reasons_of, risk_of, scores_of
from kinesight.analyses.alarm.words import box_of, explanation_of, why_of
from kinesight.domain.analysis import Findings
from kinesight.domain.cameras import Area, CameraRules
from kinesight.domain.document import Notice

BLANK = 10.0
"""Grey levels between the darkest and the brightest hundredth of a background that shows nothing."""

SUSPICIOUS = 0.5
"""Score of intrusion, at least, of a clip whose camera shows nothing, or another view than before."""

LEAST_EVIDENCE = 0.1
"""Score below which a thing is no evidence for anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a clip is judged under one set of rules: `rule` names what decided."""

    things: tuple[Thing, ...]
    reasons: tuple[Reason, ...]
    scores: dict[str, float]
    risk: Risk
    rule: str


def analyse(observations: Observations, parameters: AlarmParameters) -> Findings[AlarmResult]:
    """Return what an observed clip means under the given rules."""
    memory = Memory(parameters.memory, observations.scene)
    sightings = sightings_of(observations, memory)
    verdict = judge(observations, sightings, parameters, memory=memory)
    high = parameters.threshold_high
    result = AlarmResult(
        risk=verdict.risk,
        labels=tuple(sorted(name for name in SCORE_NAMES if verdict.scores[name] >= high)),
        scores=verdict.scores,
        thresholds=Thresholds(low=parameters.threshold_low, high=high),
        evidence=_evidence(verdict),
        explanation=explanation_of(
            observations, verdict.things, verdict.reasons, verdict.scores, risk=verdict.risk, rule=verdict.rule
        ),
        rule=verdict.rule,
        tracks=_tracks(observations, verdict),
        counterfactuals=tuple(
            Counterfactual(change=change, risk=other.risk)
            for change, rules in _changes(observations, parameters.camera, verdict)
            if (other := judge(observations, sightings, parameters.model_copy(update={"camera": rules}), memory=memory)).risk
            != verdict.risk
        ),
        features=observations.features,
        scene=observations.scene,
        error_code=observations.trouble.code if observations.trouble else 0,
        error_message=observations.trouble.message if observations.trouble else "",
        metadata=parameters.metadata,
    )
    return Findings(result=result, warnings=_notices(observations), details=verdict)


def judge(observations: Observations, sightings: Sequence[Sighting], parameters: AlarmParameters, *, memory: Memory) -> Verdict:
    """Return the verdict on a clip and what was sighted in it, under one set of rules."""
    ground = Ground(rules=parameters.camera, width_px=observations.video.width_px, height_px=observations.video.height_px)
    things = things_of(sightings, ground)
    reasons = reasons_of(things)
    armed = parameters.camera.is_armed
    scores = scores_of(observations, things, reasons, lesson=parameters.nuisance, is_armed=armed)
    rule = reasons[0].rule if reasons else ""
    for suspicion in _suspicions(observations, memory) if armed else ():
        if scores["intrusion"] < SUSPICIOUS:
            scores, rule = scores | {"intrusion": SUSPICIOUS}, suspicion
    risk = risk_of(scores["intrusion"], parameters)
    if observations.trouble is not None and risk == "safe":
        risk, rule = "danger", "not_completely_judged"
    elif not armed:
        rule = "not_armed"
    elif risk == "safe":
        rule = _harmless(scores)
    return Verdict(things=things, reasons=reasons, scores=scores, risk=risk, rule=rule)


def _suspicions(observations: Observations, memory: Memory) -> tuple[str, ...]:
    contrast = observations.features.get("contrast")
    is_blank = contrast is not None and contrast < BLANK
    return (*(["blank_picture"] if is_blank else []), *(["view_changed"] if memory.view_changed() else []))


def _harmless(scores: dict[str, float]) -> str:
    causes = {name: score for name, score in scores.items() if name not in ("intrusion", "person", "vehicule")}
    best = max(causes, key=lambda name: causes[name])
    return f"harmless_{best.lower()}" if causes[best] >= 0.5 else "nothing_goes_its_way"


def _evidence(verdict: Verdict) -> tuple[Evidence, ...]:
    evidence = []
    scores = {id(reason.thing): reason.score for reason in verdict.reasons}
    for thing in verdict.things:
        score = scores.get(id(thing), 0.0)
        label = thing.kind if thing.kind is not None else "intrusion" if score >= LEAST_EVIDENCE else None
        weight = max(score, thing.chance if thing.kind is not None else 0.0)
        if label is None or weight < LEAST_EVIDENCE:
            continue
        evidence.append(
            Evidence(
                label=label,
                score=round(weight, 4),
                time_s=round(thing.time_s, 3),
                box_px=box_of(thing.box_px),
                track=thing.number,
                why=why_of(thing),
            )
        )
    return tuple(sorted(evidence, key=lambda one: -one.score)[:32])


def _tracks(observations: Observations, verdict: Verdict) -> tuple[TrackSummary, ...]:
    found = []
    for thing in verdict.things:
        if thing.number is None:
            continue
        mover = observations.movers[thing.number]
        boxes = tuple((time_s, box_of(box)) for time_s, box in zip(mover.time_s, mover.box_px, strict=True))
        found.append(
            TrackSummary(
                track=thing.number,
                label=thing.kind if thing.chance >= 0.5 else None,
                score=round(thing.chance, 4),
                first_s=mover.time_s[0],
                last_s=mover.time_s[-1],
                boxes=boxes,
                displacement_px=round(thing.course.gone_px, 1),
                straightness=round(thing.course.straightness, 3),
                zones=thing.zones,
                why=why_of(thing),
            )
        )
    return tuple(found)


def _changes(observations: Observations, rules: CameraRules, verdict: Verdict) -> list[tuple[str, CameraRules]]:
    """Return changes of the rules, one at a time, under which the risk might be another one."""
    changes = []
    if rules.is_armed:
        changes.append(("if the camera were not armed", rules.model_copy(update={"is_armed": False})))
    else:
        changes.append(("if the camera were armed", rules.model_copy(update={"is_armed": True})))
    if verdict.reasons and rules.is_armed:
        cover = _cover(verdict.reasons[0].thing, observations)
        name = f"if the place of track {verdict.reasons[0].thing.number} were masked"
        if verdict.reasons[0].thing.number is None:
            name = "if the place of what decided were masked"
        changes.append((name, rules.model_copy(update={"masks": (*rules.masks[:31], cover)})))
    changes += [
        (f"without {what}", rules.model_copy(update={field: empty}))
        for what, field, empty in (
            ("zones", "zones", ()),
            ("masks", "masks", ()),
            ("lines", "lines", ()),
            ("the minimum dwell", "minimum_dwell_s", 0.0),
        )
        if getattr(rules, field)
    ]
    return changes


def _cover(thing: Thing, observations: Observations) -> Area:
    """Return an area that covers everywhere a thing was."""
    boxes = [tuple(thing.box_px.tolist())] if thing.number is None else list(observations.movers[thing.number].box_px)
    width, height = observations.video.width_px, observations.video.height_px
    left, top = max(0.0, min(box[0] for box in boxes) / width - 0.01), max(0.0, min(box[1] for box in boxes) / height - 0.01)
    right, bottom = min(1.0, max(box[2] for box in boxes) / width + 0.01), min(1.0, max(box[3] for box in boxes) / height + 0.01)
    return Area(name="where it was", corners=((left, top), (right, top), (right, bottom), (left, bottom)))


def _notices(observations: Observations) -> tuple[Notice, ...]:
    found = []
    if observations.trouble is not None:
        found.append(Notice(code="not_completely_judged", message=observations.trouble.message))
    if observations.decoded < 5 and observations.trouble is None:
        message = f"The clip has {observations.decoded} pictures only; what moved in it is hard to tell from what flickers."
        found.append(Notice(code="few_pictures", message=message))
    return tuple(found)
