"""A served API over the real runtime: real sockets, a real SQLite file, a scripted model on loopback."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from fastapi import FastAPI

from agents.runtime import Runtime
from agents.settings import RuntimeSettings
from api.app import create_app
from api.keys import KeyStore
from api.server import ApiServer
from api.settings import ApiSettings
from journeyman.testing import Asked, Call, Reply, StubServer

RUN_TOKEN = "the-token-of-this-run"

TOOLS = '''
from journeyman import tool

@tool
def shout(text: str) -> str:
    """Shout a text at everybody."""
    return text.upper()
'''


def play(asked: Asked) -> Reply:
    """``turns=N`` calculates N times, ``shout`` uses a tool that needs a person's yes, ``ask`` asks them a question."""
    goal = next(message["content"] for message in asked.body["messages"] if message["role"] == "user")
    turns = int(found[1]) if (found := re.search(r"turns=(\d+)", goal)) else 1
    if asked.tool_results >= turns or "at once" in goal:
        return Reply(text="All done.")
    if "shout" in goal:
        return Reply(calls=(Call(tool="shout", args={"text": "hello"}),))
    if "ask" in goal:
        return Reply(calls=(Call(tool="ask_person", args={"question": "Which colour?"}),))
    return Reply(text="Thinking.", calls=(Call(tool="calculate", args={"expression": f"{asked.tool_results} + 1"}),))


class InThisProcess:
    """Drives each task in the event loop of the test."""

    def __init__(self) -> None:
        self.runtime: Runtime | None = None
        self._driving: set[asyncio.Task[Any]] = set()

    async def enqueue(self, task_id: str) -> None:
        assert self.runtime is not None
        task = asyncio.create_task(self.runtime.drive(task_id))
        self._driving.add(task)
        task.add_done_callback(self._driving.discard)


@dataclass
class Api:
    """The served API and what it was made of. ``client`` comes with a key of the tenant ``default``."""

    client: httpx.AsyncClient
    url: str
    key: str
    keys: KeyStore
    runtime: Runtime
    server: ApiServer
    app: FastAPI
    spec: dict[str, Any]

    async def submit(self, goal: str, **more: Any) -> str:
        response = await self.client.post("/v1/tasks", json={"goal": goal, **more})
        assert response.status_code == 202, response.text
        return str(response.json()["id"])

    async def until(self, task_id: str, *statuses: str) -> dict[str, Any]:
        """The task, once it has one of ``statuses``; it may not end otherwise."""

        async def look() -> dict[str, Any]:
            task = dict((await self.client.get(f"/v1/tasks/{task_id}")).json())
            assert task["status"] in statuses or task["ended_at"] is None, task
            return task

        return await eventually(look, lambda task: task["status"] in statuses)

    async def ended(self, goal: str, **more: Any) -> dict[str, Any]:
        return await self.until(await self.submit(goal, **more), "completed", "failed", "canceled", "rejected")

    def connect(self, key: str | None = None) -> httpx.AsyncClient:
        """Another client, with ``key`` or the same one; an empty key is none."""
        return connect(self.url, self.key if key is None else key, self.spec)


T = TypeVar("T")


async def eventually(look: Callable[[], Awaitable[T]], good: Callable[[T], bool]) -> T:
    """What ``look`` finds once it is good; the test's own timeout bounds the wait."""
    while not good(found := await look()):
        await asyncio.sleep(0.01)
    return found


def connect(url: str, key: str, spec: dict[str, Any]) -> httpx.AsyncClient:
    """A client that holds every answer against the OpenAPI document."""

    async def check(response: httpx.Response) -> None:
        documented(spec, response)

    headers = {"authorization": f"Bearer {key}"} if key else {}
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=30, event_hooks={"response": [check]})


def documented(spec: dict[str, Any], response: httpx.Response) -> None:
    """Fail unless the OpenAPI document says that this route may answer so."""
    request = response.request
    paths = (path for path in spec["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.url.path))
    operation = spec["paths"].get(next(paths, None), {}).get(request.method.lower())
    if operation is None:
        return
    responses = operation["responses"]
    status = str(response.status_code)
    assert status in responses, f"{request.method} {request.url.path} may not answer {status}: {sorted(responses)}"
    media_type = response.headers.get("content-type", "").partition(";")[0]
    assert media_type in responses[status].get("content", {"": None}), (request.url.path, status, media_type)


@asynccontextmanager
async def serving(home: Path, settings: ApiSettings) -> AsyncIterator[Api]:
    """Serve over a home of its own until the block ends."""
    (home / "tools").mkdir(parents=True)
    (home / "tools" / "voices.py").write_text(TOOLS)
    async with StubServer(play) as stub:
        dispatcher = InThisProcess()
        runtime = dispatcher.runtime = await Runtime.open(_settings(home, stub.url), dispatcher=dispatcher)
        keys = KeyStore(runtime.database, run_token=RUN_TOKEN)
        app = create_app(runtime, keys, settings)
        server = ApiServer(app, settings)
        running = asyncio.create_task(server.serve())
        try:
            await eventually(_started(server), bool)
            url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
            key = (await keys.create("test")).key
            async with connect(url, key, app.openapi()) as client:
                yield Api(client, url, key, keys, runtime, server, app, app.openapi())
        finally:
            server.should_exit = True
            await running
            await runtime.aclose()


def _started(server: ApiServer) -> Callable[[], Awaitable[bool]]:
    async def started() -> bool:
        return server.started

    return started


def _settings(home: Path, model_url: str) -> RuntimeSettings:
    model = {"provider": "openai_compatible", "model": "stub", "base_url": model_url, "price": {"input": 0, "output": 0}}
    return RuntimeSettings.model_validate(
        {
            "home": home,
            "models": {"stub": model},
            "routes": {"default": {"models": ["stub"]}},
            "tools": {"folders": [home / "tools"]},
            "agents": {"default": {"planner": "react"}},
        }
    )
