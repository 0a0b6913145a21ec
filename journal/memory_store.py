"""The journal in memory, by the same rules: for tests and trials. It lives as long as its object does."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from journal.codec import CODEC, StoredEvent, payload_digest, to_micros
from journal.errors import InvalidInput, NotFound, StaleLease, reused_key
from journal.events import Event
from journal.limits import Candidate, Running, Terms, fair
from journal.records import Concurrency, InboxItem, Lease, TaskFilter, TaskRecord, Totals, require_ended, without
from journal.store import Appended, Heartbeat, check_append, check_first
from journal.threads import giving_way, thread_busy
from journal.values import Status, Usage, WaitingReason

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Task:
    number: int
    record: TaskRecord
    events: list[StoredEvent]
    epoch: int = 0
    owner: str | None = None
    until: datetime = _LONG_AGO
    inbox: list[InboxItem] = field(default_factory=list)
    running: bool = False
    takeovers: int = 0
    progress_at_takeover: int | None = None

    @property
    def progress(self) -> int:
        usage = self.record.usage
        return usage.steps + usage.tool_calls + usage.output_tokens

    def free(self, now: datetime) -> bool:
        return self.owner is None or self.until <= now

    def due(self, now: datetime) -> bool:
        record = self.record
        if self.inbox:
            return True
        if record.status.ended:
            return False
        waiting = record.waiting
        return waiting is None or (waiting.wake_at is not None and waiting.wake_at <= now)


class MemoryJournal:
    """Implements ``journal.store.Journal``. Events are kept as they would be stored: what cannot be stored fails here too.

    ``clock`` is what leases and timers go by.
    """

    def __init__(self, *, lease_seconds: float = 6.0, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = clock
        self._lease_time = timedelta(seconds=lease_seconds)
        self._tasks: dict[str, _Task] = {}
        self._keys: dict[tuple[str, str], tuple[str, str]] = {}
        self._sent = 0

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
        stored = [CODEC.encode(event) for event in events]
        if idempotency is not None:
            key, digest = idempotency
            first_digest, first = self._keys.get((record.tenant, key), (digest, record.id))
            if first_digest != digest:
                raise reused_key()
            if first != record.id:
                return self._tasks[first].record
        await self._enter(record, concurrency)
        if also is not None:
            also(None)
        self._tasks[record.id] = _Task(len(self._tasks) + 1, record, stored)
        if idempotency is not None:
            self._keys[record.tenant, idempotency[0]] = (idempotency[1], record.id)
        return record

    async def _enter(self, record: TaskRecord, concurrency: Concurrency) -> None:
        """See ``journal.threads.enter``."""
        if record.thread_id is None or concurrency is Concurrency.ENQUEUE:
            return
        others = await self.open_in_thread(record.tenant, record.thread_id)
        if concurrency is Concurrency.REJECT and others:
            raise thread_busy(record.thread_id, others[0])
        for other in others:
            await self.send(record.tenant, other, giving_way(record, concurrency))

    async def open_in_thread(self, tenant: str, thread_id: str) -> list[str]:
        return [i for i, t in self._tasks.items() if _place(t.record) == (tenant, thread_id) and not t.record.status.ended]

    async def claim(self, task_id: str, owner: str, terms: Terms | None = None) -> Lease | None:
        task = self._tasks.get(task_id)
        if task is None or not task.free(self._now()) or (terms is not None and not _may_work(task, terms)):
            return None
        record = task.record
        beyond = "" if terms is None else terms.limits.reached(record.tenant, record.agent, self._running())
        if task.owner is not None:
            task.takeovers = task.takeovers + 1 if task.progress == task.progress_at_takeover else 1
            task.progress_at_takeover = task.progress
        task.epoch, task.owner, task.until = task.epoch + 1, owner, self._now() + self._lease_time
        task.running = terms is not None and not beyond
        in_a_row = task.takeovers if task.progress == task.progress_at_takeover else 0
        return Lease(task_id, record.tenant, owner, task.epoch, task.until, in_a_row, beyond)

    async def heartbeat(self, owner: str) -> Heartbeat:
        held = {task_id: task for task_id, task in self._tasks.items() if task.owner == owner}
        for task in held.values():
            task.until = self._now() + self._lease_time
        return Heartbeat(frozenset(held), {task_id: tuple(task.inbox) for task_id, task in held.items() if task.inbox})

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
        stored = [CODEC.encode(event) for event in events]
        task = self._held(lease)
        if task is None or (stored and stored[0].seq != task.record.last_seq + 1):
            raise StaleLease(f"Another worker holds {lease.task_id} now.")
        if also is not None:
            also(None)
        task.events += stored
        task.record = record
        gone = {item.id for item in drained}
        task.inbox = [item for item in task.inbox if item.id not in gone]
        return Appended(tuple(task.inbox))

    async def release(self, lease: Lease, *, leave_mail: bool = False) -> bool:
        task = self._held(lease)
        if task is not None and task.inbox and not leave_mail:
            return False
        if task is not None:
            task.owner = None
        return True

    async def send(self, tenant: str, task_id: str, item: InboxItem) -> None:
        task = self._task(tenant, task_id)
        self._sent += 1
        task.inbox.append(replace(item, id=self._sent, data=json.loads(json.dumps(item.data))))

    async def read(
        self, tenant: str, task_id: str, *, after: int = 0, limit: int | None = None, until: int | None = None
    ) -> list[Event]:
        events = self._task(tenant, task_id).events[after:until]
        return [CODEC.decode(stored) for stored in events[:limit]]

    async def inbox(self, lease: Lease) -> tuple[InboxItem, ...]:
        task = self._tasks.get(lease.task_id)
        return () if task is None else tuple(task.inbox)

    async def record(self, tenant: str, task_id: str) -> TaskRecord:
        return self._task(tenant, task_id).record

    async def tenant_of(self, task_id: str) -> str:
        task = self._tasks.get(task_id)
        if task is None:
            raise NotFound(f"There is no task {task_id}.")
        return task.record.tenant

    async def records(self, tenant: str, which: TaskFilter) -> list[TaskRecord]:
        before = len(self._tasks) + 1
        if which.before is not None:
            cursor = self._tasks.get(which.before)
            if cursor is None or cursor.record.tenant != tenant:
                raise InvalidInput(f"`{which.before}` is not a cursor.")
            before = cursor.number
        wanted = {name: value for name in ("status", "thread_id", "agent") if (value := getattr(which, name)) is not None}
        found = [
            task.record
            for task in reversed(self._tasks.values())
            if task.number < before
            and task.record.tenant == tenant
            and all(getattr(task.record, name) == value for name, value in wanted.items())
        ]
        return found[: which.limit]

    async def totals(self, tenant: str) -> Totals:
        mine = [task.record for task in self._tasks.values() if task.record.tenant == tenant]
        sums = {name: sum(getattr(record.usage, name) for record in mine) for name in Usage.model_fields}
        counts = {status: sum(record.status is status for record in mine) for status in Status}
        return Totals(tasks=counts, usage=Usage(**sums))

    async def runnable(self, limit: int, terms: Terms = Terms()) -> list[str]:  # noqa: B008
        now = self._now()
        wanted = [
            Candidate(task_id, task.record.tenant, task.record.agent, task.record.priority, task.number)
            for task_id, task in self._tasks.items()
            if task.free(now) and (task.due(now) or self._has_turn(task)) and _is_for(task, terms)
        ]
        return fair(wanted, self._running(), terms.limits, limit)

    def _running(self) -> Running:
        at_work = (task.record for task in self._tasks.values() if task.running and not task.free(self._now()))
        return Running((record.tenant, record.agent, 1) for record in at_work)

    def _has_turn(self, task: _Task) -> bool:
        """Whether it rests for its turn in its thread, and has it now."""
        waiting, place = task.record.waiting, _place(task.record)
        if waiting is None or waiting.reason is not WaitingReason.CONCURRENCY or waiting.wake_at or place[1] is None:
            return False
        open_ = (t for t in self._tasks.values() if _place(t.record) == place and not t.record.status.ended)
        return next(open_) is task

    async def forget(self, tenant: str, task_id: str, seqs: Sequence[int]) -> None:
        task = self._task(tenant, task_id)
        require_ended(task.record)
        now, kinds = to_micros(self._now()), set()
        for stored in [task.events[seq - 1] for seq in seqs if 1 <= seq <= len(task.events)]:
            if stored.data is not None:
                digest = payload_digest(stored.data)
                task.events[stored.seq - 1] = stored._replace(data=None, digest=digest, forgotten_at=now)
                kinds.add(stored.kind)
        task.record = without(task.record, kinds)

    async def forget_idempotency_keys(self, before: datetime) -> int:
        old = [key for key, (_, task_id) in self._keys.items() if self._tasks[task_id].record.created_at < before]
        for key in old:
            del self._keys[key]
        return len(old)

    async def last_seq(self, tenant: str, task_id: str) -> int:
        return self._task(tenant, task_id).record.last_seq

    async def close(self) -> None:
        """Nothing to let go of."""

    def _task(self, tenant: str, task_id: str) -> _Task:
        task = self._tasks.get(task_id)
        if task is None or task.record.tenant != tenant:
            raise NotFound(f"There is no task {task_id}.")
        return task

    def _held(self, lease: Lease) -> _Task | None:
        task = self._tasks.get(lease.task_id)
        return task if task is not None and (task.owner, task.epoch) == (lease.owner, lease.epoch) else None


def _place(record: TaskRecord) -> tuple[str, str | None]:
    return record.tenant, record.thread_id


def _may_work(task: _Task, terms: Terms) -> bool:
    return (not task.record.status.ended or bool(task.inbox)) and _is_for(task, terms)


def _is_for(task: _Task, terms: Terms) -> bool:
    return terms.agents is None or task.record.agent in terms.agents
