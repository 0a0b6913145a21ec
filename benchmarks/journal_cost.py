"""What the journal costs over a plain sqlite3 loop that stores the same text, measured in one sitting.

    python benchmarks/journal_cost.py [STEPS] [TASKS]

One step is a ReAct step: ``llm.completed``, then ``tool.completed`` (1 KB) with the next ``llm.requested``, in two commits.
The plain loops keep one row for the model's answer and one for the tool's, as the least code would.
"""

import asyncio
import json
import os
import queue
import resource
import sqlite3
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from journal import events as ev
from journal.events import Event, EventData
from journal.ids import new_id
from journal.projection import TaskState
from journal.sql_store import SqlJournal, open_journal
from journal.values import Budget, Reservation, TokenUsage, ToolCall, ToolResult
from trust.labels import Label, Trust, Visibility

RESULT = "result for item ".ljust(1000, "x")
LABEL = Label(sources=("tool:lookup",), trust=Trust.UNTRUSTED, visibility=Visibility.PRIVATE)


@dataclass
class Figure:
    """CPU milliseconds per commit, commits per second, bytes per step on disk behind VACUUM."""

    cpu_ms: float
    per_second: float
    bytes_per_step: float


def requested() -> ev.LlmRequested:
    reserved = Reservation(input_tokens=123_456, output_tokens=8192, cost_usd=0.123456)
    return ev.LlmRequested(model="main", role="act", reserved=reserved, tools_digest="0123456789abcdef")


def answered(n: int) -> ev.LlmCompleted:
    return ev.LlmCompleted(
        model="main",
        tool_calls=(ToolCall(id=f"call_{n:016d}", tool="lookup", args={"q": f"item {n}"}),),
        usage=TokenUsage(input_tokens=12_345, output_tokens=55),
        cost_usd=0.00123,
        finish_reason="tool_calls",
        response_id=f"chatcmpl-{n:016d}",
        seconds=0.012345,
    )


def returned(n: int) -> ev.ToolCompleted:
    return ev.ToolCompleted(
        call_id=f"call_{n:016d}", tool="lookup", result=ToolResult(content=RESULT, label=LABEL), seconds=0.00012
    )


async def ours_one(journal: SqlJournal, steps: int) -> None:
    """A task of ``steps`` steps, folding as the loop does."""
    first = Event(1, datetime.now(UTC), 0, ev.TaskSubmitted(goal="go", agent="default", planner="react", budget=Budget()))
    state = TaskState.of("default", new_id("task"), [first])
    await journal.submit(state.record(), [first])
    lease = await journal.claim(state.id, "bench")
    assert lease is not None

    async def append(*data: EventData) -> None:
        at = datetime.now(UTC)
        events = [Event(seq, at, lease.epoch, one) for seq, one in enumerate(data, state.last_seq + 1)]
        for event in events:
            state.apply(event)
        await journal.append(lease, events, state.record())

    await append(ev.TaskStarted(worker="bench", instructions="", prompt_version="1"), requested())
    for n in range(steps):
        await append(answered(n))
        await append(returned(n), requested())
    await journal.release(lease)


async def ours(folder: Path, steps: int, tasks: int) -> Figure:
    file = folder / f"ours{tasks}.db"
    await (await open_journal(f"sqlite:///{file}", lease_seconds=60)).close()
    empty = size_behind_vacuum(file)
    journal = await open_journal(f"sqlite:///{file}", lease_seconds=60)
    await asyncio.gather(*(ours_one(journal, 3) for _ in range(tasks)))
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(ours_one(journal, steps) for _ in range(tasks)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    await journal.close()
    commits, stored = 2 * steps * tasks, size_behind_vacuum(file) - empty
    return Figure(cpu / commits * 1000, commits / wall, stored / ((steps + 3) * tasks))


class PlainWriter:
    """The floor: one table, one group-commit thread."""

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=wal", "synchronous=full"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("CREATE TABLE events(task TEXT, seq INT, data TEXT, at REAL, PRIMARY KEY(task, seq))")
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            while not self._queue.empty():
                batch.append(self._queue.get())
            self._db.execute("BEGIN")
            self._db.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", [row for row, _ in batch])
            self._db.execute("COMMIT")
            self._loop.call_soon_threadsafe(lambda done: [f.set_result(None) for _, f in done], batch)

    async def put(self, *row: Any) -> None:
        future = self._loop.create_future()
        self._queue.put((row, future))
        await future

    def put_at_once(self, *row: Any) -> None:
        self._db.execute("INSERT INTO events VALUES (?, ?, ?, ?)", row)

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()
        self._db.close()


def plain_rows(task: str, n: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    call = {"id": f"call_{n}", "type": "function", "function": {"name": "lookup", "arguments": json.dumps({"q": f"item {n}"})}}
    answer = {"role": "assistant", "content": None, "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": f"call_{n}", "content": RESULT}
    return (task, 2 * n, json.dumps(answer), time.time()), (task, 2 * n + 1, json.dumps(result), time.time())


async def plain(folder: Path, steps: int, tasks: int, *, threaded: bool) -> Figure:
    file = folder / f"plain{tasks}{threaded}.db"
    writer = PlainWriter(file)

    async def one(task: str) -> None:
        for n in range(steps):
            for row in plain_rows(task, n):
                if threaded:
                    await writer.put(*row)
                else:
                    writer.put_at_once(*row)

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one(f"task{t}") for t in range(tasks)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    writer.close()
    commits = 2 * steps * tasks
    return Figure(cpu / commits * 1000, commits / wall, size_behind_vacuum(file) / (steps * tasks))


def size_behind_vacuum(file: Path) -> int:
    with sqlite3.connect(file) as db:
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return os.path.getsize(file)


def show(name: str, ours: Figure, floor: Figure, floor_name: str) -> None:
    print(
        f"{name:<22} CPU per commit {ours.cpu_ms:.3f} ms = {ours.cpu_ms / floor.cpu_ms:.1f} x {floor_name}; "
        f"{ours.per_second:,.0f} commits/s = {ours.per_second / floor.per_second:.2f} x; "
        f"{ours.bytes_per_step:,.0f} bytes a step = {ours.bytes_per_step / floor.bytes_per_step:.2f} x"
    )


async def main(steps: int, tasks: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inline = await plain(folder, steps, 1, threaded=False)
        threaded = await plain(folder, steps, 1, threaded=True)
        alone = await ours(folder, steps, 1)
        show("one task", alone, inline, "plain loop")
        show("one task", alone, threaded, "plain loop with a writer thread")
        crowd = await plain(folder, 10, tasks, threaded=True)
        show(f"{tasks} tasks, 10 steps", await ours(folder, 10, tasks), crowd, "plain group commit")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    arguments = [int(a) for a in sys.argv[1:]]
    asyncio.run(main(*arguments, *(1000, 200)[len(arguments) :]))
