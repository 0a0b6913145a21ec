"""Tasks with the tools of MCP servers: what asks, what is in doubt, and servers that come with a task."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from agents.requests import Decision, TaskRequest
from agents.runtime import Runtime
from agents.settings import RuntimeSettings
from journal.errors import InvalidInput
from journal.records import TaskRecord
from journal.values import Outcome, Status, WaitingReason
from tests.integration.agents.conftest import World, calls, says, world
from tests.integration.mcp.programs import http_server, stdio_settings, witnessed
from trust.labels import Trust, Visibility

__all__ = ["world"]

Build = Callable[..., Awaitable[World]]
LOOK = ("t.look", {"item": "pear"})


def served(folder: Path, **more: Any) -> dict[str, Any]:
    return {"mcp_servers": {"t": stdio_settings(folder, **more)}}


async def approved(w: World, record: TaskRecord) -> TaskRecord:
    """The task, driven on after its one approval was given."""
    assert record.waiting is not None, (record.status, record.problem)
    assert record.waiting.reason is WaitingReason.APPROVAL
    await w.runtime.decide("default", record.waiting.approvals[0], Decision(decision="approve"), by="ann")
    return await w.drive(record.id)


async def test_a_server_that_says_it_only_reads_asks_all_the_same(world: Build, tmp_path: Path) -> None:
    w = await world(calls(LOOK), says("done"), settings=served(tmp_path / "t"))
    record = await w.run()
    assert witnessed(tmp_path / "t") == ["started"]
    assert (await approved(w, record)).answer == "done"
    assert witnessed(tmp_path / "t") == ["started", "look pear"]
    [completed] = await w.events(record.id, "tool.completed")
    assert completed.result.content == "found pear"
    assert completed.result.label.sources == ("tool:t.look",)
    assert (completed.result.label.trust, completed.result.label.visibility) == (Trust.UNTRUSTED, Visibility.PRIVATE)


async def test_a_trusted_server_reads_without_asking_and_asks_before_effects(world: Build, tmp_path: Path) -> None:
    w = await world(calls(LOOK, ("t.send", {"to": "ann"})), says("done"), settings=served(tmp_path / "t", trust="trusted"))
    record = await w.run()
    assert witnessed(tmp_path / "t") == ["started", "look pear"]
    assert (await approved(w, record)).answer == "done"
    assert witnessed(tmp_path / "t") == ["started", "look pear", "send ann"]


async def test_an_effect_that_kills_its_server_is_in_doubt(world: Build, tmp_path: Path) -> None:
    w = await world(calls(("t.die", {"when": "now"})), says("done"), settings=served(tmp_path / "t", trust="trusted"))
    record = await approved(w, await w.run())
    assert record.waiting is not None
    assert record.waiting.reason is WaitingReason.IN_DOUBT
    assert witnessed(tmp_path / "t").count("die now") == 1


async def test_a_read_that_kills_its_server_is_told_to_the_model_which_may_try_again(world: Build, tmp_path: Path) -> None:
    once, again = calls(("t.die_reading", {})), calls(("t.die_reading", {}), after=1)
    w = await world(once, again, says("done"), settings=served(tmp_path / "t", trust="trusted"))
    record = await w.run()
    assert record.answer == "done"
    assert len(await w.events(record.id, "tool.failed")) == 1
    assert [c.result.content for c in await w.events(record.id, "tool.completed")] == ["alive"]


async def test_without_its_server_a_task_goes_on_with_the_other_tools(world: Build) -> None:
    none = {
        "mcp_servers": {"t": {"command": "/no/such/program"}},
        "agents": {"default": {"tools": ["lookup", "t.*"]}},
    }
    w = await world(calls(("lookup", {"q": "x"})), says("done"), settings=none)
    record = await w.run()
    assert (record.answer, w.witnessed) == ("done", ["lookup x"])
    [started] = await w.events(record.id, "task.started")
    assert set(started.tools) == {"lookup"}
    with pytest.raises(InvalidInput, match=r"There is no tool `u\.look`"):
        await w.submit(tools=["u.look"])


async def test_an_effect_whose_tool_is_gone_after_a_crash_stays_in_doubt(world: Build, tmp_path: Path) -> None:
    rules = (calls(("t.hang", {})), says("done"))
    w = await world(*rules, settings=served(tmp_path / "t"))
    record = await w.run()
    assert record.waiting is not None
    await w.runtime.decide("default", record.waiting.approvals[0], Decision(decision="approve"), by="ann")
    driving = asyncio.create_task(w.runtime.drive(record.id))
    while "hanging" not in witnessed(tmp_path / "t"):
        await asyncio.sleep(0.01)
    driving.cancel()
    await asyncio.gather(driving, return_exceptions=True)
    without = w.runtime.settings.model_copy(update={"mcp_servers": {}})
    runtime = await Runtime.open(without)
    try:
        later = await runtime.drive(record.id)
    finally:
        await runtime.aclose()
    assert later is not None
    assert later.waiting is not None
    assert later.waiting.reason is WaitingReason.IN_DOUBT


def bringing(url: str, **more: Any) -> dict[str, Any]:
    return {"mcp_servers": [{"name": "crm", "url": url, **more}]}


async def test_a_task_brings_a_server_which_is_never_trusted(world: Build, tmp_path: Path) -> None:
    async with http_server(tmp_path / "h") as url:
        allowed = {"tools": {"http": {"allow": ["127.0.0.1"]}}}
        w = await world(calls(("crm.look", {"item": "pear"})), says("done"), settings=allowed)
        record = await w.run(**bringing(url), tools=["calculate"])
        [started] = await w.events(record.id, "task.started")
        assert {"calculate", "crm.look", "crm.send"} <= set(started.tools)
        assert "lookup" not in started.tools
        assert (await approved(w, record)).answer == "done"
        assert "look pear" in witnessed(tmp_path / "h")
        assert w.runtime.tools.absent() == []
        assert "crm.look" not in {tool.name for tool in w.runtime.tools.all()}


async def test_a_private_address_is_refused_to_a_tasks_server(world: Build, tmp_path: Path) -> None:
    async with http_server(tmp_path / "h") as url:
        w = await world(says("done"))
        record = await w.run(**bringing(url))
        assert (record.status, record.outcome) == (Status.REJECTED, Outcome.INVALID)
        [rejected] = await w.events(record.id, "task.rejected")
        assert "127.0.0.1 is a private or reserved address" in rejected.error.detail
        assert [line for line in witnessed(tmp_path / "h") if line.startswith("asked")] == []


async def test_a_tasks_server_gets_only_a_variable_released_to_its_origin(world: Build, tmp_path: Path) -> None:
    variable = next(name for name, value in os.environ.items() if value.isascii() and value.isprintable() and len(value) > 6)
    async with http_server(tmp_path / "h") as url:
        released = {"tools": {"http": {"allow": ["127.0.0.1"]}, "mcp": {"task_variables": {variable: url}}}}
        w = await world(says("done"), settings=released)
        record = await w.run(**bringing(url, headers_env={"Authorization": variable}))
        assert record.answer == "done"
        assert any(os.environ[variable].strip() in line for line in witnessed(tmp_path / "h"))
        [submitted] = await w.events(record.id, "task.submitted")
        assert submitted.mcp_servers[0].headers_env == {"Authorization": variable}
        assert os.environ[variable] not in submitted.model_dump_json()
        with pytest.raises(InvalidInput, match=r"is not released to http://evil\.example:80"):
            await w.submit(**bringing("http://evil.example/mcp", headers_env={"X-Key": variable}))
        with pytest.raises(InvalidInput, match="is not released"):
            await w.submit(**bringing(url, headers_env={"X-Key": "HOME"}))


@pytest.mark.parametrize(
    ("server", "why"),
    [
        ({"name": "t", "url": "https://a.example/mcp"}, "another MCP server called t"),
        ({"name": "u", "url": "https://a.example/mcp?key=secret"}, "has a query, which would be journaled"),
        ({"name": "u", "url": "https://me:secret@a.example/mcp"}, "user name or password"),
        ({"name": "u", "url": "file:///etc/passwd"}, "http://"),
    ],
)
async def test_a_server_that_cannot_be_brought_is_refused_at_once(
    world: Build, tmp_path: Path, server: dict[str, Any], why: str
) -> None:
    w = await world(says("done"), settings=served(tmp_path / "t"))
    with pytest.raises(InvalidInput) as refused:
        await w.submit(mcp_servers=[server])
    assert why in refused.value.message
    assert "secret" not in refused.value.message


@pytest.mark.parametrize("name", ["a b", "a__b", "1a", "", "a" * 33, "a.b"])
def test_a_name_that_cannot_begin_a_tools_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        TaskRequest.model_validate({"goal": "x", "mcp_servers": [{"name": name, "url": "https://a.example"}]})
    with pytest.raises(ValueError, match="mcp_servers"):
        RuntimeSettings.model_validate({"mcp_servers": {name: {"url": "https://a.example"}}})


def test_without_servers_the_sdk_is_not_loaded(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\nfrom pathlib import Path\nimport journeyman.serve\n"
        "from agents.runtime import Runtime\nfrom journeyman.settings import Settings\n"
        "async def main():\n"
        f"    runtime = await Runtime.open(Settings(home=Path({str(tmp_path)!r})))\n"
        "    await runtime.tools.refresh()\n    await runtime.aclose()\n"
        "asyncio.run(main())\nprint([m for m in ('mcp', 'mcp_types', 'jsonschema') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
