"""The holder's pen: the only way a running task writes its journal."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any

from agents.auditing import recording
from agents.feed import Feed
from agents.interruption import Interruption
from journal.errors import StaleLease, StorageError
from journal.events import Event, EventData, TaskWaiting
from journal.projection import TaskState
from journal.records import Halt, InboxItem, InboxKind, Lease, TaskRecord
from journal.store import Journal
from journal.values import WaitingReason
from planners.context import Transcript

Outbox = Callable[[TaskRecord, Sequence[Event]], Callable[[Any], None] | None]
"""``(the task as of the last event, the events)``: what is to be written in their transaction, if anything."""


def no_outbox(record: TaskRecord, events: Sequence[Event]) -> None:
    """Nothing but the events."""


class TaskLog:
    """One held task: its state, its transcript, and what is noted but not yet committed.

    ``note`` is immediate and in memory; ``commit`` puts all that was noted on disk in one transaction. Nothing may leave
    the process (a model request, an effect) before what led to it is committed.
    """

    def __init__(
        self,
        journal: Journal,
        feed: Feed,
        lease: Lease,
        events: Sequence[Event],
        *,
        lease_seconds: float,
        outbox: Outbox = no_outbox,
    ) -> None:
        self.lease = lease
        self.lease_seconds = lease_seconds
        self.state = TaskState.of(lease.tenant, lease.task_id, events)
        self.transcript = Transcript()
        self.interruption = Interruption()
        self.mail: list[InboxItem] = []
        self._journal = journal
        self._feed = feed
        self._outbox = outbox
        self._noted: list[Event] = []
        self._drained: list[InboxItem] = []
        self._known: set[int] = set()
        self._committing = asyncio.Lock()
        self._lost = False
        self._held_until = time.monotonic() + lease_seconds
        self._halt: Halt | None = None
        self._refused: StaleLease | StorageError | None = None
        self.released = False
        for event in events:
            self.transcript.apply(event)

    def note(self, data: EventData, *, intent_key: str | None = None) -> Event:
        """Add an event to the next commit and to the state."""
        event = Event(self.state.last_seq + 1, datetime.now(UTC), self.lease.epoch, data, intent_key)
        self.state.apply(event)
        self.transcript.apply(event)
        self._noted.append(event)
        return event

    async def commit(self) -> None:
        """Put what was noted on disk. Raises ``StaleLease`` when the task is no longer ours, ``StorageError`` when the
        database refuses; then every later commit raises the same, for it may stand on what was not written."""
        async with self._committing:
            self.ensure_held()
            if self._refused is not None:
                raise self._refused
            if self._noted or self._drained:
                await _to_its_end(self._append())

    async def _append(self) -> None:
        events, self._noted = self._noted, []
        drained, self._drained = self._drained, []
        try:
            record = self.state.record()
            also = together(self._outbox(record, events), recording(self.state, events))
            appended = await self._journal.append(self.lease, events, record, drained=drained, also=also)
        except (StaleLease, StorageError) as error:
            self._refused = error
            raise
        self._feed.publish(self.lease.task_id, events)
        self._feed.tell(self.state, events)
        self.deliver(appended.inbox)

    def deliver(self, items: Sequence[InboxItem]) -> None:
        """Take in mail; an item seen before changes nothing. A cancel breaks off the call at hand."""
        for item in items:
            if item.id in self._known:
                continue
            self._known.add(item.id)
            self.mail.append(item)
            if item.kind is InboxKind.CANCEL:
                self.interruption.fire()

    def take_mail(self) -> list[InboxItem]:
        """The mail so far; it leaves the inbox with the next commit."""
        taken, self.mail = self.mail, []
        self._drained += taken
        return taken

    def ensure_held(self) -> None:
        """Raises ``StaleLease`` when another worker holds the task, or may hold it: a process that was frozen finds its lease
        run out by its own clock before it has heard from the database."""
        if self._lost or time.monotonic() >= self._held_until:
            raise StaleLease(f"{self.lease.task_id} is held by another worker now.")

    def renewed(self, asked_at: float) -> None:
        """The lease was renewed by a request that went out at ``asked_at`` (``time.monotonic``)."""
        self._held_until = asked_at + self.lease_seconds

    def stop(self, halt: Halt) -> None:
        """Everything must stop: break off the call at hand. ``stopped`` notes it once the call is settled."""
        if self._halt is None:
            self._halt = halt
            self.interruption.fire()

    def stopped(self) -> bool:
        """Whether the task had to stop; then it is paused, unless it has ended."""
        if self._halt is None:
            return False
        if not self.state.ended and (self.state.waiting is None or not self.state.waiting.reason.needs_person):
            self.note(TaskWaiting(reason=WaitingReason.PAUSED, halted=True))
        return True

    def lose(self) -> None:
        """Another worker holds the task now: break off and write nothing more."""
        self._lost = True
        self.interruption.fire()

    def seconds_used(self) -> float:
        """Working time since the start, without the time spent waiting for people."""
        if self.state.started_at is None:
            return 0.0
        return time.time() - self.state.started_at.timestamp() - self.state.rested_seconds


def together(*writes: Callable[[Any], None] | None) -> Callable[[Any], None] | None:
    """One write that does all of these; ``None`` where there are none."""
    wanted = [write for write in writes if write is not None]
    if not wanted:
        return None

    def write_all(connection: Any) -> None:
        for write in wanted:
            write(connection)

    return write_all


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Who is cancelled meanwhile waits until the work is done: a commit that has begun is on disk or refused, not unknown."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
