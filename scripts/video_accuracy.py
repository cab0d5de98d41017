"""Measure what can be measured on real video and write the last tables of docs/accuracy.md.

    kinesight analyze running camNN.mp4 --out FOLDER/camNN        for 01 to 04; the clips are refused, but leave poses.json
    kinesight analyze running sprint-side.mp4 --out FOLDER/sprint
    python scripts/video_accuracy.py FOLDER

FOLDER also holds Calib.qca.txt. The four clips and the calibration are the single-person demo of the package pose2sim 0.10.49 on
PyPI (Pose2Sim/Demo_SinglePerson), sprint-side.mp4 is the sample of that name. Everything is measured from the stored poses.
"""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.observations import restore
from kinesight.analyses.running.parameters import RunningParameters

Floats = NDArray[np.float64]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "accuracy.md"
START, END = "<!-- video: written by scripts/video_accuracy.py -->", "<!-- end of video -->"
CAMERAS = ("cam01", "cam02", "cam03", "cam04")
SUB_PIXELS = 64.0
FEWEST_LANDINGS = 4
JOINTS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "heel", "big_toe")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """A camera: `matrix` (3, 4) takes metres to undistorted normalised picture coordinates."""

    matrix: Floats
    focal_px: Floats
    centre_px: Floats
    radial: tuple[float, float]
    tangential: tuple[float, float]

    def normalised(self, xy_px: Floats) -> Floats:
        """Return (..., 2) pixels without distortion and in units of the focal length (fixed-point inversion)."""
        seen = (xy_px - self.centre_px) / self.focal_px
        plain = seen.copy()
        for _ in range(8):
            x, y = plain[..., :1], plain[..., 1:]
            square = x * x + y * y
            across = 2 * self.tangential[0] * x * y + self.tangential[1] * (square + 2 * x * x)
            along = self.tangential[0] * (square + 2 * y * y) + 2 * self.tangential[1] * x * y
            plain = (seen - np.concatenate([across, along], axis=-1)) / (1 + self.radial[0] * square + self.radial[1] * square**2)
        return plain


def main() -> int:
    folder = Path(sys.argv[1])
    text = "\n".join([*agreement(folder), "", *regularity(folder / "sprint" / "poses.json")])
    print(text)
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(f"{page.split(START)[0]}{START}\n\n{text}\n\n{END}{page.split(END)[1]}", encoding="utf-8")
    return 0


def read_calibration(path: Path) -> list[Calibrated]:
    """Return the cameras of a QTM calibration file: millimetres, sub-pixels, rows of the rotation are the camera's axes."""
    cameras = []
    for entry in ET.parse(path).getroot().findall("cameras/camera"):  # noqa: S314 (a file of one's own)
        place, lens = entry.find("transform"), entry.find("intrinsic")
        if place is None or lens is None:
            raise SystemExit(f"{path} holds a camera without transform or intrinsic.")
        rotation = np.array([[float(place.attrib[f"r{row}{column}"]) for column in (1, 2, 3)] for row in (1, 2, 3)])
        # QTM cameras look along their -z with y up, pictures have y down
        rotation = np.diag([1.0, -1.0, -1.0]) @ rotation
        position = np.array([float(place.attrib[axis]) for axis in "xyz"]) / 1000
        numbers = {name: float(value) for name, value in lens.attrib.items()}
        cameras.append(
            Calibrated(
                matrix=np.hstack([rotation, (-rotation @ position)[:, None]]),
                focal_px=np.array([numbers["focalLengthU"], numbers["focalLengthV"]]) / SUB_PIXELS,
                centre_px=np.array([numbers["centerPointU"], numbers["centerPointV"]]) / SUB_PIXELS,
                radial=(numbers["radialDistortion1"], numbers["radialDistortion2"]),
                tangential=(numbers["tangentalDistortion1"], numbers["tangentalDistortion2"]),
            )
        )
    return cameras


def agreement(folder: Path) -> list[str]:
    """Return how far each camera's points are from where the other three cameras' points put them."""
    cameras = read_calibration(folder / "Calib.qca.txt")
    tracks = [restore(json.loads((folder / name / "poses.json").read_text())).track for name in CAMERAS]
    frames = min(len(track.time_s) for track in tracks)
    lines = [
        "**2D points against three other cameras** (a man who walks on a treadmill, 4 cameras, 60 fps; 3D from the other three)",
        "",
    ]
    lines += ["| point | median, mm | 90 % within, mm | without each camera's usual offset: median, mm | frames |"]
    lines += ["| --- | ---: | ---: | ---: | ---: |"]
    for joint in JOINTS:
        off = np.concatenate(
            [
                _off_mm(cameras, [track.point(f"{side}_{joint}")[:frames] for track in tracks], left_out)
                for side in ("left", "right")
                for left_out in range(len(cameras))
            ]
        )
        size, steady = np.hypot(*off[:, :2].T), np.hypot(*off[:, 2:].T)
        lines.append(
            f"| {joint.replace('_', ' ')} | {np.median(size):.0f} | {np.percentile(size, 90):.0f} "
            f"| {np.median(steady):.0f} | {len(size)} |"
        )
    return lines


def _off_mm(cameras: list[Calibrated], paths_px: list[Floats], left_out: int) -> Floats:
    """Return (frames, 4) millimetres at the runner's distance: off the others' point, and the same without its median."""
    seen = [camera.normalised(path) for camera, path in zip(cameras, paths_px, strict=True)]
    others = [index for index in range(len(cameras)) if index != left_out]
    off = []
    for frame in range(len(seen[0])):
        if not all(np.isfinite(path[frame]).all() for path in seen):
            continue
        rows = [seen[i][frame, axis] * cameras[i].matrix[2] - cameras[i].matrix[axis] for i in others for axis in (0, 1)]
        point = np.linalg.svd(np.array(rows))[2][-1]
        across, along, depth_m = cameras[left_out].matrix @ (point / point[3])
        off.append(1000 * depth_m * (seen[left_out][frame] - np.array([across, along]) / depth_m))
    found = np.array(off).reshape(-1, 2)
    return np.concatenate([found, found - np.median(found, axis=0)], axis=1)


def regularity(path: Path) -> list[str]:
    """Return how evenly the numbers of the sprint clip repeat from stride to stride."""
    findings = analyse(restore(json.loads(path.read_text())), RunningParameters())
    strides = findings.details.strides
    lines = [f"**Stride to stride on the sprint clip** (30 fps, side view, {len(strides)} landings)", ""]
    if len(strides) < FEWEST_LANDINGS:
        return [
            *lines,
            f"Fewer than {FEWEST_LANDINGS} landings are visible before the runner is gone: no regularity can be measured.",
        ]
    lines += ["| number | middle | spread over strides | n |", "| --- | ---: | ---: | ---: |"]
    rows = [("step time, ms", 1000.0, [stride.step_s for stride in strides])]
    rows += [("contact time, ms", 1000.0, [stride.contact_s for stride in strides])]
    for name in ("front_knee_deg", "back_knee_deg", "foot_strike_deg", "overstride_deg"):
        title = f"{name.removesuffix('_deg').replace('_', ' ')} at contact, °"
        rows.append((title, 1.0, [getattr(stride.initial_contact, name) for stride in strides]))
    for title, factor, values in rows:
        known = factor * np.array([value for value in values if np.isfinite(value)])
        if len(known):
            spread = np.median(np.abs(known - np.median(known)))
            lines.append(f"| {title} | {np.median(known):.1f} | {spread:.1f} | {len(known)} |")
    repaired = findings.result
    lines += [
        "",
        f"Repaired in it: {repaired.swaps_repaired} exchanges of sides, {repaired.outliers_removed} points that jumped, ",
    ]
    lines[-1] += f"{repaired.gaps_filled} gaps and {repaired.detours_corrected} detours by the other strides."
    return lines


if __name__ == "__main__":
    sys.exit(main())
