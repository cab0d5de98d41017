"""The documents of head tasks: what was done to whom, and what could still be seen afterwards."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kinesight.analyses.heads.found import Kind
from kinesight.domain.document import Document, UsedModel
from kinesight.domain.heads import Style

LEAKS_SCHEMA = "kinesight.leaks/1"
AUDIT_SCHEMA = "kinesight.audit/1"


class Range(Document):
    """A stretch of frames, both ends included."""

    first_s: float
    last_s: float
    first_frame: int
    last_frame: int


class Fallback(Range):
    """A stretch in which a head that was to be replaced was hidden instead."""

    why: str = Field(description="turned_away, not_found, too_small or brief")


class PersonOutcome(Document):
    """What was done to one person's head."""

    obj_id: int
    action: Literal["hidden", "kept", "replaced"]
    covered: tuple[Range, ...] = ()
    replaced: tuple[Range, ...] = ()
    fallback: tuple[Fallback, ...] = ()


class Leak(Document):
    """A face that can be seen in the output although it should not."""

    frame: int
    time_s: float
    box_xyxy_px: tuple[float, float, float, float]
    score: float
    kind: Kind
    obj_id: int | None = None
    picture: str | None = None


class Check(Document):
    """What finding faces again in the output showed.

    `repaired` counts faces that an earlier pass found and that are covered now; `under_covers` those found where every pixel is
    already the covering's: blurred and drawn heads look like faces to a detector.
    """

    passes: int
    frames: int
    frames_at_risk: int
    faces_at_risk: int
    repaired: int
    under_covers: int


class Output(Document):
    """The video that was made."""

    file: str = "output.mp4"
    sha256: str
    width_px: int
    height_px: int
    frame_count: int
    has_sound: bool


class Provenance(Document):
    """How the output says that it was changed."""

    c2pa: Literal["signed", "none"] = "none"
    signer: str | None = None
    is_test_certificate: bool | None = None
    digital_source_type: str | None = None
    xmp: bool = False
    visible_mark: bool = False


class HeadsResult(Document):
    """The `result` of a head task."""

    mode: Literal["anonymize", "replace"]
    style: Style
    persons: tuple[PersonOutcome, ...]
    unknown_heads: int
    check: Check
    output: Output
    provenance: Provenance
    audit: str = "audit.json"
    leaks: str = "leaks.json"


class LeakReport(Document):
    """leaks.json: every face at risk."""

    schema_: str = Field(default=LEAKS_SCHEMA, alias="schema")
    video_sha256: str
    output_sha256: str
    detector: UsedModel
    check: Check
    leaks: tuple[Leak, ...]


class AuditRecord(Document):
    """audit.json: who did what to which video, when, and with whose consent."""

    schema_: str = Field(default=AUDIT_SCHEMA, alias="schema")
    at: str = Field(description="Time in UTC, ISO 8601.")
    by: str
    kinesight: str
    action: Literal["anonymize", "replace"]
    consent: str | None
    source_sha256: str
    output_sha256: str
    persons: tuple[PersonOutcome, ...]
    references_sha256: dict[int, str] = Field(default_factory=dict)
    models: tuple[UsedModel, ...]
