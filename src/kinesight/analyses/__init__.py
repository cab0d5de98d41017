"""Analyses, one folder each; this list is the registry. Pure: they know pictures and models only through ports."""

from typing import Any

from kinesight.analyses import alarm, persons, running
from kinesight.domain.analysis import Analysis

CATALOGUE: tuple[Analysis[Any, Any, Any], ...] = (running.ANALYSIS, alarm.ANALYSIS, persons.ANALYSIS)
"""Every analysis, in the order in which they are listed to people."""
