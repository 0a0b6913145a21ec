import json
from typing import Any

import pytest

from journal.values import Message, TokenUsage, ToolCall
from llm.errors import InvalidRequest, MalformedAnswer, StreamCut
from llm.providers.openai_chat import ChatFormat, answer_text, decode_answer, encode_message
from llm.providers.wire import EncodedTools, wire_name
from llm.types import Completion, Prompt, Request, ToolOffer

USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}}


def decode(message: Any, *, finish: Any = "stop", usage: Any = USAGE, prompt: Prompt | None = None) -> Completion:
    body = {"id": "r1", "choices": [{"message": message, "finish_reason": finish}], "usage": usage}
    request = Request(prompt=prompt or Prompt(), max_output_tokens=100)
    return decode_answer(body, request, {"files__read": "files.read"}, bound_input=1000)


def call(arguments: Any = "{}", name: str = "files__read", call_id: Any = "c1") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def test_messages_in_wire_form() -> None:
    assert json.loads(encode_message(Message(role="system", content="s"))) == {"role": "system", "content": "s"}
    assert json.loads(encode_message(Message(role="tool", content="r", call_id="c1"))) == {
        "role": "tool",
        "tool_call_id": "c1",
        "content": "r",
    }
    asked = Message(role="assistant", tool_calls=(ToolCall(id="c1", tool="files.read", args={"path": "ä"}),))
    assert json.loads(encode_message(asked)) == {
        "role": "assistant",
        "content": None,
        "tool_calls": [call('{"path":"ä"}')],
    }


def test_a_malformed_call_goes_back_as_an_empty_one() -> None:
    asked = Message(role="assistant", content="x", tool_calls=(ToolCall(id="c", tool="t", malformed="{oops"),))
    assert json.loads(encode_message(asked))["tool_calls"][0]["function"]["arguments"] == "{}"


def test_a_lone_surrogate_does_not_stop_a_request() -> None:
    assert json.loads(encode_message(Message(role="user", content="a\ud800b")))["content"] == "a?b"


@pytest.mark.parametrize("name", ["files.read", "mcp server/x:y", "a" * 65, "ü" * 100])
def test_wire_names_are_allowed_and_stable(name: str) -> None:
    assert set(wire_name(name)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
    assert len(wire_name(name)) <= 64
    assert wire_name(name) == wire_name(name)


def test_long_names_with_one_beginning_stay_apart() -> None:
    assert wire_name("x" * 80 + "a") != wire_name("x" * 80 + "b")


def test_tools_that_collide_on_the_wire_are_named() -> None:
    offers = [ToolOffer("a.b", "", {}), ToolOffer("a__b", "", {})]
    with pytest.raises(InvalidRequest, match=r"`a\.b` and `a__b`"):
        EncodedTools.of(offers, ChatFormat.encode_offer)


def test_a_whole_answer() -> None:
    completion = decode({"role": "assistant", "content": "hello"})
    assert (completion.content, completion.finish_reason, completion.response_id) == ("hello", "stop", "r1")
    assert completion.usage == TokenUsage(input_tokens=10, cached_input_tokens=4, output_tokens=5)


def test_calls_come_back_under_our_names() -> None:
    completion = decode({"content": None, "tool_calls": [call('{"path": "a"}'), call("", "other", "c2")]}, finish="tool_calls")
    assert completion.tool_calls == (
        ToolCall(id="c1", tool="files.read", args={"path": "a"}),
        ToolCall(id="c2", tool="other", args={}),
    )
    assert completion.content == ""


@pytest.mark.parametrize(
    "raw",
    [
        "{not json",
        "[1]",
        '"text"',
        "1",
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": "\\ud800"}',
        '{"a": ' + "9" * 5000 + "}",
        "[" * 100_000,
    ],
)
def test_arguments_that_are_no_json_object_are_kept_as_they_came(raw: str) -> None:
    (found,) = decode({"tool_calls": [call(raw)]}).tool_calls
    assert found.args == {}
    assert found.malformed == raw


@pytest.mark.parametrize("raw", [None, "", "  ", "{}"])
def test_a_call_without_arguments_has_none(raw: Any) -> None:
    (found,) = decode({"tool_calls": [call(raw)]}).tool_calls
    assert (found.args, found.malformed) == ({}, None)


def test_arguments_sent_as_an_object_are_taken() -> None:
    (found,) = decode({"tool_calls": [call({"a": 1})]}).tool_calls
    assert found.args == {"a": 1}


@pytest.mark.parametrize("call_id", [None, "", 7])
def test_a_missing_id_is_made(call_id: Any) -> None:
    first, second = decode({"tool_calls": [call(call_id=call_id), call(call_id=call_id)]}).tool_calls
    assert first.id
    assert second.id
    assert first.id != second.id


def test_a_repeated_id_is_replaced_in_an_answer_and_across_the_conversation() -> None:
    prompt = Prompt([Message(role="assistant", tool_calls=(ToolCall(id="old", tool="t"),))])
    ids = [c.id for c in decode({"tool_calls": [call(), call(), call(call_id="old")]}, prompt=prompt).tool_calls]
    assert ids[0] == "c1"
    assert len({*ids, "old"}) == 4


@pytest.mark.parametrize(
    ("said", "calls", "expected"),
    [
        ("stop", False, "stop"),
        ("stop", True, "tool_calls"),
        ("tool_calls", True, "tool_calls"),
        ("function_call", True, "tool_calls"),
        ("length", False, "length"),
        ("length", True, "length"),
        ("content_filter", False, "refused"),
        (None, False, "stop"),
        (None, True, "tool_calls"),
        ("eos_token", False, "stop"),
        ({"odd": 1}, False, "stop"),
    ],
)
def test_finish_reasons(said: Any, calls: bool, expected: str) -> None:
    assert decode({"content": "x", "tool_calls": [call()] if calls else None}, finish=said).finish_reason == expected


def test_an_answer_the_server_gave_up_on_is_cut() -> None:
    with pytest.raises(StreamCut, match="abort"):
        decode({"content": "half"}, finish="abort")


def test_a_refusal_is_told_as_one() -> None:
    completion = decode({"content": None, "refusal": "I will not."})
    assert (completion.content, completion.finish_reason) == ("I will not.", "refused")


def test_the_old_function_call_is_a_tool_call() -> None:
    (found,) = decode({"function_call": {"name": "files__read", "arguments": '{"a": 1}'}}, finish="function_call").tool_calls
    assert (found.tool, found.args) == ("files.read", {"a": 1})
    assert found.id


def test_content_in_parts_is_joined_and_surrogates_are_replaced() -> None:
    parts = [{"type": "thinking", "thinking": "no"}, {"type": "text", "text": "a"}, {"type": "text", "text": "b\ud800"}]
    assert decode({"content": parts}).content == "ab?"
    assert answer_text({"choices": [{"message": {"content": parts}}]}) == "ab?"


@pytest.mark.parametrize(
    "usage", [None, "none", {}, {"prompt_tokens": None, "completion_tokens": -1}, {"prompt_tokens": True}]
)
def test_missing_usage_is_bounded_from_above(usage: Any) -> None:
    found = decode({"content": "ab"}, usage=usage).usage
    assert found.input_tokens == 1000
    assert 2 <= found.output_tokens <= 100
    assert decode({"content": "a" * 500}, usage=usage).usage.output_tokens == 100


def test_odd_usage_is_read_as_far_as_it_goes() -> None:
    found = decode({"content": ""}, usage={"prompt_tokens": 7.0, "prompt_tokens_details": {"cached_tokens": 99}}).usage
    assert (found.input_tokens, found.cached_input_tokens) == (7, 7)


@pytest.mark.parametrize(
    "answer",
    [
        [],
        "text",
        None,
        {},
        {"choices": []},
        {"choices": None},
        {"choices": ["x"]},
        {"choices": [{}]},
        {"choices": [{"message": "x"}]},
        {"choices": [{"message": {"tool_calls": "x"}}]},
        {"choices": [{"message": {"tool_calls": ["x"]}}]},
        {"choices": [{"message": {"tool_calls": [{"function": {"arguments": "{}"}}]}}]},
    ],
)
def test_what_is_no_answer_is_malformed(answer: Any) -> None:
    with pytest.raises(MalformedAnswer):
        decode_answer(answer, Request(prompt=Prompt(), max_output_tokens=1), {}, 1)


@pytest.mark.parametrize("error", [{"message": "upstream is gone"}, "upstream is gone"])
def test_an_error_inside_a_successful_response_is_told(error: Any) -> None:
    with pytest.raises(MalformedAnswer, match="upstream is gone"):
        decode_answer({"error": error}, Request(prompt=Prompt(), max_output_tokens=1), {}, 1)
