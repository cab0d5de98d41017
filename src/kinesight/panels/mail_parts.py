"""What an e-mail of a panel holds: clips, pictures, and the camera that its subject names. Pure."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage

from kinesight.panels.intake import Clip

MOST_PARTS = 200
SHORTEST_CLIP_BYTES = 16
STILL_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
UNMOVED = (
    *("text/", "message/", "audio/", "application/pdf", "application/json", "application/xml"),
    *("application/pkcs7", "application/x-pkcs7", "application/pgp", "application/ms-tnef"),
)
"""How the types of parts begin that are no clip: bodies, notes, signatures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailParts:
    """The clips of an e-mail, and its pictures where it has no clip; in the order in which they were attached."""

    clips: tuple[Clip, ...]
    stills: tuple[Clip, ...]


def parts_of(mail: EmailMessage) -> MailParts:
    """Return what can be judged. What a part holds counts, not what it is called; a picture beside a clip is its preview."""
    clips: list[Clip] = []
    stills: list[Clip] = []
    for number, part in enumerate(mail.walk()):
        if number >= MOST_PARTS:
            break
        if part.is_multipart() or part.get_content_type().startswith(UNMOVED):
            continue
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes) or len(content) < SHORTEST_CLIP_BYTES:
            continue
        found = _clip(part.get_filename() or f"part-{number}", content)
        (stills if content.startswith(STILL_MAGIC) else clips).append(found)
    return MailParts(clips=tuple(clips), stills=() if clips else tuple(stills))


def _clip(name: str, content: bytes) -> Clip:
    is_png = content.startswith(STILL_MAGIC[1])
    return Clip(name=name + (".png" if is_png and not name.lower().endswith(".png") else ""), open=lambda: io.BytesIO(content))


def camera_in(subject: str, camera_ids: Sequence[str]) -> str | None:
    """Return the camera that a subject names as a word of its own, the longest name first; None if it names none."""
    for camera_id in sorted(camera_ids, key=len, reverse=True):
        if re.search(rf"(?<![\w-]){re.escape(camera_id)}(?![\w-])", subject, re.IGNORECASE):
            return camera_id
    return None
