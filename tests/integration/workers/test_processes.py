"""``api``, ``worker`` and ``beat`` as processes over Postgres and a real broker."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from journeyman.testing import Call, Reply, Rule, When

Build = Callable[..., Awaitable[Any]]

LOOK = Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="lookup", args={"q": "Kiel"}),)))
WAIT = Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="wait_for_file", args={"name": "go"}),)))
DONE = Rule(reply=Reply(text="All done."))


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
async def test_tasks_given_to_the_api_are_run_by_the_workers(build: Build, broker: str) -> None:
    works = await build(LOOK, DONE, broker=broker, workers=2, beats=1)
    tasks = [await works.submit(f"look it up {n}") for n in range(10)]
    ended = [await works.until_ended(task) for task in tasks]
    assert {task["outcome"] for task in ended} == {"achieved"}
    assert (works.tools / "witness").read_text().split() == ["Kiel"] * 10
    workers = {process.pid for process in works.topology.workers}
    assert {await works.holder(task) for task in tasks} <= workers
    assert all(process.returncode is None for process in [*works.topology.workers, *works.topology.others])
    assert "Traceback" not in works.topology.logs()


async def test_a_worker_that_is_stopped_hands_its_tasks_to_another_at_once(build: Build) -> None:
    works = await build(WAIT, DONE, workers=1, beats=0, lease=600)
    task = await works.submit("wait")
    await works.until_so((works.tools / "waiting-go").exists)
    (first,) = works.topology.workers
    await works.topology.add_worker()
    first.terminate()
    (works.tools / "go").touch()
    assert (await works.until_ended(task))["outcome"] == "achieved"
    assert await first.wait() == 0
