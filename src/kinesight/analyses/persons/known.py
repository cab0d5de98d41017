"""Who was seen lately: where enlarged looks are worth it, and when two looks leave open what happened between them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from kinesight.analyses.persons.fusing import Found
from kinesight.analyses.persons.geometry import overlaps
from kinesight.analyses.persons.sightings import Look
from kinesight.domain.people import Boxes
from kinesight.domain.video import Floats

WORTH_A_TILE = 0.25
"""Whoever was seen with this score in the look before is looked for enlarged where the whole picture does not show them well."""

WELL_SEEN = 0.75
"""Score from which the whole picture shows somebody as well as an enlarged part would."""

STILL_THERE = 0.4
"""Overlap with somebody of the look before from which a box is taken to be them."""

MISSED_S = 0.6
"""For so long somebody who is not seen any more is looked for where they were."""

PLAIN = 0.45
"""Score from which somebody should be found again in the next look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Whoever was seen lately: `xyxy_px` (n, 4) where, and `seen_s` (n,) when."""

    xyxy_px: Floats = field(default_factory=lambda: np.zeros((0, 4)))
    seen_s: Floats = field(default_factory=lambda: np.zeros(0))

    def moved(self, shift: Floats) -> Known:
        """Return the same people after the camera has turned by so many pixels."""
        return replace(self, xyxy_px=self.xyxy_px + np.tile(shift, 2))

    def badly_seen(self, whole: Boxes) -> Floats:
        """Return the places (m, 4) of those whom the whole picture shows faintly or not at all, the missed ones first."""
        is_person = np.array([label == "person" for label in whole.label], dtype=bool)
        boxes, score = whole.xyxy_px[is_person], whole.score[is_person]
        best = np.where(overlaps(self.xyxy_px, boxes) >= STILL_THERE, score[None, :], 0.0)
        best = best.max(axis=1, initial=0.0)
        order = np.argsort(best, kind="stable")
        return np.asarray(self.xyxy_px[order[best[order] < WELL_SEEN]])

    def after(self, found: Found, *, time_s: float) -> Known:
        """Return who is known after a look: whoever was found, and for a while those who were missed."""
        is_seen = found.score >= WORTH_A_TILE
        boxes = found.xyxy_px[is_seen]
        is_missed = ~(overlaps(self.xyxy_px, boxes) >= STILL_THERE).any(axis=1) & (time_s - self.seen_s <= MISSED_S)
        return Known(
            xyxy_px=np.concatenate([boxes, self.xyxy_px[is_missed]]),
            seen_s=np.concatenate([np.full(len(boxes), time_s), self.seen_s[is_missed]]),
        )


def is_unclear(before: Look, after: Look) -> bool:
    """Return whether between two looks somebody came, went or moved so far that a look in between is worth it."""
    was, now = (look.xyxy_px[look.score >= PLAIN] for look in (before, after))
    all_was, all_now = (look.xyxy_px[look.score >= WORTH_A_TILE] for look in (before, after))
    shift = np.tile(after.shift_px, 2)
    is_found = (overlaps(was + shift, all_now) >= STILL_THERE).any(axis=1)
    was_there = (overlaps(now, all_was + shift) >= STILL_THERE).any(axis=1)
    return not (is_found.all() and was_there.all())
