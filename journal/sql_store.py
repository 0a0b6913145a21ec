"""The journal in SQLite or Postgres. The rules are in ``journal.store``."""

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from journal import reading
from journal.codec import CODEC, Blob, StoredEvent, offload
from journal.commit import Append, Beat, Claim, Operation, Release, Send, TaskWork
from journal.database import Database
from journal.events import Event
from journal.finding import read_runnable
from journal.forgetting import forget
from journal.limits import Terms
from journal.records import Concurrency, InboxItem, Lease, TaskFilter, TaskRecord, Totals
from journal.rows import progress, standing, standing_key
from journal.statements import Statements
from journal.store import Appended, Heartbeat, check_append, check_first
from journal.submitting import Submission, forget_keys, submit
from journal.threads import read_open

_LARGE_CHARS = 256 * 1024
"""Payloads that together are larger are packed in a thread, so that the loop goes on meanwhile."""


class SqlJournal:
    """Implements ``journal.store.Journal`` over a ``Database``; made by ``open_journal``."""

    def __init__(self, database: Database, *, lease_seconds: float) -> None:
        self.database = database
        self._lease_micros = round(lease_seconds * 1_000_000)
        self._statements = Statements(database.dialect)
        self._work = TaskWork(self._statements)
        self._standing: dict[str, tuple[int, tuple[Any, ...]]] = {}
        """What the row of each held task says about its standing: epoch and key. Absent where it is not known."""

    async def submit(
        self,
        record: TaskRecord,
        events: Sequence[Event],
        *,
        idempotency: tuple[str, str] | None = None,
        concurrency: Concurrency = Concurrency.ENQUEUE,
        also: Callable[[Any], None] | None = None,
    ) -> TaskRecord:
        check_first(record, events)
        stored, blobs = await _encode(events)
        submission = Submission(record, stored, blobs, idempotency, concurrency, also)
        return await self.database.write(lambda connection: submit(connection, self._statements, submission))

    async def claim(self, task_id: str, owner: str, terms: Terms | None = None) -> Lease | None:
        lease: Lease | None = await self._do(Claim(task_id, owner, self._lease_micros, terms))
        return lease

    async def heartbeat(self, owner: str) -> Heartbeat:
        beat: Heartbeat = await self._do(Beat(owner, self._lease_micros))
        return beat

    async def append(
        self,
        lease: Lease,
        events: Sequence[Event],
        record: TaskRecord,
        *,
        drained: Sequence[InboxItem] = (),
        also: Callable[[Any], None] | None = None,
    ) -> Appended:
        check_append(record, events)
        stored, blobs = await _encode(events)
        known = self._standing.pop(lease.task_id, None)
        now_known = (lease.epoch, standing_key(record))
        due = stored[-1].at if stored else 0
        changed = None if known == now_known else standing(record, due)
        appended: Appended = await self._do(Append(lease, stored, blobs, progress(record), changed, drained, also))
        self._standing[lease.task_id] = now_known
        return appended

    async def release(self, lease: Lease, *, leave_mail: bool = False) -> bool:
        released: bool = await self._do(Release(lease, leave_mail))
        if released:
            self._standing.pop(lease.task_id, None)
        return released

    async def send(self, tenant: str, task_id: str, item: InboxItem) -> None:
        await self._do(Send(tenant, task_id, item.kind, json.dumps(item.data)))

    async def read(
        self, tenant: str, task_id: str, *, after: int = 0, limit: int | None = None, until: int | None = None
    ) -> list[Event]:
        return await self.database.read(lambda c: reading.read_events(c, tenant, task_id, after, limit, until))

    async def inbox(self, lease: Lease) -> tuple[InboxItem, ...]:
        return await self.database.read(lambda c: reading.read_inbox(c, lease.task_id))

    async def record(self, tenant: str, task_id: str) -> TaskRecord:
        return await self.database.read(lambda c: reading.read_record(c, tenant, task_id))

    async def tenant_of(self, task_id: str) -> str:
        return await self.database.read(lambda c: reading.read_tenant(c, task_id))

    async def records(self, tenant: str, which: TaskFilter) -> list[TaskRecord]:
        return await self.database.read(lambda c: reading.read_records(c, tenant, which))

    async def totals(self, tenant: str) -> Totals:
        return await self.database.read(lambda c: reading.read_totals(c, tenant))

    async def runnable(self, limit: int, terms: Terms = Terms()) -> list[str]:  # noqa: B008
        return await self.database.read(lambda c: read_runnable(c, limit, terms))

    async def open_in_thread(self, tenant: str, thread_id: str) -> list[str]:
        return await self.database.read(lambda c: read_open(c, tenant, thread_id))

    async def forget(self, tenant: str, task_id: str, seqs: Sequence[int]) -> None:
        await self.database.write(lambda c: forget(c, tenant, task_id, seqs))

    async def forget_idempotency_keys(self, before: datetime) -> int:
        return await self.database.write(lambda c: forget_keys(c, before))

    async def last_seq(self, tenant: str, task_id: str) -> int:
        return await self.database.read(lambda c: reading.read_last_seq(c, tenant, task_id))

    async def close(self) -> None:
        await self.database.close()

    async def _do(self, operation: Operation) -> Any:
        return await self.database.commit(self._work, operation)


async def open_journal(url: str, *, lease_seconds: float) -> SqlJournal:
    """The journal at ``url``. Raises ``ConfigurationError``, ``StorageUnavailable`` or ``SchemaTooNew``."""
    return SqlJournal(await Database.open(url), lease_seconds=lease_seconds)


async def _encode(events: Sequence[Event]) -> tuple[list[StoredEvent], list[Blob]]:
    stored = [CODEC.encode(event) for event in events]
    if sum(len(event.data or "") for event in stored) > _LARGE_CHARS:
        return await asyncio.to_thread(offload, stored)
    return offload(stored)
