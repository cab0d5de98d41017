"""Measure the alarm analysis on real clips with known labels, beside the obvious alternative, and write it into docs/accuracy.md.

    python scripts/accuracy_alarm.py [--print-only]

The material is no part of the project; KINESIGHT_ACCURACY_DATA names its folder (default: ../shared/data beside the repository).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from kinesight.settings import load_settings
from kinesight.testing.alarm_exam import (
    BASELINE_SCORE,
    CAUSES,
    LABELS,
    LEAST_F1,
    MOST_FALSE_DANGERS,
    MOST_FALSE_INTRUSIONS,
    Marked,
    clips,
    f1,
    false_alarms,
    kept,
    label_counts,
    mark,
    mark_by_baseline,
    misses,
)
from kinesight.vision.shelf import ModelShelf

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "accuracy.md"
START, END = "<!-- alarm clips: written by scripts/accuracy_alarm.py -->", "<!-- end of alarm clips -->"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--print-only", action="store_true", help="leave docs/accuracy.md as it is")
    given = parser.parse_args()
    folder = Path(os.environ.get("KINESIGHT_ACCURACY_DATA", ROOT.parent / "shared" / "data")) / "alarm"
    rows = clips(folder)
    if not rows:
        print(f"accuracy: no measuring material in {folder}; set KINESIGHT_ACCURACY_DATA to its folder. Nothing was measured.")
        return 0
    models = ModelShelf(load_settings())
    models.detector()
    ours = [mark(folder, row, models) for row in rows]
    theirs = [mark_by_baseline(folder, row, models) for row in rows]
    text = "\n\n".join([side_by_side(ours, theirs), labels(ours), causes(ours), margins(ours), failures(ours)])
    print(text)
    if given.print_only:
        return 1 if misses(ours) else 0
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(START)[0], page.split(END)[1]
    PAGE.write_text(f"{before}{START}\n\n{text}\n\n{END}{after}", encoding="utf-8")
    return 1 if misses(ours) else 0


def side_by_side(ours: Sequence[Marked], theirs: Sequence[Marked]) -> str:
    """Return the table of both ways."""
    others = f"detector on every frame, alarm over {BASELINE_SCORE}"
    rows = [
        ("intrusions kept (danger or intrusion)", "all", kept(ours).shown(), kept(theirs).shown()),
        *(
            (
                f"harmless clips called {risk}",
                f"at most {most}",
                false_alarms(ours, risk).shown(),
                false_alarms(theirs, risk).shown(),
            )
            for risk, most in (("intrusion", MOST_FALSE_INTRUSIONS), ("danger", MOST_FALSE_DANGERS))
        ),
        ("runs of the detector, mean per clip", "", _mean(ours, "looks", 1), _mean(theirs, "looks", 1)),
        ("seconds of processor, mean per clip", "", _mean(ours, "processor_s", 2), _mean(theirs, "processor_s", 2)),
    ]
    lines = [f"| {len(ours)} real clips | target | measured | {others} |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _mean(marks: Sequence[Marked], name: str, digits: int) -> str:
    return f"{statistics.fmean(getattr(one, name) for one in marks):.{digits}f}"


def labels(ours: Sequence[Marked]) -> str:
    """Return the table of labels."""
    lines = ["| label | right | wrong | missed | F1 | target |", "| --- | ---: | ---: | ---: | ---: | --- |"]
    for label in LABELS:
        right, wrong, missed = label_counts(ours, label)
        lines.append(f"| {label} | {right} | {wrong} | {missed} | {f1(ours, label):.2f} | ≥ {LEAST_F1} |")
    return "\n".join(lines)


def causes(ours: Sequence[Marked]) -> str:
    """Return how often each harmless cause is said, rightly and wrongly, and how often it is true and not said."""
    lines = [
        "Harmless causes, which were learnt from made-up clips:",
        "",
        "| cause | said rightly | said wrongly | true, not said |",
    ]
    lines.append("| --- | ---: | ---: | ---: |")
    for cause in CAUSES:
        right, wrong, missed = label_counts(ours, cause)
        lines.append(f"| {cause} | {right} | {wrong} | {missed} |")
    return "\n".join(lines)


def margins(ours: Sequence[Marked]) -> str:
    """Return how far the scores lie from the threshold of danger, the nearest first."""
    least = sorted((one for one in ours if one.is_intrusion), key=lambda one: one.score)[:3]
    most = sorted((one for one in ours if not one.is_intrusion), key=lambda one: -one.score)[:4]
    say = ", ".join
    return (
        f"Margins: danger begins at 0.2. Lowest scores of intrusions: {say(f'{one.name} {one.score:.2f}' for one in least)}; "
        f"highest of harmless clips: {say(f'{one.name} {one.score:.2f}' for one in most)}."
    )


def failures(ours: Sequence[Marked]) -> str:
    """Return every clip of which something is wrong."""
    lines = ["| clip | is | called | rule | labels missed | labels wrong |", "| --- | --- | --- | --- | --- | --- |"]
    for one in ours:
        truth = "intrusion" if one.is_intrusion else "safe"
        missed, wrong = ({name for name in names if name in LABELS} for names in (one.truth - one.labels, one.labels - one.truth))
        if one.risk != truth or missed or wrong:
            say = [", ".join(sorted(names)) or "–" for names in (missed, wrong)]
            lines.append(f"| {one.name} | {truth} | {one.risk} {one.score:.2f} | {one.rule} | {say[0]} | {say[1]} |")
    return "\n".join(["Everything that is not as labelled:", "", *lines])


if __name__ == "__main__":
    sys.exit(main())
