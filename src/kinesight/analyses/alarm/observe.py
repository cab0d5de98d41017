"""From a video to observations: the only part of the alarm analysis that sees pictures and models."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from kinesight.analyses.alarm.boxes import overlap
from kinesight.analyses.alarm.classes import kind_of
from kinesight.analyses.alarm.evidence import ClipEvidence, Track
from kinesight.analyses.alarm.gathering import Gathered, gather
from kinesight.analyses.alarm.looking import Glimpse, look, track_at
from kinesight.analyses.alarm.medians import median_of
from kinesight.analyses.alarm.motion import Course, course_of
from kinesight.analyses.alarm.moving import SURE_NOISE
from kinesight.analyses.alarm.nuisance import nuisance_features
from kinesight.analyses.alarm.observations import Corners, Detection, Look, Mover, Observations, Trouble
from kinesight.analyses.alarm.parameters import AlarmParameters
from kinesight.analyses.alarm.places import Ground
from kinesight.analyses.alarm.plain_causes import plain_features
from kinesight.analyses.alarm.scenery import scene_of
from kinesight.analyses.alarm.seeing import evidence_of
from kinesight.analyses.alarm.slopes import slopes_of
from kinesight.domain.cameras import ParkedObject
from kinesight.domain.ports import Models, VideoReader, Watch
from kinesight.domain.video import Floats, VideoInfo

MOST_SIGHTS = 40
"""Sights of a mover that are kept; a path is as well described by forty points."""

PARKED_CHANGED = 0.12
"""Share of a named box that may change, by passers-by in front of it, while the thing itself stands still."""

BROKEN, SINGLE = 1, 2
"""Error codes: the clip breaks off or is damaged; it shows a single picture."""


def observe(reader: VideoReader, models: Models, parameters: AlarmParameters, watch: Watch) -> Observations:
    """Return what moves in a clip and what it is.

    Every frame is looked at for motion; the detector looks at a few. A clip that breaks off is judged by what was read.

    Raises
    ------
    CallerError
        As the reader, if not a single picture could be decoded.
    ModelMissing, ModelDamaged
        As `Models.detector` and `Models.encoder`.
    """
    detector, encoder = models.detector(), models.encoder()
    gathered = gather(reader, watch)
    evidence = evidence_of(gathered)
    info = reader.info
    ground = Ground(rules=parameters.camera, width_px=info.width_px, height_px=info.height_px)
    courses = [course_of(track.time_s, track.box_px / evidence.scale) for track in evidence.tracks]
    newness = [newness_of(evidence, track) for track in evidence.tracks]
    weights = np.array(
        [
            0.0 if ground.is_masked(track.box_px[len(track.frame) // 2] / evidence.scale) else _worth(track, course, new)
            for track, course, new in zip(evidence.tracks, courses, newness, strict=True)
        ]
    )
    # the detector and the features need nothing of each other, and a clip that somebody waits for has the machine to itself
    with ThreadPoolExecutor(max_workers=1) as beside:
        counted = beside.submit(lambda: nuisance_features(evidence, encoder) | plain_features(evidence))
        glimpses = look(evidence, gathered.colour, detector, weights)
        detections = tuple(detection for glimpse in glimpses for detection in _detections(glimpse, evidence))
        features = counted.result()
    return Observations(
        video=info,
        decoded=gathered.decoded,
        duration_s=round(gathered.last_s - float(gathered.time_s[0]), 4),
        models=(detector.used, encoder.used),
        movers=tuple(_mover(track, evidence, new) for track, new in zip(evidence.tracks, newness, strict=True)),
        detections=detections,
        looks=tuple(_look(glimpse) for glimpse in glimpses),
        features={name: round(value, 5) if np.isfinite(value) else None for name, value in features.items()},
        text_changes=round(evidence.overlay_changes, 4),
        scene=scene_of(evidence.background, light=evidence.light, parked=_parked(detections, info)),
        trouble=_trouble(gathered, info),
    )


def newness_of(evidence: ClipEvidence, track: Track) -> float:
    """Return how much of the structure in a track's boxes was not there before, 0..1.

    The gradient of the frame less that of the background, over the sum of both: light that changes scales the gradients that are
    there, a body brings its own and hides those behind it.
    """
    chosen = np.unique(np.linspace(0, len(track.frame) - 1, 5).round().astype(int))
    values = []
    for sight in chosen:
        left, top, right, bottom = (int(side) for side in track.box_px[sight])
        part = (slice(max(0, top - 1), bottom + 1), slice(max(0, left - 1), right + 1))
        before = evidence.background[part]
        now = np.asarray(evidence.grey[track.frame[sight]][part], np.float32)
        if min(now.shape) < 3:
            continue
        was, seen = slopes_of(before), slopes_of(now)
        different, were, are = (float(np.mean(np.hypot(field[0], field[1]))) for field in (seen - was, was, seen))
        values.append(max(0.0, different - 2.0) / (were + are + 2.0))
    return float(np.clip(median_of(values), 0.0, 1.0)) if values else 0.0


def _worth(track: Track, course: Course, newness: float) -> float:
    """Return how much it is worth to have a track named: strong, lasting, going somewhere, and not mere light."""
    weight = float(np.mean(track.strength) / 10.0) * float(np.sqrt(np.mean(track.area_px) / 100.0))
    goes = 0.25 + min(1.0, course.gone_sizes / 2.0) * course.straightness
    lasts = min(1.0, 0.3 + course.life_s)
    return float(min(weight, 3.0) * goes * lasts * np.clip(newness / 0.25, 0.1, 1.0))


def _detections(glimpse: Glimpse, evidence: ClipEvidence) -> list[Detection]:
    frame = glimpse.glance.frame
    at = int(np.argmin(np.abs(evidence.time_s - frame.time_s)))
    found = []
    for box, score, label in zip(glimpse.found.xyxy_px, glimpse.found.score.tolist(), glimpse.found.label, strict=True):
        if kind_of(label) is None and score < 0.35:
            continue
        small = box * (evidence.scale / frame.scale)
        left, top, right, bottom = (int(side) for side in np.rint(small))
        window = (slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1)))
        part, flicker = evidence.change[at][window], evidence.noise[window]
        found.append(
            Detection(
                time_s=frame.time_s,
                label=label,
                score=round(score, 3),
                box_px=_corners(box / frame.scale),
                changed=round(float(np.mean(part >= SURE_NOISE)) if part.size else 0.0, 3),
                flicker=round(float(np.median(flicker)) if flicker.size else 0.0, 2),
                mover=track_at(evidence, small, frame.time_s),
            )
        )
    return found


def _mover(track: Track, evidence: ClipEvidence, newness: float) -> Mover:
    chosen = np.unique(np.linspace(0, len(track.frame) - 1, MOST_SIGHTS).round().astype(int))
    boxes = track.box_px[chosen] / evidence.scale
    size = np.maximum(np.prod(track.box_px[chosen, 2:] - track.box_px[chosen, :2], axis=1), 1.0)
    return Mover(
        time_s=tuple(round(time_s, 3) for time_s in track.time_s[chosen].tolist()),
        box_px=tuple(_corners(box) for box in boxes),
        filled=tuple(round(share, 3) for share in np.minimum(track.area_px[chosen] / size, 1.0).tolist()),
        strength=tuple(round(strength, 1) for strength in track.strength[chosen].tolist()),
        newness=round(newness, 3),
        clearness=round(clearness_of(track), 2),
        sights=len(track.frame),
    )


def clearness_of(track: Track) -> float:
    """Return how far a track stands out of the noise, in noise units; a patch of fewer than 25 pixels counts less."""
    weight = min(2.0, float(np.sqrt(np.median(track.area_px) / 25.0)))
    return float(np.percentile(track.strength, 75)) * weight


def _look(glimpse: Glimpse) -> Look:
    region = np.array(glimpse.glance.region, dtype=np.float64) / glimpse.glance.frame.scale
    return Look(time_s=glimpse.glance.frame.time_s, region_px=_corners(region), movers=glimpse.tracks)


def _corners(box: Floats) -> Corners:
    left, top, right, bottom = (round(float(side), 1) for side in box)
    return left, top, right, bottom


def _parked(detections: tuple[Detection, ...], info: VideoInfo) -> tuple[ParkedObject, ...]:
    size = np.array([info.width_px, info.height_px] * 2, dtype=np.float64)
    parked: list[ParkedObject] = []
    boxes: list[Floats] = []
    for detection in sorted(detections, key=lambda detection: -detection.score):
        kind = kind_of(detection.label)
        box = np.array(detection.box_px)
        if kind is None or detection.score < 0.3 or detection.changed > PARKED_CHANGED or len(parked) >= 64:
            continue
        if any(overlap(box, other) > 0.5 for other in boxes):
            continue
        boxes.append(box)
        left, top, right, bottom = (float(share) for share in np.clip(np.round(box / size, 4), 0.0, 1.0))
        parked.append(ParkedObject(label=kind, box=(left, top, right, bottom)))
    return tuple(parked)


def _trouble(gathered: Gathered, info: VideoInfo) -> Trouble | None:
    if gathered.decoded < 2:
        return Trouble(code=SINGLE, message="The clip shows a single picture: nothing can be said about what moves.")
    if gathered.problem is not None:
        return Trouble(
            code=BROKEN, message=f"The clip could be read for {gathered.last_s:.1f} s only: {gathered.problem.message}"
        )
    if info.readable_s is not None:
        return Trouble(code=BROKEN, message=f"The clip breaks off or is damaged: {info.readable_s:.1f} s could be read.")
    return None
