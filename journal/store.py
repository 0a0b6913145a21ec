"""The journal's interface. Three stores implement it, and one contract suite holds for all of them.

Rules of the lease
------------------
* A task is worked on by at most one holder at a time: whoever has the lease with the current ``epoch``.
* ``claim`` gives the lease of a task that nobody holds, or whose lease has run out, and raises the epoch.
  ``None`` means somebody else holds it.
* The holder calls ``heartbeat`` at least once a second; that moves ``until`` forward by the lease time.
* ``append`` names the lease. If its epoch is not the current one it raises ``StaleLease`` and writes nothing, alone:
  other appends that share its commit go through.
* ``release`` gives the lease back. If the inbox is not empty it refuses (``False``) and the holder goes on; the check
  and the release are one transaction, so no message is left behind unseen.
* Nobody else appends. Others ``send`` to the inbox; the holder sees new items with each ``append`` and ``heartbeat``.
* A lease that runs out without a release means the worker died. The task shows up in ``runnable`` and is claimed again.

Rules of the log
----------------
* ``seq`` counts from 1 without gaps. The events of one ``append``, the task's row, the removal of inbox items and any rows
  that ``also`` writes are one transaction. When ``append`` returns, they are on disk.
* An event is never changed, but for ``forget``, which puts a tombstone in place of its data.
* Payloads over ``BLOB_BYTES`` live in content-addressed, compressed, tenant-scoped blobs; ``read`` puts them back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from journal.events import Event
from journal.limits import Terms
from journal.records import Concurrency, Halt, InboxItem, Lease, TaskFilter, TaskRecord, Totals

BLOB_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Appended:
    """What the holder learns from a commit: items that wait in its inbox."""

    inbox: tuple[InboxItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What the holder learns from a heartbeat: which of its tasks it still holds, and which have mail."""

    held: frozenset[str]
    inboxes: dict[str, tuple[InboxItem, ...]]
    halt: Halt | None = None
    """Everything must stop."""


class Journal(Protocol):
    """See the rules in this module's docstring. All methods raise ``StorageError`` when the database refuses."""

    async def submit(
        self,
        record: TaskRecord,
        events: Sequence[Event],
        *,
        idempotency: tuple[str, str] | None = None,
        concurrency: Concurrency = Concurrency.ENQUEUE,
        also: Callable[[Any], None] | None = None,
    ) -> TaskRecord:
        """Write a new task with its first events.

        ``idempotency`` is (key, digest of the request): the same pair again returns the first task and writes
        nothing; the same key with another digest raises ``Conflict``. ``concurrency`` is what becomes of earlier tasks of its
        thread; with ``REJECT`` they raise ``ThreadBusy``. ``also`` is called as by ``append``, for a task that is new.
        """

    async def claim(self, task_id: str, owner: str, terms: Terms | None = None) -> Lease | None:
        """Take the lease; ``None`` if it is held, or if no task of that id exists.

        Who will work on the task claims under ``terms``: then it is also ``None`` where everything is stopped or the task has
        ended, and the lease says which limit is in the way. Without terms the lease is for reading mail only, and counts
        for no limit.
        """

    async def heartbeat(self, owner: str) -> Heartbeat:
        """Renew every lease of ``owner`` that is still its own."""

    async def append(
        self,
        lease: Lease,
        events: Sequence[Event],
        record: TaskRecord,
        *,
        drained: Sequence[InboxItem] = (),
        also: Callable[[Any], None] | None = None,
    ) -> Appended:
        """Append events and replace the task's row; ``drained`` items leave the inbox.

        ``also`` is called with the store's transaction (an SQLAlchemy ``Connection``, ``None`` in memory).
        Raises ``StaleLease`` when the lease is no longer current or ``events`` do not continue ``last_seq``.
        """

    async def release(self, lease: Lease, *, leave_mail: bool = False) -> bool:
        """Give the lease back; ``False`` if the inbox holds something, and then the lease is kept. ``True`` also where the
        lease is no longer current: there is nothing to give back. A holder that cannot write says ``leave_mail``: the
        task is given back whatever its inbox holds, and shows up in ``runnable``."""

    async def send(self, tenant: str, task_id: str, item: InboxItem) -> None:
        """Put a message into a task's inbox. Raises ``NotFound``."""

    async def read(
        self, tenant: str, task_id: str, *, after: int = 0, limit: int | None = None, until: int | None = None
    ) -> list[Event]:
        """Events with ``after < seq <= until``, in order. Raises ``NotFound``."""

    async def inbox(self, lease: Lease) -> tuple[InboxItem, ...]:
        """What waits for the holder now, oldest first."""

    async def record(self, tenant: str, task_id: str) -> TaskRecord:
        """The task's row. Raises ``NotFound``."""

    async def tenant_of(self, task_id: str) -> str:
        """Whose task it is (for workers, who are told only an id). Raises ``NotFound``."""

    async def records(self, tenant: str, which: TaskFilter) -> list[TaskRecord]:
        """Tasks, newest first. Raises ``InvalidInput`` for a ``before`` that is no task of the tenant's."""

    async def totals(self, tenant: str) -> Totals:
        """What the tenant's tasks come to."""

    async def runnable(self, limit: int, terms: Terms = Terms()) -> list[str]:  # noqa: B008
        """Ids of tasks that should be worked on and that nobody holds: submitted or working with no wait or a wait
        that is over, or with mail in the inbox; in the order of ``journal.limits.fair``. None while everything is stopped."""

    async def open_in_thread(self, tenant: str, thread_id: str) -> list[str]:
        """Ids of the thread's tasks that have not ended, in their order: the first one has the turn."""

    async def forget(self, tenant: str, task_id: str, seqs: Sequence[int]) -> None:
        """Replace the data of these events by tombstones, blank what the task's row took from them, and drop blobs nothing
        else refers to. Raises ``NotFound``, or ``Conflict`` while the task has not ended: it needs its whole journal."""

    async def forget_idempotency_keys(self, before: datetime) -> int:
        """Forget the idempotency keys of tasks submitted earlier; how many there were."""

    async def last_seq(self, tenant: str, task_id: str) -> int:
        """The newest seq: a cheap look for those who follow a task from another process."""

    async def close(self) -> None:
        """Finish what is queued and let go of the database."""


def utc(moment: datetime) -> datetime:
    """``moment`` itself, if it is aware; naive times are a bug and raise ``ValueError``."""
    if moment.tzinfo is None:
        raise ValueError("the journal keeps aware UTC times only")
    return moment


def check_first(record: TaskRecord, events: Sequence[Event]) -> None:
    """Raise ``ValueError`` unless these are a whole journal up to ``record.last_seq``."""
    if not events or events[0].seq != 1:
        raise ValueError("a journal starts with event 1")
    check_append(record, events)


def check_append(record: TaskRecord, events: Sequence[Event]) -> None:
    """Raise ``ValueError`` unless the events follow each other and ``record`` is the row as of the last one."""
    seqs = [event.seq for event in events]
    if seqs and seqs != list(range(seqs[0], seqs[0] + len(seqs))):
        raise ValueError(f"events must follow each other without gaps, not {seqs}")
    if seqs and record.last_seq != seqs[-1]:
        raise ValueError(f"the record is as of event {record.last_seq}, the events end with {seqs[-1]}")
