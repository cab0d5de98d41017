"""Where the output is searched for faces, and how closely: everything in every frame, cheaply where that is enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinesight.analyses.heads.found import FoundHead
from kinesight.domain.video import Floats
from kinesight.signals.runs import Mask

CLOSELY_EVERY_S = 0.25
"""In one frame of so much time the whole picture is searched in its full size: a head that is found there and covered is covered
for half a second before and after as well (`covers.HOLD_S`), so in every frame up to the next such look."""

FROM_AFAR = 0.6
"""Size, in that of the picture, in which the other frames are searched; CenterFace then takes 0.36 of the time and still finds
faces from about 15 px on."""

CHANGE_S = 0.1
"""This near in time to where a cover begins or ends, its place is searched in full size: there a head may be bare."""

NEAR_S = 0.1
"""After a repair, what was found is looked at in full size in the frames this near to it; what is surely a face, in all frames
that are covered for it."""

MARGIN_PX = 32.0
"""What is looked at beyond a cover, at least; a network needs to see around what it judges."""

MARGIN = 0.5
"""The same in sizes of the cover."""

MOST_IN_PARTS = 0.6
"""Share of the picture above which the parts round the covers cost more than the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a picture that is searched: left, top, right, bottom in pixels; `size` of the search in that of the part."""

    box_px: tuple[int, int, int, int]
    size: float


def frames_to_search_closely(time_s: Floats) -> Mask:
    """Return the frames whose whole picture is searched in full size.

    Parameters
    ----------
    time_s
        (frames,) strictly increasing.

    Returns
    -------
    ndarray
        (frames,) true in the first and the last frame, and at least every `CLOSELY_EVERY_S` (or in every frame, where the video
        has fewer).
    """
    closely = np.zeros(len(time_s), dtype=bool)
    closely[[0, -1]] = True
    last = 0
    for frame in range(1, len(time_s)):
        following_s = time_s[min(frame + 1, len(time_s) - 1)] - time_s[last]
        if following_s > CLOSELY_EVERY_S:
            closely[frame] = True
            last = frame
    return closely


def beginnings_and_ends(covers: Sequence[Floats], time_s: Floats) -> list[Floats]:
    """Return for every frame the places (n, 4) where a cover begins or ends within `CHANGE_S`; `covers` are paths (frames, 4)."""
    found: list[list[Floats]] = [[] for _ in time_s]
    for path in covers:
        is_there = np.isfinite(path[:, 0])
        for frame in np.flatnonzero(is_there[1:] != is_there[:-1]):
            near = (time_s >= time_s[frame] - CHANGE_S) & (time_s <= time_s[frame + 1] + CHANGE_S)
            for one in np.flatnonzero(near):
                found[one].append(path[frame + 1] if is_there[frame + 1] else path[frame])
    return [np.array(places).reshape(-1, 4) for places in found]


def whole(width_px: int, height_px: int, *, closely: bool) -> tuple[Part, ...]:
    """Return the whole picture as one part."""
    return (Part(box_px=(0, 0, width_px, height_px), size=1.0 if closely else FROM_AFAR),)


def places_to_search_again(heads: Sequence[FoundHead], covers: Sequence[Floats], time_s: Floats) -> list[Floats]:
    """Return for every frame the places (n, 4) that are searched again after heads were found in the output and covered.

    Parameters
    ----------
    heads
        What was found.
    covers
        What covers each of them, paths (frames, 4).
    time_s
        (frames,) strictly increasing.

    Returns
    -------
    list of ndarray
        The covers in the frames within `NEAR_S` of one in which the head was found; all of them where it is surely a face.
    """
    found: list[list[Floats]] = [[] for _ in time_s]
    for head, path in zip(heads, covers, strict=True):
        seen_s = time_s[np.isfinite(head.xyxy_px[:, 0])]
        after = np.searchsorted(seen_s, time_s)
        nearest = np.minimum(
            np.abs(time_s - seen_s[np.maximum(after - 1, 0)]), np.abs(time_s - seen_s[np.minimum(after, len(seen_s) - 1)])
        )
        is_near = nearest <= NEAR_S
        for frame in np.flatnonzero(np.isfinite(path[:, 0]) & (is_near | head.is_sure)):
            found[frame].append(path[frame])
    return [np.array(places).reshape(-1, 4) for places in found]


def parts_round(covers: Floats, width_px: int, height_px: int, *, closely: bool) -> tuple[Part, ...]:
    """Return the parts of a picture round covers (n, 4), those that meet as one; the whole picture if they are most of it."""
    boxes: list[Floats] = []
    for cover in covers:
        margin = np.maximum(MARGIN * (cover[2:] - cover[:2]), MARGIN_PX)
        box = np.concatenate([cover[:2] - margin, cover[2:] + margin])
        box = np.clip(box, 0.0, np.array([width_px, height_px] * 2, dtype=np.float64))
        if (box[2:] - box[:2] < 1.0).any():
            continue
        while (met := [other for other in boxes if _meet(box, other)]) != []:
            boxes = [other for other in boxes if not any(other is one for one in met)]
            together = np.array([box, *met])
            box = np.concatenate([together[:, :2].min(axis=0), together[:, 2:].max(axis=0)])
        boxes.append(box)
    if sum(float(np.prod(box[2:] - box[:2])) for box in boxes) > MOST_IN_PARTS * width_px * height_px:
        return whole(width_px, height_px, closely=closely)
    return tuple(_part(box, size=1.0 if closely else FROM_AFAR) for box in boxes)


def _part(box: Floats, *, size: float) -> Part:
    left, top = (int(side) for side in np.floor(box[:2]))
    right, bottom = (int(side) for side in np.ceil(box[2:]))
    return Part(box_px=(left, top, right, bottom), size=size)


def _meet(box: Floats, other: Floats) -> bool:
    return bool((np.minimum(box[2:], other[2:]) > np.maximum(box[:2], other[:2])).all())
