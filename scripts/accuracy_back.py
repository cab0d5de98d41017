"""Measure the back view on the same material as scripts/accuracy.py and write its table into docs/accuracy.md."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kinesight.testing.back_errors import BACK_PUBLISHED, back_error_readings, made_up_backs
from kinesight.testing.back_exam import BACK_GROUPS, BACK_TARGETS, back_exam, back_interval, back_pooled
from kinesight.testing.body import Body, read_trial
from kinesight.testing.error_exam import LEAST_HELD, coverage, coverage_lines

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "accuracy.md"
START, END = "<!-- back view: written by scripts/accuracy_back.py -->", "<!-- end of back view -->"
SEEDS = 24
ERROR_SEEDS, ERROR_SEED = 8, 3000
"""Noise on which no error was set."""


def main() -> int:
    folder = Path(os.environ.get("KINESIGHT_ACCURACY_DATA", ROOT.parent / "shared" / "data")) / "running"
    trials = sorted(path.stem.removeprefix("keypoints_") for path in folder.glob("keypoints_*.csv"))
    if not trials:
        print(f"accuracy: no measuring material in {folder}; set KINESIGHT_ACCURACY_DATA to its folder. Nothing was measured.")
        return 0
    reports = [report(read_trial(folder, trial), trial) for trial in trials]
    text = "\n\n".join(table for table, _ in reports)
    print(text)
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(START)[0], page.split(END)[1]
    PAGE.write_text(f"{before}{START}\n\n{text}\n\n{END}{after}", encoding="utf-8")
    return 0 if all(met for _, met in reports) else 1


def report(body: Body, trial: str) -> tuple[str, bool]:
    """Return the tables of one trial in Markdown, and whether every target is met in every group."""
    lines = [
        f"### {trial}, from behind",
        "",
        f"{SEEDS} noise seeds a condition; mean absolute error with its 95 % interval over clips.",
    ]
    met = True
    for title, conditions in BACK_GROUPS.items():
        marks = [back_exam(body, condition, seed=seed) for condition in conditions for seed in range(SEEDS)]
        numbers = back_pooled(marks)
        lines += [
            "",
            f"**{title}**",
            "",
            "| what | target | measured | 95 % interval | met |",
            "| --- | ---: | ---: | ---: | --- |",
        ]
        for key, target in BACK_TARGETS.items():
            low, high = back_interval(marks, key)
            is_met = target.met_by(numbers[key])
            met = met and is_met
            limit = f"{'≥' if target.at_least else '≤'} {target.shown(target.limit)}"
            interval = f"{target.shown(low)} – {target.shown(high)}"
            row = [target.label, limit, target.shown(numbers[key]), interval, "yes" if is_met else "no"]
            lines.append(f"| {' | '.join(row)} |")
    bodies = (body, *made_up_backs())
    readings = [one for each in bodies for seed in range(ERROR_SEEDS) for one in back_error_readings(each, ERROR_SEED + seed)]
    lines += ["", *coverage_lines(readings, BACK_PUBLISHED)]
    held = all(found.part >= LEAST_HELD for found in coverage(readings, keys=BACK_PUBLISHED))
    return "\n".join(lines), met and held


if __name__ == "__main__":
    sys.exit(main())
