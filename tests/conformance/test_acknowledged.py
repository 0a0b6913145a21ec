"""A process killed again and again while it commits, also over a disk that fails to sync: every acknowledged row is there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from journal.projection import TaskState
from journal.records import TaskFilter
from journal.sql_store import open_journal
from journal.upgrading import upgrade
from tests.conformance.test_crashes import SLOW

APPENDER = Path(__file__).with_name("appender.py")
FSYNC_FAILS = ["fiu-run", "-x"] + [
    part
    for call in ("fsync", "fdatasync")
    for part in ("-c", f"enable_random name=posix/io/sync/{call},probability=0.2,failinfo=5")
]


def killed_after(url: str, lines: int, *, under: list[str] | None = None) -> tuple[dict[str, int], int]:
    """Task to last acknowledged seq, of a process killed behind so many lines, and how often it was refused."""
    command = [*(under or []), sys.executable, str(APPENDER), url, "4"]
    environment = {**os.environ, "PYTHONPATH": str(APPENDER.parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        said += process.stdout.read().splitlines(keepends=True)
    acknowledged: dict[str, int] = {}
    whole = [line.split() for line in said if line.endswith("\n")]
    for task, seq in (words for words in whole if len(words) == 2):
        acknowledged[task] = int(seq)
    return acknowledged, sum(words == ["refused"] for words in whole)


async def check(url: str, acknowledged: dict[str, int]) -> None:
    """Every journal is whole, and reaches as far as was acknowledged."""
    journal = await open_journal(url, lease_seconds=60)
    records = {record.id: record for record in await journal.records("acme", TaskFilter(limit=10_000))}
    assert acknowledged.keys() <= records.keys()
    for record in records.values():
        events = await journal.read("acme", record.id)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert TaskState.of("acme", record.id, events).record() == record
        assert record.last_seq >= acknowledged.get(record.id, 1)
    await journal.close()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kills", [2, pytest.param(60, marks=SLOW)])
async def test_kill_and_restart_loses_nothing_acknowledged(own_database_url: str, kills: int) -> None:
    acknowledged: dict[str, int] = {}
    for kill in range(kills):
        acknowledged |= killed_after(own_database_url, 5 + 31 * kill % 97)[0]
        if kill % 10 == 9:
            await check(own_database_url, acknowledged)
    await check(own_database_url, acknowledged)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=SLOW)])
async def test_a_disk_that_fails_to_sync_loses_nothing_acknowledged(tmp_path: Path, kills: int) -> None:
    if shutil.which("fiu-run") is None:
        why = "fiu-run is not installed (Debian: fiu-utils)"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    upgrade(url)
    acknowledged: dict[str, int] = {}
    refused = 0
    for kill in range(kills):
        seen, times = killed_after(url, 40 + 13 * kill % 50, under=FSYNC_FAILS)
        acknowledged |= seen
        refused += times
    assert refused > 0
    assert acknowledged
    await check(url, acknowledged)
