"""The persons analysis against labelled videos: what was found, and how well identities were kept, by the reference scorer."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kinesight.analyses.persons.geometry import overlaps
from kinesight.analyses.persons.heads_document import store
from kinesight.analyses.persons.observations import Observations
from kinesight.analyses.persons.observe import POSE_MODEL, Footage, persons_in, watched
from kinesight.domain.ports import ObjectDetector, VideoReader
from kinesight.domain.video import Floats, Frame, VideoInfo
from kinesight.settings import Settings
from kinesight.vision.shelf import ModelShelf
from kinesight.wiring.analysing import open_reader

SEQUENCE = "TUD-Campus"

COUNTED = {
    "classroom.gif": 4,
    "egoblur-gen1-test_video.mp4": 1,
    "face-demographics-walking.gif": 2,
    "head-pose-face-detection-female-and-male.gif": 2,
    "head-pose-face-detection-male.gif": 1,
    "person-bicycle-car-detection.gif": 1,
    "store-aisle-detection.gif": 3,
}
"""Clips and the number of different persons in each, counted by eye."""

Boxes = list[list[tuple[int, Floats]]]
"""Per frame: identity and box (4,) of everybody."""


class Quiet:
    """A watch that says nothing."""

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Say nothing."""


class EveryNth:
    """A reader that skips pictures: a film of fewer pictures a second, as a camera set to that rate gives it."""

    def __init__(self, reader: VideoReader, every: int) -> None:
        self._reader = reader
        self._every = every

    @property
    def info(self) -> VideoInfo:
        """Return what is known of the whole film."""
        return self._reader.info

    def frames(self, *, longest_side_px: int | None = None) -> Generator[Frame, None, None]:
        """Yield every so manieth picture, with its number in the film of fewer pictures."""
        for frame in self._reader.frames(longest_side_px=longest_side_px):
            if frame.index % self._every == 0:
                yield replace(frame, index=frame.index // self._every)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One video analysed: what was found, and the processor seconds that looking and the rest (follow, link, heads) took."""

    observations: Observations
    footage: Footage
    looking_s: float
    linking_s: float

    @property
    def length_s(self) -> float:
        """Return how long the video plays."""
        return float(self.observations.time_s[-1] - self.observations.time_s[0])

    @property
    def fingerprint(self) -> str:
        """Return a hash of everything that was found."""
        return hashlib.sha256(json.dumps(store(self.observations), sort_keys=True).encode()).hexdigest()


def analysed(path: Path, *, threads: int = 0, every: int = 1) -> Seen:
    """Return the persons of a video with models of their own, on so many threads; 0 as installed.

    With `every` only each so manieth picture is there: a film of fewer pictures a second.
    """
    shelf = ModelShelf(Settings(threads=threads) if threads else Settings())
    several = shelf.side_by_side()
    several.person_detector(), several.faces(), several.pose(POSE_MODEL)
    reader: VideoReader = open_reader(path, Settings())
    if every > 1:
        reader = EveryNth(reader, every)
    start = time.process_time()
    footage: Footage = watched(reader, shelf, Quiet())
    middle = time.process_time()
    found = persons_in(footage, reader.info)
    return Seen(observations=found, footage=footage, looking_s=middle - start, linking_s=time.process_time() - middle)


def boxes_of(observations: Observations) -> Boxes:
    """Return everybody's boxes per frame."""
    found: Boxes = [[] for _ in observations.time_s]
    for person in observations.persons:
        for row in np.flatnonzero(person.is_there):
            found[person.first_frame + int(row)].append((person.obj_id, person.boxes_px[row]))
    return found


def truth_of(path: Path, *, frames: int) -> Boxes:
    """Return the labels of a MOTChallenge gt.txt per frame."""
    found: Boxes = [[] for _ in range(frames)]
    for row in np.loadtxt(path, delimiter=","):
        left, top, width, height = row[2:6]
        found[int(row[0]) - 1].append((int(row[1]), np.array([left, top, left + width, top + height])))
    return found


FITTED = {"track_activation_threshold": 0.25, "high_conf_det_threshold": 0.35}
"""ByteTrack's thresholds lowered to the scores that this detector gives; its defaults are for a surer one."""


def stock_tracker(reader: VideoReader, detector: ObjectDetector, **thresholds: float) -> Boxes:
    """Return what the obvious alternative finds: the same detector on every frame, and a stock ByteTrack.

    Needs the packages `trackers` and `supervision`, which only this measurement uses.
    """
    import supervision  # noqa: PLC0415 - for measuring only
    from trackers import ByteTrackTracker  # noqa: PLC0415

    tracker = ByteTrackTracker(frame_rate=reader.info.fps or 25.0, **thresholds)
    found: Boxes = []
    for frame in reader.frames():
        boxes = detector.detect(frame.rgb)
        person = np.array([label == "person" for label in boxes.label], dtype=bool)
        detections = supervision.Detections(
            xyxy=boxes.xyxy_px[person].astype(np.float32).reshape(-1, 4),
            confidence=boxes.score[person].astype(np.float32),
            class_id=np.zeros(int(person.sum()), dtype=int),
        )
        tracked = tracker.update(detections)
        ids = [] if tracked.tracker_id is None else tracked.tracker_id
        found.append([(int(one), np.asarray(box, float)) for one, box in zip(ids, tracked.xyxy, strict=True) if one >= 0])
    return found


def scores(truth: Boxes, found: Boxes) -> dict[str, float]:
    """Return HOTA, DetA, AssA and IDF1 in percent by TrackEval, and how many identities were found.

    Luiten et al., HOTA, IJCV 2021 (mean over the localisation thresholds 0.05 to 0.95); Ristani et al., 2016 (IDF1 at 0.5).
    Needs the package `trackeval`, which only this measurement uses.
    """
    from trackeval.metrics import HOTA, Identity  # noqa: PLC0415 - for measuring only

    data = _paired(truth, found)
    hota = HOTA().eval_sequence(data)
    identity = Identity({"PRINT_CONFIG": False}).eval_sequence(data)
    means = {name: 100 * float(np.mean(hota[name])) for name in ("HOTA", "DetA", "AssA")}
    return {**means, "IDF1": 100 * float(identity["IDF1"]), "ids": float(data["num_tracker_ids"])}


def _paired(truth: Boxes, found: Boxes) -> dict[str, Any]:
    names, others = ({one: number for number, one in enumerate(sorted(_ids(boxes)))} for boxes in (truth, found))
    similarity = []
    for true, seen in zip(truth, found, strict=True):
        pair = (np.array([box for _, box in boxes]).reshape(-1, 4) for boxes in (true, seen))
        similarity.append(overlaps(*pair))
    return {
        "gt_ids": [np.array([names[one] for one, _ in boxes], dtype=int) for boxes in truth],
        "tracker_ids": [np.array([others[one] for one, _ in boxes], dtype=int) for boxes in found],
        "similarity_scores": similarity,
        "num_timesteps": len(truth),
        "num_gt_ids": len(names),
        "num_tracker_ids": len(others),
        "num_gt_dets": sum(len(boxes) for boxes in truth),
        "num_tracker_dets": sum(len(boxes) for boxes in found),
    }


def _ids(boxes: Boxes) -> set[int]:
    return {one for frame in boxes for one, _ in frame}


def clips(folder: Path, names: Sequence[str], *, report: Callable[[str], None]) -> dict[str, Seen]:
    """Return the analysed clips of a folder by name; what is not there is left out."""
    found = {}
    for name in names:
        if (folder / name).is_file():
            report(name)
            found[name] = analysed(folder / name)
    return found
