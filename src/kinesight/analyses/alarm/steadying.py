"""What moves or brightens the whole picture: camera shake, and exposure. Pure functions on stacks of small grey frames."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy import ndimage

from kinesight.analyses.alarm.evidence import Flags, Greys
from kinesight.domain.video import Floats

MOST_SHIFT = 0.12
"""A camera that shakes does not go further than this share of the picture."""

BETTER = 0.8
"""What explains a difference leaves at most this share of it."""

TILES, MOST_IMPROVE, FEW_WORSEN = 5, 0.5, 0.2
"""A shift is believed if, of the tiles of the picture that show anything, most get better and few worse: large things that move
inside the picture pull their own tiles along and spoil the others."""

LEVELS = 12
"""Groups of equal size into which pixels are sorted by brightness to find a tone curve."""

AT_A_TIME = 8
"""Pictures that are correlated together."""

NOTICEABLE = 2.0
"""Grey levels by which a group of brightness has to differ before the light is called changed."""

Pictures = NDArray[np.float32]


def shifts_of(grey: Greys, reference: Pictures, *, blind: Flags) -> Floats:
    """Return by how far each frame lies off the reference, (n, 2) x and y in pixels; 0 where no shift explains anything.

    Phase correlation (Kuglin and Hines 1975) at half the size, with a parabola through the peak for fractions of a pixel.

    Parameters
    ----------
    grey
        (n, h, w) frames.
    reference
        (h, w) what they are compared with.
    blind
        (h, w) pixels that do not count, such as a burnt-in clock, which never shakes.
    """
    small, fixed = _halved(grey), _halved(reference[np.newaxis])[0]
    window = np.outer(np.hanning(fixed.shape[0] + 2)[1:-1], np.hanning(fixed.shape[1] + 2)[1:-1]).astype(np.float32)
    window *= _halved(blind[np.newaxis].astype(np.float32))[0] == 0
    surface = _correlation(small, fixed, window)
    found = _peaks(surface)
    most = MOST_SHIFT * max(fixed.shape)
    shifts = np.where(np.max(np.abs(found), axis=1, keepdims=True) <= most, found, 0.0)
    # less than half a working pixel is within what edges are allowed to jitter
    shifts[np.max(np.abs(shifts), axis=1) < 0.25] = 0.0
    for index in np.flatnonzero(np.any(shifts != 0, axis=1)):
        if not _explains(shifts[index], small[index], fixed):
            shifts[index] = 0.0
    return 2.0 * shifts


def _correlation(pictures: Pictures, fixed: Pictures, window: Pictures) -> Pictures:
    """Return the phase correlation (n, h, w) of pictures with a fixed one (h, w), under a window (h, w)."""
    other = np.conj(scipy.fft.rfft2((fixed - fixed.mean()) * window))
    band = _smooth_band(fixed.shape)
    surface = np.empty(pictures.shape, np.float32)
    # a few at a time: they stay in the processor's nearer memory
    for start in range(0, len(pictures), AT_A_TIME):
        some = pictures[start : start + AT_A_TIME]
        cross = scipy.fft.rfft2((some - some.mean(axis=(1, 2), keepdims=True)) * window)
        cross *= other
        cross *= band / np.maximum(np.abs(cross), np.float32(1e-3))
        surface[start : start + AT_A_TIME] = scipy.fft.irfft2(cross, s=fixed.shape)
    return surface


def aligned(grey: Greys, shifts_px: Floats) -> Pictures:
    """Return the frames moved back by their shifts, (n, h, w); what comes in from outside repeats the border."""
    pictures = grey.astype(np.float32)
    for index in np.flatnonzero(np.any(shifts_px != 0, axis=1)):
        pictures[index] = _moved(pictures[index], -shifts_px[index])
    return pictures


def relit(pictures: Pictures, reference: Pictures) -> tuple[Pictures, Floats, Floats]:
    """Return the frames in the light of the reference, and the gain and offset of each, (n,).

    The pixels of the reference, in `LEVELS` groups of equal size by brightness, give one point each of a rising tone curve: the
    median brightness of the same pixels in the frame. Medians leave out what moves. A frame is changed only where its curve
    differs noticeably and explains most of the difference.
    """
    sample = reference[::2, ::2].ravel()
    order = np.argsort(sample, kind="stable")
    order = order[: len(order) // LEVELS * LEVELS]
    known = np.median(sample[order].reshape(LEVELS, -1), axis=1)
    curve = np.maximum.accumulate(_medians_of_groups(pictures[:, ::2, ::2].reshape(len(pictures), -1), order), axis=1)
    gain, offset = np.ones(len(pictures)), np.zeros(len(pictures))
    changed = pictures
    for index in np.flatnonzero(np.max(np.abs(curve - known), axis=1) > NOTICEABLE):
        back = np.interp(np.arange(256.0), curve[index] + np.arange(LEVELS) * 1e-6, known).astype(np.float32)
        candidate = back[np.clip(np.rint(pictures[index]), 0, 255).astype(np.intp)]
        if np.mean(np.abs(candidate - reference) > 8) > BETTER * np.mean(np.abs(pictures[index] - reference) > 8):
            continue
        if changed is pictures:
            changed = pictures.copy()
        changed[index] = candidate
        if np.ptp(known) > 1:
            gain[index], offset[index] = np.polyfit(known, curve[index], 1)
        else:
            offset[index] = float(np.median(curve[index] - known))
    return changed, gain, offset


def _medians_of_groups(samples: Pictures, order: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the medians (n, LEVELS) of the pixels of n samples (n, k), in groups of equal size as they come in an order."""
    size = len(order) // LEVELS
    first = np.full(samples.shape[1], 256 * LEVELS)
    first[order] = np.repeat(256 * np.arange(LEVELS), size)
    medians = np.empty((len(samples), LEVELS))
    for number, sample in enumerate(samples):
        whole = sample.astype(np.uint8)
        if not np.array_equal(whole, sample):
            medians[number] = np.median(sample[order].reshape(LEVELS, -1), axis=1)
            continue
        # grey levels are few, so they are counted
        counts = np.bincount(first + whole, minlength=256 * LEVELS)[: 256 * LEVELS].reshape(LEVELS, 256)
        up_to = np.cumsum(counts, axis=1)
        below, above = (np.count_nonzero(up_to <= middle, axis=1) for middle in ((size - 1) // 2, size // 2))
        medians[number] = (below + above) / 2
    return medians


def _explains(shift: Floats, picture: Pictures, fixed: Pictures) -> bool:
    """Return whether a shift makes a picture like the fixed one, all over and not only where something large moves."""
    before = _by_tile(np.abs(picture - fixed))
    after = _by_tile(np.abs(_moved(picture, -shift) - fixed))
    shows = np.maximum(before, after) > 1.0
    better = int(np.count_nonzero(after[shows] < BETTER * before[shows]))
    worse = int(np.count_nonzero(after[shows] > before[shows] / BETTER))
    count = max(1, int(np.count_nonzero(shows)))
    return better >= MOST_IMPROVE * count and worse <= FEW_WORSEN * count


def _by_tile(picture: Pictures) -> NDArray[np.float64]:
    """Return the means of a picture in TILES x TILES parts."""
    rows = np.linspace(0, picture.shape[0], TILES + 1).astype(int)[:-1]
    columns = np.linspace(0, picture.shape[1], TILES + 1).astype(int)[:-1]
    sums = np.add.reduceat(np.add.reduceat(picture.astype(np.float64), rows, axis=0), columns, axis=1)
    counts = np.diff(rows, append=picture.shape[0])[:, None] * np.diff(columns, append=picture.shape[1])[None]
    return np.asarray(sums / counts)


def _smooth_band(size: tuple[int, ...]) -> Pictures:
    """Return weights of frequencies: what is finer than some pixels is mostly noise, and a broader peak is found more finely."""
    rows, columns = np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1])[None]
    return np.asarray(np.exp(-(rows**2 + columns**2) / (2 * 0.12**2)), np.float32)


def _halved(pictures: Greys | Pictures) -> Pictures:
    """Return the means of squares of two by two pixels, (n, h / 2, w / 2)."""
    rows, columns = pictures.shape[1] // 2 * 2, pictures.shape[2] // 2 * 2
    halved = np.empty((len(pictures), rows // 2, columns // 2), np.float32)
    for picture, half in zip(pictures, halved, strict=True):
        # sums of grey levels are whole numbers, which are added faster
        pairs = picture[:rows:2] + picture[1:rows:2].astype(np.uint16 if picture.dtype == np.uint8 else np.float32)
        np.add(pairs[:, :columns:2], pairs[:, 1:columns:2], out=half, casting="unsafe")
    halved /= np.float32(4.0)
    return halved


def _peaks(surface: Pictures) -> Floats:
    """Return the place of the highest point of each correlation surface, (n, 2) x and y, around 0."""
    count, height, width = surface.shape
    flat = surface.reshape(count, -1).argmax(axis=1)
    rows, columns = np.divmod(flat, width)
    number = np.arange(count)
    place = np.empty((count, 2))
    for axis, (at, size) in enumerate(((columns, width), (rows, height))):
        step = (np.zeros_like(at), np.ones_like(at)) if axis == 0 else (np.ones_like(at), np.zeros_like(at))
        before = surface[number, (rows - step[0]) % height, (columns - step[1]) % width]
        after = surface[number, (rows + step[0]) % height, (columns + step[1]) % width]
        peak = surface[number, rows, columns]
        bend = before - 2 * peak + after
        fraction = np.where(np.abs(bend) > 1e-9, 0.5 * (before - after) / np.where(np.abs(bend) > 1e-9, bend, 1.0), 0.0)
        place[:, axis] = (at + size // 2) % size - size // 2 + np.clip(fraction, -0.5, 0.5)
    return place


def _moved(picture: Pictures, by_px: Floats) -> Pictures:
    return np.asarray(ndimage.shift(picture, (by_px[1], by_px[0]), order=1, mode="nearest"), np.float32)
