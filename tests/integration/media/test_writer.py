"""What the writer writes: playable H.264 with true times and the source's sound, whole or not at all."""

import errno
import itertools
import os
import subprocess
import sys
import textwrap
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from kinesight.domain.errors import DiskFull
from kinesight.media.limits import MediaLimits
from kinesight.media.reader import ConfinedVideoReader
from kinesight.media.writer import open_video_writer
from kinesight.testing.videos import SyntheticVideo, number_in, numbered_picture, steady_times


def _write(
    path: Path, times_s: tuple[float, ...], *, width_px: int = 160, height_px: int = 120, sound_from: Path | None = None
) -> None:
    with open_video_writer(path, width_px=width_px, height_px=height_px, sound_from=sound_from) as writer:
        for number, time_s in enumerate(times_s):
            writer.write(numbered_picture(number, width_px=width_px, height_px=height_px), time_s=time_s)
        problem = writer
    assert problem.sound_problem is None


def _boxes(data: bytes) -> list[str]:
    names, at = [], 0
    while at < len(data):
        names.append(data[at + 4 : at + 8].decode())
        at += int.from_bytes(data[at : at + 4], "big")
    return names


def test_pictures_and_varying_times_come_back(tmp_path: Path) -> None:
    times_s = (0.0, 0.1, 0.25, 0.251, 0.9, 1.0, 1.7, 1.703, 2.5)
    _write(tmp_path / "out.mp4", times_s)
    reader = ConfinedVideoReader(tmp_path / "out.mp4")
    frames = list(reader.frames())
    assert [frame.time_s for frame in frames] == pytest.approx(times_s, abs=6e-6)
    assert [number_in(frame.rgb) for frame in frames] == list(range(9))
    assert reader.info.readable_s is None


def test_a_late_and_an_early_start(tmp_path: Path) -> None:
    _write(tmp_path / "late.mp4", (0.5, 0.6, 0.7))
    assert [f.time_s for f in ConfinedVideoReader(tmp_path / "late.mp4").frames()] == pytest.approx([0.5, 0.6, 0.7], abs=1e-5)
    _write(tmp_path / "early.mp4", (-0.2, 0.1, 0.2))
    assert [f.time_s for f in ConfinedVideoReader(tmp_path / "early.mp4").frames()] == pytest.approx([0, 0.3, 0.4], abs=1e-5)


def test_browsers_can_play_it(tmp_path: Path) -> None:
    _write(tmp_path / "out.mp4", steady_times(frames=30, fps=30))
    boxes = _boxes((tmp_path / "out.mp4").read_bytes())
    assert boxes.index("moov") < boxes.index("mdat")
    with av.open(str(tmp_path / "out.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt, context.color_range, context.colorspace) == ("h264", "yuv420p", 1, 1)
        assert container.streams.video[0].duration * container.streams.video[0].time_base == pytest.approx(1.0, abs=0.001)


def test_colours_survive(tmp_path: Path) -> None:
    colours = [(220, 30, 30), (30, 200, 60), (20, 40, 230), (255, 255, 255), (0, 0, 0)]
    with open_video_writer(tmp_path / "out.mp4", width_px=64, height_px=64) as writer:
        for number, colour in enumerate(colours):
            writer.write(np.full((64, 64, 3), colour, np.uint8), time_s=number / 10)
    for colour, frame in zip(colours, ConfinedVideoReader(tmp_path / "out.mp4").frames(), strict=True):
        assert np.abs(frame.rgb.astype(int) - colour).max() <= 6


def test_odd_sizes_grow_to_even_ones(tmp_path: Path) -> None:
    _write(tmp_path / "out.mp4", (0.0, 0.1, 0.2), width_px=161, height_px=121)
    info = ConfinedVideoReader(tmp_path / "out.mp4").info
    assert (info.width_px, info.height_px) == (162, 122)


def _sound(path: Path) -> tuple[str, list[bytes], np.ndarray, float]:
    """Return codec, packets, samples of the first of two channels, and the time of the first sample."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        packets = [bytes(packet) for packet in container.demux(stream) if packet.size]
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
        codec = container.streams.audio[0].codec_context.codec.canonical_name
    samples = [frame.to_ndarray()[0][:: 1 if frame.format.is_planar else 2] for frame in frames]
    return codec, packets, np.concatenate(samples), frames[0].time


@pytest.mark.parametrize(
    ("container", "codec", "copied"),
    [
        ("mp4", "aac", True),
        ("mp4", "libmp3lame", True),
        ("matroska", "aac", True),
        ("webm", "libopus", False),
        ("mov", "pcm_s16le", False),
        ("matroska", "flac", False),
    ],
)
def test_sound_is_kept(tmp_path: Path, container: str, codec: str, copied: bool) -> None:
    video = SyntheticVideo(
        container=container,
        codec="libvpx" if container == "webm" else "libx264",
        sound=codec,
        times_s=steady_times(frames=50, fps=25),
        time_base=Fraction(1, 1000),
    )
    source = video.write(tmp_path / "source")
    _write(tmp_path / "out.mp4", video.times_s, sound_from=source)  # type: ignore[arg-type]
    before, after = _sound(source), _sound(tmp_path / "out.mp4")
    assert after[0] == (before[0] if copied else "aac")
    if copied:
        assert after[1] == before[1]
    assert after[3] == pytest.approx(before[3], abs=0.03)
    assert len(after[2]) == pytest.approx(len(before[2]), rel=0.04)
    spectrum = np.abs(np.fft.rfft(after[2][:48_000].astype(float)))
    assert spectrum.argmax() == pytest.approx(440, abs=2)
    boxes = _boxes((tmp_path / "out.mp4").read_bytes())
    assert boxes.index("moov") < boxes.index("mdat")
    reader = ConfinedVideoReader(tmp_path / "out.mp4")
    frames = list(reader.frames())
    assert [frame.time_s for frame in frames] == pytest.approx(video.times_s, abs=1e-5)
    assert [number_in(frame.rgb) for frame in frames] == list(range(50))
    assert reader.info.has_audio


def test_a_source_without_sound_gives_none(tmp_path: Path) -> None:
    source = SyntheticVideo().write(tmp_path / "source.mp4")
    _write(tmp_path / "out.mp4", (0.0, 0.1), sound_from=source)
    assert ConfinedVideoReader(tmp_path / "out.mp4").info.has_audio is False


def test_sound_that_cannot_be_read_does_not_cost_the_video(tmp_path: Path) -> None:
    source = tmp_path / "source.mp4"
    source.write_bytes(b"\x00\x00\x00\x18ftypmp42" + bytes(5000))
    with open_video_writer(
        tmp_path / "out.mp4", width_px=160, height_px=120, sound_from=source, limits=MediaLimits(wait_s=30)
    ) as writer:
        writer.write(numbered_picture(0), time_s=0.0)
        writer.write(numbered_picture(1), time_s=0.1)
    assert writer.sound_problem
    assert len(list(ConfinedVideoReader(tmp_path / "out.mp4").frames())) == 2
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["out.mp4", "source.mp4"]


def test_nothing_remains_after_an_exception(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").write_bytes(b"the one before")

    def fail() -> None:
        with open_video_writer(tmp_path / "out.mp4", width_px=160, height_px=120) as writer:
            for number in range(50):
                writer.write(numbered_picture(number), time_s=number / 10)
            raise KeyError("anything")

    with pytest.raises(KeyError):
        fail()
    assert (tmp_path / "out.mp4").read_bytes() == b"the one before"
    assert len(list(tmp_path.iterdir())) == 1


def test_wrong_pictures_and_times_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="picture"), open_video_writer(tmp_path / "a.mp4", width_px=160, height_px=120) as writer:
        writer.write(np.zeros((100, 160, 3), np.uint8), time_s=0.0)
    with pytest.raises(ValueError, match="increase"):
        _write(tmp_path / "a.mp4", (0.0, 0.0))
    with pytest.raises(ValueError, match="no picture"), open_video_writer(tmp_path / "a.mp4", width_px=160, height_px=120):
        pass
    assert not list(tmp_path.iterdir())


_FILL = """
import sys
from pathlib import Path
import numpy as np
from kinesight.domain.errors import DiskFull
from kinesight.media.writer import open_video_writer
noise = np.random.default_rng(1).integers(0, 255, (360, 480, 3), np.uint8)
{prepare}
try:
    with open_video_writer(Path(sys.argv[1]) / "out.mp4", width_px=480, height_px=360) as writer:
        for number in range({pictures}):
            writer.write(np.roll(noise, number, axis=1), time_s=number / 10)
except DiskFull as error:
    print("disk full:", error)
print(sorted(path.name for path in Path(sys.argv[1]).iterdir()))
"""


def _fill(folder: Path, prepare: str, *, pictures: int) -> subprocess.CompletedProcess[str]:
    program = _FILL.format(prepare=textwrap.dedent(prepare), pictures=pictures)
    environment = {"PYTHONPATH": ":".join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=False, env=environment, timeout=200
    )


@pytest.mark.parametrize("pictures", [4, 60])
def test_a_file_size_limit_is_a_full_disk(tmp_path: Path, pictures: int) -> None:
    """Four pictures stay in the encoder until the end, sixty meet the limit on the way."""
    done = _fill(
        tmp_path,
        """
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        """,
        pictures=pictures,
    )
    assert "disk full:" in done.stdout, done.stderr
    assert done.stdout.endswith("[]\n")


def test_a_full_file_system(tmp_path: Path) -> None:
    """A real one of one megabyte, in a mount namespace of its own."""
    mount = """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        CLONE_NEWNS, CLONE_NEWUSER, MS_REC_PRIVATE = 0x00020000, 0x10000000, 0x4000 | 0x40000
        flags = CLONE_NEWNS if os.geteuid() == 0 else CLONE_NEWNS | CLONE_NEWUSER
        if libc.unshare(flags) or libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None) or libc.mount(
            b"tmpfs", os.fsencode(sys.argv[1]), b"tmpfs", 0, b"size=300k"
        ):
            print("no mount:", os.strerror(ctypes.get_errno()))
            sys.exit(0)
        """
    done = _fill(tmp_path, mount, pictures=60)
    if "no mount" in done.stdout:
        pytest.skip(done.stdout)
    assert "disk full:" in done.stdout, done.stderr
    assert done.stdout.endswith("[]\n")


def test_the_order_of_making_it_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The content is forced to disk before the name changes, and the folder after it."""
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(descriptor: int) -> None:
        steps.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")  # noqa: PTH112
        fsync(descriptor)

    def noted_replace(self: Path, target: Path) -> Path:
        steps.append("name")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    _write(tmp_path / "out.mp4", (0.0, 0.1))
    assert list(itertools.dropwhile(lambda step: step != "file", steps)) == ["file", "name", "folder"]


def test_a_missing_folder_is_not_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught, open_video_writer(tmp_path / "none" / "a.mp4", width_px=2, height_px=2):  # noqa: PT011
        pass
    assert caught.value.errno == errno.ENOENT
    assert not isinstance(caught.value, DiskFull)


def test_a_fine_video_is_closer_to_the_pictures_than_a_quick_one(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    slope = np.linspace(60, 190, 160)
    grain = random.normal(0, 8, (8, 120, 160))  # a camera's, new in every picture
    pictures = [np.repeat(np.clip(slope + one, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2) for one in grain]
    apart = {}
    for quality in ("quick", "fine"):
        path = tmp_path / f"{quality}.mp4"
        with open_video_writer(path, width_px=160, height_px=120, quality=quality) as writer:
            for number, picture in enumerate(pictures):
                writer.write(picture, time_s=number / 25)
        seen = [frame.rgb for frame in ConfinedVideoReader(path).frames()]
        grey = [np.mean((one.mean(axis=2) - two.mean(axis=2)) ** 2) for one, two in zip(pictures, seen, strict=True)]
        apart[quality] = np.mean(grey)
    assert apart["fine"] < apart["quick"] / 2
