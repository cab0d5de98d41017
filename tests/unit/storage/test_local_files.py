"""Uploads, artefacts and signed links on a real folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import uuid
from collections import namedtuple
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesight.domain.engine import Forgotten
from kinesight.domain.errors import DiskFull, Forbidden, NotFound
from kinesight.storage.files import LocalFiles
from kinesight.testing.jobs import MemoryFiles

JOB = str(uuid.UUID(int=5))


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path, secret=b"s")


def kept(files: LocalFiles, content: bytes = b"video") -> str:
    path = files.create()
    path.write_bytes(content)
    return files.keep(path)


def parts(link: str) -> tuple[str, dict[str, str]]:
    split = urlsplit(link)
    return unquote(split.path).removeprefix("/files/"), dict(parse_qsl(split.query, keep_blank_values=True))


def test_an_upload_becomes_readable_under_its_key(files: LocalFiles) -> None:
    path = files.create()
    path.write_bytes(b"video")
    key = files.keep(path)
    assert not path.exists()
    assert files.path(key).read_bytes() == b"video"
    files.forget_input(key)
    with pytest.raises(NotFound):
        files.path(key)


def test_an_upload_that_was_not_accepted_is_gone(files: LocalFiles) -> None:
    path = files.create()
    path.write_bytes(b"half a vid")
    files.discard(path)
    files.discard(path)
    assert list(path.parent.iterdir()) == []


def test_only_what_create_made_can_be_kept(files: LocalFiles, tmp_path: Path) -> None:
    for foreign in (tmp_path / "x.mp4", tmp_path / "incoming" / "evil.part"):
        foreign.write_bytes(b"")
        with pytest.raises(ValueError, match="create"):
            files.keep(foreign)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "kinesight.db",
        "../kinesight.db",
        "incoming/../kinesight.db",
        "incoming/.",
        f"jobs/{JOB}/1/../../../kinesight.db",
        f"jobs/{JOB}/1/.hidden",
        f"jobs/{JOB}/1/a//b",
        f"jobs/{JOB}/1/",
        f"jobs/{JOB}/1",
        f"/jobs/{JOB}/1/a",
        f"jobs/{JOB}/1/a\n",
        f"jobs/{JOB}/1/a\x00",
        "incoming/" + "é" * 36,
    ],
)
def test_no_key_leads_anywhere_else(files: LocalFiles, tmp_path: Path, key: str) -> None:
    (tmp_path / "kinesight.db").write_bytes(b"secret")
    with pytest.raises(NotFound):
        files.path(key)
    link_key, query = parts(files.link(key, name="x", media_type="x/y"))
    with pytest.raises(NotFound):
        files.resolve(link_key, query)


def test_a_link_in_a_job_folder_leads_nowhere(files: LocalFiles, tmp_path: Path) -> None:
    (tmp_path / "kinesight.db").write_bytes(b"secret")
    folder = files.attempt_folder(JOB, 1)
    (folder / "report.html").symlink_to(tmp_path / "kinesight.db")
    (folder / "up").symlink_to(tmp_path)
    for name in ("report.html", "up/kinesight.db"):
        with pytest.raises(NotFound):
            files.collect(JOB, 1, [name])
    assert files.collect(JOB, 1) == ()


def test_a_link_opens_its_file_and_nothing_else(files: LocalFiles) -> None:
    key, other = kept(files, b"mine"), kept(files, b"other")
    name = 'größe & "x"\n?.mp4'
    link_key, query = parts(files.link(key, name=name, media_type="video/mp4"))
    assert link_key == key
    path, given_name, media_type = files.resolve(link_key, query)
    assert (path.read_bytes(), given_name, media_type) == (b"mine", name, "video/mp4")
    with pytest.raises(Forbidden):
        files.resolve(other, query)
    for field in query:
        for changed in (
            {**query, field: query[field] + "0"},
            {**query, field: "é"},
            {k: v for k, v in query.items() if k != field},
        ):
            with pytest.raises(Forbidden):
                files.resolve(key, changed)
    with pytest.raises(Forbidden):
        LocalFiles(path.parents[1], secret=b"another").resolve(key, query)


def test_a_link_expires() -> None:
    now = [1_000_000.0]
    files = MemoryFiles(now_s=lambda: now[0])
    key, query = parts(files.link(kept(files), name="a", media_type="b/c", seconds=3600))
    now[0] += 3600
    files.resolve(key, query)
    now[0] += 1
    with pytest.raises(Forbidden, match="expired"):
        files.resolve(key, query)
    files.close()


@given(name=st.text(max_size=20), media_type=st.text(max_size=20), cut=st.integers(0, 40))
def test_fields_of_a_link_cannot_be_shifted_into_each_other(name: str, media_type: str, cut: int) -> None:
    files = MemoryFiles()
    try:
        key, query = parts(files.link(kept(files), name=name, media_type=media_type))
        whole = name + media_type
        shifted = {**query, "name": whole[:cut], "type": whole[cut:]}
        if (shifted["name"], shifted["type"]) == (name, media_type):
            assert files.resolve(key, shifted)[1:] == (name, media_type)
        else:
            with pytest.raises(Forbidden):
                files.resolve(key, shifted)
    finally:
        files.close()


def test_artefacts_are_described_and_tries_never_share_a_folder(files: LocalFiles) -> None:
    folder = files.attempt_folder(JOB, 1)
    with pytest.raises(FileExistsError):
        files.attempt_folder(JOB, 1)
    (folder / "persons").mkdir()
    (folder / "persons" / "0.jpg").write_bytes(b"picture")
    (folder / "annotated.mp4").write_bytes(b"video" * 500_000)
    (folder / "annotated.mp4.part").write_bytes(b"half")
    (folder / ".cache").write_bytes(b"")
    video, picture = files.collect(JOB, 1)
    assert (video.name, video.media_type, video.size_bytes) == ("annotated.mp4", "video/mp4", 2_500_000)
    assert video.sha256 == hashlib.sha256(b"video" * 500_000).hexdigest()
    assert (picture.name, picture.key, picture.media_type) == ("persons/0.jpg", f"jobs/{JOB}/1/persons/0.jpg", "image/jpeg")
    assert files.collect(JOB, 1, ["persons/0.jpg", "persons/0.jpg"]) == (picture,)
    for wrong in ("gone.json", "../1/annotated.mp4", "/etc/passwd", ""):
        with pytest.raises(NotFound):
            files.collect(JOB, 1, [wrong])


def test_the_other_tries_go_when_one_has_won(files: LocalFiles) -> None:
    for fence in (1, 3, 5):
        (files.attempt_folder(JOB, fence) / "a.json").write_text(str(fence))
    files.drop_other_attempts(JOB, 3)
    assert [path.name for path in files.path(f"jobs/{JOB}/3/a.json").parents[1].iterdir()] == ["3"]
    key = kept(files)
    files.forget(Forgotten(job_id=JOB, input_key=key))
    files.forget(Forgotten(job_id=JOB, input_key=key))
    for gone in (key, f"jobs/{JOB}/3/a.json"):
        with pytest.raises(NotFound):
            files.path(gone)


def test_forgetting_an_input_touches_nothing_else(files: LocalFiles) -> None:
    (files.attempt_folder(JOB, 1) / "a.json").write_text("")
    for key in (f"jobs/{JOB}/1/a.json", "incoming/..", "../x"):
        files.forget_input(key)
    assert files.path(f"jobs/{JOB}/1/a.json").exists()


def test_old_uploads_without_a_job_are_swept(files: LocalFiles) -> None:
    old, used, young = (files.path(kept(files)) for _ in range(3))
    for path in (old, used):
        os.utime(path, (time.time() - 100, time.time() - 100))
    orphan, owned = str(uuid.UUID(int=6)), str(uuid.UUID(int=7))
    folders = [files.attempt_folder(job, 1).parent for job in (orphan, owned)]
    for folder in folders:
        os.utime(folder, (time.time() - 100, time.time() - 100))
    known = {f"incoming/{used.name}", f"jobs/{owned}"}
    assert files.sweep(older_than_s=50, is_known=known.__contains__) == 2
    assert [folder.exists() for folder in folders] == [False, True]
    assert not old.exists()
    assert used.exists()
    assert young.exists()


def test_work_is_refused_before_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = LocalFiles(tmp_path, secret=b"s", reserve_mb=100)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 0, 99_000_000))
    with pytest.raises(DiskFull, match="99 MB"):
        files.create()
    with pytest.raises(DiskFull):
        files.attempt_folder(JOB, 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 0, 101_000_000))
    files.create()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_while_writing_has_our_name(files: LocalFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    path = files.create()
    path.write_bytes(b"video")

    def full(handle: int) -> None:
        with Path("/dev/full").open("wb", buffering=0) as stream:
            stream.write(b"x")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull):
        files.keep(path)


def test_what_is_made_later_goes_with_the_job(files: LocalFiles) -> None:
    path = files.derived(JOB, "original.mp4")
    assert not path.exists()
    path.write_bytes(b"copy")
    assert files.derived(JOB, "original.mp4").read_bytes() == b"copy"
    assert files.path(f"jobs/{JOB}/0/original.mp4") == path
    files.forget(Forgotten(job_id=JOB))
    assert not path.exists()
    for job_id, name in (("no job", "x"), (JOB, "../x"), (JOB, "")):
        with pytest.raises(NotFound):
            files.derived(job_id, name)
