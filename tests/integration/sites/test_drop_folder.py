"""Files are dropped as FTP servers do: in pieces, under other names, in folders by date, as bursts of pictures."""

from __future__ import annotations

import os
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from kinesight.domain.errors import QueueFull
from kinesight.panels.drop_folder import DropFolder, DropRules

from .conftest import Site

NOW_S = 1_770_000_000.0
JPEG = b"\xff\xd8\xff\xe0" + bytes(500)


class Drop:
    """A watched folder with a clock that a test moves."""

    def __init__(self, site: Site, root: Path, **rules: Any) -> None:
        self.now_s = NOW_S
        self.root = root
        self.camera = root / "one" / "134188-VI08"
        self.camera.mkdir(parents=True)
        given = DropRules(**{"settle_s": 2.0, "max_bytes": 100_000, **rules})
        self.folder = DropFolder(root, intake=site.intake, cameras=site.cameras, rules=given, now_s=lambda: self.now_s)

    def write(self, name: str, content: bytes, *, age_s: float = 0.0) -> Path:
        path = self.camera / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (self.now_s - age_s, self.now_s - age_s))
        return path

    def wait(self, seconds: float) -> int:
        """Look once a second for so long and return how many clips were taken."""
        taken = self.folder.look()
        for _ in range(round(seconds)):
            self.now_s += 1.0
            taken += self.folder.look()
        return taken

    def names(self, where: str) -> list[str]:
        return sorted(path.name for path in (self.camera / where).rglob("*") if path.is_file())


@pytest.fixture
def drop(site: Site, tmp_path: Path) -> Drop:
    return Drop(site, tmp_path / "drop")


def test_a_clip_is_taken_when_it_has_come_to_rest(site: Site, drop: Drop) -> None:
    path = drop.write("clip.mp4", b"first half")
    assert drop.wait(1) == 0
    drop.write("clip.mp4", b"first half, second half")
    assert drop.wait(1) == 0, "it grew"
    assert drop.wait(2) == 1
    (job,) = site.accepted()
    assert (job.camera_id, job.input_name, site.content(job)) == ("134188-VI08", "clip.mp4", b"first half, second half")
    assert job.origin == {"api": "folder", "files": ["clip.mp4"]}
    assert not path.exists()
    assert drop.names("done") == ["clip.mp4"]
    assert drop.wait(3) == 0


def test_a_file_under_another_name_waits_for_its_rename(site: Site, drop: Drop) -> None:
    for name in ("clip.mp4.part", ".clip.mp4", "clip.mp4.filepart", "clip.mp4.TMP"):
        drop.write(name, b"half")
    assert drop.wait(5) == 0
    (drop.camera / ".clip.mp4").rename(drop.camera / "clip.mp4")
    assert drop.wait(3) == 1
    assert [job.input_name for job in site.accepted()] == ["clip.mp4"]


def test_folders_by_date_belong_to_their_camera(site: Site, drop: Drop) -> None:
    drop.write("2026-02-02/001/a.mp4", b"a" * 20)
    drop.write("2026-02-02/002/a.mp4", b"b" * 20)
    assert drop.wait(3) == 2
    assert {job.camera_id for job in site.accepted()} == {"134188-VI08"}
    assert drop.names("done") == ["2026-02-02_001_a.mp4", "2026-02-02_002_a.mp4"]


def test_a_burst_of_pictures_is_one_clip(site: Site, drop: Drop) -> None:
    site.camera("134188-VI08", stills_per_s=0.5)
    for number in range(3):
        drop.write(f"x{number}.jpg", JPEG + bytes([number]))
        assert drop.wait(2) == 0, "another may come"
    assert drop.wait(6) == 1
    drop.write("x3.jpg", JPEG)
    drop.write("other/x4.jpg", JPEG + b"4")
    assert drop.wait(8) == 2, "later, and elsewhere"
    first = site.accepted()[0]
    with zipfile.ZipFile(BytesIO(site.content(first))) as archive:
        assert archive.namelist() == ["clip.json", "00000.jpg", "00001.jpg", "00002.jpg"]
        assert archive.read("clip.json") == b'{"fps": 0.5}'
        assert [archive.read(name)[-1] for name in archive.namelist()[1:]] == [0, 1, 2]
    assert first.origin["files"] == ["x0.jpg", "x1.jpg", "x2.jpg"]


def test_the_clip_is_judged_at_its_own_time(site: Site, drop: Drop) -> None:
    # 2026-02-02 02:40 UTC; armed from 2:00 to 2:30
    site.camera("134188-VI08", schedule={"time_zone": "UTC", "armed": [{"start": "02:00", "end": "02:30"}]})
    drop.write("now.mp4", b"n" * 20)
    drop.write("before.mp4", b"b" * 20, age_s=1200.0)
    drop.write("future.mp4", b"f" * 20, age_s=-80_000.0)
    drop.write("year.mp4", b"y" * 20, age_s=86_400.0 * 365)
    assert drop.wait(3) == 4
    armed = {job.input_name: job.parameters["camera"]["is_armed"] for job in site.accepted()}
    assert armed == {"now.mp4": False, "before.mp4": True, "future.mp4": False, "year.mp4": False}


def test_what_is_refused_lies_beside_its_reason(site: Site, drop: Drop) -> None:
    drop.write("empty.mp4", b"")
    drop.write("large.mp4", bytes(100_001))
    assert drop.wait(3) == 0
    assert drop.names("refused") == ["empty.mp4", "empty.mp4.reason.txt", "large.mp4", "large.mp4.reason.txt"]
    (reason,) = drop.camera.glob("refused/*/large.mp4.reason.txt")
    assert "larger than 0.1 MB" in reason.read_text()


def test_what_cannot_be_taken_now_stays_where_it_is(site: Site, drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    path = drop.write("clip.mp4", b"c" * 20)
    with monkeypatch.context() as patched:
        patched.setattr(site.jobs, "submit", lambda *_: (_ for _ in ()).throw(QueueFull()))
        drop.wait(1)
        drop.now_s += 5
        with pytest.raises(QueueFull):
            drop.folder.look()
    assert path.exists()
    assert drop.wait(1) == 1


def test_a_file_that_could_not_be_moved_is_not_judged_twice(site: Site, drop: Drop) -> None:
    content = b"c" * 20
    drop.write("clip.mp4", content)
    assert drop.wait(3) == 1
    (moved,) = drop.camera.glob("done/*/clip.mp4")
    back = drop.camera / "clip.mp4"
    moved.rename(back)
    os.utime(back, (NOW_S, NOW_S))  # as if the server had died between the job and the move
    drop.wait(3)
    assert len(site.accepted()) == 1
    assert drop.names("done") == ["clip.mp4"]
    drop.write("clip.mp4", content)
    assert drop.wait(3) == 1, "the same content at another time is another clip"
    assert drop.names("done") == ["clip-2.mp4", "clip.mp4"]


def test_links_and_strange_folders_are_passed_over(site: Site, drop: Drop, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"not for everybody")
    (drop.camera / "link.mp4").symlink_to(secret)
    (drop.root / "one" / "linked").symlink_to(tmp_path)
    os.mkfifo(drop.camera / "pipe.mp4")
    (drop.root / "nobody" / "1").mkdir(parents=True)
    (drop.root / "nobody" / "1" / "clip.mp4").write_bytes(b"x" * 20)
    assert drop.wait(4) == 0
    assert site.accepted() == []
    assert secret.exists()


def test_old_files_are_cleared_away(site: Site, drop: Drop) -> None:
    drop.write("clip.mp4", b"c" * 20)
    drop.write("bad.mp4", b"")
    drop.wait(3)
    drop.now_s += 6 * 86_400
    drop.folder.look()
    assert drop.names("done") == ["clip.mp4"]
    drop.now_s += 2 * 86_400
    drop.folder.look()
    assert drop.names("done") == drop.names("refused") == []
