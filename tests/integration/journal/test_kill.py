"""Processes killed with SIGKILL while they commit: what was acknowledged is there, whole, and the tasks can be taken over."""

import subprocess
import sys
from pathlib import Path

import pytest

from journal.projection import TaskState
from journal.records import TaskFilter
from journal.sql_store import open_journal
from journal.upgrading import upgrade
from tests.integration.journal.holding import DONE, Holder, until

APPENDER = Path(__file__).with_name("appender.py")


def killed_after(url: str, lines: int, tasks: int) -> dict[str, int]:
    """Task to last acknowledged seq, of a process killed once it has acknowledged ``lines`` appends."""
    with subprocess.Popen(
        [sys.executable, str(APPENDER), url, str(tasks)], stdout=subprocess.PIPE, text=True, cwd=APPENDER.parent
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        said += process.stdout.read().splitlines(keepends=True)
    acknowledged: dict[str, int] = {}
    for line in said:
        if line.endswith("\n") and line.strip():
            task, seq = line.split()
            acknowledged[task] = int(seq)
    return acknowledged


@pytest.mark.parametrize("tasks", [1, 6])
async def test_everything_acknowledged_survives_a_kill(tmp_path: Path, tasks: int) -> None:
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    upgrade(url)
    acknowledged: dict[str, int] = {}
    for lines in (1, 17, 60):
        acknowledged |= killed_after(url, lines, tasks)
    assert len(acknowledged) >= 3
    journal = await open_journal(url, lease_seconds=60)
    for record in await journal.records("acme", TaskFilter()):
        events = await journal.read("acme", record.id)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        state = TaskState.of("acme", record.id, events)
        assert record == state.record()
        assert state.last_seq >= acknowledged.get(record.id, 1)
        lease = await until(lambda record=record: journal.claim(record.id, "heir"))  # type: ignore[misc]
        assert lease.epoch >= 1
        await Holder(journal, state, lease).append(DONE)
    assert await journal.runnable(10) == []
    await journal.close()
