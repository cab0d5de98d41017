"""Measures speed and memory of a persons analysis at 640x480, as `kinesight analyze persons` does it.

Clips: a street with eight people (the labelled TUD-Campus, where the measuring material is there), and the laboratory of the
samples, both played to and fro at 25 frames a second. Every run is a process of its own; runs are interleaved and the quickest of
each clip is printed, because other work on the machine only ever makes a run slower. `--minutes 10` adds a long film, for its
memory.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench import StageWatch, machine, make_clip, tree_pss_mb

from kinesight.analyses.persons.observe import POSE_MODEL
from kinesight.pipeline.run import Run, VideoSource
from kinesight.settings import load_settings
from kinesight.wiring.analysing import fetch_models, fetch_samples, open_reader, parse_parameters, studio
from kinesight.wiring.catalogue import analysis_named

ROOT = Path(__file__).resolve().parent.parent
SIZE, FPS = (640, 480), 25


def used_s() -> float:
    """Return the processor seconds of this process and of its children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


class CostWatch(StageWatch):
    """Notes also the processor seconds at the first word of each stage."""

    def __init__(self) -> None:
        super().__init__()
        self.used: dict[str, float] = {}

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Note what was used when a stage begins."""
        self.used.setdefault(stage, used_s())
        super().progress(stage, done, total)


def one_run(video: Path) -> dict[str, float]:
    """Analyse a clip in this process and return what its stages took."""
    settings = load_settings()
    world = studio(settings)
    several = world.models.side_by_side()
    several.person_detector(), several.faces(), several.pose(POSE_MODEL)
    watch = CostWatch()
    run = Run(analysis_named("persons"), parse_parameters("persons", {}), studio=world, watch=watch)
    began_s, began_used_s = time.perf_counter(), used_s()
    with tempfile.TemporaryDirectory() as folder:
        reader = open_reader(video, settings)
        run.of_video(VideoSource(path=video, reader=reader, name=video.name), Path(folder) / "out")
    ended_s = time.perf_counter()
    return {
        "frames": watch.frames,
        "numbers_s": watch.began["analyse"] - began_s,
        "numbers_used_s": watch.used["analyse"] - began_used_s,
        "total_s": ended_s - began_s,
        "total_used_s": used_s() - began_used_s,
    }


def watched_run(video: Path) -> dict[str, float]:
    """Run `one_run` in a process of its own and add the peak memory of its whole process tree."""
    process = subprocess.Popen([sys.executable, __file__, "--one", str(video)], stdout=subprocess.PIPE, text=True)
    answer: list[str] = []
    reader = threading.Thread(target=lambda: answer.append(process.communicate()[0]))
    reader.start()
    peak = 0.0
    while reader.is_alive():
        peak = max(peak, tree_pss_mb(process.pid))
        reader.join(0.5)
    if process.returncode != 0:
        sys.exit(f"the run failed: {answer}")
    return {**json.loads(answer[0].splitlines()[-1]), "peak_mb": peak}


def clips(folder: Path, *, minutes: float) -> dict[str, Path]:
    """Make the clips and return them by label."""
    settings = load_settings()
    fetch_models(settings, report=print)
    *_, laboratory = fetch_samples(settings.models.parent / "samples", report=print)
    data = Path(os.environ.get("KINESIGHT_ACCURACY_DATA", ROOT.parent / "shared" / "data"))
    street = data / "persons" / "TUD-Campus" / "TUD-Campus.mp4"
    found = {"laboratory, 10 s": make_clip(laboratory, folder / "lab.mp4", seconds=10, fps=FPS, size=SIZE)}
    if street.is_file():
        found["street, 10 s"] = make_clip(street, folder / "street.mp4", seconds=10, fps=FPS, size=SIZE)
    if minutes:
        long = make_clip(laboratory, folder / "long.mp4", seconds=60 * minutes, fps=FPS, size=SIZE)
        found[f"laboratory, {minutes:g} min"] = long
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", metavar="VIDEO")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=0.0)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one_run(Path(options.one))))
        return
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        made = clips(Path(name), minutes=options.minutes)
        runs: dict[str, list[dict[str, float]]] = {label: [] for label in made}
        for turn in range(options.repeat):
            for label, clip in made.items():
                if turn == 0 or "min" not in label:
                    runs[label].append(watched_run(clip))
    print("| clip, 640x480 | frames | numbers s | × time | processor s per s | total s | drawing s | peak MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for label, rows in runs.items():
        best = {key: min(row[key] for row in rows) for key in rows[0]}
        plays_s = best["frames"] / FPS
        print(
            f"| {label} | {best['frames']:.0f} | {best['numbers_s']:.1f} | {plays_s / best['numbers_s']:.2f} |"
            f" {best['numbers_used_s'] / plays_s:.2f} | {best['total_s']:.1f} |"
            f" {best['total_s'] - best['numbers_s']:.1f} | {best['peak_mb']:.0f} |"
        )


if __name__ == "__main__":
    main()
