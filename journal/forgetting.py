"""Putting tombstones in place of what must be forgotten: the only rewrite of a journal there is."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select, update

from journal.codec import payload_digest
from journal.reading import read_record, task_number
from journal.records import require_ended, without
from journal.rows import request, standing
from journal.schema import blobs, database_now, events, task_documents, tasks


def forget(connection: Connection, tenant: str, task_id: str, seqs: Sequence[int]) -> None:
    """See ``Journal.forget``."""
    number = task_number(connection, tenant, task_id)
    connection.execute(select(tasks.c.id).where(tasks.c.id == number).with_for_update())
    record = read_record(connection, tenant, task_id)
    require_ended(record)
    e = events.c
    wanted = e.task == number, e.seq.in_(seqs), e.forgotten_at.is_(None)
    found = connection.execute(select(e.seq, e.kind, e.data, e.digest).where(*wanted)).all()
    for event in found:
        digest = event.digest if event.data is None else payload_digest(event.data)
        tombstone = {"data": None, "digest": digest, "forgotten_at": database_now()}
        connection.execute(update(events).where(e.task == number, e.seq == event.seq).values(tombstone))
    _drop_blobs(connection, tenant, sorted(event.digest for event in found if event.data is None))
    kept = without(record, {event.kind for event in found})
    documents = {"request": request(kept), "result": standing(kept, 0).result}
    connection.execute(update(task_documents).where(task_documents.c.task == number).values(documents))


def _drop_blobs(connection: Connection, tenant: str, digests: Sequence[bytes]) -> None:
    """Drop those that no event refers to any more. Locking them first keeps an append from counting on one meanwhile."""
    named = blobs.c.tenant == tenant, blobs.c.digest.in_(digests)
    connection.execute(select(blobs.c.digest).where(*named).order_by(blobs.c.digest).with_for_update())
    still_used = select(events.c.seq).where(
        events.c.tenant == tenant, events.c.digest == blobs.c.digest, events.c.forgotten_at.is_(None)
    )
    connection.execute(delete(blobs).where(*named, ~still_used.exists()))
