"""Running cases: kill a process at a point, start another, and look at what is there."""

import asyncio
import multiprocessing
import os
import secrets
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from journal.scratch import scratch_journal
from journal.sql_store import SqlJournal, open_journal
from journeyman.selfcheck.invariants import (
    Journals,
    Violated,
    Visit,
    check_acknowledged,
    check_end,
    check_kept,
    journals_of,
    visits,
)
from journeyman.selfcheck.life import LEASE_SECONDS, Crash, Stage, live
from journeyman.selfcheck.outside import Outside

OK, MISSED = "ok", "missed"

PATIENCE = 60.0
"""Seconds that one process may take, on a busy machine."""

FROZEN = "frozen at"
_LOOK_SECONDS = 0.1

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "journeyman.selfcheck.life",
        "aiohttp",
        "celery.app.base",
        "llm.providers.openai_sdk",
        "mcp.client.stdio",
        "openai.types.responses",
        "planners.plan.planner",
        "planners.react",
        "psycopg",
        "sqlalchemy.dialects.postgresql.psycopg",
        "sqlalchemy.dialects.sqlite.pysqlite",
    ]
)
"""What a life loads lazily is loaded before it is forked."""


@dataclass(frozen=True, slots=True)
class Result:
    """One row of the table. ``result`` is ``OK``, the invariant that was violated, or ``MISSED``: no process died."""

    point: str
    at: str
    store: str
    broker: str
    scenario: str
    result: str
    seconds: float
    why: str = ""


@dataclass(slots=True)
class Lab:
    """One store with everything around it; cases run side by side, at most ``width`` at once."""

    folder: Path
    given_url: str
    """What the scratch journals are made beside."""
    database_url: str
    journal: SqlJournal
    outside: Outside
    width: asyncio.Semaphore
    on_result: Callable[[Result], None] = field(default=lambda result: None)

    @property
    def store(self) -> str:
        return "sqlite" if self.database_url.startswith("sqlite") else "postgres"

    def stage(self, scenario: str) -> Stage:
        """A fresh case."""
        case = f"{scenario}-{secrets.token_hex(4)}"
        folder = self.folder / case
        stage = Stage(case, scenario, folder, self.database_url, self.outside.model_url, self.outside.witness_url)
        stage.lay_out()
        return stage


@asynccontextmanager
async def own_journal(url: str, folder: Path) -> AsyncIterator[tuple[str, SqlJournal]]:
    """A scratch journal of the same kind as ``url``, open here, and its URL for others."""
    scratch = scratch_journal(url, folder)
    own = await asyncio.to_thread(scratch.__enter__)
    try:
        journal = await open_journal(own, lease_seconds=LEASE_SECONDS)
        try:
            yield own, journal
        finally:
            await journal.close()
    finally:
        await asyncio.to_thread(scratch.__exit__, None, None, None)


@asynccontextmanager
async def open_lab(url: str, folder: Path, *, width: int, on_result: Callable[[Result], None]) -> AsyncIterator[Lab]:
    """A lab over a scratch journal of the same kind as ``url``; its files are in ``folder``."""
    async with own_journal(url, folder) as (own, journal), Outside() as outside:
        yield Lab(folder, url, own, journal, outside, asyncio.Semaphore(width), on_result)


async def explore(lab: Lab, scenario: str) -> list[Crash]:
    """Run a scenario to its end unharmed; every point it reached, each time it did. Raises ``Violated``."""
    stage = lab.stage(scenario)
    await run_process(live, stage, None)
    await check_end(stage, lab.journal, await journals_of(lab.journal, stage.case), lab.outside)
    return [Crash(visit.point, visit.kind, visit.nth) for visit in dict.fromkeys(map(_steady, visits(stage)))]


def _steady(visit: Visit) -> Visit:
    """Heartbeats come by the clock: only the first is sure to come again."""
    return Visit(visit.point, visit.kind, 1) if visit.point.startswith("beat.") else visit


async def crash_case(lab: Lab, scenario: str, *crashes: Crash, each: bool = True) -> Result:
    """Kill a process of the scenario at each of the points in turn, let the last one live, and check every invariant.

    Unless ``each`` must come about, only the first must: what leads to a later one may have been done before.
    """
    async with lab.width:
        started = time.monotonic()
        try:
            died = await _crash_and_go_on(lab, lab.stage(scenario), crashes)
            enough = all(died) if each else died[0]
            result, why = (OK, "") if enough else (MISSED, "no process died there")
        except Violated as violation:
            result, why = violation.invariant, str(violation)
        at = " then ".join(map(str, crashes))
        row = Result(crashes[-1].point, at, lab.store, "none", scenario, result, round(time.monotonic() - started, 2), why)
        lab.on_result(row)
        return row


async def _crash_and_go_on(lab: Lab, stage: Stage, crashes: Sequence[Crash]) -> list[bool]:
    """Which of the crashes came about."""
    before: Journals = {}
    died = []
    for crash in crashes:
        died.append(await run_process(live, stage, crash) == -signal.SIGKILL)
        now = await journals_of(lab.journal, stage.case)
        check_acknowledged(stage, now)
        check_kept(before, now)
        before = now
    if code := await run_process(live, stage, None):
        raise Violated("ended", f"the second process ended with {code}: {last_words(stage)}")
    after = await journals_of(lab.journal, stage.case)
    check_kept(before, after)
    await check_end(stage, lab.journal, after, lab.outside)
    return died


async def frozen_case(lab: Lab, scenario: str, crash: Crash) -> Result:
    """Stop a process at the point, let another take over and end the task, then let the first one go on: it believes that it
    holds the lease still."""
    async with lab.width:
        started = time.monotonic()
        stage = lab.stage(scenario)
        frozen = await start_process(live, stage, replace(crash, signal=signal.SIGSTOP))
        try:
            result, why = (OK, "") if await _take_over(lab, stage, frozen) else (MISSED, "no process stopped there")
        except Violated as violation:
            result, why = violation.invariant, str(violation)
        finally:
            frozen.kill()
            await asyncio.to_thread(frozen.join)
        seconds = round(time.monotonic() - started, 2)
        row = Result(f"{FROZEN} {crash.point}", str(crash), lab.store, "none", scenario, result, seconds, why)
        lab.on_result(row)
        return row


async def _take_over(lab: Lab, stage: Stage, frozen: BaseProcess) -> bool:
    if not await asyncio.to_thread(_until_stopped, frozen):
        return False
    if code := await run_process(live, stage, None):
        raise Violated("ended", f"the heir ended with {code}: {last_words(stage)}")
    before = await journals_of(lab.journal, stage.case)
    os.kill(frozen.pid or 0, signal.SIGCONT)
    await asyncio.to_thread(frozen.join, PATIENCE)
    if frozen.exitcode != 0:
        raise Violated("ended", f"the frozen process ended with {frozen.exitcode}: {last_words(stage)}")
    after = await journals_of(lab.journal, stage.case)
    check_kept(before, after)
    if before != after:
        raise Violated("acknowledged", "the frozen process wrote behind its heir")
    await check_end(stage, lab.journal, after, lab.outside)
    return True


def _until_stopped(process: BaseProcess) -> bool:
    """``False`` if it ended instead."""
    while process.is_alive():
        look = subprocess.run(["ps", "-o", "stat=", "-p", str(process.pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607
        if look.stdout.startswith("T"):
            return True
        time.sleep(_LOOK_SECONDS)
    return False


async def start_process(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    """A process of its own that runs ``target``, and is killed with this one."""
    process = _FORKS.Process(target=target, args=arguments, daemon=True)
    await asyncio.to_thread(process.start)
    return process


async def run_process(target: Callable[..., None], *arguments: Any) -> int:
    """Run a process of its own to its end; its exit code, negative for a signal. Raises ``Violated`` when it does not end."""
    process = await start_process(target, *arguments)
    await asyncio.to_thread(process.join, PATIENCE)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise Violated("ended", f"a process was still busy after {PATIENCE:.0f} seconds")
    return process.exitcode


def last_words(stage: Stage) -> str:
    """What a process of the case said last on stderr."""
    log = stage.folder / "errors.log"
    lines: Sequence[str] = log.read_text().strip().splitlines() if log.exists() else ()
    return lines[-1] if lines else "it said nothing"
