"""Which tasks want work, and listing, for every store."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from journal import events as ev
from journal.records import InboxItem, InboxKind, TaskFilter
from journal.store import Journal
from journal.values import Status, WaitingReason
from tests.integration.journal.holding import DONE, STARTED, Holder, now, submit, until

PAST, FUTURE = timedelta(seconds=-1), timedelta(hours=1)


async def test_a_submitted_task_wants_work_until_somebody_holds_it(journal: Journal) -> None:
    task = await submit(journal)
    assert await journal.runnable(10) == [task.id]
    await Holder.of(journal, task)
    assert await journal.runnable(10) == []


async def test_a_task_whose_holder_died_wants_work_again(open_store: Callable[..., Any]) -> None:
    journal: Journal = await open_store(lease_seconds=0.05)
    holder = await Holder.new(journal)
    await holder.append(STARTED)
    assert await until(lambda: journal.runnable(10)) == [holder.state.id]


async def test_a_task_given_back_in_the_middle_wants_work(journal: Journal) -> None:
    holder = await Holder.new(journal)
    await holder.append(STARTED)
    await journal.release(holder.lease)
    assert await journal.runnable(10) == [holder.state.id]


@pytest.mark.parametrize("reason", [WaitingReason.TIMER, WaitingReason.APPROVAL])
@pytest.mark.parametrize(("wake", "wanted"), [(PAST, True), (FUTURE, False), (None, False)])
async def test_a_resting_task_wants_work_when_its_time_has_come(
    journal: Journal, reason: WaitingReason, wake: timedelta | None, wanted: bool
) -> None:
    holder = await Holder.new(journal)
    await holder.append(STARTED, ev.TaskWaiting(reason=reason, wake_at=now() + wake if wake else None))
    await journal.release(holder.lease)
    assert await journal.runnable(10) == ([holder.state.id] if wanted else [])


async def test_a_resumed_task_wants_work(journal: Journal) -> None:
    holder = await Holder.new(journal)
    await holder.append(STARTED, ev.TaskWaiting(reason=WaitingReason.INPUT))
    await holder.append(ev.TaskResumed(reason=WaitingReason.INPUT, by="ann"))
    await journal.release(holder.lease)
    assert await journal.runnable(10) == [holder.state.id]


@pytest.mark.parametrize("last", [DONE, ev.TaskWaiting(reason=WaitingReason.PAUSED)])
async def test_mail_wakes_even_a_resting_or_ended_task(journal: Journal, last: ev.EventData) -> None:
    holder = await Holder.new(journal)
    await holder.append(STARTED, last)
    await journal.release(holder.lease)
    assert await journal.runnable(10) == []
    await journal.send("acme", holder.state.id, InboxItem(InboxKind.RESUME))
    assert await journal.runnable(10) == [holder.state.id]
    again = await Holder.of(journal, holder.state, "w2")
    await again.append(drained=await journal.inbox(again.lease))
    await journal.release(again.lease)
    assert await journal.runnable(10) == []


async def test_the_longest_neglected_come_first(journal: Journal) -> None:
    tasks = [await submit(journal) for _ in range(5)]
    assert await journal.runnable(3) == [task.id for task in tasks[:3]]


async def test_tasks_are_listed_newest_first_page_by_page(journal: Journal) -> None:
    ids = [(await submit(journal)).id for _ in range(7)][::-1]
    await submit(journal, "other")
    seen: list[str] = []
    while page := await journal.records("acme", TaskFilter(limit=3, before=seen[-1] if seen else None)):
        assert len(page) <= 3
        seen += [record.id for record in page]
    assert seen == ids


async def test_lists_are_narrowed_by_status_thread_and_agent(journal: Journal) -> None:
    plain = await submit(journal)
    clerk = await submit(journal, agent="clerk", thread_id="t1")
    done = await Holder.new(journal, thread_id="t1")
    await done.append(STARTED, DONE)

    async def ids(**which: Any) -> list[str]:
        return [record.id for record in await journal.records("acme", TaskFilter(**which))]

    assert await ids(thread_id="t1") == [done.state.id, clerk.id]
    assert await ids(agent="clerk") == [clerk.id]
    assert await ids(status=Status.COMPLETED) == [done.state.id]
    assert await ids(status=Status.SUBMITTED) == [clerk.id, plain.id]
    assert await ids(status=Status.SUBMITTED, thread_id="t1", agent="default") == []
    assert await journal.records("acme", TaskFilter(thread_id="t1")) == [done.state.record(), clerk.record()]


async def test_totals_are_a_tenants_own(journal: Journal) -> None:
    holder = await Holder.new(journal)
    await submit(journal)
    await submit(journal, "other")
    await holder.append(STARTED, DONE)
    totals = await journal.totals("acme")
    assert {status: count for status, count in totals.tasks.items() if count} == {Status.SUBMITTED: 1, Status.COMPLETED: 1}
    assert totals.usage == (await journal.record("acme", holder.state.id)).usage
    assert sum((await journal.totals("nobody")).tasks.values()) == 0
