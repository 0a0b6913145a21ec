"""A holder of one task, as the tests need it: it folds what it appends, as the loop does."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from journal import events as ev
from journal.events import Event, EventData
from journal.ids import new_id
from journal.projection import TaskState
from journal.records import InboxItem, Lease
from journal.store import Appended, Journal
from journal.values import Budget, Reservation, TokenUsage, ToolCall, ToolResult
from trust.labels import Label

LABEL = Label(sources=("tool:lookup",), trust="untrusted", visibility="private")
STARTED = ev.TaskStarted(worker="w1", instructions="Be brief.", prompt_version="1", tools={"lookup": "abc"})
REQUESTED = ev.LlmRequested(model="m", role="act", reserved=Reservation(input_tokens=900, output_tokens=100, cost_usd=0.01))
DONE = ev.TaskCompleted(answer="42", label=LABEL)


def now() -> datetime:
    return datetime.now(UTC)


def submitted(**fields: Any) -> ev.TaskSubmitted:
    return ev.TaskSubmitted(**({"goal": "find it", "agent": "default", "planner": "react", "budget": Budget()} | fields))


def completed(call_id: str = "c1") -> ev.LlmCompleted:
    return ev.LlmCompleted(
        model="m",
        tool_calls=(ToolCall(id=call_id, tool="lookup", args={"q": "x"}),),
        usage=TokenUsage(input_tokens=90, output_tokens=10),
        cost_usd=0.001,
        finish_reason="tool_calls",
        seconds=0.5,
    )


def returned(content: str, call_id: str = "c1") -> ev.ToolCompleted:
    return ev.ToolCompleted(call_id=call_id, tool="lookup", result=ToolResult(content=content, label=LABEL))


async def submit(journal: Journal, tenant: str = "acme", **fields: Any) -> TaskState:
    """A new task with its first event."""
    first = Event(1, now(), 0, submitted(**fields))
    state = TaskState.of(tenant, new_id("task"), [first])
    await journal.submit(state.record(), [first])
    return state


class Holder:
    """Holds a task's lease."""

    def __init__(self, journal: Journal, state: TaskState, lease: Lease) -> None:
        self.journal, self.state, self.lease = journal, state, lease

    @classmethod
    async def of(cls, journal: Journal, state: TaskState, owner: str = "w1") -> "Holder":
        lease = await journal.claim(state.id, owner)
        assert lease is not None
        return cls(journal, state, lease)

    @classmethod
    async def new(cls, journal: Journal, tenant: str = "acme", owner: str = "w1", **fields: Any) -> "Holder":
        return await cls.of(journal, await submit(journal, tenant, **fields), owner)

    async def append(
        self,
        *data: EventData,
        drained: Sequence[InboxItem] = (),
        also: Callable[[Any], None] | None = None,
        intent_key: str | None = None,
    ) -> Appended:
        events = [
            Event(seq, now(), self.lease.epoch, one, intent_key) for seq, one in enumerate(data, self.state.last_seq + 1)
        ]
        for event in events:
            self.state.apply(event)
        return await self.journal.append(self.lease, events, self.state.record(), drained=drained, also=also)

    async def events(self, **which: Any) -> list[Event]:
        return await self.journal.read(self.state.tenant, self.state.id, **which)


async def until(condition: Callable[[], Awaitable[Any]]) -> Any:
    """What ``condition`` gives, once it is true."""
    async with asyncio.timeout(20):
        while not (value := await condition()):
            await asyncio.sleep(0.005)
    return value
