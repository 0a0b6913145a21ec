"""Threads: a task starts when the earlier ones of its thread have ended, and knows what came of them."""

import logging
from collections.abc import Awaitable, Callable, Sequence

from agents.submission import HISTORY_TASKS, conversation
from agents.task_log import TaskLog
from journal import events as ev
from journal.errors import StorageError
from journal.projection import TaskState
from journal.records import TaskFilter, TaskRecord
from journal.store import Journal
from journal.values import Message, Status, WaitingReason

_LOOK_BACK = 5 * HISTORY_TASKS
"""So many earlier tasks are looked at for ``HISTORY_TASKS`` that belong to the history."""

logger = logging.getLogger(__name__)


class Threads:
    """``ring`` calls a worker to a task."""

    def __init__(self, journal: Journal, ring: Callable[[str], Awaitable[None]]) -> None:
        self._journal = journal
        self._ring = ring

    async def has_turn(self, log: TaskLog) -> bool:
        """Whether a task that has not started may be. It waits for the earlier ones of its thread; when its turn comes, what
        they came to is noted."""
        state, waiting = log.state, log.state.waiting
        queued = waiting is not None and waiting.behind is not None
        if state.ended or (waiting is not None and not queued):
            return False
        if state.submitted.thread_id is None:
            return True
        open_ = await self._journal.open_in_thread(state.tenant, state.submitted.thread_id)
        ahead = open_[: open_.index(state.id)] if state.id in open_ else []
        if ahead:
            if not queued:
                log.note(ev.TaskWaiting(reason=WaitingReason.CONCURRENCY, behind=ahead[-1]))
            return False
        earlier = await self.earlier(state.tenant, state.submitted.thread_id, before=state.id)
        if queued or any(record.ended_at and record.ended_at > state.created_at for record in earlier):
            history = await self.history(earlier)
            log.note(ev.TaskResumed(reason=WaitingReason.CONCURRENCY, by="system", history=history))
        return True

    async def earlier(self, tenant: str, thread_id: str, *, before: str | None = None) -> list[TaskRecord]:
        """The ended tasks that a thread's next one is told of, newest first."""
        which = TaskFilter(thread_id=thread_id, before=before, limit=_LOOK_BACK)
        records = await self._journal.records(tenant, which)
        return [record for record in records if record.status.ended and not record.left_out][:HISTORY_TASKS]

    async def history(self, earlier: Sequence[TaskRecord]) -> tuple[Message, ...]:
        """What they were asked and what came of it; of those that were canceled, how far they had come."""
        unfinished = [record for record in earlier if record.status is Status.CANCELED]
        return conversation(earlier, {record.id: await self._progress(record) for record in unfinished})

    async def after(self, state: TaskState) -> None:
        """Once a task has ended here: ring for the next of its thread. Should this be lost, the sweeper finds it."""
        if not state.ended or state.submitted.thread_id is None:
            return
        try:
            open_ = await self._journal.open_in_thread(state.tenant, state.submitted.thread_id)
        except StorageError as error:
            logger.warning("the next task of the thread waits for the sweeper: %s", error, extra={"task_id": state.id})
            return
        if open_:
            await self._ring(open_[0])

    async def _progress(self, record: TaskRecord) -> Message | None:
        """What a canceled task had said and done; ``None`` for one that had not begun."""
        state = TaskState.of(record.tenant, record.id, events := await self._journal.read(record.tenant, record.id))
        said = state.last_completion.content.strip() if state.last_completion else ""
        called = [_called(event.data) for event in events if isinstance(event.data, ev.ToolCompleted | ev.ToolInDoubt)]
        if state.context_label is None or not (said or called):
            return None
        lines = ["(This task was canceled before it was done.)", said, *called]
        return Message(role="assistant", content="\n".join(filter(None, lines)), label=state.context_label)


def _called(data: ev.ToolCompleted | ev.ToolInDoubt) -> str:
    how = "was done" if isinstance(data, ev.ToolCompleted) else "may have been done"
    return f"- {data.tool} {how}"
