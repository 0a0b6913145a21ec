"""``api``, ``worker`` and ``beat`` as processes over Postgres and a real broker."""

import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from journeyman.testing import Call, Reply, Rule, When

Build = Callable[..., Awaitable[Any]]

LOOK = Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="lookup", args={"q": "Kiel"}),)))
WAIT = Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="wait_for_file", args={"name": "go"}),)))
DIE = Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="die", args={"q": "x"}),)))
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


async def test_a_task_that_kills_its_workers_is_abandoned_with_the_reason(build: Build) -> None:
    works = await build(DIE, DONE, workers=1, beats=0, max_takeovers=1)
    poison = await works.submit("do it")
    (first,) = works.topology.workers
    await first.wait()
    await works.topology.add_worker()
    ended = await works.until_ended(poison)
    assert (ended["status"], ended["outcome"]) == ("failed", "abandoned")
    assert "1 workers in a row died" in ended["error"]["detail"]
    assert (works.tools / "deaths").read_text().split() == ["x"]


async def test_stop_all_halts_long_calls_in_every_worker_and_lifting_it_goes_on(build: Build) -> None:
    works = await build(WAIT, DONE, workers=2, beats=0)
    tasks = [await works.submit(f"wait {n}") for n in range(6)]
    for task in tasks:
        await works.until(task, lambda found: found["usage"]["steps"] == 1)
    await works.call("POST", "/v1/halt", json={"note": "sends twice"})
    for task in tasks:
        found = await works.until(task, lambda found: bool(found["waiting"]))
        assert found["waiting"]["reason"] == "paused"
    assert (await works.call("GET", "/v1/halt"))["at_work"] == 0
    (works.tools / "go").touch()
    assert (await works.call("DELETE", "/v1/halt"))["resumed"] == 6
    assert {(await works.until_ended(task))["outcome"] for task in tasks} == {"achieved"}


async def test_a_worker_that_was_frozen_past_its_lease_writes_nothing_more(build: Build) -> None:
    works = await build(WAIT, DONE, workers=1, beats=0)
    task = await works.submit("wait")
    await works.until_so((works.tools / "waiting-go").exists)
    (frozen,) = works.topology.workers
    frozen.send_signal(signal.SIGSTOP)
    (works.tools / "waiting-go").unlink()
    await works.topology.add_worker()
    await works.until_so((works.tools / "waiting-go").exists)
    (works.tools / "go").touch()
    assert (await works.until_ended(task))["outcome"] == "achieved"
    frozen.send_signal(signal.SIGCONT)
    await works.until_so(lambda: "lost the lease" in works.topology.logs())
    events = (await works.call("GET", f"/v1/tasks/{task}/events"))["events"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["kind"] for event in events].count("task.completed") == 1
