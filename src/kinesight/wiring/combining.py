"""Puts the combiners of the analyses together with folders of results; holds no logic of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kinesight.domain.analysis import Combination, Combiner
from kinesight.domain.errors import BadParameter, BadResult
from kinesight.pipeline.combining import read_finished, result_file, write_combination
from kinesight.wiring.catalogue import all_analyses


def combine_folders(given: Sequence[Path], out: Path) -> Combination:
    """Combine the results of two clips into a folder.

    Parameters
    ----------
    given
        Two folders of results, or result.json files.
    out
        Where report.html and combined.json go.

    Raises
    ------
    BadParameter
        Not two, missing, or the same one twice.
    BadResult
        One is no finished result that can be combined.
    Conflict
        `out` holds other results.
    """
    if len(given) != 2:
        raise BadParameter(f"{len(given)} results were given; two are combined at a time.")
    first, second = (result_file(path) for path in given)
    if first.resolve() == second.resolve():
        raise BadParameter(f"{given[0]} was given twice; give the results of two clips.")
    combiners = {analysis.name: analysis.combiner for analysis in all_analyses() if analysis.combiner is not None}
    wanted = tuple({name for combiner in combiners.values() for name in combiner.files})
    clips = [read_finished(file, wanted=wanted) for file in (first, second)]
    combiner = combiner_for([clip.document.analysis for clip in clips], combiners)
    combination = combiner.combine(clips[0], clips[1])
    write_combination(combination, out, sources=(first, second))
    return combination


def combiner_for(names: Sequence[str], combiners: dict[str, Combiner]) -> Combiner:
    """Return the combiner of two results of one analysis. Raises `BadResult`."""
    for name in names:
        if name not in combiners:
            raise BadResult(f"Results of {name[:60]!r} cannot be combined; only those of {', '.join(sorted(combiners))} can.")
    if len(set(names)) > 1:
        raise BadResult(f"The results are of different analyses, {' and '.join(names)}; give two of the same.")
    return combiners[names[0]]
