"""Stand-ins for subjects and webhooks that need no database; they pass the contract tests of the real ones."""

from __future__ import annotations

import base64
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace

from kinesight.domain.errors import NotFound
from kinesight.domain.subjects import Subject, SubjectPage
from kinesight.domain.webhooks import Webhook
from kinesight.storage.rows import read_cursor, write_cursor


class MemorySubjects:
    """Implements the port `Subjects`."""

    def __init__(self) -> None:
        self._subjects: dict[tuple[str, str], Subject] = {}  # by tenant and id

    def create(self, tenant_id: str, fields: Mapping[str, str | float | None]) -> Subject:
        """Keep a subject and return it."""
        subject = replace(Subject(id=str(uuid.uuid4()), created_s=time.time()), **fields)  # type: ignore[arg-type]
        self._subjects[tenant_id, subject.id] = subject
        return subject

    def page(self, tenant_id: str, *, limit: int, cursor: str | None = None) -> SubjectPage:
        """Return subjects, newest first. Raises `BadParameter` for a strange cursor."""
        before = None if cursor is None else read_cursor(cursor)
        mine = [subject for (tenant, _), subject in self._subjects.items() if tenant == tenant_id]
        found = [one for one in mine if before is None or (one.created_s, one.id) < before]
        found.sort(key=lambda one: (one.created_s, one.id), reverse=True)
        page, more = found[:limit], len(found) > limit
        return SubjectPage(subjects=tuple(page), next_cursor=write_cursor(page[-1].created_s, page[-1].id) if more else None)

    def get(self, tenant_id: str, subject_id: str) -> Subject:
        """Return a subject. Raises `NotFound`."""
        try:
            return self._subjects[tenant_id, subject_id]
        except KeyError as error:
            raise NotFound("There is no subject with this id.") from error

    def update(self, tenant_id: str, subject_id: str, fields: Mapping[str, str | float | None]) -> Subject:
        """Change the given fields and return the subject. Raises `NotFound`."""
        changed = replace(self.get(tenant_id, subject_id), **fields)  # type: ignore[arg-type]
        self._subjects[tenant_id, subject_id] = changed
        return changed

    def delete(self, tenant_id: str, subject_id: str) -> None:
        """Hide a subject for good. Raises `NotFound`."""
        self.get(tenant_id, subject_id)
        del self._subjects[tenant_id, subject_id]


class MemoryWebhooks:
    """Implements the port `Webhooks`."""

    def __init__(self) -> None:
        self._webhooks: dict[str, Webhook] = {}  # by tenant

    def get(self, tenant_id: str) -> Webhook | None:
        """Return a tenant's address; None if there is none."""
        return self._webhooks.get(tenant_id)

    def put(self, tenant_id: str, *, url: str, enabled: bool) -> Webhook:
        """Set the address and return it; the secret is made with the first one and stays."""
        earlier = self._webhooks.get(tenant_id)
        secret = earlier.secret if earlier else "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self._webhooks[tenant_id] = Webhook(url=url, enabled=enabled, secret=secret, updated_s=time.time())
        return self._webhooks[tenant_id]
