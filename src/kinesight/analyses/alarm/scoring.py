"""From judged things to the 13 scores and the risk. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kinesight.analyses.alarm.judging import Thing, ramp
from kinesight.analyses.alarm.nuisance import nuisance_scores
from kinesight.analyses.alarm.nuisance.classifier import shipped_weights
from kinesight.analyses.alarm.nuisance.learnt import LastLayer, learnt_scores
from kinesight.analyses.alarm.observations import Observations
from kinesight.analyses.alarm.parameters import AlarmParameters
from kinesight.analyses.alarm.plain_causes import plain_scores
from kinesight.analyses.alarm.result import SCORE_NAMES, Risk

STRANGER, RIGID_STRANGER = 0.75, 0.92
"""Score of intrusion that a body gets at most which goes its way but has no name; which goes like a vehicle."""

STANDING_ONCE, STANDING = 0.15, 0.45
"""What a person counts who is seen in one look, in several looks, while nothing changes there: a poster, or somebody still."""

WRITING = 0.95
"""Score of a clock that was found; there is no half-found one."""

LEFT_OVER = ("flag", "other", "plant", "rain", "spider", "web")
"""Harmless causes that change parts of the picture, as somebody who walks does; wind shakes the whole of it."""

HERD, IN_A_HERD = 0.8, 0.4
"""Chance from which a name counts as sure; what is left of a thing without a sure one that looks like a named animal."""

SMALLER_THAN_PEOPLE = 0.9
"""Width over the height of people in the same clip, below which something without a name is no vehicle but a dog or a bag."""

FASTEST_SIZES_PER_S = 8.0
"""An insect close to the lens makes more of its own sizes a second; people make 3, cars seen from above 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What speaks for an intrusion: the thing, how much, and by which rule."""

    thing: Thing
    score: float
    rule: str


def reasons_of(things: Sequence[Thing]) -> tuple[Reason, ...]:
    """Return what speaks for an intrusion under the camera's rules, the strongest first; each thing by its strongest rule."""
    found = []
    herd = [thing for thing in things if thing.chances.get("animal", 0.0) >= HERD]
    for thing in things:
        if not thing.matters:
            continue
        options = [Reason(thing=thing, score=score, rule=rule) for rule, score in _options(thing, herd)]
        best = max(options, key=lambda reason: reason.score, default=None)
        if best is not None and best.score > 0.01:
            found.append(best)
    return tuple(sorted(found, key=lambda reason: -reason.score))


def _options(thing: Thing, herd: Sequence[Thing]) -> list[tuple[str, float]]:
    options = []
    for kind in ("person", "vehicule"):
        chance = thing.chances.get(kind, 0.0)
        if chance:
            unsure = kind == "person" and thing.moments < 2 and chance < HERD and _is_like(thing, herd)
            options.append((f"moving_{kind}", chance * thing.moves * (IN_A_HERD if unsure else 1.0)))
    if thing.chances.get("person") and thing.number is None and thing.known_since_s is None:
        options.append(("standing_person", thing.chances["person"] * (STANDING if thing.moments > 1 else STANDING_ONCE)))
    stranger = stranger_score(thing)
    if stranger:
        options.append(("body_without_a_name", stranger * (IN_A_HERD if _is_like(thing, herd) else 1.0)))
    return options


def _is_like(thing: Thing, herd: Sequence[Thing]) -> bool:
    """Return whether a thing is no more upright and not much larger than animals that were named in the same clip."""
    height_px = thing.box_px[3] - thing.box_px[1]
    return thing.course.aspect < 1.3 and any(height_px < 1.5 * (animal.box_px[3] - animal.box_px[1]) for animal in herd)


def stranger_score(thing: Thing) -> float:
    """Return what a thing counts that goes its way like a body but was not named; 0 for what was."""
    if thing.course.speed_sizes_per_s > FASTEST_SIZES_PER_S:
        return 0.0
    # people are 1.5 to 3.5 times as high as wide; what is slimmer is a branch, a pole or a reflection
    upright = (0.7 + 0.3 * ramp(thing.course.aspect, 1.0, 1.4)) * ramp(-thing.course.aspect, -4.5, -3.0)
    most = RIGID_STRANGER if thing.is_rigid else STRANGER * upright
    return most * thing.coherent * (1.0 - thing.chances.get("animal", 0.0))


def scores_of(
    observations: Observations,
    things: Sequence[Thing],
    reasons: Sequence[Reason],
    *,
    lesson: LastLayer | None,
    is_armed: bool,
) -> dict[str, float]:
    """Return the 13 scores, 0..1; `lesson` is what the tenant's operators taught about harmless causes."""
    scores = dict.fromkeys(SCORE_NAMES, 0.0) | _causes(observations, lesson)
    scores["person"] = _any(thing.chances.get("person", 0.0) * _presence(thing) for thing in things)
    people = [thing.course.height_px for thing in things if thing.chances.get("person", 0.0) >= HERD and thing.number is not None]
    smallest_px = SMALLER_THAN_PEOPLE * statistics.median(people) if people else 0.0
    scores["vehicule"] = _any(_vehicle(thing, smallest_px) for thing in things)
    scores["animal"] = _any(thing.chances.get("animal", 0.0) * _presence(thing) for thing in things)
    scores["text"] = WRITING if observations.text_changes > 0 else 0.0
    scores["intrusion"] = _intrusion(reasons) if is_armed else 0.0
    busy = max((max(thing.moves, thing.coherent) for thing in things), default=0.0)
    # what has a name of its own is no spider
    scores["spider"] *= 1.0 - max((thing.chance * thing.moves for thing in things), default=0.0)
    # a harmless cause makes the change that is left over when bodies have made theirs
    left_over = 1.0 - explained_share(observations, things)
    for name in LEFT_OVER:
        scores[name] *= left_over
    scores["NOTHING"] *= 1.0 - max(busy, scores["person"], scores["vehicule"], scores["animal"])
    return {name: round(min(1.0, max(0.0, scores[name])), 4) for name in SCORE_NAMES}


def explained_share(observations: Observations, things: Sequence[Thing]) -> float:
    """Return how much of all change, counted in pixels over the clip, named things and bodies on their way make, 0..1.

    Light, insects and water change the picture where nothing goes; 0 where it is not known how much changes at all.
    """
    active = observations.features.get("active_mean")
    if active is None or observations.decoded < 1:
        return 0.0
    changed_px = 10.0**active * observations.video.width_px * observations.video.height_px * observations.decoded
    made_px = 0.0
    for thing in things:
        if thing.number is not None:
            mover = observations.movers[thing.number]
            shown_px = [
                (box[2] - box[0]) * (box[3] - box[1]) * filled for box, filled in zip(mover.box_px, mover.filled, strict=True)
            ]
            made_px += statistics.fmean(shown_px) * mover.sights * max(thing.chance * thing.moves, stranger_score(thing))
    return float(min(1.0, made_px / changed_px))


def _causes(observations: Observations, lesson: LastLayer | None) -> dict[str, float]:
    """Return the scores of harmless causes: as taught; else the classifier's, or what is plain where that is more.

    Every one of them is about change over time, so a single picture has none, not even that nothing happens.
    """
    if observations.decoded < 2:
        return {}
    learned, plain = nuisance_scores(observations.features), plain_scores(observations.features)
    taught = {} if lesson is None else learnt_scores(observations.features, lesson, shipped_weights())
    shipped = {name: max(score, plain.get(name, 0.0)) for name, score in learned.items()}
    return {name: score for name, score in (shipped | taught).items() if name in SCORE_NAMES}


def risk_of(intrusion: float, parameters: AlarmParameters) -> Risk:
    """Return the risk that a score of intrusion means."""
    if intrusion >= parameters.threshold_high:
        return "intrusion"
    return "danger" if intrusion >= parameters.threshold_low else "safe"


def _intrusion(reasons: Sequence[Reason]) -> float:
    """Return the score of intrusion: named movers add up, the rest only count by their strongest."""
    named = _any(reason.score for reason in reasons if reason.rule.startswith("moving"))
    rest = max((reason.score for reason in reasons if not reason.rule.startswith("moving")), default=0.0)
    return max(named, rest, 1.0 - (1.0 - named) * (1.0 - 0.5 * rest) if named > 0.2 else 0.0)


def _presence(thing: Thing) -> float:
    """Return how sure it is that a named thing is really there now and not part of the scenery."""
    if thing.number is None:
        return max(
            thing.moves, 0.85 * ramp(thing.best.changed if thing.best else 0.0, 0.03, 0.1), 0.6 if thing.moments > 1 else 0.35
        )
    return max(0.6, min(1.0, 0.5 + thing.moves))


def _vehicle(thing: Thing, smallest_px: float) -> float:
    """Return the score of a vehicle: named, or going like one, and then not shorter than people in the same clip are high."""
    named = thing.chances.get("vehicule", 0.0) * thing.moves
    is_like_one = thing.is_rigid and "person" not in thing.chances and thing.course.width_px >= smallest_px
    return max(named, stranger_score(thing) if is_like_one else 0.0)


def _any(chances: Iterable[float]) -> float:
    """Return the chance that at least one of independent chances comes true."""
    none = 1.0
    for chance in chances:
        none *= 1.0 - chance
    return 1.0 - none
