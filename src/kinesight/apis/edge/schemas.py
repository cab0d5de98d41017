"""What OpenAPI documents of several APIs have in common."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


def without_422(document: dict[str, Any], *, tags: Collection[str]) -> dict[str, Any]:
    """Return an OpenAPI document in which calls with these tags lack the status that FastAPI promises for all with parameters."""
    for methods in document["paths"].values():
        for about in methods.values():
            if not set(tags).isdisjoint(about.get("tags", ())):
                about["responses"].pop("422", None)
    return document
