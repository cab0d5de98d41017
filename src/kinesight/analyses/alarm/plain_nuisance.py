"""Harmless causes by plain rules on the whole clip, used where no trained classifier is installed."""

from __future__ import annotations

import numpy as np

from kinesight.analyses.alarm.evidence import ClipEvidence
from kinesight.analyses.alarm.motion import course_of
from kinesight.analyses.alarm.moving import SURE_NOISE
from kinesight.domain.video import Floats

_NAMES = ("NOTHING", "flag", "other", "plant", "rain", "spider", "web", "wind")


def nuisance_features(evidence: ClipEvidence) -> dict[str, float]:
    """Return named numbers of the clip as a whole.

    Shares are 0..1; `shake_px` is the root mean square of the picture's shift in working pixels; `exposure` the range of the mean
    brightness over the clip relative to its mean; `flicker` the mean noise in grey levels; `green` the share of flickering or
    changing places that are green.
    """
    active = np.mean(evidence.change >= SURE_NOISE, axis=(1, 2), dtype=np.float64)
    restless = (evidence.noise > 6.0) | (np.mean(evidence.change >= SURE_NOISE, axis=0) > 0.15)
    red, green, blue = (evidence.colour[..., channel].astype(np.float64) for channel in range(3))
    is_green = (green > 1.05 * red) & (green > 1.05 * blue)
    brightness = evidence.grey.mean(axis=(1, 2), dtype=np.float64)
    courses = [course_of(track.time_s, track.box_px) for track in evidence.tracks]
    return {
        "active_mean": float(np.mean(active)),
        "active_max": float(np.max(active)),
        "restless": float(np.mean(restless)),
        "flicker": float(np.mean(evidence.noise)),
        "green": float(np.mean(is_green[restless])) if np.any(restless) else 0.0,
        "shake_px": float(np.sqrt(np.mean(np.sum(evidence.shift_px**2, axis=1)))),
        "exposure": float(np.ptp(brightness) / max(float(np.mean(brightness)), 8.0)),
        "tracks": float(len(evidence.tracks)),
        "farthest_sizes": max((course.gone_sizes * course.straightness for course in courses), default=0.0),
        "wandering": float(np.mean([course.straightness < 0.5 for course in courses])) if courses else 0.0,
        "biggest": _biggest(evidence),
        "contrast": float(np.ptp(np.percentile(evidence.background, (1, 99)))),
    }


def nuisance_scores(features: dict[str, float], _embedding: Floats | None) -> dict[str, float]:
    """Return a score 0..1 for every harmless cause that rules of thumb can tell; 0 for those that they cannot."""
    quiet = _rises(-np.log10(features["active_max"] + 1e-5), 2.3, 0.15) * _rises(-features["restless"], -0.08, 0.02)
    restless = _rises(features["restless"], 0.2, 0.04)
    scores = dict.fromkeys(_NAMES, 0.0)
    scores["NOTHING"] = quiet
    scores["plant"] = restless * _rises(features["green"], 0.25, 0.05)
    scores["wind"] = max(scores["plant"], _rises(features["shake_px"], 1.0, 0.2))
    light = _rises(features["exposure"], 0.12, 0.03)
    scores["other"] = max(light, (1 - quiet) * restless * (1 - scores["plant"]) * 0.6)
    return {name: float(np.clip(score, 0.0, 1.0)) for name, score in scores.items()}


def _rises(value: float, middle: float, width: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip((value - middle) / width, -30.0, 30.0))))


def _biggest(evidence: ClipEvidence) -> float:
    size = float(evidence.background.size)
    return max((float(np.median(track.area_px)) / size for track in evidence.tracks), default=0.0)
