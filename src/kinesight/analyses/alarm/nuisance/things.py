"""Features of the things that were followed: how far and how straight they go, how soft, bright and large they are."""

from __future__ import annotations

import numpy as np

from kinesight.analyses.alarm.evidence import ClipEvidence, Track
from kinesight.analyses.alarm.nuisance.whole import gradient, log_share
from kinesight.domain.video import Floats

STRONGEST = 3
"""So many of the strongest tracks are looked at closely."""

SIGHTS = 5

_CLOSE = (
    *("soft", "brightness", "brighter", "saturated", "border", "area", "filled", "aspect"),
    *("edge", "height", "breathes", "gone", "straight", "resting", "speed", "pace", "life_s"),
)


def thing_features(evidence: ClipEvidence) -> dict[str, float]:
    """Return named numbers of the tracks; of the strongest ones also what they look like, weighted by strength; NaN without one.

    Lengths are shares of the picture's width, `area` is a logarithm of the share of the picture.
    """
    tracks = evidence.tracks
    if not tracks:
        names = ("straight_share", "farthest", "life_median_s", *(f"thing_{name}" for name in _CLOSE))
        return {"things": 0.0, **dict.fromkeys(names, float("nan"))}
    width = evidence.grey.shape[2]
    courses = [_course(track, width) for track in tracks]
    weight = np.array([float(np.dot(track.area_px, track.strength)) for track in tracks])
    close = [_close_look(evidence, track) | _course(track, width) for track in tracks[:STRONGEST]]
    means = {
        f"thing_{name}": float(np.average([look[name] for look in close], weights=weight[:STRONGEST] + 1e-9)) for name in _CLOSE
    }
    duration_s = float(evidence.time_s[-1] - evidence.time_s[0])
    return {
        "things": float(np.log10(1 + len(tracks) / max(duration_s, 0.5))),
        "straight_share": float(np.average([course["straight"] > 0.6 for course in courses], weights=weight + 1e-9)),
        "farthest": max(course["gone"] * course["straight"] for course in courses),
        "life_median_s": float(np.median([track.life_s for track in tracks])),
        **means,
    }


def _course(track: Track, width: int) -> dict[str, float]:
    centre = (track.box_px[:, :2] + track.box_px[:, 2:]) / 2 / width
    steps = np.linalg.norm(np.diff(centre, axis=0), axis=1)
    away = np.linalg.norm(centre - centre[0], axis=1)
    length = float(steps.sum())
    gaps_s = np.maximum(np.diff(track.time_s), 1e-3)
    speed = steps / gaps_s
    sides = np.maximum(track.box_px[:, 2:] - track.box_px[:, :2], 1.0) / width
    size = float(np.median(np.sqrt(sides.prod(axis=1))))
    return {
        "gone": float(away.max()),
        "straight": float(away.max() / length) if length > 0 else 0.0,
        "resting": float(np.mean(speed < 0.15 * speed.max())) if len(speed) and speed.max() > 0 else 1.0,
        "speed": float(np.median(speed)) if len(speed) else 0.0,
        "pace": float(np.log10(1e-2 + away.max() / max(track.life_s, 0.1) / size)),
        "life_s": track.life_s,
    }


def _close_look(evidence: ClipEvidence, track: Track) -> dict[str, float]:
    """Return what a track looks like at a few of its sights, the median over them."""
    chosen = np.unique(np.linspace(0, len(track.frame) - 1, SIGHTS).round().astype(int))
    looks = np.array([_sight(evidence, track, int(sight)) for sight in chosen])
    soft, brightness, brighter, saturated, border, edge = np.median(looks, axis=0).tolist()
    box = track.box_px
    side = np.maximum(box[:, 2:] - box[:, :2], 1.0)
    return {
        "soft": soft,
        "brightness": brightness,
        "brighter": brighter,
        "saturated": saturated,
        "border": border,
        "area": log_share(float(np.median(track.area_px)) / evidence.background.size),
        "edge": edge,
        "height": float(np.median(box[:, 3])) / evidence.grey.shape[1],
        "breathes": float(np.log(track.area_px + 1).std()),
        "filled": float(np.median(track.area_px / side.prod(axis=1))),
        "aspect": float(np.log(np.median(side[:, 1] / side[:, 0]))),
    }


def _sight(evidence: ClipEvidence, track: Track, sight: int) -> Floats:
    """Return softness, brightness, signed contrast, saturated share, contact with the border and edge of one sight, (6,)."""
    height, width = evidence.background.shape
    left, top, right, bottom = (int(side) for side in track.box_px[sight])
    part = (slice(max(0, top - 2), bottom + 2), slice(max(0, left - 2), right + 2))
    seen = evidence.grey[track.frame[sight]][part].astype(np.float32)
    difference = seen - evidence.background[part]
    changed = evidence.change[track.frame[sight]][part] >= 5
    if changed.sum() < 4 or min(seen.shape) < 3:
        return np.array([0.5, 0.5, 0.0, 0.0, 0.0, 0.0])
    strongest = float(np.percentile(np.abs(difference[changed]), 90)) + 4.0
    steepest = float(np.percentile(np.linalg.norm(gradient(difference), axis=0)[changed], 90))
    touches = min(left, top, width - right, height - bottom) <= 2
    size = float(np.sqrt(changed.sum()))
    # pixels that the edge needs, as a share of the thing's size: a sharp edge takes about two
    return np.array(
        [
            np.clip(strongest / (steepest + 1.0) / size, 0, 2),
            float(seen[changed].mean()) / 255,
            float(np.mean(difference[changed])) / 255,
            float(np.mean(seen[changed] > 235)),
            float(touches),
            float(np.log2(strongest / (steepest + 1.0) + 0.25)),
        ]
    )
