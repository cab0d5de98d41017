"""One path out of two sources: noisy positions, and the steps from each of them to the next."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solveh_banded

from kinesight.domain.video import Floats
from kinesight.signals.runs import Mask

ROUNDS = 8
LOOSE_POSITION, LOOSE_STEP = 2.0, 3.0
"""Errors, in units of the noise, at which a position or a step counts half."""


def fused_path(positions: Floats, steps: Floats, trust: Floats, *, position_noise: float, step_noise: float) -> Floats:
    """Return the path that agrees best with positions and steps.

    Parameters
    ----------
    positions
        (n, 2), NaN where unknown.
    steps
        (n - 1, 2) from each sample to the next, measured independently of the positions; NaN where unknown.
    trust
        (n - 1,) how sure each step is, 0..1; 0 leaves it out.
    position_noise, step_noise
        Usual errors, in the unit of the positions, greater than 0.

    Returns
    -------
    ndarray
        (n, 2), NaN where the positions are. Without a step on either side a position stays what it is.

    Notes
    -----
    Least squares of both kinds of errors, in rounds: an error that is large against its noise counts less in the next round
    (Cauchy weights, Holland and Welsch 1977), so that a wild position gives way to its neighbours' steps and a wrong step to the
    positions.
    """
    known: Mask = np.asarray(np.isfinite(positions).all(axis=1))
    stepped: Mask = np.asarray(np.isfinite(steps).all(axis=1) & (trust > 0))
    held, moved = np.where(known[:, None], positions, 0.0), np.where(stepped[:, None], steps, 0.0)
    # an unknown position is held so weakly that its neighbours' steps carry it, only so that there is one solution
    holds = np.where(known, 1.0, 1e-9) / position_noise**2
    ties = np.where(stepped, trust**2, 0.0) / step_noise**2
    path = held
    position_weight, step_weight = np.ones(len(held)), np.ones(len(moved))
    for _ in range(ROUNDS):
        path = _solved(held, moved, holds * position_weight, ties * step_weight)
        off = np.hypot(*(path - held).T) / position_noise
        slip = np.hypot(*(np.diff(path, axis=0) - moved).T) / step_noise
        position_weight, step_weight = 1 / (1 + (off / LOOSE_POSITION) ** 2), 1 / (1 + (slip / LOOSE_STEP) ** 2)
    return np.where(known[:, None], path, np.nan)


def _solved(held: Floats, moved: Floats, holds: Floats, ties: Floats) -> Floats:
    """Return the weighted least-squares path; its normal equations have three diagonals."""
    diagonals = np.zeros((2, len(held)))
    diagonals[1] = holds
    diagonals[1, 1:] += ties
    diagonals[1, :-1] += ties
    diagonals[0, 1:] = -ties
    wanted = holds[:, None] * held
    wanted[1:] += ties[:, None] * moved
    wanted[:-1] -= ties[:, None] * moved
    return np.asarray(solveh_banded(diagonals, wanted))
