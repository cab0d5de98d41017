"""Measures speed and memory of a running analysis on a 1080p clip; every ratio comes from one process and one run.

The clip is made from a real sample (a man on a treadmill, 1080 × 1920 at 60 frames a second), repeated forwards and backwards.
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
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from kinesight.domain.errors import SceneError
from kinesight.domain.people import Roi
from kinesight.settings import load_settings
from kinesight.wiring import analyse_video, fetch_samples, parse_parameters, pose_model

POSE_RUNS = 40


class StageWatch:
    """Notes when each stage began."""

    def __init__(self) -> None:
        self.began: dict[str, float] = {}
        self.frames = 0

    def progress(self, stage: str, done: int, total: int | None) -> None:  # noqa: ARG002 - the port's signature
        """Note the first call of every stage."""
        self.began.setdefault(stage, time.perf_counter())
        if stage == "observe":
            self.frames = max(self.frames, done + 1)


def make_clip(sample: Path, target: Path, *, seconds: float, fps: int) -> None:
    """Write a 1080p H.264 clip of so many seconds from the pictures of the sample, played to and fro."""
    with av.open(str(sample)) as source:
        pictures = [frame.reformat(width=1080, height=1920, format="yuv420p") for frame in source.decode(video=0)]
    order = [*range(len(pictures)), *range(len(pictures) - 2, 0, -1)]
    with av.open(str(target), "w") as out:
        stream = out.add_stream("libx264", rate=fps, options={"preset": "veryfast", "crf": "21"})
        stream.width, stream.height, stream.pix_fmt = 1080, 1920, "yuv420p"
        for number in range(int(seconds * fps)):
            picture = pictures[order[number % len(order)]]
            picture.pts, picture.time_base = number, Fraction(1, fps)
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))


def pose_alone_s(name: str) -> float:
    """Return the median seconds of one pose inference on a whole picture, network and threads as in a run."""
    model = pose_model(load_settings(), name)
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
    before = pose_alone_s(name)
    watch = StageWatch()
    settings = load_settings()
    parameters = parse_parameters("running", {"pose_model": name})
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        try:
            analyse_video("running", video, Path(folder) / "out", parameters=parameters, watch=watch, settings=settings)
            refused = 0.0
        except SceneError:
            refused = 1.0
    ended = time.perf_counter()
    rendered = watch.began.get("write", ended) - watch.began.get("render", ended)
    pose = (before + pose_alone_s(name)) / 2
    numbers_s = watch.began.get("render", ended) - started
    return {
        "frames": watch.frames,
        "pose_ms": 1000 * pose,
        "total_s": ended - started,
        "to_numbers_s": numbers_s,
        "render_s": rendered,
        "refused": refused,
        "ratio_numbers": numbers_s / (watch.frames * pose),
        "ratio_total": (ended - started) / (watch.frames * pose),
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
    return f"{model}, {len(os.sched_getaffinity(0))} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def report(label: str, row: dict[str, float], fps: float) -> None:
    """Print one row of the table."""
    speed = row["frames"] / row["total_s"] / fps
    print(
        f"{label:34} {row['frames']:6.0f} {row['pose_ms']:8.1f} {row['to_numbers_s']:9.1f} {row['ratio_numbers']:7.2f} "
        f"{row['total_s']:8.1f} {row['ratio_total']:7.2f} {speed:7.2f} {row['peak_mb']:7.0f}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, metavar=("MODEL", "VIDEO"))
    parser.add_argument("--quick", action="store_true", help="3 s clips")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one_run(Path(options.one[1]), options.one[0])))
        return
    _, sample = fetch_samples(load_settings().models.parent / "samples")
    seconds = 3 if options.quick else 10
    print(machine())
    print(
        f"{'clip, pose model':34} {'frames':>6} {'pose ms':>8} {'numbers s':>9} {'÷ pose':>7} {'total s':>8} {'÷ pose':>7} {'× time':>7} {'peak MB':>7}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for label, name, length, fps in (
            ("1080p60, heavy", "heavy", seconds, 60),
            ("1080p60, full", "full", seconds, 60),
            ("1080p30, full", "full", seconds, 30),
            ("1080p60 three times as long, full", "full", 3 * seconds, 60),
        ):
            clip = Path(folder) / f"{length}-{fps}.mp4"
            if not clip.exists():
                make_clip(sample, clip, seconds=length, fps=fps)
            report(label, watched_run(clip, name), fps)
    print("numbers: decode, detector, pose, analysis; total: annotated video and report too; ÷ pose: over frames × pose ms")


if __name__ == "__main__":
    main()
