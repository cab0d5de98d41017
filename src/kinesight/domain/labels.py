"""What operators said about alarm clips, kept with the numbers that the verdict rested on, so that it can be learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

MOST_CUSTOM = 1000
"""Custom labels of one tenant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an operator says about a clip, beside what was found in it.

    `labels` are the operator's words, in his order and without repetition; no label at all takes back what was said. `features`,
    `scores` and `risk` are those of the result at this moment; empty and None where the clip has none. They are copied, because
    the words outlive the clip.
    """

    classify_id: str
    job_id: str
    labels: tuple[str, ...]
    comment: str = ""
    camera_id: str = ""
    video_name: str | None = None
    risk: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    features: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorLabel:
    """What an operator said, as it is kept: one entry per clip, the last word counts. Times are seconds since the epoch."""

    said: Said
    created_s: float
    updated_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPage:
    """One page of entries, newest first; `next_cursor` is None on the last one."""

    entries: tuple[OperatorLabel, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomLabel:
    """A label that a tenant has added to the standard ones; `label` is how it is shown, None: like `value`."""

    value: str
    label: str | None = None


class Labels(Protocol):
    """Keeps what the operators of a tenant said, and the words of their own."""

    def put(self, tenant_id: str, said: Said) -> OperatorLabel:
        """Keep what was said about a clip, in place of what was said before, and return the entry."""

    def page(self, tenant_id: str, *, limit: int, cursor: str | None = None, camera_id: str | None = None) -> LabelPage:
        """Return entries, newest first, of one camera if one is given. Raises `BadParameter` for a strange cursor."""

    def custom(self, tenant_id: str) -> tuple[CustomLabel, ...]:
        """Return the tenant's own labels, by value."""

    def add_custom(self, tenant_id: str, labels: Sequence[CustomLabel]) -> None:
        """Keep labels, each value once; one that is there takes the new way of being shown, if one is given.

        Raises `BadParameter` when there would be more than `MOST_CUSTOM`.
        """
