"""Measures head tasks: hiding against `deface` on the same clips in one run, and how steadily a replaced face sits.

    python scripts/measure_heads.py CLIP... [--deface PATH/TO/bin/deface] [--reference FACE.jpg]

`deface` (PyPI, MIT) is used for measuring only and stays in an environment of its own. Times are of whole processes, wall clock
and processor, one after the other; the map of persons is made before and not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinesight.analyses.heads.mesh import MeshTrack, smooth_mesh
from kinesight.cli.progress import terminal_watch
from kinesight.domain.video import Floats, Image
from kinesight.media.writer import open_video_writer
from kinesight.pipeline.heads_inputs import read_heads
from kinesight.settings import load_settings
from kinesight.testing.heads_map import heads_document
from kinesight.vision.shelf import ModelShelf
from kinesight.wiring.analysing import open_reader
from kinesight.wiring.heads import change_heads, head_studio, parse_heads_parameters

FACES_BY_DEFACE = """
import json, sys
import imageio.v2 as imageio
from deface.centerface import CenterFace
finder = CenterFace(in_shape=None, backend="auto")
print(json.dumps([len(finder(frame, threshold=0.2)[0]) for frame in imageio.get_reader(sys.argv[1])]))
"""
"""Counts faces in every frame with deface's own detector at its own threshold."""


def timed(command: list[str], environment: dict[str, str] | None = None) -> tuple[float, float]:
    """Run a command; return wall and processor seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **(environment or {})})
    wall_s = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def as_mp4(clip: Path, folder: Path) -> Path:
    """Return the clip as a file that both programs read: deface takes no GIF."""
    if clip.suffix != ".gif":
        return clip
    target = folder / f"{clip.stem}.mp4"
    frames = open_reader(clip, load_settings()).frames()
    first = next(frames)
    height, width = first.rgb.shape[:2]
    with open_video_writer(target, width_px=width, height_px=height) as writer:
        for frame in chain([first], frames):
            writer.write(frame.rgb, time_s=frame.index / 25)  # deface doubles frames of uneven stamps
    return target


def map_of(clip: Path, folder: Path) -> Path:
    """Write a map of the clip's heads and return its result.json: `kinesight analyze persons` if there is one, else faces."""
    command = [sys.executable, "-m", "kinesight", "analyze", "persons", str(clip), "--out", str(folder), "--quiet"]
    if subprocess.run(command, check=False, capture_output=True).returncode == 0:
        return folder / "result.json"
    settings = load_settings()
    document = heads_document(open_reader(clip, settings), ModelShelf(settings).faces().detect)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "heads.json").write_text(json.dumps(document))
    (folder / "result.json").write_text("{}")
    return folder / "result.json"


def hiding(clip: Path, persons: Path, folder: Path, deface: Path | None) -> None:
    """Print times and faces that can still be found, ours beside those of deface."""
    ours = folder / "hidden"
    kinesight = [sys.executable, "-m", "kinesight", "heads"]
    times = timed([*kinesight, "anonymize", str(clip), "--persons", str(persons), "--out", str(ours), "--quiet"])
    check = json.loads((ours / "result.json").read_text())["result"]["check"]
    print(f"  hide: {times[0]:.1f} s wall, {times[1]:.1f} s processor, search of the output included; {check}")
    if deface is None:
        return
    theirs = folder / "deface.mp4"
    other = timed([str(deface), str(clip), "-o", str(theirs)])
    ratios = f"{other[0] / times[0]:.2f}, {other[1] / times[1]:.2f} times ours"
    print(f"  deface: {other[0]:.1f} s wall, {other[1]:.1f} s processor; {ratios}")
    for name, path in (("ours", ours / "output.mp4"), ("deface", theirs), ("source", clip)):
        done = subprocess.run(
            [str(deface.with_name("python")), "-c", FACES_BY_DEFACE, str(path)], check=True, capture_output=True, text=True
        )
        counts = json.loads(done.stdout.splitlines()[-1])
        frames = f"{sum(count > 0 for count in counts)} of {len(counts)} frames"
        print(f"  deface's detector finds {sum(counts)} faces in {frames}: {name}", flush=True)


def meshes(frames: list[Image], boxes: Floats) -> Floats:
    """Return the mesh of the face in every frame (frames, points, 2) found anew in each, NaN where there is none."""
    shelf = ModelShelf(load_settings())
    faces, mesh = shelf.faces(), shelf.face_mesh()
    found = []
    for picture, box in zip(frames, boxes, strict=True):
        seen = faces.detect(picture)
        middle = (seen.xyxy_px[:, :2] + seen.xyxy_px[:, 2:]) / 2
        inside = np.flatnonzero(((middle >= box[:2]) & (middle <= box[2:])).all(axis=1) & (seen.score >= 0.4))
        points = np.full((468, 3), np.nan)
        if len(inside):
            first = mesh.estimate(picture, mesh.roi_of_face(seen.points_px[inside[0]]))
            points = mesh.estimate(picture, first.next_roi).points_px
        found.append(points)
    return np.array(found)


class Tap:
    """Opens writers, and compares what is written through them with the source before it is encoded.

    `worst` is the largest difference of any pixel outside twice the head; `squares` and `pixels` are for a signal-to-noise ratio.
    """

    def __init__(self, open_writer: Any, clip: Path, boxes: Floats) -> None:
        self._open_writer, self._clip, self._boxes = open_writer, clip, boxes
        self.worst, self.squares, self.pixels = 0, 0.0, 0

    @contextmanager
    def __call__(self, path: Path, **options: Any) -> Iterator[Any]:
        """Return a writer that is listened to."""
        with self._open_writer(path, **options) as writer:
            self._frames, write = open_reader(self._clip, load_settings()).frames(), writer.write
            writer.write = lambda rgb, *, time_s: (self._see(rgb), write(rgb, time_s=time_s))
            yield writer

    def _see(self, rgb: Image) -> None:
        frame = next(self._frames)
        away = np.abs(frame.rgb.astype(int) - rgb)[outside(frame.rgb, self._boxes[frame.index])]
        self.worst = max(self.worst, int(away.max(initial=0)))
        self.squares, self.pixels = self.squares + float((away**2).sum()), self.pixels + away.size


def heads_over_time(heads: Mapping[str, Any], obj_id: int) -> Floats:
    """Return the boxes of one head in every frame, (frames, 4), NaN where there is none."""
    found = next(one for one in heads["persons"] if one["obj_id"] == obj_id)
    boxes = np.full((len(heads["time_s"]), 4), np.nan)
    for row, box in enumerate(found["head_xyxy_px"]):
        if box is not None:
            boxes[found["first_frame"] + row] = box
    return boxes


def replacing(clip: Path, persons: Path, folder: Path, reference: Path, obj_id: int) -> None:
    """Print how well a replaced face sits: its way against the true face's from frame to frame, and the picture around it."""
    heads, settings, out = read_heads(persons), load_settings(), folder / f"replaced-{obj_id}"
    boxes = heads_over_time(heads, obj_id)
    studio = head_studio(settings)
    tap = Tap(studio.open_writer, clip, boxes)
    wanted = {"mode": "replace", "replace": (obj_id,), "consent": "measuring only", "visible_mark": False}
    with terminal_watch(quiet=True) as watch:
        document = change_heads(
            clip,
            out,
            persons=persons,
            parameters=parse_heads_parameters(wanted),
            references={obj_id: reference},
            by="measuring",
            watch=watch,
            settings=settings,
            studio=replace(studio, open_writer=tap),
        )
    person = next(one for one in document.result["persons"] if one["obj_id"] == obj_id)
    source, output = ([frame.rgb for frame in open_reader(path, settings).frames()] for path in (clip, out / "output.mp4"))
    before, after = (
        meshes(source, boxes),
        meshes([picture[: source[0].shape[0], : source[0].shape[1]] for picture in output], boxes),
    )
    is_new = np.zeros(len(source), dtype=bool)
    for stretch in person["replaced"]:
        is_new[stretch["first_frame"] : stretch["last_frame"] + 1] = True
    why = sorted({one["why"] for one in person["fallback"]})
    print(f"  person {obj_id}: replaced in {is_new.sum()} of {len(is_new)} frames; hidden instead because {why}")
    steps = jumps(before, after, is_new, np.array(heads["time_s"]))
    if len(steps):
        print(
            "  way of the new face against the old: "
            f"median {np.median(steps):.2f}, 99 % {np.quantile(steps, 0.99):.2f}, most {steps.max():.2f} px in {len(steps)} steps"
        )
    psnr = outside_psnr(source, output, boxes)
    before_db = "no pixel changes" if tap.worst == 0 else f"{10 * np.log10(255**2 * tap.pixels / tap.squares):.1f} dB"
    print(f"  outside twice the head: before encoding {before_db}, in the file {psnr:.1f} dB", flush=True)


def jumps(before: Floats, after: Floats, is_new: np.ndarray, time_s: Floats) -> Floats:
    """Return how far the new face moves from frame to frame relative to the old one, in pixels, where both are found.

    The place of a face is the mean of its mesh. What one frame's detection is off by shows in both; the old face's is smoothed.
    """
    presence = np.isfinite(before[:, 0, 0]).astype(float)
    smooth = smooth_mesh(MeshTrack(time_s=time_s, points_px=before, presence=presence)).points_px
    offset = after[:, :, :2].mean(axis=1) - smooth[:, :, :2].mean(axis=1)
    both = is_new[1:] & is_new[:-1] & np.isfinite(offset[1:, 0]) & np.isfinite(offset[:-1, 0])
    return np.asarray(np.hypot(*np.diff(offset, axis=0)[both].T))


def outside_psnr(source: list[Image], output: list[Image], boxes: Floats) -> float:
    """Return the peak signal-to-noise ratio outside boxes twice as large as the head, over all frames."""
    errors = []
    for first, second, box in zip(source, output, boxes, strict=True):
        there = outside(first, box)
        errors.append(float(np.mean((first[there].astype(float) - second[: first.shape[0], : first.shape[1]][there]) ** 2)))
    return float(10 * np.log10(255**2 / np.mean(errors)))


def outside(rgb: Image, box: Floats) -> NDArray[np.bool_]:
    """Return which pixels lie outside twice the head."""
    there = np.ones(rgb.shape[:2], dtype=bool)
    if np.isfinite(box[0]):
        centre, half = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
        low, high = np.maximum(centre - half, 0).astype(int), np.maximum(centre + half, 0).astype(int)
        there[low[1] : high[1], low[0] : high[0]] = False
    return there


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--deface", type=Path, help="the command of an environment with deface")
    parser.add_argument("--reference", type=Path, help="a face to put on person 0 and, in a second run, on person 1")
    parser.add_argument("--no-hiding", action="store_true", help="measure replacing only")
    given = parser.parse_args()
    for clip in given.clips:
        print(clip.name, flush=True)
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            video = as_mp4(clip, folder)
            persons = map_of(video, folder / "persons")
            if not given.no_hiding:
                hiding(video, persons, folder, given.deface)
            ids = [one["obj_id"] for one in read_heads(persons)["persons"]][:2] if given.reference else []
            for obj_id in ids:
                replacing(video, persons, folder, given.reference, obj_id)


if __name__ == "__main__":
    main()
