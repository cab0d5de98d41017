"""One pass over a clip that keeps small grey frames of all of it and colour frames for the few looks of the detector."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np

from kinesight.analyses.alarm.evidence import WORKING_PX, Greys
from kinesight.domain.errors import CallerError
from kinesight.domain.ports import VideoReader, Watch
from kinesight.domain.video import Floats, Frame, Image

COLOUR_PX = 640
"""Longest side of the frames that the detector sees; it reads 320 px, and crops need the rest."""

MOST_GREYS = 160
"""More frames are thinned out evenly: in half a minute they are still five a second, enough to follow whoever walks."""

GLANCED_ROWS = 12
"""Of so many rows one is compared first when a picture may be a repetition."""

CHANNEL_WEIGHTS = np.array([1.0, 2.0, 1.0], np.float32)
"""Shares of red, green and blue in brightness, in quarters."""

COLOUR_BYTES = 96_000_000
"""Memory for colour frames; beyond it they are thinned out evenly."""

Kept = TypeVar("Kept")


class Thinned(Generic[Kept]):
    """Keeps an even selection of a sequence of unknown length, never more than asked."""

    def __init__(self, most: int) -> None:
        self._most = max(2, most)
        self._every = 1
        self._seen = 0
        self.items: list[Kept] = []

    def is_turn(self) -> bool:
        """Count one more of the sequence, and return whether it is to be kept."""
        self._seen += 1
        return (self._seen - 1) % self._every == 0

    def keep(self, item: Kept) -> None:
        """Keep the item whose turn it is."""
        self.items.append(item)
        if len(self.items) > self._most:
            del self.items[1::2]
            self._every *= 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What could be read of a clip.

    `time_s` (n,) of the grey frames `grey` (n, h, w), which are `scale` pixels per pixel of the video; `colour` frames with their
    own scale. `decoded` counts pictures, repeated ones too. `problem` is why the rest could not be read; None for a whole file.
    """

    time_s: Floats
    grey: Greys
    scale: float
    colour: tuple[Frame, ...]
    decoded: int
    last_s: float
    problem: CallerError | None


def gather(reader: VideoReader, watch: Watch) -> Gathered:
    """Read a clip as far as it can be read.

    Raises
    ------
    CallerError
        As the reader, if not a single picture could be decoded.
    """
    greys: Thinned[tuple[float, Greys]] = Thinned(MOST_GREYS)
    colours: Thinned[Frame] | None = None
    last: _Seen | None = None
    decoded, last_s, scale, problem = 0, 0.0, 1.0, None
    with closing(reader.frames(longest_side_px=COLOUR_PX)) as frames:
        try:
            for frame in frames:
                watch.progress("observe", frame.index, reader.info.frame_count)
                decoded, last_s = decoded + 1, frame.time_s
                seen = _Seen(frame.rgb)
                if last is not None and seen.repeats(last):
                    continue  # the recorder repeats pictures; a repeated one says nothing
                last = seen
                colours = colours or Thinned(COLOUR_BYTES // frame.rgb.nbytes)
                if greys.is_turn():
                    scale = frame.scale * seen.grey.shape[1] / frame.rgb.shape[1]
                    greys.keep((frame.time_s, seen.grey))
                if colours.is_turn():
                    colours.keep(frame)
        except CallerError as error:
            problem = error
    if colours is None:
        raise problem or CallerError("The clip holds no picture.")
    return Gathered(
        time_s=np.array([time_s for time_s, _ in greys.items]),
        grey=np.stack([grey for _, grey in greys.items]),
        scale=scale,
        colour=tuple(colours.items),
        decoded=decoded,
        last_s=last_s,
        problem=problem,
    )


class _Seen:
    """A picture and its small grey one, which is made when somebody wants it: a few rows are enough to see what is new."""

    def __init__(self, rgb: Image) -> None:
        self._rgb = rgb

    @cached_property
    def grey(self) -> Greys:
        """Return the small grey picture."""
        return small_grey(self._rgb)

    @cached_property
    def _some_rows(self) -> Greys:
        every = _shrinks_by(self._rgb)
        rows, width = self._rgb.shape[0] // every, self._rgb.shape[1]
        chosen = self._rgb[: rows * every].reshape(rows, every, width, 3)[::GLANCED_ROWS]
        return _shrunk(chosen.reshape(-1, width, 3), every)

    def repeats(self, other: _Seen) -> bool:
        """Return whether the small grey pictures are equal."""
        return np.array_equal(self._some_rows, other._some_rows) and np.array_equal(self.grey, other.grey)


def small_grey(rgb: Image) -> Greys:
    """Return the brightness of a picture, (red + 2 green + blue) / 4, averaged down to at most `WORKING_PX` a side."""
    return _shrunk(rgb, _shrinks_by(rgb))


def _shrinks_by(rgb: Image) -> int:
    every = max(1, -(-max(rgb.shape[:2]) // WORKING_PX))
    # a picture that is slimmer than that stays as it is
    return every if min(rgb.shape[:2]) >= every else 1


def _shrunk(rgb: Image, every: int) -> Greys:
    """Return the brightness averaged over squares of `every` pixels a side, rounded down."""
    rows, columns = rgb.shape[0] // every, rgb.shape[1] // every
    inside = rgb[: rows * every, : columns * every]
    down = inside[::every].astype(np.uint16)
    for row in range(1, every):
        down += inside[row::every]
    # one row of numbers for each square: adding with weights is what processors do best, and whole numbers stay whole
    weights = np.tile(CHANNEL_WEIGHTS, every)
    total = down.reshape(rows * columns, 3 * every).astype(np.float32) @ weights
    return np.asarray((total.astype(np.uint32) // (4 * every * every)).reshape(rows, columns), np.uint8)
