"""Anthropic's format: turns, breakpoints, and the blocks it wants back."""

import json
from typing import Any

import pytest

from journal.values import ImagePart, Message, Opaque, TokenUsage, ToolCall
from llm.errors import MalformedAnswer
from llm.providers.anthropic_messages import MessagesFormat
from llm.providers.wire import EncodedTools
from llm.settings import ModelSettings
from llm.types import Completion, Prompt, Request, ToolOffer

CACHE = {"cache_control": {"type": "ephemeral"}}
OFFER = ToolOffer("files.read", "Reads.", {"type": "object"})
PNG = ImagePart(media_type="image/png", data="iVBORw0KGgo=")
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "signed"}


def wire(**settings: Any) -> MessagesFormat:
    return MessagesFormat(ModelSettings(provider="anthropic", model="claude", **settings))


def body(prompt: Prompt, spoken: MessagesFormat | None = None, **fields: Any) -> dict[str, Any]:
    spoken = spoken or wire()
    request = Request(prompt, 100, **fields)
    tools = EncodedTools.of(request.tools, spoken.encode_offer)
    head, tail = spoken.frame(request, tools, stream=False)
    sent = head + spoken.messages(prompt) + tail
    assert len(spoken.messages(prompt)) <= spoken.messages_size(prompt)
    decoded: dict[str, Any] = json.loads(sent)
    return decoded


def without_marks(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_marks(part) for key, part in value.items() if key != "cache_control"}
    return [without_marks(part) for part in value] if isinstance(value, list) else value


def user(text: str, **more: Any) -> Message:
    return Message(role="user", content=text, **more)


def answered(*calls: str, text: str = "", **more: Any) -> Message:
    return Message(role="assistant", content=text, tool_calls=tuple(ToolCall(id=c, tool="files.read") for c in calls), **more)


def result(call_id: str, text: str, **more: Any) -> Message:
    return Message(role="tool", call_id=call_id, content=text, **more)


def test_the_system_prompt_stands_apart_and_carries_the_first_breakpoint() -> None:
    sent = body(Prompt([Message(role="system", content="Be brief."), user("Go.")]), tools=(OFFER,))
    assert sent["system"] == [{"type": "text", "text": "Be brief.", **CACHE}]
    assert sent["tools"] == [{"name": "files__read", "description": "Reads.", "input_schema": {"type": "object"}}]
    assert sent["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Go.", **CACHE}]}]
    assert sent["max_tokens"] == 100


def test_without_a_system_prompt_the_last_tool_carries_it() -> None:
    tools = body(Prompt([user("Go.")]), tools=(ToolOffer("a", "", {}), OFFER))["tools"]
    assert ["cache_control" in tool for tool in tools] == [False, True]


def test_results_of_calls_made_at_once_are_one_turn() -> None:
    prompt = Prompt(
        [user("Go."), answered("c1", "c2"), result("c1", "one"), result("c2", "gone", is_error=True), user("And?")]
    )
    turns = without_marks(body(prompt)["messages"])
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert turns[1]["content"] == [
        {"type": "tool_use", "id": "c1", "name": "files__read", "input": {}},
        {"type": "tool_use", "id": "c2", "name": "files__read", "input": {}},
    ]
    assert turns[2]["content"] == [
        {"type": "tool_result", "tool_use_id": "c1", "content": "one"},
        {"type": "tool_result", "tool_use_id": "c2", "content": "gone", "is_error": True},
        {"type": "text", "text": "And?"},
    ]


def test_the_bytes_before_a_breakpoint_stay_the_same_and_two_requests_share_one() -> None:
    prompt, spoken = Prompt([user("Go."), answered("c1"), result("c1", "one")]), wire()
    first = spoken.messages(prompt)
    prompt.append(answered("c2"))
    prompt.append(result("c2", "two"))
    second = spoken.messages(prompt)
    mark = b',"cache_control":{"type":"ephemeral"}'
    shared = first[: first.rindex(mark)].replace(mark, b"")
    assert second.replace(mark, b"").startswith(shared)
    assert len(shared) > 100
    assert second.count(mark) == first.count(mark) == 2
    assert second[: second.index(mark)].replace(mark, b"") == shared


def test_white_space_that_the_api_refuses_is_left_out() -> None:
    prompt = Prompt([user(" "), answered(text="\n"), user("x"), answered("c1", text=" "), result("c1", "")])
    turns = without_marks(body(prompt)["messages"])
    assert turns[0]["content"] == [{"type": "text", "text": "(empty)"}, {"type": "text", "text": "x"}]
    assert [block["type"] for block in turns[1]["content"]] == ["tool_use"]
    assert turns[2]["content"] == [{"type": "tool_result", "tool_use_id": "c1"}]


def test_ids_that_the_api_refuses_are_changed_alike_on_both_sides() -> None:
    turns = body(Prompt([user("x"), answered("functions.read:0"), result("functions.read:0", "r")]))["messages"]
    (call,), (answer,) = turns[1]["content"], turns[2]["content"]
    assert call["id"] == answer["tool_use_id"]
    assert ":" not in call["id"]


def test_images_go_along_with_questions_and_results() -> None:
    turns = without_marks(body(Prompt([user("What?", images=(PNG,)), answered("c"), result("c", "see", images=(PNG,))])))
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG.data}}
    assert turns["messages"][0]["content"] == [image, {"type": "text", "text": "What?"}]
    assert turns["messages"][2]["content"][0]["content"] == [{"type": "text", "text": "see"}, image]


def decode(*content: dict[str, Any], stop: str = "end_turn", **usage: int) -> Completion:
    answer = {"id": "m", "content": list(content), "stop_reason": stop, "usage": usage}
    return wire().decode(answer, Request(Prompt(), 100), {"files__read": "files.read"}, 1000)


def test_thinking_comes_back_in_its_place_to_the_same_model_alone() -> None:
    said, call = {"type": "text", "text": "Grüße"}, {"type": "tool_use", "id": "c", "name": "files__read", "input": {"p": 1}}
    redacted = {"type": "redacted_thinking", "data": "sealed"}
    got = decode(THOUGHT, said, redacted, call, stop="tool_use")
    assert got.opaque == Opaque(format="anthropic.messages", model="claude", parts=(THOUGHT, 5, redacted, -1))
    message = Message(role="assistant", content=got.content, tool_calls=got.tool_calls, opaque=got.opaque)
    prompt = Prompt([user("x"), message])
    assert body(prompt)["messages"][1]["content"] == [THOUGHT, said, redacted, call]
    other = MessagesFormat(ModelSettings(provider="anthropic", model="other"))
    assert body(prompt, other)["messages"][1]["content"] == [said, call]


def test_an_answer_of_text_and_calls_keeps_nothing_besides() -> None:
    assert decode({"type": "text", "text": "x"}).opaque is None


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refused"),
        ("pause_turn", "paused"),
        ("something_new", "stop"),
    ],
)
def test_why_it_stopped(stop: str, expected: str) -> None:
    assert decode({"type": "text", "text": "x"}, stop=stop).finish_reason == expected


def test_usage_counts_what_was_read_from_the_cache_and_written_to_it() -> None:
    got = decode(input_tokens=10, cache_read_input_tokens=100, cache_creation_input_tokens=20, output_tokens=5)
    assert got.usage == TokenUsage(input_tokens=130, cached_input_tokens=100, cache_write_tokens=20, output_tokens=5)


def test_usage_that_is_left_out_is_bounded_from_above() -> None:
    got = decode({"type": "text", "text": "x" * 40})
    assert (got.usage.input_tokens, got.usage.output_tokens > 40) == (1000, True)


def test_arguments_that_are_no_object_are_kept() -> None:
    got = decode({"type": "tool_use", "id": "c", "name": "files__read", "input": '{"p": '}, stop="tool_use")
    assert got.tool_calls[0].malformed == '{"p": '


@pytest.mark.parametrize("answer", [[], {}, {"content": "x"}, {"content": [{"type": "tool_use"}]}])
def test_what_is_no_answer_is_malformed(answer: Any) -> None:
    with pytest.raises(MalformedAnswer):
        wire().decode(answer, Request(Prompt(), 100), {}, 1000)


def test_effort_and_schema_are_sent_as_the_api_has_them() -> None:
    sent = body(Prompt([user("x")]), wire(effort="low"), schema={"type": "object"})
    assert sent["output_config"] == {"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}}
    assert body(Prompt([user("x")]), wire(effort="low"), effort="max")["output_config"] == {"effort": "max"}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", None),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        ("files.read", {"type": "tool", "name": "files__read"}),
    ],
)
def test_the_choice_of_a_tool(choice: str, expected: Any) -> None:
    assert body(Prompt([user("x")]), tools=(OFFER,), tool_choice=choice).get("tool_choice") == expected


def test_a_model_that_thinks_is_held_to_a_schema_without_a_forced_tool() -> None:
    assert wire().structured[0] == "tool"
    assert wire(options={"thinking": {"type": "enabled", "budget_tokens": 2000}}).structured[0] == "json_schema"


def test_calls_of_a_model_that_did_not_think_are_answered_without_thinking() -> None:
    """The API refuses thinking on top of calls that began without it."""
    thinking = {"type": "enabled", "budget_tokens": 2000}
    prompt, spoken = Prompt([user("Go."), answered("c1"), result("c1", "one")]), wire(options={"thinking": thinking})
    assert body(prompt, spoken)["thinking"] == {"type": "disabled"}
    prompt.append(user("And now?"))
    assert body(prompt, spoken)["thinking"] == thinking
    kept = Opaque(format="anthropic.messages", model="claude", parts=(THOUGHT, -1))
    prompt.append(answered("c2", opaque=kept))
    prompt.append(result("c2", "two"))
    assert body(prompt, spoken)["thinking"] == thinking
