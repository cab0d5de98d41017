"""Features of what is there in a single frame only: drops of rain, flakes, insects in flight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kinesight.analyses.alarm.evidence import ClipEvidence
from kinesight.analyses.alarm.flags import often_of
from kinesight.analyses.alarm.nuisance.places import coarse, oriented
from kinesight.analyses.alarm.nuisance.whole import entropy, log_share
from kinesight.analyses.alarm.slopes import slopes_of
from kinesight.domain.video import Floats

FLASH_NOISE = 3.0
"""Noise units by which a pixel of one frame stands out from both its neighbours in time."""

MOST_FRAMES = 24

NAMES = (
    *("flashes", "flash_bright", "flash_entropy", "flash_oriented", "flash_upright"),
    *("streaks", "streak_long", "streak_share", "streak_agree", "streak_size"),
)

STEEPEST_RAD = np.deg2rad(55)
"""A streak further from the vertical than this is no falling drop."""


def flash_features(evidence: ClipEvidence) -> dict[str, float]:
    """Return named numbers of what stands out in single frames, in steadied frames; NaN where nothing does.

    A streak is a connected flash of at least four pixels; its length and direction come from its second moments.
    """
    flashes = _flashes(evidence)
    if flashes is None:
        return dict.fromkeys(NAMES, float("nan"))
    bright = flashes > FLASH_NOISE
    dark = flashes < -FLASH_NOISE
    count = float(bright.sum())
    agreement, upright = oriented(slopes_of(np.where(bright, np.minimum(flashes, np.float32(12.0)), np.float32(0.0))))
    return {
        "flashes": log_share(float(bright.mean())),
        "flash_bright": (count - float(dark.sum())) / (count + float(dark.sum()) + 1.0),
        "flash_entropy": entropy(coarse(often_of(bright))),
        "flash_oriented": agreement,
        "flash_upright": upright,
        **_streaks(bright),
    }


def _flashes(evidence: ClipEvidence) -> NDArray[np.float32] | None:
    """Return by how many noise units pixels stand out from the frames before and after, (k, h, w), signed; None if too short."""
    count = len(evidence.grey)
    if count < 3:
        return None
    chosen = np.unique(np.linspace(1, count - 2, MOST_FRAMES).round().astype(int))
    still = np.linalg.norm(evidence.shift_px, axis=1) < 0.5
    lit = np.abs(evidence.gain - 1) + np.abs(evidence.offset) / 64 < 0.25
    steady = still & lit
    chosen = chosen[steady[chosen] & steady[chosen - 1] & steady[chosen + 1]]
    if not len(chosen):
        return None
    stands_out = np.empty((len(chosen), *evidence.noise.shape), np.float32)
    for number, found in zip(chosen.tolist(), stands_out, strict=True):
        before, here, after = evidence.grey[number - 1 : number + 2].astype(np.int16)
        # one of both is 0: a pixel is brighter than its neighbours in time, or darker, or between them
        above = np.maximum(here - np.maximum(before, after), 0)
        below = np.minimum(here - np.minimum(before, after), 0)
        np.divide(above + below, evidence.noise, out=found)
    stands_out[:, evidence.overlay] = 0.0
    return stands_out


def _streaks(bright: NDArray[np.bool_]) -> dict[str, float]:
    found, count = ndimage.label(bright, structure=_IN_ONE_FRAME)
    labels = np.asarray(found, np.int32)
    unknown = dict.fromkeys(("streak_long", "streak_share", "streak_agree", "streak_size"), float("nan"))
    if count == 0:
        return {"streaks": 0.0, **unknown}
    where = np.flatnonzero(bright)
    names = labels.ravel()[where]
    area = np.bincount(names, minlength=count + 1)[1:]
    large = np.flatnonzero(area >= 4) + 1
    per_frame = len(large) / len(bright)
    if not len(large):
        return {"streaks": 0.0, **unknown}
    rows, columns = np.divmod(where % bright[0].size, bright.shape[2])
    length, angle = _moments(names, rows, columns)
    length, angle = length[large], angle[large]
    weight = np.sqrt(area[large - 1])
    falls = (length > 2.5) & (np.abs(angle) < STEEPEST_RAD)
    share = float(np.sum(weight * falls) / weight.sum())
    turn = np.exp(2j * angle[falls]) if falls.any() else np.array([0j])
    return {
        "streaks": float(np.log10(1 + per_frame)),
        "streak_long": float(np.average(np.minimum(length, 12.0), weights=weight)),
        "streak_share": share,
        "streak_agree": float(np.abs(turn.mean())),
        "streak_size": float(np.log10(np.median(area[large - 1]))),
    }


_IN_ONE_FRAME = np.zeros((3, 3, 3), np.bool_)
_IN_ONE_FRAME[1] = True


def _moments(names: NDArray[np.int32], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return length over width and the angle from the vertical of parts, by their names, from the pixels (k,) of all of them."""
    size = int(names.max()) + 1
    count = np.maximum(np.bincount(names, minlength=size), 1)
    y, x = (np.bincount(names, weights=values, minlength=size) / count for values in (rows, columns))
    dy, dx = rows - y[names], columns - x[names]
    yy, xx, xy = (
        np.bincount(names, weights=values, minlength=size) / count + extra
        for values, extra in ((dy * dy, 1 / 12), (dx * dx, 1 / 12), (dy * dx, 0.0))
    )
    middle, spread = (yy + xx) / 2, np.hypot((yy - xx) / 2, xy)
    length = np.sqrt((middle + spread) / np.maximum(middle - spread, 1 / 12))
    angle = 0.5 * np.arctan2(2 * xy, yy - xx)
    return length, angle
