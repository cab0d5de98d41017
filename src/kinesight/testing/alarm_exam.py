"""Alarm clips with known truth: how many intrusions are kept, how many harmless clips alarm, and which labels are right."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy import stats

from kinesight.analyses.alarm.analysis import analyse
from kinesight.analyses.alarm.observe import observe
from kinesight.analyses.alarm.parameters import AlarmParameters
from kinesight.domain.ports import Models
from kinesight.media.reader import ConfinedVideoReader

LABELS = ("person", "vehicule", "animal", "text")
"""Labels that have a target; the harmless causes are measured on made-up clips."""

CAUSES = ("NOTHING", "flag", "other", "plant", "rain", "spider", "web", "wind")
"""Harmless causes, without a target on real clips."""

LEAST_F1 = 0.8
MOST_FALSE_INTRUSIONS, MOST_FALSE_DANGERS = 1, 2
BASELINE_SCORE = 0.4
BASELINE_VEHICLES = ("car", "truck", "bus", "motorcycle", "bicycle", "train", "boat")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """One clip: what is true, what was said, by which rule, and how many seconds of processor it took."""

    name: str
    light: str
    is_intrusion: bool
    truth: frozenset[str]
    risk: str
    score: float
    labels: frozenset[str]
    rule: str
    looks: int
    processor_s: float
    clip_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A count of hits with its exact interval (Clopper and Pearson 1934), 95 %."""

    hits: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        """Return the lower and the upper bound; 0 and 1 where nothing was tried."""
        if self.of == 0:
            return 0.0, 1.0
        low = float(stats.beta.ppf(0.025, self.hits, self.of - self.hits + 1)) if self.hits else 0.0
        high = float(stats.beta.ppf(0.975, self.hits + 1, self.of - self.hits)) if self.hits < self.of else 1.0
        return low, high

    def shown(self) -> str:
        """Return it as text."""
        low, high = self.interval
        return f"{self.hits} of {self.of} ({100 * low:.0f}–{100 * high:.0f} %)"


def clips(folder: Path) -> list[dict[str, str]]:
    """Return the rows of labels.csv of a folder of clips; none where there is no such file."""
    path = folder / "labels.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def mark(folder: Path, row: dict[str, str], models: Models, *, parameters: AlarmParameters | None = None) -> Marked:
    """Judge one clip as the program does, from the file to the verdict."""
    chosen = parameters or AlarmParameters()
    started = time.process_time()
    observed = observe(ConfinedVideoReader(folder / row["file"]), models, chosen, _Silent())
    result = analyse(observed, chosen).result
    return Marked(
        name=Path(row["file"]).stem,
        light=row["light"],
        is_intrusion=row["risk"] == "intrusion",
        truth=frozenset(row["labels"].split(";")),
        risk=result.risk,
        score=result.scores["intrusion"],
        labels=frozenset(result.labels),
        rule=result.rule,
        looks=len(observed.looks),
        processor_s=time.process_time() - started,
        clip_s=observed.duration_s,
    )


def mark_by_baseline(folder: Path, row: dict[str, str], models: Models) -> Marked:
    """Judge one clip the obvious way: the detector on every frame, an alarm if a person or vehicle reaches `BASELINE_SCORE`."""
    detector = models.detector()
    started = time.process_time()
    best, frames, last_s = 0.0, 0, 0.0
    for frame in ConfinedVideoReader(folder / row["file"]).frames(longest_side_px=640):
        found = detector.detect(frame.rgb)
        wanted = [
            score
            for score, label in zip(found.score, found.label, strict=True)
            if label == "person" or label in BASELINE_VEHICLES
        ]
        best, frames, last_s = max([best, *wanted]), frames + 1, frame.time_s
    return Marked(
        name=Path(row["file"]).stem,
        light=row["light"],
        is_intrusion=row["risk"] == "intrusion",
        truth=frozenset(row["labels"].split(";")),
        risk="intrusion" if best > BASELINE_SCORE else "safe",
        score=best,
        labels=frozenset(),
        rule="",
        looks=frames,
        processor_s=time.process_time() - started,
        clip_s=last_s,
    )


def kept(marks: Sequence[Marked]) -> Share:
    """Return how many intrusions are not called safe."""
    intrusions = [one for one in marks if one.is_intrusion]
    return Share(hits=sum(one.risk != "safe" for one in intrusions), of=len(intrusions))


def false_alarms(marks: Sequence[Marked], risk: str) -> Share:
    """Return how many harmless clips are given a risk."""
    harmless = [one for one in marks if not one.is_intrusion]
    return Share(hits=sum(one.risk == risk for one in harmless), of=len(harmless))


def label_counts(marks: Sequence[Marked], label: str) -> tuple[int, int, int]:
    """Return true positives, false positives and false negatives of a label."""
    right = sum(label in one.truth and label in one.labels for one in marks)
    wrong = sum(label not in one.truth and label in one.labels for one in marks)
    missed = sum(label in one.truth and label not in one.labels for one in marks)
    return right, wrong, missed


def f1(marks: Sequence[Marked], label: str) -> float:
    """Return the harmonic mean of precision and recall of a label; 1 where it is neither true nor said anywhere."""
    right, wrong, missed = label_counts(marks, label)
    return 2 * right / (2 * right + wrong + missed) if right + wrong + missed else 1.0


def misses(marks: Sequence[Marked]) -> list[str]:
    """Return what falls short of the targets, in words; empty where all are met."""
    intrusions = kept(marks)
    found = [f"{intrusions.of - intrusions.hits} intrusions are called safe"] if intrusions.hits < intrusions.of else []
    for risk, most in (("intrusion", MOST_FALSE_INTRUSIONS), ("danger", MOST_FALSE_DANGERS)):
        count = false_alarms(marks, risk).hits
        if count > most:
            found.append(f"{count} harmless clips are called {risk}, at most {most} may be")
    found += [f"F1 of {label} is {f1(marks, label):.2f}" for label in LABELS if f1(marks, label) < LEAST_F1]
    return found


class _Silent:
    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Note nothing."""
