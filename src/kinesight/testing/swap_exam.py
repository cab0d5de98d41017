"""What exchanged sides do to the numbers: one exchange in a clip, held against the same clip without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.details import RunningDetails
from kinesight.analyses.running.motion import ARM, LEG
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.domain.people import PoseTrack
from kinesight.testing.body import Body
from kinesight.testing.exam import Condition, Target, track_of
from kinesight.testing.side_view import exchanged_sides

CHAINS: Mapping[str, tuple[str, ...]] = {"legs": LEG, "arms": ARM, "both": (*LEG, *ARM)}
LONGEST = 10
HARMLESS_DEG = 2.0

SWAP_TARGETS: Mapping[str, Target] = {
    f"{name}_{frames}": Target(label=f"{name}, {frames} frames: harmless", limit=0.95, unit="%", at_least=True)
    for name in CHAINS
    for frames in ("1 to 3", "4 to 10")
}
"""Harmless: every landing is found again, with the front knee and the elbows' mean within 2 degrees of the unspoilt clip's."""


def swap_numbers(body: Body, seed: int) -> Sequence[Mapping[str, float]]:
    """Return which part of exchanges of one to ten frames, anywhere in the clip, did no harm, by what was exchanged."""
    random = np.random.default_rng(seed)
    numbers = []
    for fps in (30.0, 60.0):
        track = track_of(body, Condition(facing="right", fps=fps), seed=seed)
        clean = _details(track, body)
        harmless: dict[str, list[bool]] = {key: [] for key in SWAP_TARGETS}
        for name, chain in CHAINS.items():
            for frames in range(1 + seed % 2, LONGEST + 1, 2):
                start = int(random.integers(len(track.time_s) - frames))
                spoilt = exchanged_sides(track, [(start, start + frames)], points=chain)
                key = f"{name}_{'1 to 3' if frames <= 3 else '4 to 10'}"
                harmless[key].append(is_harmless(clean, _details(spoilt, body)))
        numbers.append({key: float(np.mean(marks)) for key, marks in harmless.items()})
    return numbers


def is_harmless(clean: RunningDetails, spoilt: RunningDetails) -> bool:
    """Return whether every landing is there again and no front knee, and no elbow on average, is off by more than 2 degrees."""
    if [stride.foot for stride in clean.strides] != [stride.foot for stride in spoilt.strides]:
        return False
    for one, other in zip(clean.strides, spoilt.strides, strict=True):
        before, after = one.initial_contact.front_knee_deg, other.initial_contact.front_knee_deg
        if np.isfinite(before) and not abs(after - before) <= HARMLESS_DEG:
            return False
    elbows = (np.nanmean(np.abs(clean.series[name] - spoilt.series[name])) for name in ("left_elbow_deg", "right_elbow_deg"))
    return all(elbow <= HARMLESS_DEG for elbow in elbows)


def _details(track: PoseTrack, body: Body) -> RunningDetails:
    details: RunningDetails = analyse(Observations(track=track), RunningParameters(height_m=body.height_m)).details
    return details
