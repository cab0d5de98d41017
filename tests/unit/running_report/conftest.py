"""A runner made of geometry, with a result to match: no video, no model, every expected number known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kinesight.analyses.running.result import (
    AtInstants,
    BothSides,
    Event,
    FootStrikePattern,
    Landing,
    Measures,
    Metrics,
    RunningResult,
    Score,
    Style,
    Texts,
)
from kinesight.analyses.running.scene import Scene, Step
from kinesight.domain.document import Estimate
from kinesight.domain.people import KEYPOINTS, PoseTrack

STRIDE_S = 0.7
CONTACT_S = 0.22
INSTANT_S = 0.05
WIDTH, HEIGHT = 1280, 720


def pose(time_s: float, *, hip_x: float, forward: float, body: float, ground: float) -> dict[str, tuple[float, float]]:
    """Return the points of a runner whose thighs swing as a sine and whose shanks follow a quarter cycle later."""
    thigh, shank, trunk = 0.25 * body, 0.25 * body, 0.3 * body
    hip = np.array([hip_x, ground - 0.51 * body + 0.015 * body * np.cos(4 * np.pi * time_s / STRIDE_S)])
    ahead = np.array([forward, 0.0])
    down = np.array([0.0, 1.0])
    lean = np.radians(9.0)
    shoulder = hip + trunk * (np.sin(lean) * ahead - np.cos(lean) * down)
    head = shoulder + 0.16 * body * (np.sin(lean) * ahead - np.cos(lean) * down)
    points: dict[str, Any] = {"nose": head + 0.07 * body * ahead + 0.01 * body * down}
    for side, shift in (("left", 0.0), ("right", 0.5)):
        cycle = 2 * np.pi * (time_s / STRIDE_S + shift)
        swing = np.radians(10 + 32 * np.cos(cycle))
        bend = np.radians(25 + 55 * (0.5 - 0.5 * np.cos(cycle + 0.9)))
        knee = hip + thigh * (np.sin(swing) * ahead + np.cos(swing) * down)
        ankle = knee + shank * (np.sin(swing - bend) * ahead + np.cos(swing - bend) * down)
        arm = np.radians(-35 * np.cos(cycle))
        elbow = shoulder + 0.17 * body * (np.sin(arm) * ahead + np.cos(arm) * down)
        wrist = elbow + 0.15 * body * (np.sin(arm + 1.5) * ahead + np.cos(arm + 1.5) * down)
        points |= {
            f"{side}_ear": head, f"{side}_shoulder": shoulder, f"{side}_elbow": elbow, f"{side}_wrist": wrist, f"{side}_hip": hip,
            f"{side}_knee": knee, f"{side}_ankle": ankle, f"{side}_heel": ankle - 0.03 * body * ahead + 0.03 * body * down,
            f"{side}_big_toe": ankle + 0.09 * body * ahead + 0.03 * body * down,
        }  # fmt: skip
    return {name: (float(x), float(y)) for name, (x, y) in points.items()}


def track(*, seconds: float, fps: float, direction: str, treadmill: bool, size: tuple[int, int]) -> PoseTrack:
    width, height = size
    times = np.arange(round(seconds * fps)) / fps
    forward = 1.0 if direction == "right" else -1.0
    body = 0.5 * height
    path = np.full(len(times), width / 2) if treadmill else width * (0.5 + forward * 0.35 * (2 * times / max(seconds, 1e-9) - 1))
    poses = [pose(t, hip_x=x, forward=forward, body=body, ground=0.8 * height) for t, x in zip(times, path, strict=True)]
    xy = np.array([[p[name] for name in KEYPOINTS] for p in poses]).reshape(len(times), len(KEYPOINTS), 2)
    return PoseTrack(
        keypoints=KEYPOINTS, time_s=times, xy_px=xy, score=np.full(xy.shape[:2], 0.95), width_px=width, height_px=height
    )


def steps(seconds: float) -> tuple[Step, ...]:
    found = []
    for count in range(int(2 * seconds / STRIDE_S) + 1):
        strike = count * STRIDE_S / 2 + 0.02
        if strike + CONTACT_S >= seconds:
            break
        found.append(
            Step(
                foot="left" if count % 2 == 0 else "right",
                strike_s=strike,
                instant_s=strike + INSTANT_S,
                toe_off_s=strike + CONTACT_S,
                contact_s=CONTACT_S,
                flight_s=STRIDE_S / 2 - CONTACT_S,
                angles_deg={"front_knee": 152.0 - count, "back_knee": 102.0 + count, "foot": 12.0, "trunk": 9.0},
            )
        )
    return tuple(found)


def score(value: float, band: str, good: tuple[float, float], okay: tuple[float, float], **more: Any) -> Score:
    texts = Texts(title=more.pop("title", "Title"), position=f"position {band}", recap=more.pop("recap", ()),
                  exercises=more.pop("exercises", ()))  # fmt: skip
    return Score(value_deg=value, score={"good": 0.9, "okay": 0.5, "bad": 0.2}[band], band=band, range_good=good, range_okay=okay,
                 confidence=0.8, texts=texts, **more)  # fmt: skip


def result(found: tuple[Step, ...], *, direction: str, treadmill: bool, seconds: float) -> RunningResult:
    def number(value: float, spread: float = 2.0, error: float | None = None) -> Estimate:
        return Estimate(value=value, spread=spread, n=7, confidence=0.86, error=error)

    def both(left: float, right: float, spread: float = 2.0, error: float | None = None) -> BothSides:
        return BothSides(left=number(left, spread, error), right=number(right, spread, error))

    def landing(value: float) -> Landing:
        def at(shift: float) -> AtInstants:
            return AtInstants(initial_contact=number(value + shift + 10), full_contact=number(value + shift))

        return Landing(left=at(0.0), right=at(2.0))

    events = [Event(foot=s.foot, kind="foot_strike", time_s=s.strike_s, confidence=0.9) for s in found]
    events += [Event(foot=s.foot, kind="toe_off", time_s=s.toe_off_s, confidence=0.9) for s in found]
    return RunningResult(
        view="side", direction=direction, treadmill=treadmill, near_side="right" if direction == "right" else "left",
        instant="full_contact", profile="ochy-side/1", running_from_s=0.0, running_to_s=seconds,
        events=tuple(sorted(events, key=lambda event: event.time_s)),
        metrics=Metrics(
            cadence_spm=number(171.4), contact_time_s=both(0.221, 0.232, 0.006), flight_time_s=number(0.128, 0.004),
            duty_factor=number(0.315, 0.01), vertical_oscillation_m=number(0.081, 0.003),
            asymmetry={"contact_time_s": number(0.018, 0.004)},
        ),
        measures=Measures(
            elbow_deg=both(92.8, 85.0, error=3.14), back_knee_deg=landing(102.0), front_knee_deg=landing(152.0),
            foot_strike_deg=landing(12.0),
            head_deg=both(-12.0, -11.0), trunk_lean_deg=number(9.0, error=1.3), overstride_deg=landing(8.5),
        ),
        foot_strike_pattern=FootStrikePattern(left="rearfoot", right="midfoot"),
        scores={
            "arm": score(92.8, "bad", (78, 88), (74, 92), title="Arms", recap=("Your elbows open too far.",),
                         exercises=("Run 4 × 30 s with a band.",), foot="left"),
            "back_cycle": score(102.0, "okay", (0, 98), (98, 107), title="Back knee"),
            "foot": score(12.0, "bad", (-10, 5), (5, 10), title="Foot", recap=("You land on the heel.",), exercises=("Skip.",)),
            "forward_cycle": score(152.0, "good", (140, 180), (131, 140), title="Front knee"),
            "head": score(-12.0, "good", (-18, -8), (-22, -4), title="Head"),
            "trunk": score(9.0, "good", (8, 14), (4, 18), title="Trunk"),
        },
        total_score=0.627, styles=(Style(title="Hop", animal="Kangaroo", percentage=76, summary="Quick and springy."),),
        swaps_repaired=1, outliers_removed=3,
    )  # fmt: skip


@pytest.fixture
def make_scene() -> Callable[..., Scene]:
    """Return the maker of a whole scene; `refused` leaves the result out."""

    def make(
        *, seconds: float = 3.0, fps: float = 60.0, direction: str = "right", treadmill: bool = True,
        size: tuple[int, int] = (WIDTH, HEIGHT), refused: bool = False,
    ) -> Scene:  # fmt: skip
        seen = track(seconds=seconds, fps=fps, direction=direction, treadmill=treadmill, size=size)
        if refused:
            return Scene(track=seen)
        found = steps(seconds)
        wave = 2 * np.pi * seen.time_s / STRIDE_S
        series = {"trunk": 9 + np.sin(2 * wave)}
        for side, shift in (("left", 0.0), ("right", np.pi)):
            series |= {
                f"{side}_knee": 120 + 40 * np.cos(wave + shift), f"{side}_hip": 20 + 30 * np.cos(wave + shift),
                f"{side}_ankle": 90 + 15 * np.sin(wave + shift), f"{side}_elbow": 88 + 14 * np.sin(wave + shift),
            }  # fmt: skip
        found_result = result(found, direction=direction, treadmill=treadmill, seconds=seconds)
        return Scene(track=seen, steps=found, series_deg=series, result=found_result)

    return make
