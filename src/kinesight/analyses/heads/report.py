"""The report of a head task: the output, what was done to whom, what can still be seen, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kinesight.analyses.heads.result import HeadsResult, Leak, Range
from kinesight.domain.document import ResultDocument
from kinesight.pages.frame import data_url, page

WHY = {
    "turned_away": "the head is turned too far",
    "not_found": "no face is seen",
    "too_small": "the face is too small",
    "brief": "it could be reached too briefly",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPictures:
    """What the page shows: the output, None if too large to embed, and the pictures of the first leaks in their order."""

    video_mp4: bytes | None
    leaks_jpeg: tuple[bytes, ...]


def report_page(
    document: ResultDocument, result: HeadsResult, leaks: Sequence[Leak], pictures: ReportPictures, *, title: str
) -> str:
    """Return the report as one self-contained HTML file."""
    shown = [(leak, data_url(jpeg, media_type="image/jpeg")) for leak, jpeg in zip(leaks, pictures.leaks_jpeg, strict=False)]
    return page(
        package="kinesight.analyses.heads",
        template="report.html",
        title=title,
        result=result,
        persons=[_row(person.obj_id, result) for person in result.persons],
        warnings=document.warnings,
        video=data_url(pictures.video_mp4, media_type="video/mp4") if pictures.video_mp4 else None,
        leaks=shown,
        unshown=leaks[len(shown) :],
        facts=document.video,
        models=document.made_by.models,
        parameters=[(name, str(value)) for name, value in sorted(document.made_by.parameters.items()) if value is not None],
    )


def _row(obj_id: int, result: HeadsResult) -> dict[str, str]:
    person = next(person for person in result.persons if person.obj_id == obj_id)
    hidden = _spans(person.covered)
    fallback = "; ".join(f"{_span(gap)}: {WHY[gap.why]}" for gap in person.fallback)
    return {
        "name": f"Person {obj_id}",
        "action": person.action,
        "hidden": hidden or "–",
        "replaced": _spans(person.replaced) or "–",
        "fallback": fallback or "–",
    }


def _spans(stretches: Sequence[Range]) -> str:
    return ", ".join(_span(stretch) for stretch in stretches)


def _span(stretch: Range) -> str:
    return f"{stretch.first_s:.2f}–{stretch.last_s:.2f} s"
