"""Calls to a real server program: what comes back, and what a server's end means."""

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from journal.values import ToolHints
from tests.integration.mcp.programs import http_server, settings, witnessed
from tools.errors import InvalidArguments, ToolError
from tools.mcp.servers import McpServers
from tools.mcp.settings import McpServerSettings
from tools.types import ToolContext
from trust.labels import Label, Trust, Visibility

Connect = Callable[..., McpServers]


async def test_a_server_that_is_not_trusted_is_labelled_so_and_its_hints_do_not_count(
    tmp_path: Path, connect: Connect
) -> None:
    source = connect(t=settings(tmp_path / "t"), vouched=settings(tmp_path / "v", trust="trusted", reads="public"))
    await source.refresh()
    lying, vouched = source.tools()["t.look"], source.tools()["vouched.look"]
    assert (lying.origin, lying.vouched, lying.hints) == ("mcp:t", False, ToolHints())
    assert lying.label == Label(sources=("tool:t.look",), trust=Trust.UNTRUSTED, visibility=Visibility.PRIVATE)
    assert lying.served is not None
    assert lying.served.claims.read_only is True
    assert (vouched.vouched, vouched.hints.read_only) == (True, True)
    assert vouched.label == Label(sources=("tool:vouched.look",), trust=Trust.TRUSTED, visibility=Visibility.PUBLIC)


async def test_text_structure_and_errors_come_back(tmp_path: Path, connect: Connect, context: ToolContext) -> None:
    source = connect(t=settings(tmp_path / "t"))
    await source.refresh()
    tools = source.tools()
    found = await tools["t.look"].run(context, {"item": "pear"})
    assert found.content == "found pear"
    assert (await tools["t.key"].run(context, {})).content == context.idempotency_key
    assert (await tools["t.table"].run(context, {"rows": 2})).data == {"rows": [{"n": 0}, {"n": 1}]}
    with pytest.raises(ToolError, match="no pears today"):
        await tools["t.fail"].run(context, {"why": "no pears today"})
    assert len((await tools["t.huge"].run(context, {"size": 3_000_000})).content) == 3_000_000
    cut = (await tools["t.huge"].run(context, {"size": 5_000_000})).content
    assert len(cut) < 4_001_000
    assert cut.endswith("[cut: 1,000,000 more characters came]")


async def test_arguments_are_checked_before_anything_is_sent(tmp_path: Path, connect: Connect, context: ToolContext) -> None:
    source = connect(t=settings(tmp_path / "t"))
    await source.refresh()
    send = source.tools()["t.send"]
    with pytest.raises(InvalidArguments, match="count: 'many' is not of type 'integer'"):
        send.check({"to": "ann", "count": "many"})
    with pytest.raises(InvalidArguments, match="'to' is a required property"):
        await send.run(context, {})
    assert "send" not in " ".join(witnessed(tmp_path / "t"))


async def test_files_are_saved_into_the_workspace_and_named(tmp_path: Path, connect: Connect, context: ToolContext) -> None:
    source = connect(t=settings(tmp_path / "t"))
    await source.refresh()
    drawn = await source.tools()["t.draw"].run(context, {})
    assert drawn.content == "[image, image/png, 70 bytes, saved as mcp/t/call_1-1.png]"
    assert (context.workspace / "mcp/t/call_1-1.png").read_bytes().startswith(b"\x89PNG")
    mixed = (await source.tools()["t.mixed"].run(context, {})).content.splitlines()
    assert mixed[0] == "first"
    assert mixed[1].startswith("[audio, audio/wav, 4 bytes, saved as mcp/t/call_1-1.")
    assert mixed[2:] == [
        "[resource note://1]",
        "a note",
        "[resource report: file:///srv/report.pdf (application/pdf)]",
    ]


async def test_a_program_gets_a_minimal_environment_and_its_stderr_is_logged(
    tmp_path: Path, connect: Connect, context: ToolContext, caplog: pytest.LogCaptureFixture
) -> None:
    passed = next(name for name in os.environ if name not in ("PATH", "HOME", "LOGNAME", "SHELL", "TERM", "USER"))
    caplog.set_level(logging.INFO, "tools.mcp")
    source = connect(t=settings(tmp_path / "t", env={"GIVEN": "1"}, env_from=[passed]))
    await source.refresh()
    seen = (await source.tools()["t.environment"].run(context, {})).data["result"]
    assert set(seen) <= {"PATH", "HOME", "LOGNAME", "SHELL", "TERM", "USER", "GIVEN", "LC_CTYPE", passed}
    assert {"GIVEN", passed} <= set(seen)
    assert any(r.message == "a line on stderr" and r.mcp_server == "t" for r in caplog.records)  # type: ignore[attr-defined]


async def test_a_call_that_kills_the_server_is_in_doubt_and_the_server_is_started_again(
    tmp_path: Path, connect: Connect, context: ToolContext
) -> None:
    source = connect(t=settings(tmp_path / "t"))
    await source.refresh()
    tools = source.tools()
    with pytest.raises(ConnectionError):
        await tools["t.die"].run(context, {"when": "now"})
    assert (await tools["t.look"].run(context, {"item": "pear"})).content == "found pear"
    assert witnessed(tmp_path / "t") == ["started", "die now", "started", "look pear"]


async def test_a_call_that_is_broken_off_is_canceled_at_the_server(
    tmp_path: Path, connect: Connect, context: ToolContext
) -> None:
    source = connect(t=settings(tmp_path / "t"))
    await source.refresh()
    call = asyncio.create_task(source.tools()["t.hang"].run(context, {}))  # type: ignore[arg-type]
    while "hanging" not in witnessed(tmp_path / "t"):
        await asyncio.sleep(0.01)
    call.cancel()
    while "hang canceled" not in witnessed(tmp_path / "t"):
        await asyncio.sleep(0.01)
    assert (await source.tools()["t.look"].run(context, {"item": "pear"})).content == "found pear"


async def test_servers_that_do_not_start_say_why_and_the_others_work(
    tmp_path: Path, connect: Connect, context: ToolContext
) -> None:
    for name, how in (("hanging", "hang"), ("dying", "die")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "start").write_text(how)
    source = connect(
        good=settings(tmp_path / "good"),
        none=McpServerSettings(command="/no/such/program"),
        dying=settings(tmp_path / "dying"),
        hanging=settings(tmp_path / "hanging", start_seconds=0.5),
        closed=McpServerSettings(url="http://127.0.0.1:1/mcp"),
        keyless=McpServerSettings(url="http://127.0.0.1:1/mcp", headers_env={"Authorization": "NO_SUCH_VARIABLE"}),
    )
    await source.refresh()
    problems = {name: server.problem for name, server in source.servers.items()}
    assert problems["good"] is None
    assert problems["none"] == "there is no program `/no/such/program`"
    assert problems["dying"] == "it ended the connection"
    assert problems["hanging"] == "it gave no answer within 0.5 seconds"
    assert "nothing answers at 127.0.0.1 port 1" in (problems["closed"] or "")
    assert problems["keyless"] == "the variable NO_SUCH_VARIABLE is not set"
    assert {absent.name for absent in source.absent()} == {"none.*", "dying.*", "hanging.*", "closed.*", "keyless.*"}
    assert (await source.tools()["good.look"].run(context, {"item": "pear"})).content == "found pear"


async def test_only_the_servers_that_are_meant_are_connected_to(tmp_path: Path, connect: Connect) -> None:
    source = connect(a=settings(tmp_path / "a"), b=settings(tmp_path / "b"))
    await source.refresh(["lookup", "b.*"])
    assert source.servers["b"].tools
    assert not source.servers["a"].asked
    assert witnessed(tmp_path / "a") == []


async def test_over_http_with_a_header_and_through_a_restart(tmp_path: Path, connect: Connect, context: ToolContext) -> None:
    variable = next(name for name, value in os.environ.items() if value.isascii() and value.isprintable() and value.strip())
    folder = tmp_path / "h"
    async with http_server(folder) as url:
        source = connect(h=McpServerSettings(url=url, headers_env={"Authorization": variable}))
        await source.refresh()
        look = source.tools()["h.look"]
        assert (await look.run(context, {"item": "pear"})).content == "found pear"
        assert any(line.endswith(os.environ[variable].strip()) for line in witnessed(folder) if line.startswith("asked "))
    with pytest.raises(ToolError, match=r"cannot be reached: .*Nothing was done"):
        await source.tools()["h.send"].run(context, {"to": "ann"})
    async with http_server(folder, port=int(url.split(":")[2].split("/")[0])):
        assert (await look.run(context, {"item": "fig"})).content == "found fig"
        assert "send ann" not in witnessed(folder)


async def test_over_http_a_call_whose_server_dies_is_in_doubt(tmp_path: Path, connect: Connect, context: ToolContext) -> None:
    async with http_server(tmp_path / "h") as url:
        source = connect(h=McpServerSettings(url=url))
        await source.refresh()
        with pytest.raises(ConnectionError):
            await source.tools()["h.die"].run(context, {"when": "now"})
