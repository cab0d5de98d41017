"""The side view's exams: what is measured together, and what has to be reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kinesight.analyses.running.motion import SIDES
from kinesight.testing.body import Body
from kinesight.testing.exam import Condition, Group, Target, exam, pooled
from kinesight.testing.swap_exam import SWAP_TARGETS, swap_numbers

BEST: Mapping[str, Target] = {
    "near_found": Target(label="near leg: foot strikes found", limit=0.98, unit="%", at_least=True),
    "near_false": Target(label="near leg: false foot strikes", limit=0.02, unit="%"),
    "near_strike_ms": Target(label="near leg: foot strike time", limit=7.0, unit="ms"),
    "near_toe_off_ms": Target(label="near leg: toe-off time", limit=10.0, unit="ms"),
    "near_contact_ms": Target(label="near leg: contact time", limit=15.0, unit="ms"),
    "cadence_spm": Target(label="cadence", limit=1.0, unit="spm"),
    "near_front_knee_deg": Target(label="near leg: front knee at contact", limit=2.0, unit="°"),
    "near_back_knee_deg": Target(label="near leg lands: back knee", limit=4.0, unit="°"),
    "near_foot_strike_deg": Target(label="near leg: foot at contact", limit=3.0, unit="°"),
    "pattern": Target(label="heel first or not, 5° clear of the border", limit=1.0, unit="%", at_least=True),
    "near_elbow_deg": Target(label="near arm: elbow", limit=3.0, unit="°"),
    "trunk_lean_deg": Target(label="trunk lean", limit=1.0, unit="°"),
    "oscillation_mm": Target(label="vertical oscillation", limit=5.0, unit="mm"),
}
"""For keypoints with up to 1 cm of noise, on the near leg; docs/accuracy.md says where they come from."""


def twice(target: Target) -> Target:
    """Return a target half as hard: twice the error, or twice the part that is missed."""
    if target.unit != "%":
        return replace(target, limit=2 * target.limit)
    if target.at_least:
        return replace(target, limit=1 - 2 * (1 - target.limit))
    return replace(target, limit=2 * target.limit)


FAR: Mapping[str, Target] = {
    key.replace("near_", "far_"): twice(replace(target, label=target.label.replace("near leg", "far leg")))
    for key, target in BEST.items()
    if key.startswith("near_") and key != "near_elbow_deg"
}
"""The far leg, whose points have twice the noise."""

AT_BEST = {**BEST, **FAR}
ELSEWHERE = {**{key: twice(target) for key, target in BEST.items()}, **FAR}


def _group(title: str, targets: Mapping[str, Target], conditions: Sequence[Condition]) -> Group:
    def measure(body: Body, seed: int) -> Sequence[Mapping[str, float]]:
        both = [replace(condition, facing=side) for condition in conditions for side in SIDES]
        return [pooled([exam(body, condition, seed=seed)]) for condition in both]

    return Group(title=title, targets=targets, measure=measure)


_SIXTY = Condition(facing="right", fps=60.0)
_OVER_GROUND = replace(_SIXTY, travelling_m_per_s=3.7)
_WORST = replace(_SIXTY, noise_m=0.02, yaw_deg=10.0, roll_deg=3.0, gaps=True)

GROUPS: tuple[Group, ...] = (
    _group("treadmill, 60 fps, 1 cm", AT_BEST, [_SIXTY]),
    _group("treadmill, 120 fps, 1 cm", AT_BEST, [replace(_SIXTY, fps=120.0)]),
    _group("treadmill, 30 fps, 1 cm", AT_BEST, [replace(_SIXTY, fps=30.0)]),
    _group("60 fps, no noise", AT_BEST, [replace(_SIXTY, noise_m=0.0)]),
    _group("60 and 120 fps, 1 cm of rough noise", AT_BEST, [replace(_SIXTY, rough=True, fps=fps) for fps in (60.0, 120.0)]),
    _group("over ground, 60 fps, 1 cm", AT_BEST, [_OVER_GROUND]),
    _group("over ground, 60 fps, 1 cm, camera rolled by 3°", AT_BEST, [replace(_OVER_GROUND, roll_deg=by) for by in (3.0, -3.0)]),
    _group("over ground, 60 fps, 1 cm, panning and hand-held", AT_BEST, [replace(_OVER_GROUND, panning=True)]),
    _group("treadmill, 60 fps, 1 cm, camera rolled by 3°", AT_BEST, [replace(_SIXTY, roll_deg=by) for by in (3.0, -3.0)]),
    _group("slow motion: 120 fps played at 30, factor told, 1 cm", AT_BEST, [replace(_SIXTY, fps=120.0, slow_motion=4.0)]),
    _group("60 fps, 1 cm, camera turned by 10°", ELSEWHERE, [replace(_SIXTY, yaw_deg=by) for by in (10.0, -10.0)]),
    _group("60 fps, 1 cm, gaps of 5 to 10 frames", ELSEWHERE, [replace(_SIXTY, gaps=True)]),
    _group("60 fps, 1 cm, a point 20 cm off for 4 to 8 frames", ELSEWHERE, [replace(_SIXTY, detours_m=0.2)]),
    _group("60 fps, 2 cm", ELSEWHERE, [replace(_SIXTY, noise_m=0.02)]),
    _group("30 fps, 2 cm", ELSEWHERE, [replace(_SIXTY, fps=30.0, noise_m=0.02)]),
    _group("60 fps, 2 cm, turned by 10°, rolled by 3°, gaps", ELSEWHERE, [_WORST]),
    Group(title="left and right exchanged for 1 to 10 frames, 30 and 60 fps, 1 cm", targets=SWAP_TARGETS, measure=swap_numbers),
)
"""Every group of a body seen from the side, each condition in both directions."""
