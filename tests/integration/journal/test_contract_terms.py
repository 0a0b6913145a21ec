"""Claims of those who will work on a task: limits, turns, queues, and workers that die of it, for every store."""

import asyncio
from collections.abc import Callable
from typing import Any

from journal.kill_switch import KillSwitch
from journal.limits import Limits, Terms
from journal.records import InboxItem, InboxKind
from journal.sql_store import SqlJournal
from journal.store import Journal
from tests.integration.journal.holding import DONE, STARTED, Holder, completed, submit, until

TERMS = Terms()


async def test_a_limit_holds_for_all_workers_together(open_store: Callable[..., Any]) -> None:
    journal: Journal = await open_store()
    terms = Terms(Limits(tenant=2))
    tasks = [await submit(journal) for _ in range(4)]
    other = await submit(journal, "other")
    leases = await asyncio.gather(*(journal.claim(task.id, f"w{n}", terms) for n, task in enumerate(tasks)))
    assert [bool(lease and lease.beyond) for lease in leases].count(False) == 2
    mine = await journal.claim(other.id, "w9", terms)
    assert mine is not None
    assert mine.beyond == ""
    for lease in leases:
        assert lease is not None
        await journal.release(lease)
    free = await journal.claim(tasks[3].id, "w1", terms)
    assert free is not None
    assert free.beyond == ""


async def test_a_limit_of_an_agent_leaves_the_others_alone(journal: Journal) -> None:
    terms = Terms(Limits(agents={"slow": 1}))
    first, second, fast = await submit(journal, agent="slow"), await submit(journal, agent="slow"), await submit(journal)
    await journal.claim(first.id, "w1", terms)
    assert await journal.runnable(10, terms) == [fast.id]
    limited = await journal.claim(second.id, "w1", terms)
    assert limited is not None
    assert limited.beyond == "1 tasks of the agent slow are at work"


async def test_a_lease_for_mail_counts_for_no_limit(journal: Journal) -> None:
    terms = Terms(Limits(tenant=1))
    first, second = await submit(journal), await submit(journal)
    await journal.claim(first.id, "w1")
    lease = await journal.claim(second.id, "w2", terms)
    assert lease is not None
    assert lease.beyond == ""


async def test_a_tenants_many_tasks_do_not_starve_anothers(journal: Journal) -> None:
    many = [await submit(journal) for _ in range(20)]
    single = await submit(journal, "other")
    assert set(await journal.runnable(2)) == {many[0].id, single.id}


async def test_a_higher_priority_comes_first(journal: Journal) -> None:
    low, high = await submit(journal), await submit(journal, priority=3)
    assert await journal.runnable(10) == [high.id, low.id]


async def test_a_worker_takes_tasks_of_its_own_agents_only(journal: Journal) -> None:
    slow, fast = await submit(journal, agent="slow"), await submit(journal, agent="fast")
    terms = Terms(agents=frozenset({"slow"}))
    assert await journal.runnable(10, terms) == [slow.id]
    assert await journal.claim(fast.id, "w1", terms) is None
    assert await journal.claim(slow.id, "w1", terms) is not None


async def test_an_ended_task_is_not_worked_on_unless_it_has_mail(journal: Journal) -> None:
    holder = await Holder.new(journal)
    await holder.append(STARTED, DONE)
    await journal.release(holder.lease)
    assert await journal.claim(holder.state.id, "w2", TERMS) is None
    await journal.send("acme", holder.state.id, InboxItem(InboxKind.CANCEL, {"by": "ann"}))
    assert await journal.claim(holder.state.id, "w2", TERMS) is not None


async def test_workers_that_die_in_a_row_are_counted_until_the_task_comes_further(open_store: Callable[..., Any]) -> None:
    journal: Journal = await open_store(lease_seconds=0.05)
    task = await submit(journal)

    async def take_over() -> Holder:
        lease = await until(lambda: journal.claim(task.id, "w", TERMS))
        return Holder(journal, task, lease)

    assert [(await take_over()).lease.takeovers for _ in range(4)] == [0, 1, 2, 3]
    holder = await take_over()
    await holder.append(STARTED)
    assert (await take_over()).lease.takeovers == 5
    holder = await take_over()
    await holder.append(completed())
    assert (await take_over()).lease.takeovers == 1


async def test_a_lease_that_is_handed_back_is_no_death(open_store: Callable[..., Any]) -> None:
    journal: Journal = await open_store()
    task = await submit(journal)
    for _ in range(3):
        lease = await journal.claim(task.id, "w", TERMS)
        assert lease is not None
        assert lease.takeovers == 0
        await journal.release(lease)


async def test_while_everything_is_stopped_only_mail_is_read(sql_journal: SqlJournal) -> None:
    switch = KillSwitch(sql_journal.database)
    task, held = await submit(sql_journal), await Holder.new(sql_journal, owner="w1")
    try:
        halt = await switch.halt("default", by="ann", via="test", note="sends twice")
        assert (await switch.halt("default", by="bob", via="test")).by == "ann"
        assert await sql_journal.runnable(10) == []
        assert await sql_journal.claim(task.id, "w2", TERMS) is None
        for_mail = await sql_journal.claim(task.id, "w2")
        assert for_mail is not None
        await sql_journal.release(for_mail)
        assert (await sql_journal.heartbeat("w1")).halt == halt
    finally:
        assert await switch.lift("default", by="bob", via="test") is not None
    assert await switch.state() is None
    assert await sql_journal.claim(task.id, "w2", TERMS) is not None
    await sql_journal.release(held.lease)
