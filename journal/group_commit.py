"""One writer thread for all of a process's writes: what is queued while one commit is on its way shares the next one.

A batch is one transaction. An operation that fails on its own account fails alone. When the commit itself fails (no room,
no connection), all of its operations fail and none has written anything; the thread lives on and connects anew if it must.
Any other error of a transaction (a deadlock, a value the database refuses) makes the batch run again, each operation in a
transaction of its own, so that only the culprit fails.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from journal import crash_points
from journal.errors import JourneymanError, StorageContended, StorageFull, StorageUnavailable

T = TypeVar("T")

_ATTEMPTS = 3
"""How often an operation that loses to another process's transaction is tried alone."""

Work = Callable[[Connection, Sequence[Any]], Sequence[Any]]
"""Does operations of one kind inside the shared transaction and returns an outcome for each, in order. An outcome that is an
exception fails its operation alone; an exception that is raised ends the transaction."""


@dataclass(slots=True, eq=False)
class _Operation:
    work: Work
    item: Any
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    outcome: Any = None


class GroupCommit:
    """``connect`` opens a connection; ``explain`` turns a driver's error into one of the journal's."""

    def __init__(self, connect: Callable[[], Connection], explain: Callable[[Exception], Exception]) -> None:
        self._connect = connect
        self._explain = explain
        self._connection: Connection | None = None
        self._queue: SimpleQueue[_Operation | None] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="journal-writer", daemon=True)
        self._thread.start()

    async def submit(self, work: Work, item: Any) -> Any:
        """The outcome of ``item``, once it is on disk. Cancelling the wait does not undo the write."""
        if self._closed:
            raise StorageUnavailable("The database is closed.")
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._queue.put(_Operation(work, item, loop, future))
        return await future

    async def close(self) -> None:
        """Write what is queued, then end the thread."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        open_ = True
        while open_:
            batch, open_ = self._gather()
            if batch:
                self._commit(batch)
            del batch
        self._disconnect()

    def _gather(self) -> tuple[list[_Operation], bool]:
        batch: list[_Operation] = []
        operation = self._queue.get()
        try:
            while operation is not None:
                batch.append(operation)
                operation = self._queue.get_nowait()
        except Empty:
            return batch, True
        return batch, False

    def _commit(self, batch: Sequence[_Operation]) -> None:
        failure = self._attempt(batch)
        if isinstance(failure, StorageFull | StorageUnavailable):
            for operation in batch:
                operation.outcome = _copy(failure)
        elif failure is not None:
            self._commit_each(batch)
            return
        _settle(batch)

    def _commit_each(self, batch: Sequence[_Operation]) -> None:
        """Each in a transaction of its own, and known at once. Those that another process stands in the way of come last."""
        left = batch
        for _ in range(_ATTEMPTS):
            contended = []
            for operation in left:
                failure = self._attempt([operation])
                if failure is not None:
                    operation.outcome = failure
                if isinstance(failure, StorageContended):
                    contended.append(operation)
                else:
                    _settle([operation])
            left = contended
        _settle(left)

    def _attempt(self, batch: Sequence[_Operation]) -> Exception | None:
        """Do the batch in one transaction, or say what undid it."""
        try:
            self._transact(batch)
        except Exception as error:
            failure = self._explain(error)
            if isinstance(failure, StorageUnavailable):
                self._disconnect()
            return failure
        return None

    def _transact(self, batch: Sequence[_Operation]) -> None:
        if self._connection is None:
            self._connection = self._connect()
        kinds: dict[Work, list[_Operation]] = {}
        for operation in batch:
            kinds.setdefault(operation.work, []).append(operation)
        with self._connection.begin():
            for work, operations in kinds.items():
                outcomes = work(self._connection, [operation.item for operation in operations])
                for operation, outcome in zip(operations, outcomes, strict=True):
                    operation.outcome = self._explain(outcome) if isinstance(outcome, Exception) else outcome
            _reach("writing", batch)
        _reach("committed", batch)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.invalidate()
                connection.close()
            except Exception:  # noqa: S110 - a broken connection may fail to close; it is dropped either way
                pass


def alone(connection: Connection, fn: Callable[[Connection], T]) -> T | Exception:
    """What ``fn`` returns, or the error that undid it and nothing else. An error that may have ended the whole transaction
    (``OperationalError``: a deadlock, a full disk, a lost connection) is raised."""
    connection.exec_driver_sql("SAVEPOINT alone")
    try:
        result = fn(connection)
    except OperationalError:
        raise
    except Exception as error:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT alone")
        return error
    connection.exec_driver_sql("RELEASE SAVEPOINT alone")
    return result


def each_alone(connection: Connection, fns: Sequence[Callable[[Connection], Any]]) -> Sequence[Any]:
    """The ``Work`` of independent functions."""
    return [alone(connection, fn) for fn in fns]


def _reach(moment: str, batch: Sequence[_Operation]) -> None:
    if crash_points.is_armed():
        for operation in batch:
            point = getattr(operation.item, "crash_point", "write")
            crash_points.reach(f"{point}.{moment}", getattr(operation.item, "crash_detail", ""))


def _copy(failure: Exception) -> Exception:
    """An error of its own for each caller: a raised exception gathers that caller's traceback."""
    return type(failure)(failure.message, hint=failure.hint) if isinstance(failure, JourneymanError) else failure


def _settle(batch: Sequence[_Operation]) -> None:
    """Wake each loop once, whatever the number of its operations."""
    loops: dict[asyncio.AbstractEventLoop, list[_Operation]] = {}
    for operation in batch:
        loops.setdefault(operation.loop, []).append(operation)
    for loop, operations in loops.items():
        try:
            loop.call_soon_threadsafe(_resolve, operations)
        except RuntimeError:  # the loop is closed: nobody waits any more
            continue


def _resolve(operations: Sequence[_Operation]) -> None:
    for operation in operations:
        if operation.future.done():
            continue
        if isinstance(operation.outcome, Exception):
            operation.future.set_exception(operation.outcome)
        else:
            operation.future.set_result(operation.outcome)
