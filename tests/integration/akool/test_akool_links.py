"""Bad addresses of videos as the process of a job meets them: which error each is, and what it is to a client of Akool."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kinesight.apis.akool.errors import number_of
from kinesight.child import answer
from kinesight.settings import Settings
from kinesight.testing.api_server import free_port
from kinesight.testing.link_server import LinkServer, link_server
from kinesight.testing.videos import SyntheticVideo, steady_times, write_sound_only
from kinesight.wiring.workshop import Workshop, open_workshop

LIMITS = {"max_duration_s": 5.0}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkServer]:
    folder = tmp_path_factory.mktemp("clips")
    whole = SyntheticVideo(times_s=steady_times(frames=12, fps=12)).write(folder / "whole.mp4").read_bytes()
    long = SyntheticVideo(times_s=steady_times(frames=60, fps=10), width_px=64, height_px=64)
    files = {
        "/long.mp4": long.write(folder / "long.mp4").read_bytes(),
        "/codec.avi": SyntheticVideo(container="avi", codec="asv1").write(folder / "codec.avi").read_bytes(),
        "/sound.mp4": write_sound_only(folder / "sound.mp4").read_bytes(),
        "/cut.mp4": whole[: len(whole) // 3],
        "/letter.mp4": b"Dear Sir or Madam, " * 100,
        "/large.mp4": bytes(1_100_000),
        "/whole.mp4": whole,
    }
    elsewhere = {
        "/inside": "http://10.0.0.1/whole.mp4",
        "/metadata": "http://169.254.169.254/latest/",
        "/file": "file:///etc/passwd",
        "/round": "/round",
    }
    with link_server(files, redirects=elsewhere, expired=frozenset({"/expired.mp4"})) as running:
        yield running


@pytest.fixture(scope="module")
def workshops() -> Iterator[dict[str, Workshop]]:
    """Return a process that may fetch from loopback, and one that may not."""
    allowed = Settings(fetch_allow=("127.0.0.0/8",), max_upload_mb=1.0, fetch_time_limit_s=10.0)
    with open_workshop(allowed) as lenient, open_workshop(Settings()) as strict:
        yield {"lenient": lenient, "strict": strict}


def outcome(workshop: Workshop, url: str, folder: Path) -> dict[str, Any]:
    said = io.StringIO()
    request = {"kind": "persons", "parameters": {}, "source_url": url, "out_dir": str(folder), "limits": LIMITS}
    answer(request, said, workshop)
    last: dict[str, Any] = json.loads(said.getvalue().splitlines()[-1])
    return last["error"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("path", "code", "number"),
    [
        ("/gone.mp4", "source_unreachable", 1003),
        ("/expired.mp4?expires=1", "source_unreachable", 1003),
        ("/round", "source_unreachable", 1003),
        ("/inside", "source_forbidden", 1003),
        ("/metadata", "source_forbidden", 1003),
        ("/file", "source_forbidden", 1003),
        ("/letter.mp4", "not_a_video", 1208),
        ("/sound.mp4", "no_video_stream", 1208),
        ("/cut.mp4", "truncated_video", 1208),
        ("/codec.avi", "codec_unsupported", 1209),
        ("/long.mp4", "video_too_long", 1204),
        ("/large.mp4", "video_too_large", 1207),
    ],
)
def test_a_bad_link_is_named(
    host: LinkServer, workshops: dict[str, Workshop], tmp_path: Path, path: str, code: str, number: int
) -> None:
    error = outcome(workshops["lenient"], f"{host.url}{path}", tmp_path / "out")
    assert (error["code"], error["caller"], number_of(error["code"])) == (code, True, number)
    assert len(error["message"]) > 10
    assert not (tmp_path / "out" / ".input").exists()


def test_a_host_that_does_not_answer_or_is_not_known(workshops: dict[str, Workshop], tmp_path: Path) -> None:
    for url in (f"http://127.0.0.1:{free_port()}/a.mp4", "http://no-such-host.invalid/a.mp4"):
        error = outcome(workshops["lenient"], url, tmp_path)
        assert (error["code"], error["caller"]) == ("source_unreachable", True)


def test_names_and_addresses_of_loopback_are_not_connected_to(
    host: LinkServer, workshops: dict[str, Workshop], tmp_path: Path
) -> None:
    before = len(host.asked)
    for url in (f"http://localhost:{host.port}/whole.mp4", f"{host.url}/whole.mp4", f"http://[::1]:{host.port}/whole.mp4"):
        error = outcome(workshops["strict"], url, tmp_path)
        assert (error["code"], number_of(error["code"])) == ("source_forbidden", 1003)
    assert len(host.asked) == before
