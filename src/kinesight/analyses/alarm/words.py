"""What is said about a clip, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kinesight.analyses.alarm.judging import Thing
from kinesight.analyses.alarm.observations import Observations
from kinesight.analyses.alarm.result import Box, Risk
from kinesight.analyses.alarm.scoring import Reason
from kinesight.domain.video import Floats

NAMES = {"person": "a person", "vehicule": "a vehicle", "animal": "an animal"}

CAUSES = {
    "NOTHING": "nothing changes but noise",
    "animal": "an animal",
    "flag": "a flag",
    "other": "light or other movement that belongs to the scene",
    "plant": "plants that move",
    "rain": "rain",
    "spider": "a spider or an insect near the lens",
    "text": "the clock of the recorder",
    "web": "a web in front of the lens",
    "wind": "wind",
}


def box_of(box: Floats | Sequence[float]) -> Box:
    """Return left, top, width, height of a box given by its corners."""
    left, top, right, bottom = (float(side) for side in box)
    return round(left, 1), round(top, 1), round(right - left, 1), round(bottom - top, 1)


def why_of(thing: Thing) -> str:
    """Return why a thing counts as what it counts."""
    parts = []
    if thing.best is not None:
        parts.append(f"detector: {thing.best.label} {thing.best.score:.2f} at {thing.best.time_s:.1f} s")
    if thing.number is None:
        parts.append(_standing(thing))
    else:
        course = thing.course
        way = f"moves {course.gone_sizes:.1f} of its sizes in {course.life_s:.1f} s, straightness {course.straightness:.2f}"
        parts.append(way if course.gone_sizes >= 0.3 else f"moves in its place for {course.life_s:.1f} s")
    if thing.why_not:
        parts.append(f"does not count: {thing.why_not}")
    return "; ".join(parts)


def explanation_of(
    observations: Observations,
    things: Sequence[Thing],
    reasons: Sequence[Reason],
    scores: Mapping[str, float],
    *,
    risk: Risk,
    rule: str,
) -> str:
    """Return one or two sentences that say what was decided and why."""
    trouble = f" {observations.trouble.message}" if observations.trouble else ""
    if rule == "not_armed":
        seen = _seen(things, scores)
        return f"The camera was not armed, so nothing is an intrusion; seen was {seen}.{trouble}"
    if rule == "not_completely_judged":
        return f"The clip could not be judged completely, so it is not called safe.{trouble}"
    if rule == "blank_picture":
        return f"The picture shows nothing: the camera is covered, blinded or in complete darkness.{trouble}"
    if rule == "view_changed":
        return f"The camera shows another view than in its earlier clips: it was turned, covered or moved.{trouble}"
    if risk == "safe":
        return f"Nobody and no vehicle moves here; what is seen is {_seen(things, scores)}.{_excluded(things)}{trouble}"
    return f"{_deciding(reasons[0])}{trouble}"


def _deciding(reason: Reason) -> str:
    thing, course = reason.thing, reason.thing.course
    where = f" in {' and '.join(thing.zones)}" if thing.zones else ""
    when = f"at {thing.time_s:.1f} s"
    way = f"goes {course.gone_sizes:.1f} times its own size in {course.life_s:.1f} s"
    if rule_is(reason, "standing_person"):
        return f"Somebody seems to stand still{where}, seen {when}; nothing moves there, so it may be a picture of a person."
    if rule_is(reason, "body_without_a_name"):
        sure = "Something" if not thing.is_rigid else "Something that goes like a vehicle"
        return f"{sure}{where} {way}, best seen {when}; the detector has no name for it."
    name = NAMES[reason.rule.removeprefix("moving_")].capitalize()
    score = f" (detector {thing.best.score:.2f})" if thing.best else ""
    if thing.number is not None and course.gone_sizes >= 0.3:
        return f"{name}{where} {way}, best seen {when}{score}."
    return f"{name}{where} moves without going far, best seen {when}{score}."


def rule_is(reason: Reason, rule: str) -> bool:
    """Return whether a reason is of a rule."""
    return reason.rule == rule


def _seen(things: Sequence[Thing], scores: Mapping[str, float]) -> str:
    named = [NAMES[kind] for kind in ("person", "vehicule", "animal") if scores[kind] >= 0.5]
    causes = [words for name, words in CAUSES.items() if name != "animal" and scores[name] >= 0.5]
    parked = sum(thing.kind == "vehicule" and thing.number is None and thing.chance >= 0.5 for thing in things)
    if parked:
        causes.append("a parked vehicle" if parked == 1 else f"{parked} parked vehicles")
    return ", ".join([*named, *causes]) or "too little to name a cause"


def _excluded(things: Sequence[Thing]) -> str:
    left_out = [thing for thing in things if thing.why_not and thing.chance * thing.moves >= 0.3]
    if not left_out:
        return ""
    thing = max(left_out, key=lambda one: one.chance * one.moves)
    return f" {NAMES[thing.kind or 'person'].capitalize()} that moves does not count: {thing.why_not}."


def _standing(thing: Thing) -> str:
    if thing.known_since_s is not None:
        return f"stood there {thing.known_since_s / 3600:.1f} h ago already"
    changed = thing.best.changed if thing.best else 0.0
    return "stands: nothing changes in its box" if changed < 0.12 else f"{100 * changed:.0f} % of its box changes"
