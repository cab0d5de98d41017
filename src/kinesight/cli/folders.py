"""Which folder a run writes to when none was named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kinesight.domain.document import ResultDocument
from kinesight.domain.errors import Conflict


def into_folder(
    source: Path,
    out: Path | None,
    run: Callable[[Path], ResultDocument],
    *,
    is_free: Callable[[Path], bool] = lambda _: True,
) -> tuple[ResultDocument, Path]:
    """Run into the named folder, else into the first default one that is free and holds no other video's results.

    Raises
    ------
    Conflict
        The named folder, or every default one, holds other results.
    """
    if out is not None:
        return run(out), out
    base = Path("kinesight-out") / source.name
    for folder in filter(is_free, (base, *(base.with_name(f"{base.name}-{n}") for n in range(2, 100)))):
        try:
            return run(folder), folder
        except Conflict:
            continue
    raise Conflict("Every default output folder of this name is taken. Choose one with --out.")
