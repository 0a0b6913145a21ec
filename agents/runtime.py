"""The runtime: every room wired together, and what the doors (REST, command line, workers) may do with it."""

from collections.abc import AsyncIterator
from typing import Protocol

from agents.requests import Decision, InputRequest, TaskRequest
from agents.settings import RuntimeSettings
from journal.events import Event
from journal.projection import TaskState
from journal.records import TaskFilter, TaskRecord
from journal.store import Journal
from journal.values import Approval, ApprovalStatus
from llm.router import Models
from memory.items import Memory
from tools.registry import Registry


class Dispatcher(Protocol):
    """Rings the bell for a worker: the task may be run now. Losing a ring is harmless: the sweeper rings again."""

    async def enqueue(self, task_id: str) -> None: ...


class Runtime:
    """One per process. ``open`` builds it from settings; ``aclose`` hands leases back and lets go of everything."""

    settings: RuntimeSettings
    journal: Journal
    memory: Memory
    tools: Registry
    models: Models
    dispatcher: Dispatcher

    @classmethod
    async def open(cls, settings: RuntimeSettings, *, dispatcher: Dispatcher | None = None) -> "Runtime":
        """Wire the rooms. Without a dispatcher, tasks are run only by ``drive``. Raises ``ConfigurationError``."""
        raise NotImplementedError

    async def submit(self, tenant: str, request: TaskRequest, *, by: str, idempotency_key: str | None = None) -> TaskRecord:
        """Journal a new task and ring for a worker.

        Raises ``InvalidInput`` (unknown agent, tool, model or planner) or ``Conflict`` (the idempotency key).
        """
        raise NotImplementedError

    async def cancel(self, tenant: str, task_id: str, *, by: str, note: str = "") -> TaskRecord:
        """Cancel, also in the middle of a call. Raises ``Conflict`` for an ended task."""
        raise NotImplementedError

    async def pause(self, tenant: str, task_id: str, *, by: str) -> TaskRecord:
        """Rest before the next call. Raises ``Conflict`` for an ended task."""
        raise NotImplementedError

    async def resume(self, tenant: str, task_id: str, *, by: str) -> TaskRecord:
        """Go on after a pause. Raises ``Conflict`` unless the task is paused."""
        raise NotImplementedError

    async def input(self, tenant: str, task_id: str, request: InputRequest, *, by: str) -> TaskRecord:
        """Say something to a task, or settle a call in doubt."""
        raise NotImplementedError

    async def fork(self, tenant: str, task_id: str, *, seq: int, by: str) -> TaskRecord:
        """A new task with a copy of the journal up to ``seq``; it goes on from there."""
        raise NotImplementedError

    async def task(self, tenant: str, task_id: str, *, as_of: int | None = None) -> TaskRecord:
        """The task now, or as it was at ``as_of``. Raises ``NotFound``."""
        raise NotImplementedError

    async def state(self, tenant: str, task_id: str, *, as_of: int | None = None) -> TaskState:
        """The whole fold of a task's journal."""
        raise NotImplementedError

    async def list_tasks(self, tenant: str, which: TaskFilter) -> list[TaskRecord]:
        raise NotImplementedError

    async def approvals(
        self, tenant: str, *, status: ApprovalStatus | None = ApprovalStatus.PENDING, task_id: str | None = None
    ) -> list[Approval]:
        """Approvals that wait; with ``task_id``, those of one task, of any ``status`` where it is ``None``."""
        raise NotImplementedError

    async def decide(self, tenant: str, approval_id: str, decision: Decision, *, by: str) -> Approval:
        """A person's word. Raises ``NotFound``, or ``Conflict`` when it was decided, has expired or is void."""
        raise NotImplementedError

    def follow(self, tenant: str, task_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """Events from behind ``after``, live, each once and in order; ends behind the terminal event.

        Works for tasks that another process runs (it looks at the journal at least twice a second).
        """
        raise NotImplementedError

    def deltas(self, task_id: str) -> AsyncIterator[str]:
        """Pieces of text as the model writes them, while the task runs in this process; best effort. Close it when done."""
        raise NotImplementedError

    async def drive(self, task_id: str) -> TaskRecord | None:
        """Claim the task and run it here until it rests or ends; ``None`` if another worker holds it."""
        raise NotImplementedError

    async def aclose(self) -> None:
        raise NotImplementedError
