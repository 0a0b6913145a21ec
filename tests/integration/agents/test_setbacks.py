"""What happens when the database refuses in the middle of things, and when people speak at awkward moments."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text

from agents.requests import Decision, InputRequest
from agents.runtime import Runtime
from journal.errors import NotFound
from journal.records import TaskRecord
from journal.values import ApprovalStatus, Outcome, Status, WaitingReason
from tests.integration.agents.conftest import World, calls, says, until

Build = Callable[..., Awaitable[World]]

EDGES = '''
"""Tools for the tests of what may go wrong."""
import pathlib
import random
import time

from tools.decorator import tool
from tools.errors import NeedsInput, StopTask
from tools.types import ToolContext

HERE = pathlib.Path(__file__).parent


def _witness(line):
    with open(HERE / "witness", "a") as file:
        file.write(line + "\\n")


def send_big(to: str) -> str:
    """Send, and return a receipt that is longer than what room there is."""
    _witness("send_big " + to)
    return random.Random(1).randbytes(1_000_000).hex()


def send_when_told(name: str) -> str:
    """Send once the file is there."""
    _witness("send_when_told " + name)
    while not (HERE / name).exists():
        time.sleep(0.01)
    return "sent"


@tool(read_only=True)
def stop_now(q: str) -> str:
    """Nothing can go on after this."""
    raise StopTask("The well is dry.", hint="Fill it.")


def send_asking(to: str, context: ToolContext) -> str:
    """Send, but ask for the street first."""
    if context.reply is None:
        raise NeedsInput("Which street?")
    _witness(f"send_asking {to} {context.reply}")
    return "sent"
'''


async def approve(w: World, record: TaskRecord) -> None:
    assert record.waiting is not None
    assert record.waiting.reason is WaitingReason.APPROVAL, record.waiting
    await w.runtime.decide("default", record.waiting.approvals[0], Decision(decision="approve"), by="ann")


async def allow_pages(runtime: Runtime, more: int | None) -> None:
    """Let the journal's file grow by ``more`` pages at most; ``None``: as much as it likes."""

    def limit(connection: Any) -> None:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {1_000_000_000 if more is None else pages + more}"))

    await runtime.database.write(limit)


@pytest.fixture
async def edges(world: Build) -> Build:
    """A world that also has the tools above."""

    async def build(*rules: Any, **more: Any) -> World:
        w = await world(*rules, **more)
        (w.folder / "edges.py").write_text(EDGES)
        w.runtime = await Runtime.open(w.runtime.settings)
        opened.append(w.runtime)
        return w

    opened: list[Runtime] = []
    yield build
    for runtime in opened:
        await runtime.aclose()


async def test_an_effect_whose_result_finds_no_room_is_in_doubt_and_not_repeated(edges: Build) -> None:
    w = await edges(calls(("send_big", {"to": "ann"})), says("ok"))
    record = await w.run()
    await approve(w, record)
    await allow_pages(w.runtime, 20)
    stopped = await w.drive(record.id)
    assert (stopped.status, stopped.waiting) == (Status.WORKING, None)
    await allow_pages(w.runtime, None)
    resumed = await w.drive(record.id)
    assert resumed.waiting is not None
    assert resumed.waiting.reason is WaitingReason.IN_DOUBT
    assert w.witnessed == ["send_big ann"]


async def test_a_task_whose_commit_finds_no_room_is_free_at_once(edges: Build) -> None:
    w = await edges(calls(("send_big", {"to": "ann"})), says("ok"))
    record = await w.run()
    await approve(w, record)
    await allow_pages(w.runtime, 20)
    await w.runtime.journal.send("default", record.id, _remark())
    await w.drive(record.id)
    await allow_pages(w.runtime, None)
    assert await w.runtime.journal.runnable(10) == [record.id]


async def test_mail_that_cannot_be_written_does_not_spin(edges: Build) -> None:
    w = await edges(calls(("send_when_told", {"name": "go"})), says("ok"))
    record = await w.run()
    await approve(w, record)
    running = asyncio.create_task(w.drive(record.id))
    await until(lambda: "send_when_told go" in w.witnessed)
    await allow_pages(w.runtime, 30)
    await w.runtime.journal.send("default", record.id, _remark(400_000))
    (w.folder / "go").touch()
    async with asyncio.timeout(20):
        await running
    await allow_pages(w.runtime, None)
    async with asyncio.timeout(20):
        again = await w.drive(record.id)
    assert w.witnessed == ["send_when_told go"]
    assert again.status is Status.INPUT_REQUIRED or again.status is Status.COMPLETED


async def test_an_error_that_ends_the_task_keeps_its_name_beside_other_calls(edges: Build) -> None:
    w = await edges(calls(("stop_now", {"q": "x"}), ("lookup", {"q": "y"})), says("no"))
    record = await w.run()
    assert record.outcome is Outcome.ERROR
    assert record.error is not None
    assert (record.error.detail, record.error.hint) == ("The well is dry.", "Fill it.")


async def test_an_effect_may_ask_a_person_before_it_does_anything(edges: Build) -> None:
    w = await edges(calls(("send_asking", {"to": "ann"})), says("ok"))
    record = await w.run()
    await approve(w, record)
    asking = await w.drive(record.id)
    assert asking.waiting is not None
    assert (asking.waiting.reason, asking.waiting.question) == (WaitingReason.INPUT, "Which street?")
    await w.runtime.input("default", record.id, InputRequest(text="Pier 7"), by="ann")
    assert (await w.drive(record.id)).answer == "ok"
    assert w.witnessed == ["send_asking ann Pier 7"]


async def test_a_sent_effect_whose_tool_is_gone_is_in_doubt(edges: Build) -> None:
    w = await edges(calls(("send_when_told", {"name": "never"})), says("ok"))
    record = await w.run()
    await approve(w, record)
    running = asyncio.create_task(w.drive(record.id))
    await until(lambda: "send_when_told never" in w.witnessed)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    (w.folder / "never").touch()
    (w.folder / "edges.py").unlink()
    bare = await Runtime.open(w.runtime.settings)
    try:
        left = await bare.drive(record.id)
    finally:
        await bare.aclose()
    assert left is not None
    assert left.waiting is not None
    assert left.waiting.reason is WaitingReason.IN_DOUBT
    assert "tool.failed" not in await w.kinds(record.id)


async def test_a_pause_is_heeded_between_the_effects_of_one_turn(edges: Build) -> None:
    first, second = ("send_when_told", {"name": "go"}), ("send", {"to": "bob", "text": "hi"})
    w = await edges(calls(first, second), says("ok"))
    record = await w.run()
    await approve(w, record)
    running = asyncio.create_task(w.drive(record.id))
    await until(lambda: "send_when_told go" in w.witnessed)
    await w.runtime.pause("default", record.id, by="ann")
    (w.folder / "go").touch()
    paused = await running
    assert paused.waiting is not None
    assert paused.waiting.reason is WaitingReason.PAUSED
    assert w.witnessed == ["send_when_told go"]
    await w.runtime.resume("default", record.id, by="ann")
    assert (await w.drive(record.id)).answer == "ok"
    assert w.witnessed == ["send_when_told go", "send bob hi"]


async def test_a_fork_needs_a_word_of_its_own(world: Build) -> None:
    w = await world(calls(("send", {"to": "ann", "text": "hi"})), says("ok"))
    record = await w.run()
    assert record.waiting is not None
    (old,) = record.waiting.approvals
    await w.runtime.decide("default", old, Decision(decision="approve"), by="ann")
    events = await w.runtime.journal.read("default", record.id)
    decided = next(event.seq for event in events if event.kind == "approval.decided")
    for seq in (decided - 1, decided):
        fork = await w.runtime.fork("default", record.id, seq=seq, by="ann")
        forked = await w.drive(fork.id)
        assert w.witnessed == []
        assert forked.waiting is not None
        (own,) = forked.waiting.approvals
        assert (await w.runtime.approval("default", own)).task_id == fork.id
        assert (await w.runtime.approval("default", own)).status is ApprovalStatus.PENDING


async def test_a_decision_that_is_in_the_inbox_is_not_called_lost(edges: Build) -> None:
    w = await edges(calls(("send", {"to": "ann", "text": "hi"})), says("ok"))
    record = await w.run()
    assert record.waiting is not None
    await allow_pages(w.runtime, 0)
    big = Decision(decision="deny", note="n" * 10_000)
    await w.runtime.decide("default", record.waiting.approvals[0], big, by="ann")
    await allow_pages(w.runtime, None)
    assert (await w.drive(record.id)).answer == "ok"
    assert w.witnessed == []


def _remark(size: int = 10) -> Any:
    from journal.records import InboxItem, InboxKind

    return InboxItem(InboxKind.INPUT, {"text": random.Random(2).randbytes(size // 2).hex(), "by": "ann"})


async def test_resume_lets_a_task_that_lost_its_worker_go_on(world: Build) -> None:
    w = await world(says("done"))
    task_id = await w.submit()
    assert (await w.runtime.resume("default", task_id, by="ann")).status is Status.SUBMITTED
    with pytest.raises(NotFound):
        await w.runtime.resume("default", task_id + "x", by="ann")
