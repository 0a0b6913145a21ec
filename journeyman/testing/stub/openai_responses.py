"""OpenAI's Responses, as a server speaks them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from journeyman.testing.stub.script import Asked, Reply
from journeyman.testing.stub.wire import CREATED, arguments, call_id, event, pieces, text_of, usage_of
from llm.providers.wire import wire_name

_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
_WHOLE = frozenset({None, "stop", "tool_calls"})


class OpenAIResponses:
    """See ``wire.WireFormat``. What a model thought is sent as an encrypted item, as to clients that let nothing be stored."""

    paths: tuple[str, ...] = ("/v1/responses", "/openai/responses")
    content_type: str = "text/event-stream"

    def read(self, number: int, headers: Mapping[str, str], body: Mapping[str, Any]) -> Asked:
        items = body.get("input")
        if isinstance(items, str):
            items = [{"role": "user", "content": items}]
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise ValueError("`input` must be text or a list of objects")
        results = [item for item in items if item.get("type") == "function_call_output"]
        _check_calls(items, results)
        asking = [item for item in items if item.get("role") == "user" or item in results]
        last = asking[-1] if asking else {}
        return Asked(
            number=number,
            model=str(body.get("model", "")),
            text=text_of(last.get("output", last.get("content"))),
            tool_results=len(results),
            tools=tuple(str(tool.get("name", "")) for tool in body.get("tools") or ()),
            streamed=body.get("stream") is True,
            headers=headers,
            body=body,
        )

    def whole(self, asked: Asked, reply: Reply) -> bytes:
        return json.dumps(_response(asked, reply, _items(asked, reply)), ensure_ascii=False).encode()

    def chunks(self, asked: Asked, reply: Reply) -> Iterable[bytes]:
        for number, data in enumerate(_events(asked, reply)):
            yield event({**data, "sequence_number": number})

    def error(self, status: int, message: str, code: str | None) -> bytes:
        kind = "invalid_request_error" if status < 500 else "server_error"
        return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}}).encode()


def _check_calls(items: list[dict[str, Any]], results: list[dict[str, Any]]) -> None:
    calls = [item.get("call_id") for item in items if item.get("type") == "function_call"]
    answered = [item.get("call_id") for item in results]
    if sorted(map(str, calls)) != sorted(map(str, answered)):
        raise ValueError("each `function_call` needs exactly one `function_call_output`")


def _items(asked: Asked, reply: Reply) -> list[dict[str, Any]]:
    status = "incomplete" if reply.finish_reason == "length" else "completed"
    items: list[dict[str, Any]] = []
    if reply.reasoning:
        items.append(_reasoning(asked, reply))
    if reply.text:
        part = {"type": "output_text", "text": reply.text * reply.repeat, "annotations": [], "logprobs": []}
        message = {"type": "message", "id": f"msg_{asked.number}", "role": "assistant", "status": status, "content": [part]}
        items.append(message)
    for index, call in enumerate(reply.calls):
        items.append(
            {
                "type": "function_call",
                "id": f"fc_{asked.number}_{index}",
                "call_id": call_id(asked, index, call),
                "name": wire_name(call.tool),
                "arguments": arguments(call),
                "status": status,
            }
        )
    return items


def _reasoning(asked: Asked, reply: Reply) -> dict[str, Any]:
    wanted = "reasoning.encrypted_content" in (asked.body.get("include") or ())
    return {
        "type": "reasoning",
        "id": f"rs_{asked.number}",
        "summary": [],
        "encrypted_content": f"sealed:{reply.reasoning}" if wanted else None,
    }


def _response(asked: Asked, reply: Reply, items: list[dict[str, Any]]) -> dict[str, Any]:
    why = _INCOMPLETE.get(reply.finish_reason or "")
    broken = reply.finish_reason not in _WHOLE and why is None
    body = {
        "id": f"resp_{asked.number}",
        "object": "response",
        "created_at": CREATED,
        "model": asked.model,
        "status": "incomplete" if why else "failed" if broken else "completed",
        "incomplete_details": {"reason": why} if why else None,
        "error": {"code": "server_error", "message": reply.finish_reason} if broken else None,
        "output": items,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    return body | {"usage": _usage(asked, reply)} if reply.report_usage else body


def _usage(asked: Asked, reply: Reply) -> dict[str, Any]:
    usage = usage_of(reply, len(json.dumps(asked.body.get("input"))))
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached_input, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }


def _events(asked: Asked, reply: Reply) -> Iterator[dict[str, Any]]:
    items = _items(asked, reply)
    begun = _response(asked, reply, []) | {"status": "in_progress", "usage": None, "error": None, "incomplete_details": None}
    yield {"type": "response.created", "response": begun}
    for index, item in enumerate(items):
        yield from _item_events(index, item)
    response = _response(asked, reply, items)
    yield {"type": f"response.{response['status']}", "response": response}


def _item_events(index: int, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    at = {"item_id": item["id"], "output_index": index}
    if item["type"] == "message":
        part = item["content"][0]
        yield _added(index, item | {"content": [], "status": "in_progress"})
        yield {"type": "response.content_part.added", **at, "content_index": 0, "part": part | {"text": ""}}
        for piece in pieces(part["text"]):
            yield {"type": "response.output_text.delta", **at, "content_index": 0, "delta": piece, "logprobs": []}
        yield {"type": "response.output_text.done", **at, "content_index": 0, "text": part["text"], "logprobs": []}
        yield {"type": "response.content_part.done", **at, "content_index": 0, "part": part}
    elif item["type"] == "function_call":
        yield _added(index, item | {"arguments": "", "status": "in_progress"})
        for piece in pieces(item["arguments"]):
            yield {"type": "response.function_call_arguments.delta", **at, "delta": piece}
        written = {"arguments": item["arguments"], "name": item["name"]}
        yield {"type": "response.function_call_arguments.done", **at, **written}
    else:
        yield _added(index, item | {"encrypted_content": None})
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _added(index: int, item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "response.output_item.added", "output_index": index, "item": item}
