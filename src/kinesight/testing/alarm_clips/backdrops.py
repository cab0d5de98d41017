"""Empty scenes: photographs from a licensed package, fetched like the samples, and yards that are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as PillowImage

from kinesight.domain.video import Image
from kinesight.testing.alarm_clips.stage import Picture, mottled, polygon
from kinesight.vision.catalogue import PackagedFile
from kinesight.vision.fetch import fetch_files
from kinesight.vision.licences import MVTB_NOTICE

_PHOTOGRAPHS: tuple[tuple[str, str, int], ...] = (
    ("campus/P1070491.png", "0c9a44c929fc6ad7409b69c6589d3ce0da07b2371ade9b8be484d0700195fed1", 376173),
    ("campus/P1070493.png", "d85cc1e637efbfaee706d6ab4af446d4618aa33b6ced7585a9dbd60dae9f8c65", 345341),
    ("campus/P1070494.png", "bdc979c02eda7fc75326b390dc92b58a4d9afb6c84eb630114e0aa645079663f", 347403),
    ("campus/P1070495.png", "23a4320c41d25d4c0b7afc83ed821b22d335e2016db3ce8b42a1dfbf27baf419", 396825),
    ("campus/P1070496.png", "042af8350dcb6a10d372aac102357f1c25356ae0cf21948c65a3403b7659c22c", 457236),
    ("campus/P1070497.png", "ba3c3a4624d52eb20bc83dfba56f758d14102343a3c0850f8843d06a9ae5a923", 409778),
    ("campus/P1070498.png", "4d34a0951a4f3481f733ed1f0d29569100e18d006f9db0ac1ec3f613414e2e05", 510504),
    ("campus/P1070499.png", "b0f5efbc2b7f0debfb780744fd7bc4abf0a6a49e15d019cbe5d4a628b4497f00", 505758),
    ("campus/P1070500.png", "8a595865a68b0481bf3fa5e83306b6f2de2b7fcb9ca8a8dd8ada4d446ec42986", 466467),
    ("campus/P1070501.png", "d2ec47edd3b099a9c7065048c3d95aba631c2a52e81c40f7071c7cb26c21948e", 504195),
    ("campus/P1070503.png", "97b0ea6e50ae627d3f651e5c13eb35711002089b7e2886ef2a7757b13aa16e16", 485798),
    ("campus/P1070504.png", "030199627edf46ad3c4a10a50d3f89e0a723456c97be7193a98a574b7120cf73", 578195),
    ("campus/P1070505.png", "4f013f225f68286281fb810d5ea399ae257732e3878f113b4120701b74153ddb", 488028),
    ("campus/P1070506.png", "4c2fc810377f16e4e98d51351562d8355b27ce49f388dea11c48f189282245e4", 449498),
    ("campus/P1070507.png", "50443b3289106db50b2d752a4144fb41bc66292d06798fa0533292a084347bdf", 438162),
    ("campus/P1070509.png", "dbb38f40e3fe288a1c6743c00aa48297ecbe674d7f0e5c4240475c234d6ed1b9", 506983),
    ("campus/P1070510.png", "61eff38c05307f1d66dcd43ae32899bbde6629b8b3c987060a3f24a871d8effc", 447447),
    ("campus/P1070512.png", "4e5dcedb4f2b07cd2e1c029f2d8fcdaed6b50d1595b279d39d17c7dfc81ff59a", 661646),
    ("campus/P1070514.png", "a0b36c006f1226f685b54d9a95529fa0c9e2579b576c5664283d494da59078c8", 452813),
    ("campus/P1070515.png", "a32088da54949b79d70aba47a7e61a8fba35a3c11cbbe33d1133d69cb1e3967b", 475475),
    ("campus/holdout/P1070492.png", "6d5d9c5e636d535d7966a39c9737985becf53d16c215a179089176eb3c72208f", 467795),
    ("campus/holdout/P1070502.png", "1ebf89ca91db2229bc9b34d9e950f7417b6943a98454c00775d0539b9bf2ac22", 485656),
    ("campus/holdout/P1070508.png", "86aabffa4223b9e600b98c189c7e2ed1106f6e5ad3086b7a6fece7a70f703a8e", 523818),
    ("campus/holdout/P1070511.png", "6076ed5f258d6778d7b865ee65eee7bda85818fd12181a7b6909bf548c489c08", 664001),
    ("campus/holdout/P1070513.png", "cbb7bef914a672857771b0509e67c116f83fe5a36fcd4af1891fbc3b0250fd9c", 482978),
    ("road.png", "9f1da330681f978446ebd73e143a683771ad86d75b6777863d7450424b827085", 2017814),
    ("parks.png", "cb477c7ed87d5e3e08007c68c661e0414738c5734cb2ab1fe90990b4fcb59992", 12528937),
    ("street.png", "3a010031a7ff106969922dd5412ecc43e65d011a84c749bb759080972dcfbad9", 531489),
    ("walls-l.png", "a5de9493150169ca24119b14f9007a0d2c425b6b4a3f07b7a76b4d8acd3a9ae7", 14598872),
    ("building2-1.png", "5f301b7940c8ab132b59bcfc716a6d39bdc9fd9b3bb796141dafa57154270bb0", 644090),
    ("church.png", "da95c3bd662c84a41fc46bb4cf25d47deeafd6e545075585b5dacd1da9722c14", 1338927),
    ("lab-scene.png", "0031dc99d9d7c063d08c6a474877a0c82fb54d68457250a34cce40108864d302", 3068276),
    ("eiffel-1.png", "8d35ef4548a174e0f34beaa1690eb8cf9cb72cc475ec66ddb1a5e6cfa4f8a102", 1338471),
)


def _row(member: str, sha256: str, size_bytes: int) -> PackagedFile:
    return PackagedFile(
        registry="pypi",
        package="mvtb-data",
        package_version="1.6.1",
        members=(f"mvtbdata/images/{member}",),
        file_name=f"mvtb-{Path(member).name}",
        sha256=sha256,
        size_bytes=size_bytes,
        licence="MIT",
        notice=MVTB_NOTICE,
    )


PHOTOGRAPHS: tuple[PackagedFile, ...] = tuple(_row(*entry) for entry in _PHOTOGRAPHS)
"""Buildings, paths, roads and rooms in which nothing moves. A few show small persons, who stand still for ever."""

DRAWN = 24
"""So many drawn yards there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backdrop:
    """An empty scene by name, larger than what a clip shows of it."""

    name: str
    rgb: Image

    def view(self, rng: np.random.Generator, *, width_px: int, height_px: int) -> Picture:
        """Return a random part of it at the given size, mirrored as often as not."""
        height, width = self.rgb.shape[:2]
        aspect = width_px / height_px
        largest = min(width, height * aspect)
        wide = largest * rng.uniform(0.6, 1.0)
        high = wide / aspect
        left, top = rng.uniform(0, width - wide), rng.uniform(0, height - high)
        part = self.rgb[int(top) : int(top + high), int(left) : int(left + wide)]
        shrinks = part.shape[1] > width_px
        sized = cv2.resize(part, (width_px, height_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
        return np.asarray(sized[:, ::-1] if rng.random() < 0.5 else sized, np.float32).copy()


def fetch_photographs(folder: Path, *, report: Callable[[str], None] = lambda _line: None) -> tuple[Path, ...]:
    """Fetch the photographs into a folder, where they are not there yet. Raises `ModelFetchFailed`."""
    return fetch_files(folder, PHOTOGRAPHS, report=report)


def photographed(paths: tuple[Path, ...]) -> tuple[Backdrop, ...]:
    """Return the photographs as backdrops, no side longer than 1280 px."""
    found = []
    for path in paths:
        with PillowImage.open(path) as picture:
            small = picture.convert("RGB")
            small.thumbnail((1280, 1280))
            found.append(Backdrop(name=path.stem, rgb=np.asarray(small)))
    return tuple(found)


def drawn(count: int = DRAWN) -> tuple[Backdrop, ...]:
    """Return yards that are drawn: sky, wall with windows, ground in perspective, fence, things that stand about."""
    return tuple(Backdrop(name=f"drawn-{number:02}", rgb=_yard(np.random.default_rng(9000 + number))) for number in range(count))


def _yard(rng: np.random.Generator) -> Image:
    height, width = 480, 720
    horizon = int(height * rng.uniform(0.2, 0.6))
    rows = np.arange(height)[:, None, None]
    sky = rng.uniform(120, 230, 3) * (1 - 0.3 * rows / height)
    ground = rng.uniform(50, 150, 3) * (0.75 + 0.5 * mottled(rng, height, width, cell_px=rng.uniform(10, 90))[..., None])
    picture = np.where(rows < horizon, sky, ground).astype(np.float32)
    if rng.random() < 0.8:
        _wall(picture, rng, horizon)
    for _ in range(int(rng.integers(2, 9))):
        _thing(picture, rng, horizon)
    if rng.random() < 0.4:
        _fence(picture, rng, horizon)
    grain = mottled(rng, height, width, cell_px=6)[..., None]
    lit = picture * (0.8 + 0.4 * mottled(rng, height, width, cell_px=250)[..., None]) * (0.9 + 0.2 * grain)
    return np.asarray(np.clip(lit, 0, 255), np.uint8)


def _wall(picture: Picture, rng: np.random.Generator, horizon: int) -> None:
    height, width = picture.shape[:2]
    left, right = np.sort(rng.uniform(-0.2, 1.2, 2)) * width
    top, bottom = horizon - height * rng.uniform(0.1, 0.5), horizon + height * rng.uniform(0.0, 0.15)
    rows, columns = slice(max(0, int(top)), max(0, int(bottom))), slice(max(0, int(left)), max(0, int(right)))
    part = picture[rows, columns]
    tall, wide = part.shape[:2]
    if wide < 20 or tall < 20:
        return
    part[:] = rng.uniform(60, 200, 3) * (0.85 + 0.3 * mottled(rng, tall, wide, cell_px=12)[..., None])
    part[:: int(rng.integers(5, 14))] *= 0.8
    for x in range(int(rng.integers(10, 50)), wide - 40, int(rng.integers(50, 120))):
        window = part[int(tall * 0.25) : int(tall * 0.6), x : x + 28]
        window[:] = rng.uniform(20, 110)
        window[:: max(1, len(window) // 2)] = 180


def _thing(picture: Picture, rng: np.random.Generator, horizon: int) -> None:
    """Put up a bin, a post, a parked box of a car, a bush: a polygon with texture and a shadow."""
    height, width = picture.shape[:2]
    foot = rng.uniform(horizon, height)
    scale = 0.3 + 0.7 * (foot - horizon) / max(1, height - horizon)
    wide, tall = width * rng.uniform(0.02, 0.25) * scale, height * rng.uniform(0.05, 0.4) * scale
    x = rng.uniform(0, width)
    corners = np.array([[x - wide / 2, foot], [x - wide / 2.3, foot - tall], [x + wide / 2.3, foot - tall], [x + wide / 2, foot]])
    corners += rng.normal(0, 0.05 * wide, corners.shape)
    mask, shadow = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    polygon(mask, corners)
    polygon(shadow, corners * [1, 0.15] + [0.2 * wide, 0.85 * foot])
    picture *= 1 - 0.4 * shadow[..., None]
    texture = 0.6 + 0.8 * mottled(rng, height, width, cell_px=rng.uniform(4, 40))[..., None]
    picture += mask[..., None] * (rng.uniform(15, 220, 3) * texture - picture)


def _fence(picture: Picture, rng: np.random.Generator, horizon: int) -> None:
    height, width = picture.shape[:2]
    step = int(rng.integers(8, 40))
    top = max(0, horizon - int(height * rng.uniform(0.0, 0.2)))
    bottom = min(height, horizon + int(height * rng.uniform(0.1, 0.4)))
    tone = rng.uniform(20, 200)
    for x in range(0, width, step):
        picture[top:bottom, x : x + max(1, step // 10)] = tone
    picture[top : top + 2] = tone
    picture[bottom - 2 : bottom] = tone
