"""Measure the persons analysis on labelled videos and write its table into docs/accuracy.md.

The material is no part of the project; KINESIGHT_ACCURACY_DATA names its folder (default: ../shared/data beside the repository).
People who leave and come back are measured on vtest.avi of OpenCV's samples (Debian package opencv-doc), if it is there too.
Needs the packages of the group `measure`:
`pip install --no-deps trackeval==1.3.0 trackers==2.6.1 supervision==0.31.2 pydeprecate
defusedxml` (without their requirements: they ask for another build of OpenCV than Kinesight uses).
"""

from __future__ import annotations

import os
from pathlib import Path

from kinesight.settings import Settings
from kinesight.testing.persons_exam import (
    COUNTED,
    FITTED,
    SEQUENCE,
    Boxes,
    Seen,
    analysed,
    boxes_of,
    clips,
    scores,
    stock_tracker,
    truth_of,
)
from kinesight.testing.persons_returns import Labels, across_clips, joined, labelled, labels_of, mistakes, single_visits
from kinesight.vision.shelf import ModelShelf
from kinesight.wiring.analysing import open_reader

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "accuracy.md"
START, END = "<!-- persons: written by scripts/accuracy_persons.py -->", "<!-- end of persons -->"

LABELS = Path(__file__).with_name("persons_vtest.csv")
"""Who is where in the long film: identities named by eye, of boxes that the detector found."""

SAME_ACTOR = ("head-pose-face-detection-female-and-male.gif",)
"""Left out of the joined clips, where everybody has to be somebody else: he is in another clip too."""

HOTA_TARGET, IDF1_TARGET, LINKING_MS_TARGET = 55.0, 70.0, 2.0


def main() -> None:
    folder = Path(os.environ.get("KINESIGHT_ACCURACY_DATA", ROOT.parent / "shared" / "data")) / "persons"
    video = folder / SEQUENCE / f"{SEQUENCE}.mp4"
    if not video.is_file():
        print(f"accuracy: no measuring material in {folder}; set KINESIGHT_ACCURACY_DATA to its folder. Nothing was measured.")
        return
    seen = analysed(video)
    truth = truth_of(video.parent / "gt" / "gt.txt", frames=len(seen.observations.time_s))
    ours = scores(truth, boxes_of(seen.observations))
    stock = {name: scores(truth, boxes) for name, boxes in _stock(video).items()}
    others = {f"{threads} threads": analysed(video, threads=threads).fingerprint for threads in (1, 2, 4)}
    counted = clips(folder, tuple(COUNTED), report=print)
    people = len({one for frame in truth for one, _ in frame})
    returns, merges = _returns(folder / "vtest.avi")
    lines = [
        *_sequence(ours, stock, people=people),
        *_counts(counted),
        *_cost({SEQUENCE: seen, **counted}),
        "",
        _sameness(seen, others),
        "",
        *returns,
        *_joined({SEQUENCE: seen, **counted}),
        "What is missed:",
        "",
        *_failures(ours, counted, {SEQUENCE: seen, **counted}, merges),
    ]
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(START)[0], page.split(END)[1]
    text = "\n".join(lines)
    PAGE.write_text(f"{before}{START}\n\n{text}\n\n{END}{after}", encoding="utf-8")
    print(text)


def _sequence(ours: dict[str, float], stock: dict[str, dict[str, float]], *, people: int) -> list[str]:
    alternatives = {f"EfficientDet-Lite0 on every frame + stock ByteTrack, {name}": one for name, one in stock.items()}
    rows = {"Kinesight": ours, **alternatives}.items()
    return [
        f"| {SEQUENCE}, 25 frames a second, {people} persons | HOTA | DetA | AssA | IDF1 | identities |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {name} | {one['HOTA']:.1f} | {one['DetA']:.1f} | {one['AssA']:.1f} | {one['IDF1']:.1f} | {one['ids']:.0f} |"
            for name, one in rows
        ),
        "",
    ]


def _counts(counted: dict[str, Seen]) -> list[str]:
    return [
        "| clip | persons by eye | found |",
        "| --- | ---: | ---: |",
        *(f"| {name} | {COUNTED[name]} | {len(one.observations.persons)} |" for name, one in counted.items()),
        "",
    ]


def _returns(video: Path) -> tuple[list[str], list[str]]:
    """Return the table of a long film in which people leave and come back, at three frame rates, and what is wrong in it."""
    if not video.is_file():
        print(f"accuracy: no {video}; the table of people who come back is left out")
        return [], []
    rows, missed = [], []
    for every in (1, 2, 3):
        print(f"{video.name}, every {every}")
        seen = analysed(video, every=every)
        step = 2 if every == 1 else every
        labels = {frame // every: people for frame, people in labels_of(LABELS).items() if frame % step == 0}
        label_s = float(seen.observations.time_s[step // every])
        boxes = boxes_of(seen.observations)
        linking_ms = 1000 * seen.linking_s / len(seen.observations.time_s)
        merged, row = _identities(labels, boxes, label_s=label_s)
        if merged:
            missed.append(f"- {video.name} at {10 / every:.1f} frames a second: {merged} id stands for two people.")
        if linking_ms > LINKING_MS_TARGET:
            missed.append(f"- {video.name} at {10 / every:.1f} frames a second: {linking_ms:.2f} ms a frame after the looks.")
        cost = f"{single_visits(seen.footage, labels):.2f} | {seen.looking_s / seen.length_s:.2f} | {linking_ms:.2f}"
        rows.append(f"| Kinesight, {10 / every:.1f} frames a second | {row} | {cost} |")
        if every == 1:
            rows += [
                f"| stock ByteTrack, {name} | {_identities(labels, boxes, label_s=label_s)[1]} | | | |"
                for name, boxes in _stock(video).items()
            ]
    people = len({name for found in labels.values() for name, _ in found})
    return [
        f"| {video.name}, {people} people | persons found | boxes found, % | false merges | ids too many |"
        " came back with the same id | HOTA | IDF1 | false merges, everybody coming once |"
        " looking, processor s per s | follow, link, heads: ms a frame |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        "",
    ], missed


def _identities(labels: Labels, boxes: Boxes, *, label_s: float) -> tuple[int, str]:
    """Return how many ids stand for two people, and the cells that say how well identities were kept."""
    persons = len({one for frame in boxes for one, _ in frame})
    found = mistakes(labels, boxes, persons=persons, label_s=label_s)
    score = scores(*labelled(labels, boxes))
    return found.merged, (
        f"{found.persons} | {100 * found.matched:.1f} | {found.merged} | {found.extra} |"
        f" {found.returns_kept} of {found.returns} | {score['HOTA']:.1f} | {score['IDF1']:.1f}"
    )


def _stock(video: Path) -> dict[str, Boxes]:
    """Return what the obvious alternative finds: the same detector on every frame and a stock ByteTrack."""
    detector = ModelShelf(Settings()).detector()
    return {
        name: stock_tracker(open_reader(video, Settings()), detector, **thresholds)
        for name, thresholds in (("its own thresholds", {}), ("thresholds lowered to this detector's scores", FITTED))
    }


def _joined(seen: dict[str, Seen]) -> list[str]:
    """Return the table of the clips joined to one film, each in two parts with all the others between."""
    footages = [one.footage for name, one in seen.items() if name not in SAME_ACTOR]
    rows = []
    for gap_s in (0.0, 2.0, 10.0, 30.0):
        persons, wrong, kept = across_clips(joined(footages, gap_s=gap_s))
        rows.append(f"| {gap_s:.0f} | {persons} | {wrong} | {kept} |")
    head = f"{len(footages)} clips joined; empty scene between, s"
    return [
        f"| {head} | persons found | said to be in two clips | came back with the same id |",
        "| ---: | ---: | ---: | ---: |",
        *rows,
        "",
    ]


def _cost(seen: dict[str, Seen]) -> list[str]:
    return [
        "| clip | plays, s | looking, processor s | follow, link, heads: ms a frame |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {name} | {one.length_s:.1f} | {one.looking_s:.1f} | {1000 * one.linking_s / len(one.observations.time_s):.2f} |"
            for name, one in seen.items()
        ),
    ]


def _sameness(seen: Seen, others: dict[str, str]) -> str:
    same = [name for name, one in others.items() if one == seen.fingerprint]
    differ = [name for name in others if name not in same]
    text = f"{SEQUENCE} again with models on {', '.join(same) or 'no other number of threads'}: the same document, bit for bit."
    return text + (f" Not the same with {', '.join(differ)}." if differ else "")


def _failures(ours: dict[str, float], counted: dict[str, Seen], seen: dict[str, Seen], merges: list[str]) -> list[str]:
    missed = merges + [
        f"- {name}: {len(one.observations.persons)} instead of {COUNTED[name]} persons."
        for name, one in counted.items()
        if len(one.observations.persons) != COUNTED[name]
    ]
    missed += [f"- {SEQUENCE}: HOTA {ours['HOTA']:.1f}, wanted {HOTA_TARGET}."] if ours["HOTA"] < HOTA_TARGET else []
    missed += [f"- {SEQUENCE}: IDF1 {ours['IDF1']:.1f}, wanted {IDF1_TARGET}."] if ours["IDF1"] < IDF1_TARGET else []
    missed += [
        f"- {name}: follow, link and heads take over {LINKING_MS_TARGET} ms a frame."
        for name, one in seen.items()
        if 1000 * one.linking_s / len(one.observations.time_s) > LINKING_MS_TARGET
    ]
    return missed or ["- no target."]


if __name__ == "__main__":
    main()
