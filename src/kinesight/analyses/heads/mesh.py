"""A face's mesh over time: where it looks, how it moves without jitter, and where a reference face can follow it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinesight.domain.video import Floats
from kinesight.signals.runs import Mask, true_runs

RIGHT_SIDE, LEFT_SIDE, FOREHEAD, CHIN = 234, 454, 10, 152
"""Points of MediaPipe's mesh: the sides of the face at the ears, the middle of the hairline, the chin."""

MOST_YAW_DEG, MOST_PITCH_DEG = 36.0, 32.0
"""Farther turned than that against the reference, a face shows parts that the reference does not: from 37° on, the side of the
nose is smeared over the cheek. By eye."""

BACK_IN_REACH = 0.88
"""Share of these angles at which a face that was turned farther is in reach again: one that is held at the limit does not flicker
between replaced and hidden."""

LEAST_FACE_PX = 24.0
"""Width of the smallest face that is replaced; below it nobody sees whose face it is, and the mesh is noise."""

SURE = 0.5
"""Least presence of a mesh."""

SMOOTH_S = 0.05
"""Standard deviation of the weights of the smoothing: about the shortest time in which a face moves by itself (a blink closes in
0.1 s)."""

BRIDGE_S = 0.15
"""Gaps in which no mesh was found up to this long are bridged."""

BRIEF_S = 0.3
"""A replacement shorter than this is not worth its flicker."""

EDGE_S = 0.1
"""How much of a stretch in reach is given up at each end towards a stretch out of reach: there the mesh is least sure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshTrack:
    """One face over every frame: `points_px` (frames, points, 3) NaN where not found, `presence` (frames,) 0 there."""

    time_s: Floats
    points_px: Floats
    presence: Floats


def turned_deg(points_px: Floats) -> tuple[Floats, Floats]:
    """Return yaw and pitch of meshes (..., points, 3) in degrees, (...,).

    Yaw grows as the face turns to its own left (the picture's right), pitch as the chin comes forward. Both are angles of lines
    out of the picture's plane, between the sides, and between hairline and chin; so the pitch of a face looking straight ahead
    is not quite 0: compare two faces.
    """
    across = points_px[..., LEFT_SIDE, :] - points_px[..., RIGHT_SIDE, :]
    down = points_px[..., CHIN, :] - points_px[..., FOREHEAD, :]
    yaw = np.degrees(np.arctan2(across[..., 2], np.hypot(across[..., 0], across[..., 1])))
    pitch = np.degrees(np.arctan2(-down[..., 2], np.hypot(down[..., 0], down[..., 1])))
    return yaw, pitch


def face_width_px(points_px: Floats) -> Floats:
    """Return the distance of the sides of meshes (..., points, 3), depth included, so that it does not shrink with yaw."""
    return np.asarray(np.linalg.norm(points_px[..., LEFT_SIDE, :] - points_px[..., RIGHT_SIDE, :], axis=-1))


def smooth_shots(track: MeshTrack, shot: NDArray[np.int64]) -> MeshTrack:
    """Return the track smoothed as by `smooth_mesh`, each shot on its own; `shot` (frames,) is not decreasing."""
    points, presence = np.empty_like(track.points_px), np.empty_like(track.presence)
    for number in np.unique(shot):
        part = shot == number
        smooth = smooth_mesh(MeshTrack(time_s=track.time_s[part], points_px=track.points_px[part], presence=track.presence[part]))
        points[part], presence[part] = smooth.points_px, smooth.presence
    return MeshTrack(time_s=track.time_s, points_px=points, presence=presence)


def smooth_mesh(track: MeshTrack) -> MeshTrack:
    """Return the track with short gaps bridged and without jitter, not delayed.

    Notes
    -----
    Each frame's mesh is the value at its time of a parabola through the frames nearby, weighted by a Gaussian in time
    (local regression, Cleveland 1979): it follows steady movement and acceleration exactly. Presence is that of the frame.
    """
    known = np.isfinite(track.points_px[:, 0, 0]) & (track.presence >= SURE)
    points = np.where(known[:, None, None], track.points_px, np.nan)
    presence = np.where(known, track.presence, 0.0)
    for start, stop in true_runs(~known):
        if start == 0 or stop == len(known) or track.time_s[stop] - track.time_s[start - 1] > BRIDGE_S:
            continue
        share = (track.time_s[start:stop] - track.time_s[start - 1]) / (track.time_s[stop] - track.time_s[start - 1])
        points[start:stop] = points[start - 1] + share[:, None, None] * (points[stop] - points[start - 1])
        presence[start:stop] = SURE
    for start, stop in true_runs(presence > 0):
        flat = points[start:stop].reshape(stop - start, -1)
        points[start:stop] = local_parabola(track.time_s[start:stop], flat).reshape(points[start:stop].shape)
    return MeshTrack(time_s=track.time_s, points_px=points, presence=presence)


def local_parabola(time_s: Floats, values: Floats, *, sigma_s: float = SMOOTH_S) -> Floats:
    """Return values (samples, n) smoothed by parabolas fitted to their neighbours in time, weighted by a Gaussian."""
    smooth = values.copy()
    if len(time_s) < 4:
        return smooth
    for index, at_s in enumerate(time_s):
        near = np.flatnonzero(np.abs(time_s - at_s) <= 4 * sigma_s)
        if len(near) < 4:
            continue
        away = (time_s[near] - at_s) / sigma_s
        weight = np.exp(-(away**2) / 4)  # its square root: both sides of the fit are multiplied by it
        basis = np.column_stack([np.ones_like(away), away, away**2]) * weight[:, None]
        smooth[index] = np.linalg.pinv(basis)[0] @ (values[near] * weight[:, None])
    return smooth


def reach(track: MeshTrack, reference: Floats) -> tuple[Mask, tuple[str, ...]]:
    """Return in which frames a reference can follow the face, and why not in the others ("" where it can).

    Parameters
    ----------
    track
        The smoothed face.
    reference
        (points, 3) the reference's own mesh.
    """
    yaw, pitch = turned_deg(track.points_px)
    own_yaw, own_pitch = turned_deg(reference)
    found = track.presence >= SURE
    with np.errstate(invalid="ignore"):
        share = np.maximum(np.abs(yaw - own_yaw) / MOST_YAW_DEG, np.abs(pitch - own_pitch) / MOST_PITCH_DEG)
        small = face_width_px(track.points_px) < LEAST_FACE_PX
    why = np.select([~found, turned_away(share), small], ["not_found", "turned_away", "too_small"], "")
    in_reach = _narrowed(why == "", track.time_s)
    brief = np.zeros(len(why), dtype=bool)
    for start, stop in true_runs(in_reach):
        is_whole = start == 0 and stop == len(why)
        if not is_whole and track.time_s[stop - 1] - track.time_s[start] < BRIEF_S:
            brief[start:stop] = True
    in_reach &= ~brief
    why = np.where(~in_reach & (why == ""), "brief", why)
    return in_reach, tuple(str(reason) for reason in why)


def turned_away(share: Floats) -> Mask:
    """Return when a face is turned too far, (frames,), from how far it is turned in shares of the limit; NaN where unknown.

    It is out of reach from 1 on and in reach again below `BACK_IN_REACH`; in between, and where unknown, what was goes on.
    """
    away, is_away = np.zeros(len(share), dtype=bool), False
    for frame, one in enumerate(share):
        is_away = bool(one > (BACK_IN_REACH if is_away else 1.0)) if np.isfinite(one) else is_away
        away[frame] = is_away
    return away


def _narrowed(mask: Mask, time_s: Floats) -> Mask:
    """Return the mask without EDGE_S at the ends of its stretches that are not ends of the video."""
    narrow = mask.copy()
    for start, stop in true_runs(mask):
        if start > 0:
            narrow[start:stop] &= time_s[start:stop] - time_s[start] >= EDGE_S - 1e-9
        if stop < len(mask):
            narrow[start:stop] &= time_s[stop - 1] - time_s[start:stop] >= EDGE_S - 1e-9
    return narrow
