"""Measure what the second look at the feet gains on real video, without labels, and write its table in docs/accuracy.md.

Still: usual speed of heel and toe while the foot stands, which has to be 0 because camera and ground stand still. Jitter: usual
third difference of heel and toe from picture to picture, scaled to the noise of one point; it holds the feet's true motion too.
Strikes: how many frames apart the two pose models, two readings of one clip, see the same foot strikes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_opening, median_filter

from kinesight.analyses.running.contacts import find_contacts
from kinesight.analyses.running.feet import FEET, steadied
from kinesight.analyses.running.ground import find_ground
from kinesight.analyses.running.motion import prepare
from kinesight.analyses.running.observe import LOOK_AT_PX
from kinesight.analyses.running.people_tracker import PeopleTracker
from kinesight.analyses.running.steps import find_steps
from kinesight.domain.errors import SceneError
from kinesight.domain.people import KEYPOINTS, PoseTrack
from kinesight.domain.video import Floats
from kinesight.settings import load_settings
from kinesight.wiring.analysing import fetch_models, fetch_samples, open_reader, studio

PAGE = Path(__file__).resolve().parent.parent / "docs" / "accuracy.md"
START, END = "<!-- feet: written by scripts/feet.py -->", "<!-- end of feet -->"
MODELS = ("full", "heavy")
PEOPLE = (
    ("sprint-side", 0, "first walker"),
    ("sprint-side", 1, "second walker"),
    ("sprint-side", 2, "sprinter"),
    ("treadmill-oblique", 0, "man on a beam"),
)
STANDS = 0.4
"""Body heights a second under which a foot stands, both models agreeing, after a median over five pictures."""
SAME_STRIKE_S = 0.1


@dataclass(frozen=True)
class Reading:
    """One person by one model: times (n,), points as the model gave them and steadied (n, keypoints, 2), body height."""

    time_s: Floats
    raw: Floats
    steady: Floats
    body_px: float

    @property
    def fps(self) -> float:
        """Return pictures per second."""
        return 1 / float(np.median(np.diff(self.time_s)))


def readings(video: Path, model: str) -> list[Reading]:
    """Return everybody in a clip, by first appearance."""
    settings = load_settings()
    models = studio(settings).models
    tracker = PeopleTracker(models.detector(), models.pose(model), models.patches())
    times = []
    for frame in open_reader(video, settings).frames(longest_side_px=LOOK_AT_PX):
        tracker.see(frame)
        times.append(frame.time_s)
    found = []
    for person in tracker.people():
        frames, shape = np.array(person.frames), (len(times), *FEET.shape, 2)
        raw, moved, trust = np.full((len(times), len(KEYPOINTS), 2), np.nan), np.full(shape, np.nan), np.zeros(shape[:2])
        raw[frames], moved[frames], trust[frames] = person.xy_px, person.feet_moved_px, person.feet_trust
        y = person.xy_px[:, :, 1]
        body_px = float(np.median(np.nanmax(y, axis=1) - np.nanmin(y, axis=1)))
        if len(frames) > 20:
            found.append(Reading(np.array(times), raw, steadied(raw, moved, trust, body_px=body_px), body_px))
    return found


def standing(readings_: list[Reading]) -> np.ndarray:
    """Return (frames, feet) where every reading of one person says that the foot stands."""
    stands = np.ones((len(readings_[0].time_s), len(FEET)), dtype=bool)
    for reading in readings_:
        for foot, members in enumerate(FEET):
            middle = median_filter(reading.raw[:, members].mean(axis=1), size=(5, 1))
            speed = np.hypot(*np.gradient(middle, axis=0).T) * reading.fps / reading.body_px
            stands[:, foot] &= np.nan_to_num(speed, nan=np.inf) < STANDS
    return binary_opening(stands, np.ones((4, 1)))


def stillness(reading: Reading, xy: Floats, stands: np.ndarray) -> tuple[float, float]:
    """Return the usual speed in stance, body heights a second, and the jitter, percent of the body height."""
    points = xy[:, FEET[:, :2]]
    step = np.hypot(*np.moveaxis(np.diff(points, axis=0), -1, 0)) * reading.fps / reading.body_px
    both = stands[1:] & stands[:-1]
    # third differences of independent noise have 20 times its variance
    third = np.hypot(*np.moveaxis(np.diff(points, n=3, axis=0), -1, 0)) / np.sqrt(20) / reading.body_px
    still = step[both]
    return float(np.nanmedian(still)) if len(still) else float("nan"), 100 * float(np.nanmedian(third))


def strikes(reading: Reading, xy: Floats) -> list[tuple[str, float]]:
    """Return foot and time of every strike; none where no step can be found."""
    score = np.where(np.isfinite(xy[:, :, 0]), 0.9, 0.0)
    track = PoseTrack(keypoints=KEYPOINTS, time_s=reading.time_s, xy_px=xy, score=score, width_px=1, height_px=1)
    try:
        motion = prepare(track, slow_motion=1.0)
        return [(c.foot, c.strike_s) for c in find_contacts(motion, find_ground(motion), find_steps(motion))]
    except SceneError:
        return []


def agreement(first: list[tuple[str, float]], second: list[tuple[str, float]], *, fps: float) -> str:
    """Return how many strikes both readings have, of how many in all, and how many frames those are usually apart."""
    apart = [min((abs(time - other) for side, other in second if side == foot), default=np.inf) for foot, time in first]
    common = [time for time in apart if time < SAME_STRIKE_S]
    usual = f"{fps * float(np.median(common)):.2f}" if common else "-"
    return f"{len(common)} of {len(first) + len(second) - len(common)}, {usual} frames"


def rows() -> list[str]:
    """Return the rows of the table."""
    settings = load_settings()
    fetch_models(settings, report=print)
    clips = {path.stem: path for path in fetch_samples(settings.models.parent / "samples", report=print)}
    seen = {(clip, model): readings(path, model) for clip, path in clips.items() for model in MODELS}
    lines = []
    for clip, number, name in PEOPLE:
        pair = [seen[clip, model][number] for model in MODELS]
        stands = standing(pair)
        for label in ("raw", "steady"):
            still = [stillness(reading, getattr(reading, label), stands) for reading in pair]
            found = [strikes(reading, getattr(reading, label)) for reading in pair]
            cells = [name, "with" if label == "steady" else "without", *(f"{value:.2f}" for both in still for value in both)]
            lines.append(f"| {' | '.join([*cells, agreement(*found, fps=pair[0].fps)])} |")
    return lines


def main() -> int:
    head = (
        "| who | second look | still, full | jitter, full | still, heavy | jitter, heavy | strikes seen by both models, apart |"
    )
    text = "\n".join([head, "| --- | --- | ---: | ---: | ---: | ---: | --- |", *rows()])
    print(text)
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(START)[0], page.split(END)[1]
    PAGE.write_text(f"{before}{START}\n\n{text}\n\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
