"""Where heads have to be covered: boxes filled in both ways in time, padded by their size and by how far they move."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinesight.domain.heads import HeadTrack
from kinesight.domain.video import Floats
from kinesight.signals.runs import Mask, true_runs

Shots = NDArray[np.int64]
"""Number of each frame's shot, (frames,), not decreasing."""

FILL_S = 2.0
"""Gaps up to this long are bridged although the person is not seen in between; people behind somebody come out again."""

HOLD_S = 0.5
"""A head is covered this long before it is first and after it is last seen: detectors find a face later than the eye does."""

STEADY_S = 0.2
"""Over so much time a head's speed is taken where its path ends: beyond it people come in and go out at that speed."""

MOTION_S = 0.12
"""A cover holds every place of the head within this time, so that what the box lags behind stays covered."""

PAD = 0.12
"""Each side moves out by this share of the box."""

PAD_UNSEEN = 0.3
"""The same where the place is filled in."""

ROUNDING = 2.0**0.25
"""A superellipse |x|⁴ + |y|⁴ = 1 holds a box in its middle if it is so many times as large: its diagonal reaches 2^(-1/4)."""

HEAD_OF_BODY = (0.2, 0.06)
"""Height of a head, and how far above the box it may reach, in body heights, where only the body is known (an adult is seven to
eight heads tall; a sitting or cut-off person fewer)."""


def cover_path(track: HeadTrack, time_s: Floats, *, shot: Shots | None = None) -> Floats:
    """Return what covers one person's head in every frame.

    Parameters
    ----------
    track
        The person.
    time_s
        (frames,) strictly increasing.
    shot
        (frames,) number of each frame's shot; one shot if omitted. Nothing is filled in or held from one shot to another.

    Returns
    -------
    ndarray
        (frames, 4) boxes in pixels of the source, NaN where there is nothing to cover. They may reach beyond the picture. A
        rounded shape inscribed in a box (`ROUNDING`) holds the head with its padding.

    Notes
    -----
    Own derivation. Filled in: straight lines between known places, where the gap is short or the body is known all through; the
    head's last known place within the body where only the body is known; the end places for `HOLD_S` beyond them.
    """
    head, is_seen = _with_body(track)
    filled = fill_shots(head, time_s, shot, is_bridged=np.isfinite(track.body_xyxy_px[:, 0]))
    is_sure = is_seen & np.isfinite(track.head_xyxy_px[:, 0])
    return padded(filled, time_s, pad=np.where(is_sure, PAD, PAD_UNSEEN))


def fill_shots(
    boxes: Floats,
    time_s: Floats,
    shot: Shots | None,
    *,
    is_bridged: Mask | None = None,
    hold_s: float = HOLD_S,
    steady_s: float = STEADY_S,
) -> Floats:
    """Return boxes filled in as by `fill`, each shot on its own."""
    if shot is None:
        return fill(boxes, time_s, is_bridged=is_bridged, hold_s=hold_s, steady_s=steady_s)
    parts = [np.flatnonzero(shot == number) for number in np.unique(shot)]
    bridged = [None if is_bridged is None else is_bridged[part] for part in parts]
    filled = [
        fill(boxes[part], time_s[part], is_bridged=mask, hold_s=hold_s, steady_s=steady_s)
        for part, mask in zip(parts, bridged, strict=True)
    ]
    return np.concatenate(filled)


def fill(
    boxes: Floats,
    time_s: Floats,
    *,
    is_bridged: Mask | None = None,
    gap_s: float = FILL_S,
    hold_s: float = HOLD_S,
    steady_s: float = STEADY_S,
) -> Floats:
    """Return boxes (frames, 4) with gaps filled by straight lines and both ends held.

    Parameters
    ----------
    boxes
        (frames, 4), NaN where unknown.
    time_s
        (frames,) strictly increasing.
    is_bridged
        (frames,) where a gap may be crossed however long it is: if it holds for every frame of the gap.
    gap_s
        Longest gap that is filled in any case.
    hold_s
        How long the first box holds before its time, the last one after it, and each side of a longer gap; it grows towards where
        the head would be at its last speed.
    steady_s
        Over so much time that speed is taken; 0: it stays where it was.
    """
    known: Mask = np.asarray(np.isfinite(boxes).all(axis=1))
    filled = np.where(known[:, None], boxes, np.nan)
    places = np.flatnonzero(known)
    if len(places) == 0:
        return filled
    for start, stop in true_runs(~known):
        gap = np.arange(start, stop)
        before, after = start - 1, stop if stop < len(boxes) else -1
        crossed = is_bridged is not None and bool(is_bridged[start:stop].all())
        if before >= 0 and after >= 0 and (crossed or time_s[after] - time_s[before] <= gap_s):
            share = ((time_s[gap] - time_s[before]) / (time_s[after] - time_s[before]))[:, None]
            filled[gap] = boxes[before] * (1 - share) + boxes[after] * share
            continue
        for end in (one for one in (before, after) if one >= 0):
            held = gap[np.abs(time_s[gap] - time_s[end]) <= hold_s]
            filled[held] = _union(filled[held], _held(boxes, time_s, end, held, steady_s=steady_s))
    return filled


def _held(boxes: Floats, time_s: Floats, end: int, frames: NDArray[np.int64], *, steady_s: float) -> Floats:
    """Return what holds a head at frames beyond the end of its path: where it was, and where it is if it moves on as it moved."""
    near = np.flatnonzero(np.isfinite(boxes[:, 0]) & (np.abs(time_s - time_s[end]) <= steady_s))
    inner = near[int(np.argmax(np.abs(time_s[near] - time_s[end])))]
    stood = np.broadcast_to(boxes[end], (len(frames), 4))
    if inner == end:
        return stood
    centres = (boxes[[end, inner], :2] + boxes[[end, inner], 2:]) / 2
    speed = (centres[0] - centres[1]) / (time_s[end] - time_s[inner])
    way = (time_s[frames] - time_s[end])[:, None] * speed
    return _union(stood, stood + np.tile(way, 2))


def padded(boxes: Floats, time_s: Floats, *, pad: Floats | float = PAD, motion_s: float = MOTION_S) -> Floats:
    """Return boxes (frames, 4) grown by their motion, by a share of their size, and for their rounded corners.

    Parameters
    ----------
    boxes
        (frames, 4), NaN where there is none.
    time_s
        (frames,) strictly increasing.
    pad
        Share of the box's own width and height that each side moves out; one number or (frames,).
    motion_s
        Every place within this time, and at least that in the frames before and after, is inside.
    """
    grown = boxes.copy()
    known = np.isfinite(boxes[:, 0])
    for step in range(1, len(boxes)):
        near = (time_s[step:] - time_s[:-step] <= motion_s) | (step == 1)
        if not near.any():
            break
        both = near & known[step:] & known[:-step]
        later, earlier = np.flatnonzero(both) + step, np.flatnonzero(both)
        grown[earlier] = _union(grown[earlier], boxes[later])
        grown[later] = _union(grown[later], boxes[earlier])
    centre, half = (grown[:, :2] + grown[:, 2:]) / 2, (grown[:, 2:] - grown[:, :2]) / 2
    shares = np.broadcast_to(np.asarray(pad, dtype=np.float64), (len(boxes),))[:, None]
    half = (half + shares * (boxes[:, 2:] - boxes[:, :2])) * ROUNDING
    return np.column_stack([centre - half, centre + half])


def _union(boxes: Floats, others: Floats) -> Floats:
    """Return the boxes that hold both; an unknown box is the other one."""
    return np.asarray(
        np.concatenate([np.fmin(boxes[..., :2], others[..., :2]), np.fmax(boxes[..., 2:], others[..., 2:])], axis=-1)
    )


def _with_body(track: HeadTrack) -> tuple[Floats, Mask]:
    """Return the head boxes, with guesses from the body where no head is given."""
    body, head = track.body_xyxy_px, track.head_xyxy_px.copy()
    missing = np.isnan(head[:, 0]) & np.isfinite(body[:, 0])
    if missing.any():
        head[missing] = _guessed(body, track.head_xyxy_px)[missing]
    return head, track.is_seen


def _guessed(body: Floats, head: Floats) -> Floats:
    """Return the head's place from the body's: where it was in the body when it was last or next seen, else at its top."""
    corner, size = np.tile(body[:, :2], 2), np.tile(body[:, 2:] - body[:, :2], 2)
    inside = (head - corner) / size
    known = np.flatnonzero(np.isfinite(inside[:, 0]))
    if len(known) == 0:
        height, above = HEAD_OF_BODY
        tall = body[:, 3] - body[:, 1]
        half = np.minimum((body[:, 2] - body[:, 0]) / 2, height * tall * 0.6)
        middle = (body[:, 0] + body[:, 2]) / 2
        top = body[:, 1] - above * tall
        return np.column_stack([middle - half, top, middle + half, body[:, 1] + height * tall])
    frames = np.arange(len(body))
    shares = np.column_stack([np.interp(frames, known, inside[known, side]) for side in range(4)])
    return np.asarray(corner + shares * size)
