"""Reads the page of a compatible API, so that tests can compare it with the exchanges and with OpenAPI."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

HEADING = re.compile(r"^`(GET|POST|PUT|DELETE|OPTIONS) (/\S*)`$")


@dataclass(slots=True)
class Section:
    """What the page says of one endpoint, or of events; paths as in the page, braces spread out."""

    asked: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)


def spread(path: str) -> Iterator[str]:
    """Yield `a.b` and `a.c` for `a.{b,c}`."""
    parts = [part[1:-1].split(",") if part.startswith("{") else [part] for part in re.split(r"(\{[^}]*\})", path)]
    return ("".join(choice) for choice in itertools.product(*parts))


def sections(page: str) -> dict[str, Section]:
    """Return what a page says of each endpoint, and of events, by heading."""
    found: dict[str, Section] = {}
    for text in page.split("\n## ")[1:]:
        title, _, body = text.partition("\n")
        section = Section()
        kind = ""
        for line in body.splitlines():
            first = line.split("|")[1].strip() if line.startswith("|") else ""
            if not line.startswith("|"):
                kind = ""
            elif not kind:
                kind = first.split(" (")[0]
            target = {"request field": section.asked, "answer field": section.answered, "event field": section.answered}.get(kind)
            if target is not None:
                target.update(path for code in re.findall(r"`([^`]+)`", first) for path in spread(code))
        heading = HEADING.match(title)
        if heading or section.answered:
            found[title.strip("`")] = section
    return found


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """Yield the path of every leaf; an empty list or object is one."""
    inner = value.items() if isinstance(value, dict) else (("", item) for item in value) if isinstance(value, list) else ()
    below = list(inner)
    if not below or (isinstance(value, list) and not any(isinstance(item, dict) for item in value)):
        yield path
    else:
        for name, item in below:
            yield from leaves(item, f"{path}.{name}".strip(".") if name else path)


def fits(documented: str, seen: str, *, as_part: bool = False) -> bool:
    """Return whether a seen path is the documented one, or with `as_part` a beginning of it."""
    wanted, got = documented.split("."), seen.split(".")
    same = all(one in {other, "<name>"} for one, other in zip(wanted, got, strict=False))
    return same and (len(wanted) == len(got) or (as_part and len(got) < len(wanted)))
