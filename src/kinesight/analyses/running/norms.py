"""A run's numbers beside the means of published groups of runners."""

from __future__ import annotations

from collections.abc import Iterator

from kinesight.analyses.running.page_texts import PageTexts
from kinesight.analyses.running.profile import NormMean, Profile
from kinesight.analyses.running.result import BothSides, Metrics, Norm, Sex
from kinesight.domain.document import Notice


def find_norms(metrics: Metrics, profile: Profile, *, sex: Sex | None) -> dict[str, Norm]:
    """Return for each metric the profile's mean that holds for such a runner at this speed, where there is one.

    A metric of both feet is compared by the mean of its sides.
    """
    speed = metrics.speed_m_per_s.value
    found: dict[str, Norm] = {}
    for norm in profile.norms:
        value = _overall(metrics, norm.metric)
        if speed is None or value is None or not _holds(norm, sex=sex, speed_m_per_s=speed):
            continue
        source = profile.sources[norm.source]
        found[norm.metric] = Norm(
            value=round(value, 4),
            mean=norm.mean,
            difference_percent=round(100 * (value / norm.mean - 1), 1),
            sex=norm.sex,
            speed_m_per_s=norm.speed_m_per_s,
            group=source.group,
            source=source.citation,
            doi=source.doi,
        )
    return found


def norm_notices(metrics: Metrics, profile: Profile, *, sex: Sex | None, say: PageTexts) -> Iterator[Notice]:
    """Yield why a run is not, or not fully, compared with the means of its profile."""
    if not profile.norms:
        return
    speed = metrics.speed_m_per_s.value
    if speed is None:
        yield Notice(code="norm_needs_speed", message=say("notice.norm_needs_speed"))
        return
    if sex is None and any(norm.sex for norm in profile.norms):
        yield Notice(code="norm_needs_sex", message=say("notice.norm_needs_sex"))
    if not any(_holds(norm, sex=sex, speed_m_per_s=speed) for norm in profile.norms):
        yield Notice(code="norm_other_speed", message=say("notice.norm_other_speed", speed=say.number(speed, 1)))


def _holds(norm: NormMean, *, sex: Sex | None, speed_m_per_s: float) -> bool:
    low, high = norm.speed_m_per_s
    return norm.sex in {None, sex} and low <= speed_m_per_s <= high


def _overall(metrics: Metrics, name: str) -> float | None:
    estimate = getattr(metrics, name)
    if not isinstance(estimate, BothSides):
        value: float | None = estimate.value
        return value
    sides = [side.value for side in (estimate.left, estimate.right) if side.value is not None]
    return sum(sides) / len(sides) if sides else None
