"""One head task from a video and its persons to a folder: plan, draw, search the output, repair, mark, record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from kinesight import __version__
from kinesight.analyses.heads.found import join_heads
from kinesight.analyses.heads.parameters import HeadsParameters, refuse_unready
from kinesight.analyses.heads.people_map import refuse_other_video, refuse_unknown
from kinesight.analyses.heads.plan import Plan, make_plan, outcomes
from kinesight.analyses.heads.report import ReportPictures, report_page
from kinesight.analyses.heads.result import AuditRecord, Check, HeadsResult, Leak, LeakReport, Output, Provenance
from kinesight.domain.document import MadeBy, Notice, ResultDocument, UsedModel
from kinesight.domain.heads import HeadMap
from kinesight.domain.ports import Watch
from kinesight.domain.provenance import COMPOSITE_WITH_AI, Statement
from kinesight.domain.video import Image
from kinesight.pipeline.heads_faces import Faces, find_faces
from kinesight.pipeline.heads_render import Findings, HeadStudio, Rendered, Rendering, check, render
from kinesight.pipeline.outputs import OutputFolder
from kinesight.pipeline.run import EMBED_BYTES, VideoSource

MOST_PASSES = 3
"""Times the output is drawn: once, and again with what was found in it covered too."""

MOST_PICTURES = 300
"""Pictures of faces at risk that are kept; the report names the rest without."""

LEAK_PATTERN = "leak-*.jpg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The picture of a face to put on: RGB, and the SHA-256 of its file."""

    name: str
    rgb: Image
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadTask:
    """What is wanted: `references` by person for a replacement; `by` is who asked, for the record."""

    parameters: HeadsParameters
    heads: HeadMap
    by: str
    references: Mapping[int, Reference] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    plan: Plan
    rendered: Rendered
    findings: Findings
    check: Check


def run_heads(task: HeadTask, source: VideoSource, out: Path, *, studio: HeadStudio, watch: Watch) -> ResultDocument:
    """Hide or replace heads; the folder then holds output.mp4, result.json, leaks.json, audit.json, report.html, thumbnail.jpg.

    Raises
    ------
    OtherVideo, UnknownPerson, ConsentMissing, BadParameter
        The task cannot be done for this video.
    NoFaceInReference, SeveralFacesInReference, ReferenceTooSmall, ReferenceTurnedAway
        A reference picture cannot be used.
    CallerError, OperatorError, Cancelled
        As the parts raise them.
    """
    chosen = task.parameters
    refuse_unready(chosen)
    refuse_other_video(task.heads, sha256=source.reader.info.sha256)
    refuse_unknown(task.heads, (*chosen.keep, *(chosen.only or ()), *chosen.replace))
    pictures = {obj_id: reference.rgb for obj_id, reference in task.references.items()}
    faces = find_faces(task.heads, pictures, source, studio=studio, watch=watch)
    folder = OutputFolder(out, source=source.reader.info.sha256)
    for old in folder.path.glob(LEAK_PATTERN):
        old.unlink()
    how = Rendering(
        style=chosen.style,
        longest_side_px=_longest_side_px(source, chosen.shorter_side_px),
        keeps_sound=chosen.keep_original_sound,
        pasters=faces.pasters,
        is_marked=chosen.mode == "replace" and chosen.visible_mark,
    )
    made = _make(make_plan(task.heads, chosen, faces.plans), how, source, folder, studio=studio, watch=watch)
    return _write(task, source, folder, made, faces, studio=studio, watch=watch)


def _make(plan: Plan, how: Rendering, source: VideoSource, folder: OutputFolder, *, studio: HeadStudio, watch: Watch) -> _Made:
    """Draw the output and search it, until nothing is found that can still be covered."""
    target = folder.path / "output.mp4"
    repaired = frames = 0
    only: frozenset[int] | None = None
    for number in range(1, MOST_PASSES + 1):
        rendered = render(source, plan, how, target, studio=studio, watch=watch)
        found = check(target, plan, rendered, only=only, studio=studio, watch=watch)
        frames = max(frames, found.frames)
        if not found.risks or number == MOST_PASSES:
            break
        repaired += len(found.risks)
        wider = plan.with_more(join_heads(found.risks, frames=len(plan.time_s)))
        only = frozenset(
            frame for frame in range(len(plan.time_s)) if len(wider.covers_at(frame)) > len(plan.covers_at(frame))
        )
        plan = wider
    at_risk = len(found.risks)
    summary = Check(
        passes=number,
        frames=frames,
        frames_at_risk=len({risk.frame for risk in found.risks}),
        faces_at_risk=at_risk,
        repaired=max(0, repaired - at_risk),
        under_covers=found.under_covers,
    )
    return _Made(plan=plan, rendered=rendered, findings=found, check=summary)


def _write(
    task: HeadTask, source: VideoSource, folder: OutputFolder, made: _Made, faces: Faces, *, studio: HeadStudio, watch: Watch
) -> ResultDocument:
    watch.progress("write", 0, 1)
    target = folder.path / "output.mp4"
    provenance = _mark(task, source, target, studio=studio)
    result = _result(task, source, made, provenance, sha256=_sha256_of(target))
    used = _models(made, faces)
    _write_leaks(folder, made, source, result)
    folder.json("audit.json", _audit(task, source, result, used).model_dump(mode="json", by_alias=True))
    thumbnail = _thumbnail(target, studio=studio)
    folder.bytes("thumbnail.jpg", thumbnail)
    document = ResultDocument(
        analysis="heads",
        made_by=MadeBy(kinesight=__version__, models=used, parameters=task.parameters.model_dump(mode="json")),
        video=source.reader.info,
        warnings=_warnings(made),
        result=result.model_dump(mode="json"),
    )
    fits = target.stat().st_size <= EMBED_BYTES
    pictures = ReportPictures(
        video_mp4=target.read_bytes() if fits else None, leaks_jpeg=tuple(made.findings.pictures[:MOST_PICTURES])
    )
    folder.text("report.html", report_page(document, result, _leaks(made), pictures, title=source.name))
    # last, so that a folder with a result.json is a finished one
    folder.json("result.json", document.model_dump(mode="json", by_alias=True))
    watch.progress("write", 1, 1)
    return document


def _mark(task: HeadTask, source: VideoSource, target: Path, *, studio: HeadStudio) -> Provenance:
    """Mark a video with replaced heads; one with hidden heads needs no mark, for nothing in it is made up."""
    if task.parameters.mode != "replace":
        return Provenance()
    statement = Statement(
        title=target.name,
        action="The heads of persons in this video were replaced by others.",
        source_sha256=source.reader.info.sha256,
        software=f"Kinesight {__version__}",
        digital_source_type=COMPOSITE_WITH_AI,
    )
    marked = studio.marker.mark(target, statement)
    return Provenance(
        c2pa="signed",
        signer=marked.signer,
        is_test_certificate=marked.is_test_certificate,
        digital_source_type=COMPOSITE_WITH_AI,
        xmp=True,
        visible_mark=task.parameters.visible_mark,
    )


def _result(task: HeadTask, source: VideoSource, made: _Made, provenance: Provenance, *, sha256: str) -> HeadsResult:
    has_sound = task.parameters.keep_original_sound and source.reader.info.has_audio and made.rendered.sound_problem is None
    return HeadsResult(
        mode=task.parameters.mode,
        style=task.parameters.style,
        persons=outcomes(made.plan, task.heads.tracks),
        unknown_heads=len(made.plan.covers) - len(made.plan.hidden_ids),
        check=made.check,
        output=Output(
            sha256=sha256,
            width_px=made.rendered.width_px,
            height_px=made.rendered.height_px,
            frame_count=made.rendered.frame_count,
            has_sound=has_sound,
        ),
        provenance=provenance,
    )


def _models(made: _Made, faces: Faces) -> tuple[UsedModel, ...]:
    used = (*faces.used, *((made.findings.used,) if made.findings.used else ()))
    return tuple(dict.fromkeys(used))


def _leaks(made: _Made) -> tuple[Leak, ...]:
    found = []
    for number, risk in enumerate(made.findings.risks):
        picture = f"leak-{risk.frame:06d}-{number}.jpg" if number < MOST_PICTURES else None
        found.append(
            Leak(
                frame=risk.frame,
                time_s=risk.time_s,
                box_xyxy_px=risk.xyxy_px,
                score=risk.score,
                kind=risk.kind,
                obj_id=risk.obj_id,
                picture=picture,
            )
        )
    return tuple(found)


def _write_leaks(folder: OutputFolder, made: _Made, source: VideoSource, result: HeadsResult) -> None:
    leaks = _leaks(made)
    for leak, picture in zip(leaks, made.findings.pictures, strict=True):
        if leak.picture is not None:
            folder.bytes(leak.picture, picture)
    if made.findings.used is None:
        raise AssertionError("a search names its detector")
    report = LeakReport(
        video_sha256=source.reader.info.sha256,
        output_sha256=result.output.sha256,
        detector=made.findings.used,
        check=result.check,
        leaks=leaks,
    )
    folder.json("leaks.json", report.model_dump(mode="json", by_alias=True))


def _audit(task: HeadTask, source: VideoSource, result: HeadsResult, used: tuple[UsedModel, ...]) -> AuditRecord:
    return AuditRecord(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        by=task.by,
        kinesight=__version__,
        action=task.parameters.mode,
        consent=task.parameters.consent,
        source_sha256=source.reader.info.sha256,
        output_sha256=result.output.sha256,
        persons=result.persons,
        references_sha256={obj_id: reference.sha256 for obj_id, reference in sorted(task.references.items())},
        models=used,
    )


def _warnings(made: _Made) -> tuple[Notice, ...]:
    found = []
    if made.check.faces_at_risk:
        frames = made.check.frames_at_risk
        found.append(
            Notice(code="faces_at_risk", message=f"Faces can still be seen in {frames} frames of the output; see leaks.json.")
        )
    if made.rendered.sound_problem is not None:
        found.append(Notice(code="sound_not_kept", message=f"The output has no sound: {made.rendered.sound_problem}"))
    return tuple(found)


def _thumbnail(target: Path, *, studio: HeadStudio) -> bytes:
    """Return the middle frame of the output as a JPEG picture."""
    reader = studio.open_reader(target)
    middle_s = (reader.info.duration_s or 0.0) / 2
    frames = reader.frames(longest_side_px=1280)
    picture = next(frames).rgb
    for frame in frames:
        picture = frame.rgb
        if frame.time_s >= middle_s:
            break
    frames.close()
    return studio.encode_jpeg(picture)


def _longest_side_px(source: VideoSource, shorter_side_px: int | None) -> int | None:
    info = source.reader.info
    shorter, longer = sorted((info.width_px, info.height_px))
    return None if shorter_side_px is None or shorter <= shorter_side_px else round(longer * shorter_side_px / shorter)


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
