"""Archives of pictures are read as videos, and hostile ones are refused by name."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kinesight.domain.errors import NotAVideo, TruncatedVideo, VideoTooLarge
from kinesight.media.limits import MediaLimits
from kinesight.media.picture_zip import unpack
from kinesight.media.reader import ConfinedVideoReader


def jpeg(level: int) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.full((48, 64, 3), level, np.uint8)).save(content, "JPEG", quality=95)
    return content.getvalue()


def archive(path: Path, members: dict[str, bytes], *, compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return path


def test_an_archive_is_read_in_its_own_order_at_its_own_pace(tmp_path: Path) -> None:
    levels = {"z.jpg": 40, "dir/a.JPEG": 120, "../m.png": 200}
    path = archive(
        tmp_path / "clip", {"clip.json": json.dumps({"fps": 2}).encode(), **{name: jpeg(level) for name, level in levels.items()}}
    )
    reader = ConfinedVideoReader(path)
    frames = list(reader.frames())
    assert [round(float(frame.rgb.mean())) for frame in frames] == pytest.approx([40, 120, 200], abs=2)
    assert [frame.time_s for frame in frames] == [0.0, 0.5, 1.0]
    assert not (tmp_path.parent / "m.png").exists()
    folder = reader._folder.path
    assert folder.exists()
    del reader, frames
    assert not folder.exists(), "what was unpacked goes with its reader"


def test_without_facts_a_second_lies_between_two_pictures(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "clip.zip", {"1.jpg": jpeg(10), "2.jpg": jpeg(20), "notes.txt": b"hello"}, compression=zipfile.ZIP_DEFLATED
    )
    assert [frame.time_s for frame in ConfinedVideoReader(path).frames()] == [0.0, 1.0]


def leftovers() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("kinesight-pictures-*"))


def test_what_cannot_be_unpacked_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    before = leftovers()
    good = archive(tmp_path / "good.zip", {"1.jpg": jpeg(10), "2.jpg": jpeg(20)}).read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(good[: len(good) // 2])
    with pytest.raises(TruncatedVideo):
        unpack(cut, max_bytes=10**6)
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(good.replace(jpeg(10)[100:140], bytes(40)))
    with pytest.raises(TruncatedVideo):
        unpack(damaged, max_bytes=10**6)
    with pytest.raises(NotAVideo):
        unpack(archive(tmp_path / "none.zip", {"a.txt": b"x"}), max_bytes=10**6)
    for facts in (b"{", b"[1]", b'{"fps": 0}', b'{"fps": "1"}', b'{"fps": 1e9}'):
        with pytest.raises(TruncatedVideo):
            unpack(archive(tmp_path / "facts.zip", {"clip.json": facts, "1.jpg": jpeg(1)}), max_bytes=10**6)
    assert leftovers() == before


def test_a_bomb_is_stopped_at_the_limit(tmp_path: Path) -> None:
    before = leftovers()
    bomb = archive(tmp_path / "bomb.zip", {f"{n}.jpg": bytes(3_000_000) for n in range(5)}, compression=zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < 30_000
    with pytest.raises(VideoTooLarge):
        unpack(bomb, max_bytes=10_000_000)
    with pytest.raises(VideoTooLarge):
        ConfinedVideoReader(bomb, limits=MediaLimits(max_bytes=10_000_000))
    many = archive(tmp_path / "many.zip", {f"{n}.jpg": b"" for n in range(2001)})
    with pytest.raises(VideoTooLarge, match="2001"):
        unpack(many, max_bytes=10_000_000)
    assert leftovers() == before
