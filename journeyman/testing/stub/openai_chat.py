"""OpenAI's Chat Completions, as a server speaks them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from journeyman.testing.stub.script import Asked, Call, Reply
from journeyman.testing.stub.wire import CREATED, arguments, call_id, pieces, text_of, usage_of
from llm.providers.wire import wire_name


class OpenAIChat:
    """See ``wire.WireFormat``. Tools are scripted under their own names, and sent under their names on the wire."""

    paths: tuple[str, ...] = ("/v1/chat/completions", "/openai/deployments/{model}/chat/completions")
    content_type: str = "text/event-stream"

    def read(self, number: int, headers: Mapping[str, str], body: Mapping[str, Any]) -> Asked:
        messages = body.get("messages")
        if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
            raise ValueError("`messages` must be a list of objects")
        asking = [message for message in messages if message.get("role") in ("user", "tool")]
        offered = [tool.get("function") or {} for tool in body.get("tools") or ()]
        return Asked(
            number=number,
            model=str(body.get("model", "")),
            text=text_of(asking[-1].get("content")) if asking else "",
            tool_results=sum(message.get("role") == "tool" for message in messages),
            tools=tuple(str(function.get("name", "")) for function in offered),
            streamed=body.get("stream") is True,
            headers=headers,
            body=body,
        )

    def whole(self, asked: Asked, reply: Reply) -> bytes:
        message: dict[str, Any] = {"role": "assistant", "content": reply.text * reply.repeat or None}
        if reply.reasoning:
            message["reasoning_content"] = reply.reasoning
        if reply.calls:
            message["tool_calls"] = [_call(asked, index, call) for index, call in enumerate(reply.calls)]
        choice = {"index": 0, "message": message, "finish_reason": _finish_reason(reply)}
        body = _envelope(asked, "chat.completion", [choice])
        if reply.report_usage:
            body["usage"] = _usage(asked, reply)
        return json.dumps(body, ensure_ascii=False).encode()

    def chunks(self, asked: Asked, reply: Reply) -> Iterable[bytes]:
        for delta in _deltas(asked, reply):
            yield _event(asked, [{"index": 0, "delta": delta, "finish_reason": None}])
        yield _event(asked, [{"index": 0, "delta": {}, "finish_reason": _finish_reason(reply)}])
        if reply.report_usage and (asked.body.get("stream_options") or {}).get("include_usage"):
            yield _event(asked, [], usage=_usage(asked, reply))
        yield b"data: [DONE]\n\n"

    def error(self, status: int, message: str, code: str | None) -> bytes:
        kind = "invalid_request_error" if status < 500 else "server_error"
        return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}}).encode()


def _finish_reason(reply: Reply) -> str:
    return reply.finish_reason or ("tool_calls" if reply.calls else "stop")


def _call(asked: Asked, index: int, call: Call) -> dict[str, Any]:
    function = {"name": wire_name(call.tool), "arguments": arguments(call)}
    return {"id": call_id(asked, index, call), "type": "function", "function": function}


def _usage(asked: Asked, reply: Reply) -> dict[str, Any]:
    asked_for = sum(len(text_of(message.get("content"))) for message in asked.body["messages"])
    usage = usage_of(reply, asked_for)
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached_input, "cache_write_tokens": usage.cache_write},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def _envelope(asked: Asked, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{asked.number}",
        "object": kind,
        "created": CREATED,
        "model": asked.model,
        "choices": choices,
    }


def _event(asked: Asked, choices: list[dict[str, Any]], **more: Any) -> bytes:
    chunk = _envelope(asked, "chat.completion.chunk", choices) | more
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


def _deltas(asked: Asked, reply: Reply) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": ""}
    for piece in pieces(reply.reasoning):
        yield {"reasoning_content": piece}
    for piece in pieces(reply.text * reply.repeat):
        yield {"content": piece}
    for index, scripted in enumerate(reply.calls):
        call = _call(asked, index, scripted)
        written = call["function"]["arguments"]
        call["function"]["arguments"] = ""
        yield {"tool_calls": [{"index": index, **call}]}
        for piece in pieces(written):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
