"""From change to things: patches of change in every frame, joined over time into tracks."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy import ndimage

from kinesight.analyses.alarm.evidence import Greys, Track
from kinesight.analyses.alarm.flags import widened
from kinesight.domain.video import Floats

SURE_NOISE, SEED_NOISE = 5, 9
"""Noise units from which a pixel belongs to a patch, and which one pixel of a patch has to reach."""

SMALLEST_PX = 6
"""Pixels of a patch at working size: a person 12 px high in the video covers some 6 x 3 = 18."""

MOST_PATCHES = 24
"""Patches of one frame that are followed, the strongest first; more are rain or a shaken tree."""

REACH_SIZES, REACH_SIZES_PER_S = 0.7, 4.0
"""How far a thing may get from where it is expected: in its sizes, plus that per second (a runner makes 3 heights a second)."""

PATIENCE_S = 1.0
"""How long a thing may be out of sight."""

FEWEST_SIGHTS = 2
MOST_TRACKS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Patches:
    """Connected changes of one frame: `box_px` (k, 4) left, top, right, bottom; `area_px` (k,); `strength` (k,) noise units."""

    box_px: Floats
    area_px: Floats
    strength: Floats


@dataclass(slots=True, kw_only=True)
class _Growing:
    """A track that is being followed."""

    frames: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    boxes: list[Floats] = field(default_factory=list)
    areas: list[float] = field(default_factory=list)
    strengths: list[float] = field(default_factory=list)

    def add(self, frame: int, time_s: float, patches: Patches, number: int) -> None:
        """Take the patch as the next sight."""
        self.frames.append(frame)
        self.times.append(time_s)
        self.boxes.append(patches.box_px[number])
        self.areas.append(float(patches.area_px[number]))
        self.strengths.append(float(patches.strength[number]))

    def expected(self, time_s: float) -> Floats:
        """Return the box where the thing would be if it went on as it did, (4,)."""
        last = self.boxes[-1]
        if len(self.boxes) < 2:
            return last
        back = max(0, len(self.boxes) - 4)
        gone_s = self.times[-1] - self.times[back]
        step = (_centre(last) - _centre(self.boxes[back])) / gone_s * min(time_s - self.times[-1], 0.5)
        return last + np.tile(step, 2)


def patches_of(change: Greys) -> Patches:
    """Return the patches of change of one frame, the strongest `MOST_PATCHES`.

    A patch is what reaches `SURE_NOISE` and hangs together (gaps of two pixels are closed: legs and a dark coat belong together),
    with a pixel of `SEED_NOISE` in it.

    Parameters
    ----------
    change
        (h, w) noise units.
    """
    sure = change >= SURE_NOISE
    rows, columns = np.any(sure, axis=1).nonzero()[0], np.any(sure, axis=0).nonzero()[0]
    if not len(rows):
        return Patches(box_px=np.empty((0, 4)), area_px=np.empty(0), strength=np.empty(0))
    top, left = max(0, rows[0] - 2), max(0, columns[0] - 2)
    window = (slice(top, rows[-1] + 3), slice(left, columns[-1] + 3))
    inside, strong = sure[window], change[window]
    labels, count = ndimage.label(widened(inside))
    kept, values = labels[inside], strong[inside]
    area = np.bincount(kept, minlength=count + 1)[1:]
    total = np.bincount(kept, weights=values, minlength=count + 1)[1:]
    peak = np.zeros(count + 1, np.uint8)
    np.maximum.at(peak, kept, values)
    number = np.flatnonzero((area >= SMALLEST_PX) & (peak[1:] >= SEED_NOISE))
    number = number[np.argsort(-total[number], kind="stable")][:MOST_PATCHES]
    places = ndimage.find_objects(labels)
    # the dilation added a pixel on each side
    boxes = [(places[k][1].start + 1, places[k][0].start + 1, places[k][1].stop - 1, places[k][0].stop - 1) for k in number]
    corner = np.array([left, top, left, top], dtype=np.float64)
    return Patches(
        box_px=np.array(boxes, dtype=np.float64).reshape(-1, 4) + corner,
        area_px=area[number].astype(np.float64),
        strength=total[number] / area[number],
    )


def tracks_of(patches: list[Patches], time_s: Floats) -> tuple[Track, ...]:
    """Return what the patches of consecutive frames follow, the strongest first.

    Every frame's patches are given to the tracks by the cheapest assignment within reach of where each is expected; the cost is
    the distance in sizes plus the difference of sizes. All limits are in seconds and in sizes of the thing itself.
    """
    growing: list[_Growing] = []
    done: list[_Growing] = []
    for frame, (found, now) in enumerate(zip(patches, time_s.tolist(), strict=True)):
        done += [track for track in growing if now - track.times[-1] > PATIENCE_S]
        growing = [track for track in growing if now - track.times[-1] <= PATIENCE_S]
        taken = set()
        for track, number in _assigned(growing, found, now):
            growing[track].add(frame, now, found, number)
            taken.add(number)
        for number in range(len(found.area_px)):
            if number not in taken:
                growing.append(_Growing())
                growing[-1].add(frame, now, found, number)
    whole = [track for track in (*done, *growing) if len(track.frames) >= FEWEST_SIGHTS]
    whole.sort(key=lambda track: -float(np.dot(track.areas, track.strengths)))
    return tuple(_finished(track) for track in whole[:MOST_TRACKS])


def _assigned(growing: list[_Growing], found: Patches, now: float) -> list[tuple[int, int]]:
    if not growing or not len(found.area_px):
        return []
    expected = np.array([track.expected(now) for track in growing])
    waited = np.array([now - track.times[-1] for track in growing])
    size, other = _size(expected), _size(found.box_px)
    apart = np.linalg.norm(_centre(expected)[:, None] - _centre(found.box_px)[None], axis=2)
    scale = np.sqrt(size[:, None] * other[None])
    reach = (REACH_SIZES + REACH_SIZES_PER_S * np.minimum(waited, 0.5)[:, None]) * np.maximum(scale, 6.0)
    cost = apart / scale + np.abs(np.log(size[:, None] / other[None]))
    possible = (apart <= reach) & (np.abs(np.log(size[:, None] / other[None])) < 1.2)
    rows, columns = scipy.optimize.linear_sum_assignment(np.where(possible, cost, 1e6))
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True) if possible[row, column]]


def _finished(track: _Growing) -> Track:
    return Track(
        frame=np.array(track.frames, dtype=np.int64),
        time_s=np.array(track.times),
        box_px=np.array(track.boxes),
        area_px=np.array(track.areas),
        strength=np.array(track.strengths),
    )


def _centre(box: Floats) -> Floats:
    return np.asarray((box[..., :2] + box[..., 2:]) / 2)


def _size(box: Floats) -> NDArray[np.float64]:
    """Return the geometric mean of the sides, at least two pixels."""
    side = np.maximum(box[..., 2:] - box[..., :2], 1.0)
    return np.asarray(np.maximum(np.sqrt(side[..., 0] * side[..., 1]), 2.0))
