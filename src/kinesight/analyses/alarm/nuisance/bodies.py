"""Features of what a thing is made of: new structure or mere light, one tone or many, a body with thin legs, stops and turns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kinesight.analyses.alarm.evidence import ClipEvidence, Track
from kinesight.analyses.alarm.nuisance.things import SIGHTS, STRONGEST
from kinesight.analyses.alarm.nuisance.whole import ACTIVE_NOISE
from kinesight.domain.video import Floats

LOOKS = ("body_new", "body_plain", "body_thin", "body_ragged")
WAYS = ("body_turns", "body_stops")

LIT_FRAMES = 3
"""Frames, those in which most changes, whose change is compared with what light can do."""

LIT_WINDOW = 9
"""Side of the window in which light is one factor, in pixels of half the working size."""

CHANGED = 0.1
"""Share of active pixels from which a window changed."""

STEP_SHARE = 0.15
"""Share of its quickest step below which a thing stands."""


def body_features(evidence: ClipEvidence) -> dict[str, float]:
    """Return named numbers of the strongest tracks, weighted by strength, and of light; NaN where nothing moves.

    `body_new`
        how much of the structure where the thing is was not there before: light scales what is there, a body hides it.
    `body_plain`
        spread of its brightness against its contrast: a thing close to the lens is all dark or all bright.
    `body_thin`
        share of its pixels that an opening with 3 x 3 takes away: legs, twigs, threads.
    `body_ragged`
        length of its outline in units of that of a disc of its area.
    `body_turns`, `body_stops`
        mean cosine between steps, and how often it starts or stops, per second: spiders walk, stop and turn.
    `lit_share`
        how alike the structure of what changed is before and after: what light, and no thing, can do.
    """
    tracks = evidence.tracks[:STRONGEST]
    found = dict.fromkeys((*LOOKS, *WAYS), float("nan"))
    if tracks:
        weight = np.array([float(np.dot(track.area_px, track.strength)) for track in tracks]) + 1e-9
        values = np.array([[*_look(evidence, track), *_way(track)] for track in tracks])
        found = dict(zip(found, np.average(values, axis=0, weights=weight).tolist(), strict=True))
    return found | {"lit_share": lit_share(evidence)}


def _look(evidence: ClipEvidence, track: Track) -> list[float]:
    chosen = np.unique(np.linspace(0, len(track.frame) - 1, SIGHTS).round().astype(int))
    looks = [_sight(evidence, track, int(sight)) for sight in chosen]
    return [float(value) for value in np.median(looks, axis=0)]


def _sight(evidence: ClipEvidence, track: Track, sight: int) -> Floats:
    left, top, right, bottom = (int(side) for side in track.box_px[sight])
    part = (slice(max(0, top - 2), bottom + 2), slice(max(0, left - 2), right + 2))
    was, seen = evidence.background[part], evidence.grey[track.frame[sight]][part].astype(np.float32)
    changed = evidence.change[track.frame[sight]][part] >= ACTIVE_NOISE
    count = int(changed.sum())
    if count < 4 or min(seen.shape) < 3:
        return np.array([0.5, 0.5, 1.0, 1.0])
    steps = (
        [np.diff(picture, axis=0)[:, :-1] for picture in (was, seen)],
        [np.diff(picture, axis=1)[:-1] for picture in (was, seen)],
    )
    where = changed[:-1, :-1]
    before, after = (np.hypot(steps[0][number], steps[1][number])[where] for number in (0, 1))
    apart = np.hypot(steps[0][1] - steps[0][0], steps[1][1] - steps[1][0])[where]
    difference = (seen - was)[changed]
    contrast = float(np.percentile(np.abs(difference), 90)) + 4.0
    inside = changed[1:-1, 1:-1]
    core = inside & changed[:-2, 1:-1] & changed[2:, 1:-1] & changed[1:-1, :-2] & changed[1:-1, 2:]
    kept = int(np.sum(ndimage.maximum_filter(core.view(np.uint8), size=3) & inside.view(np.uint8)))
    return np.array(
        [
            float(apart.sum()) / float(before.sum() + after.sum() + 2.0 * len(apart) + 1.0),
            float(seen[changed].std()) / contrast,
            1.0 - kept / count,
            float(np.log((count - int(core.sum())) / np.sqrt(4 * np.pi * count))),
        ]
    )


def _way(track: Track) -> tuple[float, float]:
    """Return the mean cosine between following steps and the starts and stops per second."""
    centre = (track.box_px[:, :2] + track.box_px[:, 2:]) / 2
    step = np.diff(centre, axis=0)
    length = np.linalg.norm(step, axis=1)
    if len(step) < 2 or length.max() <= 0:
        return 0.0, 0.0
    weight = length[1:] * length[:-1]
    along = float(np.sum(step[1:] * step[:-1]) / weight.sum()) if weight.sum() > 0 else 0.0
    goes = length / np.maximum(np.diff(track.time_s), 1e-3)
    goes = goes > STEP_SHARE * goes.max()
    return along, float(np.sum(goes[1:] != goes[:-1]) / max(track.life_s, 0.3))


def lit_share(evidence: ClipEvidence) -> float:
    """Return how alike the structure of what changed is before and after, about 0 to 1, in the frames that change most.

    Covariance over mean variance in every window, summed over the windows that changed: light leaves every edge in its
    place, things hide edges and bring their own. NaN where nothing changes.
    """
    share = np.mean(evidence.change >= ACTIVE_NOISE, axis=(1, 2))
    chosen = np.sort(np.argsort(-share, kind="stable")[:LIT_FRAMES])
    if share[chosen].max() <= 0:
        return float("nan")
    was = _half(evidence.background)
    noise = _half(evidence.noise) ** 2 / 4
    mean, spread = _moments(was)
    alike, structure = 0.0, 0.0
    for frame in chosen:
        now = _half(evidence.grey[frame].astype(np.float32))
        level, own = _moments(now)
        changed = _smooth(_half((evidence.change[frame] >= ACTIVE_NOISE).astype(np.float32))) > CHANGED
        together = (_smooth(was * now) - mean * level)[changed]
        both = np.maximum((own + spread)[changed] / 2 - noise[changed], 0.0)
        alike += float(np.sum(np.clip(together, -both, both)))
        structure += float(np.sum(both))
    return alike / structure if structure > 0 else float("nan")


def _half(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
    even = picture[:rows, :columns]
    return np.asarray((even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4, np.float32)


def _smooth(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(ndimage.uniform_filter(picture, size=LIT_WINDOW), np.float32)


def _moments(picture: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and variance in every window."""
    mean = _smooth(picture)
    return mean, np.maximum(_smooth(picture * picture) - mean * mean, np.float32(0))
