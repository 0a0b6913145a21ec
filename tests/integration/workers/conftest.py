"""The production topology as real processes over a scratch database, RabbitMQ or Redis, with a scripted model."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from journeyman.testing import Rule, StubServer
from journeyman.testing.stub.server import Decide
from journeyman.testing.topology import Topology
from workers.app import check_broker, make_app
from workers.settings import WorkerSettings

SERVER = os.environ.get("JOURNEYMAN_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
BROKERS = {
    "redis": os.environ.get("JOURNEYMAN_TEST_REDIS_URL", "redis://127.0.0.1:6379/0"),
    "rabbitmq": os.environ.get("JOURNEYMAN_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//"),
}
PATIENCE = 90.0

TOOLS = '''
import pathlib
import time
import urllib.request

from journeyman import tool

HERE = pathlib.Path(__file__).parent


@tool(read_only=True)
def lookup(q: str) -> str:
    """Look one item up."""
    with open(HERE / "witness", "a") as file:
        file.write(q + "\\n")
    return "found " + q


@tool(read_only=True, timeout_seconds=600)
def wait_for_file(name: str) -> str:
    """Returns when the file is there."""
    (HERE / ("waiting-" + name)).touch()
    while not (HERE / name).exists():
        time.sleep(0.01)
    return name


@tool(trust="trusted", visibility="public")
def mark(key: str) -> str:
    """Marks a key: changes the world."""
    with open(HERE / "marks", "a") as file:
        file.write(key + "\\n")
    time.sleep(0.02)
    return "marked " + key


@tool(read_only=True)
def die(q: str) -> str:
    """Kills its process."""
    import os, signal
    with open(HERE / "deaths", "a") as file:
        file.write(q + "\\n")
    os.kill(os.getpid(), signal.SIGKILL)
    return q
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
lease_seconds = {lease}
max_takeovers = {max_takeovers}
[worker]
sweep_seconds = 0.2
queue_prefix = "{prefix}"
[agents.default]
planner = "react"
"""


class Works:
    """A topology, and a client of its API."""

    def __init__(self, root: Path, topology: Topology, stub: StubServer, key: str) -> None:
        self.root, self.topology, self.stub, self.tools = root, topology, stub, root / "tools"
        self._http = httpx.AsyncClient(
            base_url=topology.address, headers={"authorization": f"Bearer {key}"}, timeout=60, trust_env=False
        )

    async def call(self, method: str, path: str, **options: Any) -> Any:
        response = await self._http.request(method, path, **options)
        assert response.is_success, response.text
        return response.json()

    async def submit(self, goal: str, **more: Any) -> str:
        return str((await self.call("POST", "/v1/tasks", json={"goal": goal, **more}))["id"])

    async def task(self, task_id: str) -> Any:
        return await self.call("GET", f"/v1/tasks/{task_id}")

    async def until(self, task_id: str, condition: Callable[[Any], bool]) -> Any:
        async with asyncio.timeout(PATIENCE):
            while not condition(task := await self.task(task_id)):
                await asyncio.sleep(0.02)
        return task

    async def until_ended(self, task_id: str) -> Any:
        return await self.until(task_id, lambda task: bool(task["ended_at"]))

    async def until_so(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.01)

    async def holder(self, task_id: str) -> int:
        """The process that started the task."""
        events = (await self.call("GET", f"/v1/tasks/{task_id}/events"))["events"]
        return int(next(e for e in events if e["kind"] == "task.started")["data"]["worker"].split(":")[1])

    async def aclose(self) -> None:
        await self._http.aclose()


def broker_url(name: str) -> str:
    """The broker's URL, or a skip where it is not there."""
    url = BROKERS[name]
    problem = check_broker(url)
    if problem is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(problem)
        pytest.skip(problem)
    return url


@pytest.fixture
def database_url() -> Iterator[str]:
    """A scratch Postgres database."""
    url = make_url(SERVER).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"workers_test_{secrets.token_hex(6)}"
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except Exception as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no Postgres: {str(error).splitlines()[0]}")
    yield url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
async def build(tmp_path: Path, database_url: str) -> AsyncIterator[Callable[..., Awaitable[Works]]]:
    """Starts a topology around a model that plays these rules."""
    async with AsyncExitStack() as stack:

        async def make(
            *rules: Rule,
            decide: Decide | None = None,
            broker: str = "redis",
            more: str = "",
            lease: float = 2,
            max_takeovers: int = 5,
            **planned: int,
        ) -> Works:
            url = broker_url(broker)
            stub = StubServer(decide or list(rules))
            await stub.start()
            stack.push_async_callback(stub.stop)
            prefix = f"test-{secrets.token_hex(4)}"
            stack.push_async_callback(asyncio.to_thread, _drop_queues, url, prefix)
            (tmp_path / "tools").mkdir()
            (tmp_path / "tools" / "scripted.py").write_text(TOOLS)
            config = CONFIG.format(
                url=stub.url, tools=tmp_path / "tools", prefix=prefix, lease=lease, max_takeovers=max_takeovers
            )
            (tmp_path / "journeyman.toml").write_text(config + more)
            variables = {
                "JOURNEYMAN_CONFIG": str(tmp_path / "journeyman.toml"),
                "JOURNEYMAN_DATABASE_URL": database_url,
                "JOURNEYMAN_BROKER_URL": url,
                "OPENAI_API_KEY": "none-needed",
            }
            topology = await stack.enter_async_context(Topology(tmp_path / "home", variables, **planned))
            works = Works(tmp_path, topology, stub, await topology.key())
            stack.push_async_callback(works.aclose)
            return works

        yield make


def _drop_queues(url: str, prefix: str) -> None:
    app = make_app(url, WorkerSettings(queue_prefix=prefix))
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        channel.queue_delete(app.conf.task_default_queue)
        if url.startswith("redis"):
            names = (f"_kombu.{kind}.{app.conf.task_default_queue}" for kind in ("binding", "binding_permanent"))
            channel.client.delete(*names)
