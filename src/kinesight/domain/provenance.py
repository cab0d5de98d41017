"""How a video says of itself that it was changed, and what the core wants from the outside for that."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

COMPOSITE_WITH_AI = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC Digital Source Type of a recording into which a trained model put something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a changed video says about itself: `action` in words, and the facts behind it."""

    title: str
    action: str
    source_sha256: str
    software: str
    digital_source_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """How a file was marked: who signed, and whether with a certificate that only proves that nothing was changed since."""

    signer: str
    is_test_certificate: bool


class OutputMarker(Protocol):
    """Marks a finished video, in place."""

    def mark(self, path: Path, statement: Statement) -> Marked:
        """Write the statement into an MP4 file and sign it. Raises `BadSetting`, `DiskFull`."""
