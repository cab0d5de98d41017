"""One pass over a clip that keeps small grey frames of all of it and colour frames for the few looks of the detector."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
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

    def offer(self, item: Kept) -> None:
        """Keep the item if its turn has come."""
        if self._seen % self._every == 0:
            self.items.append(item)
            if len(self.items) > self._most:
                del self.items[1::2]
                self._every *= 2
        self._seen += 1


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
    last: Greys | None = None
    decoded, last_s, scale, problem = 0, 0.0, 1.0, None
    with closing(reader.frames(longest_side_px=COLOUR_PX)) as frames:
        try:
            for frame in frames:
                watch.progress("observe", frame.index, reader.info.frame_count)
                decoded, last_s = decoded + 1, frame.time_s
                grey = small_grey(frame.rgb)
                if last is not None and np.array_equal(grey, last):
                    continue  # the recorder repeats pictures; a repeated one says nothing
                last = grey
                colours = colours or Thinned(COLOUR_BYTES // frame.rgb.nbytes)
                scale = frame.scale * grey.shape[1] / frame.rgb.shape[1]
                greys.offer((frame.time_s, grey))
                colours.offer(frame)
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


def small_grey(rgb: Image) -> Greys:
    """Return the brightness of a picture, (red + 2 green + blue) / 4, averaged down to at most `WORKING_PX` a side."""
    height, width = rgb.shape[:2]
    every = max(1, -(-max(height, width) // WORKING_PX))
    inside = rgb[: max(1, height // every) * every, : max(1, width // every) * every]
    rows, columns = inside.shape[0] // every, inside.shape[1] // every
    if every == 1 or min(height, width) < every:
        total = inside[..., 0].astype(np.uint16) + 2 * inside[..., 1].astype(np.uint16) + inside[..., 2]
        return np.asarray(total >> 2, np.uint8)
    summed = np.zeros((rows, columns, 3), np.uint16)
    for row in range(every):
        for column in range(every):
            summed += inside[row::every, column::every]
    total = summed[..., 0].astype(np.uint32) + 2 * summed[..., 1].astype(np.uint32) + summed[..., 2]
    return np.asarray(total // (4 * every * every), np.uint8)
