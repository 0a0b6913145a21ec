"""Putting tombstones in place of what must be forgotten: the only rewrite of a journal there is."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, select, update

from journal.codec import payload_digest
from journal.errors import Conflict, NotFound
from journal.schema import blobs, database_now, events, task_documents, tasks

REQUEST_WITHOUT: dict[str, dict[str, Any]] = {"task.submitted": {"goal": "", "metadata": {}}}
RESULT_WITHOUT: dict[str, dict[str, Any]] = {
    "task.completed": {"answer": None, "output": None, "sources": []},
    "task.failed": {"answer": None, "error": None},
    "task.rejected": {"error": None},
}
"""What the task's row no longer shows, once the event of this kind that it was taken from is forgotten."""


def forget(connection: Connection, tenant: str, task_id: str, seqs: Sequence[int]) -> None:
    """See ``Journal.forget``."""
    c = tasks.c
    query = select(c.id, c.ended_at).where(c.public_id == task_id, c.tenant == tenant).with_for_update()
    task = connection.execute(query).one_or_none()
    if task is None:
        raise NotFound(f"There is no task {task_id}.")
    if task.ended_at is None:
        raise Conflict(f"{task_id} is still under way: it needs what it would forget.", hint="Cancel it first.")
    wanted = events.c.task == task.id, events.c.seq.in_(seqs), events.c.forgotten_at.is_(None)
    found = connection.execute(select(events.c.seq, events.c.kind, events.c.data, events.c.digest).where(*wanted)).all()
    for event in found:
        digest = event.digest if event.data is None else payload_digest(event.data)
        tombstone = {"data": None, "digest": digest, "forgotten_at": database_now()}
        connection.execute(update(events).where(events.c.task == task.id, events.c.seq == event.seq).values(tombstone))
    _drop_blobs(connection, tenant, sorted(event.digest for event in found if event.data is None))
    _blank_documents(connection, task.id, {event.kind for event in found})


def _drop_blobs(connection: Connection, tenant: str, digests: Sequence[bytes]) -> None:
    """Drop those that no event refers to any more. Locking them first keeps an append from counting on one meanwhile."""
    named = blobs.c.tenant == tenant, blobs.c.digest.in_(digests)
    connection.execute(select(blobs.c.digest).where(*named).order_by(blobs.c.digest).with_for_update())
    still_used = select(events.c.seq).where(
        events.c.tenant == tenant, events.c.digest == blobs.c.digest, events.c.forgotten_at.is_(None)
    )
    connection.execute(delete(blobs).where(*named, ~still_used.exists()))


def _blank_documents(connection: Connection, number: int, kinds: set[str]) -> None:
    d = task_documents.c
    row = connection.execute(select(d.request, d.result).where(d.task == number)).one()
    documents = {"request": json.loads(row.request), "result": json.loads(row.result)}
    for kind in kinds:
        documents["request"] |= REQUEST_WITHOUT.get(kind, {})
        documents["result"] |= RESULT_WITHOUT.get(kind, {})
    values = {name: json.dumps(document) for name, document in documents.items()}
    connection.execute(update(task_documents).where(d.task == number).values(values))
