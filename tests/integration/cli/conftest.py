"""A home of its own, the installed command, and a scripted model on loopback; with `serve` running and without."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from journeyman.home import serving
from journeyman.testing import Call, Reply, Rule, StubServer, When
from tests.warm.launcher import warm

TOOLS = '''
"""Tools for the tests."""
from pathlib import Path

from journeyman import tool


@tool(read_only=True)
def lookup(q: str) -> str:
    """Look one item up."""
    return "found " + q


def send(to: str, text: str) -> str:
    """Send a message. Changes the world."""
    with open(Path(__file__).parent / "sent", "a") as file:
        file.write(to + ": " + text + "\\n")
    return "sent to " + to


def send_badly(to: str) -> str:
    """Send a message over a line that breaks."""
    raise ConnectionError("the line broke")
'''


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Home:
    """A home folder and the command that works on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "work"
        self.tools = folder / "tools.d"
        self.work.mkdir(parents=True)
        self.tools.mkdir()
        (self.tools / "acts.py").write_text(TOOLS)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("JOURNEYMAN_")}
        self.data = folder / "home"
        self.env = {**kept, "JOURNEYMAN_HOME": str(self.data), "HOME": str(folder)}

    @property
    def sent(self) -> list[str]:
        file = self.tools / "sent"
        return file.read_text().splitlines() if file.exists() else []

    def configure(self, text: str) -> None:
        (self.work / "journeyman.toml").write_text(text)

    def use(self, stub: StubServer) -> None:
        """Let the stub be the one model, and the folder of tools be loaded."""
        self.configure(
            f"""
[models.stub]
provider = "openai_compatible"
model = "stub"
base_url = "{stub.url}"
price = {{ input = 1, output = 2 }}
max_output_tokens = 256
[agents.default]
planner = "react"
[tools]
folders = ["{self.tools}"]
"""
        )

    async def start(self, *arguments: str, **env: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *warm(),
            *arguments,
            cwd=self.work,
            env={**self.env, **env},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *arguments: str, given: str = "", **env: str) -> Done:
        """Run the command to its end; whatever it does, it shows no traceback."""
        process = await self.start(*arguments, **env)
        out, err = await process.communicate(given.encode())
        assert process.returncode is not None
        assert b"Traceback" not in err, err.decode()
        assert b"fault in Journeyman" not in err, err.decode()
        return Done(process.returncode, out.decode(), err.decode())

    async def serve(self, stack: AsyncExitStack) -> None:
        """Start `serve`, and wait until the other commands find it."""
        process = await self.start("serve", "--port", "0")
        stack.push_async_callback(_stop, process)
        while serving(self.data) is None:
            assert process.returncode is None, "serve ended"
            await asyncio.sleep(0.02)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    await process.communicate()


def calls(*tools: tuple[str, dict[str, Any]], after: int = 0) -> Rule:
    """The model asks for these calls when the conversation holds ``after`` results."""
    return Rule(when=When(tool_results=after), reply=Reply(calls=tuple(Call(tool=t, args=a) for t, a in tools)))


def says(text: str) -> Rule:
    return Rule(reply=Reply(text=text))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home without a model of its own; nothing runs on it."""
    return Home(tmp_path)


Build = Callable[..., Awaitable[Home]]


@pytest.fixture(params=["alone", "served"])
async def world(request: pytest.FixtureRequest, home: Home) -> AsyncIterator[Build]:
    """``await world(rule, ...)``: a home whose model plays the rules, with no `serve` and with one."""
    async with AsyncExitStack() as stack:

        async def build(*rules: Rule) -> Home:
            home.use(await stack.enter_async_context(StubServer(list(rules))))
            if request.param == "served":
                await home.serve(stack)
            return home

        yield build
