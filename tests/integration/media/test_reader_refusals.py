"""What the reader refuses, and how: one typed error for each thing that can be wrong with a file."""

import os
import signal
import struct
import threading
import time
from fractions import Fraction
from pathlib import Path

import pytest

from kinesight.domain.errors import (
    CodecUnsupported,
    DecoderCrashed,
    DecoderTimeLimit,
    KinesightError,
    NotAVideo,
    NotFound,
    NoVideoStream,
    TooFewFrames,
    TruncatedVideo,
    VideoTooLarge,
    VideoTooLong,
    ZeroSizePicture,
)
from kinesight.media.limits import MediaLimits
from kinesight.media.reader import ConfinedVideoReader
from kinesight.testing.damage import damaged_variants
from kinesight.testing.videos import (
    SyntheticVideo,
    steady_times,
    write_animation,
    write_sound_only,
    write_wave,
    write_with_cover,
)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return SyntheticVideo(times_s=steady_times(frames=100, fps=25), codec_options={"g": "10", "bf": "0"}).write(
        tmp_path / "clip.mp4"
    )


def _refusal(path: Path, **limits: float) -> KinesightError:
    with pytest.raises(KinesightError) as caught:
        for _ in ConfinedVideoReader(path, limits=MediaLimits(**limits)).frames():  # type: ignore[arg-type]
            pass
    return caught.value


def _kinds_of_nonsense() -> dict[str, bytes]:
    return {
        "empty": b"",
        "text": b"hello world\n" * 100,
        "zeros": bytes(10_000),
        "random": bytes((index * 7919 + 13) % 251 for index in range(20_000)),
        "png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    }


@pytest.mark.parametrize("kind", _kinds_of_nonsense())
def test_not_a_video(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(_kinds_of_nonsense()[kind])
    assert type(_refusal(path)) is NotAVideo


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:4,\n{path}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {path}\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
        "<Period><AdaptationSet><Representation id='1'><BaseURL>{path}</BaseURL></Representation></AdaptationSet></Period></MPD>",
    ],
)
@pytest.mark.parametrize("suffix", ["mp4", "m3u8", "ffconcat", "sdp", "mpd"])
def test_files_that_name_other_files_are_not_videos(tmp_path: Path, clip: Path, text: str, suffix: str) -> None:
    path = tmp_path / f"list.{suffix}"
    path.write_text(text.format(path=clip))
    assert type(_refusal(path)) is NotAVideo


def test_what_is_not_a_file_is_not_a_video(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    assert type(_refusal(tmp_path / "pipe")) is NotAVideo
    assert type(_refusal(tmp_path / "empty")) is NotAVideo
    assert type(_refusal(tmp_path / "missing.mp4")) is NotFound


def test_no_video_stream(tmp_path: Path) -> None:
    assert type(_refusal(write_sound_only(tmp_path / "sound.mp4"))) is NoVideoStream
    assert type(_refusal(write_with_cover(tmp_path / "cover.mp4", with_video=False))) is NoVideoStream
    assert type(_refusal(write_wave(tmp_path / "sound.wav"))) is NotAVideo


def test_codecs_that_are_not_read(tmp_path: Path, clip: Path) -> None:
    asus = SyntheticVideo(container="avi", codec="asv1").write(tmp_path / "asus.avi")
    assert type(_refusal(asus)) is CodecUnsupported
    unknown = tmp_path / "unknown.mp4"
    unknown.write_bytes(clip.read_bytes().replace(b"avc1", b"zzzz"))
    assert type(_refusal(unknown)) is CodecUnsupported


def test_too_large_in_bytes_pixels_and_seconds(clip: Path) -> None:
    assert "MB" in str(_refusal(clip, max_bytes=1000))
    assert type(_refusal(clip, max_bytes=1000)) is VideoTooLarge
    assert type(_refusal(clip, max_side_px=100)) is VideoTooLarge
    assert type(_refusal(clip, max_duration_s=3.0)) is VideoTooLong
    assert "4 s" in str(_refusal(clip, max_duration_s=3.0))


def test_an_undeclared_length_is_noticed_on_the_way(tmp_path: Path) -> None:
    path = write_animation(tmp_path / "clip.webp", delays_ms=[400] * 12)
    reader = ConfinedVideoReader(path, limits=MediaLimits(max_duration_s=2.0))
    seen = []
    with pytest.raises(VideoTooLong):
        seen.extend(reader.frames())


def _with_size(data: bytes, width_px: int, height_px: int) -> bytes:
    """Change the size that the sample description of a MOV declares (ISO/IEC 14496-12, VisualSampleEntry)."""
    at = data.index(b"rle ", data.index(b"stsd")) + 4 + 24
    return data[:at] + struct.pack(">HH", width_px, height_px) + data[at + 4 :]


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = write_animation(tmp_path / "clip.gif", delays_ms=[50] * 3)
    data = bytearray(path.read_bytes())
    data[6:10] = struct.pack("<HH", 60_000, 60_000)
    path.write_bytes(data)
    refusal = _refusal(path, memory_bytes=512 * 1024**2)
    assert type(refusal) is VideoTooLarge
    assert "60000" in str(refusal)


def test_a_picture_without_size_is_refused(tmp_path: Path) -> None:
    path = SyntheticVideo(codec="qtrle", container="mov", pixel_format="rgb24").write(tmp_path / "clip.mov")
    path.write_bytes(_with_size(path.read_bytes(), 0, 0))
    assert type(_refusal(path)) is ZeroSizePicture


def test_a_picture_that_grows_on_the_way_is_refused(tmp_path: Path) -> None:
    small = SyntheticVideo(container="mpegts", codec="mpeg2video", time_base=Fraction(1, 25))
    large = SyntheticVideo(container="mpegts", codec="mpeg2video", time_base=small.time_base, width_px=640, height_px=480)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(small.write(tmp_path / "a.ts").read_bytes() + large.write(tmp_path / "b.ts").read_bytes())
    reader = ConfinedVideoReader(joined, limits=MediaLimits(max_side_px=320))
    assert (reader.info.width_px, reader.info.height_px) == (160, 120)
    with pytest.raises(VideoTooLarge):
        list(reader.frames())
    roomy = ConfinedVideoReader(joined)
    assert {frame.rgb.shape for frame in roomy.frames()} == {(120, 160, 3)}


def test_one_picture_is_too_few(tmp_path: Path) -> None:
    assert type(_refusal(SyntheticVideo(times_s=[0.0]).write(tmp_path / "one.mp4"))) is TooFewFrames
    assert type(_refusal(write_animation(tmp_path / "one.webp", delays_ms=[100]))) is TooFewFrames
    assert type(_refusal(write_animation(tmp_path / "one.gif", delays_ms=[100]))) is TooFewFrames


def test_a_cut_file_without_its_index_says_that_nothing_could_be_read(clip: Path) -> None:
    data = clip.read_bytes()
    clip.write_bytes(data[: data.index(b"moov")])
    refusal = _refusal(clip)
    assert type(refusal) is TruncatedVideo
    assert "0.0 s" in str(refusal)


def test_a_cut_file_with_its_index_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    video = SyntheticVideo(
        times_s=steady_times(frames=100, fps=25),
        codec_options={"g": "10", "bf": "0"},
        container_options={"movflags": "faststart"},
    )
    path = video.write(tmp_path / "clip.mp4")
    data = path.read_bytes()
    mdat = data.index(b"mdat")
    path.write_bytes(data[: mdat + (len(data) - mdat) // 2])
    reader = ConfinedVideoReader(path)
    frames = list(reader.frames())
    assert 20 < len(frames) < 80
    assert reader.info.readable_s == pytest.approx(len(frames) / 25, abs=0.1)
    assert reader.info.frame_count == len(frames)
    path.write_bytes(data[: mdat + 40])
    assert type(_refusal(path)) is TruncatedVideo


def test_a_partly_damaged_file_is_read_around_the_damage(clip: Path) -> None:
    data = bytearray(clip.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 1500] = bytes(1500)
    clip.write_bytes(data)
    reader = ConfinedVideoReader(clip)
    frames = list(reader.frames())
    assert len(frames) > 50
    assert frames[-1].time_s > 3.5
    assert reader.info.readable_s is not None
    assert 0 < reader.info.readable_s < 4.0


def _descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def _children() -> set[int]:
    pids = set()
    for task in Path("/proc/self/task").iterdir():
        pids |= {int(pid) for pid in (task / "children").read_text().split()}
    return pids


def test_closing_early_ends_the_child_and_leaves_nothing(clip: Path) -> None:
    before, children = _descriptors(), _children()
    reader = ConfinedVideoReader(clip)
    assert _children() == children
    frames = reader.frames()
    next(frames)
    (child,) = _children() - children
    frames.close()
    assert not Path(f"/proc/{child}").exists()
    assert _descriptors() == before


def test_errors_leave_nothing_either(clip: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(clip.read_bytes()[:3000])
    before, children = _descriptors(), _children()
    for _ in range(3):
        _refusal(broken)
    assert _descriptors() == before
    assert _children() == children


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_child_that_dies_is_a_crashed_decoder(clip: Path, number: signal.Signals) -> None:
    children = _children()
    frames = ConfinedVideoReader(clip).frames()
    next(frames)
    (child,) = _children() - children
    os.kill(child, number)
    with pytest.raises(DecoderCrashed, match=number.name):
        list(frames)
    assert _children() == children


def test_a_child_out_of_processor_time(clip: Path) -> None:
    children = _children()
    frames = ConfinedVideoReader(clip).frames()
    next(frames)
    (child,) = _children() - children
    os.kill(child, signal.SIGXCPU)  # what the kernel sends at the limit
    with pytest.raises(DecoderTimeLimit, match="processor time"):
        list(frames)


def test_waiting_has_a_limit(clip: Path) -> None:
    children = _children()
    frames = ConfinedVideoReader(clip, limits=MediaLimits(wait_s=1.5)).frames()
    next(frames)
    (child,) = _children() - children
    os.kill(child, signal.SIGSTOP)
    with pytest.raises(DecoderTimeLimit, match=r"1\.5 s"):
        list(frames)
    assert not Path(f"/proc/{child}").exists()


def test_a_slow_caller_does_not_use_up_the_limit(clip: Path) -> None:
    frames = ConfinedVideoReader(clip, limits=MediaLimits(wait_s=3.0)).frames()
    next(frames)
    time.sleep(3.5)
    assert len(list(frames)) == 99


def test_the_child_ends_with_the_thread_that_started_it(clip: Path) -> None:
    children = _children()
    frames = ConfinedVideoReader(clip).frames()
    thread = threading.Thread(target=next, args=(frames,))
    thread.start()
    thread.join()
    with pytest.raises(DecoderCrashed):
        list(frames)
    assert _children() == children


def test_too_little_memory_is_a_crashed_decoder(tmp_path: Path) -> None:
    path = SyntheticVideo(width_px=1920, height_px=1080, times_s=steady_times(frames=3, fps=25)).write(tmp_path / "clip.mp4")
    assert type(_refusal(path, memory_bytes=8 * 1024**2)) is DecoderCrashed


def test_damaged_variants_end_typed_or_readable(tmp_path: Path) -> None:
    path = SyntheticVideo(sound="aac", times_s=steady_times(frames=30, fps=25)).write(tmp_path / "clip.mp4")
    target = tmp_path / "damaged.mp4"
    outcomes = []
    for variant in damaged_variants(path.read_bytes(), count=24, seed=1):
        target.write_bytes(variant.data)
        try:
            outcomes.append(f"{sum(1 for _ in ConfinedVideoReader(target).frames()) > 1}")
        except KinesightError as error:
            outcomes.append(error.code)
    assert "True" in outcomes
    assert {"truncated_video", "not_a_video"} & set(outcomes)
    assert "decoder_crashed" not in outcomes
