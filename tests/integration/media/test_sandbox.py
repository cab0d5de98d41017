"""What a decoder that was taken over can still do: each attempt runs in a real confined child and is refused, or kills it."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kinesight.domain.errors import DecoderCrashed, DecoderTimeLimit
from kinesight.media.confined_process import ConfinedProcess
from kinesight.media.limits import MediaLimits
from kinesight.media.starting import SpawnDecoder, StartDecoder
from kinesight.media.zygote import DecoderZygote

_PRELUDE = """
import ctypes, json, os, signal, socket, subprocess, sys, threading, mmap
import numpy
from kinesight.media import messages
from kinesight.media.confinement import lock_down, die_with_parent
def say(**message):
    messages.write_all(1, messages.encode(message))
def main():
    task = json.loads(os.fdopen(os.dup(0), "rb", buffering=0).readline())
    die_with_parent(task["parent_pid"])
    limits = task["limits"]
    names = dict(globals())
    exec(task["body"], names)
    state = lock_down(memory_bytes=limits["memory_bytes"], cpu_s=limits["cpu_s"], file_bytes=task["file_bytes"])
    say(kind="locked", why_no_filter=state.why_no_filter, no_new_privileges=state.no_new_privileges)
    try:
        say(kind="done", value=repr(names["attempt"]()))
    except OSError as error:
        say(kind="refused_by_kernel", errno=error.errno)
    except MemoryError:
        say(kind="no_memory")
    os._exit(0)
"""

_AS_ZYGOTE = """
from kinesight.media import decoder, zygote_process
decoder.main = main
zygote_process.main()
"""


@pytest.fixture(scope="module", params=["a fresh interpreter", "a copy"])
def start(request: pytest.FixtureRequest) -> Iterator[StartDecoder]:
    if request.param == "a copy":
        with DecoderZygote(["-c", _PRELUDE + _AS_ZYGOTE]) as zygote:
            yield zygote
    else:
        yield SpawnDecoder(["-c", _PRELUDE + "main()"])


@dataclass(frozen=True)
class Attempt:
    start: StartDecoder

    def __call__(
        self, body: str, *, file_bytes: int = 0, descriptors: tuple[int, ...] = (), **limits: float
    ) -> dict[str, object]:
        confined = MediaLimits(**({"wait_s": 60.0} | limits))  # type: ignore[arg-type]
        task = {"file_bytes": file_bytes, "body": "def attempt():\n" + textwrap.indent(textwrap.dedent(body), "    ")}
        with ConfinedProcess(task, descriptors=descriptors, limits=confined, start=self.start) as child:
            message = child.receive()
            if child.why_no_filter is not None:
                pytest.skip(child.why_no_filter)
            return message


@pytest.fixture
def attempt(start: StartDecoder) -> Attempt:
    return Attempt(start)


@pytest.mark.parametrize(
    "body",
    [
        "socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
        "socket.socketpair()",
        "os.execv('/bin/sh', ['sh', '-c', 'true'])",
        "subprocess.run(['/bin/true'])",
        "os.fork()",
        "open('/etc/hostname').read()",
        "open('/tmp/kinesight-escaped', 'w')",
        "os.unlink('/tmp/kinesight-nothing')",
        "os.kill(os.getppid(), 0)",
        "os.mkdir('/tmp/kinesight-escaped')",
        "os.stat('/etc/passwd')",
        "os.memfd_create('x')",
        "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
        "os.setuid(1)",
        "os.readlink('/proc/self/exe')",
    ],
)
def test_reaching_outside_is_refused(attempt: Attempt, body: str) -> None:
    answer = attempt(body)
    assert answer["kind"] == "refused_by_kernel"
    assert answer["errno"] == 1


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("ptrace", 101),
        ("mount", 165),
        ("io_uring_setup", 425),
        ("process_vm_readv", 310),
        ("bpf", 321),
        ("keyctl", 250),
        ("clone3", 435),
    ],
)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of x86_64")
def test_system_calls_that_python_does_not_wrap_are_refused(attempt: Attempt, name: str, number: int) -> None:
    answer = attempt(f"libc = ctypes.CDLL(None, use_errno=True); return libc.syscall({number}, 0, 0, 0, 0), ctypes.get_errno()")
    assert answer["value"] in {"(-1, 1)", "(-1, 38)"}, name


def test_threads_still_start(attempt: Attempt) -> None:
    answer = attempt(
        "seen = []\nthread = threading.Thread(target=seen.append, args=(7,))\nthread.start()\nthread.join()\nreturn seen"
    )
    assert answer["value"] == "[7]"


def test_the_filter_also_holds_for_threads(attempt: Attempt) -> None:
    answer = attempt(
        """
        seen = []
        def reach():
            try:
                socket.socket()
            except OSError as error:
                seen.append(error.errno)
        thread = threading.Thread(target=reach)
        thread.start()
        thread.join()
        return seen
        """
    )
    assert answer["value"] == "[1]"


def test_a_file_cannot_grow_beyond_the_limit(attempt: Attempt, tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as file:
        answer = attempt(
            f"return os.write({file.fileno()}, bytes(4000)) + os.write({file.fileno()}, bytes(4000))",
            file_bytes=6000,
            descriptors=(file.fileno(),),
        )
        again = attempt(f"os.write({file.fileno()}, bytes(4000))", file_bytes=0, descriptors=(file.fileno(),))
    assert answer["value"] == "6000"
    assert again == {"kind": "refused_by_kernel", "errno": 27}
    assert (tmp_path / "out").stat().st_size == 6000


def test_memory_beyond_the_limit_is_not_given(attempt: Attempt) -> None:
    assert attempt("return len(bytearray(600 * 1024**2))", memory_bytes=500 * 1024**2)["kind"] == "no_memory"
    assert attempt("return len(bytearray(300 * 1024**2))", memory_bytes=500 * 1024**2)["value"] == str(300 * 1024**2)


def test_a_busy_child_is_ended_by_its_processor_time(attempt: Attempt) -> None:
    with pytest.raises(DecoderTimeLimit, match="processor time"):
        attempt("while True: pass", cpu_s=1)


def test_a_silent_child_is_ended_by_the_clock(attempt: Attempt) -> None:
    with pytest.raises(DecoderTimeLimit):
        attempt("threading.Event().wait(600)", wait_s=2.0)


@pytest.mark.parametrize(
    "body",
    [
        "ctypes.string_at(0)",
        "os.abort()",
        "os.close(1)",
        "os._exit(3)",
        "os.write(1, b'\\xff' * 100)",
        "os.write(1, b'\\x00\\x00\\x00\\x04junk')",
    ],
)
def test_a_child_that_goes_wrong_is_a_crashed_decoder(attempt: Attempt, body: str) -> None:
    with pytest.raises(DecoderCrashed):
        attempt(body)


def test_shared_memory_cannot_be_shrunk_under_the_reader(attempt: Attempt) -> None:
    descriptor = os.memfd_create("test", os.MFD_ALLOW_SEALING)
    try:
        assert attempt(f"os.ftruncate({descriptor}, 0)", descriptors=(descriptor,))["kind"] == "refused_by_kernel"
    finally:
        os.close(descriptor)


def test_the_environment_and_open_files_are_not_inherited(attempt: Attempt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINESIGHT_SECRET", "x")
    assert "SECRET" not in str(attempt("return dict(os.environ)")["value"])
    with open("/etc/hostname") as file:  # noqa: PTH123
        os.set_inheritable(file.fileno(), True)
        answer = attempt(f"os.read({file.fileno()}, 10)")
    assert answer == {"kind": "refused_by_kernel", "errno": 9}


def test_the_child_dies_with_its_reader(tmp_path: Path) -> None:
    program = f"""
import os, signal, sys
from pathlib import Path
from kinesight.media.reader import ConfinedVideoReader
from kinesight.testing.videos import SyntheticVideo, steady_times
path = SyntheticVideo(times_s=steady_times(frames=100, fps=25)).write(Path({str(tmp_path)!r}) / "clip.mp4")
frames = ConfinedVideoReader(path).frames()
next(frames)
print(Path(f"/proc/self/task/{{os.getpid()}}/children").read_text().split()[0], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={"PYTHONPATH": ":".join(sys.path)}, check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    child = Path(f"/proc/{int(ended.stdout)}/stat")
    for _ in range(200):
        if not child.exists() or child.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return
        signal.sigtimedwait([], 0.05)
    raise AssertionError("the child outlived its reader")


def test_the_decoder_loads_little() -> None:
    """A small program starts fast and offers little to attack."""
    program = "import kinesight.media.decoder, sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-S", "-P", "-c", program],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
        check=True,
    )
    assert not {"pydantic", "cv2", "scipy", "PIL", "onnxruntime", "subprocess"} & set(done.stdout.split())
