"""The stub's wire formats as the official SDKs' own high-level clients read them."""

from collections.abc import AsyncIterator

import anthropic
import openai
import pytest

from journeyman.testing import Call, HttpError, Reply, Rule, StubServer, Usage, When

RULES = (
    Rule(when=When(text="busy"), error=HttpError(status=529, retry_after=3)),
    Rule(when=When(text="cut"), reply=Reply(text="x" * 100, finish_reason="length")),
    Rule(
        when=When(tool_results=0),
        reply=Reply(
            text="Looking.",
            reasoning="Where is Kiel?",
            calls=(Call(tool="maps.find", args={"q": "Kiel"}), Call(tool="maps.find", args={"q": "Köln"})),
            usage=Usage(input=100, cached_input=60, cache_write=10, output=20, reasoning=5),
        ),
    ),
    Rule(reply=Reply(text="Up north.")),
)


@pytest.fixture
async def stub() -> AsyncIterator[StubServer]:
    async with StubServer(RULES) as stub:
        yield stub


@pytest.fixture
async def claude(stub: StubServer) -> AsyncIterator[anthropic.AsyncAnthropic]:
    base_url = stub.url.removesuffix("/v1")
    async with anthropic.AsyncAnthropic(api_key="x", base_url=base_url, max_retries=0) as client:
        yield client


@pytest.fixture
async def gpt(stub: StubServer) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(api_key="x", base_url=stub.url, max_retries=0) as client:
        yield client


@pytest.mark.parametrize("streamed", [False, True])
async def test_messages(claude: anthropic.AsyncAnthropic, streamed: bool) -> None:
    asked = [{"role": "user", "content": "Where?"}]
    if streamed:
        async with claude.messages.stream(model="claude", max_tokens=100, messages=asked) as stream:  # type: ignore[arg-type]
            assert "".join([text async for text in stream.text_stream]) == "Looking."
            message = await stream.get_final_message()
    else:
        message = await claude.messages.create(model="claude", max_tokens=100, messages=asked)  # type: ignore[arg-type]
    thinking, text, first, second = message.content
    assert thinking.type == "thinking"
    assert (thinking.thinking, thinking.signature) == ("Where is Kiel?", "signed:1")
    assert text.type == "text"
    assert first.type == second.type == "tool_use"
    assert (first.name, first.input, second.input) == ("maps__find", {"q": "Kiel"}, {"q": "Köln"})
    assert (message.stop_reason, message.usage.input_tokens, message.usage.output_tokens) == ("tool_use", 30, 20)
    assert (message.usage.cache_read_input_tokens, message.usage.cache_creation_input_tokens) == (60, 10)


@pytest.mark.parametrize("streamed", [False, True])
async def test_responses(gpt: openai.AsyncOpenAI, streamed: bool) -> None:
    include = ["reasoning.encrypted_content"]
    if streamed:
        async with gpt.responses.stream(model="gpt", input="Where?", include=include) as stream:  # type: ignore[arg-type]
            told = [event.delta async for event in stream if event.type == "response.output_text.delta"]
            response = await stream.get_final_response()
        assert "".join(told) == "Looking."
    else:
        response = await gpt.responses.create(model="gpt", input="Where?", include=include)  # type: ignore[arg-type,assignment]
    reasoning, _, first, second = response.output
    assert reasoning.type == "reasoning"
    assert reasoning.encrypted_content == "sealed:Where is Kiel?"
    assert first.type == second.type == "function_call"
    assert (first.name, first.arguments) == ("maps__find", '{"q": "Kiel"}')
    assert (response.output_text, response.status) == ("Looking.", "completed")
    assert response.usage is not None
    assert (response.usage.input_tokens, response.usage.input_tokens_details.cached_tokens) == (100, 60)
    assert response.usage.output_tokens_details.reasoning_tokens == 5


async def test_a_turn_without_its_results_is_refused(claude: anthropic.AsyncAnthropic, gpt: openai.AsyncOpenAI) -> None:
    message = await claude.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "Where?"}])
    talk = [{"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in message.content]}]
    with pytest.raises(anthropic.BadRequestError, match="tool_result"):
        await claude.messages.create(model="m", max_tokens=9, messages=[*talk, {"role": "user", "content": "?"}])  # type: ignore[list-item]
    call = {"type": "function_call", "call_id": "c", "name": "n", "arguments": "{}"}
    with pytest.raises(openai.BadRequestError, match="function_call_output"):
        await gpt.responses.create(model="m", input=[call])  # type: ignore[list-item]


async def test_errors_and_cut_answers(claude: anthropic.AsyncAnthropic, gpt: openai.AsyncOpenAI) -> None:
    with pytest.raises(anthropic.OverloadedError) as overloaded:
        await claude.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "busy"}])
    assert (overloaded.value.type, overloaded.value.response.headers["retry-after"]) == ("overloaded_error", "3")
    with pytest.raises(openai.InternalServerError):
        await gpt.responses.create(model="m", input="busy")
    cut = await claude.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "cut"}])
    assert cut.stop_reason == "max_tokens"
    response = await gpt.responses.create(model="m", input="cut")
    assert response.incomplete_details is not None
    assert (response.status, response.incomplete_details.reason) == ("incomplete", "max_output_tokens")


async def test_both_list_the_models(claude: anthropic.AsyncAnthropic, gpt: openai.AsyncOpenAI) -> None:
    assert [model.id async for model in claude.models.list()] == ["stub"]
    assert [model.id async for model in gpt.models.list()] == ["stub"]
