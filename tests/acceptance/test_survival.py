"""``kill -9`` at every kind of moment: the task ends or visibly waits, nothing is lost, and no effect is sent twice."""

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from journeyman.testing import Call, Reply, Rule, When
from tests.integration.serve.conftest import PATIENCE, House, Served

Build = Callable[..., Awaitable[House]]

TOOLS = '''
import pathlib
import time

from journeyman import tool

HERE = pathlib.Path(__file__).parent


def _until_told(line):
    with open(HERE / "witness", "a") as file:
        file.write(line + "\\n")
    while not (HERE / "go").exists():
        time.sleep(0.01)
    return "done"


@tool(read_only=True)
def slow_look(q: str) -> str:
    """Look something up, slowly."""
    return _until_told("look")


def slow_send(to: str) -> str:
    """Send something, slowly. Changes the world."""
    return _until_told("send")


@tool(idempotent=True)
def slow_put(key: str) -> str:
    """Put something, slowly; as often as one likes."""
    return _until_told("put")
'''


def calls(tool: str, **args: Any) -> Rule:
    return Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool=tool, args=args),)))


DONE = Rule(reply=Reply(text="All done."))
SLOW_MODEL = Rule(when=When(request=1), reply=Reply(text="never heard", delay_seconds=600))


@pytest.fixture
def house(build: Build) -> Build:
    async def make(*rules: Rule) -> House:
        made = await build(*rules)
        (made.tools / "slow.py").write_text(TOOLS)
        return made

    return make


async def until_rest(served: Served, task_id: str) -> Any:
    """The task once it has ended or waits for a person."""
    async with asyncio.timeout(PATIENCE):
        while True:
            task = await served.call("GET", f"/v1/tasks/{task_id}")
            if task["ended_at"] or task["status"] == "input_required":
                return task
            await asyncio.sleep(0.02)


async def events_of(served: Served, task_id: str) -> list[Any]:
    """The task's events, whose numbers have no gap."""
    page = await served.call("GET", f"/v1/tasks/{task_id}/events", params={"limit": 1000})
    assert [event["seq"] for event in page["events"]] == list(range(1, len(page["events"]) + 1))
    events: list[Any] = page["events"]
    return events


async def approved(served: Served, task_id: str) -> None:
    waiting = (await until_rest(served, task_id))["waiting"]
    assert waiting["reason"] == "approval"
    await served.call("POST", f"/v1/approvals/{waiting['approvals'][0]}", json={"decision": "approve"})


async def submit(served: Served) -> str:
    task = await served.call("POST", "/v1/tasks", json={"goal": "do it"})
    return str(task["id"])


def witnessed(house: House) -> list[str]:
    file = house.tools / "witness"
    return file.read_text().split() if file.exists() else []


async def test_killed_right_after_the_task_was_accepted(house: Build) -> None:
    home = await house(DONE)
    served = await home.serve()
    task_id = await submit(served)
    await served.kill()
    task = await until_rest(served := await home.serve(), task_id)
    assert (task["status"], task["answer"]) == ("completed", "All done.")
    await events_of(served, task_id)


async def test_killed_while_the_model_is_asked(house: Build) -> None:
    home = await house(SLOW_MODEL, DONE)
    served = await home.serve()
    task_id = await submit(served)
    await home.until(lambda: len(home.stub.requests) == 1)
    await served.kill()
    task = await until_rest(served := await home.serve(), task_id)
    assert (task["status"], task["usage"]["model_calls"], task["usage"]["steps"]) == ("completed", 2, 1)
    kinds = [event["kind"] for event in await events_of(served, task_id)]
    assert kinds.count("llm.requested") == 2
    assert kinds.count("llm.completed") == 1


async def test_killed_while_a_call_reads(house: Build) -> None:
    home = await house(calls("slow_look", q="x"), DONE)
    served = await home.serve()
    task_id = await submit(served)
    await home.until(lambda: witnessed(home) == ["look"])
    await served.kill()
    (home.tools / "go").touch()
    task = await until_rest(served := await home.serve(), task_id)
    assert task["status"] == "completed"
    assert witnessed(home) == ["look", "look"]
    assert len(home.stub.requests) == 2
    await events_of(served, task_id)


async def test_killed_while_an_effect_is_sent_leaves_it_in_doubt(house: Build) -> None:
    home = await house(calls("slow_send", to="Kiel"), DONE)
    served = await home.serve()
    task_id = await submit(served)
    await approved(served, task_id)
    await home.until(lambda: witnessed(home) == ["send"])
    await served.kill()
    (home.tools / "go").touch()
    task = await until_rest(served := await home.serve(), task_id)
    assert task["waiting"]["reason"] == "in_doubt"
    (call_id,) = task["waiting"]["calls"]
    assert "tool.in_doubt" in [event["kind"] for event in await events_of(served, task_id)]
    verdict = {"call_id": call_id, "verdict": "happened", "result": "sent as no. 17"}
    await served.call("POST", f"/v1/tasks/{task_id}/input", json=verdict)
    assert (await served.until_ended(task_id))["status"] == "completed"
    assert witnessed(home) == ["send"]
    assert "sent as no. 17" in json.dumps(home.stub.requests[-1].body)


async def test_killed_while_an_idempotent_effect_is_sent_repeats_it_under_its_key(house: Build) -> None:
    home = await house(calls("slow_put", key="k"), DONE)
    served = await home.serve()
    task_id = await submit(served)
    await approved(served, task_id)
    await home.until(lambda: witnessed(home) == ["put"])
    await served.kill()
    (home.tools / "go").touch()
    task = await until_rest(served := await home.serve(), task_id)
    assert task["status"] == "completed"
    assert witnessed(home) == ["put", "put"]
    intents = [event["data"] for event in await events_of(served, task_id) if event["kind"] == "tool.requested"]
    assert [(intent["occurrence"], intent["attempt"]) for intent in intents] == [(0, 1), (0, 2)]


async def test_killed_while_it_waits_for_approval(house: Build) -> None:
    home = await house(calls("slow_send", to="Kiel"), DONE)
    served = await home.serve()
    task_id = await submit(served)
    before = (await until_rest(served, task_id))["waiting"]
    await served.kill()
    served = await home.serve()
    assert (await until_rest(served, task_id))["waiting"] == before
    assert witnessed(home) == []
    (home.tools / "go").touch()
    await approved(served, task_id)
    assert (await served.until_ended(task_id))["status"] == "completed"
    assert witnessed(home) == ["send"]
    await events_of(served, task_id)


@pytest.mark.parametrize("how", ["watch", "resume", "serve"])
async def test_a_killed_run_is_taken_up(house: Build, how: str) -> None:
    home = await house(calls("slow_look", q="x"), DONE)
    running = await home.start("run", "do it")
    await home.until(lambda: witnessed(home) == ["look"])
    running.send_signal(signal.SIGKILL)
    await running.wait()
    (home.tools / "go").touch()
    (task,) = json.loads((await home.run("tasks", "list", "--json")).out)
    assert task["status"] == "working"
    if how == "serve":
        served = await home.serve()
        assert (await served.until_ended(task["id"]))["answer"] == "All done."
        await events_of(served, task["id"])
    else:
        ended = await home.run("tasks", how, task["id"])
        assert (ended.code, ended.out.splitlines()[0]) == (0, "All done."), ended.err
