"""What the reader delivers: the right pictures, upright, at the right times, from everything that a camera or a phone writes."""

import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from kinesight.domain.video import Frame
from kinesight.media.limits import MediaLimits
from kinesight.media.reader import ConfinedVideoReader
from kinesight.testing.videos import (
    SyntheticVideo,
    number_in,
    steady_times,
    write_animation,
    write_picture_folder,
    write_with_cover,
)


def _read(path: Path, **options: int) -> tuple[ConfinedVideoReader, list[Frame]]:
    reader = ConfinedVideoReader(path, limits=MediaLimits(cpu_s=60, wait_s=60))
    return reader, list(reader.frames(**options))


def _numbers(frames: list[Frame]) -> list[int]:
    return [number_in(frame.rgb) for frame in frames]


@pytest.mark.parametrize(
    ("container", "codec", "pixel_format"),
    [
        ("mp4", "libx264", "yuv420p"),
        ("mp4", "libx264", "yuv422p10le"),
        ("mp4", "libx264", "yuvj420p"),
        ("mov", "libx264", "yuv444p"),
        ("mp4", "libx264", "gray"),
        ("mp4", "libx265", "yuv420p"),
        ("mp4", "libx265", "yuv420p10le"),
        ("webm", "libvpx", "yuv420p"),
        ("webm", "libvpx-vp9", "yuv420p"),
        ("webm", "libvpx-vp9", "yuva420p"),
        ("mp4", "libsvtav1", "yuv420p"),
        ("mp4", "mpeg4", "yuv420p"),
        ("avi", "mpeg4", "yuv420p"),
        ("avi", "mjpeg", "yuvj420p"),
        ("mov", "prores_ks", "yuva444p10le"),
        ("mov", "qtrle", "argb"),
        ("mov", "png", "rgba"),
        ("matroska", "ffv1", "bgr0"),
        ("mpegts", "mpeg2video", "yuv420p"),
        ("mpegts", "libx264", "yuv420p"),
    ],
)
def test_codecs_and_pixel_formats(tmp_path: Path, container: str, codec: str, pixel_format: str) -> None:
    bases = {"webm": Fraction(1, 1000), "matroska": Fraction(1, 1000), "mpegts": Fraction(1, 25)}
    time_base = bases.get(container, Fraction(1, 25) if codec == "mpeg4" or container == "avi" else Fraction(1, 12_800))
    video = SyntheticVideo(
        container=container, codec=codec, pixel_format=pixel_format, times_s=steady_times(frames=12, fps=25), time_base=time_base
    )
    reader, frames = _read(video.write(tmp_path / "clip"))
    assert _numbers(frames) == list(range(12))
    assert [frame.time_s for frame in frames] == pytest.approx(video.times_s, abs=1e-9 if container != "mpegts" else 1e-4)
    assert [frame.index for frame in frames] == list(range(12))
    assert frames[0].rgb.shape == (120, 160, 3)
    red, grey = frames[3].rgb[10, 10].astype(int), frames[3].rgb[35, 100].astype(int)
    assert np.abs(grey - 128).max() < 8
    if pixel_format != "gray":
        assert np.abs(red - (220, 30, 30)).max() < 16
    assert reader.info.frame_count == 12
    assert reader.info.fps == pytest.approx(25, rel=1e-4)
    assert reader.info.duration_s == pytest.approx(12 / 25, rel=1e-3)
    assert reader.info.variable_frame_rate is False
    assert reader.info.readable_s is None
    assert reader.info.has_audio is False


@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
@pytest.mark.parametrize("longest_side_px", [None, 80])
def test_rotation_tags_are_applied(tmp_path: Path, rotation_deg: int, longest_side_px: int | None) -> None:
    path = SyntheticVideo(rotation_deg=rotation_deg, width_px=160, height_px=96).write(tmp_path / "clip.mp4")
    reader = ConfinedVideoReader(path)
    frames = list(reader.frames(longest_side_px=longest_side_px))
    assert (reader.info.width_px, reader.info.height_px, reader.info.rotation_deg) == (160, 96, rotation_deg)
    assert frames[0].rgb.shape == ((96, 160, 3) if longest_side_px is None else (48, 80, 3))
    assert frames[0].scale == (1.0 if longest_side_px is None else 0.5)
    assert _numbers(frames) == list(range(20))


def test_varying_frame_times_are_exact(tmp_path: Path) -> None:
    ticks = [0, 100, 250, 251, 900, 1000, 1700, 1703, 2500, 2600]
    path = SyntheticVideo(times_s=[tick / 1000 for tick in ticks], time_base=Fraction(1, 1000)).write(tmp_path / "clip.mp4")
    reader, frames = _read(path)
    assert [frame.time_s for frame in frames] == [tick / 1000 for tick in ticks]
    assert _numbers(frames) == list(range(10))
    assert reader.info.variable_frame_rate is True
    assert reader.info.fps == pytest.approx(9 / 2.6)


def test_pictures_that_an_edit_list_hides_are_not_delivered(tmp_path: Path) -> None:
    times = [index / 25 for index in range(-5, 15)]
    reader, frames = _read(SyntheticVideo(times_s=times, codec_options={"bf": "0"}).write(tmp_path / "clip.mp4"))
    assert _numbers(frames) == list(range(5, 20))
    assert [frame.time_s for frame in frames] == pytest.approx(times[5:])
    assert reader.info.frame_count == 15
    assert reader.info.readable_s is None


def test_a_late_start_is_kept(tmp_path: Path) -> None:
    times = [0.4 + index / 25 for index in range(10)]
    _, frames = _read(SyntheticVideo(times_s=times).write(tmp_path / "clip.mp4"))
    assert [frame.time_s for frame in frames] == pytest.approx(times)


@pytest.mark.parametrize(("aspect", "expected"), [(Fraction(4, 3), (160, 120)), (Fraction(8, 9), (160, 120))])
def test_pixels_are_delivered_square(tmp_path: Path, aspect: Fraction, expected: tuple[int, int]) -> None:
    path = SyntheticVideo(pixel_aspect=aspect, codec_options={"crf": "10"}, pixel_format="yuv444p").write(tmp_path / "clip.mp4")
    reader, frames = _read(path)
    assert abs(reader.info.width_px - expected[0]) <= 1
    assert abs(reader.info.height_px - expected[1]) <= 1
    assert frames[0].rgb.shape == (reader.info.height_px, reader.info.width_px, 3)
    assert _numbers(frames) == list(range(20))


@pytest.mark.parametrize(("width_px", "height_px"), [(161, 121), (33, 47), (160, 121)])
def test_odd_sizes(tmp_path: Path, width_px: int, height_px: int) -> None:
    video = SyntheticVideo(width_px=width_px, height_px=height_px, pixel_format="yuv444p", codec_options={"crf": "5"})
    reader, frames = _read(video.write(tmp_path / "clip.mp4"))
    assert (reader.info.width_px, reader.info.height_px) == (width_px, height_px)
    assert frames[0].rgb.shape == (height_px, width_px, 3)
    assert _numbers(frames) == list(range(20))


def test_frames_are_never_enlarged_and_own_their_pixels(tmp_path: Path) -> None:
    _, frames = _read(SyntheticVideo(times_s=steady_times(frames=40, fps=25)).write(tmp_path / "clip.mp4"), longest_side_px=999)
    assert frames[0].rgb.shape == (120, 160, 3)
    assert frames[0].rgb.flags.owndata
    assert _numbers(frames) == list(range(40))  # after the ring was used many times over


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_animations_keep_their_delays(tmp_path: Path, suffix: str) -> None:
    delays_ms = [50, 100, 50, 200, 80, 40]
    reader, frames = _read(write_animation(tmp_path / f"clip{suffix}", delays_ms=delays_ms))
    assert [frame.time_s for frame in frames] == pytest.approx([0, 0.05, 0.15, 0.2, 0.4, 0.48])
    assert _numbers(frames) == list(range(6))
    assert reader.info.codec == suffix[1:]
    assert reader.info.variable_frame_rate is True


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_folder_of_pictures_is_a_video(tmp_path: Path, suffix: str) -> None:
    folder = write_picture_folder(tmp_path / "pictures", count=12, suffix=suffix)
    (folder / "notes.txt").write_text("not a picture")
    (folder / f"frame99{suffix}").symlink_to(folder / f"frame1{suffix}")
    reader, frames = _read(folder)
    assert _numbers(frames) == list(range(12))  # 2 before 10, and the link is not followed
    assert [frame.time_s for frame in frames] == pytest.approx([index / 30 for index in range(12)])
    faster = ConfinedVideoReader(folder, folder_fps=240)
    assert [frame.time_s for frame in faster.frames()][-1] == pytest.approx(11 / 240)
    assert reader.info.sha256 == faster.info.sha256


def test_a_damaged_picture_in_a_folder_leaves_a_gap(tmp_path: Path) -> None:
    folder = write_picture_folder(tmp_path / "pictures", count=6)
    (folder / "frame2.png").write_bytes(b"\x89PNG\r\n\x1a\nnonsense")
    reader, frames = _read(folder)
    assert _numbers(frames) == [0, 1, 3, 4, 5]
    assert frames[2].time_s == pytest.approx(3 / 30)
    assert reader.info.readable_s is not None


def test_sound_is_noticed_and_a_cover_is_not_the_video(tmp_path: Path) -> None:
    reader, frames = _read(write_with_cover(tmp_path / "clip.mp4", with_video=True))
    assert (reader.info.width_px, reader.info.height_px) == (160, 120)
    assert reader.info.has_audio is True
    assert _numbers(frames) == list(range(20))


def test_decoded_pictures_do_not_pile_up(tmp_path: Path) -> None:
    """160 pictures of 1.4 MB would be 220 MB; the decoder needs some 30 MB beyond its program, however long the video."""
    video = SyntheticVideo(
        width_px=1280, height_px=720, times_s=steady_times(frames=160, fps=60), codec_options={"preset": "ultrafast"}
    )
    reader = ConfinedVideoReader(video.write(tmp_path / "clip.mp4"))
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    before = set(children.read_text().split())
    anonymous_kb = []
    for _ in reader.frames(longest_side_px=320):
        (child,) = set(children.read_text().split()) - before
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{child}/status").read_text().splitlines())
        anonymous_kb.append(int(fields.get("RssAnon", "0 kB").split()[0]))
    assert len(anonymous_kb) == 160
    assert max(anonymous_kb) < 120_000


def test_facts_are_there_before_the_first_pass_and_exact_after_it(tmp_path: Path) -> None:
    path = SyntheticVideo(sound="aac").write(tmp_path / "clip.mp4")
    reader = ConfinedVideoReader(path)
    assert (reader.info.codec, reader.info.has_audio, reader.info.frame_count) == ("h264", True, 20)
    assert reader.info.fps == pytest.approx(25)
    assert reader.info.variable_frame_rate is None
    assert len(reader.info.sha256) == 64
    assert len(list(reader.frames())) == len(list(reader.frames(longest_side_px=80))) == 20
    assert reader.info.variable_frame_rate is False
