"""Measures how fast a real server answers alarm clips over HTTP, and how many it keeps up with.

    python scripts/bench_alarm.py [--seconds 300] [--clients 16] [--answers 60]

The clips are made from the packaged samples: 13 pictures of 640 x 360 at 3 a second, and 30 s of 640 x 360 at 12 a second. One
client sends one clip after another and waits for each verdict; in between, the same decoding and eight runs of the same detector
are timed alone in this process, so that the ratio holds on a noisy machine. Then many clients send the short clip at once, for
minutes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx2
import numpy as np
from bench import machine, make_clip, tree_pss_mb

from kinesight.media.reader import ConfinedVideoReader
from kinesight.media.zygote import DecoderZygote
from kinesight.settings import load_settings
from kinesight.testing.api_server import KEY, ApiServer, api_server
from kinesight.wiring.analysing import fetch_models, fetch_samples, studio

DETECTOR_RUNS = 8
LOOK_EVERY_S = 5.0
ANSWER_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip to send, and within how long its verdict is wanted."""

    name: str
    path: Path
    wanted_s: float


class Caller:
    """Sends clips by the gaard-compatible route, or by the native one with `kind`."""

    def __init__(self, server: ApiServer, kind: str | None) -> None:
        headers = {"Authorization": f"Bearer {KEY}"}
        self.client = httpx2.Client(base_url=server.url, headers=headers, timeout=ANSWER_LIMIT_S + 5)
        self._kind = kind

    def verdict(self, content: bytes) -> int:
        """Send a clip, wait for the verdict, and return the status; 0 if there was none."""
        files = {"video": ("clip.mp4", content, "video/mp4")}
        try:
            if self._kind is None:
                return self.client.post("/classify?sync=true", files=files).status_code
            data = {"kind": self._kind}
            return self.client.post(f"/v1/analyses?wait_s={ANSWER_LIMIT_S:g}", data=data, files=files).status_code
        except httpx2.TransportError:
            return 0

    def newest(self) -> dict[str, str]:
        """Return the job that was accepted last."""
        found: dict[str, str] = self.client.get("/v1/analyses?limit=1").raise_for_status().json()["analyses"][0]
        return found


def open_caller(server: ApiServer, kind: str | None) -> Caller:
    """Return a caller of the route that this server has."""
    caller = Caller(server, kind)
    if kind is None and "/classify" not in caller.client.get("/openapi.json").json()["paths"]:
        sys.exit("this server has no route /classify; name a kind for the native one with --kind")
    return caller


@dataclass(slots=True)
class Answers:
    """Seconds of every answer, whole and by part, and of the same work alone."""

    whole_s: list[float] = field(default_factory=list)
    accepting_s: list[float] = field(default_factory=list)
    waiting_s: list[float] = field(default_factory=list)
    working_s: list[float] = field(default_factory=list)
    alone_s: list[float] = field(default_factory=list)


def moment(text: str) -> float:
    """Return an ISO 8601 time as seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()


def one_after_another(caller: Caller, clip: Clip, *, count: int, alone: Callable[[Path], None]) -> Answers:
    """Send a clip so often, and time the same work alone after every third one."""
    content, answers = clip.path.read_bytes(), Answers()
    for number in range(count + 3):
        sent_s, began_s = time.time(), time.perf_counter()
        status = caller.verdict(content)
        took_s = time.perf_counter() - began_s
        if status != 200:
            sys.exit(f"{clip.name}: status {status} instead of a verdict")
        if number < 3:  # what stands ready after a start is not what is measured
            continue
        job = caller.newest()
        created_s, started_s, finished_s = (moment(job[f"{name}_at"]) for name in ("created", "started", "finished"))
        answers.whole_s.append(took_s)
        answers.accepting_s.append(created_s - sent_s)
        answers.waiting_s.append(started_s - created_s)
        answers.working_s.append(finished_s - started_s)
        if number % 3 == 0:
            began_s = time.perf_counter()
            alone(clip.path)
            answers.alone_s.append(time.perf_counter() - began_s)
    return answers


def timed_alone(start: DecoderZygote) -> Callable[[Path], None]:
    """Return what decodes a clip and runs the detector eight times over it."""
    detector = studio(load_settings()).models.detector()

    def alone(path: Path) -> None:
        pictures = [frame.rgb for frame in ConfinedVideoReader(path, start=start).frames()]
        for number in np.linspace(0, len(pictures) - 1, DETECTOR_RUNS).round().astype(int):
            detector.detect(pictures[number])

    return alone


@dataclass(slots=True)
class Load:
    """What came of many clients."""

    statuses: Counter[int] = field(default_factory=Counter)
    took_s: list[float] = field(default_factory=list)
    memory_mb: list[tuple[float, float]] = field(default_factory=list)
    lasted_s: float = 0.0


def under_load(server: ApiServer, clip: Clip, *, clients: int, seconds: float, kind: str | None) -> Load:
    """Let so many clients send the clip, each again as soon as it has its verdict."""
    content, load, lock = clip.path.read_bytes(), Load(), threading.Lock()
    began_s = time.perf_counter()

    def send() -> None:
        caller = Caller(server, kind)
        while time.perf_counter() - began_s < seconds:
            sent_s = time.perf_counter()
            status = caller.verdict(content)
            with lock:
                load.statuses[status] += 1
                load.took_s.append(time.perf_counter() - sent_s)

    threads = [threading.Thread(target=send) for _ in range(clients)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if server.process is not None:
            load.memory_mb.append((time.perf_counter() - began_s, tree_pss_mb(server.process.pid)))
        threads[-1].join(LOOK_EVERY_S)
    load.lasted_s = time.perf_counter() - began_s
    return load


def drawings(caller: Caller) -> Counter[str | None]:
    """Return how many verdicts have which state of their drawing."""
    states: Counter[str | None] = Counter()
    cursor: str | None = None
    while True:
        query = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        page = caller.client.get("/v1/analyses", params=query).raise_for_status().json()
        states.update(job["drawing"] for job in page["analyses"])
        cursor = page["next_cursor"]
        if cursor is None:
            return states


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile in milliseconds."""
    return 1000 * float(np.percentile(values, 100 * share))


HEADS = ("answers", "p50 ms", "p95 ms", "accepting", "waiting", "working", "telling", "alone ms", "÷ alone", "wanted ms")


def report_answers(clip: Clip, answers: Answers) -> None:
    """Print one row."""
    parts = [percentile(part, 0.5) for part in (answers.accepting_s, answers.waiting_s, answers.working_s)]
    whole_ms, alone_ms = percentile(answers.whole_s, 0.5), percentile(answers.alone_s, 0.5)
    row = [len(answers.whole_s), whole_ms, percentile(answers.whole_s, 0.95), *parts, whole_ms - sum(parts), alone_ms]
    cells = [f"{value:.0f}" for value in row] + [f"{whole_ms / alone_ms:.2f}", f"{1000 * clip.wanted_s:.0f}"]
    print(f"{clip.name:24}" + "".join(f"{cell:>11}" for cell in cells), flush=True)


def report_load(load: Load, clients: int, drawn: Counter[str | None]) -> None:
    """Print what came of the load."""
    pace = load.statuses[200] / load.lasted_s
    print(f"{clients} clients for {load.lasted_s:.0f} s: {pace:.2f} verdicts a second, statuses {dict(load.statuses)}")
    print(f"  answer p50 {percentile(load.took_s, 0.5):.0f} ms, p95 {percentile(load.took_s, 0.95):.0f} ms")
    fifths = np.array_split(np.array([megabytes for _, megabytes in load.memory_mb]), 5)
    print(
        "  memory of all processes, mean of each fifth of the time, MB: " + ", ".join(f"{fifth.mean():.0f}" for fifth in fifths)
    )
    print(f"  drawings at the end: {dict(drawn)} (made by a process that leaves the processor to everybody else)")


def make_clips(folder: Path) -> tuple[Clip, Clip]:
    """Return the short and the long clip."""
    settings = load_settings()
    fetch_models(settings, report=print)
    sprint, walk, *_ = fetch_samples(settings.models.parent / "samples", report=print)
    size = (640, 360)
    short = make_clip(sprint, folder / "short.mp4", seconds=13 / 3, fps=3, size=size)
    long = make_clip(walk, folder / "long.mp4", seconds=30, fps=12, size=size)
    return Clip("13 pictures, 640x360", short, 0.5), Clip("30 s at 12 fps, 640x360", long, 2.0)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300.0, help="length of the load")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--answers", type=int, default=60, help="answers to one client; a third as many for the long clip")
    parser.add_argument("--kind", help="send to the native API as this kind of analysis")
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as name, DecoderZygote() as start:
        folder, alone = Path(name), timed_alone(start)
        clips = make_clips(folder)
        with api_server(folder / "server", environment={"KINESIGHT_QUEUE_LIMIT": "10000"}) as server:
            caller = open_caller(server, options.kind)
            print(f"{'one client':24}" + "".join(f"{head:>11}" for head in HEADS))
            for clip, count in zip(clips, (options.answers, max(3, options.answers // 3)), strict=True):
                report_answers(clip, one_after_another(caller, clip, count=count, alone=alone))
            load = under_load(server, clips[0], clients=options.clients, seconds=options.seconds, kind=options.kind)
            report_load(load, options.clients, drawings(caller))
    print("accepting: upload until the clip is safe; waiting: until a process has it; working: until the verdict is safe;")
    print("telling: until the client has it; alone: the same decoding and eight runs of the detector, nothing else")


if __name__ == "__main__":
    try:
        main()
    except subprocess.SubprocessError as error:
        sys.exit(str(error))
