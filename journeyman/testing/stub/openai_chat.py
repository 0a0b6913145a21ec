"""OpenAI's Chat Completions, as a server speaks them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from journeyman.testing.stub.script import Asked, Call, Reply, Usage
from llm.providers.openai_chat import wire_name

_CREATED = 1_700_000_000
_SMALLEST_PIECE = 16
_MOST_PIECES = 200


class OpenAIChat:
    """See ``wire.WireFormat``. Tools are scripted under their own names, and sent under their names on the wire."""

    path = "/v1/chat/completions"

    def read(self, number: int, headers: Mapping[str, str], body: Mapping[str, Any]) -> Asked:
        messages = body.get("messages")
        if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
            raise ValueError("`messages` must be a list of objects")
        asking = [message for message in messages if message.get("role") in ("user", "tool")]
        offered = [tool.get("function") or {} for tool in body.get("tools") or ()]
        return Asked(
            number=number,
            model=str(body.get("model", "")),
            text=_text(asking[-1].get("content")) if asking else "",
            tool_results=sum(message.get("role") == "tool" for message in messages),
            tools=tuple(str(function.get("name", "")) for function in offered),
            streamed=body.get("stream") is True,
            headers=headers,
            body=body,
        )

    def whole(self, asked: Asked, reply: Reply) -> bytes:
        message: dict[str, Any] = {"role": "assistant", "content": reply.text * reply.repeat or None}
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


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _finish_reason(reply: Reply) -> str:
    return reply.finish_reason or ("tool_calls" if reply.calls else "stop")


def _call(asked: Asked, index: int, call: Call) -> dict[str, Any]:
    arguments = json.dumps(call.args, ensure_ascii=False) if call.raw is None else call.raw
    function = {"name": wire_name(call.tool), "arguments": arguments}
    return {"id": call.id or f"call_{asked.number}_{index}", "type": "function", "function": function}


def _usage(asked: Asked, reply: Reply) -> dict[str, Any]:
    written = len(reply.text) * reply.repeat + sum(len(json.dumps(call.args)) for call in reply.calls)
    asked_for = sum(len(_text(message.get("content"))) for message in asked.body["messages"])
    usage = reply.usage or Usage(input=asked_for // 4 + 1, output=written // 4 + 1)
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached_input},
    }


def _envelope(asked: Asked, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{asked.number}",
        "object": kind,
        "created": _CREATED,
        "model": asked.model,
        "choices": choices,
    }


def _event(asked: Asked, choices: list[dict[str, Any]], **more: Any) -> bytes:
    chunk = _envelope(asked, "chat.completion.chunk", choices) | more
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


def _deltas(asked: Asked, reply: Reply) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": ""}
    for piece in _pieces(reply.text * reply.repeat):
        yield {"content": piece}
    for index, scripted in enumerate(reply.calls):
        call = _call(asked, index, scripted)
        arguments = call["function"]["arguments"]
        call["function"]["arguments"] = ""
        yield {"tool_calls": [{"index": index, **call}]}
        for piece in _pieces(arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _pieces(text: str) -> Iterator[str]:
    size = max(_SMALLEST_PIECE, len(text) // _MOST_PIECES)
    for start in range(0, len(text), size):
        yield text[start : start + size]
