"""From our jobs to classifications in gaard's words, without touching the outside world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from kinesight import __version__
from kinesight.analyses.alarm.result import AlarmResult
from kinesight.apis.edge.times import timestamp
from kinesight.apis.gaard.errors import FAULTS_OF_THE_CLIP, NUMBERS, UNKNOWN_NUMBER
from kinesight.domain.classifications import NO_PARENT
from kinesight.domain.document import ResultDocument
from kinesight.domain.errors import all_errors
from kinesight.domain.job import Job, State
from kinesight.domain.labels import OperatorLabel, Said

WAITING = {State.QUEUED: "accepted", State.RUNNING: "processing", State.CANCELLING: "processing"}
NO_MODEL = "kinesight"

_MEANING = {kind.code: (kind.__doc__ or "").strip().splitlines()[0] for kind in all_errors()}


def classification(job: Job, *, tenant_name: str) -> dict[str, Any]:
    """Return a classification, whatever its state, with both spellings of the fields that have two.

    Only a result that says so without an error is `safe`; a job that ended without one is `danger`.
    """
    document, found = _result(job)
    verdict = _verdict(job, found)
    camera_id = camera_id_of_job(job)
    duration_s = _between(job.started_s, job.finished_s)
    return {
        "id": job.vendor_id or job.id,
        "status": status_of(job),
        "parent_id": NO_PARENT,
        "parentId": NO_PARENT,
        "camera_id": camera_id,
        "cameraId": camera_id,
        "analyse_id": job.vendor_number,
        "tenant": tenant_name,
        "duration": round(duration_s * 1e6),
        "duration_seconds": int(duration_s),
        "model": "+".join(model.name for model in document.made_by.models) or NO_MODEL if document else NO_MODEL,
        "version": document.made_by.kinesight if document else __version__,
        **verdict,
        "labels": list(found.labels) if found else [],
        "scores": dict(sorted(found.scores.items())) if found else {},
        "video": {"videoname": video_name(job), "filesize": job.origin.get("size_bytes"), "specs": _specs(document)},
        "timing": {"total": round(duration_s * 1e3, 3), "waiting": round(_between(job.created_s, job.started_s) * 1e3, 3)},
        "metadata": job.origin.get("metadata") or {},
        "created_at": timestamp(job.created_s),
        "started_at": None if job.started_s is None else timestamp(job.started_s),
    }


def status_of(job: Job) -> dict[str, str]:
    """Return how far verdict and video of a classification are."""
    if not job.state.is_final:
        return {"classify": WAITING[job.state], "video": WAITING[job.state]}
    is_done = job.state is State.SUCCEEDED or (job.state is State.FAILED and job.error_code in FAULTS_OF_THE_CLIP)
    drawn = job.state if job.drawing is None else job.drawing
    video = ("done" if drawn is State.SUCCEEDED else "failed") if drawn.is_final else "processing"
    return {"classify": "done" if is_done else "failed", "video": video}


def camera_id_of_job(job: Job) -> str:
    """Return what the camera of a clip is called; empty where nobody said."""
    return job.camera_id or str(job.origin.get("camera_id") or "")


def video_name(job: Job) -> str:
    """Return the name under which the clip was sent, or one that follows from its id."""
    return job.input_name or f"{job.vendor_id or job.id}.mp4"


def said_about(job: Job, labels: list[str], comment: str) -> Said:
    """Return what an operator says about a clip, with the numbers that its verdict rests on at this moment."""
    _, found = _result(job)
    return Said(
        classify_id=job.vendor_id or job.id,
        job_id=job.id,
        labels=tuple(dict.fromkeys(labels)),
        comment=comment,
        camera_id=camera_id_of_job(job),
        video_name=video_name(job),
        risk=found.risk if found else None,
        scores=dict(found.scores) if found else {},
        features=dict(found.features) if found else {},
    )


def label_entry(job: Job, entry: OperatorLabel) -> dict[str, Any]:
    """Return an operator's entry as the label call answers it; its names are in another spelling than those of results."""
    return {
        "id": entry.said.classify_id,
        "analyseId": job.vendor_number,
        "videoName": entry.said.video_name,
        "labels": list(entry.said.labels),
        "createdAt": timestamp(entry.created_s),
        "userId": NO_PARENT,
        "backup": False,
        "version": __version__,
        "comment": entry.said.comment,
    }


def _result(job: Job) -> tuple[ResultDocument | None, AlarmResult | None]:
    if job.state is not State.SUCCEEDED or job.result is None:
        return None, None
    try:
        document = ResultDocument.model_validate(job.result)
        return document, AlarmResult.model_validate(document.result)
    except ValidationError:
        return None, None


def _verdict(job: Job, found: AlarmResult | None) -> dict[str, Any]:
    if not job.state.is_final:
        return {"error_code": 0, "error_msg": "", "risk": ""}
    if found is not None:
        is_sure = found.error_code == 0
        risk = "danger" if found.risk == "safe" and not is_sure else found.risk
        return {"error_code": found.error_code, "error_msg": found.error_message, "risk": risk}
    code = job.error_code or ("cancelled" if job.state is State.CANCELLED else "")
    message = job.error_message or _MEANING.get(code) or "The clip could not be judged; see the server log."
    return {"error_code": NUMBERS.get(code, UNKNOWN_NUMBER), "error_msg": message, "risk": "danger"}


def _specs(document: ResultDocument | None) -> Mapping[str, Any]:
    """Return the facts of the clip; every picture is looked at, so what was analysed is as long as the original."""
    if document is None or document.video is None:
        return {}
    video = document.video
    rate = video.frame_count / video.duration_s if video.frame_count and video.duration_s else video.fps
    return {
        "height": video.height_px,
        "width": video.width_px,
        "duration": video.duration_s,
        "fps": None if rate is None else round(rate, 6),
        "nframes": video.frame_count,
        "original.fps": None if video.fps is None else round(video.fps, 6),
        "original.height": video.height_px,
        "original.width": video.width_px,
        "original.nframes": video.frame_count,
    }


def _between(start_s: float | None, end_s: float | None) -> float:
    """Return how long something took; 0 as long as it has not ended, since the contract wants a number."""
    return max(0.0, end_s - start_s) if start_s is not None and end_s is not None else 0.0
