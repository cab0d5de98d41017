"""How a message words a verdict: one document, as JSON or XML, and a subject line."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any
from xml.etree import ElementTree as ET

from kinesight.domain.outputs import AlarmMessage

SCHEMA = "kinesight.alarm/1"
LONGEST_SUBJECT = 200
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document_of(message: AlarmMessage) -> dict[str, Any]:
    """Return what a message says. With `further` above 0 it is the worst clip of several; `risks` counts them all."""
    facts = message.facts
    return {
        "schema": SCHEMA,
        "id": message.id,
        "sequence": message.sequence,
        "analysis_id": facts["job_id"],
        "camera_id": facts["camera_id"],
        "camera_name": facts["camera_name"],
        "file_name": facts["file_name"],
        "accepted_at": dt.datetime.fromtimestamp(facts["accepted_s"], dt.UTC).isoformat(timespec="milliseconds"),
        "risk": facts["risk"],
        "labels": facts["labels"],
        "scores": facts["scores"],
        "explanation": facts["explanation"],
        "error_code": facts["error_code"],
        "account": (facts["panel"] or {}).get("account"),
        "partition": (facts["panel"] or {}).get("partition"),
        "zone": (facts["panel"] or {}).get("zone"),
        "further": message.further,
        "risks": facts["risks"],
        "analysis_ids": facts["job_ids"],
    }


def json_body(message: AlarmMessage) -> bytes:
    """Return the document as JSON in ASCII."""
    return json.dumps(document_of(message), indent=1).encode("ascii")


def xml_body(message: AlarmMessage) -> bytes:
    """Return the document as XML: `<alarm>` with an element for each field; lists repeat `<item>`, maps have `<entry name>`."""
    root = ET.Element("alarm")
    for name, value in document_of(message).items():
        _add(ET.SubElement(root, name), value)
    ET.indent(root)
    text: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _add(element: ET.Element, value: Any) -> None:
    match value:
        case None:
            element.set("nil", "true")
        case dict():
            for name, inner in value.items():
                _add(ET.SubElement(element, "entry", name=_NO_XML.sub("\N{REPLACEMENT CHARACTER}", str(name))), inner)
        case list() | tuple():
            for inner in value:
                _add(ET.SubElement(element, "item"), inner)
        case _:
            element.text = _NO_XML.sub("\N{REPLACEMENT CHARACTER}", str(value))


def subject_of(message: AlarmMessage) -> str:
    """Return one line: risk, camera, labels."""
    facts = message.facts
    camera = " ".join(filter(None, (facts["camera_name"], f"({facts['camera_id']})" if facts["camera_id"] else "")))
    what = ", ".join(facts["labels"]) or ("not judged" if facts["error_code"] else "nothing named")
    more = f" and {message.further} more" if message.further else ""
    text = f"{facts['risk'].upper()}: {camera or 'unnamed camera'}: {what}{more}"
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_SUBJECT]
