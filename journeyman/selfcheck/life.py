"""What a process of the suite does from its start to its end: work on one case, with a point armed at which it dies.

These processes are forked by a server that has loaded all of the product already (``multiprocessing``'s ``forkserver``), so a
life costs a tenth of a second; what is killed is a whole process all the same.
"""

import asyncio
import json
import logging
import os
import shutil
import signal
import sys
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.requests import TaskRequest
from agents.runtime import Runtime
from journal import crash_points
from journal.errors import StorageError
from journal.records import TaskRecord
from journal.values import WaitingReason
from journeyman.selfcheck.outside import INPUT_USD, OUTPUT_USD
from journeyman.selfcheck.person import Person
from journeyman.selfcheck.scenarios import SCENARIOS, Scenario
from journeyman.settings import Settings

logger = logging.getLogger(__name__)

_HERE = Path(__file__).parent
LEASE_SECONDS = 2.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Crash:
    """Where a process gets ``signal``: the ``nth`` time it reaches ``point`` with ``detail`` (any, where that is ``None``)."""

    point: str
    detail: str | None = None
    nth: int = 1
    signal: int = signal.SIGKILL

    def __str__(self) -> str:
        return " ".join(filter(None, (self.point, self.detail, f"#{self.nth}")))


@dataclass(frozen=True, slots=True)
class Stage:
    """What a case stands on: its name, its folder, its journal, and the outside world."""

    case: str
    scenario: str
    folder: Path
    database_url: str
    model_url: str
    witness_url: str

    @property
    def trace(self) -> Path:
        """A line for each point that any process of the case reached: ``POINT<tab>DETAIL``."""
        return self.folder / "trace"

    def settings(self, **more: Any) -> Settings:
        """The settings of the processes."""
        play = SCENARIOS[self.scenario]
        model = {
            "provider": "openai_compatible",
            "model": f"{self.scenario}@{self.case}",
            "base_url": self.model_url,
            "price": {"input": INPUT_USD * 1e6, "output": OUTPUT_USD * 1e6},
            "max_output_tokens": 200,
            "context_window": play.window,
        }
        budget = {"max_cost_usd": 10_000.0, "max_tokens": 100_000_000}
        return Settings.model_validate(
            {
                "home": self.folder / "home",
                "database_url": self.database_url,
                "journal": {"lease_seconds": LEASE_SECONDS},
                "models": {"scripted": model},
                "tools": {"folders": [self.folder / "tools.d"]},
                "agents": {"default": {"planner": "react", "budget": budget}},
                "mcp_servers": {"mail": self._mail_server()} if play.mail_server else {},
                **more,
            }
        )

    def _mail_server(self) -> dict[str, Any]:
        arguments = [str(_HERE / "mail_server.py"), self.witness_url, self.case]
        return {"command": sys.executable, "args": arguments, "trust": "trusted", "start_seconds": 60}

    def lay_out(self) -> None:
        """Make the folder and what belongs into it."""
        tools = self.folder / "tools.d"
        tools.mkdir(parents=True)
        shutil.copy(_HERE / "scripted_tools.py", tools / "scripted.py")
        (tools / "case.json").write_text(json.dumps({"witness": self.witness_url, "case": self.case}))


def arm(stage: Stage, crash: Crash | None) -> None:
    """Write every point that this process reaches into the trace, and give it the signal at the one that is asked for."""
    trace = os.open(stage.trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    seen: Counter[bool] = Counter()

    def visit(point: str, detail: str) -> None:
        os.write(trace, f"{point}\t{detail}\n".encode())
        if crash is None or point != crash.point:
            return
        if crash.detail is None or crash.detail == kind_of(detail):
            seen[True] += 1
            if seen[True] == crash.nth:
                signal.pthread_kill(threading.get_ident(), crash.signal)  # this thread, or it would run on for a moment

    crash_points.arm(visit)


def kind_of(detail: str) -> str:
    """What is the same in every run: a detail without the ids and numbers in front."""
    return detail.rpartition(" ")[2]


def live(stage: Stage, crash: Crash | None) -> None:
    """A process that submits the case's task, unless it is there, and sees it through to its end, as ``run`` does."""
    errors = os.open(stage.folder / "errors.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(errors, 2)
    arm(stage, crash)
    asyncio.run(_see_through(stage, SCENARIOS[stage.scenario]))


async def _see_through(stage: Stage, scenario: Scenario) -> None:
    runtime = await Runtime.open(stage.settings())
    try:
        person = Person(runtime, scenario, stage.case, f"{stage.witness_url}/{stage.case}")
        request = TaskRequest(goal="Do it.", **scenario.request)
        task = await runtime.submit(stage.case, request, by="selfcheck", idempotency_key=stage.case)
        await person.prepare(task.id)
        while not all([await _go_on(runtime, person, record) for record in await person.tasks()]):  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
    finally:
        await runtime.aclose()


async def _go_on(runtime: Runtime, person: Person, record: TaskRecord) -> bool:
    """Work on a task, if there is work now; whether it has ended."""
    if record.status.ended:
        return True
    waiting = record.waiting
    try:
        if waiting is None or waiting.reason in (WaitingReason.TIMER, WaitingReason.SUBTASK, WaitingReason.RATE_LIMIT):
            record = await runtime.drive(record.id) or record
        await person.act(record)
    except StorageError as error:  # the next look tries again
        logger.warning("%s", error)
    return False
