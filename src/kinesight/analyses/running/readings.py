"""Which reading of a run is held against which range, and what it says in words."""

from __future__ import annotations

from kinesight.analyses.running.motion import OTHER, Side
from kinesight.analyses.running.profile import OverstrideBorders, Profile
from kinesight.analyses.running.result import (
    Band,
    BothSides,
    FootStrikePattern,
    Instant,
    Landing,
    Measures,
    OverstrideBands,
    Score,
)
from kinesight.analyses.running.scoring import score_reading
from kinesight.analyses.running.texts import Language, foot_words, words_for
from kinesight.domain.document import Estimate


def rate(
    measures: Measures, pattern: FootStrikePattern, profile: Profile, language: Language, *, instant: Instant, near: Side
) -> dict[str, Score]:
    """Return a score for every measure that is known, from the side that the camera sees where there is a choice."""
    scores = {}
    for key, limits in profile.measures.items():
        reading, side = _reading(getattr(measures, limits.measure), instant=instant, near=near)
        if reading.value is None:
            continue
        score, band, direction = score_reading(reading.value, limits)
        texts = words_for(language, key, band=band, direction=direction)
        if key == "foot" and side is not None:
            overstride = getattr(measures.overstride_deg, side)
            landing = _overstride_band(getattr(overstride, instant), profile.overstride)
            texts = foot_words(language, texts, pattern=getattr(pattern, side), overstride=landing)
        scores[key] = Score(
            value_deg=reading.value,
            score=round(score, 4),
            band=band,
            range_good=limits.good,
            range_okay=limits.okay,
            foot=side,
            confidence=reading.confidence,
            texts=texts,
        )
    return scores


def overstride_bands(measures: Measures, borders: OverstrideBorders | None, *, instant: Instant) -> OverstrideBands:
    """Return how each landing leg's shank at the instant stands to the borders; unknown for a profile without them."""
    landing = measures.overstride_deg
    return OverstrideBands(
        left=_overstride_band(getattr(landing.left, instant), borders),
        right=_overstride_band(getattr(landing.right, instant), borders),
    )


def _reading(measure: Estimate | BothSides | Landing, *, instant: Instant, near: Side) -> tuple[Estimate, Side | None]:
    """Return the near side's reading, or the far one's where the near one is unknown."""
    if isinstance(measure, Estimate):
        return measure, None
    for side in (near, OTHER[near]):
        found = getattr(measure, side)
        reading: Estimate = found if isinstance(found, Estimate) else getattr(found, instant)
        if reading.value is not None:
            return reading, side
    return Estimate(), None


def _overstride_band(reading: Estimate, borders: OverstrideBorders | None) -> Band | None:
    if reading.value is None or borders is None:
        return None
    if reading.value <= borders.good_to_deg:
        return "good"
    return "okay" if reading.value <= borders.okay_to_deg else "bad"
