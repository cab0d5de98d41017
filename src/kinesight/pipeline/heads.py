"""One head task from a video and its persons to a folder: plan, draw, search the output, repair, mark, record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from kinesight import __version__
from kinesight.analyses.heads.found import Risk, is_sure, join_heads
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
from kinesight.pipeline.heads_check import Before, Findings, check
from kinesight.pipeline.heads_faces import CheckedReference, Faces, check_reference, find_faces
from kinesight.pipeline.heads_render import HeadStudio, Rendered, Rendering, render
from kinesight.pipeline.outputs import OutputFolder
from kinesight.pipeline.run import EMBED_BYTES, VideoSource

MOST_PASSES = 3
"""Times the output is drawn: once, and again with what was found in it covered too."""

MOST_FOR_DOUBTFUL = 2
"""The same where nothing is left but what is hardly a face, and nobody's of the map: in a crowd there is no end of it, as every
cover moves what a detector is hardly sure of across its threshold."""

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
    references = {
        obj_id: check_reference(reference.rgb, name=reference.name, studio=studio)
        for obj_id, reference in task.references.items()
    }
    folder = OutputFolder(out, source=source.reader.info.sha256)
    return _Run(task, source, folder, studio=studio, watch=watch).run(references)


def passes_worth(risks: Sequence[Risk]) -> int:
    """Return how often a video may be drawn in which this was still found."""
    if not risks:
        return 1
    # where the head of somebody is who is to be hidden, what looks like a face may well be one
    return MOST_PASSES if any(is_sure(risk) or risk.kind == "uncovered" for risk in risks) else MOST_FOR_DOUBTFUL


class _Run:
    """One head task that was found to be possible."""

    def __init__(self, task: HeadTask, source: VideoSource, folder: OutputFolder, *, studio: HeadStudio, watch: Watch) -> None:
        self._task = task
        self._source = source
        self._folder = folder
        self._studio = studio
        self._watch = watch
        self._target = folder.path / "output.mp4"

    def run(self, references: Mapping[int, CheckedReference]) -> ResultDocument:
        """Do it; the result document is written last."""
        for old in self._folder.path.glob(LEAK_PATTERN):
            old.unlink()
        chosen = self._task.parameters
        faces = find_faces(self._task.heads, references, self._source, studio=self._studio, watch=self._watch)
        how = Rendering(
            style=chosen.style,
            longest_side_px=_longest_side_px(self._source, chosen.shorter_side_px),
            keeps_sound=chosen.keep_original_sound,
            pasters=faces.pasters,
            is_marked=chosen.mode == "replace" and chosen.visible_mark,
        )
        made = self._make(make_plan(self._task.heads, chosen, faces.plans), how)
        self._watch.progress("write", 0, 1)
        provenance = self._mark()
        document = self._write(made, provenance, _models(made, faces))
        self._watch.progress("write", 1, 1)
        return document

    def _make(self, plan: Plan, how: Rendering) -> _Made:
        """Draw the output and search it, until nothing is found that can still be covered."""
        repaired = frames = 0
        before: Before | None = None
        for number in count(1):
            rendered = render(self._source, plan, how, self._target, studio=self._studio, watch=self._watch)
            found = check(self._target, plan, rendered, before=before, studio=self._studio, watch=self._watch)
            frames = max(frames, found.frames)
            if number >= passes_worth(found.risks):
                break
            repaired += len(found.risks)
            before = Before(heads=join_heads([*found.risks, *found.faint], frames=len(plan.time_s)))
            plan = plan.with_more(before.heads)
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

    def _mark(self) -> Provenance:
        """Mark a video with replaced heads; one with hidden heads needs no mark, for nothing in it is made up."""
        if self._task.parameters.mode != "replace":
            return Provenance()
        statement = Statement(
            title=self._target.name,
            action="The heads of persons in this video were replaced by others.",
            source_sha256=self._source.reader.info.sha256,
            software=f"Kinesight {__version__}",
            digital_source_type=COMPOSITE_WITH_AI,
        )
        marked = self._studio.marker().mark(self._target, statement)
        return Provenance(
            c2pa="signed",
            signer=marked.signer,
            is_test_certificate=marked.is_test_certificate,
            digital_source_type=COMPOSITE_WITH_AI,
            xmp=True,
            visible_mark=self._task.parameters.visible_mark,
        )

    def _write(self, made: _Made, provenance: Provenance, used: tuple[UsedModel, ...]) -> ResultDocument:
        result = self._result(made, provenance)
        leaks = _leaks(made)
        self._write_leaks(made, result, leaks)
        record = self._audit(result, used)
        self._folder.json("audit.json", record.model_dump(mode="json", by_alias=True))
        self._studio.keep_record(record.model_dump_json(by_alias=True))
        self._folder.bytes("thumbnail.jpg", made.rendered.thumbnail_jpeg)
        document = ResultDocument(
            analysis="heads",
            made_by=MadeBy(kinesight=__version__, models=used, parameters=self._task.parameters.model_dump(mode="json")),
            video=self._source.reader.info,
            warnings=_warnings(made),
            result=result.model_dump(mode="json"),
        )
        fits = self._target.stat().st_size <= EMBED_BYTES
        pictures = ReportPictures(
            video_mp4=self._target.read_bytes() if fits else None, leaks_jpeg=tuple(made.findings.pictures[:MOST_PICTURES])
        )
        self._folder.text("report.html", report_page(document, result, leaks, pictures, title=self._source.name))
        # last, so that a folder with a result.json is a finished one
        self._folder.json("result.json", document.model_dump(mode="json", by_alias=True))
        return document

    def _result(self, made: _Made, provenance: Provenance) -> HeadsResult:
        rendered, chosen = made.rendered, self._task.parameters
        has_sound = chosen.keep_original_sound and self._source.reader.info.has_audio and rendered.sound_problem is None
        return HeadsResult(
            mode=chosen.mode,
            style=chosen.style,
            persons=outcomes(made.plan, self._task.heads.tracks),
            unknown_heads=len(made.plan.more_covers),
            check=made.check,
            output=Output(
                sha256=_sha256_of(self._target),
                width_px=rendered.width_px + rendered.width_px % 2,  # H.264 as browsers play it has even sides
                height_px=rendered.height_px + rendered.height_px % 2,
                frame_count=rendered.frame_count,
                has_sound=has_sound,
            ),
            provenance=provenance,
        )

    def _write_leaks(self, made: _Made, result: HeadsResult, leaks: tuple[Leak, ...]) -> None:
        for leak, picture in zip(leaks, made.findings.pictures, strict=True):
            if leak.picture is not None:
                self._folder.bytes(leak.picture, picture)
        report = LeakReport(
            video_sha256=self._source.reader.info.sha256,
            output_sha256=result.output.sha256,
            detector=made.findings.used,
            check=result.check,
            leaks=leaks,
        )
        self._folder.json("leaks.json", report.model_dump(mode="json", by_alias=True))

    def _audit(self, result: HeadsResult, used: tuple[UsedModel, ...]) -> AuditRecord:
        return AuditRecord(
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            by=self._task.by,
            kinesight=__version__,
            action=self._task.parameters.mode,
            consent=self._task.parameters.consent,
            source_sha256=self._source.reader.info.sha256,
            output_sha256=result.output.sha256,
            persons=result.persons,
            references_sha256={obj_id: reference.sha256 for obj_id, reference in sorted(self._task.references.items())},
            models=used,
        )


def _models(made: _Made, faces: Faces) -> tuple[UsedModel, ...]:
    return tuple(dict.fromkeys((*faces.used, made.findings.used)))


def _leaks(made: _Made) -> tuple[Leak, ...]:
    return tuple(
        Leak(
            frame=risk.frame,
            time_s=risk.time_s,
            box_xyxy_px=risk.xyxy_px,
            score=risk.score,
            kind=risk.kind,
            obj_id=risk.obj_id,
            picture=f"leak-{risk.frame:06d}-{number}.jpg" if number < MOST_PICTURES else None,
        )
        for number, risk in enumerate(made.findings.risks)
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


def _longest_side_px(source: VideoSource, shorter_side_px: int | None) -> int | None:
    info = source.reader.info
    shorter, longer = sorted((info.width_px, info.height_px))
    return None if shorter_side_px is None or shorter <= shorter_side_px else round(longer * shorter_side_px / shorter)


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
