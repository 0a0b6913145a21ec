import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.errors import MalformedAnswer, StreamCut
from llm.providers.openai_stream import ChatAssembly
from llm.providers.sse import EventParser


def parse(*pieces: bytes) -> list[bytes]:
    parser = EventParser()
    return [event for piece in pieces for event in parser.feed(piece)] + list(parser.close())


def assemble(*deltas: dict[str, Any], finish: str | None = "stop") -> tuple[dict[str, Any], list[str]]:
    told: list[str] = []
    assembly = ChatAssembly(told.append)
    for delta in deltas:
        assembly.add(json.dumps({"id": "r", "choices": [{"delta": delta}]}).encode())
    assembly.add(json.dumps({"choices": [{"delta": {}, "finish_reason": finish}]}).encode())
    return assembly.answer()["choices"][0]["message"], told


def fragment(arguments: Any = "", **more: Any) -> dict[str, Any]:
    name = more.pop("name", None)
    return {"tool_calls": [{**more, "function": {"name": name, "arguments": arguments}}]}


def calls(message: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(c["id"], c["function"]["name"], c["function"]["arguments"]) for c in message["tool_calls"]]


@given(st.lists(st.text().filter(lambda t: "\n" not in t and "\r" not in t), max_size=5), st.data())
def test_events_survive_any_cut_of_the_bytes(texts: list[str], data: st.DataObject) -> None:
    stream = b"".join(b": ping\n\nevent: x\r\ndata: " + text.encode() + b"\r\n\r\n" for text in texts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert parse(*pieces) == [text.encode() for text in texts]


def test_a_line_separator_inside_text_ends_nothing() -> None:
    assert parse("data: a\u2028b\x85c\n\n".encode()) == ["a\u2028b\x85c".encode()]


def test_data_over_several_lines_is_joined_and_the_last_event_needs_no_blank_line() -> None:
    assert parse(b"data: a\ndata:b\n\ndata: c") == [b"a\nb", b"c"]


def test_text_is_told_piece_by_piece_and_put_together() -> None:
    message, told = assemble({"role": "assistant", "content": ""}, {"content": "Hel"}, {"content": None}, {"content": "lo"})
    assert told == ["Hel", "lo"]
    assert message["content"] == "Hello"


def test_fragments_of_interleaved_calls_are_put_together() -> None:
    message, _ = assemble(
        fragment(index=0, id="a", name="one"),
        fragment('{"x"', index=0),
        fragment("{}", index=1, id="b", name="two"),
        fragment(": 1}", index=0),
    )
    assert calls(message) == [("a", "one", '{"x": 1}'), ("b", "two", "{}")]


def test_whole_calls_under_one_index_or_none_stay_apart() -> None:
    same = assemble(fragment("{}", index=0, id="a", name="one"), fragment("{}", index=0, id="b", name="two"))[0]
    none = assemble(fragment("{}", id="a", name="one"), fragment("{}", id="b", name="two"))[0]
    assert calls(same) == calls(none) == [("a", "one", "{}"), ("b", "two", "{}")]


def test_a_new_id_with_every_fragment_starts_no_new_call() -> None:
    message, _ = assemble(fragment("{", index=0, id="a", name="one"), fragment("}", index=0, id="z"))
    assert calls(message) == [("a", "one", "{}")]


def test_arguments_sent_as_an_object_and_the_old_function_call() -> None:
    assert calls(assemble(fragment({"x": 1}, index=0, id="a", name="one"))[0]) == [("a", "one", '{"x": 1}')]
    old = [{"function_call": {"name": "one", "arguments": "{"}}, {"function_call": {"arguments": "}"}}]
    assert calls(assemble(*old)[0]) == [("", "one", "{}")]


def test_usage_and_id_are_kept() -> None:
    assembly = ChatAssembly(lambda _: None)
    assembly.add(b'{"id": "r", "choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]}')
    assembly.add(b'{"choices": [], "usage": {"prompt_tokens": 3}}')
    assembly.add(b"[DONE]")
    assert assembly.done
    assert assembly.answer()["usage"] == {"prompt_tokens": 3}
    assert assembly.answer()["id"] == "r"


def test_a_stream_is_whole_with_a_finish_reason_or_done() -> None:
    cut = ChatAssembly(lambda _: None)
    cut.add(b'{"choices": [{"delta": {"content": "half"}}]}')
    with pytest.raises(StreamCut):
        cut.answer()
    cut.add(b"[DONE]")
    assert cut.answer()["choices"][0]["message"]["content"] == "half"


@pytest.mark.parametrize("error", [{"message": "out of memory"}, "out of memory"])
def test_an_error_in_mid_stream_is_told(error: Any) -> None:
    with pytest.raises(StreamCut, match="out of memory"):
        ChatAssembly(lambda _: None).add(json.dumps({"error": error}).encode())


@pytest.mark.parametrize("event", [b"<html>", b"[1]", b"null", b"\xff"])
def test_an_event_that_is_no_object_is_malformed(event: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        ChatAssembly(lambda _: None).add(event)


@pytest.mark.parametrize("chunk", [{}, {"choices": None}, {"choices": ["x"]}, {"choices": [{"delta": None}]}])
def test_chunks_without_content_are_passed_over(chunk: Any) -> None:
    ChatAssembly(lambda _: None).add(json.dumps(chunk).encode())


def test_no_event_at_all_is_no_stream() -> None:
    with pytest.raises(MalformedAnswer, match="without a single event"):
        ChatAssembly(lambda _: None).answer()
