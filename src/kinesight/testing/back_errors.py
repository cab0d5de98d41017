"""How often the published errors of a back view hold: on noise, ways of filming and runners that they were not set on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.motion import SIDES
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.domain.document import Estimate
from kinesight.testing import truth
from kinesight.testing.back_exam import BackCondition, back_track_of, true_drops_deg, true_stances_deg
from kinesight.testing.back_view import BackCamera, Sway, swaying
from kinesight.testing.body import Body
from kinesight.testing.error_exam import GAITS
from kinesight.testing.exam import Reading
from kinesight.testing.runner import runner

HELD_OUT: tuple[BackCondition, ...] = (
    BackCondition(noise_m=0.02),
    BackCondition(noise_m=0.015, fps=30.0),
    BackCondition(camera=BackCamera(yaw_deg=6.0, roll_deg=-1.5)),
    BackCondition(camera=BackCamera(distance_m=3.5, focal_px=1500.0, above_hips_m=0.3)),
    BackCondition(fps=120.0, camera=BackCamera(yaw_deg=-5.0)),
)
"""Conditions on which nothing was set; one more, over ground, is added for every body at its own speed."""

SWAYS: tuple[Sway, ...] = (
    Sway(drop_left_deg=3.0, drop_right_deg=6.0, knee_in_left_m=0.015),
    Sway(drop_left_deg=7.0, drop_right_deg=4.0, knee_in_right_m=0.02, step_width_m=0.04),
    Sway(drop_left_deg=5.0, drop_right_deg=5.0, heel_out_left_m=0.008),
    Sway(drop_left_deg=2.0, drop_right_deg=3.0, step_width_m=0.12, heel_out_right_m=0.012),
)
"""How the made-up runners move across the way, one for each gait."""

BACK_PUBLISHED: Mapping[str, tuple[str, float, str]] = {
    "cadence_spm": ("cadence", 1.0, "spm"),
    "contact_time_s": ("contact time", 1000.0, "ms"),
    "flight_time_s": ("flight", 1000.0, "ms"),
    "duty_factor": ("duty factor", 100.0, "%"),
    "vertical_oscillation_m": ("vertical oscillation", 1000.0, "mm"),
    "pelvic_drop_deg": ("pelvic drop", 1.0, "°"),
    "knee_adduction_deg": ("knee adduction", 1.0, "°"),
    "hip_adduction_deg": ("hip adduction", 1.0, "°"),
    "pronation_deg": ("pronation", 1.0, "°"),
}
"""What each reading is called, and how it is shown."""


def made_up_backs() -> tuple[Body, ...]:
    """Return runners of every strike type who move across the way as told."""
    return tuple(
        swaying(runner(gait, seconds=5.0), sway, stride_s=gait.stride_s, contact_s=gait.contact_s)
        for gait, sway in zip(GAITS.values(), SWAYS, strict=True)
    )


def back_error_readings(body: Body, seed: int, *, conditions: Sequence[BackCondition] = HELD_OUT) -> list[Mapping[str, Reading]]:
    """Return the published numbers of a body in every held-out condition, one mapping per leg, against the truth."""
    away = BackCamera(distance_m=6.0, focal_px=3000.0)
    over_ground = BackCondition(camera=away, travelling_m_per_s=truth.true_speed_m_per_s(body))
    return [reading for condition in (*conditions, over_ground) for reading in _readings(body, condition, seed)]


def _readings(body: Body, condition: BackCondition, seed: int) -> list[Mapping[str, Reading]]:
    track = back_track_of(body, condition, seed=seed)
    result = analyse(Observations(track=track), RunningParameters(height_m=body.height_m)).result
    metrics, measures = result.metrics, result.measures
    step_s = truth.true_step_s(body)
    contact_s = {side: truth.true_contact_s(body, side) for side in SIDES}
    usual_s = sum(contact_s.values()) / 2
    stances, drops = true_stances_deg(body), true_drops_deg(body)
    common = {
        "cadence_spm": _off(metrics.cadence_spm, 60 / step_s),
        "flight_time_s": _off(metrics.flight_time_s, step_s - usual_s),
        "duty_factor": _off(metrics.duty_factor, usual_s / (2 * step_s)),
        "vertical_oscillation_m": _off(metrics.vertical_oscillation_m, truth.true_oscillation_m(body)),
    }
    legs = []
    for side in SIDES:
        own = {
            "contact_time_s": _off(getattr(metrics.contact_time_s, side), contact_s[side]),
            "pelvic_drop_deg": _off(getattr(measures.pelvic_drop_deg, side), drops[side]),
        }
        own |= {name: _off(getattr(getattr(measures, name), side), stances[name][side]) for name in stances}
        legs.append({**own, **(common if side == "left" else {})})
    unknown = {name: Reading(off=float("nan")) for name in BACK_PUBLISHED}
    return [unknown | leg for leg in legs]


def _off(estimate: Estimate, true: float) -> Reading:
    if estimate.value is None:
        return Reading(off=float("nan"))
    return replace(Reading(off=estimate.value - true), error=float("nan") if estimate.error is None else estimate.error)
