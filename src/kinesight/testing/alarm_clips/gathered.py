"""Hands a rendered clip to the alarm analysis as if it had been read from a file."""

from __future__ import annotations

import numpy as np

from kinesight.analyses.alarm.evidence import ClipEvidence
from kinesight.analyses.alarm.gathering import Gathered, small_grey
from kinesight.analyses.alarm.seeing import evidence_of
from kinesight.domain.video import Frame
from kinesight.testing.alarm_clips.clips import SyntheticClip


def evidence_of_clip(clip: SyntheticClip) -> ClipEvidence:
    """Return the evidence that the alarm analysis makes of a rendered clip."""
    grey = np.stack([small_grey(picture) for picture in clip.rgb])
    frames = tuple(Frame(index=k, time_s=float(t), rgb=rgb) for k, (t, rgb) in enumerate(zip(clip.time_s, clip.rgb, strict=True)))
    gathered = Gathered(
        time_s=clip.time_s,
        grey=grey,
        scale=grey.shape[2] / clip.rgb.shape[2],
        colour=frames,
        decoded=len(frames),
        last_s=float(clip.time_s[-1]),
        problem=None,
    )
    return evidence_of(gathered)
