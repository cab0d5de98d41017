"""Measures speed and memory of a running analysis on 1080p clips; every ratio comes from one process and one run.

The clips are made from the real samples: a man who walks on a treadmill, played to and fro (one person in every frame; the
analysis refuses him at the end, so that nothing is drawn), and the sprint with its passers-by.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path

import av
import numpy as np

from kinesight.domain.errors import SceneError
from kinesight.domain.people import PoseEstimate, Roi
from kinesight.domain.ports import Models, PoseModel
from kinesight.domain.video import Image
from kinesight.pipeline.run import Run, VideoSource
from kinesight.settings import load_settings
from kinesight.wiring.analysing import fetch_models, fetch_samples, open_reader, parse_parameters, studio
from kinesight.wiring.catalogue import analysis_named

POSE_RUNS = 40


class StageWatch:
    """Notes when each stage began and when it was last heard of."""

    def __init__(self) -> None:
        self.began: dict[str, float] = {}
        self.last: dict[str, float] = {}
        self.frames = 0

    def progress(self, stage: str, done: int, total: int | None) -> None:  # noqa: ARG002 - the port's signature
        """Note the first and the last call of every stage."""
        self.last[stage] = time.perf_counter()
        self.began.setdefault(stage, self.last[stage])
        if stage == "observe":
            self.frames = max(self.frames, done + 1)


class CountedModels:
    """The models of the installation; counts how often the pose model was asked."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self.detector = models.detector
        self.background = models.background
        self.patches = models.patches
        self.encoder = models.encoder
        self.pose_runs = 0

    def pose(self, name: str) -> PoseModel:
        """Return the pose model, counted."""
        model, counter = self._models.pose(name), self

        class Counted:
            used = model.used
            roi_around = staticmethod(model.roi_around)

            @staticmethod
            def estimate(rgb: Image, roi: Roi) -> PoseEstimate:
                counter.pose_runs += 1
                return model.estimate(rgb, roi)

        return Counted()


def make_clip(sample: Path, target: Path, *, seconds: float, fps: int, size: tuple[int, int]) -> Path:
    """Write a 1080p H.264 clip of so many seconds from the pictures of the sample, played to and fro."""
    with av.open(str(sample)) as source:
        pictures = [frame.reformat(width=size[0], height=size[1], format="yuv420p") for frame in source.decode(video=0)]
    order = [*range(len(pictures)), *range(len(pictures) - 2, 0, -1)]
    with av.open(str(target), "w") as out:
        stream = out.add_stream("libx264", rate=fps, options={"preset": "veryfast", "crf": "21"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(round(seconds * fps)):
            picture = pictures[order[number % len(order)]]
            picture.pts, picture.time_base = number, Fraction(1, fps)
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return target


def pose_alone_s(model: PoseModel) -> float:
    """Return the median seconds of one pose estimate on a whole picture, threads as in a run."""
    picture = np.random.default_rng(0).integers(0, 255, (1280, 720, 3), dtype=np.uint8)
    roi = Roi(centre_x_px=360, centre_y_px=640, width_px=900, height_px=900)
    times = []
    for _ in range(POSE_RUNS):
        start = time.perf_counter()
        model.estimate(picture, roi)
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def one_run(video: Path, name: str) -> dict[str, float]:
    """Analyse a clip in this process and return stage times and the pose model's own time before and after."""
    settings = load_settings()
    world = studio(settings)
    model = world.models.pose(name)
    world.models.detector()
    before = pose_alone_s(model)
    counted = CountedModels(world.models)
    watch = StageWatch()
    parameters = parse_parameters("running", {"pose_model": name})
    run = Run(analysis_named("running"), parameters, studio=replace(world, models=counted), watch=watch)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        try:
            reader = open_reader(video, settings)
            run.of_video(VideoSource(path=video, reader=reader, name=video.name), Path(folder) / "out")
            drawn = True
        except SceneError:
            drawn = False
    ended = time.perf_counter()
    pose_s = (before + pose_alone_s(model)) / 2
    numbers_s = watch.last["analyse"] - started
    alone_s = counted.pose_runs * pose_s
    return {
        "frames": watch.frames,
        "pose_runs": counted.pose_runs,
        "pose_ms": 1000 * pose_s,
        "numbers_s": numbers_s,
        "ratio_numbers": numbers_s / alone_s,
        "total_s": ended - started if drawn else float("nan"),
        "ratio_total": (ended - started) / alone_s if drawn else float("nan"),
        "draw_ms": 1000 * (watch.began.get("write", ended) - watch.began.get("render", ended)) / watch.frames,
    }


def tree_pss_mb(pid: int) -> float:
    """Return the memory of a process and its descendants, shared pages counted once (proportional set size)."""
    total, waiting = 0, [pid]
    while waiting:
        current = waiting.pop()
        try:
            rollup = Path(f"/proc/{current}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
            for task in Path(f"/proc/{current}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError, StopIteration):
            continue  # it ended while it was looked at
    return total / 1024


def watched_run(video: Path, name: str) -> dict[str, float]:
    """Run `one_run` in a fresh process and add the peak memory of its whole process tree."""
    process = subprocess.Popen([sys.executable, __file__, "--one", name, str(video)], stdout=subprocess.PIPE, text=True)
    peak = 0.0
    answer: list[str] = []
    reader = threading.Thread(target=lambda: answer.append(process.communicate()[0]))
    reader.start()
    while reader.is_alive():
        peak = max(peak, tree_pss_mb(process.pid))
        reader.join(0.2)
    if process.returncode != 0:
        sys.exit(f"the run failed: {answer}")
    return {**json.loads(answer[0].splitlines()[-1]), "peak_mb": peak}


def machine() -> str:
    """Return one line about this machine."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "?"
    )
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


HEADS = ("frames", "pose runs", "pose ms", "numbers s", "÷ pose", "total s", "÷ pose", "draw ms", "× time", "peak MB")


def report(label: str, row: dict[str, float], fps: float) -> None:
    """Print one row of the table; a dash where the clip is rightly refused, so that nothing is drawn."""
    end_s = row["numbers_s"] if np.isnan(row["total_s"]) else row["total_s"]
    values = [row["frames"], row["pose_runs"], row["pose_ms"], row["numbers_s"], row["ratio_numbers"], row["total_s"]]
    values += [row["ratio_total"], row["draw_ms"] or float("nan"), row["frames"] / end_s / fps, row["peak_mb"]]
    digits = (0, 0, 1, 1, 2, 1, 2, 1, 2, 0)
    cells = ["-" if np.isnan(value) else f"{value:.{places}f}" for value, places in zip(values, digits, strict=True)]
    print(f"{label:34}" + "".join(f"{cell:>11}" for cell in cells), flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, metavar=("MODEL", "VIDEO"))
    parser.add_argument("--quick", action="store_true", help="3 s clips")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one_run(Path(options.one[1]), options.one[0])))
        return
    settings = load_settings()
    fetch_models(settings, report=print)
    sprint, walk, *_ = fetch_samples(settings.models.parent / "samples", report=print)
    length = 3 if options.quick else 10
    print(machine())
    print(f"{'clip, pose model':34}" + "".join(f"{head:>11}" for head in HEADS))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = {
            "walk, 1080p60": (make_clip(walk, folder / "60.mp4", seconds=length, fps=60, size=(1080, 1920)), 60),
            "walk, 1080p30": (make_clip(walk, folder / "30.mp4", seconds=length, fps=30, size=(1080, 1920)), 30),
            "walk, 1080p60, 3 times as long": (
                make_clip(walk, folder / "l.mp4", seconds=3 * length, fps=60, size=(1080, 1920)),
                60,
            ),
            "sprint, 1080p30, with drawing": (
                make_clip(sprint, folder / "s.mp4", seconds=230 / 30, fps=30, size=(1920, 1080)),
                30,
            ),
        }
        for (label, (clip, fps)), pose in product(clips.items(), ("full", "heavy")):
            if pose == "full" or "3 times" not in label:
                report(f"{label}, {pose}", watched_run(clip, pose), fps)
    print("numbers: decode, detector, pose, analysis; total: annotated video and report too; ÷ pose: over pose runs × pose ms;")
    print(
        "draw: one frame of the annotated video; × time: how many times quicker than the clip plays; peak: all processes together"
    )


if __name__ == "__main__":
    main()
