"""Ranges, weights and borders that a run is judged by: data, one TOML file for each version."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

from kinesight.analyses.running.result import Sex, StyleName
from kinesight.domain.errors import BadParameter


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Range(_Frozen):
    """Good and okay values of one measure in degrees, how much it counts in the total, and the source that they come from."""

    measure: str
    good: tuple[float, float]
    okay: tuple[float, float]
    weight: float
    centred: bool = False
    source: str | None = None

    @property
    def two_sided(self) -> bool:
        """Return whether okay lies on both sides of good."""
        return self.okay[0] < self.good[0] and self.okay[1] > self.good[1]


class PatternBorders(_Frozen):
    """Foot strike angles, toes up + against the flat foot, that separate the patterns."""

    rearfoot_above_deg: float
    forefoot_below_deg: float


class OverstrideBorders(_Frozen):
    """Shank angles up to which a foot lands under the body, and a little ahead of it."""

    good_to_deg: float
    okay_to_deg: float


class Expected(_Frozen):
    """What step frequency and duty factor are usual at a speed, all normalised by leg length and gravity."""

    frequency: tuple[float, ...]
    duty_factor: float


class StyleUnit(_Frozen):
    """One unit of the style axes, as part of the expected value."""

    frequency: float
    duty_factor: float


class Styles(_Frozen):
    """Where the running styles lie on the axes step frequency and duty factor."""

    expected: Expected
    unit: StyleUnit
    centres: dict[StyleName, tuple[float, float]]


class Source(_Frozen):
    """A publication, its DOI, and who was measured in it."""

    citation: str
    doi: str
    group: str


class NormMean(_Frozen):
    """The mean of one metric in a published group, and at which speeds and for whom it holds; `sex` None for everybody."""

    metric: str
    mean: float
    sex: Sex | None = None
    speed_m_per_s: tuple[float, float]
    source: str


class Named(_Frozen):
    """A profile of any view: its name ends in its version."""

    name: str


class Profile(Named):
    """All that turns measures into scores, patterns, styles and comparisons."""

    measures: dict[str, Range]
    pattern: PatternBorders
    overstride: OverstrideBorders | None = None
    asymmetry: dict[str, float]
    styles: Styles
    norms: tuple[NormMean, ...] = ()
    sources: dict[str, Source] = Field(default_factory=dict)


Kind = TypeVar("Kind", bound=Named)


def profiles_of(package: str, kind: type[Kind]) -> dict[str, Kind]:
    """Return the profiles in the folder `profiles` of a package by their names."""
    files = (file for file in resources.files(package).joinpath("profiles").iterdir() if file.name.endswith(".toml"))
    found = [kind.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))) for file in files]
    return {profile.name: profile for profile in found}


@cache
def load_profile(name: str) -> Profile:
    """Return a profile by its name such as "ochy-side/1".

    Raises
    ------
    BadParameter
        If there is no such profile; the message lists those there are.
    """
    known = profiles_of("kinesight.analyses.running", Profile)
    if name not in known:
        raise BadParameter(f"There is no profile {name!r}; there is {', '.join(sorted(known))}.")
    return known[name]
