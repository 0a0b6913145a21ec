"""A runtime over a real SQLite journal, with tools from a real folder and a scripted model on loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from agents.requests import TaskRequest
from agents.runtime import Runtime
from agents.settings import RuntimeSettings
from journal.records import TaskRecord
from journeyman.testing import Call, Reply, Rule, StubServer, When
from journeyman.testing.stub.server import Decide

TOOLS = '''
"""Tools for the tests: what they do can be seen in the folder the file stands in."""
import pathlib
import threading

from tools.decorator import tool
from tools.errors import ToolError

HERE = pathlib.Path(__file__).parent
MEETING = threading.Barrier(2)


def _witness(line):
    with open(HERE / "witness", "a") as file:
        file.write(line + "\\n")


@tool(read_only=True)
def lookup(q: str) -> str:
    """Look one item up."""
    _witness("lookup " + q)
    return "found " + q


@tool(read_only=True)
def meet(name: str) -> str:
    """Returns only when two calls are under way at once."""
    MEETING.wait(30)
    return name


@tool(read_only=True)
def wait_for_file(name: str) -> str:
    """Returns when the file is there."""
    import time
    _witness("waiting")
    while not (HERE / name).exists():
        time.sleep(0.01)
    return name


def send(to: str, text: str) -> str:
    """Send a message. Changes the world."""
    _witness(f"send {to} {text}")
    return "sent"


def send_badly(to: str) -> str:
    """Send a message over a line that breaks."""
    _witness("send_badly " + to)
    raise ConnectionError("the line broke")


@tool(idempotent=True)
def put(key: str) -> str:
    """Put a value under a key; breaks the first two times."""
    _witness("put " + key)
    if (HERE / "witness").read_text().count("put ") < 3:
        raise ConnectionError("the line broke")
    return "put"


@tool(read_only=True)
def rows(n: int) -> dict:
    """So many rows."""
    return {"rows": [{"id": str(i)} for i in range(n)], "empty": []}


@tool(workspace_only=True)
async def jot(text: str) -> str:
    """Write a line; nobody need be asked."""
    _witness("jot " + text)
    return "jotted"


def note(key: str) -> str:
    """Note a key. Key 1 fails the first time, and nothing is noted."""
    _witness("note " + key)
    if key == "1" and (HERE / "witness").read_text().count("note 1") < 2:
        raise ToolError("not now")
    return "noted " + key


@tool(read_only=True)
def broken(q: str) -> str:
    """Always fails."""
    raise ToolError("no such thing: " + q)
'''


class World:
    """A runtime, the stub model behind it, and a look at what the tools did."""

    def __init__(self, runtime: Runtime, stub: StubServer, folder: Path) -> None:
        self.runtime = runtime
        self.stub = stub
        self.folder = folder

    @property
    def witnessed(self) -> list[str]:
        file = self.folder / "witness"
        return file.read_text().splitlines() if file.exists() else []

    async def submit(self, goal: str = "do it", **fields: Any) -> str:
        return (await self.runtime.submit("default", TaskRequest(goal=goal, **fields), by="tester")).id

    async def run(self, goal: str = "do it", **fields: Any) -> TaskRecord:
        return await self.drive(await self.submit(goal, **fields))

    async def drive(self, task_id: str) -> TaskRecord:
        record = await self.runtime.drive(task_id)
        assert record is not None
        return record

    async def kinds(self, task_id: str) -> list[str]:
        return [event.kind for event in await self.runtime.journal.read("default", task_id)]

    async def events(self, task_id: str, kind: str) -> list[Any]:
        return [event.data for event in await self.runtime.journal.read("default", task_id) if event.kind == kind]


def calls(*tools: tuple[str, dict[str, Any]], after: int = 0) -> Rule:
    """The model asks for these calls when the conversation holds ``after`` results."""
    return Rule(when=When(tool_results=after), reply=Reply(calls=tuple(Call(tool=t, args=a) for t, a in tools)))


def says(text: str) -> Rule:
    return Rule(reply=Reply(text=text))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[World]]]:
    """``await world(rule, ...)`` opens a runtime whose model plays the rules."""
    async with AsyncExitStack() as stack:

        async def build(
            *rules: Rule,
            decide: Decide | None = None,
            settings: dict[str, Any] | None = None,
            models: int = 1,
            model: dict[str, Any] | None = None,
        ) -> World:
            folder = tmp_path / "tools.d"
            folder.mkdir(exist_ok=True)
            (folder / "acts.py").write_text(TOOLS)
            stub = await stack.enter_async_context(StubServer(decide or list(rules)))
            given = RuntimeSettings.model_validate(
                {
                    "home": tmp_path / "home",
                    "models": {name: _model(stub, name) | (model or {}) for name in _names(models)},
                    "tools": {"folders": [folder]},
                    "agents": {"default": {"planner": "react"}},
                    **(settings or {}),
                }
            )
            runtime = await Runtime.open(given)
            stack.push_async_callback(runtime.aclose)
            return World(runtime, stub, folder)

        yield build


def _names(models: int) -> Sequence[str]:
    return [f"m{n}" for n in range(1, models + 1)]


def _model(stub: StubServer, name: str) -> dict[str, Any]:
    return {
        "provider": "openai_compatible",
        "model": name,
        "base_url": stub.url,
        "price": {"input": 1, "output": 2},
        "max_output_tokens": 256,
    }


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds; the test's own timeout is the limit."""
    while not condition():
        await asyncio.sleep(0.005)
