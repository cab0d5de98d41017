"""The faces of a replacement: references checked, faces of the video followed, and what goes where in every frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kinesight.analyses.heads.plan import FacePlan
from kinesight.domain.document import UsedModel
from kinesight.domain.heads import FacePaster, HeadMap
from kinesight.domain.ports import Watch
from kinesight.domain.video import Image
from kinesight.pipeline.heads_render import HeadStudio
from kinesight.pipeline.run import VideoSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """The new faces by person: what goes where, and what puts it there."""

    plans: Mapping[int, FacePlan] = field(default_factory=dict)
    pasters: Mapping[int, FacePaster] = field(default_factory=dict)
    used: tuple[UsedModel, ...] = ()


def find_faces(
    heads: HeadMap, references: Mapping[int, Image], source: VideoSource, *, studio: HeadStudio, watch: Watch
) -> Faces:
    """Return the new faces of the persons that get one."""
    return Faces()
