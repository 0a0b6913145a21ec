"""The order of a thread: its tasks are worked on one after the other, in the order in which they were submitted.

The submissions of one thread are written one at a time (a lock on Postgres; SQLite has one writer), so a task's number tells
its place: whoever sees no earlier task that is still open has the turn, and no other can come before it.
"""

import json
from typing import Any

from sqlalchemy import Connection, Select, exists, func, insert, or_, select, update

from journal.errors import ThreadBusy
from journal.records import Concurrency, InboxItem, InboxKind, TaskRecord
from journal.schema import database_now, inbox, tasks
from journal.values import WaitingReason


def enter(connection: Connection, record: TaskRecord, concurrency: Concurrency) -> None:
    """Make room for a new task, before its row is written, by the rule it asks for. Raises ``ThreadBusy``.

    Those that give way find a cancel in their inbox.
    """
    if record.thread_id is None:
        return
    if connection.dialect.name == "postgresql":
        name = func.hashtextextended(f"{record.tenant}\x1f{record.thread_id}", 0)
        connection.execute(select(func.pg_advisory_xact_lock(name)))
    if concurrency is Concurrency.ENQUEUE:
        return
    others = connection.execute(_open(record.tenant, record.thread_id)).all()
    if concurrency is Concurrency.REJECT and others:
        raise thread_busy(record.thread_id, others[0].public_id)
    item = giving_way(record, concurrency)
    for number, _ in others:
        _put(connection, number, item)


def _put(connection: Connection, number: int, item: InboxItem) -> None:
    values = {"task": number, "kind": item.kind.value, "data": json.dumps(item.data), "at": database_now()}
    at = connection.scalar(insert(inbox).values(values).returning(inbox.c.at))
    oldest = func.coalesce(tasks.c.mail_at, at)
    connection.execute(update(tasks).where(tasks.c.id == number).values(mail_at=oldest))


def giving_way(record: TaskRecord, concurrency: Concurrency) -> InboxItem:
    """The cancel that makes room for ``record``."""
    note = f"It gave way to {record.id}, which was submitted to the same thread."
    data = {"by": f"task {record.id}", "note": note, "left_out": concurrency is Concurrency.ROLLBACK}
    return InboxItem(InboxKind.CANCEL, data)


def thread_busy(thread_id: str, task_id: str) -> ThreadBusy:
    return ThreadBusy(
        f"The thread {thread_id} is busy with {task_id}.",
        hint="Wait for that task, cancel it, or submit with another `concurrency`: enqueue, interrupt or rollback.",
    )


def read_open(connection: Connection, tenant: str, thread_id: str) -> list[str]:
    """See ``Journal.open_in_thread``."""
    return [public_id for _, public_id in connection.execute(_open(tenant, thread_id))]


def read_turns(connection: Connection, limit: int) -> list[str]:
    """Tasks that rest for their turn and whose turn has come: the word of an earlier task's end may be lost, this is not."""
    return list(connection.scalars(turns(limit)))


def turns(limit: int) -> Select[Any]:
    c, earlier = tasks.c, tasks.alias("earlier")
    ahead = exists().where(
        earlier.c.tenant == c.tenant,
        earlier.c.thread_id == c.thread_id,
        earlier.c.id < c.id,
        earlier.c.ended_at.is_(None),
    )
    queued = (c.waiting_reason == WaitingReason.CONCURRENCY.value, c.thread_id.is_not(None), c.due_at.is_(None))
    free = or_(c.lease_until.is_(None), c.lease_until <= database_now())
    return select(c.public_id).where(*queued, free, ~ahead).order_by(c.id).limit(limit)


def _open(tenant: str, thread_id: str) -> Select[Any]:
    c = tasks.c
    mine = (c.tenant == tenant, c.thread_id == thread_id, c.ended_at.is_(None))
    return select(c.id, c.public_id).where(*mine).order_by(c.id)
