"""One script through every API that is spoken, plain and streamed: what a caller sees is the same."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from journal.values import ImagePart, Message, TokenUsage
from journeyman.testing import Call, Drop, HttpError, RawBody, Reply, Rule, StubServer, Usage, When
from llm import errors
from llm.router import Model, Models
from llm.settings import ModelSettings
from llm.types import Completion, Prompt, Request, ToolOffer

LOOKUP = ToolOffer("files.read", "Reads a file.", {"type": "object", "properties": {"path": {"type": "string"}}})
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
Asker = Callable[..., Model]
StubOf = Callable[..., Awaitable[StubServer]]


def at_root(url: str) -> str:
    return url.removesuffix("/v1")


APIS: dict[str, Callable[[str], dict[str, Any]]] = {
    "openai_compatible": lambda url: {"provider": "openai_compatible", "base_url": url},
    "openai": lambda url: {"provider": "openai", "base_url": url},
    "anthropic": lambda url: {"provider": "anthropic", "base_url": url},
    "azure": lambda url: {"provider": "azure", "base_url": at_root(url), "api_version": "2026-01-01"},
    "azure_chat": lambda url: {"provider": "azure", "base_url": at_root(url), "api_version": "2026-01-01", "api": "chat"},
    "bedrock": lambda url: {"provider": "bedrock", "base_url": at_root(url), "region": "eu-central-1"},
    "vertex": lambda url: {"provider": "vertex", "base_url": url, "region": "europe-west1", "project": "p1"},
}
every_api = pytest.mark.parametrize("api", list(APIS))
both_ways = pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])


@pytest.fixture
async def model_of(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Asker]:
    """Makes a model for an API of ``APIS`` at a stub's address."""
    monkeypatch.setenv("A_KEY", "key-nobody-may-see")
    async with AsyncExitStack() as stack:

        def make(api: str, stub: StubServer, **more: Any) -> Model:
            fields = {
                "model": "stub",
                "price": {"input": 1, "output": 1},
                "api_key_env": "A_KEY",
                **APIS[api](stub.url),
                **more,
            }
            models = Models({"stub": ModelSettings.model_validate(fields)}, {})
            stack.push_async_callback(models.aclose)
            return models.get("stub")

        yield make


def request(text: str = "Do it.", **more: Any) -> Request:
    return Request(Prompt([Message(role="user", content=text)]), 500, **{"tools": (LOOKUP,), **more})


async def complete(model: Model, asked: Request, *, streamed: bool) -> tuple[Completion, str]:
    told: list[str] = []
    completion = await model.provider.complete(asked, told.append if streamed else None)
    return completion, "".join(told)


@every_api
@both_ways
async def test_a_conversation(stub_of: StubOf, model_of: Asker, api: str, streamed: bool) -> None:
    calls = (Call(tool="files.read", args={"path": "ä" * 40}), Call(tool="files.read", args={}))
    usage = Usage(input=100, cached_input=60, cache_write=10, output=20, reasoning=5)
    stub = await stub_of(
        Rule(when=When(tool_results=0), reply=Reply(text="Reading.\u2028Two.", reasoning="Hm.", calls=calls, usage=usage)),
        Rule(when=When(tool_results=2, text="^gone$"), reply=Reply(text="Grüße aus Kiel. " * 5)),
    )
    model, prompt = (
        model_of(api, stub),
        Prompt([Message(role="system", content="Be brief."), Message(role="user", content="Go.")]),
    )
    asked = Request(prompt, 500, tools=(LOOKUP,))
    first, told = await complete(model, asked, streamed=streamed)
    assert (first.content, told) == ("Reading.\u2028Two.", "Reading.\u2028Two." if streamed else "")
    assert [(call.tool, call.args) for call in first.tool_calls] == [("files.read", {"path": "ä" * 40}), ("files.read", {})]
    assert first.finish_reason == "tool_calls"
    assert first.usage == TokenUsage(
        input_tokens=100, cached_input_tokens=60, cache_write_tokens=10, output_tokens=20, reasoning_tokens=5
    )
    prompt.append(Message(role="assistant", content=first.content, tool_calls=first.tool_calls, opaque=first.opaque))
    prompt.append(Message(role="tool", content="here", call_id=first.tool_calls[0].id))
    prompt.append(Message(role="tool", content="gone", call_id=first.tool_calls[1].id, is_error=True))
    last, _ = await complete(model, asked, streamed=streamed)
    assert (last.content, last.finish_reason) == ("Grüße aus Kiel. " * 5, "stop")
    sent = json.dumps(stub.requests[1].body)
    assert ("signed:1" in sent) == (api in ("anthropic", "bedrock", "vertex"))
    assert ("sealed:Hm." in sent) == (api in ("openai", "azure"))


@every_api
@both_ways
async def test_the_bound_covers_what_is_sent(stub_of: StubOf, model_of: Asker, api: str, streamed: bool) -> None:
    stub = await stub_of(Rule(reply=Reply(text="x", report_usage=False)))
    model, asked = model_of(api, stub), request("ß" * 100)
    bound = model.provider.bound_input(asked)
    completion, _ = await complete(model, asked, streamed=streamed)
    assert len(json.dumps(stub.requests[0].body["input" if api in ("openai", "azure") else "messages"])) <= bound * 3
    assert bound >= completion.usage.input_tokens >= 200
    assert completion.usage.output_tokens >= 1


FAULTS: dict[str, tuple[Rule, type[errors.LlmError]]] = {
    "429": (Rule(error=HttpError(status=429, retry_after=7)), errors.RateLimited),
    "500": (Rule(error=HttpError(status=500)), errors.Overloaded),
    "529": (Rule(error=HttpError(status=529)), errors.Overloaded),
    "401": (Rule(error=HttpError(status=401)), errors.AuthenticationFailed),
    "413": (Rule(error=HttpError(status=413)), errors.ContextTooLong),
    "html": (Rule(body=RawBody(body="<html>hello")), errors.ModelNotFound),
    "dropped": (Rule(drop=Drop()), errors.StreamCut),
    "cut in text": (Rule(reply=Reply(text="word " * 100, cut_after=8)), errors.StreamCut),
    "cut in a call": (Rule(reply=Reply(calls=(Call(tool="t", args={"x": "y" * 500}),), cut_after=7)), errors.StreamCut),
}


@every_api
@both_ways
@pytest.mark.parametrize("fault", list(FAULTS))
async def test_faults_mean_the_same_everywhere(stub_of: StubOf, model_of: Asker, api: str, streamed: bool, fault: str) -> None:
    rule, expected = FAULTS[fault]
    stub = await stub_of(rule)
    with pytest.raises(errors.LlmError) as caught:
        await complete(model_of(api, stub), request(), streamed=streamed)
    assert type(caught.value) is expected
    assert caught.value.retry_after == (7 if fault == "429" else None)
    assert "key-nobody-may-see" not in str(caught.value)


@every_api
@both_ways
async def test_malformed_arguments_are_kept(stub_of: StubOf, model_of: Asker, api: str, streamed: bool) -> None:
    stub = await stub_of(Rule(reply=Reply(calls=(Call(tool="files.read", raw='{"path": "a'),))))
    completion, _ = await complete(model_of(api, stub), request(), streamed=streamed)
    assert (completion.tool_calls[0].args, completion.tool_calls[0].malformed) == ({}, '{"path": "a')


@every_api
@both_ways
async def test_a_huge_answer_comes_whole(stub_of: StubOf, model_of: Asker, api: str, streamed: bool) -> None:
    stub = await stub_of(Rule(reply=Reply(text="0123456789", repeat=200_000)))
    completion, told = await complete(model_of(api, stub), request(), streamed=streamed)
    assert completion.content == "0123456789" * 200_000
    assert told == (completion.content if streamed else "")


@every_api
@pytest.mark.parametrize(("said", "expected"), [("length", "length"), ("content_filter", "refused")])
async def test_why_it_stopped(stub_of: StubOf, model_of: Asker, api: str, said: str, expected: str) -> None:
    stub = await stub_of(Rule(reply=Reply(text="x", finish_reason=said)))
    assert (await complete(model_of(api, stub), request(), streamed=True))[0].finish_reason == expected


@every_api
async def test_images_are_sent_and_bounded(stub_of: StubOf, model_of: Asker, api: str) -> None:
    stub = await stub_of(Rule(reply=Reply(text="A ship.")))
    image = ImagePart(media_type="image/png", data="A" * 400_000)
    asked = Request(Prompt([Message(role="user", content="What is it?", images=(image,))]), 500)
    model = model_of(api, stub)
    assert 50_000 < model.provider.bound_input(asked) < 60_000
    assert (await complete(model, asked, streamed=False))[0].content == "A ship."
    assert image.data in json.dumps(stub.requests[0].body)
    blind = model_of(api, stub, vision=False)
    with pytest.raises(errors.InvalidRequest, match="sees none") as caught:
        await complete(blind, asked, streamed=False)
    assert not caught.value.retryable
    assert len(stub.requests) == 1


@pytest.mark.parametrize("structured", ["json_schema", "tool"])
@pytest.mark.parametrize("api", ["openai_compatible", "openai", "anthropic"])
async def test_an_answer_that_holds_a_schema(stub_of: StubOf, model_of: Asker, api: str, structured: str) -> None:
    stub = await stub_of(
        Rule(when=When(text="json_schema"), reply=Reply(text='{"n":7}')),
        Rule(reply=Reply(calls=(Call(tool="submit_answer", args={"n": 7}),))),
    )
    completion, _ = await complete(
        model_of(api, stub, structured=structured), request(structured, schema=SCHEMA, tools=()), streamed=True
    )
    assert (completion.content, completion.tool_calls, completion.finish_reason) == ('{"n":7}', (), "stop")
    body = json.dumps(stub.requests[0].body)
    assert json.dumps(SCHEMA["properties"]) in body
    assert ("submit_answer" in body) == (structured == "tool")


async def test_a_value_that_is_no_object_is_wrapped_for_the_tool_and_unwrapped(stub_of: StubOf, model_of: Asker) -> None:
    stub = await stub_of(Rule(reply=Reply(calls=(Call(tool="submit_answer", args={"value": [1, 2]}),))))
    schema = {"type": "array", "items": {"$ref": "#/$defs/n"}, "$defs": {"n": {"type": "integer"}}}
    completion, _ = await complete(model_of("anthropic", stub), request(schema=schema, tools=()), streamed=False)
    assert completion.content == "[1,2]"
    assert stub.requests[0].body["tools"][0]["input_schema"]["$defs"] == schema["$defs"]
    assert stub.requests[0].body["tool_choice"] == {"type": "tool", "name": "submit_answer"}


async def test_tools_may_still_be_called_before_the_answer(stub_of: StubOf, model_of: Asker) -> None:
    stub = await stub_of(Rule(reply=Reply(calls=(Call(tool="files.read", args={"path": "a"}),))))
    completion, _ = await complete(model_of("anthropic", stub), request(schema=SCHEMA), streamed=False)
    assert completion.tool_calls[0].tool == "files.read"
    assert stub.requests[0].body["tool_choice"] == {"type": "any"}
    assert stub.requests[0].tools == ("files__read", "submit_answer")


@pytest.mark.parametrize(
    ("structured", "expected"),
    [
        ("guided_json", {"guided_json": SCHEMA}),
        ("grammar", {"json_schema": SCHEMA}),
        ("json_object", {"response_format": {"type": "json_object"}}),
    ],
)
async def test_compatible_servers_have_their_own_ways(
    stub_of: StubOf, model_of: Asker, structured: str, expected: dict[str, Any]
) -> None:
    stub = await stub_of(Rule(reply=Reply(text="{}")))
    model = model_of("openai_compatible", stub, structured=structured)
    await complete(model, request(schema=SCHEMA, effort="low"), streamed=False)
    body = stub.requests[0].body
    assert expected.items() <= body.items()
    assert body["reasoning_effort"] == "low"
    assert ("JSON Schema" in body["messages"][-1]["content"]) == (structured == "json_object")


@every_api
async def test_a_tool_that_is_not_offered_cannot_be_forced(stub_of: StubOf, model_of: Asker, api: str) -> None:
    stub = await stub_of(Rule(reply=Reply(text="x")))
    with pytest.raises(errors.InvalidRequest, match="not offered"):
        await complete(model_of(api, stub), request(tool_choice="bank.send"), streamed=False)


async def test_each_cloud_is_asked_where_it_has_the_model(stub_of: StubOf, model_of: Asker) -> None:
    stub = await stub_of(Rule(reply=Reply(text="x")))
    for api in ("azure", "azure_chat", "bedrock", "vertex"):
        await complete(model_of(api, stub, model="anthropic.claude-v1"), request(), streamed=False)
    assert [asked.model for asked in stub.requests] == ["anthropic.claude-v1"] * 4
    key = "key-nobody-may-see"
    assert [asked.headers.get("api-key", asked.headers.get("authorization")) for asked in stub.requests] == [
        key,
        key,
        f"Bearer {key}",
        f"Bearer {key}",
    ]
    assert all(asked.body["anthropic_version"] for asked in stub.requests[2:])


async def test_bedrock_signs_with_the_credentials_of_aws(
    stub_of: StubOf, model_of: Asker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.delenv("AWS_BEARER_TOKEN_BEDROCK", raising=False)
    stub = await stub_of(Rule(reply=Reply(text="x")))
    await complete(model_of("bedrock", stub, api_key_env=None), request(), streamed=False)
    authorization = stub.requests[0].headers["authorization"]
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-central-1/bedrock/aws4_request" in authorization


@every_api
async def test_check_finds_the_model(stub_of: StubOf, model_of: Asker, api: str) -> None:
    stub = await stub_of(Rule(reply=Reply(text="ready")))
    found = await model_of(api, stub).provider.check()
    listed = api in ("openai_compatible", "openai", "anthropic")
    assert ("lists stub" in found) == listed
    assert bool(stub.requests) == (not listed)


async def test_a_stream_under_way_can_be_cancelled_everywhere(stub_of: StubOf, model_of: Asker) -> None:
    stub = await stub_of(Rule(times=1, reply=Reply(text="x", delay_seconds=60)), Rule(reply=Reply(text="second")))
    model = model_of("anthropic", stub)
    first = asyncio.create_task(complete(model, request(), streamed=True))
    while not stub.requests:
        await asyncio.sleep(0.005)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await complete(model, request(), streamed=True))[0].content == "second"
