"""How unlike people are in this video: what one person changes from moment to moment counts little between two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import distance

from kinesight.analyses.persons.appearance import FEATURES, mean_looks
from kinesight.analyses.persons.sightings import Look
from kinesight.analyses.persons.tracking import Track
from kinesight.domain.video import Floats

USUAL_CHANGE = 0.06
"""Variance of looks within a track, over all features together, that is expected before anything was seen."""

USUAL_MOMENTS = 1000.0
"""Moments that this expectation counts for. It is the same in all directions, so that a short clip changes little."""

CLEAR = 0.35
"""Weight of a moment from which it shows what somebody looks like; 1 is a sure box of somebody in full view."""

LEAST_MOMENTS = 4
"""Clear moments of a track below which it does not say how somebody changes."""

FEWEST_TRACKS = 3
"""Tracks below which they may all be of one person."""

ALMOST_THE_SAME = 0.01
"""Mean distance of the tracks' looks up to which they say nothing of the scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the moments of a track show: looks (n, FEATURES) in single precision, and how clearly, (n,) 0 to 1."""

    looks: Floats
    clear: Floats

    @property
    def mean(self) -> Floats:
        """Return the common looks of all moments, (FEATURES,)."""
        return mean_looks(self.looks.astype(np.float64), self.clear)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """The measure of a video: `turn` (FEATURES, FEATURES) makes the usual changes of one person equal in all directions."""

    turn: Floats

    def felt(self, looks: Floats) -> Floats:
        """Return looks (FEATURES,) as points whose plain distance says how unlike they are."""
        return np.asarray(self.turn @ looks)


def shown_in(track: Track, looks: Sequence[Look]) -> Shown:
    """Return what the moments of a track show of somebody: less where others stand in front or the detector was unsure."""
    pairs = [(looks[look], int(box)) for look, box in zip(track.look, track.box, strict=True)]
    clear = [max(0.0, 1.0 - 1.5 * look.hidden[box]) * min(1.0, look.score[box] / 0.6) for look, box in pairs]
    return Shown(looks=np.array([look.looks[box] for look, box in pairs], dtype=np.float32), clear=np.array(clear))


def likeness_of(shown: Sequence[Shown]) -> Likeness:
    """Return the measure of a video, learnt from its tracks: a Mahalanobis distance by the covariance within them.

    Differences within a track are one person's: other light, another side, other background in the box. What differs as much
    between two tracks says little; what hardly ever differs within one says much (relevant component analysis, Shental et al.,
    ECCV 2002). Distances are scaled so that the tracks stay as unlike on the whole as by the Hellinger distance.
    """
    scatter, moments = np.zeros((FEATURES, FEATURES)), 0
    for one in shown:
        seen = one.looks[one.clear >= CLEAR].astype(np.float64)
        if len(seen) >= LEAST_MOMENTS:
            apart = seen - seen.mean(axis=0)
            scatter += apart.T @ apart
            moments += len(seen) - 1
    usual = USUAL_CHANGE / FEATURES * np.eye(FEATURES)
    change = (USUAL_MOMENTS * usual + scatter) / (USUAL_MOMENTS + moments)
    turn = np.linalg.inv(np.linalg.cholesky(change))
    means = np.array([one.mean for one in shown if (one.clear >= CLEAR).sum() >= LEAST_MOMENTS])
    return Likeness(turn=turn * _scale(turn, means))


def _scale(turn: Floats, means: Floats) -> float:
    """Return what keeps the mean distance of the tracks' looks (n, FEATURES); of few tracks, that of all looks there are."""
    of_all = float(np.sqrt(FEATURES / 2.0) / np.linalg.norm(turn))
    if len(means) < FEWEST_TRACKS:
        return of_all
    plain, felt = distance.pdist(means).mean() / np.sqrt(2.0), distance.pdist(means @ turn.T).mean()
    # a film of one person, or of twins, says nothing of the scale
    return float(plain / felt) if plain > ALMOST_THE_SAME else of_all
