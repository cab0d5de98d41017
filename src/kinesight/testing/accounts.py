"""Stand-ins for subjects, webhooks, receivers and labels that need no database; they pass the contract tests of the real ones."""

from __future__ import annotations

import base64
import secrets
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from kinesight.domain.errors import BadParameter, Conflict, NotFound
from kinesight.domain.labels import MOST_CUSTOM, CustomLabel, LabelPage, OperatorLabel, Said
from kinesight.domain.subjects import Subject, SubjectPage
from kinesight.domain.webhooks import MOST_RECEIVERS, Receiver, Webhook
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
        secret = earlier.secret if earlier else _new_secret()
        self._webhooks[tenant_id] = Webhook(url=url, enabled=enabled, secret=secret, updated_s=time.time())
        return self._webhooks[tenant_id]


class MemoryReceivers:
    """Implements the port `Receivers`."""

    def __init__(self) -> None:
        self._receivers: dict[tuple[str, str], Receiver] = {}  # by tenant and id
        self._secrets: dict[str, str] = {}  # by tenant

    def all(self, tenant_id: str) -> tuple[Receiver, ...]:
        """Return the receivers, oldest first."""
        return tuple(receiver for (tenant, _), receiver in self._receivers.items() if tenant == tenant_id)

    def add(self, tenant_id: str, *, url: str, enabled: bool) -> Receiver:
        """Keep a receiver with a secret of its own. Raises `Conflict` when there are too many."""
        if len(self.all(tenant_id)) >= MOST_RECEIVERS:
            raise Conflict(f"There are {MOST_RECEIVERS} receivers already; remove one first.")
        now_s = time.time()
        receiver = Receiver(
            id=str(uuid.uuid4()), url=url, enabled=enabled, secret=_new_secret(), created_s=now_s, updated_s=now_s
        )
        self._receivers[tenant_id, receiver.id] = receiver
        return receiver

    def change(self, tenant_id: str, receiver_id: str, *, url: str, enabled: bool) -> Receiver:
        """Change a receiver. Raises `NotFound`."""
        if (tenant_id, receiver_id) not in self._receivers:
            raise NotFound("There is no receiver with this id.")
        earlier = self._receivers[tenant_id, receiver_id]
        self._receivers[tenant_id, receiver_id] = replace(earlier, url=url, enabled=enabled, updated_s=time.time())
        return self._receivers[tenant_id, receiver_id]

    def remove(self, tenant_id: str, receiver_id: str) -> None:
        """Forget a receiver. Raises `NotFound`."""
        if self._receivers.pop((tenant_id, receiver_id), None) is None:
            raise NotFound("There is no receiver with this id.")

    def call_secret(self, tenant_id: str) -> str:
        """Return what signs messages to addresses that single calls gave; made when first asked for."""
        return self._secrets.setdefault(tenant_id, _new_secret())


class MemoryLabels:
    """Implements the port `Labels`."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], OperatorLabel] = {}  # by tenant and classification
        self._custom: dict[str, dict[str, CustomLabel]] = {}  # by tenant and value

    def put(self, tenant_id: str, said: Said) -> OperatorLabel:
        """Keep what was said about a clip, in place of what was said before, and return the entry."""
        now_s = time.time()
        earlier = self._entries.get((tenant_id, said.classify_id))
        entry = OperatorLabel(said=said, created_s=earlier.created_s if earlier else now_s, updated_s=now_s)
        self._entries[tenant_id, said.classify_id] = entry
        return entry

    def page(self, tenant_id: str, *, limit: int, cursor: str | None = None, camera_id: str | None = None) -> LabelPage:
        """Return entries, newest first, of one camera if one is given. Raises `BadParameter` for a strange cursor."""
        before = None if cursor is None else read_cursor(cursor)
        mine = [one for (tenant, _), one in self._entries.items() if tenant == tenant_id]
        mine = [one for one in mine if camera_id in {None, one.said.camera_id}]
        found = [one for one in mine if before is None or (one.created_s, one.said.classify_id) < before]
        found.sort(key=lambda one: (one.created_s, one.said.classify_id), reverse=True)
        page, more = found[:limit], len(found) > limit
        cursor_after = write_cursor(page[-1].created_s, page[-1].said.classify_id) if more else None
        return LabelPage(entries=tuple(page), next_cursor=cursor_after)

    def custom(self, tenant_id: str) -> tuple[CustomLabel, ...]:
        """Return the tenant's own labels, by value."""
        return tuple(sorted(self._custom.get(tenant_id, {}).values(), key=lambda one: one.value))

    def add_custom(self, tenant_id: str, labels: Sequence[CustomLabel]) -> None:
        """Keep labels, each value once. Raises `BadParameter` when there would be too many."""
        known = dict(self._custom.get(tenant_id, {}))
        for one in labels:
            if one.value not in known or one.label is not None:
                known[one.value] = one
        if len(known) > MOST_CUSTOM:
            raise BadParameter(f"There would be more than {MOST_CUSTOM} custom labels.")
        self._custom[tenant_id] = known


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
