"""What the task table shows: the summary of a journal, and what others send to its holder."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field, JsonValue

from journal.errors import Conflict
from journal.values import Budget, Outcome, Problem, SourceRef, Status, Usage, Value, Waiting
from trust.labels import Label


class TaskRecord(Value):
    """The summary of one task's journal up to ``last_seq``; the public Task document is made from it.

    ``label`` is the answer's. ``wake_at``, ``waiting`` and ``status`` are what the sweeper looks at.
    """

    id: str
    tenant: str
    status: Status = Status.SUBMITTED
    outcome: Outcome | None = None
    goal: str
    agent: str
    planner: str
    thread_id: str | None = None
    parent_id: str | None = None
    forked_from: str | None = None
    answer: str | None = None
    output: JsonValue = None
    sources: tuple[SourceRef, ...] = ()
    label: Label | None = None
    waiting: Waiting | None = None
    usage: Usage = Usage()
    budget: Budget
    error: Problem | None = None
    last_seq: int = 0
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    priority: int = 0
    """The tenant's own: of its tasks those of a higher one come first."""
    left_out: bool = False
    """It is no part of its thread's history."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to append to one task's journal. ``epoch`` fences: an older one can write nothing."""

    task_id: str
    tenant: str
    owner: str
    epoch: int
    until: datetime
    takeovers: int = 0
    """How many workers in a row have died while at the task, without progress."""
    beyond: str = ""
    """The limit that keeps the task from being worked on now, in words."""


class InboxKind(StrEnum):
    """What anyone but the leaseholder may ask of a task."""

    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"
    INPUT = "input"
    APPROVAL = "approval"
    SETTLE = "settle"
    """A person's verdict on a call in doubt."""
    SUBTASK = "subtask"
    """A child task has ended."""
    PLAN = "plan"
    """A person's edit of a plan that waits."""


class Concurrency(StrEnum):
    """What a new task does where earlier tasks of its thread have not ended."""

    ENQUEUE = "enqueue"
    """Wait until they have."""
    REJECT = "reject"
    """Not be submitted."""
    INTERRUPT = "interrupt"
    """Cancel them; what they did stays in the thread's history."""
    ROLLBACK = "rollback"
    """Cancel them, and leave them out of the thread's history."""


@dataclass(frozen=True, slots=True)
class InboxItem:
    """One message to the leaseholder. ``data`` is JSON; its fields depend on ``kind`` (see ``agents/inbox.py``)."""

    kind: InboxKind
    data: dict[str, Any] = field(default_factory=dict)
    id: int = 0


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks to list, newest first. ``before`` is the cursor a former page gave."""

    status: Status | None = None
    thread_id: str | None = None
    agent: str | None = None
    before: str | None = None
    limit: int = 50


class Totals(Value):
    """What all tasks of a tenant come to: how many stand where, and what they spent together."""

    tasks: dict[Status, int]
    usage: Usage


_TAKEN_FROM: dict[str, dict[str, Any]] = {
    "task.submitted": {"goal": "", "metadata": {}},
    "task.completed": {"answer": None, "output": None, "sources": ()},
    "task.failed": {"answer": None, "error": None},
    "task.rejected": {"error": None},
}
"""What a task's record takes from an event of this kind, and what stands there once it is forgotten."""


def without(record: TaskRecord, kinds: set[str]) -> TaskRecord:
    """The record, without what it took from forgotten events of these kinds."""
    update = {name: blank for kind in kinds for name, blank in _TAKEN_FROM.get(kind, {}).items()}
    return record.model_copy(update=update)


def require_ended(record: TaskRecord) -> None:
    """Raise ``Conflict`` unless the task has ended: one under way needs what it would forget."""
    if not record.status.ended:
        raise Conflict(f"{record.id} is still under way and needs its whole journal.", hint="Cancel the task first.")


@dataclass(frozen=True, slots=True)
class Halt:
    """Who stopped everything, when (UTC), and why."""

    by: str
    at: datetime
    note: str = ""
