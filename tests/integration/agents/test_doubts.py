"""Every way a sent call can end without a recorded result, and what a person is shown of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from agents.doubts import doubts_of
from agents.requests import Decision
from agents.runtime import Runtime
from journal.errors import StaleLease
from journal.events import Event
from journal.records import Lease, TaskRecord
from journal.store import Appended, Journal
from journal.values import Status, WaitingReason
from tests.integration.agents.conftest import World, calls, says, until

Build = Callable[..., Awaitable[World]]

TOOLS = '''
import asyncio, pathlib
from tools.decorator import tool
from tools.types import ToolContext
HERE = pathlib.Path(__file__).parent


@tool(timeout_seconds=0.3)
async def act(how: str, context: ToolContext) -> str:
    """Change the world, and end in some way."""
    with open(HERE / "witness", "a") as file:
        file.write(context.idempotency_key + "\\n")
    (HERE / "acting").touch()
    if how == "lost connection":
        raise ConnectionResetError("the peer is gone")
    if how == "unknown exception":
        raise RuntimeError("something inside")
    if how == "program ends":
        raise SystemExit(3)
    if how == "returns":
        return "done"
    await asyncio.sleep(600)
    return "never"


@tool(timeout_seconds=600)
async def act_slowly(how: str, context: ToolContext) -> str:
    """Change the world, slowly."""
    return await act(how, context)
'''


class Stealing:
    """A journal over another one: behind the intent of an effect, the lease is somebody else's."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.stolen = False

    async def append(self, lease: Lease, events: Sequence[Event], record: TaskRecord, **more: Any) -> Appended:
        if any(event.kind == "tool.requested" for event in events):
            self.stolen = True
            raise StaleLease("Another worker holds the task now.")
        return await self._journal.append(lease, events, record, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


async def approved(world: Build, tool: str, how: str) -> tuple[World, str]:
    """A world in which the call has a person's word and is about to be sent."""
    w = await world(calls((tool, {"how": how})), says("ok"))
    (w.folder / "act.py").write_text(TOOLS)
    w.runtime = await Runtime.open(w.runtime.settings)
    record = await w.run()
    assert record.waiting is not None
    await w.runtime.decide("default", record.waiting.approvals[0], Decision(decision="approve"), by="ann")
    return w, record.id


async def ends_by_itself(w: World, task_id: str) -> None:
    await w.drive(task_id)


async def worker_stops(w: World, task_id: str) -> None:
    """What a crash leaves, too: an intent without a result."""
    running = asyncio.create_task(w.drive(task_id))
    await until((w.folder / "acting").exists)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await w.drive(task_id)


async def is_canceled(w: World, task_id: str) -> None:
    running = asyncio.create_task(w.drive(task_id))
    await until((w.folder / "acting").exists)
    await w.runtime.cancel("default", task_id, by="ann")
    await running


@pytest.mark.parametrize(
    ("tool", "how", "end", "why"),
    [
        ("act", "timeout", ends_by_itself, "no answer within"),
        ("act", "lost connection", ends_by_itself, "the peer is gone"),
        ("act", "unknown exception", ends_by_itself, "something inside"),
        ("act", "program ends", ends_by_itself, "tried to end the program"),
        ("act_slowly", "crash", worker_stops, "stopped before the result"),
        ("act_slowly", "cancel", is_canceled, "canceled while the call was under way"),
    ],
)
async def test_a_call_without_a_recorded_result_is_in_doubt_and_shown(
    world: Build, tool: str, how: str, end: Callable[[World, str], Awaitable[None]], why: str
) -> None:
    w, task_id = await approved(world, tool, how)
    try:
        await end(w, task_id)
        record = await w.runtime.task("default", task_id)
        if end is is_canceled:
            assert record.status is Status.CANCELED
        else:
            assert record.waiting is not None
            assert record.waiting.reason is WaitingReason.IN_DOUBT
        events = await w.runtime.journal.read("default", task_id)
        [doubt] = doubts_of(events)
        assert (doubt.tool, doubt.args, doubt.attempts) == (tool, {"how": how}, 1)
        assert why in doubt.why
        assert w.witnessed == [doubt.idempotency_key]
        [intent] = [event for event in events if event.kind == "tool.requested"]
        assert (doubt.sent_at, doubt.idempotency_key) == (intent.at, intent.intent_key)
    finally:
        await w.runtime.aclose()


async def test_a_lease_lost_before_the_send_sends_nothing(world: Build) -> None:
    w, task_id = await approved(world, "act", "returns")
    runtime, stealing = w.runtime, Stealing(w.runtime.journal)
    robbed = Runtime(
        runtime.settings,
        database=runtime.database,
        journal=stealing,  # type: ignore[arg-type]
        memory=runtime.memory,
        tools=runtime.tools,
        models=runtime.models,
        surroundings=runtime.surroundings,
    )
    try:
        await robbed.drive(task_id)
        assert stealing.stolen
        assert w.witnessed == []
        assert (await w.drive(task_id)).answer == "ok"
        assert len(w.witnessed) == 1
    finally:
        await runtime.aclose()


async def test_what_did_not_happen_is_sent_again_under_the_same_key(world: Build) -> None:
    from agents.requests import InputRequest

    w, task_id = await approved(world, "act", "lost connection")
    try:
        record = await w.drive(task_id)
        assert record.waiting is not None
        [call_id] = record.waiting.calls
        verdict = InputRequest(call_id=call_id, verdict="not_happened")
        await w.runtime.input("default", task_id, verdict, by="ann")
        assert doubts_of(await w.runtime.journal.read("default", task_id)) == []
        record = await w.drive(task_id)
        if record.waiting is not None and record.waiting.reason is WaitingReason.APPROVAL:
            await w.runtime.decide("default", record.waiting.approvals[0], Decision(decision="approve"), by="ann")
            await w.drive(task_id)
        assert len(w.witnessed) == 2
        assert len(set(w.witnessed)) == 1
        [doubt] = doubts_of(await w.runtime.journal.read("default", task_id))
        assert doubt.attempts == 2
    finally:
        await w.runtime.aclose()
