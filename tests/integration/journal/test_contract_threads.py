"""The order of a thread, by every store: one task at a time has the turn, whoever submits."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from journal import events as ev
from journal.errors import ThreadBusy
from journal.events import Event
from journal.ids import new_id
from journal.memory_store import MemoryJournal
from journal.projection import TaskState
from journal.records import Concurrency, InboxKind
from journal.sql_store import open_journal
from journal.store import Journal
from journal.values import Budget, WaitingReason

Open = Callable[..., Any]


async def submit(
    journal: Journal,
    *more: ev.EventData,
    how: Concurrency = Concurrency.ENQUEUE,
    tenant: str = "acme",
    also: Callable[[Any], None] | None = None,
) -> str:
    first = ev.TaskSubmitted(goal="g", agent="a", planner="react", budget=Budget(), thread_id="t")
    events = [Event(seq, datetime.now(UTC), 0, data) for seq, data in enumerate((first, *more), 1)]
    record = TaskState.of(tenant, new_id("task"), events).record()
    return (await journal.submit(record, events, concurrency=how, also=also)).id


async def test_of_many_that_want_an_idle_thread_one_gets_it(open_store: Open) -> None:
    stores = [await open_store()]
    if not isinstance(stores[0], MemoryJournal):
        stores.append(await open_store())
    tries = (submit(stores[n % len(stores)], how=Concurrency.REJECT) for n in range(12))
    got = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, str) for one in got) == 1
    assert all(isinstance(one, str | ThreadBusy) for one in got)


@pytest.mark.parametrize("how", [Concurrency.INTERRUPT, Concurrency.ROLLBACK])
async def test_those_before_find_a_cancel_in_their_inbox(journal: Journal, how: Concurrency) -> None:
    earlier = [await submit(journal), await submit(journal)]
    elsewhere = await submit(journal, tenant="other")
    new = await submit(journal, how=how)
    assert await journal.open_in_thread("acme", "t") == [*earlier, new]
    for task_id in earlier:
        lease = await journal.claim(task_id, "w")
        assert lease is not None
        [item] = await journal.inbox(lease)
        assert (item.kind, item.data["by"]) == (InboxKind.CANCEL, f"task {new}")
        assert item.data["left_out"] is (how is Concurrency.ROLLBACK)
    for task_id in (new, elsewhere):
        lease = await journal.claim(task_id, "w")
        assert lease is not None
        assert await journal.inbox(lease) == ()


async def test_only_the_next_of_a_thread_is_runnable_of_those_that_rest_for_their_turn(journal: Journal) -> None:
    first = await submit(journal)
    rest = ev.TaskWaiting(reason=WaitingReason.CONCURRENCY, behind=first)
    second, third = await submit(journal, rest), await submit(journal, rest)
    assert await journal.runnable(10) == [first]
    lease = await journal.claim(first, "w")
    assert lease is not None
    assert await journal.runnable(10) == []
    events = await journal.read("acme", first)
    end = Event(len(events) + 1, datetime.now(UTC), lease.epoch, ev.TaskCanceled(by="x"))
    await journal.append(lease, [end], TaskState.of("acme", first, [*events, end]).record())
    await journal.release(lease)
    assert await journal.runnable(10) == [second]
    assert await journal.open_in_thread("acme", "t") == [second, third]


async def test_a_submission_waits_for_one_of_the_same_thread_that_is_being_written(postgres: Any) -> None:
    """Two processes on Postgres: who comes second sees the first, also while that one's transaction is still open."""
    url = postgres.migrated_database()
    stores = [await open_journal(url, lease_seconds=60) for _ in range(2)]
    inside, go = threading.Event(), threading.Event()

    def hold(_: Any) -> None:
        inside.set()
        go.wait(30)

    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    try:
        first = asyncio.create_task(submit(stores[0], also=hold))
        await asyncio.to_thread(inside.wait, 30)
        second = asyncio.create_task(submit(stores[1], how=Concurrency.REJECT))
        while not second.done() and not await stores[1].database.read(lambda c: c.scalar(waiting)):
            await asyncio.sleep(0.01)
        go.set()
        await first
        with pytest.raises(ThreadBusy):
            await second
    finally:
        go.set()
        for store in stores:
            await store.close()
