"""Reads many damaged variants of a video and counts how each ended: frames, or a typed error. Anything else fails.

python scripts/fuzz_media.py --count 1000 --seed 7 VIDEO
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from kinesight.domain.errors import KinesightError
from kinesight.media.limits import MediaLimits
from kinesight.media.reader import ConfinedVideoReader
from kinesight.testing.damage import Damaged, damaged_variants
from kinesight.testing.videos import SyntheticVideo, steady_times


def outcome_of(path: Path, limits: MediaLimits) -> str:
    """Return "ok", "ok, in part" or the code of the typed error; every other exception passes through."""
    try:
        reader = ConfinedVideoReader(path, limits=limits)
        count = sum(1 for _ in reader.frames(longest_side_px=320))
    except KinesightError as error:
        for note in getattr(error, "__notes__", ()):
            print(note, file=sys.stderr)
        return error.code
    if count < 2:
        raise AssertionError("a pass that ends well has at least two frames")
    return "ok" if reader.info.readable_s is None else "ok, in part"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("video", type=Path, nargs="?", help="default: a small clip made on the spot")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for variants that ended in decoder_crashed or in a bug")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        video = options.video or SyntheticVideo(
            width_px=320, height_px=240, times_s=steady_times(frames=60, fps=30), sound="aac"
        ).write(Path(folder) / "clip.mp4")
        target = Path(folder) / f"damaged{video.suffix}"
        table: Counter[tuple[str, str]] = Counter()
        bugs = 0
        began_s = time.monotonic()
        slowest_s = 0.0
        for number, variant in enumerate(damaged_variants(video.read_bytes(), count=options.count, seed=options.seed)):
            target.write_bytes(variant.data)
            variant_began_s = time.monotonic()
            try:
                outcome = outcome_of(target, MediaLimits(cpu_s=60, wait_s=60))
            except Exception:  # noqa: BLE001  # looking for exactly the exceptions that nobody expects
                traceback.print_exc()
                outcome, bugs = "BUG", bugs + 1
            slowest_s = max(slowest_s, time.monotonic() - variant_began_s)
            table[variant.kind, outcome] += 1
            if outcome in {"BUG", "decoder_crashed"}:
                _keep(options.keep, number, variant, video.suffix)
    _print(table)
    print(f"{options.count} variants in {time.monotonic() - began_s:.0f} s, the slowest took {slowest_s:.1f} s; {bugs} bugs")
    return 1 if bugs else 0


def _keep(folder: Path | None, number: int, variant: Damaged, suffix: str) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}-{variant.kind.replace(' ', '-')}{suffix}").write_bytes(variant.data)


def _print(table: Counter[tuple[str, str]]) -> None:
    outcomes = sorted({outcome for _, outcome in table})
    width = max(16, *(len(outcome) + 2 for outcome in outcomes))
    print(" " * 18 + "".join(outcome.rjust(width) for outcome in outcomes))
    for kind in dict.fromkeys(kind for kind, _ in table):
        print(kind.ljust(18) + "".join(str(table[kind, outcome]).rjust(width) for outcome in outcomes))
    print(
        "all".ljust(18) + "".join(str(sum(n for (_, o), n in table.items() if o == outcome)).rjust(width) for outcome in outcomes)
    )


if __name__ == "__main__":
    sys.exit(main())
