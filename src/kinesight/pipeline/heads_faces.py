"""The faces of a replacement: references checked, faces of the video followed, and what goes where in every frame."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np

from kinesight.analyses.heads.covers import fill
from kinesight.analyses.heads.mesh import SURE, MeshTrack, face_width_px, reach, smooth_shots, turned_deg
from kinesight.analyses.heads.plan import FacePlan
from kinesight.analyses.heads.tone import SKIN, reference_face, tones_over_time
from kinesight.domain.document import UsedModel
from kinesight.domain.errors import NoFaceInReference, ReferenceTooSmall, ReferenceTurnedAway, SeveralFacesInReference
from kinesight.domain.heads import MESH_POINTS, FaceMesh, FacePaster, HeadMap, Patch, ReferenceFace
from kinesight.domain.people import Roi
from kinesight.domain.ports import Watch
from kinesight.domain.video import Floats, Frame, Image
from kinesight.pipeline.heads_render import HeadStudio, refuse_other_stamps
from kinesight.pipeline.run import VideoSource

REFERENCE_PX = 640
"""Longest side at which a reference is searched for faces."""

SURE_FACE = 0.5
"""Least score of a face of a reference, and of one that a mesh is started from."""

SECOND_FACE = 0.25
"""A second face counts from this share of the first one's width on: faces in the background do not."""

LEAST_REFERENCE_PX = 64.0
"""Width of the smallest reference face; put onto a face twice as large it is only a blur."""

MOST_REFERENCE_YAW_DEG = 22.0

CROP_PX = 192
"""Longest side at which the surroundings of a head are searched for its face."""

AROUND = 0.4
"""How far those surroundings reach beyond the head, in its size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """The new faces by person: what goes where, and what puts it there."""

    plans: Mapping[int, FacePlan] = field(default_factory=dict)
    pasters: Mapping[int, FacePaster] = field(default_factory=dict)
    used: tuple[UsedModel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedReference:
    """A reference ready to be put on, with its own mesh (points, 3)."""

    face: ReferenceFace
    mesh_px: Floats


def check_reference(rgb: Image, *, name: str, studio: HeadStudio) -> CheckedReference:
    """Return a reference picture's face.

    Raises
    ------
    NoFaceInReference, SeveralFacesInReference, ReferenceTooSmall, ReferenceTurnedAway
        It cannot be used.
    """
    found = studio.faces().detect(rgb, longest_side_px=REFERENCE_PX)
    sure = np.flatnonzero(found.score >= SURE_FACE)
    if len(sure) == 0:
        raise NoFaceInReference(f"No face was found in {name}; send a clear picture of one face from the front.")
    widths = found.xyxy_px[sure, 2] - found.xyxy_px[sure, 0]
    largest = int(np.argmax(widths))
    if np.count_nonzero(widths >= SECOND_FACE * widths[largest]) > 1:
        raise SeveralFacesInReference(f"{name} shows more than one face; cut it to the one that is meant.")
    model = studio.face_mesh()
    mesh = model.estimate(rgb, model.roi_of_face(found.points_px[sure[largest]]))
    mesh = model.estimate(rgb, mesh.next_roi)
    if mesh.presence < SURE:
        raise NoFaceInReference(f"No face was found in {name}; send a clear picture of one face from the front.")
    width_px = float(face_width_px(mesh.points_px))
    if width_px < LEAST_REFERENCE_PX:
        raise ReferenceTooSmall(
            f"The face in {name} is {width_px:.0f} px wide; send one of at least {LEAST_REFERENCE_PX:.0f} px."
        )
    yaw, _ = turned_deg(mesh.points_px)
    if abs(float(yaw)) > MOST_REFERENCE_YAW_DEG:
        raise ReferenceTurnedAway(f"The face in {name} is turned by {abs(float(yaw)):.0f}°; send one from the front.")
    colours = studio.skin(rgb, mesh.points_px[SKIN, :2])
    return CheckedReference(face=reference_face(rgb, mesh.points_px[:, :2], colours), mesh_px=mesh.points_px)


def find_faces(
    heads: HeadMap, references: Mapping[int, CheckedReference], source: VideoSource, *, studio: HeadStudio, watch: Watch
) -> Faces:
    """Return the new faces of the persons that get one: their faces are followed through the video and matched."""
    if not references:
        return Faces()
    tracks = {track.obj_id: track for track in heads.tracks}
    followers = {
        obj_id: _Follower(fill(tracks[obj_id].head_xyxy_px, heads.time_s, hold_s=0.0), studio=studio) for obj_id in references
    }
    with closing(source.reader.frames()) as frames:
        for frame in frames:
            refuse_other_stamps(frame, heads.time_s)
            watch.progress("observe", frame.index, len(heads.time_s))
            for follower in followers.values():
                follower.see(frame)
    watch.progress("observe", len(heads.time_s), len(heads.time_s))
    plans = {obj_id: _plan(followers[obj_id], reference, heads) for obj_id, reference in references.items()}
    return Faces(
        plans=plans,
        pasters={obj_id: studio.open_paster(reference.face) for obj_id, reference in references.items()},
        used=(studio.faces().used, studio.face_mesh().used, studio.segmenter().used),
    )


class _Follower:
    """Follows the face of one head: by its own last region, or found anew where that fails."""

    def __init__(self, heads_px: Floats, *, studio: HeadStudio) -> None:
        frames = len(heads_px)
        self._heads_px = heads_px
        self._studio = studio
        self._model = studio.face_mesh()
        self._roi: Roi | None = None
        self.points_px = np.full((frames, MESH_POINTS, 3), np.nan)
        self.presence = np.zeros(frames)
        self.colours = np.full((frames, len(SKIN), 3), np.nan)

    def see(self, frame: Frame) -> None:
        """Take the next frame."""
        head = self._heads_px[frame.index]
        mesh = None if np.isnan(head[0]) else self._mesh(frame.rgb, head)
        self._roi = None if mesh is None else mesh.next_roi
        if mesh is not None:
            self.points_px[frame.index] = mesh.points_px
            self.presence[frame.index] = mesh.presence
            self.colours[frame.index] = self._studio.skin(frame.rgb, mesh.points_px[SKIN, :2])

    def _mesh(self, rgb: Image, head: Floats) -> FaceMesh | None:
        if self._roi is not None:
            mesh = self._model.estimate(rgb, self._roi)
            if mesh.presence >= SURE and _lies_in(mesh, head):
                return mesh
        roi = self._found(rgb, head)
        if roi is None:
            return None
        mesh = self._model.estimate(rgb, self._model.estimate(rgb, roi).next_roi)
        return mesh if mesh.presence >= SURE and _lies_in(mesh, head) else None

    def _found(self, rgb: Image, head: Floats) -> Roi | None:
        """Return the region of the face that lies nearest to the middle of the head; None where there is none."""
        height, width = rgb.shape[:2]
        reach_px = (1 + 2 * AROUND) * (head[2:] - head[:2]) / 2
        centre = (head[:2] + head[2:]) / 2
        low = np.clip(np.floor(centre - reach_px), 0, [width - 1, height - 1]).astype(int)
        high = np.clip(np.ceil(centre + reach_px), low + 1, [width, height]).astype(int)
        found = self._studio.faces().detect(rgb[low[1] : high[1], low[0] : high[0]], longest_side_px=CROP_PX)
        sure = np.flatnonzero(found.score >= SURE_FACE)
        if len(sure) == 0:
            return None
        middles = (found.xyxy_px[sure, :2] + found.xyxy_px[sure, 2:]) / 2 + low
        nearest = sure[int(np.argmin(np.hypot(*(middles - centre).T)))]
        return self._model.roi_of_face(found.points_px[nearest] + low)


def _lies_in(mesh: FaceMesh, head: Floats) -> bool:
    """Return whether the middle of a mesh lies in a head's box, a quarter of its size around."""
    middle = mesh.points_px[:, :2].mean(axis=0)
    margin = (head[2:] - head[:2]) / 4
    return bool((middle >= head[:2] - margin).all() and (middle <= head[2:] + margin).all())


def _plan(follower: _Follower, reference: CheckedReference, heads: HeadMap) -> FacePlan:
    followed = MeshTrack(time_s=heads.time_s, points_px=follower.points_px, presence=follower.presence)
    track = smooth_shots(followed, heads.shot)
    in_reach, why = reach(track, reference.mesh_px)
    tones = tones_over_time(track, follower.colours, reference.face, shot=heads.shot)
    patches = tuple(
        Patch(points_px=track.points_px[frame], tone=tones[frame])
        if in_reach[frame] and np.isfinite(tones[frame]).all()
        else None
        for frame in range(len(heads.time_s))
    )
    return FacePlan(patches=patches, why=why)
