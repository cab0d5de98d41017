"""A subject: a person whose analyses belong together, as a tenant keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

FIELDS = ("email", "name", "height_m", "weight_kg")
"""What may be written of a subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A person; everything but the id may be unknown. `created_s` is seconds since the epoch."""

    id: str
    created_s: float
    email: str | None = None
    name: str | None = None
    height_m: float | None = None
    weight_kg: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectPage:
    """One page of a list, newest first; `next_cursor` is None on the last one."""

    subjects: tuple[Subject, ...]
    next_cursor: str | None


class Subjects(Protocol):
    """Keeps subjects. Another tenant's id and a deleted one are `NotFound`."""

    def create(self, tenant_id: str, fields: Mapping[str, str | float | None]) -> Subject:
        """Keep a subject, described by any of `FIELDS`, and return it."""

    def page(self, tenant_id: str, *, limit: int, cursor: str | None = None) -> SubjectPage:
        """Return subjects, newest first. Raises `BadParameter` for a cursor that is not one of ours."""

    def get(self, tenant_id: str, subject_id: str) -> Subject:
        """Return a subject. Raises `NotFound`."""

    def update(self, tenant_id: str, subject_id: str, fields: Mapping[str, str | float | None]) -> Subject:
        """Change the given ones of `FIELDS` and return the subject. Raises `NotFound`."""

    def delete(self, tenant_id: str, subject_id: str) -> None:
        """Hide a subject for good; its analyses stay. Raises `NotFound`."""
