"""Writes that share a commit, on SQLite and Postgres."""

import asyncio
import random
import threading
from typing import Any

import pytest
from sqlalchemy import Connection, text

from journal.errors import Conflict, StaleLease, StorageError, StorageUnavailable
from journal.events import Event
from journal.projection import TaskState
from journal.records import InboxItem, InboxKind
from journal.sql_store import SqlJournal, open_journal
from tests.integration.journal.holding import DONE, REQUESTED, STARTED, Holder, completed, now, returned, submit


async def in_one_commit(journal: SqlJournal, *jobs: Any) -> list[Any]:
    """The results of jobs that were all queued while the writer was busy, so that one commit takes them all."""
    busy, go_on = threading.Event(), threading.Event()

    def wait(_: Connection) -> None:
        busy.set()
        go_on.wait(20)

    blocker = asyncio.ensure_future(journal.database.write(wait))
    await asyncio.to_thread(busy.wait, 20)
    tasks = [asyncio.ensure_future(job) for job in jobs]
    for _ in range(5):  # each job runs to the point where its operation is queued
        await asyncio.sleep(0)
    go_on.set()
    await blocker
    return await asyncio.gather(*tasks, return_exceptions=True)


def sql(statement: str, **values: Any) -> Any:
    return lambda connection: connection.execute(text(statement), values)


@pytest.fixture
async def notes(sql_journal: SqlJournal) -> SqlJournal:
    """A journal beside which another room keeps a table."""
    await sql_journal.database.write(sql("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)"))
    return sql_journal


async def noted(journal: SqlJournal) -> list[str]:
    return await journal.database.read(lambda c: list(c.scalars(text("SELECT text FROM notes ORDER BY id"))))


async def test_a_stale_append_falls_out_of_a_shared_commit_alone(sql_journal: SqlJournal) -> None:
    holders = [await Holder.new(sql_journal) for _ in range(6)]
    await sql_journal.release(holders[3].lease)
    transactions: list[Any] = []

    def note(connection: Connection) -> None:
        transactions.append(connection.get_transaction())

    results = await in_one_commit(sql_journal, *(h.append(STARTED, also=note) for h in holders))
    assert [type(result) for result in results].count(StaleLease) == 1
    assert isinstance(results[3], StaleLease)
    assert len(transactions) == 5
    assert len(set(map(id, transactions))) == 1
    assert [await sql_journal.last_seq("acme", h.state.id) for h in holders] == [2, 2, 2, 1, 2, 2]


async def test_rows_of_other_rooms_stand_or_fall_with_their_append(notes: SqlJournal) -> None:
    good, bad, stale = [await Holder.new(notes) for _ in range(3)]
    await notes.release(stale.lease)

    def failing(connection: Connection) -> None:
        connection.execute(text("INSERT INTO notes VALUES (2, 'bad')"))
        raise Conflict("taken")

    results = await in_one_commit(
        notes,
        good.append(STARTED, also=sql("INSERT INTO notes VALUES (1, 'good')")),
        bad.append(STARTED, also=failing),
        stale.append(STARTED, also=sql("INSERT INTO notes VALUES (3, 'stale')")),
    )
    assert [type(result).__name__ for result in results] == ["Appended", "Conflict", "StaleLease"]
    assert await noted(notes) == ["good"]
    assert await notes.last_seq("acme", bad.state.id) == 1


@pytest.mark.parametrize(
    "culprit",
    [
        "INSERT INTO notes VALUES (1, 'again')",  # breaks a constraint
        "INSERT INTO missing VALUES (1)",  # on SQLite this may end the transaction
    ],
)
async def test_a_statement_that_fails_fails_alone(notes: SqlJournal, culprit: str) -> None:
    await notes.database.write(sql("INSERT INTO notes VALUES (1, 'first')"))
    holder, hurt = await Holder.new(notes), await Holder.new(notes)
    results = await in_one_commit(
        notes,
        holder.append(STARTED, also=sql("INSERT INTO notes VALUES (2, 'second')")),
        notes.database.write(sql(culprit)),
        hurt.append(STARTED, also=sql(culprit)),
        notes.database.write(sql("INSERT INTO notes VALUES (3, 'third')")),
        submit(notes),
    )
    assert [isinstance(result, StorageError) for result in results] == [False, True, True, False, False]
    assert await noted(notes) == ["first", "second", "third"]
    assert await notes.last_seq("acme", holder.state.id) == 2
    assert await notes.last_seq("acme", hurt.state.id) == 1


async def test_claims_sends_and_releases_in_one_commit_see_each_other(sql_journal: SqlJournal) -> None:
    task, holder = await submit(sql_journal), await Holder.new(sql_journal)
    first, second, _, released, appended = await in_one_commit(
        sql_journal,
        sql_journal.claim(task.id, "w1"),
        sql_journal.claim(task.id, "w2"),
        sql_journal.send("acme", holder.state.id, InboxItem(InboxKind.CANCEL)),
        sql_journal.release(holder.lease),
        holder.append(STARTED),
    )
    assert (first.owner, second, released) == ("w1", None, False)
    assert [item.kind for item in appended.inbox] == [InboxKind.CANCEL]


async def test_one_wait_may_be_cancelled_and_the_rest_goes_on(sql_journal: SqlJournal) -> None:
    one, two = await Holder.new(sql_journal), await Holder.new(sql_journal)

    async def cancelled() -> None:
        waiting = asyncio.ensure_future(one.append(STARTED))
        await asyncio.sleep(0)
        waiting.cancel()
        await waiting

    results = await in_one_commit(sql_journal, cancelled(), two.append(STARTED))
    assert isinstance(results[0], asyncio.CancelledError)
    assert await sql_journal.last_seq("acme", two.state.id) == 2
    assert await sql_journal.last_seq("acme", one.state.id) == 2


async def test_the_same_append_again_after_a_failure_writes_the_whole_row(notes: SqlJournal) -> None:
    """What the store believes about a row must not outlive a failure."""
    holder = await Holder.new(notes)
    await holder.append(STARTED)
    done = Event(3, now(), 1, DONE)
    holder.state.apply(done)
    with pytest.raises(StorageError):
        await notes.append(holder.lease, [done], holder.state.record(), also=sql("INSERT INTO missing VALUES (1)"))
    assert (await notes.record("acme", holder.state.id)).status == "working"
    await notes.append(holder.lease, [done], holder.state.record())
    assert await notes.record("acme", holder.state.id) == holder.state.record()


async def test_loops_in_other_threads_may_write_too(sql_journal: SqlJournal) -> None:
    def elsewhere() -> int:
        return asyncio.run(sql_journal.database.write(lambda c: c.scalar(text("SELECT 41 + 1")) or 0))

    answers = await asyncio.gather(*(asyncio.to_thread(elsewhere) for _ in range(4)), submit(sql_journal))
    assert answers[:4] == [42] * 4


async def test_closing_writes_what_is_queued_and_refuses_what_comes_later(database_url: str) -> None:
    journal = await open_journal(database_url, lease_seconds=60)
    holder = await Holder.new(journal)
    queued = asyncio.ensure_future(holder.append(STARTED))
    await asyncio.sleep(0)
    await journal.close()
    await queued
    with pytest.raises(StorageUnavailable, match="closed"):
        await holder.append(REQUESTED)
    await journal.close()
    again = await open_journal(database_url, lease_seconds=60)
    assert await again.last_seq("acme", holder.state.id) == 2
    await again.close()


@pytest.mark.parametrize("seed", [1, 2])
async def test_two_processes_worth_of_tasks_at_once(database_url: str, seed: int) -> None:
    """Many tasks over two stores on one database, with mail between them: no gap, no loss, no message seen twice."""
    stores = [await open_journal(database_url, lease_seconds=60) for _ in range(2)]
    dice = random.Random(seed)
    holders = [await Holder.new(stores[n % 2], owner=f"w{n % 2}") for n in range(40)]
    seen: dict[str, list[int]] = {h.state.id: [] for h in holders}
    sent: dict[str, list[int]] = {h.state.id: [] for h in holders}

    async def work(holder: Holder) -> None:
        mail: tuple[InboxItem, ...] = (await holder.append(STARTED, REQUESTED)).inbox
        for step in range(12):
            size = dice.choice([10, 1000, 1000, 12_000])
            mail = await take(holder, mail, completed(f"c{step}"))
            mail = await take(holder, mail, returned("x" * size, f"c{step}"), REQUESTED)
            if dice.random() < 0.3:
                other = dice.choice(holders).state.id
                number = len(sent[other])
                sent[other].append(number)
                await dice.choice(stores).send("acme", other, InboxItem(InboxKind.INPUT, {"n": number}))

    async def take(holder: Holder, mail: tuple[InboxItem, ...], *data: Any) -> tuple[InboxItem, ...]:
        left = (await holder.append(*data, drained=mail)).inbox
        seen[holder.state.id] += [item.data["n"] for item in mail]
        return left

    async def intrude() -> None:
        for holder in dice.sample(holders, 20):
            stale = type(holder.lease)(holder.lease.task_id, "acme", "w9", holder.lease.epoch + 1, holder.lease.until)
            twin = Holder(stores[0], TaskState.of("acme", holder.state.id, await holder.events(until=1)), stale)
            with pytest.raises(StaleLease):
                await twin.append(STARTED)

    await asyncio.gather(*map(work, holders), intrude(), *(stores[n].heartbeat(f"w{n}") for n in (0, 1, 0, 1)))
    for holder in holders:
        events = await holder.events()
        assert [event.seq for event in events] == list(range(1, 3 + 12 * 3 + 1))
        assert await holder.journal.record("acme", holder.state.id) == holder.state.record()
        rest = [item.data["n"] for item in await holder.journal.inbox(holder.lease)]
        assert sorted(seen[holder.state.id] + rest) == sent[holder.state.id]
    for store in stores:
        await store.close()
