"""The catalogue is complete, and reading it loads no runtime."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kinesight.testing.alarm_clips.backdrops import PHOTOGRAPHS
from kinesight.vision.catalogue import CATALOGUE, PackagedFile, row_named
from kinesight.vision.samples import SAMPLES

FILES = [*(row.file for row in CATALOGUE), *SAMPLES, *PHOTOGRAPHS]


def test_the_models_that_the_analyses_need_are_there() -> None:
    assert {(row.task, row.name) for row in CATALOGUE} >= {
        ("detector", "efficientdet-lite0"),
        ("pose", "blazepose-heavy"),
        ("pose", "blazepose-full"),
        ("face", "centerface"),
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.file_name)
def test_every_file_is_pinned_and_may_be_used_commercially(file: PackagedFile) -> None:
    assert len(file.sha256) == 64
    assert set(file.sha256) <= set("0123456789abcdef")
    assert file.licence in {"Apache-2.0", "MIT", "BSD-3-Clause"}
    assert f"SPDX-License-Identifier: {file.licence}" in file.notice
    assert file.package_version[0].isdigit()


def test_names_and_file_names_are_unique() -> None:
    assert len({row.name for row in CATALOGUE}) == len(CATALOGUE)
    assert len({file.file_name for file in FILES}) == len(FILES)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(KeyError):
        row_named("blazepose-lite")


@pytest.mark.parametrize("changes", [{"file_name": "../x.tflite"}, {"members": ()}])
def test_a_row_that_could_write_elsewhere_or_names_nothing_is_refused(changes: dict[str, object]) -> None:
    good = {name: getattr(FILES[0], name) for name in PackagedFile.__slots__}
    with pytest.raises(ValueError, match=r"file name|no member"):
        PackagedFile(**{**good, **changes})


def test_listing_and_verifying_load_no_runtime() -> None:
    program = (
        "import sys, pathlib; from kinesight.vision.catalogue import CATALOGUE; from kinesight.vision.fetch import verify;"
        "import kinesight.vision.shelf; verify(pathlib.Path('nowhere'));"
        "sys.exit(any(name in sys.modules for name in ('ai_edge_litert', 'onnxruntime', 'cv2')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
