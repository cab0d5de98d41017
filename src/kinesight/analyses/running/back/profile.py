"""Ranges and weights that a back view is judged by: data, one TOML file for each version."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict

from kinesight.analyses.running.profile import Range
from kinesight.domain.errors import BadParameter


class BackRange(Range):
    """Good, okay and bad values of one measure of one leg, in degrees."""

    bad: tuple[float, float]


class BackProfile(BaseModel):
    """All that turns the measures of a back view into scores."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    measures: dict[str, BackRange]


@cache
def load_back_profile(name: str) -> BackProfile:
    """Return a profile by its name such as "ochy-back/1".

    Raises
    ------
    BadParameter
        If there is no such profile; the message lists those there are.
    """
    known: dict[str, BackProfile] = {}
    for file in resources.files("kinesight.analyses.running.back").joinpath("profiles").iterdir():
        if file.name.endswith(".toml"):
            profile = BackProfile.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
            known[profile.name] = profile
    if name not in known:
        raise BadParameter(f"There is no profile {name!r} for the back view; there is {', '.join(sorted(known))}.")
    return known[name]
