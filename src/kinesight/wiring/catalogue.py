"""The registry of analyses: one name each. An analysis is imported when it is asked for; all of them together take a second."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from kinesight.domain.analysis import Analysis
from kinesight.domain.errors import BadParameter

NAMES = ("running", "alarm", "persons")
"""Every analysis, a folder of `kinesight.analyses`, in the order in which they are listed to people."""


def analysis_named(name: str) -> Analysis[Any, Any, Any]:
    """Return an analysis of the catalogue. Raises `BadParameter`."""
    if name not in NAMES:
        raise BadParameter(f"There is no analysis {name!r}; there are: {', '.join(NAMES)}.")
    analysis: Analysis[Any, Any, Any] = import_module(f"kinesight.analyses.{name}").ANALYSIS
    return analysis


def all_analyses() -> tuple[Analysis[Any, Any, Any], ...]:
    """Return every analysis of the catalogue."""
    return tuple(analysis_named(name) for name in NAMES)
