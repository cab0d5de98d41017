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

NOTICEABLE = 2.0
"""Grey levels by which a group of brightness has to differ before the light is called changed."""

Curves = NDArray[np.float32]


def shifts_of(grey: Greys, reference: NDArray[np.float32], *, blind: Flags) -> Floats:
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
    spectrum = scipy.fft.rfft2((small - small.mean(axis=(1, 2), keepdims=True)) * window)
    cross = spectrum * np.conj(scipy.fft.rfft2((fixed - fixed.mean()) * window))
    surface = scipy.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-3) * _smooth_band(fixed.shape), s=fixed.shape)
    found = _peaks(surface)
    most = MOST_SHIFT * max(fixed.shape)
    shifts = np.where(np.max(np.abs(found), axis=1, keepdims=True) <= most, found, 0.0)
    # less than half a working pixel is within what edges are allowed to jitter
    shifts[np.max(np.abs(shifts), axis=1) < 0.25] = 0.0
    for index in np.flatnonzero(np.any(shifts != 0, axis=1)):
        if not _explains(shifts[index], small[index], fixed):
            shifts[index] = 0.0
    return 2.0 * shifts


def aligned(grey: Greys, shifts_px: Floats) -> NDArray[np.float32]:
    """Return the frames moved back by their shifts, (n, h, w); what comes in from outside repeats the border."""
    pictures = grey.astype(np.float32)
    for index in np.flatnonzero(np.any(shifts_px != 0, axis=1)):
        pictures[index] = _moved(pictures[index], -shifts_px[index])
    return pictures


def relit(pictures: NDArray[np.float32], reference: NDArray[np.float32]) -> tuple[NDArray[np.float32], Floats, Floats]:
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


def _medians_of_groups(samples: NDArray[np.float32], order: NDArray[np.intp]) -> NDArray[np.float64]:
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


def _explains(shift: Floats, picture: NDArray[np.float32], fixed: NDArray[np.float32]) -> bool:
    """Return whether a shift makes a picture like the fixed one, all over and not only where something large moves."""
    before = _by_tile(np.abs(picture - fixed))
    after = _by_tile(np.abs(_moved(picture, -shift) - fixed))
    shows = np.maximum(before, after) > 1.0
    better = int(np.count_nonzero(after[shows] < BETTER * before[shows]))
    worse = int(np.count_nonzero(after[shows] > before[shows] / BETTER))
    count = max(1, int(np.count_nonzero(shows)))
    return better >= MOST_IMPROVE * count and worse <= FEW_WORSEN * count


def _by_tile(picture: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the means of a picture in TILES x TILES parts."""
    rows = np.linspace(0, picture.shape[0], TILES + 1).astype(int)[:-1]
    columns = np.linspace(0, picture.shape[1], TILES + 1).astype(int)[:-1]
    sums = np.add.reduceat(np.add.reduceat(picture.astype(np.float64), rows, axis=0), columns, axis=1)
    counts = np.diff(rows, append=picture.shape[0])[:, None] * np.diff(columns, append=picture.shape[1])[None]
    return np.asarray(sums / counts)


def _smooth_band(size: tuple[int, ...]) -> NDArray[np.float32]:
    """Return weights of frequencies: what is finer than some pixels is mostly noise, and a broader peak is found more finely."""
    rows, columns = np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1])[None]
    return np.asarray(np.exp(-(rows**2 + columns**2) / (2 * 0.12**2)), np.float32)


def _halved(pictures: Greys | NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = pictures.shape[1] // 2 * 2, pictures.shape[2] // 2 * 2
    even = pictures[:, :rows, :columns].astype(np.float32)
    return np.asarray((even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]) / 4, np.float32)


def _peaks(surface: NDArray[np.float32]) -> Floats:
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


def _moved(picture: NDArray[np.float32], by_px: Floats) -> NDArray[np.float32]:
    return np.asarray(ndimage.shift(picture, (by_px[1], by_px[0]), order=1, mode="nearest"), np.float32)
