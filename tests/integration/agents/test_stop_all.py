"""The kill switch, limits and poison, in a runtime."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from journal.errors import Conflict
from journal.limits import Terms
from journal.values import Outcome, Status, WaitingReason
from tests.integration.agents.conftest import World, calls, says, until

Build = Callable[..., Awaitable[World]]
WAIT = ("wait_for_file", {"name": "go"})


async def test_a_halt_breaks_off_a_long_call_and_lifting_it_goes_on(world: Build) -> None:
    w = await world(calls(WAIT), says("done"))
    task_id = await w.submit()
    driving = asyncio.create_task(w.drive(task_id))
    await until(lambda: "waiting" in w.witnessed)
    standing = await w.runtime.stop_all.halt("default", by="ann", via="test", note="sends twice")
    assert standing.halt is not None
    record = await driving
    assert record.waiting is not None
    assert (record.status, record.waiting.reason) == (Status.INPUT_REQUIRED, WaitingReason.PAUSED)
    assert record.waiting.halted
    assert (await w.runtime.stop_all.standing()).at_work == 0
    with pytest.raises(Conflict, match="stopped by ann"):
        await w.submit("more")
    assert await w.runtime.drive(task_id) is None
    (w.folder / "go").touch()
    assert await w.runtime.stop_all.lift("default", by="ann", via="test") == 1
    assert (await w.drive(task_id)).answer == "done"


async def test_what_a_person_paused_is_not_resumed_by_lifting_a_halt(world: Build) -> None:
    w = await world(says("done"))
    task_id = await w.submit()
    await w.runtime.pause("default", task_id, by="ann")
    await w.runtime.stop_all.halt("default", by="ann", via="test")
    assert await w.runtime.stop_all.lift("default", by="ann", via="test") == 0
    assert (await w.runtime.task("default", task_id)).status is Status.INPUT_REQUIRED


async def test_who_stopped_everything_and_who_lifted_it_is_in_the_audit_log(world: Build) -> None:
    w = await world(says("done"))
    await w.runtime.stop_all.halt("default", by="ann", via="key_1", note="sends twice")
    await w.runtime.stop_all.halt("default", by="bob", via="key_2")
    await w.runtime.stop_all.lift("default", by="bob", via="key_2")
    await w.runtime.stop_all.lift("default", by="bob", via="key_2")
    entries = await w.runtime.audit.entries("default", act="halt")
    assert [(e.act, e.actor, e.via) for e in entries] == [("halt.lifted", "bob", "key_2"), ("halt.begun", "ann", "key_1")]
    assert entries[1].details == {"note": "sends twice"}


async def test_a_task_beyond_a_limit_waits_visibly_and_is_taken_in_its_turn(world: Build) -> None:
    w = await world(calls(WAIT), says("done"), settings={"agents": {"default": {"concurrency": 1, "planner": "react"}}})
    first = await w.submit()
    driving = asyncio.create_task(w.drive(first))
    await until(lambda: "waiting" in w.witnessed)
    second = await w.submit()
    waiting = (await w.drive(second)).waiting
    assert waiting is not None
    assert waiting.reason is WaitingReason.CONCURRENCY
    assert await w.runtime.runnable(10) == []
    (w.folder / "go").touch()
    await driving
    assert await w.runtime.runnable(10) == [second]
    assert (await w.drive(second)).outcome is Outcome.ACHIEVED
    assert (await w.kinds(second)).count("task.waiting") == 1


async def test_a_task_that_kills_its_workers_is_abandoned_with_the_reason(world: Build) -> None:
    w = await world(says("done"), settings={"journal": {"lease_seconds": 2, "max_takeovers": 2}})
    task_id = await w.submit()
    lost = 0
    while lost < 3:
        lost += await w.runtime.journal.claim(task_id, "a worker that dies", Terms()) is not None
        await asyncio.sleep(0)
    while (record := await w.runtime.drive(task_id)) is None:
        await asyncio.sleep(0)
    assert (record.status, record.outcome) == (Status.FAILED, Outcome.ABANDONED)
    assert record.error is not None
    assert "3 workers in a row died" in record.error.detail
    assert w.stub.requests == []
