"""What one pass over a clip leaves for the judges: small grey frames, what is still, what changed, and what moved where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinesight.domain.cameras import Light
from kinesight.domain.video import Floats, Image

Greys = NDArray[np.uint8]
"""Grey picture or pictures, (height, width) or (frames, height, width)."""

Flags = NDArray[np.bool_]

WORKING_PX = 320
"""Longest side of the small grey frames: a person 12 px high in a 640 px picture is still 6 px high in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One thing that changed the picture, followed from frame to frame. Positions are pixels of the working size.

    `frame` (k,) numbers of the frames it was seen in; `time_s` (k,) their times; `box_px` (k, 4) left, top, right, bottom;
    `area_px` (k,) changed pixels in the box; `strength` (k,) mean change in noise units there.
    """

    frame: NDArray[np.int64]
    time_s: Floats
    box_px: Floats
    area_px: Floats
    strength: Floats

    def __post_init__(self) -> None:
        count = len(self.frame)
        if not (self.time_s.shape == self.area_px.shape == self.strength.shape == (count,) and self.box_px.shape == (count, 4)):
            raise ValueError(f"{count} frames do not fit times {self.time_s.shape}, boxes {self.box_px.shape}")

    @property
    def life_s(self) -> float:
        """Return the time between its first and its last sight."""
        return float(self.time_s[-1] - self.time_s[0])

    def at(self, time_s: float) -> Floats:
        """Return the box at a moment, (4,), on a straight line between its sights; before and after them the nearest."""
        return np.asarray(self.at_all(np.array([time_s]))[0])

    def at_all(self, times_s: Floats) -> Floats:
        """Return the boxes at some moments (k,), (k, 4), as `at` does."""
        last = len(self.time_s) - 1
        after = np.searchsorted(self.time_s, times_s)
        is_inside = (after > 0) & (after <= last)
        later = np.minimum(after, last)
        before = np.where(is_inside, after - 1, later)
        gap_s = np.where(is_inside, self.time_s[later] - self.time_s[before], 1.0)
        share = (np.where(is_inside, times_s - self.time_s[before], 0.0) / gap_s)[:, np.newaxis]
        return np.asarray((1.0 - share) * self.box_px[before] + share * self.box_px[later])


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipEvidence:
    """A whole clip at working size, n frames of h x w pixels. It never leaves the process: what is stored is computed from it.

    time_s
        (n,) strictly increasing, seconds of the stream; repeated pictures are left out.
    grey
        (n, h, w) brightness 0..255, as filmed (not aligned, not corrected).
    scale
        Working pixels per pixel of the video.
    background
        (h, w) what is still: the temporal median of the aligned, light-corrected frames.
    colour
        (h, w, 3) RGB of what is still, from a few frames.
    noise
        (h, w) standard deviation, in grey levels, of what does not move.
    shift_px
        (n, 2) x and y by which the whole picture lies off the background (camera shake).
    gain, offset
        (n,) brightness of a frame as gain * background + offset (exposure); 1 and 0 in steady light.
    change
        (n, h, w) difference from the background in noise units, rounded, 255 at most; 0 under the overlay.
    overlay
        (h, w) burnt-in writing: clocks, names, frame counters.
    overlay_changes
        Share of frames in which the writing changed.
    light
        Day or infrared (grey picture).
    tracks
        What moved, the strongest first.
    """

    time_s: Floats
    grey: Greys
    scale: float
    background: NDArray[np.float32]
    colour: Image
    noise: NDArray[np.float32]
    shift_px: Floats
    gain: Floats
    offset: Floats
    change: Greys
    overlay: Flags
    overlay_changes: float
    light: Light
    tracks: tuple[Track, ...]

    def __post_init__(self) -> None:
        frames, *size = self.grey.shape
        per_frame = {len(self.time_s), len(self.shift_px), len(self.gain), len(self.offset), len(self.change)}
        if per_frame != {frames}:
            raise ValueError(f"{frames} grey frames do not fit lists of {sorted(per_frame)} frames")
        if not self.background.shape == self.noise.shape == self.overlay.shape == self.colour.shape[:2] == tuple(size):
            raise ValueError(f"pictures of {tuple(size)} do not fit background {self.background.shape}")
