"""The adapter through the official SDK, over real sockets, against the stub server."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from journal.errors import ConfigurationError
from journal.values import Message, TokenUsage, ToolCall
from journeyman.testing import Asked, Call, Drop, HttpError, RawBody, Reply, Rule, StubServer, Usage, When
from llm import errors
from llm.router import Model
from llm.types import Completion, Prompt, Request, ToolOffer

LOOKUP = ToolOffer("files.read", "Reads a file.", {"type": "object", "properties": {"path": {"type": "string"}}})
StubOf = Callable[..., Awaitable[StubServer]]
ModelAt = Callable[..., Model]


def request(text: str = "Do it.", **more: Any) -> Request:
    return Request(prompt=Prompt([Message(role="user", content=text)]), max_output_tokens=500, tools=(LOOKUP,), **more)


async def complete(model: Model, asked: Request, *, streamed: bool) -> tuple[Completion, list[str]]:
    told: list[str] = []
    return await model.provider.complete(asked, told.append if streamed else None), told


both_ways = pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])


@both_ways
async def test_text_and_usage(stub_of: StubOf, model_at: ModelAt, streamed: bool) -> None:
    text = "Grüße aus Kiel.\u2028Zweite Zeile. " * 5
    stub = await stub_of(Rule(reply=Reply(text=text, usage=Usage(input=9, cached_input=4, output=7))))
    completion, told = await complete(model_at(stub.url), request(), streamed=streamed)
    assert (completion.content, completion.finish_reason, completion.response_id) == (text, "stop", "chatcmpl-1")
    assert completion.usage == TokenUsage(input_tokens=9, cached_input_tokens=4, output_tokens=7)
    assert "".join(told) == (text if streamed else "")
    assert len(told) > 3 or not streamed


@both_ways
async def test_several_calls_at_once_under_their_own_names(stub_of: StubOf, model_at: ModelAt, streamed: bool) -> None:
    calls = (Call(tool="files.read", args={"path": "ä" * 40}), Call(tool="files.read", args={"path": "b"}))
    stub = await stub_of(Rule(reply=Reply(text="Reading.", calls=calls)))
    completion, _ = await complete(model_at(stub.url), request(), streamed=streamed)
    assert [(call.tool, call.args) for call in completion.tool_calls] == [
        ("files.read", {"path": "ä" * 40}),
        ("files.read", {"path": "b"}),
    ]
    assert len({call.id for call in completion.tool_calls}) == 2
    assert (completion.content, completion.finish_reason) == ("Reading.", "tool_calls")
    assert stub.requests[0].tools == ("files__read",)


async def test_a_conversation_goes_on(stub_of: StubOf, model_at: ModelAt) -> None:
    stub = await stub_of(
        Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="files.read", args={"path": "a"}),))),
        Rule(when=When(text="^contents$"), reply=Reply(text="done")),
    )
    provider, prompt = model_at(stub.url).provider, Prompt([Message(role="user", content="Go.")])
    asked = Request(prompt=prompt, max_output_tokens=500, tools=(LOOKUP,))
    first = await provider.complete(asked)
    prompt.append(Message(role="assistant", content=first.content, tool_calls=first.tool_calls))
    prompt.append(Message(role="tool", content="contents", call_id=first.tool_calls[0].id))
    assert (await provider.complete(asked)).content == "done"
    earlier, later = (asked.body["messages"] for asked in stub.requests)
    assert later[: len(earlier)] == earlier
    assert later[1]["tool_calls"][0]["id"] == later[2]["tool_call_id"]


async def test_a_schema_is_enforced_where_that_forbids_no_tool_call(stub_of: StubOf, model_at: ModelAt) -> None:
    stub = await stub_of(Rule(reply=Reply(text="{}")))
    provider, schema = model_at(stub.url).provider, {"type": "object"}
    prompt = Prompt([Message(role="user", content="Go.")])
    await provider.complete(Request(prompt, 500, schema=schema))
    await provider.complete(Request(prompt, 500, (LOOKUP,), schema=schema))
    asked = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    assert [one.body.get("response_format") for one in stub.requests] == [asked, None]


async def test_what_is_sent(stub_of: StubOf, model_at: ModelAt) -> None:
    stub = await stub_of(Rule(reply=Reply(text="{}")))
    model = model_at(stub.url, max_output_tokens=300, options={"seed": 1, "top_p": 0.5})
    await model.provider.complete(request(temperature=0.2, options={"seed": 2}))
    body = dict(stub.requests[0].body)
    assert body.pop("messages") == [{"role": "user", "content": "Do it."}]
    assert body.pop("tools")[0]["function"] == {
        "name": "files__read",
        "description": LOOKUP.description,
        "parameters": LOOKUP.parameters,
    }
    assert body == {
        "model": "stub",
        "max_tokens": 300,
        "seed": 2,
        "top_p": 0.5,
        "temperature": 0.2,
    }


async def test_openai_itself_has_another_name_for_the_limit(
    stub_of: StubOf, model_at: ModelAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "sk-of-openai")
    stub = await stub_of(Rule(reply=Reply(text="x")))
    await model_at(stub.url, provider="openai", api="chat", api_key_env="A_KEY").provider.complete(request())
    assert stub.requests[0].body["max_completion_tokens"] == 500
    assert "max_tokens" not in stub.requests[0].body
    assert stub.requests[0].headers["authorization"] == "Bearer sk-of-openai"


async def test_a_compatible_server_hears_nothing_of_the_openai_account(
    stub_of: StubOf, model_at: ModelAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-mine")
    stub = await stub_of(Rule(reply=Reply(text="x")))
    await model_at(stub.url).provider.complete(request())
    assert not {"openai-organization", "openai-project"} & stub.requests[0].headers.keys()


@both_ways
async def test_the_bound_covers_the_body_sent(stub_of: StubOf, model_at: ModelAt, streamed: bool) -> None:
    stub = await stub_of(Rule(reply=Reply(text="x", report_usage=False)))
    model, asked = model_at(stub.url), request("ß" * 100)
    bound = model.provider.bound_input(asked)
    completion, _ = await complete(model, asked, streamed=streamed)
    sent = int(stub.requests[0].headers["content-length"])
    assert sent <= bound <= sent + 100
    assert completion.usage.input_tokens == sent
    assert completion.usage.output_tokens >= 1


async def test_equal_tool_sets_are_encoded_alike_and_changed_ones_anew(stub_of: StubOf, model_at: ModelAt) -> None:
    stub = await stub_of(Rule(reply=Reply(text="x")))
    provider, prompt = model_at(stub.url).provider, Prompt([Message(role="user", content="Go.")])
    for description in ("one", "one", "two"):
        offer = ToolOffer("t", description, {"type": "object"})
        await provider.complete(Request(prompt=prompt, max_output_tokens=5, tools=(offer,)))
    sent = [asked.body["tools"][0]["function"]["description"] for asked in stub.requests]
    assert sent == ["one", "one", "two"]


@both_ways
async def test_broken_arguments_are_kept(stub_of: StubOf, model_at: ModelAt, streamed: bool) -> None:
    stub = await stub_of(Rule(reply=Reply(calls=(Call(tool="files.read", raw='{"path": "a'),))))
    completion, _ = await complete(model_at(stub.url), request(), streamed=streamed)
    (call,) = completion.tool_calls
    assert (call.tool, call.args, call.malformed) == ("files.read", {}, '{"path": "a')


@both_ways
async def test_repeated_ids_become_unique(stub_of: StubOf, model_at: ModelAt, streamed: bool) -> None:
    calls = (Call(tool="files.read", id="same"), Call(tool="files.read", id="same"))
    stub = await stub_of(Rule(reply=Reply(calls=(calls[0],))), Rule(reply=Reply(calls=calls)))
    prompt = Prompt([Message(role="assistant", tool_calls=(ToolCall(id="same", tool="t"),))])
    completion, _ = await complete(
        model_at(stub.url), Request(prompt=prompt, max_output_tokens=5, tools=(LOOKUP,)), streamed=streamed
    )
    assert "same" not in {call.id for call in completion.tool_calls}


@both_ways
async def test_a_huge_answer_comes_whole(stub_of: StubOf, model_at: ModelAt, streamed: bool) -> None:
    stub = await stub_of(Rule(reply=Reply(text="0123456789", repeat=500_000)))
    completion, told = await complete(model_at(stub.url), request(), streamed=streamed)
    assert len(completion.content) == 5_000_000
    assert not streamed or "".join(told) == completion.content


@both_ways
async def test_an_answer_without_end_is_given_up(stub_of: StubOf, model_at: ModelAt, streamed: bool) -> None:
    stub = await stub_of(Rule(reply=Reply(text="0123456789abcdef", repeat=2_200_000)))
    with pytest.raises(errors.MalformedAnswer, match="larger than 32 MiB"):
        await complete(model_at(stub.url), request(), streamed=streamed)


@both_ways
@pytest.mark.parametrize(
    ("answer", "expected", "words"),
    [
        ({"error": HttpError(status=429, retry_after=7)}, errors.RateLimited, "429"),
        ({"error": HttpError(status=429, code="insufficient_quota")}, errors.QuotaExhausted, "429"),
        ({"error": HttpError(status=400, code="context_length_exceeded")}, errors.ContextTooLong, "400"),
        ({"error": HttpError(status=401)}, errors.AuthenticationFailed, "401"),
        ({"error": HttpError(status=404)}, errors.ModelNotFound, "404"),
        ({"error": HttpError(status=500)}, errors.Overloaded, "500"),
        ({"error": HttpError(status=529)}, errors.Overloaded, "529"),
        ({"error": HttpError(status=504)}, errors.TimedOut, "504"),
        ({"error": HttpError(status=307, headers={"location": "/elsewhere"})}, errors.InvalidRequest, "/elsewhere"),
        ({"drop": Drop()}, errors.StreamCut, "closed the connection"),
        ({"reply": Reply(text="x" * 500, cut_after=2)}, errors.StreamCut, "connection"),
        ({"body": RawBody(body="<html>Hello</html>")}, errors.ModelNotFound, ""),
        ({"body": RawBody(body="{", content_type="application/json")}, errors.MalformedAnswer, "not JSON"),
        ({"body": RawBody(body='{"choices": []}', content_type="application/json")}, errors.MalformedAnswer, "no choices"),
        ({"body": RawBody(body="", content_type="application/json")}, errors.MalformedAnswer, "not JSON"),
    ],
    ids=lambda value: "" if isinstance(value, str) else None,
)
async def test_faults(
    stub_of: StubOf,
    model_at: ModelAt,
    streamed: bool,
    answer: dict[str, Any],
    expected: type[errors.LlmError],
    words: str,
) -> None:
    stub = await stub_of(Rule(**answer))
    with pytest.raises(errors.LlmError) as caught:
        await complete(model_at(stub.url), request(), streamed=streamed)
    assert type(caught.value) is expected
    assert words in caught.value.message
    assert len(stub.requests) == 1


async def test_a_page_where_a_stream_should_be_is_malformed_and_says_so(stub_of: StubOf, model_at: ModelAt) -> None:
    stub = await stub_of(Rule(body=RawBody(body="<html>Welcome to nginx</html>", content_type="text/html; charset=utf-8")))
    for streamed in (False, True):
        with pytest.raises(errors.ModelNotFound, match="text/html") as caught:
            await complete(model_at(stub.url), request(), streamed=streamed)
        assert "base_url" in caught.value.hint


async def test_retry_after_reaches_the_caller(stub_of: StubOf, model_at: ModelAt) -> None:
    stub = await stub_of(Rule(error=HttpError(status=429, retry_after=7)))
    with pytest.raises(errors.RateLimited) as caught:
        await model_at(stub.url).provider.complete(request())
    assert caught.value.retry_after == 7


async def test_a_stream_that_ends_without_an_end_is_cut(stub_of: StubOf, model_at: ModelAt) -> None:
    chunk = 'data: {"choices": [{"delta": {"content": "half"}}]}\n\n'
    stub = await stub_of(Rule(body=RawBody(body=chunk, content_type="text/event-stream")))
    with pytest.raises(errors.StreamCut):
        await complete(model_at(stub.url), request(), streamed=True)


async def test_a_stream_may_say_its_end_in_either_way(stub_of: StubOf, model_at: ModelAt) -> None:
    chunk = 'data: {"choices": [{"delta": {"content": "whole"}, "finish_reason": %s}]}\n\n'
    stub = await stub_of(
        Rule(times=1, body=RawBody(body=chunk % '"stop"', content_type="text/event-stream")),
        Rule(body=RawBody(body=chunk % "null" + "data: [DONE]", content_type="text/event-stream")),
    )
    model = model_at(stub.url)
    for _ in range(2):
        assert (await complete(model, request(), streamed=True))[0].content == "whole"


async def test_a_stream_under_a_wrong_content_type_is_read(stub_of: StubOf, model_at: ModelAt) -> None:
    chunk = 'data: {"choices": [{"delta": {"content": "whole"}, "finish_reason": "stop"}]}\n\n'
    stub = await stub_of(Rule(body=RawBody(body=chunk, content_type="text/plain")))
    assert (await complete(model_at(stub.url), request(), streamed=True))[0].content == "whole"


async def test_a_server_that_cannot_stream_is_heard_all_the_same(stub_of: StubOf, model_at: ModelAt) -> None:
    body = json.dumps({"choices": [{"message": {"content": "all at once"}, "finish_reason": "stop"}]})
    stub = await stub_of(Rule(body=RawBody(body=body, content_type="application/json; charset=utf-8")))
    completion, told = await complete(model_at(stub.url), request(), streamed=True)
    assert told == [completion.content] == ["all at once"]


async def test_a_slow_answer_times_out(stub_of: StubOf, model_at: ModelAt) -> None:
    stub = await stub_of(Rule(reply=Reply(text="late", delay_seconds=60)))
    with pytest.raises(errors.TimedOut) as caught:
        await model_at(stub.url, timeout_seconds=0.2).provider.complete(request())
    assert caught.value.maybe_billed
    assert "timeout_seconds" in caught.value.hint


async def test_nobody_there_is_surely_not_billed(model_at: ModelAt) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(errors.Unreachable) as caught:
        await model_at(f"http://127.0.0.1:{port}/v1").provider.complete(request())
    assert f"127.0.0.1:{port}" in caught.value.message
    assert not caught.value.maybe_billed
    assert caught.value.retryable


@both_ways
async def test_the_key_never_shows_in_an_error(
    stub_of: StubOf, model_at: ModelAt, monkeypatch: pytest.MonkeyPatch, streamed: bool
) -> None:
    key = "sk-a-key-nobody-may-see"
    monkeypatch.setenv("A_KEY", key)
    sse = f'data: {{"error": {{"message": "bad key {key}"}}}}\n\n'
    stub = await stub_of(
        Rule(times=1, error=HttpError(status=401, message=f"Bad key {key}.")),
        Rule(times=1, body=RawBody(body=f"<p>{key}</p>")),
        Rule(times=1, body=RawBody(body=json.dumps({"error": key}), content_type="application/json")),
        Rule(body=RawBody(body=sse, content_type="text/event-stream")),
    )
    model = model_at(stub.url, api_key_env="A_KEY")
    for _ in range(4):
        with pytest.raises(errors.LlmError) as caught:
            await complete(model, request(), streamed=streamed)
        assert key not in caught.value.message + caught.value.hint + str(caught.value) + repr(caught.value)
    assert stub.requests[0].headers["authorization"] == f"Bearer {key}"


@pytest.mark.timeout(30)
async def test_two_hundred_calls_are_open_at_once(model_at: ModelAt) -> None:
    everybody_is_here = asyncio.Event()
    here = 0

    async def wait_for_everybody(asked: Asked) -> Reply:
        nonlocal here
        here += 1
        if here == 200:
            everybody_is_here.set()
        await everybody_is_here.wait()
        return Reply(text=asked.text)

    async with StubServer(wait_for_everybody) as stub:
        provider = model_at(stub.url).provider
        done = await asyncio.gather(*(provider.complete(request(f"call {n}")) for n in range(200)))
    assert [completion.content for completion in done] == [f"call {n}" for n in range(200)]


async def test_a_call_can_be_cancelled_and_its_client_used_again(model_at: ModelAt) -> None:
    arrived = asyncio.Event()

    async def hang_first(asked: Asked) -> Reply:
        if asked.number == 1:
            arrived.set()
            await asyncio.Event().wait()
        return Reply(text="second")

    async with StubServer(hang_first) as stub:
        provider = model_at(stub.url).provider
        first = asyncio.create_task(provider.complete(request()))
        await arrived.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await provider.complete(request())).content == "second"


async def test_a_listener_that_fails_ends_the_call_with_its_own_error(stub_of: StubOf, model_at: ModelAt) -> None:
    stub = await stub_of(Rule(reply=Reply(text="x" * 100)))

    def fail(_: str) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await model_at(stub.url).provider.complete(request(), fail)


async def test_check_finds_a_listed_model_and_asks_one_that_is_not(stub_of: StubOf, model_at: ModelAt) -> None:
    stub = await stub_of(
        Rule(when=When(model="unlisted"), reply=Reply(text="ready")),
        Rule(error=HttpError(status=404, message="no such model")),
    )
    assert "lists stub" in await model_at(stub.url).provider.check()
    assert stub.requests == []
    assert "unlisted" in await model_at(stub.url, model="unlisted").provider.check()
    with pytest.raises(errors.ModelNotFound, match="no such model"):
        await model_at(stub.url, model="wrong").provider.check()
    with pytest.raises(errors.ModelNotFound) as caught:
        await model_at(stub.url.removesuffix("/v1")).provider.check()
    assert "/v1" in caught.value.hint


async def test_options_of_a_request_may_not_break_its_budget(stub_of: StubOf, model_at: ModelAt) -> None:
    stub = await stub_of(Rule(reply=Reply(text="x")))
    with pytest.raises(ConfigurationError, match="max_tokens"):
        await model_at(stub.url).provider.complete(request(options={"max_tokens": 10**9}))
    assert stub.requests == []
