"""Golden exchanges: what is known filled into a request, and an answer compared with the one that is written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Leaf = Callable[[Any, Any, str], None]
"""Compares one value with what is wanted in its place, and is told where that is. Raises `AssertionError`."""


def filled(value: Any, places: Mapping[str, str]) -> Any:
    """Return a document in whose texts every place is replaced by what it stands for."""
    if isinstance(value, dict):
        return {name: filled(inner, places) for name, inner in value.items()}
    if isinstance(value, str):
        for place, known in places.items():
            value = value.replace(place, known)
    return value


def agrees(wanted: Any, got: Any, leaf: Leaf, where: str = "answer") -> None:
    """Compare two documents; the order of lists and the sets of keys must be the same. Raises `AssertionError`."""
    if isinstance(wanted, dict):
        if not isinstance(got, dict) or sorted(wanted) != sorted(got):
            raise AssertionError(f"{where}: {got!r} has not the keys {sorted(wanted)}")
        for name, value in wanted.items():
            agrees(value, got[name], leaf, f"{where}.{name}")
    elif isinstance(wanted, list):
        if not isinstance(got, list) or len(wanted) != len(got):
            raise AssertionError(f"{where}: {got!r} is no list of {len(wanted)}")
        for number, (one, other) in enumerate(zip(wanted, got, strict=True)):
            agrees(one, other, leaf, f"{where}[{number}]")
    else:
        leaf(wanted, got, where)
