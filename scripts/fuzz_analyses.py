"""Sends damaged variants of a real clip through the command line and through a running server.

Every one has to end with a result or a typed error, and the server has to answer /healthz all the time. Exits 1 otherwise.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import httpx2

from kinesight.cli import main
from kinesight.domain.errors import all_errors
from kinesight.settings import load_settings
from kinesight.testing.api_server import api_server
from kinesight.testing.damage import damaged_variants
from kinesight.wiring.analysing import fetch_samples

SERVER = {"KINESIGHT_WORKERS": "2", "KINESIGHT_QUEUE_LIMIT": "100000"}
TYPED = {error.code for error in all_errors()}
UNTYPED = "UNTYPED"
JOB_LIMIT_S = 180.0

READY = multiprocessing.get_context("forkserver")
READY.set_forkserver_preload(["__main__", "kinesight.cli", "kinesight.vision.litert_session", "cv2", "av"])


def excerpt(sample: Path, target: Path) -> None:
    """Write the sprint of the sample, 33 frames at 960 × 540, as H.264 with sound."""
    with av.open(str(sample)) as source, av.open(str(target), "w") as out:
        stream = out.add_stream("libx264", rate=30, options={"preset": "veryfast", "g": "12"})
        stream.width, stream.height, stream.pix_fmt = 960, 540, "yuv420p"
        for number, frame in enumerate(source.decode(video=0)):
            if number >= 197:
                picture = frame.reformat(width=960, height=540, format="yuv420p")
                picture.pts, picture.time_base = number - 197, Fraction(1, 30)
                out.mux(stream.encode(picture))
        out.mux(stream.encode(None))


def run_command(arguments: list[str], said: Path) -> None:
    """Be the command in this process: `kinesight ARGUMENTS`, with everything it says in a file."""
    with said.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = ["kinesight", *arguments]
    main()


def through_cli(video: Path, folder: Path) -> str:
    """Return the outcome of one command: `ok`, an error code, or `UNTYPED` with what was said.

    Each runs in a process of its own, forked from one that has loaded the code: half of a short command's time is loading it.
    """
    arguments = ["analyze", "running", str(video), "--pose-model", "full", "--quiet", "--out", str(folder)]
    said = folder.with_suffix(".said")
    process = READY.Process(target=run_command, args=(arguments, said))
    process.start()
    process.join(JOB_LIMIT_S)
    if process.exitcode is None:
        process.kill()
        return f"{UNTYPED}: still running after {JOB_LIMIT_S:g} s"
    text = said.read_text()
    if process.exitcode == 0:
        return "ok" if (folder / "result.json").exists() else f"{UNTYPED}: exit 0 without a result"
    lines = [line for line in text.splitlines() if line.startswith("error: ")]
    code = lines[-1].split(": ")[1] if lines else ""
    if code in TYPED and "Traceback" not in text and process.exitcode in {2, 3}:
        return code
    return f"{UNTYPED}: exit {process.exitcode}: {text[-400:]}"


def through_api(video: Path, client: httpx2.Client) -> str:
    """Return the outcome of one upload: `ok`, an error code, or `UNTYPED` with what was said."""
    with video.open("rb") as file:
        form = {"kind": "running", "parameters": json.dumps({"pose_model": "full"})}
        answer = client.post("/v1/analyses", data=form, files={"video": (video.name, file)})
    if answer.status_code != 202:
        code = answer.json().get("error", {}).get("code", "")
        return code if code in TYPED and answer.status_code < 500 else f"{UNTYPED}: {answer.status_code} {answer.text[:300]}"
    deadline = time.monotonic() + JOB_LIMIT_S * 10
    while time.monotonic() < deadline:
        job = client.get(f"/v1/analyses/{answer.json()['id']}").json()
        if job["state"] == "succeeded":
            return "ok"
        if job["state"] == "failed" and job["error"]["code"] in TYPED:
            return str(job["error"]["code"])
        if job["state"] in {"failed", "dead", "cancelled"}:
            return f"{UNTYPED}: {job['state']} {job['error']}"
        time.sleep(0.5)
    return f"{UNTYPED}: not finished"


class Pulse(threading.Thread):
    """Asks /healthz ten times a second and counts the answers that were not 200."""

    def __init__(self, client: httpx2.Client) -> None:
        super().__init__(daemon=True)
        self._base = str(client.base_url)
        self.asked = self.missed = 0
        self.stop = threading.Event()

    def run(self) -> None:
        """Ask until told to stop."""
        with httpx2.Client(base_url=self._base, timeout=10) as client:
            while not self.stop.wait(0.1):
                self.asked += 1
                try:
                    self.missed += client.get("/healthz").status_code != 200
                except httpx2.TransportError:
                    self.missed += 1


def tell(name: str, outcomes: Counter[str]) -> bool:
    """Print the table of outcomes and return whether all were typed."""
    print(f"{name}: {sum(outcomes.values())} variants")
    for outcome, number in outcomes.most_common():
        print(f"  {number:5} {outcome}", flush=True)
    return not any(outcome.startswith(UNTYPED) for outcome in outcomes)


def fuzz() -> None:
    """Run both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--via", choices=["cli", "api", "both"], default="both")
    options = parser.parse_args()
    sprint, *_ = fetch_samples(load_settings().models.parent / "samples")
    good = True
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        clip = root / "clip.mp4"
        excerpt(sprint, clip)
        videos = []
        for number, damaged in enumerate(damaged_variants(clip.read_bytes(), count=options.count, seed=options.seed)):
            videos.append(root / f"{number:04}.mp4")
            videos[-1].write_bytes(damaged.data)
        if options.via in {"cli", "both"}:
            with ThreadPoolExecutor(2) as pool:
                outcomes = Counter(pool.map(lambda video: through_cli(video, root / f"{video.stem}.out"), videos))
            good &= tell("command line", outcomes)
        if options.via in {"api", "both"}:
            with api_server(root / "server", environment=SERVER) as server, server.client() as client:
                pulse = Pulse(client)
                pulse.start()
                with ThreadPoolExecutor(8) as pool:
                    outcomes = Counter(pool.map(lambda video: through_api(video, client), videos))
                pulse.stop.set()
                pulse.join()
            good &= tell("server", outcomes) and pulse.missed == 0
            print(f"/healthz: {pulse.asked} times asked, {pulse.missed} times without an answer of 200")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    fuzz()
