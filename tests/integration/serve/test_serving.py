"""``serve`` as a process: start, stop, one per home, and what survives a kill."""

import asyncio
import json
import signal
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from journeyman.testing import Call, Reply, Rule, When

Build = Callable[..., Awaitable[Any]]

LOOK = [
    Rule(when=When(tool_results=n), reply=Reply(calls=(Call(tool="lookup", args={"q": f"item{n}"}),), delay_seconds=0.05))
    for n in range(8)
]
DONE = Rule(reply=Reply(text="All done."))
WAIT = Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="wait_for_file", args={"name": "go"}),)))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_starts_serves_and_stops(build: Build, number: signal.Signals) -> None:
    house = await build(DONE)
    served = await house.serve()
    async with httpx.AsyncClient() as http:
        assert (await http.get(f"{served.address}/healthz")).status_code == 200
        assert (await http.get(f"{served.address}/v1/tasks")).status_code == 401
    assert (house.home / "serve.json").stat().st_mode & 0o777 == 0o600
    served.stop(number)
    ended = await house.ended(served.process)
    assert ended.code == 0
    assert ended.out == ""
    assert not (house.home / "serve.json").exists()


async def test_the_first_key_is_shown_once_and_works(build: Build) -> None:
    house = await build(DONE)
    first = await house.serve(installed=True)
    first.stop()
    shown = (await house.ended(first.process)).err
    key = next(word for word in shown.split() if word.startswith("jm_"))
    second = await house.serve()
    second.token = key
    assert await second.call("GET", "/v1/tasks") == {"tasks": [], "next": None}
    second.stop()
    assert "jm_" not in (await house.ended(second.process)).err


async def test_a_second_serve_on_the_home_is_refused_by_name(build: Build) -> None:
    house = await build(DONE)
    served = await house.serve()
    second = await house.run("serve", "--port", "0")
    assert second.code == 2
    assert str(served.pid) in second.err
    assert served.address in second.err


async def test_a_port_in_use_is_one_clear_error(build: Build) -> None:
    house = await build(DONE)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        ended = await house.run("serve", "--port", port)
    assert ended.code == 2
    assert f"Error: Port {port} on 127.0.0.1 is in use." in ended.err


async def test_it_stops_at_once_in_the_middle_of_a_call_with_a_stream_open(build: Build) -> None:
    house = await build(WAIT, DONE)
    served = await house.serve()
    task = await served.call("POST", "/v1/tasks", json={"goal": "wait"})
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {served.token}"}) as http:
        path = f"{served.address}/v1/tasks/{task['id']}/events"
        async with http.stream("GET", path, headers={"accept": "text/event-stream"}) as stream:
            await anext(stream.aiter_lines())
            await house.until((house.tools / "waiting").exists)
            served.stop()
            async with asyncio.timeout(5):
                await served.process.wait()
    assert served.process.returncode == 0
    (house.tools / "go").touch()
    again = await house.serve()
    assert (await again.until_ended(task["id"]))["answer"] == "All done."


async def test_a_killed_serve_leaves_nothing_in_the_way_and_its_task_is_resumed(build: Build) -> None:
    house = await build(*LOOK, DONE)
    served = await house.serve(installed=True)
    task = await served.call("POST", "/v1/tasks", json={"goal": "look"})
    await house.until(lambda: len(house.witnessed()) >= 3)
    await served.kill()
    stale = json.loads((house.home / "serve.json").read_text())
    listed = await house.run("tasks", "list", "--json")
    assert listed.code == 0, "a serve.json whose process is gone is ignored"
    again = await house.serve()
    assert again.pid != stale["pid"]
    ended = await again.until_ended(task["id"])
    assert (ended["status"], ended["answer"]) == ("completed", "All done.")
    assert set(house.witnessed()) == {f"item{n}" for n in range(8)}
    assert len(house.witnessed()) <= 9


async def test_many_tasks_at_once_all_end(build: Build) -> None:
    house = await build(*LOOK[:2], DONE)
    served = await house.serve()
    asked = [served.call("POST", "/v1/tasks", json={"goal": f"number {n}"}) for n in range(20)]
    ended = await asyncio.gather(*(served.until_ended(task["id"]) for task in await asyncio.gather(*asked)))
    assert {task["status"] for task in ended} == {"completed"}


async def test_a_decision_wakes_the_task_that_waits_for_it(build: Build) -> None:
    house = await build(Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="send", args={"to": "Kiel"}),))), DONE)
    served = await house.serve()
    asked = await house.run("run", "send it")
    assert asked.code == 3
    (approval,) = (await served.call("GET", "/v1/approvals"))["approvals"]
    await served.call("POST", f"/v1/approvals/{approval['id']}", json={"decision": "approve"})
    ended = await served.until_ended(approval["task_id"])
    assert ended["status"] == "completed"
    assert (house.tools / "sent").read_text() == "Kiel\n"


async def test_an_address_that_others_can_reach_is_warned_of(build: Build) -> None:
    house = await build(DONE)
    served = await house.serve("--host", "0.0.0.0")
    assert served.address.startswith("http://127.0.0.1:")
    served.stop()
    assert "reachable from other machines" in (await house.ended(served.process)).err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('broker_url = "kafka://localhost"', "kafka:// is no known broker"),
        ("[worker]\nconcurency = 3", "did you mean `concurrency`?"),
        ("[api]\nport = 99999", "api.port"),
    ],
)
async def test_a_bad_configuration_is_one_clear_error(build: Build, text: str, said: str) -> None:
    house = await build(DONE)
    house.config.write_text(text)
    for command in (["serve"], ["run", "a goal"]):
        ended = await house.run(*command)
        assert (ended.code, ended.out) == (2, "")
        assert said in ended.err
        assert len(ended.err.splitlines()) <= 2


async def test_the_home_named_by_a_flag_brings_its_own_configuration(build: Build) -> None:
    house = await build(DONE)
    house.home.mkdir()
    house.config.rename(house.home / "journeyman.toml")
    for command in (["--home", house.home, "run", "a goal"], ["run", "a goal", "--home", house.home]):
        ended = await house.run(*command, JOURNEYMAN_HOME="", JOURNEYMAN_CONFIG="")
        assert (ended.code, ended.out) == (0, "All done.\n"), ended.err
