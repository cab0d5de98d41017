"""Measure the running analysis on a runner with force plates and write the tables of docs/accuracy.md.

The material is no part of the project; KINESIGHT_ACCURACY_DATA names its folder (default: ../shared/data beside the repository).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from kinesight.testing import side_exam
from kinesight.testing.body import Body, read_trial
from kinesight.testing.error_exam import PUBLISHED, coverage_lines, error_readings, made_up_bodies
from kinesight.testing.exam import Group, Reading, confidence_interval
from kinesight.testing.refusal_exam import refusals
from kinesight.testing.repair_exam import SPOILT, repair_numbers

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "accuracy.md"
START, END = "<!-- table: written by scripts/accuracy.py -->", "<!-- end of table -->"
EXAMS: tuple[tuple[Group, ...], ...] = (side_exam.GROUPS,)
SEEDS = 8
# seeds that no constant of the published errors was set on
ERROR_SEED, ERROR_SEEDS = 1000, 4

WORKERS = 2

Numbers = Mapping[str, float]


def main() -> int:
    folder = Path(os.environ.get("KINESIGHT_ACCURACY_DATA", ROOT.parent / "shared" / "data")) / "running"
    trials = sorted(path.stem.removeprefix("keypoints_") for path in folder.glob("keypoints_*.csv"))
    if not trials:
        print(f"accuracy: no measuring material in {folder}; set KINESIGHT_ACCURACY_DATA to its folder. Nothing was measured.")
        return 0
    text = "\n\n".join(report(read_trial(folder, trial), trial) for trial in trials)
    print(text)
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(START)[0], page.split(END)[1]
    PAGE.write_text(f"{before}{START}\n\n{text}\n\n{END}{after}", encoding="utf-8")
    return 0


def report(body: Body, trial: str) -> str:
    """Return the tables of one trial in Markdown, the missed targets first."""
    measured = measure(body)
    missed = [
        f"- {group.title}: {target.label} {target.shown(mean(numbers, key))}, target {target.shown(target.limit)}"
        for group, numbers in measured
        for key, target in group.targets.items()
        if not target.met_by(mean(numbers, key))
    ]
    rows = sum(len(group.targets) for group, _ in measured)
    lines = [f"### {trial}", "", f"{SEEDS} noise seeds a condition; mean absolute error with its 95 % interval over seeds.", ""]
    lines += [f"**Missed: {len(missed)} of {rows} rows.**", "", *(missed or ["None."])]
    for group, numbers in measured:
        lines += ["", *table(group, numbers)]
    return "\n".join([*lines, "", *repair_table(body), "", *error_table(body), "", *refusal_table(body)])


def measure(body: Body) -> list[tuple[Group, list[Numbers]]]:
    """Return the numbers of every exam of every group, seeds shared out over the processors."""
    groups = [(number, index) for number, groups in enumerate(EXAMS) for index in range(len(groups))]
    jobs = [(body, number, index, seed) for number, index in groups for seed in range(SEEDS)]
    with ProcessPoolExecutor(WORKERS) as pool:
        results = list(pool.map(_measure, jobs))
    found = []
    for place, (number, index) in enumerate(groups):
        own = results[place * SEEDS : (place + 1) * SEEDS]
        found.append((EXAMS[number][index], [numbers for result in own for numbers in result]))
    return found


def _measure(job: tuple[Body, int, int, int]) -> Sequence[Numbers]:
    body, number, index, seed = job
    return EXAMS[number][index].measure(body, seed)


def mean(numbers: Sequence[Numbers], key: str) -> float:
    return float(np.mean([number[key] for number in numbers]))


def table(group: Group, numbers: Sequence[Numbers]) -> list[str]:
    lines = [f"**{group.title}**", "", "| what | target | measured | 95 % interval | with true contact times | met |"]
    lines += ["| --- | ---: | ---: | ---: | ---: | --- |"]
    for key, target in group.targets.items():
        low, high = confidence_interval(numbers, key)
        oracle = f"oracle_{key}"
        cells = [
            target.label,
            f"{'≥' if target.at_least else '≤'} {target.shown(target.limit)}",
            target.shown(mean(numbers, key)),
            f"{target.shown(low)} – {target.shown(high)}",
            target.shown(mean(numbers, oracle)) if oracle in numbers[0] else "",
            "yes" if target.met_by(mean(numbers, key)) else "**no**",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def repair_table(body: Body) -> list[str]:
    lines = ["**repair by the other strides: 99th percentile of the error of all angles against the unspoilt clip**", ""]
    lines += ["| spoilt by | each stride alone | with the others | unknown alone | unknown with the others | repairs a clip |"]
    lines += ["| --- | ---: | ---: | ---: | ---: | ---: |"]
    for title, condition in SPOILT.items():
        found = [repair_numbers(body, condition, seed=seed) for seed in range(SEEDS)]
        middle = {key: float(np.mean([numbers[key] for numbers in found])) for key in found[0]}
        cells = [title, f"{middle['alone_deg']:.1f}°", f"{middle['repeats_deg']:.1f}°", f"{100 * middle['alone_unknown']:.1f} %"]
        cells += [f"{100 * middle['repeats_unknown']:.1f} %", f"{middle['repairs']:.1f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def error_table(body: Body) -> list[str]:
    bodies = [body, *made_up_bodies().values()]
    jobs = [(one, ERROR_SEED + seed) for one in bodies for seed in range(ERROR_SEEDS)]
    with ProcessPoolExecutor(WORKERS) as pool:
        readings = [reading for found in pool.map(_error_readings, jobs) for reading in found]
    return coverage_lines(readings, PUBLISHED)


def _error_readings(job: tuple[Body, int]) -> list[Mapping[str, Reading]]:
    body, seed = job
    return error_readings(body, seed)


def refusal_table(body: Body) -> list[str]:
    lines = [
        "**clips that show no run from the side**",
        "",
        "| the clip shows | refused with | rightly |",
        "| --- | --- | ---: |",
    ]
    for refusal in refusals(body, seeds=range(SEEDS)):
        right = sum(code == refusal.expected for code in refusal.given)
        given = ", ".join(f"`{code}`" for code in sorted(set(refusal.given)))
        lines.append(f"| {refusal.shows} | {given} | {right} of {len(refusal.given)} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
