"""The words of report, annotated video and notices: data, one TOML file for each language."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTexts:
    """The words of one language by dotted key such as "band.good"; call it with a key and what goes into the sentence."""

    language: str
    entries: Mapping[str, str]

    def __call__(self, key: str, **values: str | int) -> str:
        """Return the words of a key. Raises `KeyError` if there is no such key or a value of the sentence is missing."""
        return self.entries[key].format(**values)

    def __contains__(self, key: str) -> bool:
        """Return whether there are words for a key."""
        return key in self.entries

    def number(self, value: float, digits: int = 0) -> str:
        """Return a finite number with the decimal mark of the language, a true minus sign and no negative zero."""
        text = f"{value:.{digits}f}"
        text = text.lstrip("-") if not float(text) else text.replace("-", "\u2212")
        return text.replace(".", self.entries["format.decimal"])

    def with_unit(self, number: str, unit: str) -> str:
        """Return a number in words with its unit and the space that belongs between them."""
        if unit == "%":
            return self("format.percent", number=number)
        return number + ("" if unit in {"", "°"} else "\u202f") + unit


@cache
def load_page_texts(code: str) -> PageTexts:
    """Return the words of a language such as "fr". Raises `FileNotFoundError` if there are none."""
    file = resources.files("kinesight.analyses.running").joinpath("page_texts", f"{code}.toml")
    return PageTexts(language=code, entries=dict(_flat(tomllib.loads(file.read_text(encoding="utf-8")))))


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
