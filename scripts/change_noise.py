"""Measures how often two clips of the same made-up run are said to differ: the false alarms of `kinesight combine`."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.combined_change import find_changes
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import RunningResult
from kinesight.testing.body import Body
from kinesight.testing.runner import HEIGHT_M, Gait, runner
from kinesight.testing.side_view import Camera, filmed, noisy

GAITS = {
    "rearfoot, 3 m/s": Gait(),
    "midfoot, 4 m/s": Gait(speed_m_per_s=4.0, cadence_spm=178.0, duty_factor=0.32, foot_at_strike_deg=3.0, landing_speed=0.45),
}
SEEDS = 10
SECONDS = 5.0
NOISE_M = 0.01
MOST_YAW_DEG = 4.0
DISTANCE_M = (4.0, 6.0)


def one_clip(body: Body, *, seed: int, rough: bool) -> RunningResult:
    """Return the result of one clip at 60 frames a second, the camera somewhere else each time."""
    random = np.random.default_rng(seed)
    camera = Camera(yaw_deg=float(random.uniform(-MOST_YAW_DEG, MOST_YAW_DEG)), distance_m=float(random.uniform(*DISTANCE_M)))
    track = filmed(body.at(np.arange(0.0, SECONDS, 1 / 60)), camera)
    sigma_px = NOISE_M * camera.focal_px / camera.distance_m
    seen = noisy(track, sigma_px=sigma_px, far_side="left", seed=seed, rough=rough)
    return analyse(Observations(track=seen), RunningParameters(height_m=HEIGHT_M)).result


def main() -> None:
    """Print the share of judged numbers that are said to have changed, by condition."""
    all_judged = all_false = 0
    for name, gait in GAITS.items():
        body = runner(gait, seconds=SECONDS)
        for rough in (False, True):
            clips = [one_clip(body, seed=seed, rough=rough) for seed in range(SEEDS)]
            judged = [change for pair in combinations(clips, 2) for change in find_changes(*pair) if change.reason is None]
            false = sum(change.verdict == "changed" for change in judged)
            all_judged, all_false = all_judged + len(judged), all_false + false
            print(f"{name}, {'rough' if rough else 'smooth'} noise: {false} of {len(judged)} ({false / len(judged):.1%})")
    print(f"together: {all_false} of {all_judged} ({all_false / all_judged:.1%})")


if __name__ == "__main__":
    main()
