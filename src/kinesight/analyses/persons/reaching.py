"""Tracks reach back: before somebody was seen surely enough to be followed, they were often seen faintly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinesight.analyses.persons.appearance import distances, mean_looks
from kinesight.analyses.persons.geometry import Mask, overlaps
from kinesight.analyses.persons.motion import Motions, begun, boxes_of, predicted, surprises, updated
from kinesight.analyses.persons.sightings import Look
from kinesight.analyses.persons.tracking import BESIDE, FAINT, FAINT_SURPRISE, STAYS, Track
from kinesight.domain.video import Floats

REACH_S = 0.6
"""Time without a box after which somebody is not looked for any further back."""

MOST_HIDDEN = 0.4
"""Share of a faint box behind others from which it says too little."""

ALIKE_ENOUGH = 0.3
"""Distance of looks up to which a faint box is the same person."""

FIRST_LOOKS = 5
"""Looks of a track that say what somebody looks like at its beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Back:
    """A track on its way back in time: motion against the clock, and when it was last seen."""

    motion: Motions
    seen_s: float
    at_s: float


def reached_back(tracks: Sequence[Track], looks: Sequence[Look]) -> tuple[Track, ...]:
    """Return the tracks, each begun as early as there are boxes, faint ones too, where it came from; nobody else's are taken."""
    taken = [np.zeros(len(look.score), dtype=bool) for look in looks]
    for track in tracks:
        for look, box in zip(track.look, track.box, strict=True):
            taken[look][box] = True
    # who begins first was there first
    order = sorted(range(len(tracks)), key=lambda number: (int(tracks[number].look[0]), number))
    found = dict(enumerate(tracks))
    for number in order:
        found[number] = _reached(tracks[number], looks, taken)
    return tuple(found[number] for number in range(len(tracks)))


def _reached(track: Track, looks: Sequence[Look], taken: list[Mask]) -> Track:
    wanted = _looks_of(track, looks)
    back = _start(track, looks)
    earlier: list[tuple[int, int, Floats]] = []
    for number in range(int(track.look[0]) - 1, -1, -1):
        look, next_look = looks[number], looks[number + 1]
        if next_look.is_after_cut or back.seen_s - look.time_s > REACH_S:
            break
        motion = predicted(back.motion, after_s=back.at_s - look.time_s, shift_px=-next_look.shift_px)
        back = _Back(motion=motion, seen_s=back.seen_s, at_s=look.time_s)
        box = _box_in(look, motion, wanted, taken[number])
        if box is not None:
            trust = np.array([min(1.0, float(look.score[box]) / 0.6)])
            motion = updated(motion, look.xyxy_px[[box]], trust=trust, covered=np.zeros(1))
            back = _Back(motion=motion, seen_s=look.time_s, at_s=look.time_s)
            taken[number][box] = True
            earlier.append((number, box, motion.mean[0] * np.array([1.0, -1.0])))
    if not earlier:
        return track
    earlier.reverse()
    return Track(
        look=np.concatenate([[number for number, _, _ in earlier], track.look]),
        box=np.concatenate([[box for _, box, _ in earlier], track.box]),
        path=np.concatenate([np.array([path for _, _, path in earlier]), track.path]),
    )


def _start(track: Track, looks: Sequence[Look]) -> _Back:
    """Return the first moment of a track, turned against the clock; its smoothed speed is half as uncertain as a stranger's."""
    at_s = looks[track.look[0]].time_s
    fresh = begun(boxes_of(track.path[[0], :, 0]))
    cov = fresh.cov.copy()
    cov[..., 1, 1] /= 4.0
    return _Back(motion=Motions(mean=track.path[[0]] * np.array([1.0, -1.0]), cov=cov), seen_s=at_s, at_s=at_s)


def _looks_of(track: Track, looks: Sequence[Look]) -> Floats:
    pairs = list(zip(track.look[:FIRST_LOOKS], track.box[:FIRST_LOOKS], strict=True))
    weight = np.array([float(looks[look].score[box] * (1.0 - looks[look].hidden[box])) for look, box in pairs])
    return mean_looks(np.array([looks[look].looks[box] for look, box in pairs], dtype=np.float64), weight)


def _box_in(look: Look, motion: Motions, wanted: Floats, taken: Mask) -> int | None:
    """Return the free box that goes on with a motion, None if there is none or it may be somebody else."""
    is_free = (look.score >= FAINT) & ~taken & (look.hidden <= MOST_HIDDEN)
    if taken.any():
        is_free &= ~(overlaps(look.xyxy_px, look.xyxy_px[taken]) > BESIDE).any(axis=1)
    free = np.flatnonzero(is_free)
    if not len(free):
        return None
    surprise = surprises(motion, look.xyxy_px[free], covered=np.zeros(1))[0]
    stays = overlaps(boxes_of(motion.mean[:, :, 0]), look.xyxy_px[free])[0] >= STAYS
    unlike = distances(wanted[None], look.looks[free])[0]
    is_out = ((surprise > FAINT_SURPRISE) & ~stays) | (unlike > ALIKE_ENOUGH)
    if is_out.all():
        return None
    return int(free[np.argmin(np.where(is_out, np.inf, surprise))])
