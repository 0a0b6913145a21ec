"""Writing a new task: its row, its documents, its first events, and the key that makes asking twice harmless."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from journal.codec import Blob, StoredEvent, to_micros
from journal.errors import reused_key
from journal.reading import read_record
from journal.records import Concurrency, TaskRecord
from journal.rows import PROGRESS, STANDING, fixed, progress, request, standing
from journal.schema import idempotency_keys, task_documents, tasks
from journal.statements import Statements
from journal.threads import enter


@dataclass(frozen=True, slots=True)
class Submission:
    """What is to be written; see ``Journal.submit``."""

    record: TaskRecord
    events: Sequence[StoredEvent]
    blobs: Sequence[Blob]
    idempotency: tuple[str, str] | None
    concurrency: Concurrency
    also: Callable[[Connection], None] | None


def submit(connection: Connection, statements: Statements, new: Submission) -> TaskRecord:
    """See ``Journal.submit``."""
    record = new.record
    if new.idempotency is not None:
        first = _first_task(connection, record, *new.idempotency)
        if first != record.id:
            return read_record(connection, record.tenant, first)
    enter(connection, record, new.concurrency)
    _write(connection, statements, record, new.events, new.blobs)
    if new.also is not None:
        new.also(connection)
    return record


def _write(
    connection: Connection,
    statements: Statements,
    record: TaskRecord,
    events: Sequence[StoredEvent],
    blobs: Sequence[Blob],
) -> None:
    changing = standing(record, to_micros(record.created_at))
    row = {
        **fixed(record),
        **dict(zip(STANDING, changing.columns, strict=True)),
        **dict(zip(PROGRESS, progress(record), strict=True)),
    }
    number = connection.scalar(insert(tasks).values(row).returning(tasks.c.id))
    connection.execute(insert(task_documents), {"task": number, "request": request(record), "result": changing.result})
    cursor = connection.connection.cursor()
    try:
        statements.run(cursor, statements.insert_blobs, sorted((record.tenant, *blob) for blob in blobs))
        statements.run(cursor, statements.insert_events, [(number, e[0], record.tenant, *e[1:]) for e in events])
    finally:
        cursor.close()


def forget_keys(connection: Connection, before: datetime) -> int:
    """See ``Journal.forget_idempotency_keys``."""
    c = idempotency_keys.c
    old = select(tasks.c.id).where(tasks.c.public_id == c.task, tasks.c.created_at < to_micros(before))
    return connection.execute(delete(idempotency_keys).where(old.exists())).rowcount


def _first_task(connection: Connection, record: TaskRecord, key: str, digest: str) -> str:
    """The public id of the task that this key stands for: the record's own, where the key is new."""
    values = {"tenant": record.tenant, "key": key, "digest": digest, "task": record.id}
    c = idempotency_keys.c
    if connection.scalar(_upsert(connection).values(values).on_conflict_do_nothing().returning(c.task)) is not None:
        return record.id
    known = connection.execute(select(c.digest, c.task).where(c.tenant == record.tenant, c.key == key)).one()
    if known.digest != digest:
        raise reused_key()
    return str(known.task)


def _upsert(connection: Connection) -> Any:
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as upsert
    else:
        from sqlalchemy.dialects.sqlite import insert as upsert  # type: ignore[assignment]
    return upsert(idempotency_keys)
