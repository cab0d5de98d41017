"""Ranges and weights that a back view is judged by: data, one TOML file for each version."""

from __future__ import annotations

from functools import cache

from kinesight.analyses.running.profile import Named, Range, profiles_of
from kinesight.domain.errors import BadParameter


class BackRange(Range):
    """Good, okay and bad values of one measure of one leg, in degrees."""

    bad: tuple[float, float]


class BackProfile(Named):
    """All that turns the measures of a back view into scores."""

    measures: dict[str, BackRange]


@cache
def load_back_profile(name: str) -> BackProfile:
    """Return a profile by its name such as "ochy-back/1".

    Raises
    ------
    BadParameter
        If there is no such profile; the message lists those there are.
    """
    known = profiles_of("kinesight.analyses.running.back", BackProfile)
    if name not in known:
        raise BadParameter(f"There is no profile {name!r} for the back view; there is {', '.join(sorted(known))}.")
    return known[name]
