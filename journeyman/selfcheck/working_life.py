"""The lives of workers in the suite: as ``journeyman worker`` and, with a person inside, as ``journeyman serve``."""

import asyncio
import os
from contextlib import suppress

from agents.requests import TaskRequest
from agents.runtime import Runtime
from journal.errors import StorageError
from journeyman.at_work import stop_on_signals, working
from journeyman.selfcheck.life import Crash, Stage, arm
from journeyman.selfcheck.person import Person
from journeyman.selfcheck.scenarios import SCENARIOS
from journeyman.settings import Settings
from trust.redaction import Redactor

_POLL_SECONDS = 0.1


def settings_on(stage: Stage, broker_url: str) -> Settings:
    """The settings of all processes of a case that meet at this broker, in a queue of their own."""
    worker = {"queue_prefix": stage.case, "sweep_seconds": 0.2, "pool_threads": 2}
    return stage.settings(broker_url=broker_url, worker=worker)


def work(stage: Stage, crash: Crash | None, broker_url: str) -> None:
    """A worker process, until SIGTERM."""
    _begin(stage, crash)
    asyncio.run(_work(stage, broker_url))


def serve(stage: Stage, crash: Crash | None, broker_url: str) -> None:
    """A process in which a person submits the case's task and workers run it, until it has ended."""
    _begin(stage, crash)
    asyncio.run(_serve(stage, broker_url))


async def accompany(runtime: Runtime, stage: Stage) -> None:
    """The person's part: submit the task, unless it is there, and give every word it waits for, until all have ended."""
    scenario = SCENARIOS[stage.scenario]
    person = Person(runtime, scenario, stage.case, f"{stage.witness_url}/{stage.case}")
    request = TaskRequest(goal="Do it.", **scenario.request)
    task = await runtime.submit(stage.case, request, by="selfcheck", idempotency_key=stage.case)
    await person.prepare(task.id)
    while True:
        with suppress(StorageError):
            records = await person.tasks()
            if all(record.status.ended for record in records):
                return
            for record in records:
                await person.act(record)
        await asyncio.sleep(_POLL_SECONDS)


def _begin(stage: Stage, crash: Crash | None) -> None:
    errors = os.open(stage.folder / "errors.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(errors, 2)
    arm(stage, crash)


async def _work(stage: Stage, broker_url: str) -> None:
    stop = stop_on_signals()
    async with working(settings_on(stage, broker_url), Redactor()):
        with suppress(asyncio.CancelledError):
            await stop


async def _serve(stage: Stage, broker_url: str) -> None:
    async with working(settings_on(stage, broker_url), Redactor()) as runtime:
        await accompany(runtime, stage)
