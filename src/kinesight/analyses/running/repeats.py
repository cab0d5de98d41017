"""What a runner repeats from stride to stride, used to fill short holes and to take out points that left their usual path.

Whoever runs does nearly the same six to fifteen times in a clip, so a frame can be held against all strides, where a tracker sees
only its neighbours. What lies near its usual path is never touched: strides keep their differences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinesight.analyses.running.contacts import Contact
from kinesight.analyses.running.motion import ARM, LEG, SIDES, Motion, Side
from kinesight.domain.video import Floats
from kinesight.signals.geometry import length
from kinesight.signals.robust import NORMAL_MAD
from kinesight.signals.runs import Mask, true_runs

FEWEST_STRIKES = 4
"""Three strides: with two, nobody knows which one is right."""
STRIDE_S = (0.4, 1.2)
PHASES = 120
LONGEST_HOLE_S = 0.25
LONGEST_DETOUR_S = 0.2
# A detour begins well above what strides differ by, and ends where it is back among them; the smoothing has smeared its edges.
CLEAR_TIMES_SPREAD, LEAST_DETOUR = 6.0, 0.05
OVER_AT = 0.5
SMEARED_S = 0.02
MOST_LENGTH_CHANGE, CLEAR_TIMES_LENGTH_SPREAD = 0.2, 6.0
SEGMENTS = (("hip", "knee"), ("knee", "ankle"), ("heel", "big_toe"))
"""Legs swing in the plane of travel, so these keep their length in a side view."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Usual:
    """Phase of each sample in strides, NaN outside of them, and what the points drift by from stride to stride."""

    phase: Floats
    drift: Floats


def repaired_by_repeats(motion: Motion, contacts: Sequence[Contact]) -> Motion:
    """Return the movement with short holes filled and short detours replaced by the usual stride; counts say how many.

    A hole or detour takes the middle of all strides at its phase, shifted so that it joins what is known on both sides. Points
    without three whole strides stay as they are. What was filled counts as not seen: no angle is read there.
    """
    points = dict(motion.points)
    gaps, detours = 0, 0
    for side in SIDES:
        usual = _usual_strides(motion, [contact.strike_s for contact in contacts if contact.foot == side])
        if usual is None:
            continue
        names = [f"{side}_{name}" for name in (*LEG, *ARM, "ear")] + (["nose"] if side == motion.near else [])
        templates = {name: _template(points[name] - usual.drift, usual.phase) for name in names}
        away = {name: points[name] - usual.drift - templates[name] for name in names}
        wild = {name: _detour(away[name], motion) for name in names}
        for name, mask in _wrong_lengths(motion, side, away).items():
            wild[name] = wild[name] | mask
        for name in names:
            detours += len(true_runs(wild[name]))
            known = np.where(wild[name][:, None], np.nan, points[name])
            points[name], filled = _filled(motion.time_s, known, usual.drift + templates[name])
            gaps += filled - len(true_runs(wild[name] & np.isfinite(points[name][:, 0])))
    if gaps == 0 and detours == 0:
        return motion
    return replace(motion, points=points, gaps_filled=max(gaps, 0), detours=detours)


def _usual_strides(motion: Motion, strikes_s: Sequence[float]) -> _Usual | None:
    """Return the phase by one foot's strikes; a strike that was missed lies evenly between its neighbours."""
    strikes = np.array(strikes_s)
    steps = np.diff(strikes)
    usual = [step for step in steps if STRIDE_S[0] <= step <= STRIDE_S[1]]
    if len(strikes) < FEWEST_STRIKES or len(usual) < 2:
        return None
    stride_s = float(np.median(usual))
    counts = np.concatenate([[0], np.cumsum(np.maximum(1, np.round(steps / stride_s)))])
    # half a stride beyond the first and the last strike is still known by its phase
    knots = np.concatenate([[strikes[0] - stride_s], strikes, [strikes[-1] + stride_s]])
    phase = np.interp(motion.time_s, knots, np.concatenate([[-1.0], counts, [counts[-1] + 1]]), left=np.nan, right=np.nan)
    return _Usual(phase=phase, drift=_drift(motion, stride_s))


def _drift(motion: Motion, stride_s: float) -> Floats:
    """Return the hips' mean over a stride around each sample, (samples, 2)."""
    hips = motion.hips
    width = max(1, round(stride_s * motion.rate_hz))
    columns = []
    for axis in (0, 1):
        known = np.isfinite(hips[:, axis])
        path = np.interp(motion.time_s, motion.time_s[known], hips[known, axis])
        padded = np.concatenate([_extended(path, width, at_end=False), path, _extended(path, width, at_end=True)])
        sums = np.cumsum(np.concatenate([[0.0], padded]))
        start = np.arange(len(path)) + width - width // 2
        columns.append((sums[start + width] - sums[start]) / width)
    return np.stack(columns, axis=1)


def _extended(path: Floats, width: int, *, at_end: bool) -> Floats:
    """Return a stride more of a path, repeating the last one, moved on."""
    reach = min(width, len(path) - 1)
    piece = path[-reach - 1 : -1] if at_end else path[1 : reach + 1]
    step = path[-1] - path[-reach - 1] if at_end else path[0] - path[reach]
    whole = np.resize(piece + step, width) if at_end else np.resize((piece + step)[::-1], width)[::-1]
    return np.asarray(whole)


def _template(relative: Floats, phase: Floats) -> Floats:
    """Return the middle of all strides at each sample's phase, (samples, 2); NaN where fewer than three strides know it."""
    grid = np.arange(PHASES) / PHASES
    strides = []
    for number in range(int(np.floor(np.nanmin(phase))), int(np.ceil(np.nanmax(phase)))):
        inside = (phase >= number) & (phase < number + 1) & np.isfinite(relative[:, 0])
        strides.append(_at_phases(phase[inside] - number, relative[inside], grid))
    courses = np.array(strides)
    enough = np.count_nonzero(np.isfinite(courses[:, :, 0]), axis=0) >= FEWEST_STRIKES - 1
    middle = np.full((PHASES, 2), np.nan)
    middle[enough] = np.nanmedian(courses[:, enough], axis=0)
    around = np.concatenate([middle, middle[:1]])
    place = np.mod(phase, 1.0) * PHASES
    return np.stack([np.interp(place, np.arange(PHASES + 1), around[:, axis]) for axis in (0, 1)], axis=1)


def _at_phases(phase: Floats, path: Floats, grid: Floats) -> Floats:
    """Return a stride's path on the phase grid, NaN further than a step of the grid from a known sample."""
    if len(phase) < 2:
        return np.full((len(grid), 2), np.nan)
    course = np.stack([np.interp(grid, phase, path[:, axis]) for axis in (0, 1)], axis=1)
    after = np.clip(np.searchsorted(phase, grid), 1, len(phase) - 1)
    nearest = np.minimum(np.abs(grid - phase[after - 1]), np.abs(phase[after] - grid))
    course[nearest > 2 / PHASES] = np.nan
    return course


def _detour(away: Floats, motion: Motion) -> Mask:
    """Return where a point leaves its usual path for a short time."""
    far = length(away)
    known = far[np.isfinite(far)]
    if not len(known):
        return np.zeros(len(far), dtype=bool)
    limit = max(CLEAR_TIMES_SPREAD * NORMAL_MAD * float(np.median(known)), LEAST_DETOUR * motion.body_px)
    return _short_runs(far, limit=limit, motion=motion)


def _short_runs(size: Floats, *, limit: float, motion: Motion) -> Mask:
    """Return stretches that reach a limit, from where they passed half of it, if they are short enough; edges widened."""
    chosen: Mask = np.zeros(len(size), dtype=bool)
    # an unknown sample ends a stretch
    for start, stop in true_runs(np.nan_to_num(size) > OVER_AT * limit):
        if np.max(size[start:stop]) > limit and (stop - start) / motion.rate_hz <= LONGEST_DETOUR_S:
            edge = round(SMEARED_S * motion.rate_hz)
            chosen[max(0, start - edge) : stop + edge] = True
    return chosen


def _wrong_lengths(motion: Motion, side: Side, away: Mapping[str, Floats]) -> dict[str, Mask]:
    """Return where a leg's segment has a length it cannot have, for the end of it that is further off its usual path."""
    wrong: dict[str, Mask] = {}
    for first, second in SEGMENTS:
        ends = [f"{side}_{first}", f"{side}_{second}"]
        long = length(motion.points[ends[1]] - motion.points[ends[0]])
        known = long[np.isfinite(long)]
        if not len(known):
            continue
        middle = float(np.median(known))
        spread = NORMAL_MAD * float(np.median(np.abs(known - middle)))
        limit = max(MOST_LENGTH_CHANGE * middle, CLEAR_TIMES_LENGTH_SPREAD * spread)
        mask = _short_runs(np.abs(long - middle), limit=limit, motion=motion)
        for start, stop in true_runs(mask):
            off = [float(np.nan_to_num(np.nanmedian(_known(length(away[name][start:stop]))))) for name in ends]
            chosen = ends[int(np.argmax(off))]
            wrong.setdefault(chosen, np.zeros(len(long), dtype=bool))[start:stop] = True
    return wrong


def _known(values: Floats) -> Floats:
    known = values[np.isfinite(values)]
    return known if len(known) else np.zeros(1)


def _filled(time_s: Floats, path: Floats, usual: Floats) -> tuple[Floats, int]:
    """Return a path with its short inner holes filled by the usual one, joined at both edges, and how many were."""
    full, count = path.copy(), 0
    for start, stop in true_runs(~np.isfinite(path[:, 0])):
        if start == 0 or stop == len(path) or time_s[stop] - time_s[start - 1] > LONGEST_HOLE_S:
            continue
        if not np.isfinite(usual[start - 1 : stop + 1]).all():
            continue
        share = ((time_s[start:stop] - time_s[start - 1]) / (time_s[stop] - time_s[start - 1]))[:, None]
        before, after = path[start - 1] - usual[start - 1], path[stop] - usual[stop]
        full[start:stop] = usual[start:stop] + (1 - share) * before + share * after
        count += 1
    return full, count
