"""The document of two running analyses together, combined.json, as listed in docs/reference/result.md."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kinesight.analyses.running.result import Band, Instant, Score, Side
from kinesight.domain.document import Document, Estimate, ResultDocument

COMBINED_SCHEMA = "kinesight.combined/1"

Label = Literal["side", "back", "before", "after"]
Verdict = Literal["changed", "within_noise", "not_comparable"]
Reason = Literal["unknown_before", "unknown_after", "few_strides", "low_confidence"]


class CombinedClip(Document):
    """One of the two clips: what it is here, what it is called, and its whole result document."""

    label: Label
    title: str
    document: ResultDocument


class CombinedNotice(Document):
    """Something the reader must know; `clip` says which clip it is about, null where it is about both together."""

    clip: Label | None
    code: str
    message: str


class Todo(Document):
    """One reading outside its good range, the most urgent first; `is_sure` where it was read with enough confidence."""

    clip: Label
    key: str
    score: Score
    is_sure: bool


class Change(Document):
    """One number before and after.

    `difference` is after minus before, `needed` the smallest difference that the noise of both readings does not explain; both in
    the unit of the quantity's name. `reason` says why a difference cannot be judged. The bands are those of the range that the
    later result holds the quantity against.
    """

    quantity: str
    side: Side | None
    instant: Instant | None
    before: Estimate
    after: Estimate
    difference: float | None
    needed: float | None
    verdict: Verdict
    reason: Reason | None = None
    band_before: Band | None = None
    band_after: Band | None = None


class CombinedDocument(Document):
    """combined.json: two clips of one runner, seen from two sides or at two times.

    `clips` are side and back for `two_views`, before and after for `before_after`. `changes` is empty for `two_views`; `todo` of
    `before_after` is that of the later clip. `language` is that of the page and of the notices about both clips: the language in
    which the second of `clips` was analysed.
    """

    schema_: str = Field(default=COMBINED_SCHEMA, alias="schema")
    kind: Literal["two_views", "before_after"]
    kinesight: str
    language: str = "en"
    clips: tuple[CombinedClip, CombinedClip]
    warnings: tuple[CombinedNotice, ...] = ()
    todo: tuple[Todo, ...] = ()
    changes: tuple[Change, ...] = ()
