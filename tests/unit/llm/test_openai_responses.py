"""The Responses format: items, and the encrypted reasoning that goes back with them."""

import json
from typing import Any

import pytest

from journal.values import ImagePart, Message, Opaque, TokenUsage, ToolCall
from llm import errors
from llm.providers.openai_responses import ResponsesAssembly, ResponsesFormat
from llm.providers.wire import EncodedTools
from llm.settings import ModelSettings
from llm.types import Completion, Prompt, Request, ToolOffer

OFFER = ToolOffer("files.read", "Reads.", {"type": "object"})
PNG = ImagePart(media_type="image/png", data="iVBORw0KGgo=")
REASONED = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "sealed"}
SAID = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Grüße"}]}
CALLED = {
    "type": "function_call",
    "call_id": "c1",
    "name": "files__read",
    "arguments": '{"p":1}',
    "id": "fc",
    "status": "completed",
}


def wire(model: str = "gpt-5", **settings: Any) -> ResponsesFormat:
    return ResponsesFormat(ModelSettings(provider="openai", model=model, **settings))


def body(prompt: Prompt, spoken: ResponsesFormat | None = None, **fields: Any) -> dict[str, Any]:
    spoken = spoken or wire()
    request = Request(prompt, 100, **fields)
    head, tail = spoken.frame(request, EncodedTools.of(request.tools, spoken.encode_offer), stream=False)
    assert len(spoken.messages(prompt)) == spoken.messages_size(prompt)
    decoded: dict[str, Any] = json.loads(head + spoken.messages(prompt) + tail)
    return decoded


def decode(*items: Any, **more: Any) -> Completion:
    answer = {"id": "resp", "status": "completed", "output": list(items), **more}
    return wire().decode(answer, Request(Prompt(), 100), {"files__read": "files.read"}, 1000)


def user(text: str, **more: Any) -> Message:
    return Message(role="user", content=text, **more)


def test_a_conversation_as_items() -> None:
    prompt = Prompt(
        [
            Message(role="system", content="Be brief."),
            user("What?", images=(PNG,)),
            Message(role="assistant", content="Looking.", tool_calls=(ToolCall(id="c1", tool="files.read", args={"p": 1}),)),
            Message(role="tool", call_id="c1", content="it"),
            Message(role="assistant"),
        ]
    )
    sent = body(prompt, tools=(OFFER,))
    assert sent["input"] == [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "What?"},
                {"type": "input_image", "image_url": f"data:image/png;base64,{PNG.data}"},
            ],
        },
        {"role": "assistant", "content": "Looking."},
        {"type": "function_call", "call_id": "c1", "name": "files__read", "arguments": '{"p":1}'},
        {"type": "function_call_output", "call_id": "c1", "output": "it"},
        {"role": "assistant", "content": ""},
    ]
    assert (sent["store"], sent["include"], sent["max_output_tokens"]) == (False, ["reasoning.encrypted_content"], 100)
    assert sent["tools"][0] | {"parameters": {}} == {
        "type": "function",
        "name": "files__read",
        "description": "Reads.",
        "parameters": {},
        "strict": False,
    }


def test_reasoning_goes_back_in_its_place_to_the_same_model_alone() -> None:
    got = decode(REASONED, SAID, {**REASONED, "id": "rs_2", "status": None}, CALLED)
    assert got.opaque == Opaque(format="openai.responses", model="gpt-5", parts=(REASONED, 5, {**REASONED, "id": "rs_2"}, -1))
    message = Message(role="assistant", content=got.content, tool_calls=got.tool_calls, opaque=got.opaque)
    kinds = [item.get("type", item.get("role")) for item in body(Prompt([message]))["input"]]
    assert kinds == ["reasoning", "assistant", "reasoning", "function_call"]
    assert [item.get("type") for item in body(Prompt([message]), wire("o9"))["input"]] == [None, "function_call"]


def test_a_model_that_does_not_reason_is_not_asked_for_it() -> None:
    assert "include" not in body(Prompt([user("x")]), wire("gpt-4o"))
    assert body(Prompt([user("x")]), wire(options={"include": []}))["include"] == []


def test_effort_choice_and_schema() -> None:
    closed = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
    sent = body(Prompt([user("x")]), effort="high", schema=closed, tools=(OFFER,), tool_choice="files.read")
    assert sent["reasoning"] == {"effort": "high"}
    assert sent["tool_choice"] == {"type": "function", "name": "files__read"}
    assert sent["text"]["format"] == {"type": "json_schema", "name": "answer", "schema": closed, "strict": True}
    loose = body(Prompt([user("x")]), schema={"type": "object"})
    assert loose["text"]["format"]["strict"] is False
    told = body(Prompt([user("x")]), wire(structured="json_object"), schema=closed)
    assert told["text"]["format"] == {"type": "json_object"}
    assert '"additionalProperties": false' in told["input"][-1]["content"]


def test_usage_with_its_parts() -> None:
    usage = {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
        "output_tokens": 40,
        "output_tokens_details": {"reasoning_tokens": 30},
    }
    assert decode(SAID, usage=usage).usage == TokenUsage(
        input_tokens=100, cached_input_tokens=60, cache_write_tokens=10, output_tokens=40, reasoning_tokens=30
    )
    assert decode(SAID).usage.input_tokens == 1000


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "stop"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "refused"),
    ],
)
def test_why_it_stopped(more: dict[str, Any], expected: str) -> None:
    assert decode(SAID, **more).finish_reason == expected


def test_a_refusal_and_calls() -> None:
    refusal = {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}
    assert (decode(refusal).finish_reason, decode(refusal).content) == ("refused", "No.")
    called = decode(CALLED)
    assert (called.finish_reason, called.tool_calls) == ("tool_calls", (ToolCall(id="c1", tool="files.read", args={"p": 1}),))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": "server_error", "message": "x"}, errors.StreamCut),
        ({"code": "rate_limit_exceeded", "message": "x"}, errors.RateLimited),
        ({"code": "bio_policy", "message": "x"}, errors.ContentRefused),
        ("broken", errors.StreamCut),
    ],
)
def test_an_error_inside_an_answer(error: Any, expected: type[errors.LlmError]) -> None:
    with pytest.raises(expected):
        decode(status="failed", error=error)


@pytest.mark.parametrize("answer", [[], {}, {"output": "x"}, {"output": [{"type": "function_call"}]}])
def test_what_is_no_answer_is_malformed(answer: Any) -> None:
    with pytest.raises(errors.MalformedAnswer):
        wire().decode(answer, Request(Prompt(), 100), {}, 1000)


def test_a_last_event_without_output_is_filled_from_the_items() -> None:
    assembly = ResponsesAssembly(print)
    assembly.add(json.dumps({"type": "response.output_item.done", "item": SAID}).encode())
    assembly.add(json.dumps({"type": "response.completed", "response": {"id": "r", "output": []}}).encode())
    assert assembly.answer()["output"] == [SAID]


def test_a_stream_without_its_last_event_is_cut() -> None:
    assembly = ResponsesAssembly(print)
    assembly.add(json.dumps({"type": "response.output_text.delta", "delta": "x"}).encode())
    with pytest.raises(errors.StreamCut):
        assembly.answer()
    with pytest.raises(errors.MalformedAnswer):
        ResponsesAssembly(print).answer()
