"""Outputs, and the box of messages that wait for them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kinesight.domain.errors import Conflict, NotFound
from kinesight.domain.outputs import AlarmMessage, DueMessage, Output, OutputSettings, with_secrets
from kinesight.storage.database import Database, database_now
from kinesight.storage.rows import storable
from kinesight.storage.tables import output_messages as messages
from kinesight.storage.tables import outputs

PER_OUTPUT = 2
"""Messages of one output in one claim."""

MOST_OUTPUTS = 100
"""Outputs of one tenant; each is looked at whenever a clip was judged."""

LONGEST_OUTCOME = 300


class SqlOutputs:
    """Implements the port `Outputs`. Secrets lie here in the clear, since messages are sent with them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant_id: str, name: str) -> Output:
        """Return an output. Raises `NotFound`."""
        with self._database.read() as connection:
            return _found(connection, tenant_id, name)

    def put(self, tenant_id: str, name: str, settings: OutputSettings) -> Output:
        """Set an output up, or change it; hidden secrets stay as they are. Raises `Conflict` when there are too many."""
        with self._database.write() as connection:
            mine = connection.execute(_outputs(tenant_id)).all()
            earlier = next((OutputSettings.model_validate(row.settings) for row in mine if row.name == name), None)
            values: dict[str, Any] = {
                "settings": with_secrets(settings, earlier).model_dump(mode="json"),
                "updated_s": database_now(),
            }
            if earlier is not None:
                connection.execute(sa.update(outputs).where(*_this(tenant_id, name)).values(**values))
            elif len(mine) >= MOST_OUTPUTS:
                raise Conflict(f"There are {len(mine)} outputs already; remove one first.")
            else:
                connection.execute(sa.insert(outputs).values(tenant_id=tenant_id, name=name, **values))
            return _found(connection, tenant_id, name)

    def delete(self, tenant_id: str, name: str) -> None:
        """Forget an output with the messages that wait for it. Raises `NotFound`."""
        with self._database.write() as connection:
            if not connection.execute(sa.delete(outputs).where(*_this(tenant_id, name))).rowcount:
                raise NotFound("There is no output with this name.")

    def all(self, tenant_id: str) -> tuple[Output, ...]:
        """Return the outputs of a tenant by name."""
        with self._database.read() as connection:
            names = [row.name for row in connection.execute(_outputs(tenant_id))]
            return tuple(_found(connection, tenant_id, name) for name in names)


class SqlMessageBox:
    """Implements the port `MessageBox`. A claim is a moved due time, so a deliverer that dies loses nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, *, limit: int, lease_s: float) -> tuple[DueMessage, ...]:
        """Return messages to deliver now, of each output only a few; nobody else gets them while the lease lasts."""
        with self._database.read() as connection:  # most looks find nothing, and a look alone locks nothing
            wanted = list(connection.execute(_fair_choice().limit(limit)).scalars())
        if not wanted:
            return ()
        with self._database.write() as connection:
            chosen = _due().where(messages.c.id.in_(wanted)).with_for_update(of=messages, skip_locked=True)
            rows = connection.execute(chosen).all()
            for row in rows:
                connection.execute(
                    sa.update(messages)
                    .where(messages.c.id == row.id)
                    .values(due_s=database_now() + lease_s, tries=messages.c.tries + 1, is_open=False)
                )
        return tuple(_due_from(row) for row in rows)

    def settle(self, due: DueMessage, *, outcome: str) -> None:
        """Note that the message was taken, or refused for good."""
        self._change(due, settled_s=database_now(), outcome=storable(outcome, longest=LONGEST_OUTCOME))

    def postpone(self, due: DueMessage, *, delay_s: float, outcome: str) -> None:
        """Offer the message again after so long."""
        self._change(due, due_s=database_now() + delay_s, outcome=storable(outcome, longest=LONGEST_OUTCOME))

    def sweep(self, *, give_up_after_s: float, forget_after_s: float) -> int:
        """Give up messages that are older than this, forget settled ones older than that; return how many were given up."""
        now = database_now()
        with self._database.write() as connection:
            connection.execute(sa.delete(messages).where(messages.c.settled_s < now - forget_after_s))
            return connection.execute(
                sa.update(messages)
                .where(messages.c.settled_s.is_(None), messages.c.created_s < now - give_up_after_s)
                .values(settled_s=now, outcome="given up", is_open=False)
            ).rowcount

    def _change(self, due: DueMessage, **values: Any) -> None:
        # Who lost the claim to another changes nothing any more.
        mine = (messages.c.id == due.message.id, messages.c.tries == due.tries, messages.c.settled_s.is_(None))
        with self._database.write() as connection:
            connection.execute(sa.update(messages).where(*mine).values(**values))


def _this(tenant_id: str, name: str) -> tuple[sa.ColumnElement[bool], ...]:
    return outputs.c.tenant_id == tenant_id, outputs.c.name == storable(name)


def _outputs(tenant_id: str) -> sa.Select[Any]:
    return sa.select(outputs).where(outputs.c.tenant_id == tenant_id).order_by(outputs.c.name)


def _found(connection: sa.Connection, tenant_id: str, name: str) -> Output:
    row = connection.execute(sa.select(outputs).where(*_this(tenant_id, name))).one_or_none()
    if row is None:
        raise NotFound("There is no output with this name.")
    mine = (messages.c.tenant_id == tenant_id, messages.c.output == row.name)
    waiting = sa.select(sa.func.count()).select_from(messages).where(*mine, messages.c.settled_s.is_(None))
    last = sa.select(messages.c.outcome).where(*mine, messages.c.outcome.is_not(None)).order_by(messages.c.created_s.desc())
    return Output(
        name=row.name,
        settings=OutputSettings.model_validate(row.settings),
        updated_s=row.updated_s,
        waiting=connection.execute(waiting).scalar_one(),
        last_outcome=connection.execute(last.limit(1)).scalar_one_or_none(),
    )


def _due() -> sa.Select[Any]:
    same = sa.and_(outputs.c.tenant_id == messages.c.tenant_id, outputs.c.name == messages.c.output)
    return (
        sa.select(messages, outputs.c.settings)
        .join(outputs, same)
        .where(messages.c.settled_s.is_(None), messages.c.due_s <= database_now())
        .order_by(messages.c.due_s, messages.c.sequence)
    )


def _fair_choice() -> sa.Select[Any]:
    # A receiver that answers nothing takes the whole time limit for each message; the others must not wait for all of them.
    group = (messages.c.tenant_id, messages.c.output)
    order = (messages.c.due_s, messages.c.sequence)
    place = sa.func.row_number().over(partition_by=group, order_by=order).label("place")
    due = _due().with_only_columns(messages.c.id, messages.c.due_s, place).order_by(None).subquery()
    return sa.select(due.c.id).where(due.c.place <= PER_OUTPUT).order_by(due.c.due_s)


def _due_from(row: sa.Row[Any, *tuple[Any, ...]]) -> DueMessage:
    message = AlarmMessage(
        id=row.id,
        tenant_id=row.tenant_id,
        job_id=row.job_id,
        sequence=row.sequence,
        facts=row.facts,
        further=row.further,
        created_s=row.created_s,
    )
    return DueMessage(
        message=message, output=row.output, settings=OutputSettings.model_validate(row.settings), tries=row.tries + 1
    )
