"""Between requests and jobs in Akool's words and ours, without touching the outside world."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from kinesight.analyses.persons.result import PersonsResult
from kinesight.apis.akool.errors import SERVER_ERROR, number_of
from kinesight.apis.akool.identities import team_id_of, uid_of
from kinesight.apis.akool.schemas import MODEL, TaskFields
from kinesight.domain.document import ResultDocument
from kinesight.domain.errors import all_errors
from kinesight.domain.job import Job, State

API = "akool"
PERSONS, HEADS = "persons", "heads"
"""The kinds of our jobs."""

STATUS: Mapping[State, int] = {
    State.QUEUED: 1,
    State.RUNNING: 2,
    State.CANCELLING: 2,
    State.SUCCEEDED: 3,
    State.FAILED: 4,
    State.CANCELLED: 4,
    State.DEAD: 4,
}
DONE, FAILED = 3, 4
PRIORITY = 0
"""All tasks have the same."""

TOLD_TYPE = "headswap"
"""`type` of a webhook's message; the contract names none for this product."""

OUTPUT = "output.mp4"
THUMBNAIL = "thumbnail.jpg"
FILES_SHOWN = frozenset({"report.html", "result.json", "leaks.json", "audit.json", "annotated.mp4", "heads.json", "tracks.txt"})
"""Files of a job that are linked besides the pictures and the output."""

_MEANING = {kind.code: (kind.__doc__ or "").strip().splitlines()[0] for kind in all_errors()}

Links = Mapping[str, str]
"""Links to a job's files by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What an analysis has found, corrections included."""

    document: ResultDocument
    persons: PersonsResult


def found_in(result: Mapping[str, Any] | None) -> Found | None:
    """Return what a result document of a person analysis says; None if it is none."""
    try:
        document = ResultDocument.model_validate(result)
        return Found(document=document, persons=PersonsResult.model_validate(document.result))
    except ValidationError:
        return None


def submitted(job: Job) -> dict[str, Any]:
    """Return an analysis as the call that starts it answers: without result and error."""
    return {
        "_id": job.vendor_id or job.id,
        "create_time": create_time_ms(job),
        "uid": uid_of(job.tenant_id),
        "team_id": team_id_of(job.tenant_id),
        "video_url": job.source_url or "",
        "type": "head",
        "status": STATUS[job.state],
        "task_id": _task_id(job),
        "progress": job.percentage,
    }


def analysis(job: Job, found: Found | None, links: Links) -> dict[str, Any]:
    """Return an analysis in whatever state it is; the result is absent until there is one, and so is the error.

    Parameters
    ----------
    found
        What it has found, corrections included; looked at only if it has succeeded.
    links
        To its files.
    """
    data = submitted(job)
    if STATUS[job.state] < DONE:
        return data
    if job.state is not State.SUCCEEDED or found is None:
        return {**data, "status": FAILED, **failure(job)}
    return {**data, "analysis_result": analysis_result(found, links), "error_reason": "success", "error_code": 0}


def analysis_result(found: Found, links: Links) -> dict[str, Any]:
    """Return who was found, with links to the pictures, and under `kinesight` what else is known."""
    persons, video = found.persons, found.document.video
    result: dict[str, Any] = {
        "detected_objects": len(persons.persons),
        "media": [
            {"media_type": "images", "obj_id": person.obj_id, "img_url": _picture(person.preview, links)}
            for person in persons.persons
        ],
    }
    if video is not None:
        facts = {
            "width": video.width_px,
            "height": video.height_px,
            "fps": None if video.fps is None else round(video.fps, 6),
            "frame_count": video.frame_count,
        }
        result["video_info"] = {name: value for name, value in facts.items() if value is not None}
    result["kinesight"] = {
        "persons": [
            person.model_dump(mode="json", include={"obj_id", "name", "confidence", "head_visible", "ranges"})
            for person in persons.persons
        ],
        "files": shown(links),
    }
    return result


def created(job: Job) -> dict[str, Any]:
    """Return a task as the call that starts it answers."""
    return {
        "_id": job.vendor_id or job.id,
        "create_time": create_time_ms(job),
        "uid": uid_of(job.tenant_id),
        "team_id": team_id_of(job.tenant_id),
        "video_duration": job.origin.get("video_duration"),
        "task_id": _task_id(job),
        "resolution": job.origin.get("resolution", ""),
        "status": STATUS[job.state],
        "deduction_lock_duration": job.origin.get("credits", 0),
        "model_name": MODEL,
        "file_name": file_name(job),
        "video_url": None,
    }


def task(job: Job, links: Links) -> dict[str, Any]:
    """Return a task in whatever state it is; the error is absent unless it failed."""
    data = {
        "_id": job.vendor_id or job.id,
        "uid": uid_of(job.tenant_id),
        "team_id": team_id_of(job.tenant_id),
        "source_video_url": job.origin.get("video_url", ""),
        "create_time": create_time_ms(job),
        "status": STATUS[job.state],
        "video_duration": job.origin.get("video_duration"),
        "resolution": job.origin.get("resolution", ""),
        "deduction_duration": 0 if _is_given_back(job) else job.origin.get("credits", 0),
        "video_url": links.get(OUTPUT) if job.state is State.SUCCEEDED else None,
        "progress": job.percentage,
        "priority": PRIORITY,
        "task_id": _task_id(job),
        "file_name": file_name(job),
        "model_name": MODEL,
    }
    if STATUS[job.state] == FAILED:
        return {**data, **failure(job)}
    if job.state is State.SUCCEEDED:
        return {**data, "kinesight": {"result": (job.result or {}).get("result") or {}, "files": shown(links)}}
    return data


def told(job: Job, output_url: str) -> dict[str, Any]:
    """Return what a webhook is told of a task's end; without an output the address is empty."""
    status = STATUS[job.state]
    return {"_id": job.vendor_id or job.id, "status": status, "type": TOLD_TYPE, "url": output_url if status == DONE else ""}


def failure(job: Job) -> dict[str, Any]:
    """Return why a job came to nothing, in the two fields for that."""
    code = job.error_code or ("cancelled" if job.state is State.CANCELLED else "")
    reason = job.error_message or _MEANING.get(code) or "The result cannot be read; see the server log."
    return {"error_reason": reason, "error_code": number_of(code) if code else SERVER_ERROR}


def heads_parameters(asked: TaskFields, *, standing_consent: str) -> dict[str, Any]:
    """Return what is asked as parameters of our head task; the caller's consent goes before the installation's."""
    ours = asked.kinesight
    common = {
        "mode": ours.mode,
        "style": ours.style,
        "resolution": asked.resolution,
        "keep_original_sound": asked.keep_original_sound is not False,
    }
    if ours.mode == "anonymize":
        return {**common, "keep": ours.keep, "only": ours.only}
    return {
        **common,
        "replace": tuple(mapping.obj_id for mapping in asked.mappings or ()),
        "consent": (asked.consent or "").strip() or standing_consent.strip(),
        "visible_mark": ours.visible_mark,
    }


def price(duration_s: float | None) -> int:
    """Return the credits that a task over so long a video costs where they are counted: one for each second that began."""
    return max(1, math.ceil(duration_s or 0.0))


def create_time_ms(job: Job) -> int:
    """Return the moment that the ids of a job begin with, in milliseconds since the epoch."""
    return int(job.origin.get("create_time_ms") or job.created_s * 1000)


def file_name(job: Job) -> str:
    """Return what the output of a task is called."""
    return f"Headswap_{create_time_ms(job)}.mp4"


def shown(links: Links) -> list[dict[str, str]]:
    """Return the files that are offered besides the contract, with their links."""
    return [{"name": name, "url": url} for name, url in sorted(links.items()) if name in FILES_SHOWN]


def _picture(preview: str | None, links: Links) -> str:
    """Return the link to a person's picture; who was split off by a correction has none of his own, so it is the whole frame."""
    return links.get(preview or "") or links.get(THUMBNAIL, "")


def _task_id(job: Job) -> str:
    return str(job.origin.get("task_id") or job.vendor_id or job.id)


def _is_given_back(job: Job) -> bool:
    """Return whether what a job cost was given back: it died of the installation, or was cancelled before it began."""
    return job.state is State.DEAD or (job.state is State.CANCELLED and job.started_s is None)
