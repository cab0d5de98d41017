"""Reads one untrusted still picture: like the pictures of a video, its bytes are interpreted in the confined process only."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from kinesight.domain.errors import BadParameter, KinesightError
from kinesight.domain.video import Image
from kinesight.media.limits import MediaLimits
from kinesight.media.reader import ConfinedVideoReader

_SUFFIXES = {b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png"}

LARGEST_STILL_BYTES = 50_000_000


def read_still(path: Path, *, limits: MediaLimits | None = None) -> tuple[Image, bytes]:
    """Return a JPEG or PNG picture, upright, (height, width, 3) RGB, and the bytes of its file.

    Raises
    ------
    BadParameter
        There is no such file, it is too large, or it is no picture that can be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_STILL_BYTES + 1)
    except OSError as error:
        raise BadParameter(f"The picture {path.name} cannot be opened: {error.strerror}.") from error
    if len(content) > LARGEST_STILL_BYTES:
        raise BadParameter(f"The picture {path.name} is larger than {LARGEST_STILL_BYTES // 1_000_000} MB; send a smaller one.")
    suffix = next((suffix for magic, suffix in _SUFFIXES.items() if content.startswith(magic)), None)
    if suffix is None:
        raise BadParameter(f"{path.name} is no JPEG or PNG picture; save it as one of them.")
    with TemporaryDirectory() as folder:
        Path(folder, f"still{suffix}").write_bytes(content)
        try:
            frames = ConfinedVideoReader(Path(folder), limits=limits).frames()
            picture = next(frames).rgb
            frames.close()
        except KinesightError as error:
            raise BadParameter(f"The picture {path.name} cannot be read: {error.message}") from error
    return picture, content
