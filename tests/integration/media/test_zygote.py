"""Decoders as copies of a process that stands ready: each is alone, ends when told, and none outlives its reader."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kinesight.domain.errors import NotAVideo
from kinesight.media.reader import ConfinedVideoReader
from kinesight.media.zygote import DecoderZygote
from kinesight.testing.running_server import children_of, is_running
from kinesight.testing.videos import SyntheticVideo, number_in, steady_times


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return SyntheticVideo(times_s=steady_times(frames=60, fps=25)).write(tmp_path / "clip.mp4")


@pytest.fixture
def zygote() -> Iterator[DecoderZygote]:
    with DecoderZygote() as zygote:
        yield zygote


def numbers(reader: ConfinedVideoReader) -> list[int]:
    return [number_in(frame.rgb) for frame in reader.frames()]


def copies_of(zygote: DecoderZygote) -> list[int]:
    return children_of(zygote.pid or 0)


def until_none(zygote: DecoderZygote) -> None:
    """Wait until every copy is gone; the suite's time limit ends it otherwise."""
    while copies_of(zygote):
        time.sleep(0.01)


def test_it_reads_what_a_fresh_decoder_reads(zygote: DecoderZygote, clip: Path) -> None:
    copied, fresh = ConfinedVideoReader(clip, start=zygote), ConfinedVideoReader(clip)
    assert numbers(copied) == numbers(fresh) == list(range(60))
    assert copied.info == fresh.info
    assert copied.info.sha256 == hashlib.sha256(clip.read_bytes()).hexdigest()
    assert copied.why_no_filter == fresh.why_no_filter
    until_none(zygote)


def test_files_are_read_side_by_side_by_copies_of_their_own(zygote: DecoderZygote, tmp_path: Path) -> None:
    paths = [SyntheticVideo(times_s=steady_times(frames=10 + n, fps=25)).write(tmp_path / f"{n}.mp4") for n in range(3)]
    readers = [ConfinedVideoReader(path, start=zygote).frames() for path in paths]
    for passes in readers:
        next(passes)
    assert len(copies_of(zygote)) == 3
    found: dict[int, int] = {}

    def count(n: int) -> None:
        found[n] = 1 + sum(1 for _ in readers[n])

    threads = [threading.Thread(target=count, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {0: 10, 1: 11, 2: 12}


def test_the_process_that_looked_at_the_header_decodes_the_first_pass(zygote: DecoderZygote, clip: Path) -> None:
    reader = ConfinedVideoReader(clip, start=zygote)
    (looked,) = copies_of(zygote)
    frames = reader.frames()
    next(frames)
    assert copies_of(zygote) == [looked]
    again = reader.frames()
    next(again)
    assert len(copies_of(zygote)) == 2
    frames.close()
    again.close()
    until_none(zygote)


def test_a_reader_that_nobody_wants_leaves_no_process(zygote: DecoderZygote, clip: Path) -> None:
    reader = ConfinedVideoReader(clip, start=zygote)
    (looked,) = copies_of(zygote)
    del reader
    assert not is_running(looked)


def test_pictures_that_need_more_memory_than_was_ready_are_read_too(zygote: DecoderZygote, tmp_path: Path) -> None:
    times = steady_times(frames=3, fps=25)
    path = SyntheticVideo(times_s=times, width_px=3200, height_px=2400).write(tmp_path / "large.mp4")
    assert [frame.rgb.shape for frame in ConfinedVideoReader(path, start=zygote).frames()] == [(2400, 3200, 3)] * 3
    until_none(zygote)


def test_closing_a_pass_ends_its_copy_and_no_other(zygote: DecoderZygote, clip: Path) -> None:
    first, second = (ConfinedVideoReader(clip, start=zygote).frames() for _ in range(2))
    next(first)
    next(second)
    (one,) = copies_of(zygote)[:1]
    first.close()
    assert len(copies_of(zygote)) == 1
    assert not is_running(one)
    assert sum(1 for _ in second) == 59


def test_a_file_that_is_refused_leaves_the_next_one_alone(zygote: DecoderZygote, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_bytes(b"hello" * 1000)
    for _ in range(3):
        with pytest.raises(NotAVideo):
            ConfinedVideoReader(tmp_path / "no.mp4", start=zygote)
        assert numbers(ConfinedVideoReader(clip, start=zygote)) == list(range(60))


def open_in(pid: int) -> list[str]:
    """Return what a process holds open, without the numbers of pipes."""
    return sorted(re.sub(r"\d+", "", str(entry.readlink())) for entry in Path(f"/proc/{pid}/fd").iterdir())


def test_a_copy_holds_open_what_a_fresh_decoder_does_and_the_zygote_nothing_of_ours(zygote: DecoderZygote, clip: Path) -> None:
    with clip.open() as held:
        os.set_inheritable(held.fileno(), True)
        before = set(children_of(os.getpid()))
        copied, fresh = ConfinedVideoReader(clip, start=zygote).frames(), ConfinedVideoReader(clip).frames()
        next(copied)
        next(fresh)
        (copy,), (interpreter,) = copies_of(zygote), set(children_of(os.getpid())) - before
        assert open_in(copy) == open_in(interpreter)
        assert not [name for name in open_in(zygote.pid or 0) if "clip" in name or "memfd" in name]
        copied.close()
        fresh.close()


def test_it_has_one_thread(zygote: DecoderZygote, clip: Path) -> None:
    """A copy has only the thread that made it, so a lock of another one would stay locked for ever."""
    numbers(ConfinedVideoReader(clip, start=zygote))
    assert len(list(Path(f"/proc/{zygote.pid}/task").iterdir())) == 1


def test_a_killed_zygote_takes_its_copies_with_it_and_is_replaced(zygote: DecoderZygote, clip: Path) -> None:
    frames = ConfinedVideoReader(clip, start=zygote).frames()
    next(frames)
    (copy,) = copies_of(zygote)
    before = zygote.pid
    os.kill(before or 0, signal.SIGKILL)
    while is_running(copy):
        time.sleep(0.01)
    frames.close()
    assert numbers(ConfinedVideoReader(clip, start=zygote)) == list(range(60))
    assert zygote.pid != before


def test_nothing_is_left_after_the_block(clip: Path) -> None:
    with DecoderZygote() as zygote:
        next(ConfinedVideoReader(clip, start=zygote).frames())
        pid = zygote.pid or 0
    assert zygote.pid is None
    assert not is_running(pid)
    with pytest.raises(RuntimeError):
        ConfinedVideoReader(clip, start=zygote)


def test_zygote_and_copies_die_with_their_reader(clip: Path) -> None:
    program = f"""
import os, signal
from pathlib import Path
from kinesight.media.reader import ConfinedVideoReader
from kinesight.media.zygote import DecoderZygote
from kinesight.testing.running_server import children_of
with DecoderZygote() as zygote:
    frames = ConfinedVideoReader(Path({str(clip)!r}), start=zygote).frames()
    next(frames)
    print(zygote.pid, *children_of(zygote.pid), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={"PYTHONPATH": ":".join(sys.path)}, check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    pids = [int(word) for word in ended.stdout.split()]
    assert len(pids) == 2
    while any(map(is_running, pids)):
        time.sleep(0.01)
