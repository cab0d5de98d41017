"""Whether a clip plays as fast as the runner ran: how the hips fall, and how often they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinesight.analyses.running.bouts import USUAL_HEIGHT_M
from kinesight.analyses.running.ground import GRAVITY_M_PER_S2
from kinesight.analyses.running.motion import Motion
from kinesight.analyses.running.steps import Step, find_steps
from kinesight.domain.video import Floats
from kinesight.signals.robust import centre

PHASES = 48
FEWEST_STEPS = 3
MOST_SLOW_MOTION = 40.0

# A step counts as one of running where the hips move by more than this part of the body height, and are highest about where the
# feet are farthest apart; who walks has them highest in between.
CLEAR_WAVE = 0.004
MOST_LATE_DEG = 65.0

USUAL_DUTY_FACTOR = 0.36
# What is usual, and by how much runners differ from it (standard deviations of logarithms): cadence between 164 of recreational
# runners (Malisoux 2017) and 180 and more of quick ones; the fall measured on made-up runners and mocap, and widened for heights
# that were not told.
USUAL_CADENCE_SPM, CADENCE_DIFFERS, FALL_DIFFERS = 172.0, 0.14, 0.20
SLOW_IS_RARE = 4.0
"""Logarithm of how much rarer a slowed clip is taken to be: it has to explain the numbers that much better."""

CAPTURE_FPS = (50.0, 60.0, 100.0, 120.0, 200.0, 240.0, 480.0, 960.0)
"""Rates at which cameras film what they play slower."""
PLAYED_FPS = (24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 100.0, 120.0, 240.0)
ROUNDED_WITHIN = 0.021
USUAL_FACTORS = (2.0, 4.0, 8.0, 16.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeBase:
    """How many times slower a clip plays than the runner ran, and whether that was found from the clip or told."""

    slow_motion: float
    is_told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """The wave that the hips make in a row of running steps: its height in metres, and the step time as played."""

    height_m: float
    step_s: float
    steps: int

    @property
    def peak_g(self) -> float:
        """Return the greatest acceleration within the wave, in units of the gravity of the earth."""
        return float(self.height_m / 2 * (2 * np.pi / self.step_s) ** 2 / GRAVITY_M_PER_S2)


def hip_wave(motion: Motion, steps: Sequence[Step], *, height_m: float | None) -> Wave | None:
    """Return the usual wave of the longest row of running steps; None where fewer than three follow each other.

    Only the part of the movement that repeats with the steps counts, so that errors of single frames do not.
    """
    rows: list[list[tuple[complex, float]]] = [[]]
    for step in steps:
        wave = _wave_of(motion, step)
        runs = abs(wave) > CLEAR_WAVE and abs(np.degrees(np.angle(wave))) < MOST_LATE_DEG
        if runs:
            rows[-1].append((wave, step.step_s))
        elif rows[-1]:
            rows.append([])
    row = max(rows, key=len)
    if len(row) < FEWEST_STEPS:
        return None
    usual = complex(centre(np.array([wave.real for wave, _ in row])), centre(np.array([wave.imag for wave, _ in row])))
    return Wave(
        height_m=2 * abs(usual) * (height_m or USUAL_HEIGHT_M),
        step_s=float(np.median([step_s for _, step_s in row])),
        steps=len(row),
    )


def needed_peak_g(duty_factor: float) -> float:
    """Return the acceleration of the wave that a body needs which is carried only while a foot is on the ground.

    With the duty factor d the ground carries the body during a part 2 d of each step. With a force like half a sine, as the
    spring-mass model has it (Blickhan 1989), the first harmonic of the acceleration is 2 cos(2 pi d) / (1 - 16 d^2) times that of
    gravity (own derivation); at d = 1/4 that is pi / 2. Above one half somebody walks.
    """
    carried = float(np.clip(2 * duty_factor, 0.2, 1.0))
    if abs(carried - 0.5) < 1e-3:
        return float(np.pi / 2)
    return float(2 * np.cos(np.pi * carried) / (1 - 4 * carried**2))


def fall_over_needed(wave: Wave | None, duty_factor: float) -> float | None:
    """Return how hard the hips fall over what their duty factor needs; 1 where height and time are right, None if unknown.

    A height that is told a tenth too large makes it 1.1, a clip that plays twice slower than believed 0.25. A duty factor that is
    unknown counts as the usual one: contacts that last longer than any runner's are left unknown, and are what slow motion shows.
    """
    if wave is None:
        return None
    return wave.peak_g / needed_peak_g(duty_factor if np.isfinite(duty_factor) else USUAL_DUTY_FACTOR)


def slow_motion_of(motion: Motion, *, height_m: float | None) -> float:
    """Return how many times slower the clip plays than the runner ran; 1 where nothing speaks clearly against its true speed.

    Parameters
    ----------
    motion
        The movement as played.
    height_m
        The runner's height; 1.70 m where unknown, which a factor of 1.2 in height changes by a tenth.

    Notes
    -----
    Played k times slower the hips fall k² times slower and the steps come k times slower. Each factor that a camera makes out of
    the clip's frame rate is held against both, as logarithms with normal errors; the true speed has a head start.
    """
    wave = hip_wave(motion, find_steps(motion, longest_s=MOST_SLOW_MOTION), height_m=height_m)
    if wave is None:
        return 1.0
    by_fall = float(np.sqrt(needed_peak_g(USUAL_DUTY_FACTOR) / wave.peak_g))
    by_cadence = USUAL_CADENCE_SPM * wave.step_s / 60

    def explains(factor: float) -> float:
        errors = np.log([by_fall / factor, by_cadence / factor]) / [FALL_DIFFERS, CADENCE_DIFFERS]
        return -0.5 * float(np.sum(errors**2)) - (SLOW_IS_RARE if factor > 1 else 0.0)

    return max((1.0, *factors_at(motion.fps)), key=explains)


def factors_at(fps: float) -> tuple[float, ...]:
    """Return the factors of slow motion that cameras make at a frame rate: the whole and half multiples that they film at."""
    nearest = min(PLAYED_FPS, key=lambda rate: abs(rate - fps))
    # stamps in whole milliseconds, and rates such as 29.97, miss the round number by up to two in a hundred
    if abs(nearest / fps - 1) > ROUNDED_WITHIN:
        return USUAL_FACTORS
    made = (rate / nearest for rate in CAPTURE_FPS)
    return tuple(factor for factor in made if 1.9 < factor <= MOST_SLOW_MOTION and (2 * factor).is_integer())


def _wave_of(motion: Motion, step: Step) -> complex:
    """Return the first harmonic of the hips' height over one step, in body heights: real where highest with the feet apart."""
    height: Floats = motion.hips[:, 1]
    phase = np.arange(PHASES) / PHASES
    course = np.interp(step.ahead_s + phase * step.step_s, motion.time_s, height)
    start, end = np.interp([step.ahead_s, step.behind_s], motion.time_s, height)
    wave = np.mean((course - start - phase * (end - start)) * np.exp(-2j * np.pi * phase))
    return complex(2 * wave / motion.body_px) if step.whole and np.isfinite(wave) else 0j
