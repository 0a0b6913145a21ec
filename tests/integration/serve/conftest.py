"""Real ``journeyman`` processes over a scratch home, and a scripted model on loopback."""

import asyncio
import json
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from journeyman.testing import Rule, StubServer
from tests.warm.launcher import PROGRAM, warm

PATIENCE = 60.0

TOOLS = '''
import pathlib
import time

from journeyman import tool

HERE = pathlib.Path(__file__).parent


@tool(read_only=True)
def lookup(q: str) -> str:
    """Look one item up."""
    with open(HERE / "witness", "a") as file:
        file.write(q + "\\n")
    return "found " + q


@tool(read_only=True)
def wait_for_file(name: str) -> str:
    """Returns when the file is there."""
    (HERE / "waiting").touch()
    while not (HERE / name).exists():
        time.sleep(0.01)
    return name


def send(to: str) -> str:
    """Send a message: changes the world."""
    with open(HERE / "sent", "a") as file:
        file.write(to + "\\n")
    return "sent to " + to
'''

CONFIG = """
[models.stub]
provider = "openai_compatible"
model = "stub"
base_url = "{url}"
price = {{ input = 0, output = 0 }}
[routes.default]
models = ["stub"]
[tools]
folders = ["{tools}"]
[journal]
lease_seconds = 2
[worker]
sweep_seconds = 0.2
[agents.default]
planner = "react"
"""


@dataclass(frozen=True)
class Ended:
    """A process that has ended."""

    code: int
    out: str
    err: str


class House:
    """A home folder with its configuration, and the processes that run on it."""

    def __init__(self, root: Path, stub: StubServer) -> None:
        self.root, self.stub = root, stub
        self.home, self.tools, self.config = root / "home", root / "tools", root / "journeyman.toml"
        self.tools.mkdir()
        (self.tools / "scripted.py").write_text(TOOLS)
        self.config.write_text(CONFIG.format(url=stub.url, tools=self.tools))
        self._processes: list[Process] = []

    async def start(self, *arguments: str | Path, program: Sequence[str | Path] = (PROGRAM,), **variables: str) -> Process:
        """Start ``journeyman`` with these arguments: the installed program, whose process the test may look at and kill."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("JOURNEYMAN_")}
        own = {"JOURNEYMAN_HOME": str(self.home), "JOURNEYMAN_CONFIG": str(self.config), "OPENAI_API_KEY": "none-needed"}
        process = await asyncio.create_subprocess_exec(
            *program, *map(str, arguments), env=kept | own | variables, cwd=self.root, stdin=PIPE, stdout=PIPE, stderr=PIPE
        )
        self._processes.append(process)
        return process

    async def run(self, *arguments: str | Path, stdin: str = "", **variables: str) -> Ended:
        """Run ``journeyman`` to its end."""
        return await self.ended(await self.start(*arguments, program=warm(), **variables), stdin)

    async def ended(self, process: Process, stdin: str = "") -> Ended:
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate(stdin.encode())
        assert process.returncode is not None
        assert "Traceback" not in err.decode()
        return Ended(process.returncode, out.decode(), err.decode())

    async def serve(self, *arguments: str, installed: bool = False) -> "Served":
        """Start ``serve`` on a free port and wait until it is ready; ``installed``: the program itself, not a warm process."""
        before = self._served()
        process = await self.start("serve", "--port", "0", *arguments, program=(PROGRAM,) if installed else warm())
        await self.until(lambda: process.returncode is not None or self._served() not in (None, before))
        if process.returncode is not None:
            pytest.fail(f"serve ended with {process.returncode}: {(await self.ended(process)).err}")
        return Served(process, **json.loads((self.home / "serve.json").read_text()))

    def _served(self) -> int | None:
        """The process that the home says serves it."""
        try:
            return int(json.loads((self.home / "serve.json").read_text())["pid"])
        except FileNotFoundError:
            return None

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.01)

    def witnessed(self) -> list[str]:
        """What ``lookup`` was called with, in order."""
        return (self.tools / "witness").read_text().split() if (self.tools / "witness").exists() else []

    async def close(self) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


class Served:
    """A running ``serve``. ``process`` ends as it does; ``pid`` is the one to signal."""

    def __init__(self, process: Process, address: str, pid: int, token: str) -> None:
        self.process, self.address, self.pid, self.token = process, address, pid, token

    async def call(self, method: str, path: str, **options: Any) -> Any:
        async with httpx.AsyncClient(base_url=self.address, headers={"authorization": f"Bearer {self.token}"}) as http:
            response = await http.request(method, path, **options)
        response.raise_for_status()
        return response.json()

    async def until_ended(self, task_id: str) -> Any:
        async with asyncio.timeout(PATIENCE):
            while not (task := await self.call("GET", f"/v1/tasks/{task_id}"))["ended_at"]:
                await asyncio.sleep(0.02)
        return task

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        os.kill(self.pid, number)

    async def kill(self) -> None:
        """``kill -9``; returns when it is gone."""
        self.stop(signal.SIGKILL)
        await self.process.wait()


@pytest.fixture
async def build(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Makes a house around a model that plays these rules."""
    made: list[tuple[House, StubServer]] = []

    async def make(*rules: Rule) -> House:
        stub = StubServer(list(rules))
        await stub.start()
        made.append((House(tmp_path, stub), stub))
        return made[-1][0]

    yield make
    for house, stub in made:
        await house.close()
        await stub.stop()
