"""What one look at a picture gives, before anybody knows who is who."""

from __future__ import annotations

from dataclasses import dataclass

from kinesight.domain.people import Faces
from kinesight.domain.video import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One picture that was looked at; positions in pixels of the upright source.

    `xyxy_px` (n, 4), `score` (n,) and `looks` (n, FEATURES) describe the people, best first; `hidden` (n,) is the share of each
    behind somebody else, `liveliness` (n,) how much the picture changed inside since the look before, in multiples of its noise,
    NaN where that is unknown. `faces` is None where nobody looked for faces. `shift_px` (2,) is how far the background has moved
    since the look before; `is_after_cut` says that another shot has begun since. `heads` (n, 4) are the heads of those whose pose
    was looked at, NaN for the others; None where nobody's was.
    """

    frame: int
    time_s: float
    xyxy_px: Floats
    score: Floats
    looks: Floats
    hidden: Floats
    liveliness: Floats
    shift_px: Floats
    is_after_cut: bool = False
    faces: Faces | None = None
    heads: Floats | None = None
