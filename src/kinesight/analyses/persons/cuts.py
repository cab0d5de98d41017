"""Where one shot ends and another begins; flashes and people who walk past the camera are no cuts."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from kinesight.domain.video import Floats, Image

GRID = (18, 32)
"""Rows and columns of the small picture that is compared."""

BINS = 6
"""Steps of each colour in the histogram."""

UNLIKE_LAYOUT = 0.45
"""How little (1 - correlation) the layouts of two shots have in common at least."""

UNLIKE_COLOURS = 0.2
"""How much of the colours of two shots differs at least, 0..1."""

SETTLED_S = 0.25
"""So long after a cut the picture must still be another one; a flash is over by then."""

_STEP = np.arange(256) * BINS // 256
"""The step of each value of a colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gist:
    """What a picture shows, roughly: `layout` of zero mean and unit length, `colours` shares that sum to one."""

    time_s: float
    layout: Floats
    colours: Floats


@dataclass(slots=True)
class CutFinder:
    """Sees every picture and remembers a few; `cuts_s` are the times of the first pictures of new shots."""

    cuts_s: list[float] = field(default_factory=list)
    _last: Gist | None = None
    _suspects: deque[tuple[Gist, float]] = field(default_factory=deque)

    def see(self, rgb: Image, *, time_s: float) -> None:
        """Take the next picture."""
        gist = gist_of(rgb, time_s=time_s)
        while self._suspects and time_s - self._suspects[0][1] >= SETTLED_S:
            self._settle(gist)
        if self._last is not None and are_unlike(self._last, gist):
            self._suspects.append((self._last, time_s))
        self._last = gist

    def end(self) -> None:
        """Settle what is left when the video ends."""
        while self._suspects and self._last is not None:
            self._settle(self._last)

    def _settle(self, now: Gist) -> None:
        """Decide about the oldest suspicion: it is a cut if the picture from before it has not come back.

        One cut may raise several suspicions while a codec recovers, and a flash one at each end; what was suspected within the
        same moment is settled together.
        """
        before, time_s = self._suspects.popleft()
        if are_unlike(before, now):
            ends = [later for later in self._suspects if later[1] - time_s < SETTLED_S]
            self.cuts_s.append(time_s)
            for later in ends:
                self._suspects.remove(later)
            return
        # the picture came back: everything suspicious in between belongs to the flash
        while self._suspects and self._suspects[0][1] - time_s < SETTLED_S:
            self._suspects.popleft()


def gist_of(rgb: Image, *, time_s: float) -> Gist:
    """Return what a picture shows, from a sixteenth or fewer of its pixels."""
    height, width = rgb.shape[:2]
    rows = np.linspace(0, height - 1, GRID[0] * 4).astype(np.int64)
    columns = np.linspace(0, width - 1, GRID[1] * 4).astype(np.int64)
    red, green, blue = rgb[rows[:, None], columns[None, :]].transpose(2, 0, 1)
    grey = ((red.astype(np.int64) + green + blue) / 3).reshape(GRID[0], 4, GRID[1], 4).mean(axis=(1, 3))
    layout = grey - grey.mean()
    bins = _STEP[red] * (BINS * BINS) + _STEP[green] * BINS + _STEP[blue]
    colours = np.bincount(bins.ravel(), minlength=BINS**3).astype(np.float64)
    return Gist(time_s=time_s, layout=layout / max(float(np.linalg.norm(layout)), 1e-9), colours=colours / colours.sum())


def are_unlike(one: Gist, other: Gist) -> bool:
    """Return whether two pictures look like different shots: both their layout and their colours differ."""
    if 1.0 - float((one.layout * other.layout).sum()) < UNLIKE_LAYOUT:
        return False
    return 0.5 * float(np.abs(one.colours - other.colours).sum()) >= UNLIKE_COLOURS
