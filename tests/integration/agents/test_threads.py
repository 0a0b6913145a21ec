"""Tasks of one thread: one after the other, in their order, by the rule that each new one asks for."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from agents.requests import InputRequest
from agents.runtime import Runtime
from journal.errors import ThreadBusy
from journal.events import TaskResumed
from journal.records import TaskRecord
from journal.values import Status, WaitingReason
from journeyman.testing import Reply, Rule, When
from tests.integration.agents.conftest import World, calls, says, until

Build = Callable[..., Awaitable[World]]
SLOW = calls(("wait_for_file", {"name": "go"}))


async def busy(w: World) -> tuple[str, "asyncio.Task[TaskRecord]"]:
    """A task of the thread in the middle of a call."""
    first = await w.submit("the first goal", thread_id="t")
    running = asyncio.create_task(w.drive(first))
    await until(lambda: "waiting" in w.witnessed)
    return first, running


async def test_a_task_waits_for_the_earlier_ones_of_its_thread(world: Build) -> None:
    w = await world(SLOW, says("the first answer"))
    first, running = await busy(w)
    second = await w.submit("the second goal", thread_id="t")
    third = await w.submit("the third goal", thread_id="t")
    for waiter, behind in ((second, first), (third, second)):
        record = await w.drive(waiter)
        assert record.waiting is not None
        assert (record.status, record.waiting.reason) == (Status.WORKING, WaitingReason.CONCURRENCY)
        assert record.waiting.behind == behind
    assert await w.runtime.journal.runnable(10) == []
    (w.folder / "go").touch()
    await running
    assert await w.runtime.journal.runnable(10) == [second]
    assert (await w.drive(third)).waiting is not None
    assert (await w.drive(second)).status is Status.COMPLETED
    assert (await w.drive(third)).status is Status.COMPLETED
    asked = [m["content"] for m in w.stub.requests[-1].body["messages"] if m["role"] in ("user", "assistant")]
    assert asked[:3] == ["the first goal", "the first answer", "the second goal"]
    assert [text for text in asked if text][-1] == "the third goal"


async def test_other_threads_tenants_and_tasks_without_one_do_not_wait(world: Build) -> None:
    w = await world(SLOW, says("ok"))
    _, running = await busy(w)
    (w.folder / "go").touch()
    assert (await w.run("x")).status is Status.COMPLETED
    assert (await w.run("x", thread_id="other")).status is Status.COMPLETED
    await running


async def test_reject_refuses_a_busy_thread_and_writes_nothing(world: Build) -> None:
    w = await world(SLOW, says("ok"))
    first, running = await busy(w)
    with pytest.raises(ThreadBusy, match=first):
        await w.submit("x", thread_id="t", concurrency="reject")
    assert await w.runtime.journal.open_in_thread("default", "t") == [first]
    (w.folder / "go").touch()
    await running
    assert (await w.run("x", thread_id="t", concurrency="reject")).status is Status.COMPLETED


@pytest.mark.parametrize(("concurrency", "kept"), [("interrupt", True), ("rollback", False)])
async def test_a_new_task_takes_the_place_of_those_before_it(world: Build, concurrency: str, kept: bool) -> None:
    slow = Rule(when=When(tool_results=1, request=2), reply=Reply(text="late", delay_seconds=60))
    w = await world(calls(("jot", {"text": "a"})), slow, says("instead"))
    first = await w.submit("the first goal", thread_id="t")
    running = asyncio.create_task(w.drive(first))
    await until(lambda: len(w.stub.requests) == 2)
    queued = await w.submit("the queued goal", thread_id="t")
    second = await w.submit("the second goal", thread_id="t", concurrency=concurrency)
    canceled = await running
    assert canceled.status is Status.CANCELED
    assert (await w.runtime.task("default", queued)).status is Status.CANCELED
    [end] = await w.events(first, "task.canceled")
    assert end.by == f"task {second}"
    await w.drive(second)
    last = next(r for r in w.stub.requests[::-1] if "the second goal" in str(r.body))
    asked = [m["content"] for m in last.body["messages"] if m["role"] in ("user", "assistant")]
    assert ("the first goal" in asked) is kept
    assert any("jot was done" in (text or "") for text in asked) is kept
    third = await w.submit("the third goal", thread_id="t")
    submitted = (await w.runtime.journal.read("default", third))[0].data
    assert any("the first goal" in m.content for m in submitted.history) is kept  # type: ignore[attr-defined]


async def test_a_canceled_predecessor_gives_the_turn_on(world: Build) -> None:
    w = await world(calls(("send", {"to": "a", "text": "b"})))
    first = await w.run("x", thread_id="t")
    assert first.waiting is not None
    second = await w.submit("y", thread_id="t")
    assert (await w.drive(second)).waiting is not None
    await w.runtime.cancel("default", first.id, by="tester")
    assert await w.runtime.journal.runnable(10) == [second]


async def test_a_waiting_task_can_be_told_paused_and_canceled(world: Build) -> None:
    w = await world(SLOW, says("ok"))
    first, running = await busy(w)
    second = await w.submit("y", thread_id="t")
    await w.drive(second)
    await w.runtime.input("default", second, InputRequest(text="a remark"), by="tester")
    await w.runtime.pause("default", second, by="tester")
    resumed = await w.runtime.resume("default", second, by="tester")
    assert resumed.waiting is None
    record = await w.drive(second)
    assert record.waiting is not None
    assert record.waiting.behind == first
    third = await w.submit("z", thread_id="t")
    await w.drive(third)
    assert (await w.runtime.cancel("default", third, by="tester")).status is Status.CANCELED
    (w.folder / "go").touch()
    await running
    assert (await w.drive(second)).status is Status.COMPLETED
    asked = [m["content"] for m in w.stub.requests[-1].body["messages"] if m["role"] == "user"]
    assert asked[-2:] == ["y", "a remark"]
    resumes = [e.data for e in await w.runtime.journal.read("default", second) if isinstance(e.data, TaskResumed)]
    assert resumes[-1].history is not None


async def test_two_processes_give_a_thread_one_order(world: Build) -> None:
    """Two runtimes over one journal submit at once: whatever the order, one task at a time has the turn."""
    w = await world(says("ok"))
    other = await Runtime.open(w.runtime.settings)
    try:
        from agents.requests import TaskRequest

        async def submit(runtime: Runtime, number: int) -> str:
            request = TaskRequest(goal=f"goal {number}", thread_id="t")
            return (await runtime.submit("default", request, by="x")).id

        ids = await asyncio.gather(*(submit(w.runtime if n % 2 else other, n) for n in range(10)))
        order = await w.runtime.journal.open_in_thread("default", "t")
        assert sorted(order) == sorted(ids)
        for task_id in reversed(order[1:]):
            record = await (w.runtime if task_id < order[5] else other).drive(task_id)
            assert record is not None
            assert record.waiting is not None
        for task_id in order:
            assert await other.journal.runnable(100) == [task_id]
            record = await other.drive(task_id)
            assert record is not None
            assert record.status is Status.COMPLETED
    finally:
        await other.aclose()
