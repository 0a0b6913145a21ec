"""A real Celery worker on the in-process broker: messages in, coroutines on this event loop out."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from journal.errors import StorageFull
from journal.records import TaskRecord
from journal.values import Budget, Outcome, Status
from workers.admission import Admission
from workers.app import RUN, make_app
from workers.beat import Beat, Chore
from workers.dispatcher import CeleryDispatcher
from workers.settings import WorkerSettings
from workers.sweeper import Runnable, Sweeper
from workers.worker import Drive, Worker

pytestmark = pytest.mark.xdist_group("celery")
"""Celery keeps the in-process broker and its stop flag in module globals."""


def record(task_id: str, status: Status = Status.COMPLETED) -> TaskRecord:
    return TaskRecord(
        id=task_id,
        tenant="default",
        status=status,
        outcome=Outcome.ACHIEVED if status.ended else None,
        goal="g",
        agent="default",
        planner="react",
        budget=Budget(),
        created_at=datetime.now(UTC),
    )


class Pending:
    """A journal's runnable tasks, in the order in which they shall run."""

    def __init__(self, *ids: str) -> None:
        self.ids = list(ids)

    async def runnable(self, limit: int) -> list[str]:
        return self.ids[:limit]


@asynccontextmanager
async def working(
    drive: Drive, *, slots: int = 256, journal: Runnable | None = None
) -> AsyncIterator[tuple[CeleryDispatcher, Admission]]:
    app = make_app("memory://")
    app.control.purge()  # what workers of earlier tests left in the broker, which all apps of a process share
    admission = Admission(slots, patience=0.05)
    dispatcher = CeleryDispatcher(app)
    worker = Worker(app, WorkerSettings(), admission, drive)
    worker.start()
    sweeper = Sweeper(journal or Pending(), worker.take, admission)
    sweeping = asyncio.create_task(Beat([Chore("sweeping", 0.05, sweeper.sweep, sweeper.room)]).run())
    try:
        yield dispatcher, admission
    finally:
        sweeping.cancel()
        await worker.aclose()
        dispatcher.close()


def unacknowledged(task_id: str) -> bool:
    """Whether one of Celery's threads is at a message about the task."""
    from celery.worker import state

    return any(task_id in str(request.args) for request in state.reserved_requests)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


async def test_every_message_is_run_once_on_this_loop() -> None:
    driven: list[str] = []
    threads: set[int] = set()

    async def drive(task_id: str, *, claimed: Callable[[], None]) -> TaskRecord:
        claimed()
        threads.add(threading.get_ident())
        driven.append(task_id)
        return record(task_id)

    ids = [f"task_{number}" for number in range(200)]
    async with working(drive) as (dispatcher, _):
        for task_id in ids:
            await dispatcher.enqueue(task_id)
        await until(lambda: len(driven) == len(ids))
    assert sorted(driven) == sorted(ids)
    assert threads == {threading.get_ident()}


async def test_many_more_tasks_than_pool_threads_run_at_once() -> None:
    running = 0
    let_go = asyncio.Event()

    async def drive(task_id: str, *, claimed: Callable[[], None]) -> TaskRecord:
        nonlocal running
        claimed()
        running += 1
        await let_go.wait()
        return record(task_id)

    async with working(drive) as (dispatcher, _):
        for number in range(50):
            await dispatcher.enqueue(f"task_{number}")
        await until(lambda: running == 50)
        let_go.set()


async def test_no_more_tasks_than_slots_run_at_once_and_all_get_their_turn() -> None:
    running, most = 0, 0
    order: list[str] = []
    journal = Pending(*(f"task_{number}" for number in reversed(range(30))))

    async def drive(task_id: str, *, claimed: Callable[[], None]) -> TaskRecord:
        nonlocal running, most
        claimed()
        running += 1
        most = max(most, running)
        if task_id in journal.ids:
            journal.ids.remove(task_id)
            order.append(task_id)
        await asyncio.sleep(0.001)
        running -= 1
        return record(task_id)

    async with working(drive, slots=3, journal=journal) as (dispatcher, _):
        for number in range(30):
            await dispatcher.enqueue(f"task_{number}")
        await until(lambda: len(order) == 30)
    assert most == 3


async def test_a_message_is_acknowledged_once_its_task_is_claimed() -> None:
    begun, claim = asyncio.Event(), asyncio.Event()

    async def drive(task_id: str, *, claimed: Callable[[], None]) -> TaskRecord:
        if task_id == "unclaimed":
            begun.set()
            await claim.wait()
        claimed()
        return record(task_id)

    async with working(drive) as (dispatcher, _):
        await dispatcher.enqueue("unclaimed")
        await begun.wait()
        assert unacknowledged("unclaimed")
        claim.set()
        await until(lambda: not unacknowledged("unclaimed"))


async def test_a_message_that_holds_no_task_id_is_dropped_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    driven: list[str] = []

    async def drive(task_id: str, *, claimed: Callable[[], None]) -> TaskRecord:
        claimed()
        driven.append(task_id)
        return record(task_id)

    async with working(drive) as (dispatcher, _):
        app = make_app("memory://")
        for strange in ([], [7], ["a", "b"], [{"task": "a"}]):
            app.send_task(RUN, args=strange)
        app.send_task(RUN, kwargs={"task_id": "a"})
        await dispatcher.enqueue("good")
        await until(lambda: "good" in driven and caplog.text.count("A message was dropped") == 5)


async def test_a_task_that_fails_to_run_frees_its_slot_and_rests() -> None:
    tried: list[str] = []

    async def drive(task_id: str, *, claimed: Callable[[], None]) -> TaskRecord:
        claimed()
        tried.append(task_id)
        if task_id == "bad":
            raise RuntimeError("no")
        return record(task_id, Status.WORKING if task_id == "stuck" else Status.COMPLETED)

    async with working(drive, slots=1, journal=Pending("bad", "stuck", "good")) as (dispatcher, admission):
        for task_id in ("bad", "stuck", "good"):
            await dispatcher.enqueue(task_id)
        await until(lambda: {"bad", "stuck", "good"} <= set(tried))
        assert not admission.is_due("bad")
        assert not admission.is_due("stuck")


async def test_a_database_that_refuses_is_told_in_a_line(caplog: pytest.LogCaptureFixture) -> None:
    refused = threading.Event()

    async def drive(task_id: str, *, claimed: Callable[[], None]) -> None:
        claimed()
        refused.set()
        raise StorageFull("The disk is full: nothing was written.")

    async with working(drive) as (dispatcher, admission):
        await dispatcher.enqueue("t1")
        await until(lambda: refused.is_set() and "disk is full" in caplog.text)
        assert not admission.is_due("t1")
    assert "Traceback" not in caplog.text


async def test_closing_ends_the_threads_while_a_task_still_runs() -> None:
    started, let_go = asyncio.Event(), asyncio.Event()

    async def drive(task_id: str, *, claimed: Callable[[], None]) -> TaskRecord:
        claimed()
        started.set()
        await let_go.wait()
        return record(task_id)

    async with working(drive, slots=1) as (dispatcher, _):
        await dispatcher.enqueue("a")
        await started.wait()
        await dispatcher.enqueue("b")
    let_go.set()
    assert "celery" not in {thread.name for thread in threading.enumerate()}


def test_a_message_is_json_that_holds_the_id_alone() -> None:
    app = make_app("memory://localhost/only")
    app.conf.task_default_queue = "looked-at"
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        app.send_task(RUN, args=["task_1"], connection=connection)
        message = channel.basic_get("looked-at", no_ack=True)
    assert message.content_type == "application/json"
    args, kwargs, _ = json.loads(message.body)
    assert (args, kwargs) == (["task_1"], {})
    assert app.conf.accept_content == ["json"]
