"""Stored clips judged again: what another choice of parameters would have changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kinesight.domain.outputs import RISKS, verdict_of

GUARDED = frozenset({"intrusion", "person"})
"""What operators call a clip that must not be safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict, as far as it is compared."""

    risk: str
    labels: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Mapping[str, Any] | None) -> Judged:
        """Return the verdict in a result document."""
        verdict = verdict_of(document)
        return cls(risk=verdict.risk, labels=verdict.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedClip:
    """One clip before and after. `said` is what an operator called it, empty where nobody did."""

    job_id: str
    camera_id: str | None
    accepted_s: float
    before: Judged
    after: Judged
    said: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Return whether anybody would notice."""
        return (self.before.risk, set(self.before.labels)) != (self.after.risk, set(self.after.labels))

    @property
    def is_missed(self) -> bool:
        """Return whether an operator saw somebody and the clip would now be safe although it was not."""
        return bool(GUARDED & set(self.said)) and self.after.risk == "safe" != self.before.risk


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Every stored clip of a tenant, judged again. `left_out` have no observations any more, or cannot be judged again."""

    clips: tuple[ReplayedClip, ...]
    left_out: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def changed(self) -> tuple[ReplayedClip, ...]:
        """Return the clips that would come out otherwise, those that become safer first."""
        return tuple(sorted((clip for clip in self.clips if clip.is_changed), key=_by_fall))

    @property
    def missed(self) -> tuple[ReplayedClip, ...]:
        """Return the clips in which an operator saw somebody and which would now be safe."""
        return tuple(clip for clip in self.clips if clip.is_missed)

    def risks(self) -> dict[tuple[str, str], int]:
        """Return how many clips go from one risk to another, all pairs of which there are any."""
        found = Counter((clip.before.risk, clip.after.risk) for clip in self.clips)
        return {pair: found[pair] for pair in sorted(found, key=lambda pair: (RISKS.index(pair[0]), RISKS.index(pair[1])))}

    def agreement(self, labels: Collection[str]) -> dict[str, tuple[int, int, int]]:
        """Return, for each label, how many clips operators gave it or another one to, and how often before and after agree."""
        told = [clip for clip in self.clips if clip.said]
        found = {}
        for label in sorted(labels):
            before = sum((label in clip.before.labels) == (label in clip.said) for clip in told)
            after = sum((label in clip.after.labels) == (label in clip.said) for clip in told)
            found[label] = (len(told), before, after)
        return found

    def document(self) -> dict[str, Any]:
        """Return the replay as JSON."""
        return {
            "schema": "kinesight.replay/1",
            "parameters": dict(self.parameters),
            "clips": len(self.clips),
            "left_out": self.left_out,
            "risks": [{"before": before, "after": after, "clips": count} for (before, after), count in self.risks().items()],
            "missed": [clip.job_id for clip in self.missed],
            "changed": [_shown(clip) for clip in self.changed],
        }


def _by_fall(clip: ReplayedClip) -> tuple[int, float]:
    fall = RISKS.index(clip.after.risk) - RISKS.index(clip.before.risk)
    return fall, -clip.accepted_s


def _shown(clip: ReplayedClip) -> dict[str, Any]:
    return {
        "analysis_id": clip.job_id,
        "camera_id": clip.camera_id,
        "accepted_s": clip.accepted_s,
        "before": {"risk": clip.before.risk, "labels": list(clip.before.labels)},
        "after": {"risk": clip.after.risk, "labels": list(clip.after.labels)},
        "said": list(clip.said),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledClip:
    """What an operator called a clip, and the named numbers that its verdict rested on."""

    job_id: str
    labels: tuple[str, ...]
    features: Mapping[str, float | None]


def said_by(labelled: Sequence[LabelledClip]) -> dict[str, tuple[str, ...]]:
    """Return what operators called clips, by job id."""
    return {clip.job_id: clip.labels for clip in labelled}
