"""Anthropic's Messages, as a server speaks them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from journeyman.testing.stub.script import Asked, Call, Reply
from journeyman.testing.stub.wire import arguments, call_id, event, pieces, text_of, usage_of
from llm.providers.wire import wire_name

_STOP = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "paused": "pause_turn",
}
_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class AnthropicMessages:
    """See ``wire.WireFormat``. Also where Vertex has it, which names the model in the address."""

    paths: tuple[str, ...] = (
        "/v1/messages",
        "/v1/projects/{project}/locations/{region}/publishers/anthropic/models/{model:[^/:]+}:{specifier}",
    )
    content_type: str = "text/event-stream"

    def read(self, number: int, headers: Mapping[str, str], body: Mapping[str, Any]) -> Asked:
        messages = body.get("messages")
        if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
            raise ValueError("`messages` must be a list of objects")
        if not isinstance(body.get("max_tokens"), int):
            raise ValueError("`max_tokens` must be a number")
        _check_turns(messages)
        asking = [block for message in messages if message["role"] == "user" for block in _blocks(message)]
        results = [block for block in asking if block.get("type") == "tool_result"]
        return Asked(
            number=number,
            model=str(body.get("model", "")),
            text=_asked_text(asking),
            tool_results=len(results),
            tools=tuple(str(tool.get("name", "")) for tool in body.get("tools") or ()),
            streamed=body.get("stream") is True or body.get("specifier") == "streamRawPredict",
            headers=headers,
            body=body,
        )

    def whole(self, asked: Asked, reply: Reply) -> bytes:
        message = _message(asked, _content(asked, reply), _stop_reason(reply))
        if reply.report_usage:
            message["usage"] = _usage(asked, reply)
        return json.dumps(message, ensure_ascii=False).encode()

    def chunks(self, asked: Asked, reply: Reply) -> Iterable[bytes]:
        for data in events(asked, reply):
            yield event(data)

    def error(self, status: int, message: str, code: str | None) -> bytes:
        error = {"type": code or _ERRORS.get(status, "api_error"), "message": message}
        return json.dumps({"type": "error", "error": error, "request_id": "req_stub"}).encode()


def events(asked: Asked, reply: Reply) -> Iterator[dict[str, Any]]:
    """A reply as the events of a stream."""
    start = _message(asked, [], None)
    usage = _usage(asked, reply) if reply.report_usage else {}
    yield {"type": "message_start", "message": start | ({"usage": usage | {"output_tokens": 1}} if usage else {})}
    yield {"type": "ping"}
    for index, block in enumerate(_content(asked, reply)):
        yield from _block_events(index, block)
    ended = {"type": "message_delta", "delta": {"stop_reason": _stop_reason(reply), "stop_sequence": None}}
    yield ended | ({"usage": {"output_tokens": usage["output_tokens"]}} if usage else {})
    yield {"type": "message_stop"}


def _blocks(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list) or not content or not all(isinstance(block, dict) for block in content):
        raise ValueError("a message's `content` must be text or a list of blocks that is not empty")
    return content


def _check_turns(messages: list[dict[str, Any]]) -> None:
    """What the API insists on: roles, text that is not empty, and each turn's calls answered at the start of the next."""
    open_calls: set[str] = set()
    for message in messages:
        if message.get("role") not in ("user", "assistant"):
            raise ValueError("a message's `role` must be `user` or `assistant`")
        blocks = _blocks(message)
        if any(block.get("type") == "text" and not str(block.get("text", "")).strip() for block in blocks):
            raise ValueError("text content blocks must contain non-whitespace text")
        answered = {block["tool_use_id"] for block in blocks if block.get("type") == "tool_result"}
        if answered != open_calls:
            raise ValueError("`tool_use` blocks need `tool_result` blocks in the next message")
        open_calls = {block["id"] for block in blocks if block.get("type") == "tool_use"}


def _asked_text(blocks: list[dict[str, Any]]) -> str:
    said = [block for block in blocks if block.get("type") in ("text", "tool_result")]
    if not said:
        return ""
    return text_of(said[-1]["content"]) if said[-1].get("content") is not None else str(said[-1].get("text", ""))


def _message(asked: Asked, content: list[dict[str, Any]], stop_reason: str | None) -> dict[str, Any]:
    return {
        "id": f"msg_{asked.number}",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
    }


def _stop_reason(reply: Reply) -> str:
    said = reply.finish_reason or ("tool_calls" if reply.calls else "stop")
    return _STOP.get(said, said)


def _content(asked: Asked, reply: Reply) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = []
    if reply.reasoning:
        content.append({"type": "thinking", "thinking": reply.reasoning, "signature": f"signed:{asked.number}"})
    if reply.text:
        content.append({"type": "text", "text": reply.text * reply.repeat})
    for index, call in enumerate(reply.calls):
        given = call.args if call.raw is None else _read(call)
        block = {"type": "tool_use", "id": call_id(asked, index, call), "name": wire_name(call.tool), "input": given}
        content.append(block)
    return content


def _read(call: Call) -> Any:
    """What the model wrote as it stands in an unstreamed body, where nothing keeps it from being an object but itself."""
    try:
        return json.loads(arguments(call))
    except ValueError:
        return call.raw


def _usage(asked: Asked, reply: Reply) -> dict[str, Any]:
    usage = usage_of(reply, sum(len(json.dumps(message)) for message in asked.body["messages"]))
    return {
        "input_tokens": usage.input - usage.cached_input - usage.cache_write,
        "cache_read_input_tokens": usage.cached_input,
        "cache_creation_input_tokens": usage.cache_write,
        "output_tokens": usage.output,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
    }


def _block_events(index: int, block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    deltas: list[dict[str, Any]]
    empty: dict[str, Any]
    match block["type"]:
        case "text":
            empty = {"text": ""}
            deltas = [{"type": "text_delta", "text": piece} for piece in pieces(block["text"])]
        case "thinking":
            empty = {"thinking": "", "signature": ""}
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces(block["thinking"])]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
        case _:
            empty = {"input": {}}
            written = block["input"] if isinstance(block["input"], str) else json.dumps(block["input"], ensure_ascii=False)
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ("", *pieces(written))]
    yield {"type": "content_block_start", "index": index, "content_block": block | empty}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}
