"""Three beats in processes of their own on Postgres, one of them killed: every fire makes one task."""

import asyncio
import subprocess
import sys
import time
from asyncio.subprocess import Process
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import text

from agents.scheduling.requests import ScheduleRequest
from agents.scheduling.schedules import Schedules
from journal.database import Database
from tests.integration.journal.conftest import PostgresServer
from tests.integration.schedules.beat_program import fast_clock
from tests.integration.schedules.conftest import BY

PROGRAM = Path(__file__).with_name("beat_program.py")
SPEED = 300.0
"""A minute lasts a fifth of a second."""
FIRES = 30

EVERY_MINUTE = {
    "cron": "* * * * *",
    "goal": "count to three",
    "overlap": "cancel_previous",
    "catch_up": "all",
    "catch_up_limit": 100,
}

COUNT = text("""
SELECT min(n) FROM (
    SELECT count(f.task) AS n FROM schedules s LEFT JOIN schedule_fires f ON f.schedule = s.id GROUP BY s.id
) AS fired
""")


class NoTasks:
    """For a process that makes schedules and fires none."""

    async def submit(self, *given: Any, **more: Any) -> NoReturn:
        raise NotImplementedError

    async def cancel(self, *given: Any, **more: Any) -> NoReturn:
        raise NotImplementedError


async def test_three_beats_and_one_killed_make_one_task_for_each_fire(postgres: PostgresServer, tmp_path: Path) -> None:
    url, start = postgres.migrated_database(), time.time()
    database = await Database.open(url)
    schedules = Schedules(database, NoTasks(), agents=(), clock=fast_clock(start, SPEED))
    beats = [await started(url, str(tmp_path / str(n)), str(start), str(SPEED)) for n in range(3)]
    try:
        for beat in beats:
            assert beat.stdout is not None
            assert await beat.stdout.readline() == b"ready\n"
        for name in ("one", "two"):
            await schedules.create("acme", ScheduleRequest.model_validate({"name": name, **EVERY_MINUTE}), **BY)
        await until_fired(database, FIRES // 2)
        beats[0].kill()
        await until_fired(database, FIRES)
        assert [beat.returncode for beat in beats[1:]] == [None, None]
    finally:
        for beat in beats:
            with suppress(ProcessLookupError):
                beat.kill()
            await beat.wait()
    await check(database, schedules)
    await database.close()


async def started(*arguments: str) -> Process:
    program = [sys.executable, str(PROGRAM), *arguments]
    return await asyncio.create_subprocess_exec(*program, stdout=subprocess.PIPE, cwd=PROGRAM.parents[3])


async def until_fired(database: Database, fires: int) -> None:
    while (await database.read(lambda connection: connection.scalar(COUNT))) < fires:
        await asyncio.sleep(0.02)


async def check(database: Database, schedules: Schedules) -> None:
    made = set()
    for record in await schedules.all("acme"):
        fires = await schedules.fires("acme", record.id, 1000)
        times = [fire.fire_at for fire in reversed(fires)]
        assert len(times) >= FIRES
        assert times == [times[0] + timedelta(minutes=n) for n in range(len(times))]
        assert all(fire.task_id for fire in fires)
        made |= {fire.task_id for fire in fires}
        assert len({fire.task_id for fire in fires}) == len(fires)
    tasks = await database.read(lambda c: set(c.scalars(text("SELECT public_id FROM tasks"))))
    assert tasks == made
