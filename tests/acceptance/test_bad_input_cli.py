"""Bad input on the command line: one sentence with a way to mend it, the right exit code, no traceback, nothing lost."""

import json
import os
import socket
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from journeyman.testing import Call, HttpError, RawBody, Reply, Rule, When
from tests.integration.serve.conftest import Ended, House

Build = Callable[..., Awaitable[House]]

DONE = Rule(reply=Reply(text="All done."))
SEND = Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="send", args={"to": "Kiel"}),)))


def told(ended: Ended, code: int, *words: str) -> None:
    """It ended with ``code``, said nothing on stdout, and on stderr one sentence and a hint that hold ``words``."""
    assert ended.code == code, ended
    assert ended.out == ""
    lines = ended.err.strip().splitlines()
    assert lines[-2].startswith("Error: "), ended.err
    assert all(word in ended.err for word in words), ended.err


BROKEN = {
    "x = [": "not valid TOML",
    "[modles.x]": "did you mean `models`",
    "[models.a]\nprovider='nobody'\nmodel='m'\nprice={input=0,output=0}": "there is no provider `nobody`",
    "[models.a]\nprovider='openai_compatible'\nmodel='m'\nbase_url='http://h/v1'": "price",
    "[routes.default]\nmodels=['nope']": "there is no model `nope`",
    "[tools]\nfolders=['/nowhere']": "/nowhere",
    "[worker]\nconcurrency='many'": "worker.concurrency",
    "database_url='mysql://h/d'": "mysql",
}


@pytest.mark.parametrize("text", BROKEN, ids=BROKEN.values())
async def test_a_configuration_that_is_wrong(build: Build, text: str) -> None:
    house = await build(DONE)
    house.config.write_text(text)
    for command in (["run", "hello"], ["serve", "--port", "0"]):
        told(await house.run(*command), 2, BROKEN[text])


@pytest.mark.parametrize("agent", ["planner='nope'", "tools=['nope']", "models=['nope']"])
async def test_an_agent_that_names_what_is_not_there(build: Build, agent: str) -> None:
    house = await build(DONE)
    house.config.write_text(house.config.read_text().replace('planner = "react"', agent))
    told(await house.run("run", "hello"), 2, "nope")


async def test_a_request_that_is_wrong(build: Build) -> None:
    house = await build(DONE)
    told(await house.run("run", "-", stdin="x" * 10_000_000), 2, "goal", "--docs")
    told(await house.run("run", " "), 2, "goal")
    told(await house.run("run", "--agent", "nobody", "hello"), 2, "Known agents: default")
    told(await house.run("run", "--max-cost-usd", "1000", "hello"), 2, "above")
    told(await house.run("run", "--detach", "hello"), 2, "journeyman serve")
    assert json.loads((await house.run("tasks", "list", "--json")).out) == []


async def test_documents_that_cannot_be_read(build: Build) -> None:
    house = await build(DONE)
    docs = house.root / "docs"
    docs.mkdir()
    bad = {
        "binary.md": b"\x00\x01" * 999,
        "empty.md": b"",
        "latin.txt": b"caf\xe9 au lait",
        "a.pdf": b"%PDF no",
        "a.json": b"{",
    }
    for name, content in bad.items():
        (docs / name).write_bytes(content)
    with (docs / "huge.md").open("wb") as file:
        file.truncate(200_000_000)
    for name in (*bad, "huge.md"):
        ended = await house.run("memory", "add", docs / name)
        assert (ended.code, ended.out) == (1, "")
        line, hint = ended.err.strip().splitlines()
        assert f"{name} was not added. It " in line
        assert "memory failed" in hint
    (docs / "good.md").write_text("The harbour is Kiel's.\n")
    whole = await house.run("memory", "add", docs)
    assert whole.code == 0
    assert whole.err.count("  left out ") == len(bad) + 1
    assert "Kiel" in (await house.run("memory", "search", "harbour")).out


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "a/../../b", "~/x"])
async def test_a_path_outside_the_workspace(build: Build, path: str) -> None:
    ended = await (await build(DONE)).run("tools", "call", "read_file", "--arg", f"path={path}")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("Error: ")


PRIVATE = """127.0.0.1 localhost 127.1 2130706433 0x7f.1 017700000001 0 [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [fe80::1]
[64:ff9b::7f00:1] [fd00::1] 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 me:pw@127.0.0.1 LOCALHOST. 127.0.0.1."""


async def test_a_private_address_in_any_spelling(build: Build) -> None:
    house = await build(DONE)
    served = await house.serve()
    port = served.address.rpartition(":")[2]
    for host in PRIVATE.split():
        ended = await house.run("tools", "call", "http_get", "--arg", f"url=http://{host}:{port}/healthz")
        assert ended.code in (1, 2), host
        assert ended.out == ""
        assert "Error: " in ended.err


async def test_a_port_in_use(build: Build) -> None:
    house = await build(DONE)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told(await house.run("serve", "--port", str(port)), 2, str(port), "--port")
    told(await house.run("serve", "--host", "203.0.113.1"), 2, "--host")


async def test_a_second_serve(build: Build) -> None:
    house = await build(DONE)
    served = await house.serve()
    told(await house.run("serve", "--port", "0"), 2, str(served.pid), served.address, "JOURNEYMAN_HOME")
    assert await served.call("GET", "/healthz") == {"status": "ok"}


async def test_a_database_of_a_newer_version(build: Build) -> None:
    house = await build(DONE)
    assert (await house.run("run", "hello")).code == 0
    with sqlite3.connect(house.home / "journal.db") as database:
        database.execute("UPDATE meta SET value = '99.1' WHERE name = 'min_code_version'")
    for command in (["run", "hello"], ["serve", "--port", "0"], ["tasks", "list"], ["db", "upgrade"]):
        told(await house.run(*command), 2, "99.1", "pip install")


async def test_a_database_that_is_none(build: Build) -> None:
    house = await build(DONE)
    house.home.mkdir()
    (house.home / "journal.db").write_bytes(b"a letter, not a database" * 999)
    for command in (["run", "hello"], ["serve", "--port", "0"]):
        told(await house.run(*command), 1, "journal.db", "backup")


@pytest.mark.parametrize("where", ["under a file", "/proc/nowhere"])
async def test_a_home_that_cannot_be(build: Build, where: str) -> None:
    house = await build(DONE)
    house.home = house.config / "home" if where == "under a file" else Path(where)
    for command in (["run", "hello"], ["serve", "--port", "0"], ["tasks", "list"]):
        told(await house.run(*command), 2, "JOURNEYMAN_HOME")


async def test_a_home_that_may_not_be_written(build: Build) -> None:
    house = await build(DONE)
    house.home.mkdir(mode=0o500)
    if os.access(house.home, os.W_OK):
        pytest.skip("this user may write everywhere")
    for command in (["run", "hello"], ["serve", "--port", "0"]):
        assert (await house.run(*command)).code in (1, 2)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Rule(error=HttpError(status=401, message="no such key")), ("OPENAI_API_KEY",)),
        (Rule(body=RawBody(body="<html>Hello, I am a proxy.</html>")), ("base_url",)),
        (Rule(error=HttpError(status=404, message="no such model")), ("no such model",)),
    ],
    ids=["wrong key", "HTML", "no such model"],
)
async def test_a_model_that_is_set_up_wrongly(build: Build, rule: Rule, words: tuple[str, ...]) -> None:
    house = await build(rule)
    ended = await house.run("run", "hello")
    assert (ended.code, ended.out) == (1, "")
    assert all(word in ended.err for word in words), ended.err
    assert len(house.stub.requests) == 1  # what time cannot mend is not asked again
    assert "0 tokens in" in ended.err


async def test_a_model_that_nobody_serves(build: Build) -> None:
    house = await build(DONE)
    house.config.write_text(house.config.read_text().replace(house.stub.url, "http://127.0.0.1:9/v1"))
    ended = await house.run("run", "hello", "--max-seconds", "4")
    assert (ended.code, ended.out) == (1, "")
    assert "http://127.0.0.1:9/v1 cannot be reached" in ended.err


async def test_what_a_tasks_state_forbids(build: Build) -> None:
    house = await build(SEND, DONE)
    assert (await house.run("run", "send it")).code == 3
    (task,) = json.loads((await house.run("tasks", "list", "--json")).out)
    (approval,) = task["waiting"]["approvals"]
    told(await house.run("tasks", "resume", task["id"]), 2, "not paused", approval)
    told(await house.run("tasks", "fork", task["id"], "--seq", "999"), 2, "999")
    denied = await house.run("approvals", "deny", approval, "--note", "no")
    assert denied.code == 0
    for command in (["approvals", "approve", approval], ["approvals", "deny", approval]):
        told(await house.run(*command), 2, "denied")
    for verb in ("cancel", "pause", "resume"):
        told(await house.run("tasks", verb, task["id"]), 2, "has ended")
    told(await house.run("tasks", "input", task["id"], "hello"), 2, "has ended")
    assert not (house.tools / "sent").exists()


FAULTY = '''
from typing import Annotated

from pydantic import BeforeValidator

from journeyman import tool


def _check(value: str) -> str:
    return str(1 / 0)


@tool(read_only=True)
def faulty(q: Annotated[str, BeforeValidator(_check)]) -> str:
    """Whose arguments cannot even be looked at."""
    return q
'''


async def test_a_fault_of_the_program_is_in_the_log_and_not_on_the_terminal(build: Build) -> None:
    house = await build(Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="faulty", args={"q": "x"}),))), DONE)
    (house.tools / "faulty.py").write_text(FAULTY)
    ended = await house.run("run", "hello")
    log = house.home / "journeyman.log"
    assert (ended.code, ended.out) == (1, "")
    assert "ZeroDivisionError" in ended.err
    assert str(log) in ended.err
    assert "Traceback" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600
