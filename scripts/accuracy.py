"""Measure the running analysis on a runner with force plates and write the table of docs/accuracy.md.

The material is no part of the project; KINESIGHT_ACCURACY_DATA names its folder (default: ../shared/data beside the repository).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kinesight.testing.body import read_trial
from kinesight.testing.exam import GROUPS, TARGETS, confidence_interval, exam, pooled

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "accuracy.md"
START, END = "<!-- table: written by scripts/accuracy.py -->", "<!-- end of table -->"
SEEDS = 12


def main() -> int:
    folder = Path(os.environ.get("KINESIGHT_ACCURACY_DATA", ROOT.parent / "shared" / "data")) / "running"
    trials = sorted(path.stem.removeprefix("keypoints_") for path in folder.glob("keypoints_*.csv"))
    if not trials:
        print(f"accuracy: no measuring material in {folder}; set KINESIGHT_ACCURACY_DATA to its folder. Nothing was measured.")
        return 0
    tables, failed = [], False
    for trial in trials:
        table, met = report(folder, trial)
        tables.append(table)
        failed = failed or not met
    text = "\n\n".join(tables)
    print(text)
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(START)[0], page.split(END)[1]
    PAGE.write_text(f"{before}{START}\n\n{text}\n\n{END}{after}", encoding="utf-8")
    return 1 if failed else 0


def report(folder: Path, trial: str) -> tuple[str, bool]:
    """Return the table of one trial in Markdown, and whether every target is met in every group."""
    body = read_trial(folder, trial)
    lines = [f"### {trial}", "", f"{SEEDS} noise seeds a condition; mean absolute error with its 95 % interval over seeds."]
    met = True
    for title, conditions in GROUPS.items():
        marks = [exam(body, condition, seed=seed) for condition in conditions for seed in range(SEEDS)]
        numbers = pooled(marks)
        lines += ["", f"**{title}**", "", "| what | target | measured | 95 % interval | with true contact times | met |"]
        lines += ["| --- | ---: | ---: | ---: | ---: | --- |"]
        for key, target in TARGETS.items():
            low, high = confidence_interval(marks, key)
            ok = target.met_by(numbers[key])
            met = met and ok
            oracle = numbers.get(f"oracle_{key}")
            cells = [
                target.label,
                f"{'≥' if target.at_least else '≤'} {target.shown(target.limit)}",
                target.shown(numbers[key]),
                f"{target.shown(low)} – {target.shown(high)}",
                target.shown(oracle) if oracle is not None else "",
                "yes" if ok else "no",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines), met


if __name__ == "__main__":
    sys.exit(main())
