"""The stub server as its users have it: in a test, and as a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from journal.errors import ConfigurationError
from journeyman.testing import Asked, Call, Drop, HttpError, Reply, Rule, Script, StubServer, When

SCRIPT = {
    "rules": [
        {"times": 1, "error": {"status": 429, "retry_after": 2}},
        {"when": {"tool_results": 0}, "reply": {"calls": [{"tool": "lookup", "args": {"q": "Kiel"}}]}},
        {"when": {"text": "^\\d+$"}, "reply": {"text": "done"}},
    ]
}


def body(*messages: str, **more: Any) -> dict[str, Any]:
    roles = ("user", "tool", "tool", "tool")
    return {
        "model": "m",
        "messages": [{"role": role, "content": text} for role, text in zip(roles, messages, strict=False)],
    } | more


async def ask(stub: StubServer, *messages: str, **more: Any) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(f"{stub.url}/chat/completions", json=body(*messages, **more))


def text_of(response: httpx.Response) -> str:
    content: str = response.json()["choices"][0]["message"]["content"]
    return content


async def test_the_first_rule_that_fits_answers() -> None:
    rules = [
        Rule(when=When(request=2), reply=Reply(text="second")),
        Rule(when=When(model="big"), reply=Reply(text="for the big one")),
        Rule(when=When(tool_results=2), reply=Reply(text="two results")),
        Rule(when=When(text="K[iI]el", tool_results=0), reply=Reply(text="about Kiel")),
        Rule(reply=Reply(text="anything")),
    ]
    async with StubServer(rules) as stub:
        answers = [
            text_of(await ask(stub, "Hamburg")),
            text_of(await ask(stub, "Kiel")),
            text_of(await ask(stub, "to Kiel")),
            text_of(await ask(stub, "to Kiel", "r")),
            text_of(await ask(stub, "to Kiel", "r", "r")),
            text_of(await ask(stub, "x", model="big")),
        ]
    assert answers == ["anything", "second", "about Kiel", "anything", "two results", "for the big one"]


async def test_a_rule_answers_so_many_times() -> None:
    rules = [Rule(times=2, error=HttpError(status=503)), Rule(reply=Reply(text="up"))]
    async with StubServer(rules) as stub:
        assert [(await ask(stub, "x")).status_code for _ in range(3)] == [503, 503, 200]


async def test_requests_are_recorded_and_shown_to_other_processes() -> None:
    offered = [{"type": "function", "function": {"name": "lookup"}}]
    async with StubServer([Rule(reply=Reply(text="x"))]) as stub:
        await ask(stub, "q", "result", tools=offered, stream=True)
        async with httpx.AsyncClient() as client:
            shown = (await client.get(stub.url.replace("/v1", "/requests"))).json()
    (asked,) = stub.requests
    assert (asked.number, asked.model, asked.text, asked.tool_results) == (1, "m", "result", 1)
    assert (asked.tools, asked.streamed) == (("lookup",), True)
    assert shown[0]["body"] == asked.body
    assert shown[0]["text"] == "result"


async def test_a_request_without_a_rule_is_told_so() -> None:
    async with StubServer([Rule(when=When(text="never"), reply=Reply())]) as stub:
        response = await ask(stub, "hello")
    assert response.status_code == 400
    assert "No rule" in response.json()["error"]["message"]
    assert "hello" in response.json()["error"]["message"]


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"messages": 1}', b'{"messages": ["x"]}'])
async def test_a_request_that_is_none_is_refused(content: bytes) -> None:
    async with StubServer([Rule(reply=Reply())]) as stub, httpx.AsyncClient() as client:
        response = await client.post(f"{stub.url}/chat/completions", content=content)
    assert response.status_code == 400
    assert "cannot be read" in response.json()["error"]["message"]
    assert stub.requests == []


async def test_a_function_can_be_the_script() -> None:
    def echo(asked: Asked) -> Reply:
        return Reply(text=asked.text.upper())

    async with StubServer(echo) as stub:
        assert text_of(await ask(stub, "hello")) == "HELLO"


async def test_a_dropped_connection_says_nothing() -> None:
    async with StubServer([Rule(drop=Drop())]) as stub:
        with pytest.raises(httpx.RemoteProtocolError):
            await ask(stub, "x")


async def test_a_plain_answer_can_be_cut_too() -> None:
    async with StubServer([Rule(reply=Reply(text="long " * 100, cut_after=0))]) as stub:
        with pytest.raises(httpx.RemoteProtocolError):
            await ask(stub, "x")


@pytest.mark.timeout(20)
async def test_stopping_does_not_wait_for_slow_answers() -> None:
    async with StubServer([Rule(reply=Reply(delay_seconds=3600))]) as stub, httpx.AsyncClient() as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(f"{stub.url}/chat/completions", json=body("x"), timeout=0.2)


async def test_without_a_running_server_there_is_no_url() -> None:
    with pytest.raises(RuntimeError, match="not running"):
        _ = StubServer([Rule(reply=Reply())]).url


async def test_a_port_that_is_taken_is_told() -> None:
    async with StubServer([Rule(reply=Reply())]) as stub:
        port = int(stub.url.split(":")[2].split("/")[0])
        with pytest.raises(ConfigurationError, match=str(port)):
            await StubServer([Rule(reply=Reply())], port=port).start()


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        ({}, "exactly one"),
        ({"reply": {}, "drop": {}}, "exactly one"),
        ({"reply": {"txt": "x"}}, "reply.txt"),
        ({"when": {"text": "("}, "reply": {}}, "not a regular expression"),
        ({"error": {"status": 200}}, "status"),
    ],
)
def test_a_bad_rule_is_refused(rule: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError, match=where):
        Rule.model_validate(rule)


def test_calls_can_be_written_in_python_and_json_alike() -> None:
    assert Script.model_validate(SCRIPT).rules[1].answer == Reply(calls=(Call(tool="lookup", args={"q": "Kiel"}),))


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    script = tmp_path / "script.json"
    script.write_text(json.dumps(SCRIPT))
    command = [sys.executable, "-m", "journeyman.testing.stub_server", "--script", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


def test_as_a_process(serving: tuple[subprocess.Popen[str], str]) -> None:
    process, url = serving
    with httpx.Client(base_url=url) as client:
        refused = client.post("/chat/completions", json=body("go"))
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
        call = client.post("/chat/completions", json=body("go")).json()["choices"][0]["message"]["tool_calls"][0]
        assert call["function"] == {"name": "lookup", "arguments": '{"q": "Kiel"}'}
        assert text_of(client.post("/chat/completions", json=body("go", "42"))) == "done"
        assert [model["id"] for model in client.get("/models").json()["data"]] == ["stub"]
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        ("{", "Invalid JSON"),
        ('{"rules": []}', "rules: "),
        ('{"rules": [{"when": {"txt": 1}, "reply": {}}]}', "rules.0.when.txt: "),
        ('{"rules": [{}]}', "rules.0: a rule has exactly one of"),
    ],
)
def test_a_bad_script_is_one_clear_error(tmp_path: Path, content: str | None, told: str) -> None:
    script = tmp_path / "script.json"
    if content is not None:
        script.write_text(content)
    command = [sys.executable, "-m", "journeyman.testing.stub_server", "--script", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
