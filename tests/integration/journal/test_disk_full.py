"""A full disk, made with SQLite's own page limit: nothing is half-written, and work goes on once there is room."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from journal.errors import StorageFull
from journal.projection import TaskState
from journal.sql_store import SqlJournal, open_journal
from tests.integration.journal.holding import REQUESTED, STARTED, Holder, completed, returned, submit


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[SqlJournal]:
    journal = await open_journal(f"sqlite:///{tmp_path / 'journal.db'}", lease_seconds=60)
    yield journal
    await journal.close()


async def allow_pages(journal: SqlJournal, more: int) -> None:
    """Let the file grow by ``more`` pages at most."""

    def limit(connection: object) -> None:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()  # type: ignore[attr-defined]
        connection.execute(text(f"PRAGMA max_page_count = {pages + more}"))  # type: ignore[attr-defined]

    await journal.database.write(limit)


async def fill(holder: Holder) -> TaskState:
    """Append until there is no room; the state as of the last append that was acknowledged."""
    step = 0
    while True:
        safe = TaskState.of("acme", holder.state.id, await holder.events())
        step += 1
        try:
            await holder.append(completed(f"c{step}"))
            await holder.append(returned("x" * 5000, f"c{step}"), REQUESTED)
        except StorageFull:
            return TaskState.of("acme", safe.id, await holder.events())


async def test_a_full_disk_is_one_clear_error_and_nothing_is_half_written(sqlite: SqlJournal) -> None:
    holder = await Holder.new(sqlite)
    await holder.append(STARTED, REQUESTED)
    await allow_pages(sqlite, 3)
    state = await fill(holder)
    assert await sqlite.record("acme", state.id) == state.record()
    with pytest.raises(StorageFull, match="disk is full") as caught:
        await submit(sqlite, goal="g" * 500_000)
    assert "Make room" in caught.value.hint


async def test_once_there_is_room_the_same_append_goes_through(sqlite: SqlJournal) -> None:
    holder = await Holder.new(sqlite)
    await holder.append(STARTED, REQUESTED)
    await allow_pages(sqlite, 3)
    holder.state = await fill(holder)
    await allow_pages(sqlite, 10_000)
    before = holder.state.last_seq
    await holder.append(completed("late"), returned("y" * 5000, "late"), REQUESTED)
    events = await holder.events()
    assert [event.seq for event in events] == list(range(1, before + 4))
    assert await sqlite.record("acme", holder.state.id) == holder.state.record()


async def test_all_operations_of_the_commit_that_did_not_fit_fail(sqlite: SqlJournal) -> None:
    holders = [await Holder.new(sqlite) for _ in range(30)]
    await allow_pages(sqlite, 2)
    results = await asyncio.gather(*(h.append(STARTED, returned("x" * 5000)) for h in holders), return_exceptions=True)
    failed = [isinstance(result, StorageFull) for result in results]
    assert any(failed)
    for holder, lost in zip(holders, failed, strict=True):
        assert await sqlite.last_seq("acme", holder.state.id) == (1 if lost else 3)
        assert len(await holder.events()) == (1 if lost else 3)
